"""Which calls has a session, as rules see them, and what becomes of it when they are judged?

Numbers come from the main index, what they cost by kind from the prices.  What is worked on is plain values, so that
several processes can do it side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from session_monitor.index.database import Index
from session_monitor.index.tables.round_costs import call_of, parts_kept
from session_monitor.index.tables.schema import NO_CONTENT
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, Cost
from session_monitor.sessions.rounds import Place

from .basis.call import CallCost, JudgedCall
from .basis.content import Content
from .basis.limits import Rules
from .basis.prompt_versions import prompt_runs
from .judging.judge import judge
from .judging.judgement import Usual
from .kept import contents
from .kept.kept_sessions import JudgedSession, KeptSession
from .usual import Seen

_ROUNDS = (
    "SELECT start, length, parts, number, at, model.name, way.name, consumer.name, fresh, read, written, visible, reasoning, flags, code, "
    "first_token_ms, duration_ms, history, sent, thread, base FROM round LEFT JOIN model ON model.id = round.model "
    "LEFT JOIN way ON way.id = round.way LEFT JOIN consumer ON consumer.id = round.consumer WHERE session = ? ORDER BY number"
)
_FLAGS = 13
RoundRow = Sequence[Any]


class SessionWork(NamedTuple):
    """A session that is to be judged: its number and id, its file, its rows in the main index as of a change, and what is kept of it."""

    number: int
    session_id: str
    file: str
    change: int
    rows: Sequence[RoundRow]
    kept: Optional[KeptSession]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    chunks: Sequence[bytes]


def rows_of(index: Index, session: int) -> list[RoundRow]:
    """The rows of a session's rounds, by its number in the index."""
    return index.db.execute(_ROUNDS, (session,)).fetchall()


class Law(NamedTuple):
    """By what sessions are judged: prices and rules, which are called ``name``, and what is usual."""

    name: str
    book: Book
    rules: Rules
    seen: Seen


def judged(folder: str, law: Law, work: SessionWork) -> JudgedSession | None:
    """A session, judged; None where its file is not there any more."""
    upto = work.kept.upto if work.kept else 0
    names = contents.unpacked_names(work.kept.names) if work.kept else {}
    known = contents.unpacked(work.chunks)
    places = [
        Place(work.file, row[3], row[0], row[1]) for row in work.rows if row[3] > upto and not row[_FLAGS] & NO_CONTENT
    ]
    try:
        known.update(contents.read(folder, places, names))
    except OSError:
        return None
    new = contents.packed(known, upto + 1) if places else []
    now = KeptSession(work.rows[-1][3] if work.rows else 0, contents.packed_names(names), work.change, law.name)
    of_calls = list(calls(law.book, work.rows, known))
    consumer = of_calls[-1].consumer if of_calls else None
    of_consumer = law.seen.consumers.get(consumer, Usual())
    judgement = judge(of_calls, law.rules, of_consumer, law.seen.lifetimes)
    return JudgedSession(work.number, work.session_id, work.kept, now, new, judgement, prompt_runs(of_calls))


def calls(book: Book, rows: Sequence[RoundRow], known: Mapping[int, Content]) -> Iterator[JudgedCall]:
    """The calls of a session, of whose rounds these contents are known."""
    sellers: dict[tuple[str | None, str | None], str | None] = {}
    for _, _, parts, *columns in rows:
        number, at, model, way, consumer, fresh, read, written, visible, reasoning, flags = columns[:11]
        of_price = call_of(model, way, at, (fresh, read, written, visible, reasoning), parts, flags, consumer)
        if (model, way) not in sellers:
            sellers[model, way] = book.seller_of(model, of_price.route, of_price.cluster)
        more = sellers[model, way], _kept_seconds(parts), _cost_of(book, of_price), known.get(number)
        yield JudgedCall._make((*columns, *more))


_SHORT, _LONG = 300, 3600
"""Seconds for which providers keep what was written to a cache for five minutes, and for an hour."""


def _kept_seconds(parts: str | None) -> int | None:
    kept = parts_kept(parts)
    if kept is None:
        return None
    return _SHORT if kept.cache_write_5m else _LONG if kept.cache_write_1h else None


def _cost_of(book: Book, call: Call) -> CallCost | None:
    """What a call cost; None where that is not known."""
    outcome = book.price(call)
    if not isinstance(outcome, Cost):
        return None
    return CallCost(outcome.parts, *book.prompt_rates(call))
