"""How are requests read and answers written, so that nobody who is slow, greedy or hostile hurts the others?

A request is read as a whole before it is looked at, within limits of size and time; only GET and HEAD are taken, and no
body.  What is answered is not known here.
"""

from __future__ import annotations

import contextlib
import http.server
import io
import os
import select
import socket
import ssl
import threading
import time
import traceback
import urllib.parse
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Callable, NamedTuple

from session_monitor.text import safe

from . import peers, wire
from .connections import Connection, Connections
from .exchange import Answer, Headers, Refusal, Reply, Request, Stream
from .peers import UserOf

METHODS = ("GET", "HEAD")
_ALLOW: Headers = (("Allow", ", ".join(METHODS)),)
_MOST_PARAMETERS = 64


class Limits(NamedTuple):
    """How long is waited for whom, in seconds, and how long a request's head may be, in bytes."""

    first_request: float = 15.0
    next_request: float = 60.0
    head: float = 10.0
    write: float = 60.0
    most_head: int = 32_768
    stop: float = 5.0


@dataclass(frozen=True)
class Service:
    """What all connections of a server share.

    ``respond`` answers a request, and raises ``Refusal``; ``refuse`` says how it is told that a request is refused;
    ``log`` takes a line; ``user_of`` tells which user of this machine a connection comes from.
    """

    respond: Callable[[Request], Reply]
    refuse: Callable[[Request, Refusal], Answer]
    log: Callable[[str], None]
    connections: Connections
    tls: ssl.SSLContext | None = None
    limits: Limits = field(default_factory=Limits)
    user_of: UserOf = peers.unknown
    stopping: threading.Event = field(default_factory=threading.Event)

    def log_failure(self, address: str, error: BaseException) -> None:
        """Tell where something failed, and of what kind: what an error says may be a part of a conversation."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
        self.log(f"{address} - {type(error).__name__}{place}")


class _TooLargeError(Exception):
    """The head does not end."""


class _TooSlowError(Exception):
    """The head does not come."""


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection, request by request."""

    protocol_version = "HTTP/1.1"
    connection: Any

    def __init__(
        self, opened: socket.socket, client_address: Any, server: Any, place: Connection, service: Service
    ) -> None:
        """Answers all requests of the connection, which has its ``place`` among the others."""
        self._place = place
        self._service = service
        self._rest = b""
        self._count = 0
        super().__init__(opened, client_address, server)

    def setup(self) -> None:
        """Begin with TLS where there is any; what is read and written goes over the bare socket."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = self._service.tls
        if tls:
            # Not while connections are taken in: somebody may never say hello.
            self.request.settimeout(self._service.limits.head)
            try:
                self.request = tls.wrap_socket(self.request, server_side=True, do_handshake_on_connect=False)
                self._place.socket = self.request
                self.request.do_handshake()
            except OSError:
                self.finish()
                raise
        self.connection = self.request

    def finish(self) -> None:
        """Close it."""
        self._service.connections.leave(self._place)
        with contextlib.suppress(OSError):
            self.request.close()

    def handle(self) -> None:
        """Answer requests until one of both sides ends it."""
        self.close_connection = False
        with contextlib.suppress(OSError):
            while not self.close_connection and not self._service.stopping.is_set():
                self._handle_one()
                self._service.connections.end(self._place)

    def _handle_one(self) -> None:
        self.close_connection = True  # unless all is well
        self.command, self.path, self.requestline = "-", "-", ""
        self._sent: dict[str, str] = {}
        try:
            head = self._read_head()
        except _TooLargeError:
            self._refuse_unread(Refusal(431, "too_large", "the head of the request is too large"))
            return
        except _TooSlowError:
            self._refuse_unread(Refusal(408, "too_slow", "the request did not come in time"))
            return
        if head is None or not self._service.connections.begin(self._place):
            return
        started = time.monotonic()
        self.connection.settimeout(self._service.limits.write)
        request = self._parsed(head)
        if isinstance(request, Refusal):
            self._refuse_unread(request)
            return
        status, size = self._answer(request)
        self._log_request(status, size, time.monotonic() - started)

    # -- reading -------------------------------------------------------------------------------------------------------

    def _read_head(self) -> bytes | None:
        """The bytes of a request up to its empty line; None where none comes any more."""
        limits, data = self._service.limits, self._rest
        waits = limits.next_request if self._count else limits.first_request
        deadline = time.monotonic() + (limits.head if data else waits)
        self._count += 1
        while (end := data.find(b"\r\n\r\n")) < 0:
            if len(data) > limits.most_head:
                raise _TooLargeError
            self.connection.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                more = self.connection.recv(16_384)
            except (TimeoutError, socket.timeout):
                if data:
                    raise _TooSlowError from None
                return None
            if not more:
                return None
            if not data:
                deadline = time.monotonic() + limits.head
                more = more.lstrip(b"\r\n")
            data += more
        if end > limits.most_head:
            raise _TooLargeError
        self._rest = data[end + 4 :]
        return data[: end + 4]

    def _parsed(self, head: bytes) -> Request | Refusal:
        self.rfile = io.BytesIO(head)
        self.raw_requestline = self.rfile.readline()
        self._wrong = Refusal(400, "bad_request", "this is no request that can be read")
        if not self.parse_request():
            return self._wrong
        wrong = self._wrong_head()
        if wrong:
            return wrong
        for name, value in self.headers.items():
            key = name.lower()
            joint = "; " if key == "cookie" else ", "
            self._sent[key] = f"{self._sent[key]}{joint}{value}" if key in self._sent else str(value)
        try:
            target = urllib.parse.urlsplit(self.path)
            query = urllib.parse.parse_qs(
                target.query, keep_blank_values=True, errors="surrogatepass", max_num_fields=_MOST_PARAMETERS
            )
        except ValueError:
            return self._wrong
        is_tls = self._service.tls is not None
        return Request(self.command, target.path, query, self._sent, self._address, is_tls, self._place.user)

    def _wrong_head(self) -> Refusal | None:
        """Why a head that could be read is not taken."""
        if self.command not in METHODS:
            return Refusal(405, "not_allowed", f"only {' and '.join(METHODS)} are answered", _ALLOW)
        if self.request_version not in ("HTTP/1.0", "HTTP/1.1"):
            return Refusal(505, "bad_request", "HTTP/1.0 and HTTP/1.1 are spoken here")
        length = self.headers.get_all("Content-Length", ["0"])
        if "Transfer-Encoding" in self.headers or length != ["0"]:
            return Refusal(413, "too_large", "no request has a body here")
        hosts = len(self.headers.get_all("Host", []))
        if hosts > 1 or (not hosts and self.request_version == "HTTP/1.1"):
            return self._wrong
        return None

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Keep what the parser found wrong; what it says of it holds a part of the request."""
        del message, explain
        self._wrong = Refusal(int(code), "bad_request", f"this request is not answered: {HTTPStatus(code).phrase}")

    def handle_expect_100(self) -> bool:
        """No body is asked for."""
        return True

    # -- answering -----------------------------------------------------------------------------------------------------

    def _answer(self, request: Request) -> tuple[int, int]:
        """Answer a request: with which status, in how many bytes."""
        service = self._service
        try:
            reply = service.respond(request)
        except Refusal as refusal:
            reply = service.refuse(request, refusal)
        except Exception as error:  # noqa: BLE001 -- one request fails, and the server goes on
            service.log_failure(self._address, error)
            failed = Refusal(500, "failed", "this failed; the server's own output says where")
            reply = service.refuse(request, failed)
        return self._send(reply) if isinstance(reply, Answer) else (200, self._stream(reply))

    def _refuse_unread(self, refusal: Refusal) -> None:
        """Refuse what is not read to its end, and close."""
        self.close_connection = True
        is_head = self.command == "HEAD"
        request = Request("HEAD" if is_head else "GET", self.path, {}, {}, self._address)
        self.connection.settimeout(self._service.limits.write)
        status, size = self._send(self._service.refuse(request, refusal))
        self._log_request(status, size, 0.0)
        # What it still sends must not make the kernel throw the answer away before it is read.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.connection, socket.SHUT_WR)
            self.connection.settimeout(0.2)
            for _ in range(8):
                if not self.connection.recv(65_536):
                    break

    def _send(self, answer: Answer) -> tuple[int, int]:
        """Write an answer that is there as a whole: with which status, in how many bytes behind its head."""
        written = wire.written(answer, self._sent, self._goes_on(), has_body=self.command != "HEAD")
        self.connection.sendall(written.head + written.body)
        return written.status, len(written.body)

    def _stream(self, stream: Stream) -> int:
        """Write the pieces as they come, until somebody has enough; returns their bytes."""
        is_chunked = self.request_version == "HTTP/1.1"
        self.close_connection = self.close_connection or not is_chunked
        headers = [*stream.headers, ("Content-Type", stream.kind), ("Connection", self._goes_on())]
        headers += [("Transfer-Encoding", "chunked")] if is_chunked else []
        size = 0
        is_whole = False
        try:
            self.connection.sendall(wire.head(200, headers))
            for piece in stream.pieces if self.command != "HEAD" else ():
                if not piece and self._is_gone():
                    return size
                if piece:
                    size += len(piece)
                    self.connection.sendall(wire.chunk(piece) if is_chunked else piece)
            if is_chunked and self.command != "HEAD":
                self.connection.sendall(wire.chunk(b""))
            is_whole = True
        finally:
            # An end that lacks is told by the connection's.
            self.close_connection = self.close_connection or not is_whole
            stream.close()
        return size

    def _goes_on(self) -> str:
        return "close" if self.close_connection else "keep-alive"

    def _is_gone(self) -> bool:
        """Whether the other side has closed; of TLS only a write tells."""
        if self._service.tls or not select.select([self.connection], [], [], 0)[0]:
            return False
        return not self.connection.recv(1, socket.MSG_PEEK)

    @property
    def _address(self) -> str:
        return str(self.client_address[0])

    def _log_request(self, status: int, size: int, seconds: float) -> None:
        """The access line: no query, since keys and searches stand there."""
        path = safe.clean(self.path.partition("?")[0][:200])
        line = f"{self._address} {safe.clean(self.command[:10])} {path} {status} {size} {1000 * seconds:.1f}ms"
        self._service.log(line)
