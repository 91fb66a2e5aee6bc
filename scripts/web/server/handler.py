"""How are requests read and answers written, so that nobody who is slow, greedy or hostile hurts the others?

A request is read as a whole before it is looked at, within limits of size and time; only GET and HEAD are taken, and no
body.  What is answered is not known here.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.server
import io
import os
import select
import socket
import socketserver
import ssl
import sys
import threading
import time
import traceback
import urllib.parse
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Callable, NamedTuple

from session_monitor.text import safe

from . import exchange
from .connections import Connection, Connections
from .exchange import SAFETY, Answer, Content, Headers, Refusal, Reply, Request, Stream

METHODS = ("GET", "HEAD")
_ALLOW: Headers = (("Allow", ", ".join(METHODS)),)
_SERVER = "agent-session-monitor"
_MOST_PARAMETERS = 64


class Limits(NamedTuple):
    """How long is waited for whom, in seconds, and how long a request's head may be, in bytes."""

    first_request: float = 15.0
    next_request: float = 60.0
    head: float = 10.0
    write: float = 60.0
    most_head: int = 32_768
    stop: float = 5.0


Respond = Callable[[Request], Reply]
"""What answers a request.  Raises ``Refusal``."""
Refuse = Callable[[Request, Refusal], Answer]
"""How it is told that a request is refused."""


class _TooLarge(Exception):  # noqa: N818
    """The head does not end."""


class _TooSlow(Exception):  # noqa: N818
    """The head does not come."""


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Listens, and answers each connection in a thread of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        respond: Respond,
        refuse: Refuse,
        log: Callable[[str], None],
        tls: ssl.SSLContext | None = None,
        connections: Connections | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Listens from now on; port 0 is any that is free.  Raises ``OSError``."""
        found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        self.address_family = found[0][0]
        self.respond = respond
        self.refuse = refuse
        self.log = log
        self.tls = tls
        self.limits = limits or Limits()
        self.connections = connections or Connections()
        self.stopping = threading.Event()
        self._admitted: dict[int, Connection] = {}
        super().__init__(found[0][4][:2], Handler)  # type: ignore[arg-type]

    def server_bind(self) -> None:
        """As the socket server's own; HTTP's would ask a name server what this machine is called."""
        if self.address_family == socket.AF_INET6:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a new connection its thread, if there is room for one."""
        admitted = self.connections.admit(request, client_address[0])
        if admitted is None:
            self.log(f"{client_address[0]} - 503 too many connections")
            if not self.tls:
                self._say_busy(request)
            self.shutdown_request(request)
            return
        self._admitted[request.fileno()] = admitted
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no more threads
            self.connections.leave(self._admitted.pop(request.fileno()))
            self.shutdown_request(request)

    def admitted(self, request: socket.socket) -> Connection:
        """The connection of a socket that was just taken in."""
        return self._admitted.pop(request.fileno())

    def _say_busy(self, request: socket.socket) -> None:
        refusal = Refusal(503, "busy", "too many connections", (("Retry-After", "1"),))
        told = self.refuse(Request("GET", "/api/", {}, {}, ""), refusal)
        headers: Headers = (*told.headers, ("Connection", "close"))
        with contextlib.suppress(OSError):
            request.setblocking(False)  # noqa: FBT003 -- positional only
            request.send(_head(503, headers, told.content) + (told.content.body if told.content else b""))

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 -- as its parent has it
        """Tell where a thread failed, without what it was working on."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, (OSError, ssl.SSLError)):
            self.log(f"{client_address[0]} - {_where(error)}")

    def stop(self) -> None:
        """End what is open and free the port; whoever is just being answered has some seconds."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self.connections.close(self.limits.stop)


def _where(error: BaseException) -> str:
    """Of what kind an error is and where it happened; what it says may be a part of a conversation."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection, request by request."""

    server: Server
    protocol_version = "HTTP/1.1"
    connection: Any

    def setup(self) -> None:
        """Begin with TLS where there is any; what is read and written goes over the bare socket."""
        self._place = self.server.admitted(self.request)
        self._rest = b""
        self._count = 0
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.tls:
            # Not while connections are taken in: somebody may never say hello.
            self.request.settimeout(self.server.limits.head)
            try:
                self.request = self.server.tls.wrap_socket(
                    self.request, server_side=True, do_handshake_on_connect=False
                )
                self._place.socket = self.request
                self.request.do_handshake()
            except OSError:
                self.finish()
                raise
        self.connection = self.request

    def finish(self) -> None:
        """Close it."""
        self.server.connections.leave(self._place)
        with contextlib.suppress(OSError):
            self.request.close()

    def handle(self) -> None:
        """Answer requests until one of both sides ends it."""
        self.close_connection = False
        with contextlib.suppress(OSError):
            while not self.close_connection and not self.server.stopping.is_set():
                self._handle_one()
                self.server.connections.end(self._place)

    # -- reading -------------------------------------------------------------------------------------------------------

    def _handle_one(self) -> None:
        self.close_connection = True  # unless all is well
        self.command, self.path, self.requestline = "-", "-", ""
        self._sent: dict[str, str] = {}
        try:
            head = self._read_head()
        except _TooLarge:
            self._refuse_unread(431, "too_large", "the head of the request is too large")
            return
        except _TooSlow:
            self._refuse_unread(408, "too_slow", "the request did not come in time")
            return
        if head is None or not self.server.connections.begin(self._place):
            return
        started = time.monotonic()
        self.connection.settimeout(self.server.limits.write)
        request = self._parsed(head)
        if isinstance(request, Refusal):
            self._refuse_unread(request.status, request.code, str(request), request.headers)
            return
        status, size = self._answer(request)
        self._tell(status, size, time.monotonic() - started)

    def _read_head(self) -> bytes | None:
        """The bytes of a request up to its empty line; None where none comes any more."""
        limits, data = self.server.limits, self._rest
        waits = limits.next_request if self._count else limits.first_request
        end = time.monotonic() + (limits.head if data else waits)
        self._count += 1
        while (found := data.find(b"\r\n\r\n")) < 0:
            if len(data) > limits.most_head:
                raise _TooLarge
            self.connection.settimeout(max(end - time.monotonic(), 0.001))
            try:
                more = self.connection.recv(16_384)
            except (TimeoutError, socket.timeout):
                if data:
                    raise _TooSlow from None
                return None
            if not more:
                return None
            if not data:
                end = time.monotonic() + limits.head
                more = more.lstrip(b"\r\n")
            data += more
        if found > limits.most_head:
            raise _TooLarge
        self._rest = data[found + 4 :]
        return data[: found + 4]

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
        is_tls = self.server.tls is not None
        return Request(self.command, target.path, query, self._sent, str(self.client_address[0]), is_tls)

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
        try:
            found = self.server.respond(request)
        except Refusal as refusal:
            found = self.server.refuse(request, refusal)
        except Exception as error:  # noqa: BLE001 -- one request fails, and the server goes on
            self.server.log(f"{self.client_address[0]} - {_where(error)}")
            failed = Refusal(500, "failed", "this failed; the server's own output says where")
            found = self.server.refuse(request, failed)
        return self._send(found) if isinstance(found, Answer) else (200, self._stream(found))

    def _refuse_unread(self, status: int, code: str, message: str, headers: Headers = ()) -> None:
        """Refuse what is not read to its end, and close."""
        self.close_connection = True
        refusal = Refusal(status, code, message, headers)
        is_head = self.command == "HEAD"
        request = Request("HEAD" if is_head else "GET", self.path, {}, {}, str(self.client_address[0]))
        self.connection.settimeout(self.server.limits.write)
        status, size = self._send(self.server.refuse(request, refusal))
        self._tell(status, size, 0.0)
        # What it still sends must not make the kernel throw the answer away before it is read.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.connection, socket.SHUT_WR)
            self.connection.settimeout(0.2)
            for _ in range(8):
                if not self.connection.recv(65_536):
                    break

    def _send(self, found: Answer) -> tuple[int, int]:
        status, content, headers = found
        body = b""
        if content is not None:
            wanted = _marks(self._sent.get("if-none-match", ""))
            if status == 200 and (content.etag in wanted or "*" in wanted):
                status = 304
            is_packed = len(content.body) >= exchange.WORTH_PACKING and _takes_gzip(
                self._sent.get("accept-encoding", "")
            )
            body = content.packed() if is_packed else content.body
            mark = f'"{content.etag}-gzip"' if is_packed else f'"{content.etag}"'
            headers = (*headers, ("Vary", "Accept-Encoding, Cookie"), *((("ETag", mark),) if status < 400 else ()))
            if is_packed and status != 304:
                headers = (*headers, ("Content-Encoding", "gzip"))
        size = 0 if status == 304 or self.command == "HEAD" else len(body)
        length = (("Content-Length", str(len(body))),) if status != 304 else ()
        head = _head(status, (*headers, ("Connection", self._goes_on()), *length), content)
        self.connection.sendall(head + body[:size])
        return status, size

    def _stream(self, found: Stream) -> int:
        """Write the pieces as they come, until somebody has enough; returns their bytes."""
        is_chunked = self.request_version == "HTTP/1.1"
        self.close_connection = self.close_connection or not is_chunked
        headers = [*found.headers, ("Content-Type", found.kind), ("Connection", self._goes_on())]
        headers += [("Transfer-Encoding", "chunked")] if is_chunked else []
        size = 0
        is_whole = False
        try:
            self.connection.sendall(_head(200, headers))
            for piece in found.pieces if self.command != "HEAD" else ():
                if not piece and self._is_gone():
                    return size
                if piece:
                    size += len(piece)
                    self.connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
            if is_chunked and self.command != "HEAD":
                self.connection.sendall(b"0\r\n\r\n")
            is_whole = True
        finally:
            # An end that lacks is told by the connection's.
            self.close_connection = self.close_connection or not is_whole
            found.close()
        return size

    def _goes_on(self) -> str:
        return "close" if self.close_connection else "keep-alive"

    def _is_gone(self) -> bool:
        """Whether the other side has closed; of TLS only a write tells."""
        if self.server.tls or not select.select([self.connection], [], [], 0)[0]:
            return False
        return not self.connection.recv(1, socket.MSG_PEEK)

    def _tell(self, status: int, size: int, seconds: float) -> None:
        """The access line: no query, since keys and searches stand there."""
        path = safe.clean(self.path.partition("?")[0][:200])
        line = f"{self.client_address[0]} {safe.clean(self.command[:10])} {path} {status} {size} {1000 * seconds:.1f}ms"
        self.server.log(line)


def _head(status: int, headers: Sequence[tuple[str, str]], content: Content | None = None) -> bytes:
    """The lines before a body.  Raises ``ValueError`` for a header that would be two."""
    given = {name.lower() for name, _ in headers}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Server: {_SERVER}"]
    lines.append(f"Date: {email.utils.formatdate(usegmt=True)}")
    lines += [f"{name}: {value}" for name, value in SAFETY if name.lower() not in given]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Type: {content.kind}"] if content and status != 304 else []
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or "\0" in text:
        raise ValueError("a header with a line end in it")
    return text.encode("latin-1") + b"\r\n\r\n"


def _marks(text: str) -> set[str]:
    """The marks that a cache has, without what says how they were sent."""
    return {each.strip().removeprefix("W/").strip('"').replace("-gzip", "") for each in text.split(",") if each}


def _takes_gzip(text: str) -> bool:
    for each in text.lower().split(","):
        name, _, weight = each.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
