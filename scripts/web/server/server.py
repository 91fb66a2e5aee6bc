"""Who listens, and takes connections in?"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import sys
from typing import Any

from . import wire
from .connections import Connection
from .exchange import Headers, Refusal, Request
from .handler import Handler, Service


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Listens, and answers each connection in a thread of its own."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], service: Service) -> None:
        """Listens from now on; port 0 is any that is free.  Raises ``OSError``."""
        family, _, _, _, place = socket.getaddrinfo(*address, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        self.address_family = family
        self._service = service
        self._admitted: dict[int, Connection] = {}
        super().__init__(place[:2], socketserver.BaseRequestHandler)  # type: ignore[arg-type]

    def server_bind(self) -> None:
        """Bind; an IPv6 address that is for all takes IPv4 in, too."""
        if self.address_family == socket.AF_INET6:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()
        self.server_port = int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a new connection its thread, if there is room for one."""
        # Now, as whoever opened it still holds it.
        admitted = self._service.connections.admit(request, client_address[0], self._service.user_of(request))
        if admitted is None:
            self._service.log(f"{client_address[0]} - 503 too many connections")
            if not self._service.tls:
                self._say_busy(request)
            self.shutdown_request(request)
            return
        self._admitted[request.fileno()] = admitted
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no more threads
            self._service.connections.leave(self._admitted.pop(request.fileno()))
            self.shutdown_request(request)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer what comes over a connection, in its thread."""
        Handler(request, client_address, self._admitted.pop(request.fileno()), self._service).run()

    def _say_busy(self, request: socket.socket) -> None:
        refusal = Refusal(503, "busy", "too many connections", (("Retry-After", "1"),))
        answer = self._service.refuse(Request("GET", "/api/", {}, {}, ""), refusal)
        headers: Headers = (*answer.headers, ("Connection", "close"))
        body = answer.content.body if answer.content else b""
        with contextlib.suppress(OSError):
            request.setblocking(False)  # noqa: FBT003 -- positional only
            request.send(wire.head(503, headers, answer.content) + body)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 -- as its parent has it
        """Tell where a thread failed, without what it was working on."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, (OSError, ssl.SSLError)):
            self._service.log_failure(client_address[0], error)

    def stop(self) -> None:
        """End what is open and free the port; whoever is just being answered has some seconds."""
        self._service.stopping.set()
        self.shutdown()
        self.server_close()
        self._service.connections.close(self._service.limits.stop)
