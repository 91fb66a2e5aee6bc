"""By whose name is a call added up?

Models and consumers have numbers in the index; a route and a gateway are parts of the way that a call went; and who sold a call, or
made its model, follows from its model and that way by the book of prices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from session_monitor.index.database import Index
from session_monitor.index.tables.schema import SLOT
from session_monitor.index.tables.ways import gateway_of, route_and_cluster

MODEL, CONSUMER, VENDOR, SELLER, ROUTE, GATEWAY = COLUMNS = (
    "model",
    "consumer",
    "vendor",
    "seller",
    "route",
    "gateway",
)
"""``vendor`` makes the model, ``seller`` sold the call; gateways have names where there are many."""

_BY = {MODEL: ("model",), CONSUMER: ("consumer",), ROUTE: ("way",), VENDOR: ("model", "way"), SELLER: ("model", "way")}
_BY[GATEWAY] = ("way",)
_NUMBERED = "numbered"


class Naming:
    """The names of one of ``COLUMNS``, by the numbers in the columns ``by`` of the index's sums."""

    def __init__(self, index: Index, column: str) -> None:
        """Looks up which names there are."""
        self.by = _BY[column]
        self.is_one_to_one = column in (MODEL, CONSUMER)
        self._index = index
        self._column = column
        tables = [dict(index.db.execute(f"SELECT id, name FROM {table}").fetchall()) for table in self.by]
        self._texts: list[dict[int, str]] = tables
        self._known: dict[tuple[int, ...], str | None] = {}

    def of(self, key: tuple[int, ...]) -> str | None:
        """The name for the numbers in ``by``; None where the log names none, or nothing tells who it was."""
        if key not in self._known:
            self._known[key] = self._look_up(*(texts.get(number) for texts, number in zip(self._texts, key)))
        return self._known[key]

    def _look_up(self, name: str | None, way: str | None = None) -> str | None:
        if self._column == ROUTE:
            return route_and_cluster(name)[0]
        if self._column == GATEWAY:
            return gateway_of(name)
        if self._column in (MODEL, CONSUMER):
            return name
        book, (route, cluster) = self._index.book, route_and_cluster(way)
        if self._column == VENDOR:
            return book.vendor_of(name) if name else None
        return book.seller_of(name, route, cluster)

    def numbered(self) -> tuple[str, list[str | None]]:
        """A table of this connection with a ``number`` for each key that was named until now, and the numbers' names."""
        names = list(dict.fromkeys(self._known.values()))
        numbers = {name: number for number, name in enumerate(names)}
        columns = ", ".join(f"{column} INTEGER" for column in self.by)
        self._index.db.execute(f"DROP TABLE IF EXISTS temp.{_NUMBERED}")
        self._index.db.execute(
            f"CREATE TEMP TABLE {_NUMBERED}({columns}, number INTEGER, PRIMARY KEY({', '.join(self.by)})) WITHOUT ROWID"
        )
        self._put((*key, numbers[name]) for key, name in self._known.items())
        return _NUMBERED, names

    def _put(self, rows: Iterable[tuple[int, ...]]) -> None:
        places = ", ".join("?" * (len(self.by) + 1))
        self._index.db.executemany(f"INSERT INTO {_NUMBERED} VALUES ({places})", rows)


# -- which models there are -------------------------------------------------------------------------------------------------


def models_by_first_use(index: Index) -> list[str]:
    """The models that have calls, in the order of their first ones: a new one comes last, whatever it is called."""
    names = dict(index.db.execute("SELECT id, name FROM model WHERE id IN (SELECT model FROM total WHERE calls)"))
    first: dict[int, int] = {
        model: slot * SLOT
        for model, slot in index.db.execute("SELECT model, min(slot) FROM slot WHERE slot IS NOT NULL GROUP BY model")
    }
    begun = Counter(first.values())
    for moment in (each for each, models in begun.items() if models > 1):
        for model, at in index.db.execute(_FIRST_WITHIN, (moment // SLOT, moment, moment + SLOT)).fetchall():
            if first[model] == moment:
                first[model] = at
    # Those without a time come behind all others.
    return [
        names[model] for model in sorted(names, key=lambda each: (each not in first, first.get(each, 0), names[each]))
    ]


def models_of(index: Index, session: int) -> set[str]:
    """The models of the session with this number."""
    sql = "SELECT name FROM model WHERE id IN (SELECT model FROM round WHERE session = ?)"
    return {name for (name,) in index.db.execute(sql, (session,))}


_FIRST_WITHIN = (
    "SELECT model, min(at) FROM round WHERE session IN (SELECT session FROM active WHERE slot = ?) "
    "AND at >= ? AND at < ? GROUP BY model"
)
"""The first call of each model within a slot."""
