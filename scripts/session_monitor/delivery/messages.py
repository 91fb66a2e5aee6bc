"""What does a person read: of one event, or of many at once?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

from . import event, limits
from .outbox import Waiting

AT_ONCE = 100
"""Events of which one message tells, at most."""
RESOLVED = event.RESOLVED


class Notice(NamedTuple):
    """One message: its lines may be left out from the end, its foot may not; ``level`` is a severity, or resolved."""

    title: str
    lines: tuple[str, ...]
    foot: str
    url: Optional[str]  # noqa: UP045 -- as in event
    level: str
    at: str

    def text(self, most: int, unit: str, written: limits.Written = str) -> str:
        """Its lines and foot, in no more than that once they are written."""
        room = most - limits.size(written("\n" + self.foot), unit)
        if len(self.lines) == 1:
            body = limits.cut(self.lines[0], room, unit, written)
        else:
            body = limits.cut_lines(self.lines, room, unit, written)
        return f"{body}\n{self.foot}"


def of(
    items: Sequence[Waiting], prefix: str | None, *, most_of_title: int, unit: str, written: limits.Written = str
) -> Notice:
    """The message that tells these; a prefix is a word that a receiver wants in each."""
    before = f"{limits.one_line(prefix)} " if prefix else ""
    message = _of_one(items[0]) if len(items) == 1 else _of_many(items)
    return message._replace(title=limits.cut(before + message.title, most_of_title, unit, written))


def _of_one(item: Waiting) -> Notice:
    told = item.event
    foot = [
        *_facts(told),
        f"{limits.cut(limits.harmless(told.host), 200, limits.BYTES)} · {told.at} · #{short_id(item)}",
    ]
    return Notice(
        _title(told), (limits.harmless(told.text),), "\n".join(foot), limits.address(told.url), _level(told), told.at
    )


def _facts(told: event.Event) -> list[str]:
    names = ("consumer", "model", "session", "period")
    facts = [f"{name} {limits.one_line(value)}" for name in names if (value := getattr(told, name))]
    if told.value is not None:
        limit = "" if told.limit is None else f" of {limits.one_line(told.limit)}"
        facts.insert(0, f"{limits.one_line(told.value)}{limit} {limits.one_line(told.unit or '')}".strip())
    return [limits.cut(limits.harmless(" · ".join(facts)), 300, limits.BYTES)] if facts else []


def _of_many(items: Sequence[Waiting]) -> Notice:
    levels = [_level(item.event) for item in items]
    ranked = (*reversed(event.SEVERITIES), RESOLVED)
    counts = ", ".join(f"{levels.count(level)} {level}" for level in ranked if level in levels)
    lines = tuple(f"- {_title(item.event)} #{short_id(item)}" for item in items)
    level = next(level for level in ranked if level in levels)
    hosts = limits.cut(", ".join(dict.fromkeys(limits.harmless(item.event.host) for item in items)), 200, limits.BYTES)
    last = max(item.event.at for item in items)
    url = next((url for item in items if (url := limits.address(item.event.url))), None)
    return Notice(f"{len(items)} alerts: {counts}", lines, f"{hosts} · {last}", url, level, last)


def _title(told: event.Event) -> str:
    return f"[{_level(told)}] {limits.cut(limits.one_line(limits.harmless(told.title)), 300, limits.BYTES)}"


def _level(told: event.Event) -> str:
    return RESOLVED if told.is_resolved else told.severity


def short_id(item: Waiting) -> str:
    """By which a reader sees that the same came twice."""
    return item.delivery_id[:6]
