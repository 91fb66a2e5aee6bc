"""Which database of which server is meant, who asks, and of which rounds?

``clickhouse://HOST[:PORT]/DATABASE?user=NAME&key=env:NAME&tls=no&gateway=NAME&since=30d``: a key is never in an address
itself, which others may see in a list of processes or in a log; it says where the key is.  Without ``tls`` the
connection is encrypted unless the host is this machine or of a network of one's own.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from typing import NamedTuple, Optional

from session_monitor.base import lazy_regex, mounts
from session_monitor.outgoing import networks, secrets

SCHEME = mounts.DATABASE
EXAMPLE = "clickhouse://ch.example.com/monitor?user=reader&key=file:/etc/monitor/ch.key"
PLAIN_PORT, TLS_PORT = 8123, 8443
_USER, _KEY = "CLICKHOUSE_USER", "CLICKHOUSE_PASSWORD"
"""Variables of the environment that ClickHouse's own client knows: they stand in where the address names none."""

_DATABASE = lazy_regex.lazy(r"[A-Za-z_][A-Za-z0-9_]{0,62}", re.ASCII)
_SINCE = lazy_regex.lazy(r"(\d{1,5})([hdw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 168}
_KNOWN = ("user", "key", "tls", "gateway", "since")


class BadAddressError(ValueError):
    """What is no address of a database; the argument says why and what to write, without a secret."""


class Address(NamedTuple):
    """A database: ``user`` and ``key`` may be references to secrets.

    ``gateways`` are those whose rounds are meant, none for all; ``since`` are milliseconds: sessions that talked within
    them are meant, None for all.
    """

    host: str
    port: int
    is_encrypted: bool
    database: str
    user: Optional[str] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    key: Optional[str] = None  # noqa: UP045
    gateways: tuple[str, ...] = ()
    since: Optional[int] = None  # noqa: UP045

    @property
    def shown(self) -> str:
        """The address without who asks and with what key."""
        scope = [("gateway", each) for each in self.gateways]
        scope += [] if self.since is None else [("since", f"{self.since // 3_600_000}h")]
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = urllib.parse.urlencode(scope)
        return f"{SCHEME}{host}:{self.port}/{self.database}{'?' if query else ''}{query}"

    def headers(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Who asks, with the secrets looked up.  Raises ``secrets.NoSecretError``."""
        key = self.key or environment.get(_KEY)
        user = (
            self.user or environment.get(_USER) or ("default" if key else None)
        )  # old servers ask for a key of a user alone
        found = {}
        if user:
            found["X-ClickHouse-User"] = secrets.resolved(user, environment)
        if key:
            found["X-ClickHouse-Key"] = secrets.resolved(key, environment)
        if not all(value.isprintable() and value.isascii() for value in found.values()):
            raise secrets.NoSecretError("a user or a key has characters that no header can hold")
        return found


def of(text: str) -> Address:
    """The database that an address means.  Raises BadAddressError."""
    try:
        parts = urllib.parse.urlsplit(text)
        host, port = parts.hostname, parts.port
        query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise BadAddressError(f"the address of a ClickHouse is like {EXAMPLE}") from None
    database = parts.path.strip("/")
    if not text.startswith(SCHEME) or not host or not text.isprintable() or not _DATABASE.fullmatch(database):
        raise BadAddressError(f"the address of a ClickHouse names a host and a database, like {EXAMPLE}")
    if parts.username is not None or parts.password is not None:
        raise BadAddressError(f"a user and a key are named behind the address: {EXAMPLE}")
    unknown = next((name for name, _ in query if name not in _KNOWN), None)
    if unknown is not None:
        raise BadAddressError(f"behind the address of a ClickHouse may stand {', '.join(_KNOWN)} alone")
    given = {name: value for name, value in query if name != "gateway"}
    key = given.get("key")
    if key is not None and not secrets.is_reference(key):
        raise BadAddressError(
            "a key must not be in an address, which others may see: write key=env:NAME or key=file:PATH"
        )
    is_encrypted = _is_encrypted(host, given.get("tls"))
    return Address(
        host,
        port or (TLS_PORT if is_encrypted else PLAIN_PORT),
        is_encrypted,
        database,
        given.get("user"),
        key,
        tuple(sorted({value for name, value in query if name == "gateway" and value})),
        _since(given.get("since")),
    )


def _is_encrypted(host: str, asked: str | None) -> bool:
    if asked in (None, ""):
        return networks.is_private(host) is not True
    if asked not in ("yes", "no"):
        raise BadAddressError("tls must be yes or no")
    if asked == "no" and networks.is_private(host) is False:
        raise BadAddressError("tls=no would send what is asked over the network as anybody can read it")
    return asked == "yes"


def _since(text: str | None) -> int | None:
    if not text:
        return None
    match = _SINCE.fullmatch(text)
    if not match or not int(match[1]):
        raise BadAddressError("since must be so many hours, days or weeks: 24h, 30d, 8w")
    return int(match[1]) * _HOURS[match[2]] * 3_600_000
