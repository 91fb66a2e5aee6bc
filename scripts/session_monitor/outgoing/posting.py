"""How is something posted?  Once, to exactly this address: no redirect is followed, and nothing takes longer than it may."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Optional

from . import networks

TIME_OUT = 10.0
"""Seconds for each step: to connect, to send, for the next bytes of the answer."""
ALTOGETHER = 30.0
"""Seconds from the connection on until the answer is there."""
MOST = 1 << 16
"""Bytes of an answer that are read."""


class HttpPost(NamedTuple):
    """A POST, whole."""

    url: str
    body: bytes
    headers: dict[str, str]


class Outcome(NamedTuple):
    """What came of one try.

    ``status`` is HTTP's, the mail server's, or a program's exit code, and None where there was none; then ``trouble`` says
    why.  ``was_sent``: all of it had gone, so that it may have been taken without an answer.
    """

    status: Optional[int]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    body: bytes = b""
    retry_after: Optional[str] = None  # noqa: UP045
    trouble: str = ""
    was_sent: bool = False
    is_final: bool = False
    """Trying again changes nothing."""


class NoWayError(Exception):
    """There is no way to the receiver as things are set up; the argument says why, without the address."""


def post(
    sent: HttpPost,
    environment: Mapping[str, str],
    *,
    is_http_allowed: bool = False,
    time_out: float = TIME_OUT,
    altogether: float = ALTOGETHER,
    most: int = MOST,
) -> Outcome:
    """Post it; what came of that, up to so many bytes of the answer.  Nothing is raised, and no address is in what is told."""
    was_sent = False
    try:
        connection, path = _way(sent.url, environment, time_out, is_http_allowed=is_http_allowed)
        with contextlib.closing(connection):
            connection.connect()
            with _ended(connection.sock, altogether):
                connection.request("POST", path, sent.body, sent.headers)
                was_sent = True
                return _answer(connection.getresponse(), most)
    except NoWayError as wrong:
        return Outcome(None, trouble=str(wrong), is_final=True)
    except UnicodeError:  # a part of the host's name is empty, or too long
        return Outcome(None, trouble="no connection: the address has a host that no name can be", is_final=True)
    except (OSError, http.client.HTTPException) as error:
        return Outcome(None, trouble=trouble(error, time_out, was_sent=was_sent), was_sent=was_sent)


def _answer(response: http.client.HTTPResponse, most: int) -> Outcome:
    """What came; of an answer that was cut off the status, and what there is of the rest."""
    body = bytearray()
    with contextlib.suppress(OSError, http.client.HTTPException):
        while len(body) < most:
            block = response.read1(most - len(body))
            if not block:
                break
            body += block
    return Outcome(response.status, bytes(body), response.getheader("Retry-After"), was_sent=True)


@contextlib.contextmanager
def _ended(sock: socket.socket, seconds: float) -> Iterator[None]:
    """End a conversation that goes on for too long, though each step is in time."""

    def end() -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def trouble(error: Exception, time_out: float, *, was_sent: bool) -> str:
    """Why there is no answer, in words, with nothing of the address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message} (SSL_CERT_FILE names others)"
    if isinstance(error, socket.timeout):
        return f"no {'answer' if was_sent else 'connection'} within {time_out:g} s"
    if was_sent:
        return "the connection ended without an answer"
    if isinstance(error, OSError):
        return f"no connection: {error.strerror or error.__class__.__name__}"
    return f"no connection: {error.__class__.__name__}"


# -- the way there -----------------------------------------------------------------------------------------------------


def _way(
    url: str, environment: Mapping[str, str], time_out: float, *, is_http_allowed: bool
) -> tuple[http.client.HTTPConnection, str]:
    """A connection that is not open yet, and what is asked for over it.  Raises NoWayError, and ``OSError``."""
    parts = urllib.parse.urlsplit(url)
    host, port = parts.hostname or "", parts.port
    path = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    proxy = proxy_for(parts.scheme, host, environment)
    whole = urllib.parse.urlunsplit(parts._replace(fragment=""))
    if parts.scheme == "http":
        if not is_http_allowed and not _is_own(host, port or 80):
            raise NoWayError("http would go over the network as anybody can read it: use https, or allow_http=true")
        if proxy is None:
            return http.client.HTTPConnection(host, port, timeout=time_out), path
        return http.client.HTTPConnection(proxy[0], proxy[1], timeout=time_out), whole
    context = trusted(environment)
    if proxy is None:
        return http.client.HTTPSConnection(host, port, timeout=time_out, context=context), path
    connection = http.client.HTTPSConnection(proxy[0], proxy[1], timeout=time_out, context=context)
    connection.set_tunnel(host, port or 443, proxy[2])
    return connection, path


def trusted(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Whose certificates are trusted: the system's, or those of SSL_CERT_FILE."""
    file = environment.get("SSL_CERT_FILE")
    try:
        return ssl.create_default_context(cafile=file or None)
    except OSError:
        raise NoWayError("SSL_CERT_FILE names no file with certificates") from None


def _is_own(host: str, port: int) -> bool:
    """Whether all addresses of a host are of this machine or of networks of one's own.  Raises ``OSError``."""
    is_private = networks.is_private(host)
    if is_private is not None:
        return is_private
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return all(networks.is_private(str(address[0])) for *_, address in found)


def proxy_for(scheme: str, host: str, environment: Mapping[str, str]) -> tuple[str, int, dict[str, str]] | None:
    """Host, port and headers of the proxy that the environment names for this; None for none.  Raises NoWayError.

    What is on this machine is reached without one.
    """
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
    named = next((environment[name] for name in names if environment.get(name)), None)
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    is_here = host == "localhost" or host.startswith("127.") or host == "::1"
    if named is None or is_here or urllib.request.proxy_bypass_environment(host, {"no": spared}):  # type: ignore[attr-defined]
        return None
    try:
        parts = urllib.parse.urlsplit(named if "://" in named else f"http://{named}")
        port = parts.port or 80
    except ValueError:
        parts, port = urllib.parse.urlsplit(""), 0
    if parts.scheme != "http" or not parts.hostname:
        raise NoWayError("the environment names a proxy that is none of http://")
    if parts.username is None:
        return parts.hostname, port, {}
    user = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
    return parts.hostname, port, {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
