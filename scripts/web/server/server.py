"""Who listens, and takes connections in?"""

from __future__ import annotations

import contextlib
import http.server
import socket
import socketserver
import ssl
import sys
import threading
from typing import Any, Callable, NamedTuple

from .connections import Connection, Connections
from .exchange import Answer, Headers, Refusal, Reply, Request
from .handler import Handler
from .wire import _head, where


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
            self.log(f"{client_address[0]} - {where(error)}")

    def stop(self) -> None:
        """End what is open and free the port; whoever is just being answered has some seconds."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self.connections.close(self.limits.stop)
