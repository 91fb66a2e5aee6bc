"""A stand-in for a ClickHouse server, as far as who ships needs one: it keeps rows by their keys and versions, and fails in every way."""

from __future__ import annotations

import collections
import contextlib
import gzip
import http.server
import re
import threading
import time
import urllib.parse

from session_monitor.shipping.replication.round_rows import yyyymm
from session_monitor.shipping.replies import REFUSED
from tests.support.kept_rows import KeptRows

CUT, LATE, PAGE, SLOW, HALF = "cut", "late", "page", "slow", "half"
"""What may be played beside the number of an error: the connection ends before anything is taken, or after; a page to sign in;
no answer in time; an answer that is cut in its middle."""
_NAMES = {
    60: "UNKNOWN_TABLE",
    117: "INCORRECT_DATA",
    241: "MEMORY_LIMIT_EXCEEDED",
    252: "TOO_MANY_PARTS",
    516: "AUTHENTICATION_FAILED",
}


class ClickHouseStandIn:
    """``kept`` are the rows of rounds and texts; ``requests`` are the path's parameters, the headers and the statement of all that came.

    ``plays`` are played one a request that puts rows in; an HTTP status from 500 on, or above 4000 minus 4000, as such.
    """

    def __init__(self, version="26.9.2.1"):
        self.version = version
        self.kept = KeptRows()
        self.plays = collections.deque()
        self.requests = []
        self.tables = {}
        self.databases = set()
        self.schema = []
        self.gateways = []
        self.statements = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.address = f"clickhouse://127.0.0.1:{self.port}/fleet"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        standin = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                with contextlib.suppress(OSError):  # who asked may be gone
                    standin.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, handler, body):
        """Play what is next, or do what is asked."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        sql = asked.pop("query", None)
        lines = body.splitlines(keepends=True) if sql else None
        sql = sql or body.decode("ascii")
        self.requests.append((asked, headers, sql))
        play = self.plays.popleft() if self.plays and lines is not None else None
        status, said = (200, b"")
        if play in (CUT, SLOW):
            time.sleep(0.5 if play == SLOW else 0)
            handler.close_connection = True
            return
        if play == PAGE:
            said = b"<!DOCTYPE html><title>Sign in</title>"
        elif isinstance(play, int):
            status, said = _error(play)
        else:
            status, said = self._done(sql, lines, asked.get("database"))
        if play == LATE:
            handler.close_connection = True
            return
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(said) + (100 if play == HALF else 0)))
        handler.end_headers()
        handler.wfile.write(said)
        if play == HALF:
            handler.close_connection = True

    def _done(self, sql, lines, database):
        if database not in (*self.databases, "default"):
            return _error(81)
        if lines is not None:
            table = re.match(r"INSERT INTO (\w+) ", sql)[1]
            if table not in self.tables:
                return _error(60)
            reply = self.kept.put(table, lines)
            return _error(117) if reply.what == REFUSED else (200, b"")
        self.statements.append(sql)
        for pattern, does in _STATEMENTS:
            found = re.match(pattern, sql)
            if found:
                rows = does(self, found)
                if isinstance(rows, int):
                    return _error(rows)
                return 200, "".join("\t".join(map(str, row)) + "\n" for row in rows or ()).encode()
        raise AssertionError(f"the stand-in knows nothing of {sql}")

    # -- statements ----------------------------------------------------------------------------------------------------

    def _create(self, found):
        if found[1] == "DATABASE":
            self.databases.add(found[2])
        elif found[2] not in self.tables:
            self.tables[found[2]] = [word.split()[0] for word in _parts(found[3])] if found[1] == "TABLE" else []

    def _add_column(self, found):
        if found[2] in self.tables[found[1]]:
            return 44
        self.tables[found[1]].append(found[2])
        return None

    def _insert(self, found):
        values = re.findall(r"'([^']*)'|(\d+)", found[2])
        row = [text or int(number) for text, number in values]
        (self.schema if found[1] == "schema_version" else self.gateways).append(row)

    def _max_version(self, found):
        if "rounds" not in self.tables:
            return 60
        versions = [row["version"] for row in self.kept.rows["rounds"] if row["gateway"] == found[1]]
        return [[max(versions, default=0)]]

    def _claimed(self, found):
        of_name = [row for row in self.gateways if row[0] == found[1]]
        return [row[1:] for row in sorted(of_name, key=lambda row: -row[2])[:1]]

    def _held(self, found):
        after = re.search(r"> \('(.*)', (\d+)\)", found[2])
        rows = self.kept.held(found[1])
        rows = [row for row in rows if not after or (row[0], row[1]) > (after[1], int(after[2]))]
        return [(session, number, yyyymm(month)) for session, number, month in rows][: int(found[3])]

    def _delete(self, found):
        self.kept.erase(found[1], re.findall(r"'([^']*)'", found[2]))


def _error(number):
    if number >= 4000:
        return number - 4000, b"<html>no</html>"
    status = 500 if number < 400 or number in _NAMES else number
    said = f"Code: {number}. DB::Exception: no: 'a secret'. ({_NAMES.get(number, 'SOMETHING')}) (version 26.9.2.1)"
    return status, said.encode() if status == 500 else b"no"


def _parts(drawn):
    depth, part = 0, ""
    for letter in drawn:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            yield part.strip()
            part = ""
        else:
            part += letter
    yield part.strip()


_FORM = " FORMAT TabSeparated"
_STATEMENTS = [
    (r"SELECT version\(\)", lambda self, _: [[self.version]]),
    (r"SELECT name FROM system.tables", lambda self, _: [[name] for name in self.tables]),
    (
        r"SELECT name FROM system.columns .* table = '(\w+)'",
        lambda self, found: [[each] for each in self.tables[found[1]]],
    ),
    (r"CREATE (DATABASE|TABLE|VIEW) IF NOT EXISTS (\w+)(?: \((.*?)\) ENGINE)?", ClickHouseStandIn._create),
    (r"ALTER TABLE (\w+) ADD COLUMN (\w+)", ClickHouseStandIn._add_column),
    (r"INSERT INTO (schema_version|gateways) .* VALUES \((.*)\)", ClickHouseStandIn._insert),
    (r"SELECT max\(version\) FROM schema_version", lambda self, _: [[max((row[0] for row in self.schema), default=0)]]),
    (r"SELECT max\(version\) FROM rounds WHERE gateway = '(.*)'", ClickHouseStandIn._max_version),
    (r"SELECT source, version FROM gateways WHERE gateway = '(.*)' ORDER", ClickHouseStandIn._claimed),
    (
        r"SELECT session, number, month FROM rounds WHERE gateway = '(.*?)' AND (.*?) GROUP .* LIMIT (\d+)",
        ClickHouseStandIn._held,
    ),
    (r"ALTER TABLE texts DELETE WHERE gateway = '(.*?)' AND session IN (.*)", ClickHouseStandIn._delete),
]
