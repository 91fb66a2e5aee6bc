"""Does an agent do the same over and over, with the same results?

The same is the same calls with the same arguments **and** the same results: what has another result gets ahead.  Calls of
one answer are one step, in whatever order.  Who polls may do so for long.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Callable

from session_monitor.insight.basis.evidence import finding, tool_names
from session_monitor.insight.basis.finding import CRITICAL, INFO, WARNING, Finding
from session_monitor.insight.basis.limits import Limits
from session_monitor.insight.basis.turns import Step, Turn

SAME, OTHERS = "the same results", "other results"
"""What calls that are repeated were answered with, in the words of their finding."""


def repeat_call(turns: Iterable[Turn], limits: Limits) -> list[Finding]:
    """The same calls that were answered the same; and, as information, the same with other results very often."""
    return _longest(_repeated_calls(turns, limits))


def _repeated_calls(turns: Iterable[Turn], limits: Limits) -> Iterator[Finding]:
    is_patient = _patience(limits)
    for turn in turns:
        repeated = list(_runs([None if step.error else step.done for step in turn.steps], 1, limits["times"]))
        for start, end in repeated:
            steps = turn.steps[start:end]
            severity = _severity(len(steps), limits, is_waiting=is_patient(steps[0]))
            if severity and end > turn.carried:
                yield _found("repeat_call", severity, steps, 1)
        for start, end in _runs([step.asked or None for step in turn.steps], 1, limits["changing"]):
            is_told = any(start <= first < end for first, _ in repeated)
            if end > turn.carried and not is_told and not is_patient(turn.steps[start]):
                yield _found("repeat_call", INFO, turn.steps[start:end], 1)


def repeat_error(turns: Iterable[Turn], limits: Limits) -> list[Finding]:
    """The same error, whatever was called."""
    return _longest(_repeated_errors(turns, limits))


def _repeated_errors(turns: Iterable[Turn], limits: Limits) -> Iterator[Finding]:
    for turn in turns:
        for start, end in _runs([step.error for step in turn.steps], 1, limits["times"]):
            steps = turn.steps[start:end]
            if end > turn.carried:
                yield _found("repeat_error", CRITICAL if len(steps) >= limits["critical"] else WARNING, steps, 1)


def cycle(turns: Iterable[Turn], limits: Limits) -> list[Finding]:
    """Two to a few steps again and again, each with the same results."""
    return _longest(_cycles(turns, limits))


def _cycles(turns: Iterable[Turn], limits: Limits) -> Iterator[Finding]:
    is_patient = _patience(limits)
    for turn in turns:
        if len(turn.steps) < limits["rounds"]:
            continue
        keys = [step.done for step in turn.steps]
        for period in range(2, limits["longest"] + 1):
            for start, end in _runs(keys, period, max(limits["rounds"], period * limits["times"])):
                steps = turn.steps[start:end]
                is_same_error = steps[0].error is not None and len({step.error for step in steps[:period]}) == 1
                if end <= turn.carried or is_same_error or _has_shorter(keys[start : start + period]):
                    continue
                if any(map(is_patient, steps[:period])) and len(steps) < period * limits["patient_times"]:
                    continue
                severity = CRITICAL if len(steps) >= period * limits["critical"] else WARNING
                yield _found("cycle", severity, steps, period)


def _longest(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, of those with one beginning the longest: a list that goes on elsewhere carries its steps with it."""
    found: dict[int, Finding] = {}
    for each in findings:
        if each.first not in found or found[each.first].last < each.last:
            found[each.first] = each
    return list(found.values())


def _runs(keys: Sequence[Hashable], period: int, least: int) -> Iterator[tuple[int, int]]:
    """From where to where each key is that of a ``period`` before, for at least so many; None is like nothing."""
    start = 0
    for at in range(period, len(keys) + 1):
        if at < len(keys) and keys[at] is not None and keys[at] == keys[at - period]:
            continue
        if at - start >= least and at - start > period:
            yield start, at
        start = at - period + 1


def _has_shorter(keys: Sequence[Hashable]) -> bool:
    """Whether what is repeated is itself made of something shorter that is repeated."""
    length = len(keys)
    return any(
        length % part == 0 and all(keys[at] == keys[at - part] for at in range(part, length))
        for part in range(1, length)
    )


def _patience(limits: Limits) -> Callable[[Step], bool]:
    names = re.compile("|".join(limits["patient"]) or "(?!)", re.IGNORECASE)

    def is_patient(step: Step) -> bool:
        return all(each.waits or names.search(each.tool) for each in step.asked)

    return is_patient


def _severity(times: int, limits: Limits, *, is_waiting: bool) -> str | None:
    if is_waiting:
        if times < limits["patient_times"]:
            return None
        return WARNING if times >= limits["patient_warning"] else INFO
    return CRITICAL if times >= limits["critical"] else WARNING


def _found(kind: str, severity: str, steps: Sequence[Step], period: int) -> Finding:
    """The finding of steps that repeat from the first ``period`` on; what came since then is at stake."""
    calls = [step.call for step in steps]
    tools = tool_names([each for step in steps[:period] for each in step.asked])
    return finding(
        kind,
        severity,
        calls,
        calls[period:],
        tool=tools,
        times=len(steps) // period,
        period=period,
        outcome=SAME if len({step.results for step in steps[::period]}) == 1 else OTHERS,
    )
