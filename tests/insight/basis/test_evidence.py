"""A finding says from where to where it goes, and what its calls are worth as far as that is known."""

from __future__ import annotations

from session_monitor.index.tables.schema import NO_TOKENS
from session_monitor.insight.basis import evidence
from session_monitor.insight.basis.content import AskedTool
from tests.support.judged_sessions import plain_call


def test_a_finding_of_calls():
    """It goes from the first to the last call that proves it; of many the first are named."""
    calls = [plain_call(number, pico=10, fresh=3, visible=2) for number in range(4, 44)]

    found = evidence.finding("cycle", "warning", calls, calls[1:], times=40)

    assert (found.first, found.last, found.rounds) == (4, 43, tuple(range(4, 24)))
    assert (found.tokens, found.pico, found.at, found.details) == (39 * 5, 390, calls[-1].at, {"times": 40})


def test_what_is_not_known_is_no_0():
    """Where no call tells its tokens, or has a price, there is none; where some do, it is theirs."""
    untold = plain_call(1, flags=NO_TOKENS)

    assert (evidence.tokens_of([untold]), evidence.pico_of([untold])) == (None, None)
    assert (evidence.tokens_of([]), evidence.pico_of([])) == (None, None)
    assert evidence.tokens_of([untold, plain_call(2, read=7)]) == 7
    assert evidence.pico_of([untold, plain_call(2, pico=0)]) == 0


def test_many_tools():
    """A few tools are named; of an answer that asks for thousands it is told how many more there are."""
    asked = [AskedTool(f"tool_{at}", at) for at in (1, 1, 2, 3, 4, 5, *range(6, 5_001))]

    assert evidence.tool_names(asked) == "tool_1, tool_2, tool_3, tool_4, tool_5 and 4,995 more"
    assert evidence.tool_names(asked[:6]) == "tool_1, tool_2, tool_3, tool_4, tool_5"
