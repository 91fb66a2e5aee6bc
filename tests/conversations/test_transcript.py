"""How does a session read as text?"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.conversations import transcript
from session_monitor.conversations.transcript import Transcript
from session_monitor.prices.cost import NOTES, Cost, CostParts, Unpriced
from session_monitor.text import safe, width
from session_monitor.totals.spending import Noted, Spending
from tests.support.rendered import COST, ROUND, ROW, SPENT, TEXT, partly_known


@pytest.fixture(autouse=True)
def shanghai(monkeypatch):
    """Times are those of Shanghai."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def shown(columns=None, row=(), full=False, spent=SPENT, cost=COST, **entry):
    """The lines of a session with one round that differs from ``ROUND`` in these values."""
    return list(Transcript(columns, full=full).lines({**ROW, **dict(row)}, spent, [({**ROUND, **entry}, cost)]))


def test_local_time():
    """A time is shown in this machine's zone without its fraction; none is a dash."""
    assert transcript.local_time("2026-02-01T01:30:00.5Z") == "2026-02-01T09:30:00+08:00"
    assert transcript.local_time(None) == "-"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai"])
@pytest.mark.parametrize("timestamp", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_at_the_edge_of_the_calendar(monkeypatch, timestamp, zone):
    """The year 1, which Go writes where it has no time, is shown somehow and fails nowhere."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()

    assert transcript.local_time(timestamp)[:1] in "09"


def test_a_round_without_anything():
    """A call of which the log has no content still has its time, tokens and a word about that."""
    assert shown(no_content=True)[-7:-1] == [
        "",
        "  Round 1 @ 2026-02-01T17:30:15+08:00",
        "    Tokens: 250 in → 160 out",
        "    Cost: $0.00100",
        "    🔧 Tool calls: No",
        "    (the log holds no content of this call)",
    ]


def test_tokens_say_of_which():
    """Cached and reasoning tokens are named as parts where there are some, cache writes likewise."""
    lines = shown(row={"total_cache_write_tokens": 7}, cached_tokens=1000, reasoning_tokens=20)

    assert "    Tokens: 250 in (1,000 cached) → 160 out (20 reasoning)" in lines
    assert "     of which cache written:          7 tokens" in lines
    assert not any("cache written" in text for text in shown())


def test_costs_are_told_with_what_is_not_in_them():
    """The session's cost comes with what is unpriced, assumed and spared; a round's with its parts, or why there is none."""
    spent = partly_known(unpriced_models={"qwen-long\n": 1}, noted={"cache_write_5m": Noted(2, 4 * 10**11)})

    lines = shown(spent=spent, cost=Cost(3 * 10**9, CostParts(10**9, visible_output=2 * 10**9), None, ()))

    assert "   (tokens of 1 call are not told, of 1 call are a lower bound)" in lines
    start = lines.index("💰 Estimated Cost: at least $0.500 USD")
    assert lines[start + 1 : start + 4] == [
        "   not in it: 2 rounds unpriced, 1,500 tokens (qwen-long , 1 without tokens)",
        "   caching saved $0.0100",
        f"   assumed in 2 rounds, $0.400: {NOTES['cache_write_5m']}",
    ]
    assert "    Cost: $0.00300 (input $0.00100, output $0.00200)" in lines
    assert "    Cost: not known (no price is known for this model)" in shown(cost=Unpriced("unknown_model"))
    nothing = Spending(rounds=1, unpriced_rounds=1, unpriced_tokens=15, unpriced_models={"m": 1})
    assert "💰 Estimated Cost: not known" in shown(spent=nothing)
    assert "   caching cost more by $0.00100" in shown(spent=Spending(pico=1, rounds=1, saved_pico=-(10**9)))


def test_how_a_round_ended_is_seen():
    """A call that was left, one whose tokens are a lower bound and one that tells nothing say so, and why."""
    left = shown(outcome="left", has_tool_calls=None, no_content=True, at_least=True, token_notes=["cut_short"])
    start = left.index("    Tokens: at least 250 in → 160 out")
    assert left[start + 1 : start + 5] == [
        "    Cost: at least $0.00100",
        "    Left: the client left before the end (it may have got everything)",
        "    At least: the stream was cut short, and had told these tokens until then",
        "    🔧 Tool calls: the log does not tell",
    ]
    failed = shown(outcome="failed", error="503 upstream_reset", response_code=503, no_tokens=True)
    assert "    Tokens: not told" in failed
    assert "    Cost: none (the call was refused)" in failed
    assert "    ❌ Failed: 503 upstream_reset" in failed


def test_sums_say_what_they_lack():
    """Above the rounds stand how many were left, and that a sum is a lower bound, or that no round tells any tokens."""
    lines = shown(row={"failed_count": 1, "left_count": 2}, spent=Spending(pico=10**9, rounds=3, at_least=1))
    assert "💬 Messages: 1 (1 failed, 2 left)" in lines
    assert "💰 Estimated Cost: at least $0.00100 USD" in lines
    untold = shown(spent=Spending(rounds=1, unpriced_rounds=1, without_tokens=1))
    assert "   Total:                      not told" in untold


def test_what_only_a_later_round_tells():
    """Tools that a round asked for are named without a call, and there is no empty list of calls."""
    lines = shown(has_tool_calls=True, tools_called=[["read_file", 2]])

    assert "    🔧 Tool calls: Yes (read_file ×2, as a later round tells)" in lines
    assert not any("🛠️" in line for line in lines)


def test_conversations_of_a_session():
    """Where a session has several, a round says which it goes on with, and from which round where not from the last."""
    said = [{"role": "user", "content": "on"}]
    rounds = [
        {**ROUND, "messages": said},
        {**ROUND, "round": 2, "thread": 2, "messages": said},
        {**ROUND, "round": 3, "messages": said, "messages_from_history": 6, "history_of": 1},
    ]

    lines = list(Transcript(None).lines(ROW, SPENT, [(each, COST) for each in rounds]))

    assert [line.split("+08:00")[1] for line in lines if line.startswith("  Round")] == [
        "",
        " · conversation 2",
        " · conversation 1",
    ]
    assert "    Messages (1 new, after 6 sent before, goes on from round 1):" in lines


def test_the_kinds_of_messages():
    """Content as text, as parts, as calls and as none reads as text; what is no message is shown as JSON."""
    call = {"function": {"name": "f", "arguments": {"a": 1}}}
    messages = [
        {"role": "user", "content": "text"},
        {"role": "user", "content": [{"type": "text", "text": "part"}, {"type": "image_url"}, "bare", 7]},
        {"role": "assistant", "content": None, "tool_calls": [call, 7]},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "g", "input": {"b": 2}}]},
        {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "found"}]}]},
        {"content": "nobody's"},
        [1],
    ]

    lines = shown(messages=messages)

    assert lines[lines.index("    Messages (7):") + 1 : -1] == [
        "      [user] text",
        "      [user] part",
        "        [image_url]",
        "        bare",
        "        7",
        '      [assistant] → f({"a": 1})',
        "        → 7",
        '      [assistant] → g({"b": 2})',
        "      [user] found",
        "      [?] nobody's",
        "      [?] [1]",
    ]


def test_what_the_gateway_cut():
    """A value that was cut to a text is shown as that text, under its name."""
    cut = {"messages": "[map[content:Hi] [truncated] ]", "tool_calls": "[{0 call_1 "}
    lines = shown(cut=["messages"], undecoded=cut, has_tool_calls=True)

    assert "    ✂️  Cut by the gateway: messages" in lines
    assert "      [cut] [map[content:Hi] [truncated] ]" in lines
    assert "       - [cut] [{0 call_1" in lines


def test_a_long_text_is_clipped():
    """What is over 600 characters or 12 lines is cut, if it is more than a few; --full shows it."""
    many = "\n".join(letter * 30 for letter in "abcdefghijklmnop")

    assert shown(answer="x" * 681)[-2] == "      … 81 more characters (--full shows them)"
    assert shown(answer=many)[-2] == "      … 124 more characters (--full shows them)"
    assert shown(answer="x" * 680)[-2] == f"    ✅ Answer: {'x' * 680}"
    assert shown(answer=many, full=True)[-2] == "      " + "p" * 30


def test_an_id_is_not_clipped():
    """Ids and models are shown whole, because one copies them."""
    lines = shown(row={"session_id": "x" * 5000, "models": ["m" * 5000]})

    assert lines[1].endswith("x" * 5000)
    assert any(text.endswith("m" * 5000) for text in lines)


@given(st.integers(min_value=20, max_value=200), TEXT, TEXT, st.booleans())
def test_any_text_fits_and_steers_nothing(columns, text, name, full):
    """Whatever the texts hold, no line has a control character, and none is wider than the terminal."""
    messages = [{"role": name, "content": text}, {"role": "user", "content": [{"type": name}, text]}, {name: text}]
    call = {"function": {"name": name, "arguments": text}}
    more = {"messages": messages, "tool_calls": [call, text], "has_tool_calls": True, "error": text, "model": name}
    texts = dict.fromkeys(("question", "answer", "reasoning"), text)
    for line in shown(columns, {"session_id": name, "models": [name, text]}, full=full, **texts, **more):
        assert line == safe.clean(line)
        if len(line) > 40:  # the fixed words of a round are that long
            assert width.width(line) <= max(columns, 64)
