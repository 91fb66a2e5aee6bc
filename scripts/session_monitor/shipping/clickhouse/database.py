"""How is a ClickHouse database a store of rounds?"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Callable

from session_monitor.clickhouse import quoting
from session_monitor.clickhouse.address import Address
from session_monitor.clickhouse.client import DatabaseClient, EngineError
from session_monitor.shipping.replication.round_rows import of_yyyymm
from session_monitor.shipping.replication.store import TEXTS, Claim, NotHeldError
from session_monitor.shipping.replies import REFUSED, STUCK, TAKEN, Reply

from . import answers, tables

_PAGE = 50_000
"""Rows that are asked for at once."""
_ERASED_AT_ONCE = 500
_ALREADY_THERE = 44
"""The number of the error that a column is there already: another program has just added it."""
_TIME_OUT = 120.0
_EVERYWHERE = "default"
"""A database that each server has, for what is asked before ours is there."""


class Database:
    """A database of one server."""

    def __init__(self, address: Address, environment: Mapping[str, str]) -> None:
        self._name = address.database
        self._client = DatabaseClient(address, environment, time_out=_TIME_OUT)
        self._server = DatabaseClient(address._replace(database=_EVERYWHERE), environment, time_out=_TIME_OUT)
        self.shown = address.shown
        self._is_modern = True
        self._claimed = 0

    def open(self, gateway: str) -> tuple[Reply, Claim]:
        """Make what the database lacks, and say what is known of a gateway there."""
        try:
            self._is_modern = tables.is_modern(
                self._asked(self._server, "SELECT version()")[0][0].decode("ascii", "replace")
            )
            self._make()
            name = quoting.literal(gateway)
            claims = self._asked(
                self._client,
                f"SELECT source, version FROM gateways WHERE gateway = {name} ORDER BY version DESC LIMIT 1",
            )
            version = int(self._asked(self._client, f"SELECT max(version) FROM rounds WHERE gateway = {name}")[0][0])
        except EngineError as error:
            reply = answers.judged(error)
            return reply._replace(what=STUCK) if reply.what == REFUSED else reply, Claim("", 0)
        self._claimed = int(claims[0][1]) if claims else 0
        return Reply(TAKEN), Claim(quoting.text(claims[0][0]) if claims else "", version)

    @staticmethod
    def _asked(client: DatabaseClient, question: str) -> list[list[bytes]]:
        columns = question.partition(" FROM ")[0].count(",") + 1
        return list(client.rows(question, columns))

    def _make(self) -> None:
        """Make the database and its tables, and add columns, where that has not been done."""
        named = quoting.literal(self._name)
        there = self._asked(self._server, f"SELECT name FROM system.tables WHERE database = {named}")
        if [b"schema_version"] in there:
            if int(self._asked(self._client, "SELECT max(version) FROM schema_version")[0][0]) >= tables.version():
                return
        else:
            self._server.ask(f"CREATE DATABASE IF NOT EXISTS {self._name}")
        for statement in tables.making(modern=self._is_modern):
            self._client.ask(statement)
        for table in tables.GROWING:
            sql = f"SELECT name FROM system.columns WHERE database = {named} AND table = {quoting.literal(table)}"
            columns = {name.decode() for (name,) in self._asked(self._client, sql)}
            for statement in tables.lacking(table, columns, modern=self._is_modern):
                self._add(statement)
        self._client.ask(f"INSERT INTO schema_version (version) VALUES ({tables.version()})")

    def _add(self, statement: str) -> None:
        try:
            self._client.ask(statement)
        except EngineError as error:
            if error.number != _ALREADY_THERE:
                raise

    def claim(self, gateway: str, source: str, version: int) -> Reply:
        """The gateway's rows are this folder's from now on."""
        self._claimed = max(self._claimed + 1, version)
        values = f"({quoting.literal(gateway)}, {quoting.literal(source)}, {self._claimed})"
        return _reply(lambda: self._client.ask(f"INSERT INTO gateways (gateway, source, version) VALUES {values}"))

    def held(self, gateway: str) -> Iterator[tuple[str, int, int]]:
        """Session, number and month of all rows of a gateway that are not deleted, sorted.  Raises ``NotHeldError``."""
        after = "1"
        while True:
            sql = (
                f"SELECT session, number, month FROM rounds WHERE gateway = {quoting.literal(gateway)} AND {after} "
                "GROUP BY session, number, month HAVING argMax(is_deleted, version) = 0 "
                f"ORDER BY session, number, month LIMIT {_PAGE}"
            )
            try:
                rows = list(self._client.rows(sql, 3))
            except EngineError as error:
                raise NotHeldError(answers.judged(error)) from None
            for session, number, month in rows:
                yield quoting.text(session), int(number), of_yyyymm(int(month))
            if len(rows) < _PAGE:
                return
            session, number, _ = rows[-1]
            after = f"(session, number) > ({quoting.literal(quoting.text(session))}, {int(number)})"

    def put(self, table: str, lines: Sequence[bytes]) -> Reply:
        """Rows of one month, which are one part of the table: all of them are taken, or none.  The same once more are known by their token, where a server takes one."""
        data = b"".join(lines)
        # With these the answer means that they are written, where the table spreads its rows over several servers, too.
        settings: dict[str, str | int] = {"insert_distributed_sync": 1}
        if self._is_modern:
            settings.update(async_insert=0, insert_deduplication_token=hashlib.sha256(data).hexdigest()[:32])
        return _reply(lambda: self._client.insert(table, tables.columns(table), data, settings))

    def erase(self, gateway: str, sessions: Sequence[str]) -> Reply:
        """Have the texts of sessions deleted from the disk, too."""
        named = f"gateway = {quoting.literal(gateway)}"
        for first in range(0, len(sessions), _ERASED_AT_ONCE):
            among = quoting.listed(sessions[first : first + _ERASED_AT_ONCE])
            sql = f"ALTER TABLE {TEXTS} DELETE WHERE {named} AND session IN {among}"
            reply = _reply(lambda sql=sql: self._client.ask(sql))  # type: ignore[misc]
            if reply.what != TAKEN:
                return reply
        return Reply(TAKEN)

    def close(self) -> None:
        """Let go of the connections."""
        with contextlib.suppress(OSError):
            self._client.close()
            self._server.close()


def _reply(action: Callable[[], object]) -> Reply:
    try:
        action()
    except EngineError as error:
        return answers.judged(error)
    return Reply(TAKEN)
