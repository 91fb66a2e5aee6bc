"""A database of many gateways' calls for the tests of what is read there: one that stands in, and the engines themselves.

What stands in keeps rows in SQLite, and speaks as much of ClickHouse's SQL as ``fleet.questions`` does.
"""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import re
import sqlite3
import threading
import urllib.parse

from session_monitor.clickhouse import address
from session_monitor.clickhouse.client import DatabaseClient
from session_monitor.shipping.clickhouse import tables
from session_monitor.shipping.replication import round_rows, text_rows

_TOOLS = tuple(f"tool_{name}" for name in round_rows.TOOLS)


# -- what is shipped ---------------------------------------------------------------------------------------------------


def rows_of(index, gateway, version=1, *, has_texts=False):
    """The rows of an index as they are shipped, and those of what was said, where that is asked for."""
    names, frame, text_frame = (
        round_rows.Names(index),
        *(round_rows.frame(gateway, version, each) for each in ("p", None)),
    )
    rounds, texts = [], []
    for session, session_id, file in index.db.execute("SELECT id, session_id, file FROM session").fetchall():
        found = list(round_rows.of_session(index, names, session, session_id))
        rounds += [frame + body + b"}" for _, _, body, _, _ in found]
        if has_texts:
            places = [place for *_, place in found]
            texts += [
                text_frame + body + b"}" for _, body in text_rows.of_rounds(index.folder, session_id, file, places)
            ]
    return [list(map(json.loads, rows)) for rows in (rounds, texts)]


def gone(rows, version):
    """The rows that say of these that they are deleted."""
    return [{**row, "version": version, "is_deleted": 1} for row in rows]


# -- where it is shipped to --------------------------------------------------------------------------------------------


class Fleet:
    """A database; ``address`` is what names it."""

    def __init__(self, address_, environment=(), *, is_old=False):
        self.address = address_
        self.environment = dict(environment)
        self._settings = {} if is_old else {"async_insert": 0}

    def client(self):
        """A way to it."""
        return DatabaseClient(address.of(self.address), self.environment)

    def put(self, rounds, texts=()):
        """Put rows in."""
        with contextlib.closing(self.client()) as client:
            for table, rows in (("rounds", rounds), ("texts", texts)):
                by_month = {}
                for row in rows:
                    by_month.setdefault(row["month"], []).append(json.dumps(row, ensure_ascii=False) + "\n")
                for lines in by_month.values():
                    client.insert(table, tables.columns(table), "".join(lines).encode(), self._settings)


@contextlib.contextmanager
def standing_in():
    """What stands in for a server, with an empty database."""
    db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    for table in ("rounds", "texts"):
        db.execute(f"CREATE TABLE {table}({', '.join(tables.columns(table))}, inserted)")
        db.execute(f"CREATE INDEX {table}_identity ON {table}(session, gateway, number, version)")
        newest = f"SELECT max(version) FROM {table} AS other WHERE (other.gateway, other.session, other.number) = "
        db.execute(
            f"CREATE VIEW {table}_final AS SELECT * FROM {table} AS own WHERE rowid = (SELECT max(rowid) FROM {table} AS same "
            f"WHERE same.gateway = own.gateway AND same.session = own.session AND same.number = own.number "
            f"AND same.version = ({newest} (own.gateway, own.session, own.number)))"
        )
    for name in ("toUInt32", "toDateTime"):
        db.create_function(name, 1, lambda value: value)
    db.create_function("now", 0, lambda: 1_000)
    handler = type("Handler", (_StandIn,), {"db": db, "lock": threading.Lock(), "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    found = Fleet(f"clickhouse://127.0.0.1:{server.server_address[1]}/fleet")
    found.asked, found.handler = handler.asked, handler
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        db.close()


class _StandIn(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    refusal = None
    """What is answered in place of everything, where it is set: a status and a body."""

    def log_message(self, *_):
        """Nobody reads it."""

    def do_POST(self):
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        status, answer = self.refusal or self._done(asked, body.decode())
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _done(self, asked, body):
        with self.lock:
            if "query" in asked:
                table, columns = re.fullmatch(r"INSERT INTO (\w+) \((.*)\) FORMAT JSONEachRow", asked["query"]).groups()
                names = columns.split(", ")
                places = ", ".join(f":{name}" for name in names)
                rows = [{name: _kept(name, json.loads(line)) for name in names} for line in body.split("\n")[:-1]]
                self.db.executemany(f"INSERT INTO {table}({columns}, inserted) VALUES ({places}, now())", rows)
                return 200, b""
            self.asked.append(body)
            cursor = self.db.execute(_translated(body.removesuffix(" FORMAT TabSeparated")))
            names = [column[0] for column in cursor.description]
            lines = ["\t".join(_written(name, value) for name, value in zip(names, row)) + "\n" for row in cursor]
            return 200, "".join(lines).encode()


def _kept(name, row):
    return json.dumps(row.get(name, [])) if name in _TOOLS else row.get(name)


def _translated(sql):
    def literal(match):
        raw = re.sub(rb"\\x([0-9A-F]{2})", lambda each: bytes([int(each[1], 16)]), match[1].encode())
        return "'" + raw.decode().replace("'", "''") + "'"

    sql = re.sub(r"'((?:[^'\\]|\\.)*)'", literal, sql)
    return sql.replace(" FINAL", "_final").replace("IN ((", "IN (VALUES (")


_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f", "'": "\\'"}


def _written(name, value):
    if value is None:
        return "\\N"
    if name in _TOOLS:
        each = (
            "NULL" if one is None else f"'{_escaped(one)}'" if isinstance(one, str) else str(one)
            for one in json.loads(value)
        )
        return f"[{','.join(each)}]"
    return _escaped(str(value))


def _escaped(text):
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


# -- the engines themselves --------------------------------------------------------------------------------------------


def in_engine(engine, database, *, is_old):
    """A new database of an engine that runs, with its tables as a shipper makes them."""
    engine.ask(f"CREATE DATABASE {database}", "default")
    found = Fleet(engine.address, engine.environment, is_old=is_old)
    with contextlib.closing(found.client()) as client:
        for sql in tables.making(modern=not is_old):
            client.ask(sql)
    return found
