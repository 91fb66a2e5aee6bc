"""What do people ask about their sessions?

Answers are plain values, from the index and, for what was said, from the session files; all faces print these and
nothing else.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Callable, TypeVar

from . import history, index, index_access, money, names, prices, session_file, spending, what_if
from .days import Day
from .index import Index, Progress
from .prices import Book, Outcome
from .session_file import NotASessionFile
from .spending import Spending
from .what_if import Estimate

_ORDERS = {
    "updated": "updated DESC, id DESC",
    "created": "rtrim(created_at, 'Z') DESC, id DESC",
    "cost": "usd DESC, pico DESC, id DESC",
    "tokens": "total_tokens DESC, id DESC",
    "rounds": "calls DESC, id DESC",
}
SORT_KEYS = tuple(_ORDERS)
"""The orders of ``sessions``; the largest comes first."""

_SUMS = ", ".join(index.ADDITIVE)
_SUMMED = ", ".join(f"coalesce(sum({name}), 0)" for name in index.ADDITIVE)
_SESSION = f"id, session_id, created_at, updated_at, total_tokens, model, models, {_SUMS}"

Answer = TypeVar("Answer")


def moment(timestamp: str | None) -> str:
    """What sorts times in UTC: `15Z` comes before `15.5Z`, and None before all."""
    return (timestamp or "").rstrip("Z")


def silent(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


class NoSuchFolder(Exception):  # noqa: N818
    """The data folder is not there."""


@dataclass(frozen=True)
class Sums:
    """What some calls add up to."""

    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    spending: Spending

    @property
    def total_tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        counts = {name: value for name, value in vars(self).items() if name != "spending"}
        return {**counts, "total_tokens": self.total_tokens, **self.spending.to_json()}


@dataclass(frozen=True)
class SessionRow:
    """One session without its rounds: ``fields`` (id, times, counts, tokens, models), and what it cost."""

    fields: dict[str, Any]
    spending: Spending

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {**self.fields, **self.spending.to_json()}


@dataclass(frozen=True)
class Sessions:
    """Rows, of how many in all, with what could not be read: ``damaged`` are names of files that are none any more."""

    rows: list[SessionRow]
    total: int
    damaged: list[str]


@dataclass(frozen=True)
class Overview:
    """All sessions together, and the rows of the latest ones."""

    sessions: int
    sums: Sums
    latest: list[SessionRow]


@dataclass(frozen=True)
class Session:
    """One session: its row, and its rounds one by one, each with what it cost."""

    row: SessionRow
    rounds: Iterator[tuple[dict[str, Any], Outcome]]


@dataclass(frozen=True)
class ModelRow:
    """The calls of one model (None where the log names none), and the sessions that they belong to."""

    model: str | None
    sessions: int
    sums: Sums


@dataclass(frozen=True)
class ByModel:
    """A row a model, the dearest first, and all of them together; a session of two models counts once there."""

    rows: list[ModelRow]
    sessions: int
    sums: Sums


@dataclass(frozen=True)
class DateRow:
    """The calls of one day, the sessions that they belong to, and their models, by name."""

    date: date
    sessions: int
    sums: Sums
    models: list[str]


@dataclass(frozen=True)
class ByDate:
    """A row a day that has calls, and all of these days together; ``newest`` is the moment of the last call at all."""

    rows: list[DateRow]
    sessions: int
    sums: Sums
    newest: int | None


class Report:
    """The answers about the sessions of one folder.  Methods raise ``NoSuchFolder``."""

    def __init__(self, folder: str, book: Book, progress: Progress = silent) -> None:
        """``progress`` hears of an index that has to be made first."""
        self._folder = folder
        self._book = book
        self._progress = progress

    def sessions(self, *, sort_by: str = "updated", limit: int | None = None) -> Sessions:
        """One row a session.  ``total`` counts all of them, whatever the limit."""

        def question(found: Index) -> Sessions:
            (total,) = found.db.execute("SELECT count(*) FROM session").fetchone()
            damaged = [file for (file,) in found.db.execute("SELECT file FROM damaged ORDER BY file")]
            return Sessions(
                _rows(found, f"ORDER BY {_ORDERS[sort_by]} LIMIT ?", -1 if limit is None else limit), total, damaged
            )

        return self._ask(question)

    def overview(self, latest: int) -> Overview:
        """What all sessions add up to, with the ``latest`` of them."""

        def question(found: Index) -> Overview:
            (total,) = found.db.execute("SELECT count(*) FROM session").fetchone()
            return Overview(total, _all(found), _rows(found, f"ORDER BY {_ORDERS['updated']} LIMIT ?", latest))

        return self._ask(question)

    def by_model(self) -> ByModel:
        """What the calls of each model add up to."""

        def question(found: Index) -> ByModel:
            known = dict(found.db.execute("SELECT id, name FROM model"))
            distinct = "SELECT model, count(*) FROM (SELECT DISTINCT model, session FROM part) GROUP BY model"
            sessions = dict(found.db.execute(distinct))
            rows = [
                ModelRow(known.get(model), sessions.get(model, 0), _sums(sums, {known.get(model): sums[-3] - sums[-1]}))
                for model, *sums in found.db.execute(f"SELECT model, {_SUMMED} FROM total GROUP BY model")
                if sums[0]
            ]
            rows.sort(key=lambda row: (-row.sums.spending.pico, -row.sums.total_tokens, row.model or ""))
            (total,) = found.db.execute("SELECT count(*) FROM session").fetchone()
            return ByModel(rows, total, _all(found))

        return self._ask(question)

    def by_date(self, days: Sequence[Day]) -> ByDate:
        """What the calls of each of these days add up to; the days follow each other."""

        def question(found: Index) -> ByDate:
            rows = [DateRow(day.date, *_between(found, day.start, day.end)) for day in days]
            (newest,) = found.db.execute("SELECT max(updated) FROM session").fetchone()
            sessions, sums, _ = _between(found, days[0].start, days[-1].end)
            return ByDate([row for row in rows if row.sums.calls], sessions, sums, newest)

        return self._ask(question)

    def session(self, session_id: str, *, full_messages: bool) -> Session | None:
        """The session with this id; None where there is none, or no folder.

        With ``full_messages`` each round has the whole list that was sent with it, otherwise what was new in it.
        """
        path = self._path(session_id)
        row = self._row(session_id) if path else None
        if path is None or row is None:
            return None
        rounds = ((entry, self._price(entry)) for entry in _rounds(path, full_messages=full_messages))
        return Session(row, rounds)

    def estimates(self, session_id: str, models: list[str]) -> tuple[Spending, list[Estimate]] | None:
        """What the session cost, and what it would have cost on other models; None where there is no such session."""
        path = self._path(session_id)
        if path is None:
            return None
        calls = [prices.call_of(entry) for entry in _rounds(path, full_messages=False)]
        return spending.spent(self._book, calls), what_if.estimates(self._book, calls, models)

    def near_misses(self, session_id: str, limit: int = 5) -> list[str]:
        """Ids that somebody may have meant: those that contain the text first, then those that are spelled alike."""
        wanted = session_id.casefold()
        ids = self._ask(lambda found: [each for (each,) in found.db.execute("SELECT session_id FROM session")])
        parts = [each for each in ids if wanted in each.casefold()]
        # Comparing spellings takes long; those of about the same length are the likely ones.
        alike = sorted(ids, key=lambda each: abs(len(each) - len(session_id)))[:2000]
        return list(dict.fromkeys([*parts[:limit], *difflib.get_close_matches(session_id, alike, limit)]))[:limit]

    def _ask(self, question: Callable[[Index], Answer]) -> Answer:
        try:
            return index_access.ask(self._folder, self._book, question, self._progress)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoSuchFolder(self._folder) from error

    def _row(self, session_id: str) -> SessionRow | None:
        key = session_id.encode("utf-8", "surrogatepass")

        def question(found: Index) -> SessionRow | None:
            row = found.db.execute(
                f"SELECT {_SESSION} FROM session WHERE session_id = CAST(? AS TEXT)", (key,)
            ).fetchone()
            if row is None:
                return None
            answer = _session_row(found, row)
            answer.spending.assumed.update(index.noted(found.db.execute(_NOTES_OF_SESSION, row[:1])))
            return answer

        return self._ask(question)

    def _path(self, session_id: str) -> str | None:
        for name in (names.file_name(session_id), names.other_name(session_id)):
            path = os.path.join(self._folder, os.fsdecode(name.encode()))  # UTF-8 on disk, whatever the locale is
            with contextlib.suppress(FileNotFoundError, NotADirectoryError, NotASessionFile), open(path, "rb") as file:
                if session_file.read_header(file) == session_id:
                    return path
        return None

    def _price(self, entry: dict[str, Any]) -> Outcome:
        return self._book.price(prices.call_of(entry))


def count(folder: str) -> int:
    """How many sessions there are."""
    with os.scandir(folder) as found:
        return sum(names.is_session(entry.name) for entry in found)


# -- from rows of the index --------------------------------------------------------------------------------------------


def _all(found: Index) -> Sums:
    sums = found.db.execute(f"SELECT {_SUMMED} FROM total").fetchone()
    return _sums(sums, _unpriced_models(found, "total", "true") if sums[-3] else {})


def _between(found: Index, start: int, end: int) -> tuple[int, Sums, list[str]]:
    """The sessions, sums and models of the calls from one moment to before another.

    Whole slots are summed up already; of the slots that lie on an edge the rounds are taken one by one.
    """
    first, last = -(-start // index.SLOT), end // index.SLOT
    parts = [(_SUMMED, f"slot WHERE slot >= {first} AND slot < {last}", "unpriced - without_tokens")]
    active = [f"SELECT session FROM active WHERE slot >= {first} AND slot < {last}"]
    edges = {start // index.SLOT, end // index.SLOT} if start % index.SLOT or end % index.SLOT else ()
    for slot in edges:
        sessions = f"SELECT session FROM active WHERE slot = {slot}"
        span = f"at >= {max(start, slot * index.SLOT)} AND at < {min(end, (slot + 1) * index.SLOT)}"
        rounds = f"round WHERE session IN ({sessions}) AND {span}"
        parts.append((index.OF_ROUNDS, rounds, f"usd IS NULL AND NOT flags & {index.NO_TOKENS}"))
        active.append(f"SELECT session FROM {rounds}")
    sums = [0] * len(index.ADDITIVE)
    models: dict[str | None, int] = {}
    names_of = dict(found.db.execute("SELECT id, name FROM model"))
    for summed, where, unpriced in parts:
        sums = [mine + more for mine, more in zip(sums, found.db.execute(f"SELECT {summed} FROM {where}").fetchone())]
        for model, number in found.db.execute(f"SELECT model, sum({unpriced}) FROM {where} GROUP BY model"):
            name = names_of.get(model)
            models[name] = models.get(name, 0) + number
    (sessions_,) = found.db.execute(f"SELECT count(DISTINCT session) FROM ({' UNION ALL '.join(active)})").fetchone()
    return sessions_, _sums(sums, models), sorted(name for name in models if name is not None)


def _rows(found: Index, rest: str, *values: object) -> list[SessionRow]:
    return [_session_row(found, row) for row in found.db.execute(f"SELECT {_SESSION} FROM session {rest}", values)]


def _session_row(found: Index, row: tuple[Any, ...]) -> SessionRow:
    number, session_id, created_at, updated_at, total_tokens, model, models, *sums = row
    unpriced = {}
    if sums[-3]:
        unpriced = _names(found, _UNPRICED_OF_SESSION, number)
    total = _sums(sums, unpriced)
    fields = {
        "session_id": session_id,
        "created_at": created_at,
        "updated_at": updated_at,
        "messages_count": total.calls,
        "failed_count": total.failed,
        "total_input_tokens": total.input_tokens,
        "total_output_tokens": total.output_tokens,
        "total_reasoning_tokens": total.reasoning_tokens,
        "total_cached_tokens": total.cached_tokens,
        "total_cache_write_tokens": total.cache_write_tokens,
        "total_tokens": total_tokens,
        "model": model,
        "models": json.loads(models),
    }
    return SessionRow(fields, total.spending)


_UNPRICED_OF_SESSION = (
    "SELECT model.name, count(*) FROM round LEFT JOIN model ON model.id = round.model "
    f"WHERE session = ? AND usd IS NULL AND NOT flags & {index.NO_TOKENS} GROUP BY round.model"
)


_NOTES_OF_SESSION = "SELECT notes, count(*) FROM round WHERE session = ? AND notes != 0 GROUP BY notes"


def _unpriced_models(found: Index, table: str, where: str) -> dict[str, int]:
    return _names(
        found,
        f"SELECT model.name, sum(unpriced - without_tokens) AS n FROM {table} LEFT JOIN model ON model.id = {table}.model "
        f"WHERE {where} GROUP BY {table}.model HAVING n > 0",
    )


def _names(found: Index, sql: str, *values: object) -> dict[str, int]:
    return {name or spending.NO_NAME: number for name, number in found.db.execute(sql, values)}


def _sums(row: Any, unpriced_models: dict[Any, int]) -> Sums:
    """From the columns of ``index.ADDITIVE``."""
    calls, failed, fresh, read, written, visible, reasoning, *of_cost = row
    usd, pico, saved_usd, saved_pico, unpriced, unpriced_tokens, without_tokens = of_cost
    spent = Spending(
        usd * money.MICRO + pico,
        calls,
        unpriced,
        unpriced_tokens,
        without_tokens,
        {name or spending.NO_NAME: number for name, number in unpriced_models.items() if number},
        saved_usd * money.MICRO + saved_pico,
    )
    return Sums(calls, failed, fresh + read + written, visible + reasoning, read, written, reasoning, spent)


# -- from the session files --------------------------------------------------------------------------------------------


def _rounds(path: str, *, full_messages: bool) -> Iterator[dict[str, Any]]:
    with open(path, "rb") as file:
        session_file.read_header(file)
        if not full_messages:
            yield from session_file.entries(file)
            return
        for entry, messages in history.with_full_messages(session_file.entries(file)):
            full = {**entry, "messages": messages}
            full.pop("messages_from_history", None)
            yield full
