"""Who is asking, and what may they see?

Whoever is on this machine sees everything; anyone else needs a key.  A browser on this machine may be led here by a page of
somebody else's, under a name of theirs, so only names of this machine are answered.
"""

from __future__ import annotations

import ipaddress
import threading
import time
import urllib.parse
from collections.abc import Collection, Sequence
from typing import Callable, NamedTuple

from session_monitor.links.keys import Keys

from .exchange import Headers, Refusal, Request

_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "x-forwarded-proto")
WRONG_KEY = 1.0
"""Seconds that the answer to a wrong key takes."""
_MOST_WAITING = 16
_COOKIE_DAYS = 30


class Visitor(NamedTuple):
    """Who is asking: whether on this machine, whether everything is open to them, and else with which keys they came.

    ``given`` is what stood in the address, where a key did.
    """

    is_local: bool
    sees_all: bool
    keys: tuple[str, ...] = ()
    given: str | None = None


class Door:
    """Tells visitors apart."""

    def __init__(
        self,
        keys: Callable[[], Keys],
        *,
        allowed_hosts: Collection[str] = (),
        trusts_proxy: bool = False,
        wait: Callable[[float], object] = time.sleep,
        cookie: str = "monitor-key",
    ) -> None:
        """``keys`` are those of now; ``allowed_hosts`` are names of this machine beside its own loopback ones."""
        self._keys = keys
        self._allowed = {each.lower().rstrip(".") for each in allowed_hosts}
        self._trusts_proxy = trusts_proxy
        self._wait = wait
        self._waiting = threading.Semaphore(_MOST_WAITING)
        self._cookie = cookie

    def visitor(self, request: Request) -> Visitor:
        """Who is asking.  Raises ``Refusal``; that of a wrong key takes a while."""
        given = request.one("key")
        if self._is_local(request):
            self._check_local(request)
            return Visitor(is_local=True, sees_all=True, given=given)
        keys = self._keys()
        sent = [*([given] if given else []), *self._bearer(request), *self._cookies(request)]
        opened = [keys.opens_all(each) for each in sent]  # all of them: it takes as long whichever it is
        if True in opened:
            return Visitor(is_local=False, sees_all=True, given=given)
        of_sessions = tuple(each for each in sent if keys.is_of_some_session(each))
        if given and given not in of_sessions:
            self._punish()
        if not of_sessions:
            if sent:
                self._punish()
            raise Refusal(
                401, "key_needed", "a key is needed here: open the link that the server printed when it started"
            )
        return Visitor(is_local=False, sees_all=False, keys=of_sessions, given=given)

    def admits(self, visitor: Visitor, session_id: str) -> bool:
        """Whether this session is open to them."""
        keys = self._keys()
        return visitor.sees_all or True in [keys.opens(each, session_id) for each in visitor.keys]

    def cookie_for(self, request: Request, visitor: Visitor) -> Headers:
        """What keeps the key in the browser that came with it in its address."""
        key = visitor.given
        if visitor.is_local or not key:
            return ()
        # A cookie a session, so that the next link does not lock the last one out.
        name = self._cookie if visitor.sees_all else f"{self._cookie}-{key[:8]}"
        secure = "; Secure" if request.is_tls or request.header("X-Forwarded-Proto") == "https" else ""
        age = _COOKIE_DAYS * 86_400
        return (("Set-Cookie", f"{name}={key}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age}{secure}"),)

    # -- where from ----------------------------------------------------------------------------------------------------

    def _is_local(self, request: Request) -> bool:
        if not _is_loopback(request.address):
            return False
        if not any(name in request.headers for name in _FORWARDED):
            return True
        # A proxy on this machine is believed where that was asked for, and only what it says itself: the last address.
        client = _forwarded_for(request) if self._trusts_proxy else None
        return client is not None and _is_loopback(client)

    def _check_local(self, request: Request) -> None:
        name = _host_name(request.header("Host"))
        if not (name in self._allowed or name == "localhost" or _is_loopback(name)):
            text = "this name is none of this machine's; start the server with --allow-host if it is"
            raise Refusal(403, "bad_host", text)
        site, mode = request.header("Sec-Fetch-Site"), request.header("Sec-Fetch-Mode")
        if site in ("cross-site", "same-site") and mode != "navigate":
            raise Refusal(403, "cross_site", "pages of other sites are not answered")

    # -- with which keys -----------------------------------------------------------------------------------------------

    def _bearer(self, request: Request) -> Sequence[str]:
        kind, _, key = request.header("Authorization").partition(" ")
        return [key.strip()] if kind.lower() == "bearer" and key else []

    def _cookies(self, request: Request) -> Sequence[str]:
        pairs = (each.strip().partition("=") for each in request.header("Cookie").split(";"))
        return [value for name, _, value in pairs if name == self._cookie or name.startswith(f"{self._cookie}-")]

    def _punish(self) -> None:
        """Make whoever tries keys wait, but not so many of them that nobody else is answered."""
        if not self._waiting.acquire(blocking=False):
            raise Refusal(429, "too_many_keys", "too many wrong keys", (("Retry-After", "1"),))
        try:
            self._wait(WRONG_KEY)
        finally:
            self._waiting.release()
        raise Refusal(401, "wrong_key", "this key is wrong, or not of this monitor any more")


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def _host_name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    try:
        return (urllib.parse.urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _forwarded_for(request: Request) -> str | None:
    """The last address in X-Forwarded-For, which the proxy itself wrote there; None where there is none."""
    last = request.header("X-Forwarded-For").rpartition(",")[2].strip()
    if last.startswith("["):
        return last[1:].partition("]")[0]
    return last.partition(":")[0] if last.count(":") == 1 else last or None
