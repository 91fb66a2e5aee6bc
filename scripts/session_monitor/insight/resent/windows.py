"""How long may a model's prompt be, and which prompts came near that?

``windows.json`` has what the makers' models take; of others a person may state it.  Of a model that is in neither it is not
known, and nothing is told.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from session_monitor.base import data_tables
from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.finding import CRITICAL, MEASURED, WARNING, Finding
from session_monitor.insight.basis.limits import Limits
from session_monitor.prices import model_names

_MOST_ROUNDS = 20
"""Rounds that are named as proof."""


def window_of(model: str | None, limits: Limits) -> int | None:
    """Tokens that a model's prompt may have, by its name; None where that is not known.

    ``windows`` among the limits has those that a person stated, by the same names.
    """
    own = limits.get("windows") or {}
    if model in own:
        return int(own[model])
    return _shipped(model) if model else None


@functools.lru_cache(1024)
def _shipped(model: str) -> int | None:
    if model_names.is_on_own_machine(model):  # there it is as long as somebody made it
        return None
    known = _table()["windows"]
    found = (known[each.key] for each in model_names.candidates(model) if each.key in known)
    return next(found, None)


def near_window(calls: Sequence[JudgedCall], limits: Limits) -> Iterator[Finding]:
    """Conversations whose prompts came near what their model takes: one finding until they are clearly shorter again.

    A model that took longer prompts than it is said to take has another window than is known: it is not judged.
    """
    windows = {model: window_of(model, limits) for model in {call.model for call in calls}}
    for call in calls:
        window = windows[call.model]
        if window is not None and call.prompt > window:
            windows[call.model] = None
    near: dict[int, list[JudgedCall]] = {}
    for call in calls:
        window = windows[call.model]
        if window is None or not call.has_size or not call.prompt:
            continue
        if 100 * call.prompt > limits["percent"] * window:
            near.setdefault(call.thread, []).append(call)
        elif 100 * call.prompt < limits["clear"] * window and call.thread in near:
            yield _finding(near.pop(call.thread), windows, limits)
    for found in near.values():
        yield _finding(found, windows, limits)


def _finding(calls: list[JudgedCall], windows: Mapping[str | None, int | None], limits: Limits) -> Finding:
    longest = max(calls, key=lambda call: call.prompt)
    window = windows[longest.model] or 0
    percent = 100 * longest.prompt // window
    priced = [sum(call.cost.parts[:3]) for call in calls if call.cost]
    severity = CRITICAL if percent >= limits["critical"] else WARNING
    details = {"model": longest.model, "window": window, "percent": percent, "longest": longest.number}
    return Finding(
        *("near_window", severity, calls[0].number, calls[-1].number),
        tuple(call.number for call in calls[:_MOST_ROUNDS]),
        calls[-1].at,
        longest.prompt,
        sum(priced) if priced else None,
        MEASURED,
        details,
    )


def _table() -> dict[str, Any]:
    return data_tables.beside(__file__, "windows.json")  # type: ignore[no-any-return]
