"""How does one request reach its provider, and its answer come back?

Bytes are passed on as they come, and read afterwards.  A call is written down before its last byte goes out: whoever has a whole
answer finds it in the log, whatever happens to the proxy then.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from email.message import Message
from typing import Any, Callable, NamedTuple, Protocol

from session_monitor.outgoing import posting

from . import injection, upstream
from .call import CLIENT_GONE, PROVIDER_BROKE, PassingCall, Recorder
from .departures import Departures
from .injection import Refusers
from .protocols import reading, refusals
from .protocols.reading import AnswerReader
from .routes import Route
from .siblings import MARK, Siblings
from .upstream import ProviderConnections, ProviderRequest, UnreachableError

_AT_ONCE = 1 << 16
_MOST_OF_REFUSAL = 1 << 16
_TIMED_OUT = "UT"


class ClientLeftError(Exception):
    """Nobody waits for the answer any more."""


class Client(Protocol):
    """Whoever asked; all of these raise ClientLeftError."""

    @property
    def sock(self) -> socket.socket:
        """Its connection."""

    def begin(self, status: int, reason: str, headers: list[tuple[str, str]], length: int | None) -> None:
        """An answer begins; without a length its end is told by ``end``."""

    def write(self, data: bytes) -> None:
        """Bytes of the body."""

    def end(self) -> None:
        """The body is whole."""

    def break_off(self) -> None:
        """The body will never be whole, and must not look so."""

    def refuse(self, status: int, body: bytes) -> None:
        """There is no answer but this."""


class Shared(NamedTuple):
    """What all exchanges share.  ``gate`` says why a call is not to be made, or nothing."""

    connections: ProviderConnections
    departures: Departures
    refusers: Refusers
    recorder: Recorder
    siblings: Siblings
    injects: bool
    gate: Callable[[], str | None]


class ClientRequest(NamedTuple):
    """A request as it came, with its body whole.  ``headers`` are asked without regard to case."""

    method: str
    headers: Message
    items: list[tuple[str, str]]
    body: bytes


class Exchange:
    """One request and its answer."""

    def __init__(
        self, shared: Shared, client: Client, request: ClientRequest, route: Route, call: PassingCall | None
    ) -> None:
        """``call`` is None for what is no call to a model."""
        self._shared = shared
        self._client = client
        self._request = request
        self._route = route
        self._call = call
        self._connection: http.client.HTTPConnection | None = None
        self._is_left = self._is_cut = self._is_recorded = self._has_begun = False
        self._injects = (
            call is not None
            and shared.injects
            and route.upstream not in shared.refusers
            and call.asked.leaves_usage_open()
        )

    def run(self) -> None:
        """Do all of it.  Raises nothing for what goes wrong on the way: the client is told, and the log."""
        try:
            closed = self._shared.gate() if self._call else None
            if closed is not None:
                self._refuse_by_budget(closed)
                return
            with self._shared.departures.watching(self._client.sock, self._left):
                response = self._answered()
                self._pass_on(response)
        except ClientLeftError:
            self._break(CLIENT_GONE)
        except UnreachableError as error:
            self._unreachable(error)
        finally:
            self._record()
            if self._connection is not None:
                self._connection.close()

    # -- to the provider -----------------------------------------------------------------------------------------------

    def _answered(self) -> http.client.HTTPResponse:
        """The head of the provider's answer.  Raises UnreachableError and ClientLeftError."""
        response = self._asked_once(self._shared.connections.kept(self._route.upstream))
        if self._injects and response.status in injection.STATUSES:
            return self._asked_otherwise(response)
        return response

    def _asked_once(self, kept: http.client.HTTPConnection | None) -> http.client.HTTPResponse:
        """Send it over a connection that was kept, and where that was stale, or there is none, over a new one."""
        if kept is not None:
            try:
                return self._asked_over(kept)
            except (OSError, http.client.HTTPException) as error:
                kept.close()
                if self._is_left or not upstream.is_stale(error):
                    raise self._trouble(error) from None
        connection = self._shared.connections.fresh(self._route.upstream)
        try:
            return self._asked_over(connection)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise self._trouble(error) from None

    def _asked_over(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        self._connection = connection
        if self._is_left:
            raise ClientLeftError
        if self._is_cut:
            raise UnreachableError("the proxy ends", PROVIDER_BROKE)
        upstream.send(connection, self._sent())
        return connection.getresponse()

    def _trouble(self, error: Exception) -> Exception:
        if self._is_left:
            return ClientLeftError()
        is_late = isinstance(error, socket.timeout)
        why = posting.trouble(error, upstream.SILENCE, was_sent=True)
        return UnreachableError(why, _TIMED_OUT if is_late else PROVIDER_BROKE)

    def _asked_otherwise(self, response: http.client.HTTPResponse) -> http.client.HTTPResponse:
        """Ask without the question for tokens, where that is what was refused."""
        refused = _Read(response, response.read(_MOST_OF_REFUSAL))
        if not injection.is_refused(response.status, refused.beginning):
            self._injects = False
            return refused  # type: ignore[return-value]
        self._shared.refusers.add(self._route.upstream)
        self._injects = False
        if self._connection is not None:
            self._connection.close()
        return self._asked_once(None)

    def _sent(self) -> ProviderRequest:
        request, route = self._request, self._route
        body: bytes | None = request.body
        without = ["host", "expect", MARK]
        headers: list[tuple[str, str]] = [("Host", route.upstream.authority)]
        if self._call is not None:
            accepted = str(request.headers.get("accept-encoding") or "").lower()
            takes_gzip = "gzip" in accepted and not self._injects
            headers.append(("Accept-Encoding", "gzip, identity" if takes_gzip else "identity"))
            without.append("accept-encoding")
            if route.upstream.is_of_this_machine and self._shared.siblings.has(route.upstream.port):
                headers.append((MARK, "recorded"))
            if self._injects:
                body = self._call.asked.with_usage()
                without.append("content-encoding")
        headers += upstream.end_to_end(request.items, without)
        if body or request.method in ("POST", "PUT", "PATCH"):
            headers.append(("Content-Length", str(len(body or b""))))
        return ProviderRequest(request.method, route.target, headers, body or None)

    # -- and back ------------------------------------------------------------------------------------------------------

    def _pass_on(self, response: http.client.HTTPResponse) -> None:
        encoding = (response.getheader("content-encoding") or "").strip().lower()
        reader = self._reader(response, encoding)
        self._injects = self._injects and reader is not None and reader.is_stream and reading.can_read(encoding)
        headers = upstream.end_to_end(response.getheaders(), ["content-encoding"] if self._injects else [])
        length = None if self._injects or response.chunked else _length(response)
        self._has_begun = True
        self._client.begin(response.status, response.reason, headers, length)
        is_empty = self._request.method == "HEAD" or response.status in (204, 304)
        for data in () if is_empty else self._pieces(response):
            is_last = response.length == 0
            if self._call is not None:
                self._call.has_first()
            if is_last and reader is not None and not self._injects:
                reader.feed(data)
                self._ended(response)
                self._client.write(data)
            elif self._injects and reader is not None:
                events = list(reader.events.feed(reader.inflated(data)))
                self._write(injection.without_usage(events))
                reader.take(events)
            else:
                self._client.write(data)
                if reader is not None:
                    reader.feed(data)
        if self._injects and reader is not None:
            rest = list(reader.events.end())
            reader.take(rest)
            self._write(injection.without_usage(rest))
        self._ended(response)
        self._client.end()

    def _reader(self, response: http.client.HTTPResponse, encoding: str) -> AnswerReader | None:
        if self._call is None or self._route.protocol is None:
            return None
        kind = (response.getheader("content-type") or "").strip().lower()
        reader = AnswerReader(self._route.protocol, kind, encoding, keeps_texts=self._shared.recorder.with_texts)
        self._call.answers(response.status, response.headers, reader)
        return reader

    def _pieces(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        """What comes, as it comes.  Raises ClientLeftError, and UnreachableError."""
        while True:
            try:
                data = response.read1(_AT_ONCE)
            except (OSError, http.client.HTTPException, ValueError):
                data = None
            if self._is_left:
                raise ClientLeftError
            if data is None or (not data and response.length):
                self._provider_broke()
            if not data:
                return
            yield data

    def _provider_broke(self) -> None:
        self._break(PROVIDER_BROKE)
        self._record()
        raise UnreachableError("the connection to the provider broke", PROVIDER_BROKE)

    def _write(self, data: bytes) -> None:
        if data:
            self._client.write(data)

    def _give_back(self, response: http.client.HTTPResponse) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if response.will_close or self._is_left:
            connection.close()
        else:
            response.close()
            self._shared.connections.give_back(self._route.upstream, connection)

    # -- what becomes of it --------------------------------------------------------------------------------------------

    def _left(self) -> None:
        """The client has gone, says another thread."""
        self._is_left = True
        if self._connection is not None:
            upstream.cut(self._connection)

    def cut(self) -> None:
        """Break it off, from another thread: the proxy ends."""
        self._is_cut = True
        if self._connection is not None:
            upstream.cut(self._connection)

    def _break(self, flags: str) -> None:
        if self._call is not None:
            self._call.breaks(flags)

    def _ended(self, response: http.client.HTTPResponse) -> None:
        """All of the answer is there: it is written down, and its connection is free, before the client has the last of it."""
        if self._call is not None and not self._is_recorded:
            self._call.has_ended()
            self._record()
        self._give_back(response)

    def _record(self) -> None:
        if self._call is not None and not self._is_recorded:
            self._is_recorded = True
            self._shared.recorder.record(self._call)

    def _unreachable(self, error: UnreachableError) -> None:
        self._break(error.flag)
        self._record()
        if self._has_begun:
            self._client.break_off()
            return
        status = refusals.TIMED_OUT if error.flag == _TIMED_OUT else refusals.UNAVAILABLE
        told = f"agent-session-monitor: {self._route.upstream.authority}: {error}"
        self._client.refuse(status, refusals.refusal(self._route.protocol, status, told, "upstream_unreachable"))

    def _refuse_by_budget(self, why: str) -> None:
        status = refusals.over_budget(self._route.protocol)
        if self._call is not None:
            self._call.status, self._call.error = status, "budget_exceeded"
            self._call.has_ended()
        self._record()
        self._client.refuse(status, refusals.refusal(self._route.protocol, status, why, "budget_exceeded"))


def _length(response: http.client.HTTPResponse) -> int | None:
    told = response.getheader("content-length")
    return int(told) if told is not None and told.strip().isdigit() else response.length


class _Read:
    """A response of which the beginning was read already."""

    def __init__(self, response: http.client.HTTPResponse, beginning: bytes) -> None:
        self.beginning = beginning
        self._response = response
        self._waiting = beginning

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    @property
    def length(self) -> int | None:
        """What is still to come, where that is known."""
        left = self._response.length
        return None if left is None else left + len(self._waiting)

    def read1(self, size: int) -> bytes:
        """The beginning, and then the rest."""
        data, self._waiting = self._waiting, b""
        return data or self._response.read1(size)
