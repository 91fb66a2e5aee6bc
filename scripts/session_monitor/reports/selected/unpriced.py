"""Which models have no price, and why?"""

from __future__ import annotations

from typing import NamedTuple

from session_monitor.index.database import Index
from session_monitor.index.tables import round_costs, schema
from session_monitor.prices import cost
from session_monitor.totals.spending import NO_NAME


class UnpricedModel(NamedTuple):
    """A model's calls without a price, and how many of them have none for which of ``cost.UNPRICED``, most first."""

    model: str
    rounds: int
    reasons: dict[str, int]


def models(index: Index) -> list[UnpricedModel]:
    """Those of most calls first; a model may have several reasons, as it went over several clusters."""
    found = index.db.execute(_BY_WAY).fetchall()
    names, ways, counts = zip(*found) if found else ((), (), ())
    by_model: dict[str, dict[str, int]] = {}
    for name, named, rounds in zip(names, round_costs.named(index.book, names, ways), counts):
        reason = (index.book.why_not(named) or cost.NO_PRICE_THEN) if named else cost.NO_MODEL
        reasons = by_model.setdefault(name or NO_NAME, {})
        reasons[reason] = reasons.get(reason, 0) + rounds
    listed = [
        UnpricedModel(name, sum(reasons.values()), dict(sorted(reasons.items(), key=lambda each: (-each[1], each[0]))))
        for name, reasons in by_model.items()
    ]
    return sorted(listed, key=lambda each: (-each.rounds, each.model))


_BY_WAY = (
    "SELECT model.name, way.name, count(*) FROM round LEFT JOIN model ON model.id = round.model "
    "LEFT JOIN way ON way.id = round.way "
    f"WHERE usd IS NULL AND NOT flags & {schema.UNTOLD} GROUP BY round.model, round.way"
)
