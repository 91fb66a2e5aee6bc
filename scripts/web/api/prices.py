"""What has a price, and what do the totals speak for?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import ModelPrices
from session_monitor.reports.report import Report
from session_monitor.reports.selected.unpriced import UnpricedModel
from session_monitor.reports.sums.breakdown import BreakdownRow
from web.asking import parameters
from web.asking.questions import MOST_NAMES, OF_ALL_HOLDS, Question, Setting
from web.server.exchange import Request

_OF_ROW = ("from", "dated", "input", "output", "cache_read", "cache_write", "currency", "source", "observed")
_MOST_USED = 200
"""Models of the sessions that are told, the dearest first."""


@dataclass(frozen=True)
class PricesQuestion(Question):
    """Which models have which prices on a day, what is stated beside, and which models of the sessions have none?"""

    q: str
    offset: int
    limit: int
    day: str
    problem: str

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> PricesQuestion:
        """What a request asks."""
        day = datetime.fromtimestamp(setting.since(OF_ALL_HOLDS) / 1000, timezone.utc).date().isoformat()
        offset = parameters.number(request, "offset", 0, 10_000_000, 0) or 0
        wanted = (parameters.text(request, "q") or "").strip().lower()
        return cls(wanted, offset, parameters.limit(request, 50), day, setting.problem)

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """A page of the list, and all that the sessions used."""
        book = report.book
        known = [*book.patterns(), *book.models()]
        meant = [each for each in known if any(self.q in name.lower() for name in _names(each))]
        used = report.by_name("model").rows
        return {
            "day": self.day,
            "used": [self._used(book, row) for row in used[:_MOST_USED]],
            "unpriced": list(map(_unpriced, report.unpriced())),
            "rows": [self._price(each) for each in meant[self.offset : self.offset + self.limit]],
            "meant": len(meant),
            "total": len(known),
            "offset": self.offset,
            "limit": self.limit,
            "stated": _stated(book),
            "problem": self.problem or None,
        }

    def _used(self, book: Book, row: BreakdownRow) -> dict[str, Any]:
        """A model that the sessions used, and how many of its calls told a part of their tokens alone."""
        told = row.to_json("model")
        known = {"partly_told": row.sums.spending.partly_told, **self._priced(book, told)}
        return {**{name: told[name] for name in _OF_USED}, **known}

    def _priced(self, book: Book, row: dict[str, Any]) -> dict[str, Any]:
        """What a model's name stands for, whoever sold it."""
        name = row["model"]
        found = book.find(name) if name else None
        return {"price": found and self._price(found), "why": book.why_not(name) if name and not found else None}

    def _price(self, model: ModelPrices) -> dict[str, Any]:
        rows = [row for row in model.entry["prices"] if (row.get("from") or "") <= self.day]
        row = rows[-1] if rows else None
        return {
            "model": model.key,
            "match": model.kind,
            "vendor": model.vendor,
            "seller": model.seller,
            "is_own": model.origin != price_list.SHIPPED,
            "note": model.entry.get("note"),
            "row": {name: row.get(name) for name in _OF_ROW} if row else None,
            "has_more": bool(row and (row.get("tiers") or row.get("windows"))),
            "changes": len(model.entry["prices"]),
        }


def _names(model: ModelPrices) -> Iterable[str]:
    """All by which a model may be looked for."""
    return (model.key, model.vendor or "", *model.entry.get("names", ()))


_OF_USED = (
    *("model", "calls", "total_tokens", "cost_usd", "at_least", "unpriced_rounds"),
    *("without_tokens", "assumed_rounds", "assumed_usd", "cost_notes"),
)


def _unpriced(model: UnpricedModel) -> dict[str, Any]:
    return {"model": model.model, "rounds": model.rounds, "reasons": dict(model.reasons)}


def _stated(book: Book) -> dict[str, Any]:
    """What a person stated; where their lists lie is nobody's business who looks at the page."""
    rules = [(each.setting, each.value, each.model, each.consumer) for each in book.assumptions]
    return {
        "prices": sum(len(prices.models) + len(prices.patterns) for prices in book.own_lists()),
        "aliases": [{"name": name, "model": model} for name, model in book.aliases().items()][:_MOST_USED],
        "sellers": [{"pattern": said.pattern, "seller": said.seller} for said in book.said_sellers()][:_MOST_USED],
        "discounts": [
            {name: value for name, value in each.to_json().items() if name != "origin"} for each in book.discounts
        ],
        "assumptions": [dict(zip(("setting", "value", "model", "consumer"), rule)) for rule in rules],
        "rates": [{"currency": name, **row} for name, rows in book.rates().items() for row in rows],
    }


@dataclass(frozen=True)
class CoverageQuestion(Question):
    """What do the totals of all that was read speak for?  Beside what every answer says of it."""

    is_of_all = True

    @classmethod
    def of(cls, _request: Request, _setting: Setting) -> CoverageQuestion:
        """The same for every request."""
        return cls()

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """The sums, why some of their calls have no cost, and the files that cannot be read."""
        sums = report.overview()
        damaged = report.sessions(limit=0).damaged
        reasons: dict[str, int] = {}
        for model in report.unpriced():
            for reason, rounds in model.reasons.items():
                reasons[reason] = reasons.get(reason, 0) + rounds
        return {
            "total": {"sessions": sums.sessions, **sums.sums.to_json()},
            "reasons": reasons,
            "damaged": len(damaged),
            "damaged_names": damaged[:MOST_NAMES],
        }
