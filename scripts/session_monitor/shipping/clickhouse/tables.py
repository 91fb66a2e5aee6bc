"""Which tables has a database of rounds, how are they made, and how do they get new columns?

Rows are ``ReplacingMergeTree``'s: of those with the same gateway, session and number it keeps the one with the highest version,
at some time; ``FINAL``, which the view ``rounds_now`` has, does so at once.  Nothing is ever taken from a table but by adding columns: what an older
program sends goes on to be right.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import Any

from session_monitor.base import data_tables
from session_monitor.index.tables import schema

_MODERN = (23, 2)
"""Servers from here on know rows that are deleted, tokens of inserts, and texts of which there are few."""
_KEY = "gateway, session, number"
GROWING = ("rounds", "texts")
"""The tables that may get new columns."""
_INSERTED = "inserted DateTime DEFAULT now()"
"""When the server got a row, for who follows the tables."""


def is_modern(version: str) -> bool:
    """Whether a server of this version speaks today's dialect."""
    parts = version.split(".")
    return tuple(int(part) if part.isdigit() else 0 for part in parts[:2]) >= _MODERN


@functools.lru_cache(1)
def _drawn() -> dict[str, Any]:
    drawn: dict[str, Any] = data_tables.beside(__file__, "tables.json")
    return drawn


def version() -> int:
    """The version of the tables that this program makes."""
    return int(_drawn()["version"])


def columns(table: str) -> list[str]:
    """The columns of a table, as rows have them."""
    return [name for name, *_ in _drawn()[table]["columns"]]


def making(*, modern: bool) -> list[str]:
    """The statements that make what lacks, in a database that is there."""
    made = [
        f"CREATE TABLE IF NOT EXISTS {name} ({columns}, at DateTime DEFAULT now()) ENGINE = {engine}"
        for name, columns, engine in (
            ("schema_version", "version UInt32", "MergeTree ORDER BY version"),
            (
                "gateways",
                "gateway String, source String, version UInt64",
                "ReplacingMergeTree(version) ORDER BY gateway",
            ),
        )
    ]
    engine = "ReplacingMergeTree(version, is_deleted)" if modern else "ReplacingMergeTree(version)"
    more = " SETTINGS non_replicated_deduplication_window = 100" if modern else ""
    found = f"{_INSERTED}, INDEX inserted_at inserted TYPE minmax GRANULARITY 1" if modern else _INSERTED
    for table in GROWING:
        columns = [f"{name} {_type(types, modern=modern)}" for name, *types in _drawn()[table]["columns"]]
        drawn = ", ".join([*columns, found])
        made.append(
            f"CREATE TABLE IF NOT EXISTS {table} ({drawn}) ENGINE = {engine} PARTITION BY month ORDER BY ({_KEY}){more}"
        )
    return [*made, f"CREATE VIEW IF NOT EXISTS rounds_now AS {view()}"]


def view() -> str:
    """The rows that hold, with names that people read."""
    flags = {name: getattr(schema, name) for name in ("FAILED", "LEFT")}
    shown = ", ".join(each.format(**flags) for each in _drawn()["view"])
    return f"SELECT {shown} FROM rounds FINAL WHERE is_deleted = 0"


def lacking(table: str, there: Collection[str], *, modern: bool) -> list[str]:
    """The statements that add the columns which a table lacks."""
    return [
        f"ALTER TABLE {table} ADD COLUMN {name} {_type(types, modern=modern)}"
        for name, *types in _drawn()[table]["columns"]
        if name not in there
    ]


def _type(types: Sequence[str], *, modern: bool) -> str:
    return types[0] if modern else types[1]
