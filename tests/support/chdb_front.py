"""The engine of today's ClickHouse behind its HTTP interface, as far as a client needs it; run by a Python that has chdb.

``chdb_front.py FOLDER`` prints the port, and answers until it is ended.
"""

from __future__ import annotations

import gzip
import http.server
import json
import sys
import threading
import urllib.parse

from chdb.session import Session

_NO_SETTING = ("query", "database", "default_format", "query_id", "wait_end_of_query")


class Handler(http.server.BaseHTTPRequestHandler):
    """One request after the other: the engine takes one at a time."""

    protocol_version = "HTTP/1.1"
    session: Session
    lock = threading.Lock()

    def log_message(self, *_):
        """Nobody reads it."""

    def do_POST(self):
        """Have a statement done as the server does."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        status, answer = 200, b""
        try:
            with self.lock:
                answer = self._done(asked, body.decode("utf-8"))
        except Exception as error:  # noqa: BLE001 -- as the server answers
            status, answer = 500, str(error).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _done(self, asked, body):
        if "database" in asked:
            self.session.query(f"USE {asked['database']}")
        query = asked.get("query", "")
        settings = ", ".join(
            f"{name} = {json.dumps(value) if not value.isdigit() else value}".replace('"', "'")
            for name, value in asked.items()
            if name not in _NO_SETTING
        )
        if query and settings:
            head, _, form = query.rpartition(" FORMAT ")
            query = f"{head} SETTINGS {settings} FORMAT {form}"
        result = self.session.query(f"{query}\n{body}" if query else body, asked.get("default_format", "TabSeparated"))
        return result.bytes() if result is not None else b""


if __name__ == "__main__":
    Handler.session = Session(sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
