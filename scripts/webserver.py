#!/usr/bin/env python3
"""Serves the web page: which sessions there are, and what was said in each."""

from __future__ import annotations

import argparse
import contextlib
import errno
import functools
import os
import re
import signal
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

if sys.version_info < (3, 9):  # noqa: UP036 -- in words, before an older one fails at what it does not know
    sys.exit(f"webserver.py: this is Python {sys.version.split()[0]}: run it with Python 3.9 or newer")

from session_monitor import __version__
from session_monitor.base import data_folder, files, mounts, settings, signals, timestamps
from session_monitor.links import addresses
from session_monitor.links.keys import BadKeyFileError, KeptKeys
from session_monitor.prices.price_list import BadPriceListError
from session_monitor.text import own_names, safe
from session_monitor.text.help import HelpFormatter
from web import static
from web.answers import follower
from web.answers.desk import Desk
from web.answers.folder import Folder
from web.answers.titles import Titles
from web.server import access, peers
from web.server.access import Door
from web.server.connections import Connections
from web.server.handler import Service
from web.server.server import Server
from web.site import Site

_NOT_TOLD = (
    "this system does not tell here which user of this machine a connection comes from (neither sock_diag nor "
    "/proc/net/tcp can be read), so everybody needs the link"
)
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 -- names for it
_EXAMPLES = """\
examples:
  python3 scripts/webserver.py
  python3 scripts/webserver.py --data-dir /var/lib/sessions --port 8888
  python3 scripts/webserver.py --host 127.0.0.1 --redact
  python3 scripts/webserver.py --tls-cert cert.pem --tls-key key.pem

On this machine its user, and the owner of the data folder, need no key. Everybody else needs the link that is printed at
the start and by 'cli.py url --all', or a link to one session ('cli.py url ID --base http://this-machine:8888'), which
opens that session alone.

exit codes: 0 ended by SIGTERM or Ctrl-C, 1 it could not start, 2 wrong arguments
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal ends it; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings.settle(vars(options), os.environ)
    except (settings.BadConfigError, OSError) as mistake:
        _parser().error(str(mistake))
    options.told = options.data_dir
    if mounts.is_elsewhere(options.data_dir):
        try:
            options.data_dir = _mounted(options.data_dir)
        except ValueError as mistake:
            _parser().error(str(mistake))
    if bool(options.tls_cert) != bool(options.tls_key):
        _parser().error("--tls-cert and --tls-key belong together")
    try:
        return _serve(options)
    except (BadPriceListError, BadKeyFileError) as mistake:
        return _fail(str(mistake))
    except ssl.SSLError as error:
        given = f"{options.tls_cert} and {options.tls_key}"
        return _fail(f"{given} are no certificate with its key: {error.reason or error}")
    except OSError as error:
        return _fail(_in_words(error, options))


def _mounted(address: str) -> str:
    """The folder that stands for a database.  Raises ``BadAddressError``, and ``OSError``."""
    from session_monitor.fleet import home  # noqa: PLC0415 -- most serve a folder

    return home.mounted(address, os.environ)


def _serve(options: argparse.Namespace) -> int:
    ended = threading.Event()
    with signals.waking(dict.fromkeys((signal.SIGTERM, signal.SIGINT), functools.partial(_end, ended))) as wake:
        log = _quiet if options.quiet else _Log()
        tls = _tls(options)
        with contextlib.suppress(FileNotFoundError):  # it need not be there yet
            data_folder.check_whose(options.data_dir)
        folder = Folder(options.data_dir, os.environ)
        keys = KeptKeys(options.data_dir, _say)
        key = keys().main  # where it cannot be read, nothing is served
        stopping = threading.Event()
        user_of = peers.teller()
        desk = Desk(folder, timestamps.now)
        site = _site(options, desk, keys, stopping)
        follower.follow(folder, stopping.wait)
        service = Service(site.respond, site.refuse, log, site.connections, tls, user_of=user_of or peers.unknown)
        server = Server((options.host, options.port), service)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True).start()
        _greet(options, server.server_port, key, is_there=folder.state().is_there)
        if user_of is None and not _trusts_all(options):
            _say(_NOT_TOLD)
        while not ended.is_set():
            signals.wait(wake)
        stopping.set()
        server.stop()
        desk.close()
        folder.close()
    return 0


def _site(options: argparse.Namespace, desk: Desk, keys: KeptKeys, stopping: threading.Event) -> Site:
    door = Door(
        keys,
        access.anybody if _trusts_all(options) else access.own_users(options.data_dir),
        allowed_hosts=options.allow_host,
        trusts_proxy=options.trust_proxy,
        base_path=options.base_path,
        wait=stopping.wait,
    )
    opened = Connections()
    kept = (static.files(), opened, Titles(), stopping.wait)
    return Site(desk, door, keys, *kept, redacts=options.redact, base_path=options.base_path)


def _trusts_all(options: argparse.Namespace) -> bool:
    """Whether all users of this machine are as good as its own: where that was asked for, or cannot be told apart."""
    return options.trust_local_users or not peers.IS_TOLD


def _end(ended: threading.Event, number: int, _frame: FrameType | None) -> None:
    ended.set()
    signal.signal(number, signal.SIG_DFL)  # the second time it ends at once


# -- arguments ---------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Serve the web page: all sessions, and what was said in each.",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"agent-session-monitor {__version__}")
    parser.add_argument(
        "--data-dir",
        default=settings.DATA_DIR,
        metavar="DIR",
        help=f"where main.py keeps the sessions (default: {settings.DATA_DIR.told})",
    )
    parser.add_argument("--port", type=_port, default=8888, help="0 is any that is free (default: 8888)")
    parser.add_argument(
        "--host",
        metavar="ADDRESS",
        default=_EVERYWHERE[0],
        help="address to listen at: 127.0.0.1 for this machine alone (default: 0.0.0.0)",
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="certificate, with those between it and its root (PEM)")
    parser.add_argument("--tls-key", metavar="FILE", help="its private key (PEM)")
    parser.add_argument("--redact", action="store_true", help="serve tokens and costs, and nothing of what was said")
    parser.add_argument(
        "--trust-proxy",
        action="store_true",
        help="believe the X-Forwarded-For of a proxy on this machine, so that its users on this machine need no key; the "
        "proxy's own user must be one who needs none",
    )
    parser.add_argument(
        "--trust-local-users",
        action="store_true",
        help="ask no user of this machine for a key, nor whoever comes by a proxy on it that sends no X-Forwarded-For",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name of this machine beside localhost under which it is opened on the machine itself; several times",
    )
    parser.add_argument(
        "--base-path",
        type=_base_path,
        default="",
        metavar="PATH",
        help="the path below which a proxy shows the pages, such as /monitor, whether or not it takes it away",
    )
    parser.add_argument("--quiet", action="store_true", help="no line for each request on stderr")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to 65535")
    return int(text)


def _base_path(text: str) -> str:
    """A path without a slash at its end; empty is that of the host itself."""
    path = text.rstrip("/")
    if not re.fullmatch(r"(/[\w~-][\w.~-]*)*", path, re.ASCII):
        raise argparse.ArgumentTypeError(f"{text!r} is no path such as /monitor")
    return path


def _tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    if not options.tls_cert:
        return None
    for path in (options.tls_cert, options.tls_key):
        with open(path, "rb"):  # names the file that lacks, which SSL does not
            pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(options.tls_cert, options.tls_key, password=lambda: "")
    return context


# -- what is said ------------------------------------------------------------------------------------------------------


def _greet(options: argparse.Namespace, port: int, key: str, *, is_there: bool) -> None:
    scheme = "https" if options.tls_cert else "http"
    path = options.base_path
    is_everywhere = options.host in _EVERYWHERE
    here = "localhost" if is_everywhere else f"[{options.host}]" if ":" in options.host else options.host
    print(f"Serving {safe.clean(options.told)} at {scheme}://{here}:{port}{path}/", flush=True)
    is_here_alone = peers.is_loopback(options.host) or options.host == "localhost"
    whom = "For other users of this machine" if is_here_alone else "From elsewhere"
    there = "<this machine's name>" if is_everywhere else here
    print(f"{whom}, with its key: {addresses.of_all(f'{scheme}://{there}:{port}{path}', key)}", flush=True)
    if not is_there:
        hint = (
            f"There is no folder {options.data_dir} yet: run 'python3 main.py --log-path LOG --output-dir DIR' first."
        )
        print(own_names.as_typed(safe.clean(hint)), flush=True)


def _in_words(error: OSError, options: argparse.Namespace) -> str:
    place = f"{options.host}:{options.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{place} is in use: another server listens there; choose another --port"
    if error.errno in (errno.EACCES, errno.EPERM) and not error.filename:
        return f"this user may not listen at {place}: choose a --port above 1023"
    if isinstance(error, files.OddFileError):
        return str(error)
    if error.filename:
        return f"{error.filename}: {error.strerror}. See that this user may read it"
    return f"cannot listen at {place}: {error.strerror or error}"


def _fail(text: str) -> int:
    _say(text)
    return 1


def _say(text: str) -> None:
    print(own_names.as_typed(f"webserver.py: {safe.clean(text, newlines=True)}"), file=sys.stderr, flush=True)


class _Log:
    """The access lines, on stderr."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, line: str) -> None:
        when = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        if sys.stderr is None:  # it was started without
            return
        with self._lock, contextlib.suppress(OSError):  # a full disk there is no reason to answer nobody
            sys.stderr.write(f"{when} {line}\n")
            sys.stderr.flush()


def _quiet(_line: str) -> None:
    """Say nothing."""


if __name__ == "__main__":
    sys.exit(main())
