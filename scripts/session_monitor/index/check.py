"""Does the index say what the session files say?"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from session_monitor.base import utf8
from session_monitor.sessions import file_names
from session_monitor.sessions.summary import Written

from .database import Index
from .tables import latencies, tool_rows
from .tables.round_costs import PRICED
from .tables.rows import ROUND, SESSION, Rows, rows_of
from .tables.schema import ADDITIVE, AGGREGATES, BEFORE, CALLS, DEAREST, NOTED, OF_NOTED, SLOT_OF

_COLUMNS = ROUND[1:]  # of one session
_MOST_NAMED = 3
_SUMMED = ("calls", "failed", "fresh", "read", "written", "visible", "reasoning")


class Compared(NamedTuple):
    """What the index says otherwise than a file; ``is_behind``: its row is of another state of it, or there is none.

    ``is_touched``: nothing differs but the time of the file.
    """

    differing: list[str]
    is_behind: bool
    is_touched: bool = False


def _grouped(rounds: str, keys: str) -> str:
    return f"SELECT {keys}, {', '.join(AGGREGATES)} FROM {rounds} GROUP BY {keys}"


_SUMS = ", ".join(ADDITIVE)
_TIMED = "round WHERE at IS NOT NULL"
_ACTIVE = f"SELECT {SLOT_OF} AS slot, session, {CALLS}, {DEAREST} FROM {_TIMED} GROUP BY session, {SLOT_OF}, {CALLS}"
_FOLLOWS = {
    "session": (_grouped("round", "session"), f"SELECT id, {_SUMS} FROM session WHERE calls"),
    "noted": (OF_NOTED, f"SELECT session, notes, {', '.join(NOTED)} FROM noted"),
    "total": (_grouped("round", f"{CALLS}, notes"), f"SELECT {CALLS}, notes, {_SUMS} FROM total WHERE calls"),
    "slot": (
        _grouped(_TIMED, f"{SLOT_OF}, {CALLS}, notes"),
        f"SELECT slot, {CALLS}, notes, {_SUMS} FROM slot WHERE calls",
    ),
    "part": (f"SELECT DISTINCT {CALLS}, session FROM round", f"SELECT {CALLS}, session FROM part"),
    "active": (
        f"SELECT *, {BEFORE} FROM ({_ACTIVE})",
        f"SELECT slot, session, {CALLS}, dearest, before FROM active",
    ),
    "tool": ("SELECT session, number FROM tool EXCEPT SELECT session, number FROM round", "SELECT 0, 0 WHERE false"),
}
"""What follows from the rounds alone: how, and what the index holds of it."""


class IndexCheck:
    """Holds an open index against what files say.  Methods raise what ``opening.DAMAGE`` names."""

    def __init__(self, index: Index) -> None:
        """An index whose tables are this version's."""
        self.index = index
        names = {name: f"(SELECT name FROM {name} WHERE id = {name})" for name in ("model", "consumer", "way")}
        columns = ", ".join(names.get(name, name) for name in _COLUMNS)
        self._rounds = f"SELECT {columns} FROM round WHERE session = ? ORDER BY number"

    def snapshot(self) -> None:
        """See the index as it is now, until the next call of this."""
        if self.index.db.in_transaction:
            self.index.db.execute("COMMIT")
        self.index.db.execute("BEGIN")
        self.index.meta("writing")  # only reading begins it

    def compare(self, written: Written, *, quick: bool) -> Compared:
        """Hold a file against its rows; with ``quick``, in which no rounds are known, against its session's row."""
        rows = rows_of([written], self.index.book)
        expected: dict[str, Any] = {name: _text(value) for name, value in zip(SESSION, rows.sessions[0])}
        expected["last_flags"] = expected["last_flags"] or 0
        if quick:
            del expected["last_flags"]
            expected.update(_sums(written))
        session = self.index.session_number(written.session_id)
        if session is None:
            return Compared(["it has no row there"], is_behind=True)
        sql = f"SELECT {', '.join(expected)} FROM session WHERE id = ?"
        said = dict(zip(expected, self.index.db.execute(sql, (session,)).fetchone()))
        differing = [name for name, value in expected.items() if said[name] != value]
        is_behind = "size" in differing or "mtime" in differing
        texts = [f"its row differs in {', '.join(differing)}"] if differing and differing != ["mtime"] else []
        if not quick and "size" not in differing:
            texts += itertools.islice(self._differing(session, written, rows), _MOST_NAMED)
        return Compared(texts, is_behind, is_touched=differing == ["mtime"] and not texts)

    def _differing(self, session: int, written: Written, rows: Rows) -> Iterator[str]:
        ignored = () if self.index.is_priced() else PRICED
        said = self.index.db.execute(self._rounds, (session,)).fetchall()
        expected = list(zip(*rows.rounds[1:]))
        if said != expected:
            for number, pair in enumerate(itertools.zip_longest(said, expected, fillvalue=()), 1):
                differing = [name for name, one, two in zip(_COLUMNS, *pair) if one != two and name not in ignored]
                if differing:
                    yield f"its row of round {number} differs in {', '.join(differing)}"
                elif not all(pair):
                    yield f"round {number} {'has no row' if pair[1] else 'has a row and is not in the file'}"
        tools = self.index.db.execute(
            "SELECT number, tool_name.name, calls, results, failed, tokens FROM tool JOIN tool_name ON id = tool "
            "WHERE session = ?",
            (session,),
        )
        if set(tools) != {tuple(each)[1:] for each in tool_rows.of_written([written])}:
            yield "its rows of tools differ"

    def without_file(self) -> Iterator[str]:
        """The files that have a row and are not there."""
        for (file,) in self.index.db.execute("SELECT file FROM session"):
            if not os.path.lexists(file_names.path_of(self.index.folder, file)):
                yield file

    def contradictions(self, *, quick: bool) -> Iterator[str]:
        """Where the index does not agree with itself; with ``quick`` without looking at its rounds."""
        if quick:
            sums = ", ".join(f"coalesce(sum({name}), 0)" for name in ADDITIVE)
            of_sessions, total = (
                self.index.db.execute(f"SELECT {sums} FROM {table}").fetchone() for table in ("session", "total")
            )
            if of_sessions != total:
                yield "its totals are not the sums of its sessions"
            return
        (answer,) = self.index.db.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            yield "its pages are damaged"
            return
        for table, (follows, held) in _FOLLOWS.items():
            for one, two in ((follows, held), (held, follows)):
                sql = f"SELECT count(*) FROM (SELECT * FROM ({one}) EXCEPT SELECT * FROM ({two}))"
                (number,) = self.index.db.execute(sql).fetchone()
                if number:
                    yield f"its table {table} is not what its rounds add up to, in {number} of its rows"
                    break
        number = latencies.differing(self.index.db)
        if number:
            yield f"its table latency is not what its rounds add up to, in {number} of its rows"


def _text(value: object) -> Any:
    return utf8.decoded(value) if isinstance(value, bytes) else value


def _sums(written: Written) -> dict[str, int]:
    """What a session's row must hold by its file's footer."""
    said = written.summary
    read, cache_written, reasoning = (
        said.total_cached_tokens,
        said.total_cache_write_tokens,
        said.total_reasoning_tokens,
    )
    fresh, visible = said.total_input_tokens - read - cache_written, said.total_output_tokens - reasoning
    values = (said.messages_count, said.failed_count, fresh, read, cache_written, visible, reasoning)
    return dict(zip(_SUMMED, values))
