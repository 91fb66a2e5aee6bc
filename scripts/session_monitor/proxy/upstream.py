"""How are requests brought to a provider, and its answers back?

Over connections that are kept for the next one.  A provider may have closed one that waited: then, and only where no byte of an
answer has come, the request goes out once more over a new one.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from session_monitor.outgoing import posting

from .routes import Upstream

CONNECTING = 10.0
"""Seconds until a connection must be there."""
SILENCE = 600.0
"""Seconds that a provider may say nothing: models may think for minutes."""
_KEPT = 55.0
"""Seconds that a connection is kept without a request; most providers close it after 60 or later."""
_MOST_KEPT = 32


class UnreachableError(Exception):
    """There is no answer; the argument says why, and ``flag`` in the gateway's words."""

    def __init__(self, why: str, flag: str) -> None:
        super().__init__(why)
        self.flag = flag


class ProviderRequest(NamedTuple):
    """A request for a provider; a body that is None stands for none."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes | None


class _FinalResponse(http.client.HTTPResponse):
    """An answer without what a server may send before it, such as 103 Early Hints.

    Else that is taken for the answer, and the answer for that of the next request.
    """

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            told: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            if not 100 < told[1] < 200:  # 100 is left out by the class above
                return told
            if told[1] == http.client.SWITCHING_PROTOCOLS:  # which nobody asked for: what follows is no HTTP
                raise http.client.UnknownProtocol("101")
            http.client.parse_headers(self.fp)


class ProviderConnections:
    """The connections to all providers."""

    def __init__(self, environment: Mapping[str, str], silence: float = SILENCE) -> None:
        """The environment names the way out (``HTTPS_PROXY``, ``NO_PROXY``), and whose certificates are trusted."""
        self._environment = environment
        self._silence = silence
        self._lock = threading.Lock()
        self._idle: dict[Upstream, list[tuple[http.client.HTTPConnection, float]]] = {}
        self._trusted: ssl.SSLContext | None = None

    def close(self) -> None:
        """Close those that wait."""
        with self._lock:
            waiting = [connection for kept in self._idle.values() for connection, _ in kept]
            self._idle.clear()
        for connection in waiting:
            connection.close()

    def give_back(self, upstream: Upstream, connection: http.client.HTTPConnection) -> None:
        """Its answer was read to its end: the connection may serve the next one."""
        with self._lock:
            kept = self._idle.setdefault(upstream, [])
            if connection.sock is not None and len(kept) < _MOST_KEPT:
                kept.append((connection, time.monotonic()))
                return
        connection.close()

    def kept(self, upstream: Upstream) -> http.client.HTTPConnection | None:
        """A connection that served before; None where none waits."""
        while True:
            with self._lock:
                kept = self._idle.get(upstream)
                if not kept:
                    return None
                connection, since = kept.pop()
            if time.monotonic() - since < _KEPT and not _has_news(connection):
                return connection
            connection.close()

    def fresh(self, upstream: Upstream) -> http.client.HTTPConnection:
        """A new connection.  Raises UnreachableError."""
        connection = None
        try:
            connection = self._way(upstream)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sock.settimeout(self._silence)
        except posting.NoWayError as wrong:
            raise UnreachableError(str(wrong), "UF") from None
        except (OSError, http.client.HTTPException) as error:
            if connection is not None:
                connection.close()
            raise UnreachableError(posting.trouble(error, CONNECTING, was_sent=False), "UF") from None
        return connection

    def _way(self, upstream: Upstream) -> http.client.HTTPConnection:
        scheme = "https" if upstream.is_tls else "http"
        proxy = posting.proxy_for(scheme, upstream.host, self._environment)
        host, port = (upstream.host, upstream.port) if proxy is None else proxy[:2]
        if upstream.is_tls:
            if self._trusted is None:
                self._trusted = posting.trusted(self._environment)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=CONNECTING, context=self._trusted
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=CONNECTING)
        connection.response_class = _FinalResponse
        if (
            proxy is not None
        ):  # also for http, which is for networks of one's own: whoever stands between only passes it on
            connection.set_tunnel(upstream.host, upstream.port, proxy[2])
        return connection


def send(connection: http.client.HTTPConnection, sent: ProviderRequest) -> None:
    """Send a request.  Raises ``OSError``, and ``ValueError`` for what is no header."""
    connection.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
    for name, value in sent.headers:
        connection.putheader(name, value)
    connection.endheaders(sent.body)


def is_stale(error: Exception) -> bool:
    """Whether this is how a connection ends that was closed before the request came: without a byte of an answer."""
    return isinstance(error, (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError))


def cut(connection: http.client.HTTPConnection) -> None:
    """Break a connection off, also while another thread waits for what comes over it."""
    sock = connection.sock
    if sock is not None:
        with contextlib.suppress(OSError):
            # Of an encrypted one as well: it must not be asked to say good-bye while another thread reads.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _has_news(connection: http.client.HTTPConnection) -> bool:
    """Whether a connection that waits has something to read: its end, as nothing was asked."""
    try:
        asked = select.poll()
        asked.register(connection.sock, select.POLLIN)
        return bool(asked.poll(0))
    except (OSError, ValueError, TypeError):
        return True


_HOP = frozenset(
    (
        *("connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade", "content-length"),
        *("proxy-authenticate", "proxy-authorization", "proxy-connection"),
    )
)
"""Headers that are between two programs alone, not between client and provider; the length is written anew."""


def end_to_end(headers: Iterable[tuple[str, str]], without: Iterable[str] = ()) -> list[tuple[str, str]]:
    """The headers that are passed on: none of a single connection, and none of those named."""
    headers = list(headers)
    named = {
        each.strip().lower() for name, value in headers if name.lower() == "connection" for each in value.split(",")
    }
    spared = _HOP | named | set(without)
    return [(name, value) for name, value in headers if name.lower() not in spared]
