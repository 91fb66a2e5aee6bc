"""Who asks, and may they?  One connection of a client, on loopback, and the requests that come over it."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import struct
import threading
from typing import Any

from session_monitor import __version__

from . import bodies, callers, routes
from .call import PassingCall
from .exchange import ClientLeftError, ClientRequest, Exchange, Shared
from .protocols import refusals
from .protocols.asked import Asked
from .routes import Route, Upstream
from .siblings import MARK

IDLE = 300.0
"""Seconds that a connection may wait for its next request, or a client for room for what comes."""
_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_ABORTED = struct.pack("ii", 1, 0)


class Serving:
    """What all connections share."""

    shared: Shared

    def __init__(self, upstreams: dict[str, Upstream], session_id: str | None, most_calls: int) -> None:
        """``session_id`` is the session of calls whose path names none."""
        self.upstreams = upstreams
        self.session_id = session_id
        self.port = 0
        self.is_ending = False
        self._room = threading.BoundedSemaphore(most_calls)
        self._lock = threading.Lock()
        self._live: set[Exchange] = set()

    @contextlib.contextmanager
    def living(self, exchange: Exchange) -> Any:
        """While the block runs, this exchange is alive; gives whether there is room for it."""
        has_room = self._room.acquire(blocking=False)
        with self._lock:
            self._live.add(exchange)
        try:
            yield has_room
        finally:
            with self._lock:
                self._live.discard(exchange)
            if has_room:
                self._room.release()

    def live(self) -> list[Exchange]:
        """Those that are alive now."""
        with self._lock:
            return list(self._live)


class ClientConnection(http.server.BaseHTTPRequestHandler):
    """A client's connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE
    disable_nagle_algorithm = True

    def __init__(self, serving: Serving, *arguments: Any) -> None:
        self._serving = serving
        self._is_chunked = False
        super().__init__(*arguments)

    @property
    def sock(self) -> socket.socket:
        """The connection."""
        return self.connection  # type: ignore[no-any-return]

    def log_message(self, *_: Any) -> None:
        """Nobody wants to know; in a path there may be a key."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no request is answered as an API would."""
        del explain
        self.close_connection = True
        body = refusals.refusal(None, code, message or "this is no request", "bad_request")
        with contextlib.suppress(ClientLeftError):
            self.refuse(code, body)

    # -- one request ---------------------------------------------------------------------------------------------------

    def _exchange(self) -> None:
        why = self._reason_against()
        if why is not None:
            self._refuse(refusals.FORBIDDEN, why)
        elif self.headers.defects:  # what stands behind the odd line was not read, and may be the body's length
            self._refuse(refusals.BAD_REQUEST, "a line among the headers is none")
        elif not (self.path.startswith("/") and self.path.isascii() and self.path.isprintable()):
            self._refuse(
                refusals.BAD_REQUEST, "what is asked for is a path, in which other characters are written as %C3%A9"
            )
        elif self.headers.get("upgrade") and "upgrade" in (self.headers.get("connection") or "").lower():
            self._refuse(refusals.NO_UPGRADE, "no WebSocket here: ask over HTTP")
        elif self.path in ("/", "/health") and self.command in ("GET", "HEAD"):
            self._answer(200, {"agent-session-monitor": __version__})
        else:
            self._pass_on()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _exchange

    def _reason_against(self) -> str | None:
        """Why this is none of a program of this machine; pages in browsers may name any address, but not these headers."""
        hosts = self.headers.get_all("host") or []
        name, _, port = hosts[0].strip().rpartition(":") if hosts else ("", "", "")
        if len(hosts) != 1 or name.lower() not in _HOSTS or port != str(self._serving.port):
            return f"the proxy is for programs of this machine: ask for http://127.0.0.1:{self._serving.port}"
        if self.headers.get("origin") is not None or self.headers.get("sec-fetch-site") is not None:
            return "the proxy is for programs of this machine, and for no page in a browser"
        return None

    def _pass_on(self) -> None:
        try:
            body = bodies.read(self.rfile, self.headers)
            route = routes.route(self.path, self.headers, self._serving.upstreams)
        except bodies.TooLargeError as large:
            self._refuse(refusals.TOO_LARGE, str(large))
            return
        except bodies.BadBodyError as bad:
            self._refuse(refusals.BAD_REQUEST, str(bad))
            return
        except routes.NoRouteError as unknown:
            self._refuse(refusals.NOT_FOUND, str(unknown))
            return
        if route.session_id is not None and not callers.is_name(route.session_id):
            self._refuse(refusals.BAD_REQUEST, "the path names no session that there could be")
            return
        request = ClientRequest(self.command, self.headers, self.headers.items(), body)
        exchange = Exchange(self._serving.shared, self, request, route, self._call(route, body))
        with self._serving.living(exchange) as has_room:
            if has_room and not self._serving.is_ending:
                self._run(exchange)
            else:
                told = "the proxy has too many calls at once" if not has_room else "the proxy ends"
                self.refuse(refusals.BUSY, refusals.refusal(route.protocol, refusals.BUSY, told, "busy"))

    def _run(self, exchange: Exchange) -> None:
        try:
            exchange.run()
        except ClientLeftError:
            self.close_connection = True

    def _call(self, route: Route, body: bytes) -> PassingCall | None:
        if route.protocol is None or self.command != "POST":
            return None
        encoding = (self.headers.get("content-encoding") or "").strip().lower()
        wanted = Asked(route.protocol, route.path, body, encoding)
        session_id = route.session_id or self._serving.session_id or callers.session_of(self.headers)
        call = PassingCall(route, wanted, session_id, callers.agent_of(self.headers))
        call.is_recorded_elsewhere = MARK in self.headers
        return call

    # -- as exchanges see it -------------------------------------------------------------------------------------------

    def begin(self, status: int, reason: str, headers: list[tuple[str, str]], length: int | None) -> None:
        """An answer begins; without a length its end is told by ``end``."""
        self.send_response_only(status, reason)
        for name, value in headers:
            self.send_header(name, value)
        has_body = self.command != "HEAD" and status not in (204, 304)
        self._is_chunked = has_body and length is None and self.request_version != "HTTP/1.0"
        if self._is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif length is not None:
            self.send_header("Content-Length", str(length))
        elif has_body:
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        with self._leaving():
            self.end_headers()

    def write(self, data: bytes) -> None:
        """Bytes of the body."""
        with self._leaving():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)

    def end(self) -> None:
        """The body is whole."""
        if self._is_chunked:
            with self._leaving():
                self.wfile.write(b"0\r\n\r\n")

    def break_off(self) -> None:
        """The body will never be whole, and must not look so."""
        self.close_connection = True
        if not self._is_chunked:  # or its end would be that of the connection
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTED)

    def refuse(self, status: int, body: bytes) -> None:
        """There is no answer but this."""
        headers = [("Content-Type", "application/json"), ("x-should-retry", "false")]
        if status >= 500:
            headers.pop()
        self.begin(status, "", headers, len(body))
        if self.command != "HEAD":
            self.write(body)

    @contextlib.contextmanager
    def _leaving(self) -> Any:
        try:
            yield
        except OSError:
            self.close_connection = True
            raise ClientLeftError from None

    def _refuse(self, status: int, why: str) -> None:
        self.close_connection = True  # what else came with it was not read
        with contextlib.suppress(ClientLeftError):
            self.refuse(status, refusals.refusal(None, status, why, "refused"))

    def _answer(self, status: int, told: dict[str, str]) -> None:
        with contextlib.suppress(ClientLeftError):
            self.refuse(status, json.dumps(told).encode())
