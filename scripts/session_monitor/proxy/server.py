"""The proxy: a server on loopback that passes calls on to their providers, and records them.

It writes down what a call was and what it used; no key, and no word of what was said unless that is asked for.
"""

from __future__ import annotations

import functools
import http.server
import select
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple

from .call import Recorder
from .client import ClientConnection, Serving
from .departures import Departures
from .exchange import Shared
from .injection import Refusers
from .routes import OWN, BadUpstreamError, Upstream
from .siblings import Siblings
from .upstream import ProviderConnections

PORT = 3739
"""Where the proxy is unless another port is named."""
HOST = "127.0.0.1"
MOST_CALLS = 256
"""So many calls at once; what comes beyond is refused, and tried again by its client."""
_RETRY = 0.05
"""Seconds until the next try where no connection can be taken, as when too many are open."""
_PATIENCE = 5.0
"""Seconds that calls have to come to their end when the proxy ends."""


class ProxyOptions(NamedTuple):
    """How the proxy works.

    ``session_id`` is the session of calls whose path names none; ``gate`` says why a call is not to be made, or nothing.
    """

    upstreams: dict[str, Upstream]
    environment: Mapping[str, str]
    port: int = PORT
    session_id: str | None = None
    injects: bool = True
    gate: Callable[[], str | None] = lambda: None
    most_calls: int = MOST_CALLS


class RecordingProxy:
    """The proxy, from its first moment on; ``close`` ends it."""

    def __init__(self, options: ProxyOptions, recorder: Recorder) -> None:
        """Listens.  Raises ``OSError``, and BadUpstreamError where a provider would be the proxy itself."""
        self.recorder = recorder
        self._connections = ProviderConnections(options.environment)
        self._departures = Departures()
        self._serving = Serving(options.upstreams, options.session_id, options.most_calls)
        try:
            self._server = _Listener((HOST, options.port), functools.partial(ClientConnection, self._serving))
        except OSError:
            self._departures.close()
            raise
        self.port = self._serving.port = self._server.server_address[1]
        for each in options.upstreams.values():
            if each.port == self.port and each.host in OWN:
                self._departures.close()
                self._server.server_close()
                raise BadUpstreamError(f"{each.name}: this is the proxy itself: name the provider's own address")
        self._siblings = Siblings(recorder.folder, self.port)
        self._serving.shared = Shared(
            *(self._connections, self._departures, Refusers(), recorder, self._siblings, options.injects, options.gate)
        )
        self._thread = threading.Thread(target=self._server.serve, name="proxy", daemon=True)
        self._thread.start()

    def close(self, patience: float = _PATIENCE) -> None:
        """Take no more calls, let those at work come to their end for a while, then break them off; all are written down.

        Whoever was interrupted here may call it again, with less patience.
        """
        if not self._serving.is_ending:
            self._serving.is_ending = True
            self._server.end()
            self._thread.join()
            self._server.server_close()
        end = time.monotonic() + patience
        while self._serving.live() and time.monotonic() < end:
            time.sleep(0.01)
        for exchange in self._serving.live():
            exchange.cut()
        end = time.monotonic() + _PATIENCE
        while self._serving.live() and time.monotonic() < end:
            time.sleep(0.01)
        self._departures.close()
        self._connections.close()
        self._siblings.close()


class _Listener(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments: Any) -> None:
        self._ear, self._mouth = socket.socketpair()
        super().__init__(*arguments)

    def handle_error(self, *_: Any) -> None:
        """A connection that breaks is its client's affair."""

    def server_bind(self) -> None:
        """Without the look for the machine's name, which may take long."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.socket.settimeout(0)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, self.server_address[1]

    def server_close(self) -> None:
        """Listen no more."""
        super().server_close()
        self._ear.close()
        self._mouth.close()

    def serve(self) -> None:
        """Take connections until ``end``, which is heard at once."""
        waiting = select.poll()
        waiting.register(self.socket, select.POLLIN)
        waiting.register(self._ear, select.POLLIN)
        while self._ear.fileno() not in dict(waiting.poll()):
            try:
                self.process_request(*self.get_request())
            except BlockingIOError:  # it has gone again
                continue
            except OSError:
                time.sleep(_RETRY)

    def end(self) -> None:
        """Let ``serve`` end."""
        self._mouth.send(b"!")
