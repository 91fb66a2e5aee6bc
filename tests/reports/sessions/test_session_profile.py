"""How did a session go?"""

from __future__ import annotations

import pytest

from session_monitor.reports.report import Report
from session_monitor.reports.sessions import session_profile
from tests.support.calls import BOOK, line
from tests.support.stored_rounds import keep, round_of
from tests.support.webserving import SAMPLE, ingest


def of(folder, *calls):
    """The answers about a log with these calls."""
    (folder / "access.log").write_bytes(b"".join(each + b"\n" for each in calls))
    return Report(str(ingest(folder / "access.log", folder / "sessions")), BOOK)


def test_a_session_adds_up(tmp_path):
    """Its parts are its sums, for every session of the sample."""
    report = Report(str(ingest(SAMPLE, tmp_path / "sessions")), BOOK)
    for row in report.sessions().rows:
        found = report.profile(row.fields["session_id"])
        assert sum(kind.pico or 0 for kind in found.kinds) == row.spending.pico
        assert sum(kind.tokens for kind in found.kinds) == row.fields["total_tokens"]
        assert [point.round for point in found.points] == list(range(1, found.rounds + 1))
    assert report.profile("none") is None


def test_marks(tmp_path):
    """Rounds that failed, changed the model, or forgot most of what was said are marked, and no others."""
    steps = [
        (1000, "a", "200"),
        (5000, "a", "200"),
        (0, "a", "503"),
        (6000, "a", "200"),
        (6500, "b", "200"),
        (1500, "b", "200"),
        (2000, "b", "200"),
        (1900, "b", "200"),
    ]
    calls = [
        line("s", input_token=tokens, model=model, code=code, start_time=f"2026-02-01T09:{30 + at}:00Z")
        for at, (tokens, model, code) in enumerate(steps)
    ]
    points = of(tmp_path, *calls).profile("s").points

    assert [point.marks for point in points] == [(), (), ("error",), (), ("model",), ("compaction",), (), ()]


def test_conversations_are_held_apart(tmp_path):
    """A round is held against the one before it in its conversation: another's model and prompt are no change of its own."""
    own = [
        round_of(1, input_tokens=5000),
        round_of(3, input_tokens=6000, history_of=1, messages_from_history=1),
        round_of(5, input_tokens=1500),
    ]
    other = [
        round_of(2, thread=2, model="gpt-4o-mini", input_tokens=1100),
        round_of(4, thread=2, model="gpt-4o", input_tokens=1200, history_of=2),
    ]
    own[2].update(history_of=3)
    rounds = sorted([*own, *other], key=lambda each: each["round"])
    points = Report(str(keep(tmp_path, "s", *rounds)), BOOK).profile("s").points

    assert [(point.thread, point.marks) for point in points] == [
        (1, ()),
        (2, ()),
        (1, ()),
        (2, ("model",)),
        (1, ("compaction",)),
    ]
    assert [point.to_json().get("thread") for point in points] == [None, 2, None, 2, None]


def test_what_is_not_told_is_no_size(tmp_path):
    """A prompt that is not told is None, and neither it nor one that is told in part looks like a history cut short."""
    rounds = [
        round_of(1, input_tokens=9000),
        round_of(2, no_tokens=True, outcome="left"),
        round_of(3, input_tokens=1200, at_least=True, token_notes=["cut_short"]),
        round_of(4, input_tokens=9500),
    ]
    points = Report(str(keep(tmp_path, "s", *rounds)), BOOK).profile("s").points

    assert [point.input_tokens for point in points] == [9000, None, 1200, 9500]
    assert [point.marks for point in points] == [()] * 4


def test_what_the_log_lacks(tmp_path):
    """A refused call has no tokens to tell: only those that may have used some count, as they do in every sum."""
    refused = {"outcome": "failed", "response_type": "error", "response_code": 429, "no_tokens": True}
    report = Report(str(keep(tmp_path, "s", round_of(1, no_tokens=True), round_of(2, **refused))), BOOK)

    assert report.profile("s").lacking["no_tokens"] == 1
    assert report.sessions().rows[0].spending.without_tokens == 1


def test_what_was_cut_and_what_was_left_out(tmp_path):
    """What the gateway cut is told apart from what was too complex to be kept."""
    rounds = [round_of(1, cut=["messages"]), round_of(2, left_out=["messages"]), round_of(3, left_out=["answer"])]
    lacking = Report(str(keep(tmp_path, "s", *rounds)), BOOK).profile("s").lacking

    assert lacking == {"no_content": 0, "cut": 1, "left_out": 2, "no_tokens": 0}


def test_marks_of_conversations_side_by_side(tmp_path):
    """Each is held against its own rounds, a new one only against one that never goes on: a helper shortens nothing."""
    main, helper, second = (
        [f"{name}{number}" for number in range(9)] for name in ("main", "helper", "main, shortened")
    )
    steps = [
        (main[:2], 5000, "a"),
        (helper[:1], 1000, "b"),
        (main[:4], 6000, "a"),
        (helper[:3], 1500, "b"),
        (main[:6], 7000, "a"),
        (second[:1], 1000, "a"),
        (second[:3], 1200, "c"),
    ]
    calls = [
        line("s", texts, input_token=tokens, model=model, start_time=f"2026-02-01T09:{30 + at}:00Z")
        for at, (texts, tokens, model) in enumerate(steps)
    ]
    points = of(tmp_path, *calls).profile("s").points

    assert [point.thread for point in points] == [1, 2, 1, 2, 1, 3, 3]
    assert [point.marks for point in points] == [(), (), (), (), (), ("compaction",), ("model",)]
    assert [point.to_json().get("thread") for point in points] == [None, 2, None, 2, None, 3, 3]


def test_a_long_session_is_thinned(tmp_path):
    """Of very many rounds some are told, the first and the last among them, and those with marks."""
    calls = [
        line(
            "s",
            code="503" if n % 97 == 50 else "200",
            start_time=f"2026-02-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z",
        )
        for n in range(1500)
    ]
    points = of(tmp_path, *calls).profile("s").points

    assert session_profile.MOST_POINTS <= len(points) <= session_profile.MOST_POINTS + 40
    assert (points[0].round, points[-1].round) == (1, 1500)
    assert [point.round for point in points if "error" in point.marks] == list(range(51, 1501, 97))
    assert [point.round for point in points] == sorted({point.round for point in points})


def shrinking(folder, before, now, *, sent=(3, 2), **facts):
    """The marks of the second of two rounds with prompts of these lengths, which sent so many messages."""
    two = [
        round_of(number, input_tokens=tokens, messages=[{"role": "user", "content": "x"}] * count)
        for number, tokens, count in ((1, before, sent[0]), (2, now, sent[1]))
    ]
    two[1].update(facts)
    return Report(str(keep(folder, "s", *two)), BOOK).profile("s").points[1].marks


@pytest.mark.parametrize(
    ("before", "now", "sent", "is_compacted"),
    [
        (1000, 599, (3, 2), True),
        (1000, 600, (3, 2), False),
        (999, 10, (3, 2), False),
        (9000, 10, (3, 3), False),  # as many messages: what they hold is shorter
        (9000, 10, (3, 0), True),  # nobody knows how many there were
        (9000, 10, (0, 3), True),
    ],
)
def test_when_a_history_was_cut_short(tmp_path, before, now, sent, is_compacted):
    """The prompt is much shorter than one that was not small, and of fewer messages where they are known."""
    assert shrinking(tmp_path, before, now, sent=sent) == (("compaction",) if is_compacted else ())


def test_a_round_that_failed_shortens_nothing(tmp_path):
    """What it would have sent is not known."""
    assert shrinking(tmp_path, 9000, 10, outcome="failed", response_type="error") == ("error",)


def test_the_dearest_models_come_first(tmp_path):
    """Of those that cost the same, or nothing that is known, the one with most tokens, and then by their names."""
    models = [("gpt-4o-mini", 3000), ("zeta", 700), ("alpha", 700), (None, 700), ("huge", 5000), ("gpt-4o", 2000)]
    rounds = [round_of(n, model=model, input_tokens=tokens) for n, (model, tokens) in enumerate(models, 1)]
    for each in rounds:
        each["total_tokens"] = each["input_tokens"] + each["output_tokens"]
    rows = Report(str(keep(tmp_path, "s", *rounds)), BOOK).profile("s").models

    assert [row.name for row in rows] == ["gpt-4o", "gpt-4o-mini", "huge", None, "alpha", "zeta"]
    assert [(row.sums.calls, row.sums.spending.unpriced_rounds) for row in rows] == [(1, 0)] * 2 + [(1, 1)] * 4


def test_the_tools_that_were_asked_for_most_come_first(tmp_path):
    """Of those that were asked for as often, the one with most results, and then by their names."""
    called = [("once", 1), ("often", 5), ("b", 2), ("a", 2), ("c", 2)]
    came = [("c", 2, 1, 10), ("a", 1, 0, 10), ("b", 1, 0, 10)]
    rounds = [round_of(1, tools_called=called), round_of(2, tool_results=came, fresh_characters=30)]
    rows = Report(str(keep(tmp_path, "s", *rounds)), BOOK).profile("s").tools

    assert {row.sessions for row in rows} == {1}
    assert [(row.tool, row.calls, row.results, row.failed) for row in rows] == [
        ("often", 5, 0, 0),
        ("c", 2, 2, 1),
        ("a", 2, 1, 0),
        ("b", 2, 1, 0),
        ("once", 1, 0, 0),
    ]


def test_how_long_rounds_took(tmp_path):
    """What half of them, and 95 of a hundred, do not exceed; of those whose line tells it."""
    rounds = [round_of(number, duration_ms=10 * number) for number in range(1, 21)]
    rounds[3]["first_token_ms"] = 7
    found = Report(str(keep(tmp_path, "s", *rounds)), BOOK).profile("s")

    assert (found.duration, found.first_token) == ((100, 190), (7, 7))


def test_what_tokens_cost_by_kind(tmp_path):
    """The parts of each kind's cost add up; where no round has a price none of them is told."""
    priced = Report(str(keep(tmp_path / "a", "s", *(round_of(n, cached_tokens=50) for n in (1, 2)))), BOOK)
    unpriced = Report(str(keep(tmp_path / "b", "s", round_of(1, model="unknown"))), BOOK)

    kinds = {kind.kind: kind for kind in priced.profile("s").kinds}
    assert sum(kind.tokens for kind in kinds.values()) == 340
    assert all(kind.pico > 0 for kind in kinds.values() if kind.tokens)
    assert {kind.pico for kind in unpriced.profile("s").kinds} == {None}
    assert {kind.to_json()["cost_usd"] for kind in unpriced.profile("s").kinds} == {None}


def test_which_points_of_very_many_are_told():
    """Up to the limit all; of more so many, evenly, and those with marks; of very many marks not all."""
    most, marked = session_profile.MOST_POINTS, session_profile.MOST_MARKED

    def thinned(number, *, marks=()):
        """The numbers of those that are left."""
        points = [
            session_profile.ContextPoint(n, None, 1, 0, 1, ("error",) if n in marks else ()) for n in range(number)
        ]
        return [point.round for point in session_profile._thinned(points)]

    assert thinned(most) == list(range(most))
    assert thinned(most + 1) == [*range(most - 1), most]
    assert thinned(10 * (most - 1) + 1) == list(range(0, 10 * most, 10))
    assert thinned(10 * (most - 1) + 1, marks=(5, 10, 17)) == [0, 5, 10, 17, *range(20, 10 * most, 10)]
    many = range(1, 10 * most, 2)
    kept = thinned(10 * (most - 1) + 1, marks=many)
    assert marked / 2 <= len(kept) - most <= marked
    assert kept[:3] == [0, 1, 7]
