"""What does the live view show?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.reports.selected.filters import ACTIVE_IN_WORDS
from session_monitor.text import live_frame, safe, width
from session_monitor.text.live_frame import FrameData, FrameTotals, SessionLine

SESSIONS = [
    SessionLine("sess_abc123", "2026-02-01T09:30:00Z", 5, 1250, 800, "Qwen3-rerank", 1200, "$0.0010", "mend the build"),
    SessionLine("sess_xyz789", "2026-02-01T09:27:10.123456789Z", 3, 890, 650, "gpt-4", 0, "$0.0003"),
    SessionLine("sess_def456", None, 8, 2100, 1200, None),
]
VIEW = FrameData(
    sessions=SESSIONS,
    known=3,
    active=1,
    totals=FrameTotals(4240, 2650, 1200, 300, "$0.00127", burn="$0.00762 an hour (by 2 calls of the last 10 minutes)"),
    lines=41000,
    calls=1,
    passed_over=40999,
    behind_bytes=0,
    lines_per_second=0.0,
    bytes_per_second=0.0,
    seconds_left=None,
    logs=["/var/log/proxy/access.log"],
    notes=[],
    now="2026-02-01T09:30:12Z",
)
BEHIND = replace(VIEW, behind_bytes=120_000_000, bytes_per_second=85e6, lines_per_second=41000.4, seconds_left=2.1)
EMPTY = replace(VIEW, sessions=[], known=0, active=0)
ANY_TEXT = st.text(st.characters(exclude_categories=[]))
COUNTS = st.integers(min_value=0, max_value=10**12)


def many(number):
    """A view with that many sessions, each seen 12 s ago."""
    return replace(VIEW, known=number, sessions=[replace(SESSIONS[0], session_id=f"s{n}") for n in range(number)])


def test_frame_is_the_documented_picture():
    """With room enough the frame has the documented headings, box and order, and more columns."""
    assert live_frame.frame(VIEW, 80, 26) == [
        "🔍 Session Monitor - Active",
        "━" * 80,
        "",
        "📊 Active Sessions: 1 of 3 (a call within 15 minutes)",
        "",
        "┌─────────────────┬──────┬───────┬────────┬─────────┬───────────┬──────────────┐",
        "│ Session ID      │ Msgs │ Input │ Output │    Cost │ Last call │ Model        │",
        "├─────────────────┼──────┼───────┼────────┼─────────┼───────────┼──────────────┤",
        "│ sess_abc123     │    5 │ 1,250 │    800 │ $0.0010 │  12 s ago │ Qwen3-rerank │",
        "│ sess_xyz789     │    3 │   890 │    650 │ $0.0003 │ 3 min ago │ gpt-4        │",
        "│ sess_def456     │    8 │ 2,100 │  1,200 │       … │         - │ -            │",
        "└─────────────────┴──────┴───────┴────────┴─────────┴───────────┴──────────────┘",
        "",
        "📈 Token Statistics",
        "  Total Input:          4,240 tokens",
        "    of which cached:    1,200 tokens",
        "  Total Output:         2,650 tokens",
        "    of which reasoning:   300 tokens",
        "  Total Cost:           $0.00127",
        "  Burn Rate:            $0.00762 an hour (by 2 calls of the last 10 minutes)",
        "━" * 80,
        "41,000 lines read, 1 call, 40,999 passed over",
    ]


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 160, 200])
def test_the_table_is_as_wide_as_the_terminal(columns):
    """No room is left beside the box, and wide terminals show what sessions are about."""
    lines = live_frame.frame(VIEW, columns, 26)

    assert {width.width(line) for line in lines if line.startswith(tuple("┌│├└"))} == {columns}
    assert ("mend the build" in "".join(lines)) == (columns >= 100)


def test_active_is_what_a_list_calls_so():
    """The words name the time that a session counts as active for; where nobody knows how many are, it is said."""
    assert live_frame.ACTIVE == ACTIVE_IN_WORDS
    assert "📊 Active Sessions: not known of 3" in "\n".join(live_frame.frame(replace(VIEW, active=None), 80, 26))


def test_what_is_not_known_is_told():
    """Calls that failed or were left, and tokens that are not known, stand beside the figures in every form."""
    unknown = replace(VIEW.totals, unknown="tokens of 1 call are not told", cost="at least $0.00127")
    view = replace(VIEW, calls=1000, failed=2, left=1, totals=unknown)

    full = live_frame.frame(view, 80, 25)
    assert full[-6:-2] == [
        "    of which reasoning:   300 tokens",
        "  Total Cost:           at least $0.00127",
        "  Burn Rate:            $0.00762 an hour (by 2 calls of the last 10 minutes)",
        "  (tokens of 1 call are not told)",
    ]
    assert full[-1] == "41,000 lines read, 1,000 calls (2 failed, 1 left), 40,999 passed over"
    assert "(tokens of 1 call are not told), cost at least $0.00127" in live_frame.plain(view)
    assert "1,000 calls (2 failed, 1 left)" in live_frame.plain(view)

    silent = replace(VIEW, sessions=[SessionLine("silent", None, 2, 0, 0, None)])
    (row,) = [line for line in live_frame.frame(silent, 80, 25) if "silent" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["silent", "2", *5 * "-"]


def test_frame_on_a_small_terminal_keeps_the_essentials():
    """At 40 columns and 8 rows the head, the latest session, the totals, the rest and the warning are there."""
    assert live_frame.frame(replace(BEHIND, notes=["disk almost full"]), 40, 8) == [
        "🔍 Session Monitor - Active",
        "📊 Active Sessions: 1 of 3 (a call with…",
        "Session ID   Input  Output     Cost",
        "sess_abc123  1,250     800  $0.0010",
        "… and 2 more",
        "📈 4,240 in, 2,650 out, $0.00127",
        "Catching up: 120 MB left, 85 MB/s",
        "disk almost full",
    ]


@pytest.mark.parametrize("rows", range(8, 60))
def test_frame_accounts_for_every_session(rows):
    """The sessions shown and those said to be left out are all of them, and no row is left unused for them."""
    lines = live_frame.frame(many(30), 80, rows)

    shown = sum("12 s ago" in line for line in lines)
    assert [f"… and {30 - shown} more"] * (shown < 30) == [line for line in lines if line.startswith("… and")]
    assert len(lines) == rows or shown == 30


def test_frame_counts_sessions_it_was_not_given():
    """Sessions beyond those in the view count as left out too."""
    assert "… and 997 more" in live_frame.frame(replace(VIEW, known=1000), 80, 40)


@given(
    sessions=st.lists(st.builds(SessionLine, ANY_TEXT, st.none() | ANY_TEXT, COUNTS, COUNTS, COUNTS, ANY_TEXT)),
    totals=st.builds(FrameTotals, COUNTS, COUNTS, COUNTS, COUNTS, st.none() | ANY_TEXT),
    behind=COUNTS,
    texts=st.lists(ANY_TEXT, max_size=9),
    columns=st.integers(min_value=1, max_value=250),
    rows=st.integers(min_value=0, max_value=60),
)
def test_frame_never_exceeds_the_terminal(sessions, totals, behind, texts, columns, rows):
    """Whatever the ids, models and notes hold, a frame fits and cannot steer the terminal."""
    view = replace(VIEW, sessions=sessions, totals=totals, behind_bytes=behind, logs=texts, notes=texts)

    lines = live_frame.frame(view, columns, rows)

    assert len(lines) <= rows
    assert all(width.width(line) <= columns for line in lines)
    assert lines == [safe.cell(line) for line in lines]


@pytest.mark.parametrize(("columns", "expected"), [(40, False), (59, False), (60, True), (250, True)])
def test_frame_draws_the_box_where_it_fits(columns, expected):
    """A narrow terminal gets the table without its box."""
    assert expected == any(line.startswith("┌") for line in live_frame.frame(VIEW, columns, 24))


def test_which_columns_give_way():
    """What it is about first, then cached tokens, the model, the last call, rounds, input, output; id and cost stay."""
    headings = []
    for columns in range(110, 10, -1):
        names = live_frame.frame(VIEW, columns, 8)[2].split("  ")
        shown = [name.strip() for name in names if name.strip()]
        if "…" not in shown[0] and (not headings or headings[-1] != shown):
            headings.append(shown)

    given_up = [(set(more) - set(less)).pop() for more, less in zip(headings, headings[1:])]
    assert given_up == ["About", "Cached", "Model", "Last call", "Msgs", "Input", "Output"]
    assert headings[-1] == ["Session ID", "Cost"]


def test_frame_shortens_ids_in_the_middle():
    """Ids share their beginnings, so the end of a long one stays; so does the end of a model's name, its date."""
    line = replace(
        SESSIONS[0], session_id="agent:main:discord:channel:1465367993012981988", model="claude-sonnet-4-5-20250929"
    )

    row = live_frame.frame(replace(VIEW, sessions=[line]), 88, 24)[8]

    assert row == "│ agent:main…93012981988 │    5 │ 1,250 │    800 │ $0.0010 │  12 s ago │ claude…250929 │"


@pytest.mark.parametrize("rows", [8, 24])
def test_frame_tells_the_catching_up(rows):
    """A monitor that is behind says how much is left, how fast it reads and when it will be there."""
    assert "Catching up: 120 MB left, 85 MB/s, 41,000 lines/s, 2 s left" in live_frame.frame(BEHIND, 80, rows)
    assert "Catching up: 120 MB left, 85 MB/s, 41,000 lines/s" in live_frame.frame(
        replace(BEHIND, seconds_left=None), 80, rows
    )
    assert "Catching up" not in "".join(live_frame.frame(VIEW, 80, rows))


def test_what_finds_no_room_is_left_out_part_by_part():
    """A line is as wide as the terminal, and no part is cut for it; the first one stays."""
    lines = [
        "Catching up: 120 MB left",
        "Catching up: 120 MB left, 85 MB/s",
        "Catching up: 120 MB left, 85 MB/s, 41,000 lines/s",
        "Catching up: 120 MB left, 85 MB/s, 41,000 lines/s, 2 s left",
    ]

    def told(columns):
        """What is said of the catching up."""
        return next(line for line in live_frame.frame(BEHIND, columns, 24) if line.startswith("Catching"))

    assert [told(len(line)) for line in lines] == lines
    assert [told(len(line) - 1) for line in lines[1:]] == lines[:-1]
    assert told(len(lines[0]) - 1) == "Catching up: 120 MB le…"


@pytest.mark.parametrize("rows", [8, 24])
def test_frame_waits_for_calls(rows):
    """Without a session the frame says which log it waits for."""
    assert "Waiting for calls in /var/log/proxy/access.log" in live_frame.frame(EMPTY, 80, rows)


def test_a_long_name_of_a_log_is_cut_in_its_middle():
    """Its beginning and its end tell more; the line is as wide as the terminal."""
    logs = ["/var/log/" + "x" * 60 + "/access.log"]
    (line,) = [each for each in live_frame.frame(replace(EMPTY, logs=logs), 60, 24) if each.startswith("Waiting")]

    assert line.startswith("Waiting for calls in /var/log/x")
    assert line.endswith("x/access.log")
    assert (len(line), line.count("…")) == (60, 1)
    assert "Waiting for calls" in live_frame.frame(replace(EMPTY, logs=[]), 60, 24)


def test_frame_ends_with_the_notes():
    """Warnings are the last lines, and those without a place are counted."""
    notes = [f"warning {number}" for number in range(9)]

    assert live_frame.frame(replace(VIEW, notes=notes), 80, 24)[-3:] == [
        "warning 0",
        "warning 1",
        "(and 6 more) warning 2",
    ]
    assert live_frame.frame(replace(VIEW, notes=notes[:3]), 80, 24)[-3:] == notes[:3]


@pytest.mark.parametrize("rows", [8, 24])
def test_frame_leaves_out_a_cost_nobody_worked_out(rows):
    """Without a cost there is no cost line."""
    free = [replace(line, cost=None) for line in SESSIONS]
    view = replace(VIEW, sessions=free, totals=replace(VIEW.totals, cost=None, burn=None))
    text = "\n".join(live_frame.frame(view, 80, rows))

    assert "Cost" not in text
    assert "$" not in text


@pytest.mark.parametrize("then", ["2026-02-01T09:30:13Z", "2026-02-01T09:30:12Z"])
def test_frame_never_dates_a_call_in_the_future(then):
    """A call that the gateway's clock puts ahead of ours was just now."""
    line = replace(SESSIONS[0], updated_at=then)

    assert " 0 s ago " in "\n".join(live_frame.frame(replace(VIEW, sessions=[line]), 80, 24))


def test_plain_tells_the_same_in_one_line():
    """The plain line has the counts, the progress and the notes."""
    assert live_frame.plain(replace(BEHIND, notes=["disk almost full"])) == (
        "3 sessions (1 active), 4,240 input tokens (of which cached 1,200), 2,650 output tokens (of which reasoning 300), "
        "cost $0.00127; 41,000 lines read, 1 call, 40,999 passed over; "
        "catching up: 120 MB left, 85 MB/s, 41,000 lines/s, 2 s left; disk almost full"
    )


@given(ANY_TEXT)
def test_plain_is_one_safe_line(text):
    """Whatever a note holds, the plain line is one line that cannot steer a terminal."""
    line = live_frame.plain(replace(VIEW, notes=[text]))

    assert line == safe.cell(line)


@pytest.mark.parametrize("rows", [8, 40])
def test_findings_stand_in_the_head(rows):
    """Where there are any; a session that has some says so in a column of its own."""
    view = replace(VIEW, findings="1 critical", sessions=[replace(SESSIONS[0], findings="✗1"), SESSIONS[1]])
    lines = live_frame.frame(view, 120, rows)

    assert "🔎 Findings: 1 critical" in lines
    assert [line for line in lines if "Found" in line]
    assert [line for line in lines if "✗1" in line]
    assert "findings: 1 critical" in live_frame.plain(view)
    assert "Found" not in "".join(live_frame.frame(VIEW, 120, rows))
