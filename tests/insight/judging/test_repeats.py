"""Steps that repeat with the same results are found, however they are mixed with others, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.insight.basis import limits
from session_monitor.insight.basis.content import AskedTool, CameBack
from session_monitor.insight.basis.finding import CRITICAL, INFO, WARNING
from session_monitor.insight.basis.turns import Step, Turn
from session_monitor.insight.judging import repeats
from tests.support.judged_sessions import plain_call

RULES = limits.usual()


def turn_of(marks, tool="read", *, is_error=False, carried=0):
    """A turn with a step for each pair: what was called, and what came back; None is a step of which nothing is known."""
    turn = Turn()
    for number, each in enumerate(marks, 1):
        call = plain_call(number, pico=number)
        if each is None:
            turn.steps.append(Step(call, (), ()))
        else:
            asked, came = each
            turn.steps.append(
                Step(call, (AskedTool(tool, asked),), (CameBack(tool, came, came if is_error else None),))
            )
    turn.carried = carried
    return turn


def found(rule, turn):
    """Severity, first and last round of each finding."""
    return [(each.severity, each.first, each.last) for each in getattr(repeats, rule)([turn], RULES.of(rule))]


MARKS = st.lists(st.none() | st.tuples(st.integers(1, 2), st.integers(1, 2)), max_size=14)


@given(MARKS)
def test_repeated_calls_as_a_plain_search_finds_them(marks):
    """Each stretch of three or more equal steps is one finding, from its first to its last; it costs what came behind the first."""
    groups, start = [], 0
    for at in range(1, len(marks) + 1):
        if at == len(marks) or marks[at] != marks[start] or marks[start] is None:
            groups.append((start, at))
            start = at
    wanted = [(start + 1, end) for start, end in groups if end - start >= 3]

    turns = [turn_of(marks)]
    findings = [each for each in repeats.repeat_call(turns, RULES.of("repeat_call")) if each.severity != INFO]

    assert [(each.first, each.last) for each in findings] == wanted
    for each in findings:
        assert each.pico == sum(range(each.first + 1, each.last + 1))
        assert each.severity == (CRITICAL if each.last - each.first + 1 >= 6 else WARNING)


@given(MARKS)
def test_cycles_as_a_plain_search_finds_them(marks):
    """A cycle goes through its steps three times at least; its period is the shortest one, and none is found where there is none."""
    for each in repeats.cycle([turn_of(marks)], RULES.of("cycle")):
        part, period = marks[each.first - 1 : each.last], each.details["period"]
        assert None not in part
        assert len(part) >= max(6, 3 * period)
        assert all(part[at] == part[at - period] for at in range(period, len(part)))
        assert len(set(part[:period])) > 1


@given(st.permutations([(1, 1), (2, 2), (3, 3), (4, 4)]), st.integers(2, 4), st.integers(3, 7), st.integers(0, 3))
def test_a_cycle_is_found(steps, period, times, before):
    """Wherever it begins, a cycle of other steps is one finding."""
    marks = [(9, at) for at in range(before)] + steps[:period] * times

    last = before + period * times
    severity = CRITICAL if times >= 6 else WARNING
    assert found("cycle", turn_of(marks)) == [(severity, before + 1, last)]
    assert found("repeat_call", turn_of(marks)) == []


def test_errors_count_whatever_was_called():
    """The same error three times is a warning, five times critical; where each call is the same, too, it is told once."""
    assert found("repeat_error", turn_of([(1, 7), (2, 7), (3, 7)], is_error=True)) == [(WARNING, 1, 3)]
    assert found("repeat_error", turn_of([(1, 7)] * 5, is_error=True)) == [(CRITICAL, 1, 5)]
    assert found("repeat_call", turn_of([(1, 7)] * 5, is_error=True)) == []
    assert found("cycle", turn_of([(1, 7), (2, 7)] * 4, is_error=True)) == []
    assert found("repeat_error", turn_of([(1, 7), (2, 8), (3, 7)] * 2, is_error=True)) == []


def test_who_polls_is_given_time():
    """The same status 19 times is nothing, 20 times worth to know, 60 times a warning; with other results it is never anything."""
    assert [found("repeat_call", turn_of([(1, 1)] * times, "get_status")) for times in (19, 20, 60)] == [
        [],
        [(INFO, 1, 20)],
        [(WARNING, 1, 60)],
    ]
    assert found("repeat_call", turn_of([(1, at) for at in range(50)], "get_status")) == []


def test_the_same_call_with_other_results():
    """It is worth to know from ten times on, for it may get ahead."""
    assert found("repeat_call", turn_of([(1, at) for at in range(9)])) == []
    assert found("repeat_call", turn_of([(1, at) for at in range(10)])) == [(INFO, 1, 10)]


def test_what_was_carried_over_is_told_where_it_goes_on():
    """Steps of the list that a conversation goes on from are a beginning, not a finding of their own."""
    assert found("repeat_call", turn_of([(1, 1)] * 3, carried=3)) == []
    assert found("repeat_call", turn_of([(1, 1)] * 4, carried=3)) == [(WARNING, 1, 4)]
