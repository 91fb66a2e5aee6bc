"""To which provider does a request go, and is it a call to a model?

Which hosts there are is settled before the first request: by ``providers.json``, and by whoever starts the proxy.  A path may
name one of them, and the session: ``/to/deepseek/v1/chat/completions``, ``/s/fix-login/v1/messages``.
"""

from __future__ import annotations

import fnmatch
import functools
import socket
import urllib.parse
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Any, NamedTuple

from session_monitor.base import data_tables
from session_monitor.outgoing import networks

OWN = ("127.0.0.1", "localhost", "::1")
"""What a machine calls itself."""
_SESSION, _TO = "s", "to"
"""What a path begins with that names a session, or a provider."""


class BadUpstreamError(ValueError):
    """What is no provider's address; the argument says what is wrong, and what to write."""


class NoRouteError(Exception):
    """A path that names a provider that is not known; the argument says which there are."""


class Upstream(NamedTuple):
    """A provider: under which name, and where.  ``prefix`` is what clients write where its ``base`` ends."""

    name: str
    is_tls: bool
    host: str
    port: int
    base: str
    prefix: str = ""

    @property
    def authority(self) -> str:
        """Its host, and the port where that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"

    @property
    def is_of_this_machine(self) -> bool:
        """Whether a program of this machine is asked, by this machine's own name for itself."""
        return not self.is_tls and self.host in OWN


class Route(NamedTuple):
    """Where a request goes.

    ``target`` is what is asked for there, ``path`` what the client asks for without its query: in that, and in the provider's own
    address, there may be a key.  ``protocol`` is None for what is no call to a model.
    """

    upstream: Upstream
    target: str
    path: str
    protocol: str | None
    session_id: str | None


@functools.lru_cache(1)
def _table() -> dict[str, Any]:
    table: dict[str, Any] = data_tables.beside(__file__, "providers.json")
    return table


def upstreams(named: Iterable[str] = (), settled: Iterable[str] = ()) -> dict[str, Upstream]:
    """The providers by their names; ``named`` are those that somebody states, as ``openai=https://host/v1``.

    ``settled`` are those that programs would go to by themselves, also over http; ``named`` go before them.  Raises BadUpstreamError.
    """
    known = {name: _upstream(name, each["base"], each["prefix"]) for name, each in _table()["providers"].items()}
    for text, is_settled in [*((each, True) for each in settled), *((each, False) for each in named)]:
        name, equals, url = text.partition("=")
        if not equals or not name.isidentifier():
            raise BadUpstreamError(
                f"{text!r} names no provider: write NAME=URL, such as openai=https://api.openai.com/v1"
            )
        prefix = known[name].prefix if name in known else "/v1"
        known[name] = _upstream(name, url, prefix, is_settled=is_settled)
    return known


def _upstream(name: str, url: str, prefix: str, *, is_settled: bool = False) -> Upstream:
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urllib.parse.urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username is not None:
        where = " (its variable in the environment, such as OPENAI_BASE_URL, says something else)" if is_settled else ""
        raise BadUpstreamError(
            f"{name}: write where it is, as https://api.openai.com/v1: scheme, host and path, no more{where}"
        )
    if parts.scheme == "http" and not is_settled and not _is_near(host):
        raise BadUpstreamError(
            f"{name}: over http anybody on the way could read keys and conversations: write https://"
        )
    is_tls = parts.scheme == "https"
    return Upstream(name, is_tls, host, port or (443 if is_tls else 80), parts.path.rstrip("/"), prefix)


def _is_near(host: str) -> bool:
    """Whether a host is this machine, or in a network of one's own."""
    is_private = networks.is_private(host)
    if is_private is not None:
        return is_private
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(networks.is_private(str(address[0])) for *_, address in found)


def route(target: str, headers: Message, known: Mapping[str, Upstream]) -> Route:
    """Where a request for this target goes.  ``headers`` are asked without regard to case.  Raises NoRouteError."""
    path, question, query = target.partition("?")
    path, names = _without_names(path)
    protocol = _first(path, _table()["calls"], "protocol")
    name = names.get(_TO) or _provider(path, headers, protocol)
    if name not in known:
        raise NoRouteError(f"no provider is called {name}; there are {', '.join(known)}")
    upstream = known[name]
    end = path[len(upstream.prefix) :] if _begins(path, upstream.prefix) else path
    there = upstream.base + end
    return Route(upstream, there + question + query, path, protocol, names.get(_SESSION))


def _without_names(path: str) -> tuple[str, dict[str, str]]:
    """A path without the names that it begins with, and these."""
    names: dict[str, str] = {}
    while True:
        parts = path.split("/", 3)
        if len(parts) < 3 or parts[0] or parts[1] not in (_SESSION, _TO) or parts[1] in names or not parts[2]:
            return path, names
        names[parts[1]] = urllib.parse.unquote(parts[2])
        path = "/" + (parts[3] if len(parts) > 3 else "")


def _provider(path: str, headers: Message, protocol: str | None) -> str:
    by_path = _first(path, _table()["by_path"], "provider")
    if by_path is None and protocol is None:
        by_path = next((each["provider"] for each in _table()["by_header"] if headers.get(each["header"])), None)
    return by_path or str(_table()["otherwise"])


def _first(path: str, rows: Iterable[Mapping[str, Any]], column: str) -> str | None:
    for row in rows:
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in row["paths"]):
            return str(row[column])
    return None


def _begins(path: str, prefix: str) -> bool:
    return bool(prefix) and (path == prefix or path.startswith(prefix + "/"))
