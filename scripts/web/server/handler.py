"""How are requests read and answers written, so that nobody who is slow, greedy or hostile hurts the others?

A request is read as a whole before it is looked at, within limits of size and time; only GET and HEAD are taken, and no
body.  What is refused as no request ends its connection, so that nothing behind it is taken for the next one.  What is
answered is not known here.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple

from session_monitor.text import safe

from . import head, peers, wire
from .connections import Connection, Connections
from .exchange import Answer, Refusal, Reply, Request, Stream
from .head import Head
from .outgoing import Outgoing
from .peers import UserOf


class Limits(NamedTuple):
    """How long is waited for whom, in seconds, and how long a request's head may be, in bytes.

    ``write`` is for pauses of whoever reads an answer, who takes ``write_rate`` bytes a second but for those.
    """

    first_request: float = 15.0
    next_request: float = 60.0
    head: float = 10.0
    write: float = 30.0
    write_rate: float = 32_768.0
    most_head: int = 32_768
    stop: float = 5.0


@dataclass(frozen=True)
class Service:
    """What all connections of a server share.

    ``respond`` answers a request that came over a connection, and raises ``Refusal``; ``refuse`` says how it is told
    that a request is refused; ``log`` takes a line; ``user_of`` tells which user of this machine a connection comes
    from.
    """

    respond: Callable[[Request, Connection], Reply]
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


class Handler:
    """One connection, request by request."""

    def __init__(self, opened: socket.socket, client_address: Any, place: Connection, service: Service) -> None:
        """It has its ``place`` among the others."""
        self._socket: Any = opened
        self._client_address = client_address
        self._place = place
        self._service = service
        self._came = b""
        self._is_first = True
        self._goes_on = True

    def run(self) -> None:
        """Answer requests until one of both sides ends it; close it."""
        try:
            self._secure()
            while self._goes_on and not self._service.stopping.is_set():
                self._answer_one()
                self._service.connections.end(self._place)
        except OSError:
            pass  # they are gone, or too slow
        finally:
            self._service.connections.leave(self._place)
            with contextlib.suppress(OSError):
                self._socket.close()

    def _secure(self) -> None:
        """Begin with TLS where there is any; what is read and written goes over the bare socket."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = self._service.tls
        if tls:
            # Not while connections are taken in: somebody may never say hello.
            self._socket.settimeout(self._service.limits.head)
            self._socket = tls.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False)
            self._service.connections.secure(self._place, self._socket)
            self._socket.do_handshake()

    def _answer_one(self) -> None:
        self._goes_on = False  # unless all is well
        came = self._read()
        if came is None:
            return
        started = time.monotonic()
        limits = self._service.limits
        self._out = Outgoing(self._socket, limits.write, limits.write_rate)
        asked = came if isinstance(came, Refusal) else head.parsed(came)
        if isinstance(asked, Refusal):
            self._refuse_unread(asked, *head.told(self._came if isinstance(came, Refusal) else came))
            return
        self._goes_on = asked.is_kept
        is_tls = self._service.tls is not None
        request = Request(*asked[:4], self._address, is_tls, self._place.user)
        reply = self._reply(request)
        status, size = self._send(reply, request) if isinstance(reply, Answer) else (200, self._stream(reply, asked))
        self._log_request(request.method, request.path, status, size, time.monotonic() - started)

    # -- reading -------------------------------------------------------------------------------------------------------

    def _read(self) -> bytes | Refusal | None:
        """The head of a request, or why it is not waited for any longer; None where none comes any more."""
        limits, seen = self._service.limits, 0
        waits = limits.first_request if self._is_first else limits.next_request
        deadline = time.monotonic() + (limits.head if self._came else waits)
        self._is_first = False
        while (end := head.end(self._came, seen)) is None:
            if len(self._came) > limits.most_head:
                return _TOO_LARGE
            wrong = head.hopeless(self._came, seen)
            if wrong:
                return wrong
            seen = len(self._came)
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                more = self._socket.recv(16_384)
            except (TimeoutError, socket.timeout):
                return _TOO_SLOW if seen else None
            if not more:
                return None
            if not seen:
                deadline = time.monotonic() + limits.head
            self._came += more
        if end > limits.most_head:
            return _TOO_LARGE
        came, self._came = self._came[:end], self._came[end:]
        return came

    # -- answering -----------------------------------------------------------------------------------------------------

    def _reply(self, request: Request) -> Reply:
        service = self._service
        try:
            return service.respond(request, self._place)
        except Refusal as refusal:
            return service.refuse(request, refusal)
        except Exception as error:  # noqa: BLE001 -- one request fails, and the server goes on
            service.log_failure(self._address, error)
            failed = Refusal(500, "failed", "this failed; the server's own output says where")
            return service.refuse(request, failed)

    def _refuse_unread(self, refusal: Refusal, method: str, path: str) -> None:
        """Refuse what is not read to its end, or is no request; the connection ends with it."""
        request = Request("HEAD" if method == "HEAD" else "GET", "-", {}, {}, self._address)
        status, size = self._send(self._service.refuse(request, refusal), request)
        self._log_request(method, path, status, size, 0.0)
        # What it still sends must not make the kernel throw the answer away before it is read.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_WR)
            self._socket.settimeout(0.2)
            for _ in range(8):
                if not self._socket.recv(65_536):
                    break

    def _send(self, answer: Answer, request: Request) -> tuple[int, int]:
        """Write an answer that is there as a whole: with which status, in how many bytes behind its head."""
        written = wire.written(answer, request.headers, self._what_becomes(), has_body=request.method != "HEAD")
        self._out.send(written.head + written.body)
        return written.status, len(written.body)

    def _stream(self, stream: Stream, asked: Head) -> int:
        """Write the pieces as they come, until somebody has enough; returns their bytes.

        Where it raises, the end of the connection tells that the end of the answer lacks.
        """
        is_chunked = asked.version == "1.1"
        self._goes_on = self._goes_on and is_chunked
        headers = [*stream.headers, ("Content-Type", stream.kind), ("Connection", self._what_becomes())]
        headers += [("Transfer-Encoding", "chunked")] if is_chunked else []
        self._out.send(wire.head(200, headers))
        if asked.method == "HEAD":
            return 0
        size = 0
        for piece in stream.pieces:
            if not piece and self._is_gone():
                return size
            if piece:
                size += len(piece)
                self._out.send(wire.chunk(piece) if is_chunked else piece)
        if is_chunked:
            self._out.send(wire.chunk(b""))
        return size

    def _what_becomes(self) -> str:
        return "keep-alive" if self._goes_on else "close"

    def _is_gone(self) -> bool:
        """Whether the other side has closed; of TLS only a write tells."""
        if self._service.tls or not select.select([self._socket], [], [], 0)[0]:
            return False
        self._socket.settimeout(0)
        return not self._socket.recv(1, socket.MSG_PEEK)

    @property
    def _address(self) -> str:
        return str(self._client_address[0])

    def _log_request(self, method: str, path: str, status: int, size: int, seconds: float) -> None:
        """The access line: no query, since keys and searches stand there."""
        what = f"{safe.clean(method[:10])} {safe.clean(path[:200])}"
        self._service.log(f"{self._address} {what} {status} {size} {1000 * seconds:.1f}ms")


_TOO_LARGE = Refusal(431, "too_large", "the head of the request is too large")
_TOO_SLOW = Refusal(408, "too_slow", "the request did not come in time")
