"""Who is asking, and what may they see?

Who runs the server, and who owns the data folder, see everything from this machine; anyone else needs a key: other
users of it, and with them the proxies and tunnels that bring in others.  A browser on this machine may be led here by a
page of somebody else's, under a name of theirs, so only names of this machine are answered.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import urllib.parse
from collections.abc import Collection, Sequence
from typing import Callable, NamedTuple

from session_monitor.links.keys import Keys
from session_monitor.text import own_names

from .exchange import Headers, Refusal, Request
from .peers import is_loopback

_FORWARDED = {
    *("forwarded", "forwarded-for", "via", "cdn-loop", "x-real-ip", "x-client-ip", "x-cluster-client-ip"),
    *("x-original-forwarded-for", "x-envoy-external-address", "true-client-ip", "cf-connecting-ip", "fastly-client-ip"),
}
_FORWARDED_BEGINS = "x-forwarded"
"""Marks of proxies and of tunnels, which no browser sends; some write ``_`` for ``-``."""
WRONG_KEY = 1.0
"""Seconds that the answer to a wrong key takes."""
_MOST_WAITING = 16
_COOKIE_DAYS = 30
_COOKIE = "monitor-key"
_KEY_NEEDED = own_names.as_typed(
    "a key is needed here: open the link that the server printed when it started, or the one that "
    "'python3 scripts/cli.py url --all --data-dir DIR' prints to the owner of its data folder"
)
_STRANGE_USER = "this comes from another user of this machine than the server's, or through a proxy, so "
_UNKNOWN_USER = "it is not known which user of this machine this comes from, so "

Trust = Callable[["int | None"], bool]
"""Whether a user of this machine, by id, sees everything without a key; None is one who is not known."""


def anybody(_user: int | None) -> bool:
    """Trust all users of this machine, and so whoever comes by a proxy on it that does not say so."""
    return True


def own_users(folder: str) -> Trust:
    """Trust who runs this process, and the owner of this folder, which may come later."""

    def trusts(user: int | None) -> bool:
        if user is None:
            return False
        # Programs that forward connections of others and do not say so often run as root; root itself can read the key.
        return user == os.geteuid() or (user != 0 and user == _owner(folder))

    return trusts


def _owner(path: str) -> int | None:
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


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
        trusts: Trust,
        *,
        allowed_hosts: Collection[str] = (),
        trusts_proxy: bool = False,
        base_path: str = "",
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """``keys`` are those of now; ``trusts`` says who on this machine needs none.

        ``allowed_hosts`` are names of this machine beside its own loopback ones; ``base_path`` is the path below which
        a browser sees the pages, and keeps their keys for.
        """
        self._keys = keys
        self._trusts = trusts
        self._allowed = {each.lower().rstrip(".") for each in allowed_hosts}
        self._trusts_proxy = trusts_proxy
        self._cookie_path = base_path or "/"
        self._wait = wait
        self._waiting = threading.Semaphore(_MOST_WAITING)

    def visitor(self, request: Request) -> Visitor:
        """Who is asking.  Raises ``Refusal``; that of a wrong key takes a while."""
        given = request.one("key")
        if self._is_local(request):
            self._check_local(request)
            return Visitor(is_local=True, sees_all=True, given=given)
        keys = self._keys()
        sent = [*([given] if given else []), *self._bearer(request), *_cookies(request, keys)]
        opened = [keys.opens_all(each) for each in sent]  # all of them: it takes as long whichever it is
        if True in opened:
            return Visitor(is_local=False, sees_all=True, given=given)
        of_sessions = tuple(each for each in sent if keys.is_of_some_session(each))
        if given and given not in of_sessions:
            self._punish()
        if not of_sessions:
            if sent:
                self._punish()
            raise Refusal(401, "key_needed", _cause(request) + _KEY_NEEDED)
        return Visitor(is_local=False, sees_all=False, keys=of_sessions, given=given)

    def admits(self, visitor: Visitor, session_id: str) -> bool:
        """Whether this session is open to them."""
        keys = self._keys()
        return visitor.sees_all or True in [keys.opens(each, session_id) for each in visitor.keys]

    def cookie_for(self, request: Request, visitor: Visitor) -> Headers:
        """What keeps the key in the browser that came with it in its address."""
        keys, key = self._keys(), visitor.given
        if visitor.is_local or not key or not (keys.opens_all(key) or keys.is_of_some_session(key)):
            return ()
        # A cookie a session, so that the next link locks out neither the last one nor who has the key of all.
        name = cookie_name(keys) + ("" if keys.opens_all(key) else f"-{key[:8]}")
        secure = "; Secure" if request.is_tls or _was_tls(request) else ""
        age = _COOKIE_DAYS * 86_400
        kept = f"HttpOnly; SameSite=Strict; Path={self._cookie_path}; Max-Age={age}{secure}"
        return (("Set-Cookie", f"{name}={key}; {kept}"),)

    # -- where from ----------------------------------------------------------------------------------------------------

    def _is_local(self, request: Request) -> bool:
        if not is_loopback(request.address) or not self._trusts(request.user):
            return False
        if not _is_forwarded(request):
            return True
        # A proxy of such a user is believed where that was asked for, and only what it says itself: the last address.
        client = _forwarded_for(request) if self._trusts_proxy else None
        return client is not None and is_loopback(client)

    def _check_local(self, request: Request) -> None:
        name = _host_name(request.header("Host"))
        if not (name in self._allowed or name == "localhost" or is_loopback(name)):
            text = "this name is none of this machine's; start the server with --allow-host if it is"
            raise Refusal(403, "bad_host", text)
        site, mode = request.header("Sec-Fetch-Site"), request.header("Sec-Fetch-Mode")
        if site in ("cross-site", "same-site") and mode != "navigate":
            raise Refusal(403, "cross_site", "pages of other sites are not answered")

    # -- with which keys -----------------------------------------------------------------------------------------------

    def _bearer(self, request: Request) -> Sequence[str]:
        kind, _, key = request.header("Authorization").partition(" ")
        return [key.strip()] if kind.lower() == "bearer" and key else []

    def _punish(self) -> None:
        """Make whoever tries keys wait, but not so many of them that nobody else is answered."""
        if not self._waiting.acquire(blocking=False):
            raise Refusal(429, "too_many_keys", "too many wrong keys", (("Retry-After", "1"),))
        try:
            self._wait(WRONG_KEY)
        finally:
            self._waiting.release()
        raise Refusal(401, "wrong_key", "this key is wrong, or not of this monitor any more: ask for a new link")


def cookie_name(keys: Keys) -> str:
    """The name of the cookie with the key that opens everything, and the beginning of those of sessions.

    A browser sends the cookies of all servers of a machine to each of them, so the name tells whose it is: no other
    one's takes its place, or is tried here as a key.
    """
    return f"{_COOKIE}-{hashlib.sha256(keys.main.encode()).hexdigest()[:12]}"


def _cookies(request: Request, keys: Keys) -> Sequence[str]:
    wanted = cookie_name(keys)
    pairs = (each.strip().partition("=") for each in request.header("Cookie").split(";"))
    return [value for name, _, value in pairs if name == wanted or name.startswith(f"{wanted}-")]


def _cause(request: Request) -> str:
    """Why somebody on this machine needs a key; empty for others."""
    if not is_loopback(request.address) or _is_forwarded(request):
        return ""
    return _UNKNOWN_USER if request.user is None else _STRANGE_USER


def _is_forwarded(request: Request) -> bool:
    names = (name.replace("_", "-") for name in request.headers)
    return any(name in _FORWARDED or name.startswith(_FORWARDED_BEGINS) for name in names)


def _was_tls(request: Request) -> bool:
    """Whether a proxy says that the browser spoke TLS with it.

    Anybody is believed: whoever makes it up gets a cookie that is kept from connections without TLS, and nothing else.
    """
    told = request.header("X-Forwarded-Proto").lower().split(",")
    return "https" in (each.strip() for each in told)


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
