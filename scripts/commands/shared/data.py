"""Which data folder, prices and session are meant?"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from session_monitor.base.timestamps import now
from session_monitor.prices import own_lists
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import BadPriceListError
from session_monitor.reports.report import Report
from session_monitor.sessions import deleted as tombstones
from session_monitor.sessions import write_lock
from session_monitor.text import safe

from . import failures
from .failures import NOT_FOUND, USAGE, Failure, bad_prices
from .output import progress


def book(folder: str) -> Book:
    """The prices for this data folder."""
    try:
        return own_lists.book(folder, os.environ)
    except BadPriceListError as error:
        raise bad_prices(error) from None


def sessions_of(folder: str, priced_by: Book | None = None) -> Report:
    """The answers about this data folder, with its own prices unless there are others."""
    return Report(folder, priced_by or book(folder), functools.partial(progress, "making the index"), now())


def meant(found: Report, text: str) -> str:
    """The id of the one session that somebody means: an id, a part of one, ``last``, or a link.  Raises ``Failure``."""
    wanted = id_of(text)
    ids = found.named(wanted)
    if len(ids) == 1 or (wanted == "last" and ids):
        return ids[0]
    if not ids:
        raise unknown_session(found, wanted)
    told = "\n".join(f"  {safe.clean(each)}" for each in ids[:10])
    more = "" if len(ids) <= 10 else "\n  …"
    text = f"{safe.clean(wanted)} is a part of several ids; name more of the one that is meant:\n{told}{more}"
    raise Failure("ambiguous_session", text, USAGE)


def id_of(text: str) -> str:
    """The id in a link to a session's page, ``http://localhost:8888/session?id=…``; what is no link is an id itself."""
    if not text.startswith(("http://", "https://")):
        return text
    import urllib.parse  # noqa: PLC0415 -- most name an id

    link = urllib.parse.urlsplit(text)
    ids = urllib.parse.parse_qs(link.query).get("id")
    return ids[0] if ids and link.path.rstrip("/").endswith("/session") else text


def unknown_session(found: Report, session_id: str) -> Failure:
    """There is no such session; some may have been meant."""
    near = found.near_misses(session_id)
    hint = (
        "\n".join(["did you mean", *(f"  {safe.clean(each)}" for each in near)])
        if near
        else "'list' shows those that there are"
    )
    return Failure("session_not_found", f"no session {safe.clean(session_id)} in {found.folder}; {hint}", NOT_FOUND)


def unknown_model(book: Book, name: str) -> Failure:
    """There is no price for this model; some may have been meant."""
    import difflib  # noqa: PLC0415 -- only a mistake needs it

    near = difflib.get_close_matches(name.lower(), [found.key for found in book.models()], 5)
    hint = "\n".join(["did you mean", *(f"  {each}" for each in near)]) if near else "'pricing list' shows those known"
    return Failure("model_not_found", f"no price is known for {safe.clean(name)}; {hint}", NOT_FOUND)


def writable_folder(options: argparse.Namespace) -> str:
    folder: str = options.data_dir
    if not os.path.isdir(folder):
        raise failures.no_folder(folder)
    return folder


@contextmanager
def failing(folder: str) -> Iterator[None]:
    """Say what can be done where it fails."""
    try:
        yield
    except write_lock.BusyError as busy:
        text = f"{busy.strerror}, and nothing was done. Try again; {busy.filename} is what they hold meanwhile"
        raise Failure("busy", text) from None
    except tombstones.DeletedListDamagedError as damaged:
        text = f"{damaged}, and nothing was deleted. Put it back from a backup, or take it away"
        raise Failure("bad_list", f"{text}: then what {folder} had deleted comes back if logs are read again") from None
    except OSError as error:
        text = f"{error.filename or folder}: {error.strerror or error}. See that this user may write there"
        raise Failure("unwritable", text) from None
