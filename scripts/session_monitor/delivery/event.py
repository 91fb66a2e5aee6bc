"""What is told: one event, whoever hears of it.

``id`` is the same for a rule, a period and a level, whenever it is told: by it a receiver knows what it has heard already.
Title and text hold no text of conversations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

SCHEMA_VERSION = 1
KINDS = ("budget", "finding", "error", "test")
INFO, WARNING, CRITICAL = "info", "warning", "critical"
SEVERITIES = (INFO, WARNING, CRITICAL)
"""From the least on."""
FIRING, RESOLVED = "firing", "resolved"
STATES = (FIRING, RESOLVED)


class BadEventError(ValueError):
    """What is no event; the argument says why."""


class Event(NamedTuple):
    """One event; ``at`` is RFC 3339 in UTC, numbers are texts as they are to be read, and None is what it has none of."""

    id: str
    rule: str
    kind: str
    severity: str
    state: str
    title: str
    text: str
    at: str
    host: str
    value: Optional[str] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    limit: Optional[str] = None  # noqa: UP045
    unit: Optional[str] = None  # noqa: UP045
    period: Optional[str] = None  # noqa: UP045
    consumer: Optional[str] = None  # noqa: UP045
    model: Optional[str] = None  # noqa: UP045
    session: Optional[str] = None  # noqa: UP045
    url: Optional[str] = None  # noqa: UP045

    def to_json(self) -> dict[str, Any]:
        """As a program receives it."""
        return {"schema_version": SCHEMA_VERSION, **self._asdict()}

    @property
    def is_resolved(self) -> bool:
        """Whether it tells that something is over."""
        return self.state == RESOLVED

    def is_as(self, other: Event) -> bool:
        """Whether both tell the same, though perhaps not at the same time."""
        return (self.id, self.state) == (other.id, other.state)


_CHOICES = {"kind": KINDS, "severity": SEVERITIES, "state": STATES}
_NEEDED = tuple(name for name in Event._fields if name not in Event._field_defaults)


def from_json(document: Any) -> Event:
    """The event that ``to_json`` made this of; what a later version has more is left out.  Raises BadEventError."""
    if not isinstance(document, Mapping):
        raise BadEventError("it is no object")
    values = {name: document.get(name) for name in Event._fields}
    for name, value in values.items():
        if not isinstance(value, str) and (value is not None or name in _NEEDED):
            raise BadEventError(f"{name} is no text")
    for name, choices in _CHOICES.items():
        if values[name] not in choices:
            raise BadEventError(f"{name} is none of {', '.join(choices)}")
    if not values["id"]:
        raise BadEventError("id is empty")
    return Event(**values)  # type: ignore[arg-type]


def for_a_try(at: str, host: str) -> Event:
    """An event that tells nothing but that a target can be told."""
    text = "This is a test: alerts of the agent session monitor reach you here."
    return Event(f"test/{at}", "test", "test", INFO, FIRING, "Test of this channel", text, at, host)
