"""url: at which address is a session's page, or that of all?"""

from __future__ import annotations

import argparse
import os
from typing import Any

from session_monitor.asked.one_session import CURRENT, LAST, OWN_SESSION, own_session
from session_monitor.base import settings
from session_monitor.links import addresses, keys
from session_monitor.reports.report import NoSuchFolderError
from session_monitor.text import safe

from .shared import failures, parsers
from .shared.data import Data, meant
from .shared.failures import Failure
from .shared.output import Output, to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared,),
        "url",
        "print the link to a session's page, with the key that opens this session alone, or the one that opens all",
        "url agent:main:discord:channel:1465367993012981988",
        "url last --base https://monitor.example.org",
        "url --current",
        "url last --no-key --json",
        "url --all",
    )
    command.epilog += _ABOUT
    command.add_argument("session_id", nargs="?", metavar="SESSION_ID", help=parsers.SESSION)
    command.add_argument(
        "--current",
        action="store_true",
        help=f"the session that {' or '.join(OWN_SESSION)} names, else the one that talked last",
    )
    command.add_argument("--all", action="store_true", help="the overview, with the key that opens everything")
    command.add_argument(
        "--base",
        default=settings.BASE_URL,
        metavar="URL",
        help=f"where webserver.py is reached from there (default: {settings.BASE_URL.told})",
    )
    command.add_argument("--no-key", action="store_true", help="leave the key out: for who needs none")
    command.set_defaults(run=_url)


_ABOUT = """
Who runs webserver.py, and the owner of the data folder, need no key on that machine; a link with one works there too. A
session's key opens this one session, its texts included, and no other; --all prints the key that opens everything. They
hold until .web-key in the data folder is taken away.
"""


def _url(options: argparse.Namespace, output: Output, data: Data) -> None:
    if [bool(options.session_id), options.current, options.all].count(True) != 1:
        raise Failure("bad_session", "name a session, or say --current or --all", failures.USAGE)
    base = parsers.base(options.base)
    session_id = None if options.all else _asked(options, output, data)
    url = _link(base, session_id, None if options.no_key else _keys(data.folder))
    if output.is_json:
        output.print_json(to_json({"url": url, "session_id": session_id}))
        return
    print(url)


def _asked(options: argparse.Namespace, output: Output, data: Data) -> str:
    session_id = _current(output, data) if options.current or options.session_id == CURRENT else None
    return session_id or meant(data.report(), options.session_id or LAST)


def _link(base: str, session_id: str | None, known: keys.Keys | None) -> str:
    if session_id is None:
        return addresses.of_all(base, known.main if known else None)
    return addresses.of_session(base, session_id, known.of_session(session_id) if known else None)


def _current(output: Output, data: Data) -> str | None:
    """The session that the environment names: its link works as soon as the monitor has read a call of it."""
    session_id = own_session(os.environ)
    if session_id is not None and data.report().session(session_id) is None:
        output.complain(f"nothing is known of {safe.clean(session_id)} yet: its page is there once the log was read")
    return session_id


def _keys(folder: str) -> keys.Keys:
    try:
        return keys.of_folder(folder)
    except FileNotFoundError:
        raise NoSuchFolderError(folder) from None
    except keys.BadKeyFileError as mistake:
        raise Failure("bad_key_file", str(mistake)) from None
