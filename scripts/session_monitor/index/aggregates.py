"""How do the sums of an index, and what tells which session has calls when, follow its rounds?

Functions take the index's connection and change the tables ``total``, ``slot``, ``part`` and ``active``, and the sums in
``session``.
"""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Optional

from . import schema
from .schema import ADDITIVE, AGGREGATES, SLOT_OF

ByKey = dict[tuple[Optional[int], int, int], list[int]]
"""Sums (``ADDITIVE``) by slot (None without a time), and the numbers of a model and a consumer."""

PLACES = ", ".join("?" * len(ADDITIVE))
"""For the values of ``ADDITIVE`` in SQL."""

_ADDING = ", ".join(f"{name} = {name} + excluded.{name}" for name in ADDITIVE)
_BY_MODEL = {"model": "model", "consumer": "consumer"}
_BY_SLOT = {"slot": SLOT_OF, **_BY_MODEL}


def _adding(table: str, keys: Iterable[str], rows: str) -> str:
    """SQL that adds rows of keys and sums to a table of sums."""
    columns, key = ", ".join([*keys, *ADDITIVE]), ", ".join(keys)
    return f"INSERT INTO {table}({columns}) {rows} ON CONFLICT({key}) DO UPDATE SET {_ADDING}"


def _summing(table: str, keys: Mapping[str, str], rounds: str, sign: str = "") -> str:
    """SQL that adds the sums of some rounds to a table, or takes them off."""
    sums = ", ".join([*keys.values(), *(sign + sum_ for sum_ in AGGREGATES)])
    return _adding(table, keys, f"SELECT {sums} FROM {rounds} GROUP BY {', '.join(keys.values())}")


# -- rounds that come --------------------------------------------------------------------------------------------------


_COUNT_TOTAL = _adding("total", _BY_MODEL, f"VALUES (?, ?, {PLACES})")
_COUNT_SLOT = _adding("slot", _BY_SLOT, f"VALUES (?, ?, ?, {PLACES})")


def count(db: sqlite3.Connection, sums: ByKey) -> None:
    """Add to what all sessions add up to."""
    db.executemany(_COUNT_SLOT, ((*key, *added) for key, added in sums.items() if key[0] is not None))
    totals: dict[tuple[int, int], list[int]] = {}
    for (_, model, consumer), added in sums.items():
        key = model, consumer
        totals[key] = list(map(operator.add, totals[key], added)) if key in totals else added
    db.executemany(_COUNT_TOTAL, ((*key, *added) for key, added in totals.items()))


def put_parts(db: sqlite3.Connection, parts: Iterable[tuple[int, int, int]]) -> None:
    """Say that sessions have calls of models and consumers, by (model, consumer, session)."""
    db.executemany("INSERT OR IGNORE INTO part VALUES (?, ?, ?)", parts)


# A call that comes late changes what is before the later ones.
_CHANGED_ACTIVE = f"""
    UPDATE active SET before = coalesce((
        SELECT other.slot FROM active AS other
        WHERE other.session = active.session
        AND (other.slot, other.model, other.consumer) < (active.slot, active.model, active.consumer)
        ORDER BY other.slot DESC LIMIT 1
    ), {schema.NEVER})
    WHERE session = ? AND slot >= ?
"""


def put_active(
    db: sqlite3.Connection, keys_of: Mapping[int, Collection[tuple[int, int, int]]], old: Collection[int]
) -> None:
    """Say that sessions have calls in slots, by (slot, model, consumer); ``old`` ones may have had calls before."""
    db.executemany("INSERT OR IGNORE INTO active VALUES (?, ?, ?, ?, ?)", _active(keys_of))
    first_slots = [(session, min(keys)[0]) for session, keys in keys_of.items() if session in old]
    db.executemany(_CHANGED_ACTIVE, first_slots)


def _active(keys_of: Mapping[int, Iterable[tuple[int, int, int]]]) -> Iterator[tuple[int, ...]]:
    """Rows of ``active`` for sessions without any."""
    for session, keys in keys_of.items():
        before = schema.NEVER
        for key in sorted(keys):
            yield session, *key, before
            before = key[0]


# -- sessions that go --------------------------------------------------------------------------------------------------


_OF_SESSION = "round WHERE session = ?1"
_TAKING_OUT = (
    _summing("total", _BY_MODEL, _OF_SESSION, "-"),
    _summing("slot", _BY_SLOT, f"{_OF_SESSION} AND at IS NOT NULL", "-"),
    f"DELETE FROM part WHERE (model, consumer, session) IN (SELECT model, consumer, session FROM {_OF_SESSION})",
    "DELETE FROM active WHERE session = ?1",
    f"DELETE FROM {_OF_SESSION}",
    "DELETE FROM tool WHERE session = ?1",
    "DELETE FROM session WHERE id = ?1",
)


def take_out(db: sqlite3.Connection, session: int) -> None:
    """Take a session, with its rounds, out of everything that it was counted into."""
    for sql in _TAKING_OUT:
        db.execute(sql, (session,))


def drop_empty(db: sqlite3.Connection) -> None:
    """Take away the sums of no calls, by whose model or consumer nothing is counted any more."""
    for table in ("total", "slot"):
        db.execute(f"DELETE FROM {table} WHERE calls = 0")


_TIDYING = (
    "DELETE FROM model WHERE id NOT IN (SELECT model FROM part)",
    "DELETE FROM consumer WHERE id NOT IN (SELECT consumer FROM part)",
    "DELETE FROM way WHERE id NOT IN (SELECT way FROM round)",
    "DELETE FROM tool_name WHERE id NOT IN (SELECT tool FROM tool)",
)


def tidy(db: sqlite3.Connection) -> None:
    """Take away what no session counts for any more, names too."""
    drop_empty(db)
    for sql in _TIDYING:
        db.execute(sql)


# -- all anew ----------------------------------------------------------------------------------------------------------


_SUMS_OF_SUMS = ", ".join(f"sum({name})" for name in ADDITIVE)
_ACTIVE = f"SELECT DISTINCT session, {SLOT_OF} AS slot, model, consumer FROM round WHERE at IS NOT NULL"
_SUMMING_UP = (
    f"UPDATE session SET {', '.join(f'{name} = 0' for name in ADDITIVE)}",
    *(f"DELETE FROM {table}" for table in ("total", "slot", "part", "active")),
    _summing("session", {"id": "session"}, "round WHERE true"),
    _summing("slot", _BY_SLOT, "round WHERE at IS NOT NULL"),
    # What is in the slots need not be summed up from the rounds once more.
    f"INSERT INTO total SELECT model, consumer, {_SUMS_OF_SUMS} FROM slot GROUP BY model, consumer",
    _summing("total", _BY_MODEL, "round WHERE at IS NULL"),
    f"INSERT INTO active SELECT *, {schema.BEFORE} FROM ({_ACTIVE})",
    "INSERT INTO part SELECT DISTINCT model, consumer, session FROM active",
    "INSERT OR IGNORE INTO part SELECT DISTINCT model, consumer, session FROM round WHERE at IS NULL",
)


def sum_up_again(db: sqlite3.Connection) -> None:
    """Make all sums anew from the rounds."""
    for sql in _SUMMING_UP:
        db.execute(sql)
