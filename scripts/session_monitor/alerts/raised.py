"""What was told already, and what of it is over?

Kept in ``.alerts/state.json``, which says that something was told only after it waits in the outbox: whatever ends a program
between, the same is put there once more, and is the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, NamedTuple, Optional

from session_monitor.base import data_folder, files, timestamps
from session_monitor.delivery.event import FIRING, INFO, RESOLVED, SEVERITIES, Event

from .condition import Condition
from .of_reading import LogReading

KEPT = 32 * 86_400_000
"""Milliseconds for which what is over is remembered, so that it is told as something new when it comes back."""
MOST = 10_000


class ToldAlert(NamedTuple):
    """What was told of a rule in a period: the gravest of it, since when, how many times over, and whether it is over.

    ``since`` and ``over`` are in milliseconds since 1970; ``over`` is None where it still holds.  ``heard`` are the severities
    that anybody was told, the least first; none where all of it was silent.
    """

    severity: str
    since: int
    times: int
    over: Optional[int]  # noqa: UP045 -- as in condition
    title: str
    text: str
    kind: str
    about: Mapping[str, Optional[str]]  # noqa: UP045
    heard: tuple[str, ...] = ()

    @property
    def is_firing(self) -> bool:
        """Whether it still holds."""
        return self.over is None


class AlertState(NamedTuple):
    """All that was told, by rule and period, and how reading goes."""

    told: Mapping[tuple[str, str], ToldAlert] = {}
    reading: LogReading = LogReading()

    def firing(self) -> dict[tuple[str, str], ToldAlert]:
        """What still holds, the gravest first, then the latest."""
        still = {key: told for key, told in self.told.items() if told.is_firing}
        return dict(sorted(still.items(), key=lambda each: (-SEVERITIES.index(each[1].severity), -each[1].since)))


_UNUSABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a file that somebody else wrote may raise."""

_ABOUT = ("value", "limit", "unit", "consumer", "model", "session")


def _nothing_is_silent(_rule: str) -> bool:
    return False


def after(
    state: AlertState,
    conditions: Iterable[Condition],
    now: int,
    host: str,
    is_silent: Callable[[str], bool] = _nothing_is_silent,
) -> tuple[AlertState, list[Event]]:
    """The state once all that is so now was told, and what is to be told, in that order: what is new, graver, or over.

    What is silent is remembered and told to nobody: once it is not, what still holds is told, and nobody is told that
    something is over of which they never heard.
    """
    told, events, there = dict(state.told), [], set()
    for each in conditions:
        known = told.get(each.key)
        if known and known.is_firing and _is_raised(each, known):
            known = told[each.key] = known._replace(over=now)
            events += _over(each.key, known, now, host)
        there.add(each.key)
        is_heard = not is_silent(each.rule)
        if each.severity is None or (known and not _is_news(each, known)):
            if known and is_heard and known.severity not in known.heard and each.severity is not None:
                known = told[each.key] = known._replace(heard=(*known.heard, known.severity))
                events.append(_event(each.key, known, FIRING, now, host))
            continue
        is_new = known is None or not known.is_firing
        times = (known.times if known else 0) + is_new
        since = now if known is None or is_new else known.since
        heard = () if known is None or is_new else known.heard
        heard += (each.severity,) if is_heard else ()
        told[each.key] = entry = ToldAlert(
            *(each.severity, since, times, now if each.happened else None, each.title, each.text, each.kind),
            *({name: getattr(each, name) for name in _ABOUT}, heard),
        )
        events += [_event(each.key, entry, FIRING, now, host)] if is_heard else []
    for key, entry in state.told.items():
        if entry.is_firing and key not in there:
            told[key] = entry._replace(over=now)
            events += _over(key, entry, now, host)
    kept = {key: entry for key, entry in told.items() if entry.over is None or entry.over > now - KEPT}
    return state._replace(told=dict(list(kept.items())[-MOST:])), events


def _is_news(now: Condition, known: ToldAlert) -> bool:
    """Whether it is another thing than what is known: graver, or back after it was over."""
    if now.happened:  # it was told when it happened
        return False
    return not known.is_firing or _is_graver(now.severity or INFO, known.severity)


def _over(key: tuple[str, str], told: ToldAlert, now: int, host: str) -> list[Event]:
    """That it is over, for each severity that was told: programs know each by an id of its own."""
    return [_event(key, told._replace(severity=each), RESOLVED, now, host) for each in reversed(told.heard)]


def _is_raised(now: Condition, told: ToldAlert) -> bool:
    """Whether somebody set another limit, of which less is used up than was told of the one before."""
    is_less = now.severity is None or _is_graver(told.severity, now.severity)
    return is_less and now.limit is not None and now.limit != told.about["limit"]


def _is_graver(one: str, other: str) -> bool:
    return SEVERITIES.index(one) > SEVERITIES.index(other)


def to_json(key: tuple[str, str], told: ToldAlert, *, is_silent: bool) -> dict[str, Any]:
    """As a program is answered; ``is_silent`` says that nobody is told of its rule now."""
    rule, period = key
    return {
        "id": event_id(key, told),
        "rule": rule,
        "period": period,
        "severity": told.severity,
        "since": timestamps.rfc3339(told.since),
        "over": told.over and timestamps.rfc3339(told.over),
        "silent": is_silent,
        "title": told.title,
        "text": told.text,
        **told.about,
    }


def event_id(key: tuple[str, str], told: ToldAlert) -> str:
    """The same for a rule, a period and a severity, also after a kill; another where it comes back after it was over."""
    rule, period = key
    again = f"#{told.times}" if told.times > 1 else ""
    return f"{rule}/{period}{again}/{told.severity}"


def _event(key: tuple[str, str], told: ToldAlert, state: str, now: int, host: str) -> Event:
    rule, period = key
    is_over = state == RESOLVED
    return Event(
        id=event_id(key, told),
        rule=rule,
        kind=told.kind,
        severity=told.severity,
        state=state,
        title=f"Over: {told.title}" if is_over else told.title,
        text=f"No more so: {told.text}" if is_over else told.text,
        at=timestamps.rfc3339(now) or "",
        host=host,
        period=period,
        **told.about,
    )


# -- on disk -----------------------------------------------------------------------------------------------------------


def path_of(folder: str) -> str:
    """Where a data folder's state stands."""
    return os.path.join(folder, data_folder.ALERTS_FOLDER, "state.json")


def read(folder: str) -> AlertState:
    """What was told; nothing where there is no file, or none that can be read: then it is told once more."""
    try:
        with files.reading(path_of(folder)) as file:
            return _of_json(json.loads(file.read()))
    except (FileNotFoundError, files.OddFileError, *_UNUSABLE):
        return AlertState()


def write(folder: str, state: AlertState) -> None:
    """Put it on disk, whole.  Raises ``OSError``."""
    path = path_of(folder)
    files.make_folder_within(os.path.dirname(path))
    files.replace(path, json.dumps(_to_json(state), separators=(",", ":")).encode())


def _to_json(state: AlertState) -> dict[str, Any]:
    told = [{"rule": rule, "period": period, **each._asdict()} for (rule, period), each in state.told.items()]
    return {
        "schema_version": 1,
        "told": told,
        "reading": state.reading._asdict(),
    }


def _of_json(document: Mapping[str, Any]) -> AlertState:
    told = dict(_each(document["told"]))
    reading = document["reading"]
    since = reading["unread_since"]
    return AlertState(told, LogReading(int(reading["lost_bytes"]), since if since is None else int(since)))


def _each(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], ToldAlert]]:
    for row in rows:
        if row["severity"] not in SEVERITIES:
            raise ValueError(row["severity"])
        about = {name: row["about"].get(name) for name in _ABOUT}
        over = row["over"]
        entry = ToldAlert(
            *(row["severity"], int(row["since"]), int(row["times"]), over if over is None else int(over)),
            *(str(row["title"]), str(row["text"]), str(row["kind"])),
            about=about,
            heard=tuple(map(str, row["heard"])),
        )
        yield (str(row["rule"]), str(row["period"])), entry
