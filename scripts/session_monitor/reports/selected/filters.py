"""Which sessions and which calls does somebody ask about?"""

from __future__ import annotations

import contextlib
import re
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from session_monitor.base import lazy_regex, periods
from session_monitor.prices.money import PICO

ACTIVE, IDLE, ERROR = "active", "idle", "error"
STATES = (ACTIVE, IDLE, ERROR)
"""How a session stands: one of these."""
FAILED, STALE, ENDED = "failed", "stale", "ended"
STATUSES = (*STATES, FAILED, STALE, ENDED)
"""What one may ask for: also sessions that have failed calls, were silent for long, or are archived, however they stand."""
ACTIVE_FOR = 15 * 60_000
"""Milliseconds after its last call for which a session counts as active."""
ACTIVE_IN_WORDS = f"a call within {ACTIVE_FOR // 60_000} minutes"


class Selection(NamedTuple):
    """What is asked about: sessions by the first group and by the last, calls by the second.

    ``sessions`` are ids or shell patterns of them, ``min_cost`` is in pico-dollars, ``status`` one of ``STATUSES``, for
    which ``now`` is needed; ``tags`` (of which a session has one, or one that fits a pattern), ``is_starred`` and
    ``without_archived`` are of what people note.  ``since`` and ``until`` (the latter not included) are milliseconds since 1970, of a call's
    start.  ``models``, ``consumers`` and ``gateways`` are names or patterns, ``outcome`` is one of ``outcome.OUTCOMES``.  Where sessions
    are listed, those are meant that have such a call.
    """

    sessions: tuple[str, ...] = ()
    min_cost: int | None = None
    status: str | None = None
    now: int = 0

    since: int | None = None
    until: int | None = None
    models: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    outcome: str | None = None

    tags: tuple[str, ...] = ()
    is_starred: bool = False
    without_archived: bool = False

    @property
    def is_of_sessions(self) -> bool:
        """Whether not all sessions are meant."""
        return bool(self.sessions or self.min_cost is not None or self.status or self.is_of_notes)

    @property
    def is_of_notes(self) -> bool:
        """Whether it depends on what is noted of a session."""
        noted = self.tags or self.is_starred or self.without_archived
        return bool(noted or self.status in (STALE, ENDED))

    @property
    def is_of_calls(self) -> bool:
        """Whether not all calls of a session are meant."""
        return bool(self.is_of_time or self.models or self.consumers or self.gateways or self.outcome)

    @property
    def is_of_time(self) -> bool:
        """Whether not the calls of all times are meant."""
        return self.since is not None or self.until is not None

    def of_calls_alone(self) -> Selection:
        """The same calls of any session."""
        return Selection(
            since=self.since,
            until=self.until,
            models=self.models,
            consumers=self.consumers,
            gateways=self.gateways,
            outcome=self.outcome,
        )


ALL = Selection()


def literally(session_id: str) -> str:
    """The pattern that fits this id alone, whatever is in it."""
    return _PATTERN.sub(r"[\g<0>]", session_id)


_PATTERN = lazy_regex.lazy(r"[*?[]")


class BadMomentError(ValueError):
    """The text names no moment."""


def moment(text: str, now: datetime, zone: tzinfo | None, *, is_end: bool = False) -> int:
    """Milliseconds since 1970 of what a person wrote.  Raises ``BadMomentError``.

    ``2026-02-01`` or ``20260201`` is the beginning of that day, or with ``is_end`` its end; ``today`` and ``yesterday``
    likewise; ``2026-02-01T09:30`` with seconds, fraction and zone where one likes; ``90s``, ``30m``, ``24h``, ``7d`` and
    ``2w`` are so long before ``now``.  Days, and times without a zone, are those of ``zone``.  What no calendar of UTC holds is
    its beginning or its end.
    """
    try:
        return min(max(START, _moment(text.strip(), now, zone, is_end=is_end)), END)
    except (ValueError, OverflowError):
        raise BadMomentError(text) from None


def _moment(text: str, now: datetime, zone: tzinfo | None, *, is_end: bool) -> int:
    back = _BACK.fullmatch(text)
    if back:
        return milliseconds(now - timedelta(seconds=int(back[1]) * _SECONDS[back[2].lower()]))
    today = now.astimezone(zone).date()
    day = {"today": today, "yesterday": today - timedelta(1)}.get(text.lower()) or _day(text)
    if day:
        return _beginning(day, zone) if not is_end else END if day == date.max else _beginning(day + timedelta(1), zone)
    when = datetime.fromisoformat(_plain(text))
    return milliseconds(when if when.tzinfo else _in_zone(when, zone))


def _in_zone(when: datetime, zone: tzinfo | None) -> datetime:
    """A time without a zone in this one; in UTC where the machine's own has none at the edges of the calendar."""
    if zone:
        return when.replace(tzinfo=zone)
    try:
        return when.astimezone()
    except (ValueError, OverflowError):
        return when.replace(tzinfo=timezone.utc)


def _beginning(day: date, zone: tzinfo | None) -> int:
    """The beginning of a day; of the first and the last ones that a calendar has, it is in no zone outside of it."""
    try:
        return periods.start_of(day, zone)
    except (ValueError, OverflowError):
        if date.min + timedelta(1) < day < date.max - timedelta(1):
            raise
        return periods.start_of(day, timezone.utc)


START, END = -62_135_596_800_000, 253_402_300_799_999
"""The first moment of the year 1 and the last one of the year 9999, in milliseconds since 1970: no calendar goes further."""


def milliseconds(when: datetime) -> int:
    """Milliseconds since 1970 of a moment that knows its zone."""
    return (when - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


_BACK = lazy_regex.lazy(r"(\d{1,6})([smhdwSMHDW])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DAY = lazy_regex.lazy(r"(\d{4})-?(\d\d)-?(\d\d)", re.ASCII)
_TIME = lazy_regex.lazy(r"\d{4}-?\d\d-?\d\d[Tt ]", re.ASCII)
_FRACTION = lazy_regex.lazy(r"\.(\d+)")


def _day(text: str) -> date | None:
    match = _DAY.fullmatch(text)
    return date(*map(int, match.groups())) if match else None


def _plain(text: str) -> str:
    """What ``fromisoformat`` of all our versions reads: before 3.11 it takes no ``Z`` and only six decimals.

    It takes anything between day and time, also the sign of a zone behind a day alone.
    """
    if not _TIME.match(text):
        raise BadMomentError(text)
    text = text[:-1] + "+00:00" if text[-1:] in "zZ" else text
    return _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text)


def dollars(text: str) -> int:
    """Pico-dollars of decimal text, ``0.5`` or ``$12``.  Raises ``ValueError``."""
    match = _DOLLARS.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    whole, decimals = match.groups("")
    return int(whole) * PICO + int(decimals.ljust(12, "0"))


_DOLLARS = lazy_regex.lazy(r"\$?(\d{1,9})(?:\.(\d{1,12}))?", re.ASCII)


DAYS = {periods.HOUR: 1, periods.DAY: 7, periods.WEEK: 56, periods.MONTH: 365}
"""How many days are shown unless more are asked for."""
MOST_DAYS = 36_500


def recent(selection: Selection, zone: tzinfo | None, number: int, today: date) -> Selection:
    """The selection with the last so many days, up to ``today`` or to the end that was asked for."""
    newest = today if selection.until is None else min(today, periods.date_of(selection.until - 1, zone))
    since, end = selection.since, periods.start_of(newest + timedelta(1), zone)
    # They may begin before the calendar does, and then no call that it holds is older.
    with contextlib.suppress(OverflowError, ValueError):
        start = periods.start_of(newest - timedelta(number - 1), zone)
        since = start if since is None else max(start, since)
    until = end if selection.until is None else min(end, selection.until)
    return selection._replace(since=since, until=until)
