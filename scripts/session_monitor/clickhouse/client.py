"""How is a ClickHouse asked over its HTTP interface, or given rows?

One request at a time over a connection that is kept, and opened anew where it was idle: servers close such ones without
a word.  Nothing is tried twice here; whoever asks knows whether that does harm.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socket
import time
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from typing import Callable

from session_monitor.base import lazy_regex
from session_monitor.base.mounts import UnreachableDataError
from session_monitor.outgoing import posting, secrets
from session_monitor.text import safe

from .address import Address

TIME_OUT = 60.0
"""Seconds for each step: to connect, to send, for the next bytes of the answer."""
_IDLE = 2.0
"""Seconds after which a kept connection is not trusted: old servers close it after three."""
_MOST_OF_AN_ERROR = 1 << 14
_BLOCK = 1 << 18
_CODE = lazy_regex.lazy(r"Code: (\d+)")
_NAME = lazy_regex.lazy(r"\(([A-Z0-9_]+)\)")
# https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
_FOR_NOW = frozenset((159, 202, 203, 209, 210, 241, 242, 252, 285, 319, 394, 425, 999))
"""Codes that say it may go well later: time-outs, too many queries or parts, no memory, read only, the keeper."""
_STATUS_FOR_NOW = frozenset((408, 429, 502, 503, 504))


class EngineError(UnreachableDataError):
    """What a ClickHouse answered instead, or why there is no answer; the argument says it in words, without secrets.

    ``number`` is ClickHouse's, 0 where it named none; ``is_for_now``: it may go well later as it is.  ``status`` is HTTP's,
    0 without an answer.
    """

    def __init__(self, words: str, number: int = 0, *, is_for_now: bool = False, status: int = 0) -> None:
        super().__init__(words)
        self.number = number
        self.status = status
        self.is_for_now = is_for_now


class DatabaseClient:
    """A way to one database.  Not for several threads at a time."""

    def __init__(
        self,
        address: Address,
        environment: Mapping[str, str],
        *,
        time_out: float = TIME_OUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``environment`` holds what references to secrets name, proxies, and trusted certificates."""
        self.address = address
        self._environment = environment
        self._time_out = time_out
        self._clock = clock
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    # -- questions and commands ----------------------------------------------------------------------------------------

    def ask(self, sql: str, settings: Mapping[str, str | int] | None = None) -> bytes:
        """The whole answer to a query, or what a command answers, which is nothing.  Raises EngineError."""
        return b"".join(
            self._answer(self._target({"wait_end_of_query": 1, **(settings or {})}), sql.encode("ascii"), {})
        )

    def rows(self, sql: str, columns: int, settings: Mapping[str, str | int] | None = None) -> Iterator[list[bytes]]:
        """The rows of a query without a format, one by one as they come, as fields for ``quoting``.

        Raises EngineError, also where an answer ends before its end: what came until then is not all.
        """
        rest = b""
        for block in self._answer(self._target(settings or {}), f"{sql} FORMAT TabSeparated".encode("ascii"), {}):
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            for line in lines:
                yield _fields(line, columns)
        if rest:
            raise _refusal(200, None, rest)

    def insert(
        self, table: str, columns: Iterable[str], lines: bytes, settings: Mapping[str, str | int] | None = None
    ) -> None:
        """Put rows in, which are lines of JSON.  Raises EngineError: then it is not known whether they are in.

        ``table`` and ``columns`` are names of ours, never a stranger's.
        """
        sql = f"INSERT INTO {table} ({', '.join(columns)}) FORMAT JSONEachRow"
        target = self._target({"query": sql, **(settings or {})})
        packed = gzip.compress(lines, 1)
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"}
        said = b"".join(self._answer(target, packed, headers))
        if said:  # an error behind a good beginning, or a page to sign in
            raise _refusal(200, None, said)

    # -- one request ---------------------------------------------------------------------------------------------------

    def _answer(self, target: str, body: bytes, headers: dict[str, str]) -> Iterator[bytes]:
        """The answer, block by block; what is not whole is known as such at its end."""
        is_whole = False
        try:
            response = self._asked(target, body, {**self.address.headers(self._environment), **headers})
            if response.status != http.client.OK:
                said = response.read(_MOST_OF_AN_ERROR)
                raise _refusal(response.status, response.getheader("X-ClickHouse-Exception-Code"), said)
            while block := response.read(_BLOCK):
                yield block
            if response.length:  # a read of so many bytes does not tell that others were promised
                raise http.client.IncompleteRead(b"", response.length)
            is_whole = True
        except (OSError, http.client.HTTPException) as error:
            why = posting.trouble(error, self._time_out, was_sent=self._connection is not None)
            raise EngineError(f"{self.address.shown}: {why}", is_for_now=True) from None
        except posting.NoWayError as error:
            raise EngineError(f"{self.address.shown}: {error}") from None
        except secrets.NoSecretError as lacking:
            raise EngineError(f"{self.address.shown}: the user or the key: {lacking}") from None
        finally:
            self._used = self._clock()
            if not is_whole:  # what is left of the answer would be taken for the next one
                self.close()

    def _asked(self, target: str, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
        if self._connection and self._clock() - self._used > _IDLE:
            self.close()
        if self._connection is None:
            self._connection = self._opened()
        whole = self._whole(target)
        self._connection.request("POST", whole, body, headers)
        return self._connection.getresponse()

    def _opened(self) -> http.client.HTTPConnection:
        address, environment = self.address, self._environment
        scheme = "https" if address.is_encrypted else "http"
        proxy = posting.proxy_for(scheme, address.host, environment)
        host, port = (proxy[0], proxy[1]) if proxy else (address.host, address.port)
        if address.is_encrypted:
            context = posting.trusted(environment)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=self._time_out, context=context
            )
            if proxy:
                connection.set_tunnel(address.host, address.port, proxy[2])
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self._time_out)
        connection.connect()
        with contextlib.suppress(OSError):  # headers and body go in two parts, for neither of which anybody has to wait
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _target(self, parameters: Mapping[str, str | int]) -> str:
        return f"/?{urllib.parse.urlencode({'database': self.address.database, **parameters})}"

    def _whole(self, target: str) -> str:
        """What is asked for: by way of a proxy that encrypts nothing, with the address."""
        address = self.address
        if address.is_encrypted or not posting.proxy_for("http", address.host, self._environment):
            return target
        host = f"[{address.host}]" if ":" in address.host else address.host
        return f"http://{host}:{address.port}{target}"


def _fields(line: bytes, columns: int) -> list[bytes]:
    fields = line.split(b"\t")
    if len(fields) != columns:  # an error that came behind the first rows of an answer
        raise _refusal(200, None, line)
    return fields


def _refusal(status: int, code: str | None, said: bytes) -> EngineError:
    """What an answer that is none says, in words of its own but for the name of the mistake: it may quote what was sent."""
    text = said.decode("utf-8", "replace")
    match, name = _CODE.search(text), _NAME.findall(text)
    number = int(code) if code and code.isascii() and code.isdigit() else int(match[1]) if match else 0
    named = f" ({safe.cell(name[-1])})" if name else ""
    is_for_now = number in _FOR_NOW or (not number and status in _STATUS_FOR_NOW)
    if status == http.client.OK and not number:
        return EngineError("the answer of the ClickHouse was cut off, or is none", is_for_now=True, status=status)
    told = f"error {number}{named}" if number else f"HTTP status {status}"
    return EngineError(f"the ClickHouse refused: {told}", number, is_for_now=is_for_now, status=status)
