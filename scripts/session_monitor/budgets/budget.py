"""What is one budget: which calls count, over which time, and how much may they cost?"""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods
from session_monitor.base.periods import TimeSpan
from session_monitor.prices import money

DAILY, WEEKLY, MONTHLY, TOTAL, SESSION, RATE = "daily", "weekly", "monthly", "total", "session", "rate"
PERIODS = (DAILY, WEEKLY, MONTHLY, TOTAL, SESSION, RATE)
"""Over which time a budget holds: a calendar's, all time, each session by itself, or any stretch as long as its rate says."""
UNIT_OF = {DAILY: periods.DAY, WEEKLY: periods.WEEK, MONTHLY: periods.MONTH}
LENGTHS = {"h": 3_600_000, "d": 86_400_000}
"""Milliseconds of what a rate may be for."""
USUAL_WARNING = 80
"""Per cent of a limit."""
PATTERNS = ("consumer", "model", "session_id")


class BudgetMistakeError(ValueError):
    """What somebody wrote is no budget: says why."""


class Budget(NamedTuple):
    """One budget.  ``cost`` is in pico-dollars, ``tokens`` are of all kinds; None for no limit, one of them is there.

    ``per`` is ``h`` or ``d``, of a rate alone.  The patterns say whose calls count (None: all); ``warn`` is in per cent.
    ``zone`` is an IANA name or an offset, ``local`` for this machine's.
    """

    name: str
    period: str
    cost: int | None = None
    tokens: int | None = None
    per: str | None = None
    consumer: str | None = None
    model: str | None = None
    session_id: str | None = None
    warn: int = USUAL_WARNING
    zone: str = periods.LOCAL

    def span(self, now: int) -> TimeSpan | None:
        """The time around this moment that it holds for; None for all time, and for each session's own.

        Raises ``periods.UnknownZoneError`` where this machine does not know its zone.
        """
        if self.period in UNIT_OF:
            return periods.span_of(UNIT_OF[self.period], now, self.where)
        if self.period == RATE:
            length = LENGTHS[self.per or "h"]
            return TimeSpan(f"the last {'hour' if self.per == 'h' else 'day'}", now - length, now + 1)
        return None

    @property
    def where(self) -> tzinfo | None:
        """Its time zone, None for this machine's.  Raises ``periods.UnknownZoneError``."""
        return periods.zone(self.zone)

    def to_json(self) -> dict[str, Any]:
        """As the file has it: a limit's amount stands under its period."""
        amount = None if self.cost is None else money.plain(self.cost)
        told: dict[str, Any] = {"name": self.name, self.period: f"{amount or ''}/{self.per}" if self.per else amount}
        told.update({name: getattr(self, name) for name in ("tokens", *PATTERNS) if getattr(self, name) is not None})
        told["warn"] = f"{self.warn}%"
        return told if self.zone == periods.LOCAL else {**told, "timezone": self.zone}


def of_json(document: object) -> Budget:
    """A budget as the file has it, checked.  Raises ``BudgetMistakeError``."""
    if not isinstance(document, dict):
        raise BudgetMistakeError("a budget must be an object with a name, a period and an amount")
    known = {"name", *PERIODS, "tokens", *PATTERNS, "warn", "timezone"}
    for key in document:
        if key not in known:
            raise BudgetMistakeError(f"{key!r} is no word of a budget; these are: {', '.join(sorted(known))}")
    given = [period for period in PERIODS if period in document]
    if len(given) != 1:
        raise BudgetMistakeError(f"a budget has one period of {', '.join(PERIODS)}; this one has {len(given)}")
    texts = {key: document.get(key) for key in ("name", *PATTERNS, "timezone")}
    for key, text in texts.items():
        if text is not None and not (isinstance(text, str) and text.strip()):
            raise BudgetMistakeError(f"{key} must be a text")
    return made(given[0], document[given[0]], document.get("tokens"), str(document.get("warn", "80%")), **texts)


def made(  # noqa: PLR0913 -- one argument a word
    period: str,
    amount: str | None,
    tokens: object,
    warn: str,
    *,
    name: str | None,
    consumer: str | None = None,
    model: str | None = None,
    session_id: str | None = None,
    timezone: str | None = None,
) -> Budget:
    """A budget of what a person wrote.  Raises ``BudgetMistakeError``."""
    if not name or not _NAME.fullmatch(name):
        raise BudgetMistakeError("a budget needs a name of up to 64 letters, digits, dots, dashes and underscores")
    cost, per = _amount(period, amount)
    limit = None if tokens is None else _tokens(tokens)
    if cost is None and limit is None:
        raise BudgetMistakeError("a budget needs an amount of dollars, or a number of tokens")
    zone = timezone or periods.LOCAL
    try:
        periods.zone(zone)
    except periods.UnknownZoneError:
        raise BudgetMistakeError(f"there is no time zone {zone!r} on this machine") from None
    return Budget(name, period, cost, limit, per, consumer, model, session_id, _warning(warn), zone)


_NAME = re.compile(r"[\w.-]{1,64}")
_AMOUNT = re.compile(r"\$?(\d{1,9}(?:\.\d{1,12})?)", re.ASCII)
_RATE = re.compile(r"(?:\$?(\d{1,9}(?:\.\d{1,12})?))?/?([hd])", re.ASCII)
MOST_TOKENS = 10**15


def _amount(period: str, text: object) -> tuple[int | None, str | None]:
    """Pico-dollars, and for what, of a rate."""
    written = str(text).strip() if text is not None else ""
    if period == RATE:
        rate = _RATE.fullmatch(written or "h")
        if not rate:
            raise BudgetMistakeError(f"{text!r} is no rate: write dollars for an hour or a day, such as 1/h or 20/d")
        return (_dollars(rate[1]) if rate[1] else None), rate[2]
    if not written:
        return None, None
    match = _AMOUNT.fullmatch(written)
    if not match:
        raise BudgetMistakeError(f"{text!r} is no amount: write dollars as 5 or 0.50")
    return _dollars(match[1]), None


def _dollars(text: str) -> int:
    pico = money.of_plain(text)
    if not pico:
        raise BudgetMistakeError("an amount must be above 0")
    return pico


def _tokens(value: object) -> int:
    text = str(value).replace(",", "").replace("_", "")
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,15}", text, re.ASCII) or not int(text):
        raise BudgetMistakeError(f"{value!r} is no number of tokens")
    return int(text)


def _warning(text: str) -> int:
    match = re.fullmatch(r"(\d{1,3})\s*%?", text.strip(), re.ASCII)
    if not match or not 1 <= int(match[1]) <= 100:
        raise BudgetMistakeError(f"{text!r} is no share to warn at: write 1% to 100%")
    return int(match[1])
