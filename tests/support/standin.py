"""A stand-in for the providers: it speaks their four APIs on loopback, in every framing that they use, and keeps a ledger.

How it answers one request says that request's header ``x-standin``, words apart by blanks: a framing (``crlf``, ``cr``, ``bom``,
``bytes``, ``close``, ``gzip``, ``slow`` …), or what goes wrong (``cut``, ``fails``, ``429`` …).  Without it all goes well.
"""

from __future__ import annotations

import gzip
import http.server
import itertools
import json
import sys
import threading
import time

from session_monitor.calls.usage import TokenParts, Usage
from tests.support import standin_words

TOKENS = {
    "chat": Usage(fresh_input=700, cache_read=300, visible_output=15, reasoning=5),
    "responses": Usage(fresh_input=700, cache_read=300, visible_output=15, reasoning=5),
    "messages": Usage(
        fresh_input=700,
        cache_read=200,
        cache_write=100,
        visible_output=20,
        parts=TokenParts(cache_write_5m=40, cache_write_1h=60),
    ),
    "gemini": Usage(fresh_input=700, cache_read=300, visible_output=20, reasoning=5),
}
"""What each call of an API uses."""
_WHOLE = ("crlf", "cr", "bom", "nospace", "comment", "one")
FRAMINGS = ("", *_WHOLE, "bytes", "odd", "close", "gzip", "length", "slow")


class StandIn:
    """The stand-in at work; a context manager.  ``ledger`` has what was asked and answered, a row each request."""

    def __init__(self, tls=None, tool=lambda _protocol, _asked: None, numbers=None, used=None):
        """``tls`` is a context for it to speak TLS in; ``tool`` tells which tool a request is answered with, if with one.

        ``numbers`` are those of its answers' ids, from 1 on where none are given.  ``used`` tells which tokens a request's prompt has, as
        ``standin_words.with_tokens`` takes them; the ledger does not know of that.
        """
        self.tool = tool
        self.used = used
        self.ledger = []
        self.gone = threading.Event()
        """A client has gone before its answer was whole."""
        self.numbers = itertools.count(1) if numbers is None else numbers
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def calls(self):
        """The rows of calls to models."""
        return [row for row in self.ledger if row["protocol"]]


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_):
        """Clients that leave are part of the plan."""


def _handler(standin):
    class Handler(_Conversation):
        def __init__(self, *arguments):
            self.standin = standin
            super().__init__(*arguments)

    return Handler


class _Conversation(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm, timeout = "HTTP/1.1", True, 60

    def log_message(self, *_):
        """Nobody wants to know."""

    def do_GET(self):
        self._note(None, b"")
        if self.path.partition("?")[0].endswith("/models"):
            self._send(200, {"object": "list", "data": [{"id": "gpt-5.2", "object": "model"}]})
        else:
            self._send(404, {"error": {"message": "no such thing", "type": "invalid_request_error"}})

    do_HEAD = do_DELETE = do_GET

    def do_POST(self):
        body = self._body()
        self.how = (self.headers.get("x-standin") or "").split()
        protocol = standin_words.protocol_of(self.path)
        try:
            asked = json.loads(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
        except (ValueError, OSError, RecursionError):
            asked = {}
        row = self._note(protocol, body)
        if protocol is None:
            self._send(200, {"input_tokens": 42, "totalTokens": 42})
        elif not self._fails(protocol, asked):
            self._answer(protocol, asked, row)

    def _note(self, protocol, body):
        head = {name.lower(): value for name, value in self.headers.items()}
        row = {
            "protocol": protocol,
            "method": self.command,
            "path": self.path,
            "headers": head,
            "body": body,
            "tokens": None,
        }
        self.standin.ledger.append(row)
        return row

    def _body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    # -- what goes wrong before there is an answer ---------------------------------------------------------------------

    def _fails(self, protocol, asked):
        for status in ("429", "500", "529"):
            if status in self.how:
                headers = {"retry-after": "0", **({} if "again" in self.how else {"x-should-retry": "false"})}
                self._send(int(status), standin_words.error(protocol, "rate_limit_error"), headers)
                return True
        if "refuses" in self.how and "stream_options" in asked:
            self._send(400, {"error": {"message": "Unknown field: stream_options", "type": "invalid_request_error"}})
            return True
        if "hangs" in self.how:
            self._wait_until_gone()
            return True
        if "silent" in self.how:
            self.close_connection = True
            return True
        return False

    def _wait_until_gone(self):
        self.connection.settimeout(60)
        if self.connection.recv(1) == b"":
            self.standin.gone.set()
        self.close_connection = True

    # -- an answer -----------------------------------------------------------------------------------------------------

    def _answer(self, protocol, asked, row):
        number = next(self.standin.numbers)
        said = standin_words.answer(protocol, self.path, asked, number, self.how, self.standin.tool(protocol, asked))
        if self.standin.used is not None:
            said = standin_words.with_tokens(said, *self.standin.used(protocol, asked))
        row["call_id"] = said.call_id
        if not said.is_stream:
            row["tokens"] = TOKENS[protocol]
            self._send(200, said.whole, {"x-request-id": f"req_{number}"})
            self.close_connection = self.close_connection or "hangs_up" in self.how  # without having said so
            return
        if "fails" in self.how:
            said = said.failing(protocol)
        if self._stream(said.events):
            row["tokens"] = TOKENS[protocol]

    def _stream(self, events):
        """Send a stream; whether all of it went out."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        pieces = standin_words.framed(events, self.how)
        if "gzip" in self.how or "length" in self.how:
            data = b"".join(pieces)
            if "gzip" in self.how:
                data = gzip.compress(data)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return True
        is_closing = "close" in self.how
        self.send_header(*(("Connection", "close") if is_closing else ("Transfer-Encoding", "chunked")))
        self.end_headers()
        self.close_connection = is_closing
        return self._send_pieces(pieces, is_chunked=not is_closing)

    def _send_pieces(self, pieces, *, is_chunked):
        for number, piece in enumerate(pieces):
            if "cut" in self.how and number >= len(pieces) // 2:
                self.close_connection = True
                return False
            if "stops" in self.how and number == 2:  # and never goes on
                self._wait_until_gone()
                return False
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            if "slow" in self.how:
                time.sleep(0.03)
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")
        return True

    def _send(self, status, told, headers=()):
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        is_zipped = "gzip" in getattr(self, "how", ()) and "gzip" in self.headers.get("accept-encoding", "")
        if is_zipped:
            data = gzip.compress(data)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def serve():
    """Be a program: print the port, and go on until standard input ends."""
    with StandIn() as standin:
        print(standin.port, flush=True)  # noqa: T201 -- as a program
        sys.stdin.read()
