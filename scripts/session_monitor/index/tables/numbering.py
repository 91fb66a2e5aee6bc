"""Which number stands for a name of a model, a consumer, a way or a tool?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from session_monitor.base import utf8


class Numbering:
    """The numbers of names in an index; a new name gets one.  0 stands for no name."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Looks into the tables ``model``, ``consumer``, ``way`` and ``tool_name`` as names come."""
        self._db = db
        self.forget()

    def forget(self) -> None:
        """Names may have gone, or those that were new did not stay."""
        self._known: dict[str, dict[str | None, int]] = {
            table: {None: 0} for table in ("model", "consumer", "way", "tool_name")
        }

    def of_all(self, table: str, names: Iterable[str | None]) -> dict[str | None, int]:
        """The numbers of these names, among others."""
        known = self._known[table]
        for name in set(names).difference(known):
            self.of(table, name)
        return known

    def of(self, table: str, name: str | None) -> int:
        """The number of a name."""
        number = self._known[table].get(name)
        if number is None:
            text = utf8.encoded(name)
            self._db.execute(f"INSERT OR IGNORE INTO {table}(name) VALUES (CAST(? AS TEXT))", (text,))
            row = self._db.execute(f"SELECT id FROM {table} WHERE name = CAST(? AS TEXT)", (text,)).fetchone()
            number = self._known[table][name] = int(row[0])
        return number
