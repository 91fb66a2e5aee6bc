"""How do the sums of an index, and what tells which session has calls when, follow its rounds?

Functions take the index's connection and change the tables ``total``, ``slot``, ``noted``, ``part`` and ``active``, the
sums in ``session``, and with them ``latency``.
"""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Optional

from .tables import latencies, schema
from .tables.schema import ADDITIVE, AGGREGATES, CALLS, NOTED, OF_CALLS, SLOT_OF

ByKey = dict[tuple[Optional[int], int, int, int, int], list[int]]
"""Sums (``ADDITIVE``) by slot (None without a time), the numbers of ``OF_CALLS``, and notes."""

PLACES = ", ".join("?" * len(ADDITIVE))
"""For the values of ``ADDITIVE`` in SQL."""

_BY_CALLS = {name: name for name in (*OF_CALLS, "notes")}
_BY_SLOT = {"slot": SLOT_OF, **_BY_CALLS}
_BY_SESSION = ("session", "notes")


def _adding(table: str, keys: Iterable[str], rows: str, sums: Iterable[str] = ADDITIVE) -> str:
    """SQL that adds rows of keys and sums to a table of sums."""
    columns, key = ", ".join([*keys, *sums]), ", ".join(keys)
    adding = ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
    return f"INSERT INTO {table}({columns}) {rows} ON CONFLICT({key}) DO UPDATE SET {adding}"


def _summing(table: str, keys: Mapping[str, str], rounds: str, sign: str = "") -> str:
    """SQL that adds the sums of some rounds to a table, or takes them off."""
    sums = ", ".join([*keys.values(), *(sign + sum_ for sum_ in AGGREGATES)])
    return _adding(table, keys, f"SELECT {sums} FROM {rounds} GROUP BY {', '.join(keys.values())}")


# -- rounds that come --------------------------------------------------------------------------------------------------


def _values(keys: Collection[str], sums: Collection[str]) -> str:
    return f"VALUES ({', '.join('?' * (len(keys) + len(sums)))})"


_COUNT_TOTAL = _adding("total", _BY_CALLS, _values(_BY_CALLS, ADDITIVE))
_COUNT_SLOT = _adding("slot", _BY_SLOT, _values(_BY_SLOT, ADDITIVE))
_COUNT_NOTED = _adding("noted", _BY_SESSION, _values(_BY_SESSION, NOTED), NOTED)


def count(db: sqlite3.Connection, sums: ByKey) -> None:
    """Add to what all sessions add up to."""
    db.executemany(_COUNT_SLOT, ((*key, *added) for key, added in sums.items() if key[0] is not None))
    totals: dict[tuple[int, ...], list[int]] = {}
    for (_, *of_calls), added in sums.items():
        key = tuple(of_calls)
        totals[key] = list(map(operator.add, totals[key], added)) if key in totals else added
    db.executemany(_COUNT_TOTAL, ((*key, *added) for key, added in totals.items()))


def count_noted(db: sqlite3.Connection, rows: Iterable[Sequence[int]]) -> None:
    """Add to what sessions' calls with notes add up to, by session and notes: ``NOTED`` behind these."""
    db.executemany(_COUNT_NOTED, rows)


def put_parts(db: sqlite3.Connection, parts: Iterable[tuple[int, ...]]) -> None:
    r"""Say that sessions have such calls, by (\*OF_CALLS, session)."""
    db.executemany(f"INSERT OR IGNORE INTO part {_values((*OF_CALLS, 'session'), ())}", parts)


def _key(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in ("slot", *OF_CALLS))


# A call that comes late changes what is before the later ones.
_CHANGED_ACTIVE = f"""
    UPDATE active SET before = coalesce((
        SELECT other.slot FROM active AS other
        WHERE other.session = active.session
        AND ({_key("other")}) < ({_key("active")})
        ORDER BY other.slot DESC LIMIT 1
    ), {schema.NEVER})
    WHERE session = ? AND slot >= ?
"""


def put_active(
    db: sqlite3.Connection, keys_of: Mapping[int, Mapping[tuple[int, ...], int]], old: Collection[int]
) -> None:
    r"""Say that sessions have calls in slots, by (slot, \*OF_CALLS), that cost so much at most; ``old`` ones may have had calls before."""
    db.executemany(_PUT_ACTIVE, _active(keys_of))
    first_slots = [(session, min(keys)[0]) for session, keys in keys_of.items() if session in old]
    db.executemany(_CHANGED_ACTIVE, first_slots)


_PUT_ACTIVE = (
    f"INSERT INTO active {_values(('session', 'slot', *OF_CALLS, 'before', 'dearest'), ())} "
    f"ON CONFLICT(session, slot, {CALLS}) DO UPDATE SET dearest = max(dearest, excluded.dearest)"
)


def _active(keys_of: Mapping[int, Mapping[tuple[int, ...], int]]) -> Iterator[tuple[int, ...]]:
    """Rows of ``active`` for sessions without any."""
    for session, keys in keys_of.items():
        before = schema.NEVER
        for key in sorted(keys):
            yield session, *key, before, keys[key]
            before = key[0]


# -- sessions that go --------------------------------------------------------------------------------------------------


_OF_SESSION = "round WHERE session = ?1"
_TAKING_OUT = (
    _summing("total", _BY_CALLS, _OF_SESSION, "-"),
    _summing("slot", _BY_SLOT, f"{_OF_SESSION} AND at IS NOT NULL", "-"),
    f"DELETE FROM part WHERE ({CALLS}, session) IN (SELECT {CALLS}, session FROM {_OF_SESSION})",
    "DELETE FROM active WHERE session = ?1",
    "DELETE FROM noted WHERE session = ?1",
    f"DELETE FROM {_OF_SESSION}",
    "DELETE FROM tool WHERE session = ?1",
    "DELETE FROM session WHERE id = ?1",
)


def take_out(db: sqlite3.Connection, session: int) -> None:
    """Take a session, with its rounds, out of everything that it was counted into."""
    latencies.take_out(db, session)
    for sql in _TAKING_OUT:
        db.execute(sql, (session,))


def drop_empty(db: sqlite3.Connection) -> None:
    """Take away the sums of no calls, by whose model or consumer nothing is counted any more."""
    for table in ("total", "slot"):
        db.execute(f"DELETE FROM {table} WHERE calls = 0")


_TIDYING = (
    "DELETE FROM model WHERE id NOT IN (SELECT model FROM part)",
    "DELETE FROM consumer WHERE id NOT IN (SELECT consumer FROM part)",
    "DELETE FROM way WHERE id NOT IN (SELECT way FROM part)",
    "DELETE FROM tool_name WHERE id NOT IN (SELECT tool FROM tool)",
)


def tidy(db: sqlite3.Connection) -> None:
    """Take away what no session counts for any more, names too."""
    drop_empty(db)
    for sql in _TIDYING:
        db.execute(sql)


# -- all anew ----------------------------------------------------------------------------------------------------------


_SUMS_OF_SUMS = ", ".join(f"sum({name})" for name in ADDITIVE)
_ACTIVE = (
    f"SELECT session, {SLOT_OF} AS slot, {CALLS}, {schema.DEAREST} AS dearest FROM round WHERE at IS NOT NULL "
    f"GROUP BY session, {SLOT_OF}, {CALLS}"
)
_SUMMING_UP = (
    f"UPDATE session SET {', '.join(f'{name} = 0' for name in ADDITIVE)}",
    *(f"DELETE FROM {table}" for table in ("total", "slot", "noted", "part", "active")),
    _summing("session", {"id": "session"}, "round WHERE true"),
    _summing("slot", _BY_SLOT, "round WHERE at IS NOT NULL"),
    f"INSERT INTO noted {schema.OF_NOTED}",
    # What is in the slots need not be summed up from the rounds once more.
    f"INSERT INTO total SELECT {CALLS}, notes, {_SUMS_OF_SUMS} FROM slot GROUP BY {CALLS}, notes",
    _summing("total", _BY_CALLS, "round WHERE at IS NULL"),
    f"INSERT INTO active SELECT session, slot, {CALLS}, {schema.BEFORE}, dearest FROM ({_ACTIVE})",
    f"INSERT INTO part SELECT DISTINCT {CALLS}, session FROM active",
    f"INSERT OR IGNORE INTO part SELECT DISTINCT {CALLS}, session FROM round WHERE at IS NULL",
)


def sum_up_again(db: sqlite3.Connection) -> None:
    """Make all sums anew from the rounds."""
    for sql in _SUMMING_UP:
        db.execute(sql)
