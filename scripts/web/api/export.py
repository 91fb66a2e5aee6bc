"""How does a session leave as a file?"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from session_monitor.conversations import html_page, markdown_page
from session_monitor.exports import formats
from session_monitor.prices import book as prices
from session_monitor.prices import cost
from session_monitor.reports.session_rows import SessionRow
from session_monitor.sessions.rounds import all_rounds, open_session
from web.server.exchange import JSON, SCHEMA_VERSION, Request, Stream

from . import parameters
from .questions import Setting
from .redaction import refuse_texts, without_texts

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

_FORMATS = {"json": JSON, "md": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8"}


class Export(NamedTuple):
    """Which session as what."""

    session_id: str
    form: str


def export_of(request: Request, setting: Setting) -> Export:
    """What is asked for.  Raises ``Refusal``."""
    found = Export(parameters.session_id(request), parameters.choice(request, "format", tuple(_FORMATS), "json"))
    if found.form != "json":
        refuse_texts(setting)
    return found


def export(asked: Export, row: SessionRow, folder: str, book: prices.Book, *, redacts: bool) -> Stream:
    """The whole session, piece by piece, from its file."""
    with open_session(folder, row.file):  # so that a file that is gone is told before anything is
        pass
    rounds = ((entry, book.price(cost.call_of(entry))) for entry in _stored(folder, row.file))
    if asked.form == "json":
        pieces: Iterator[str] = _json(row, rounds, redacts=redacts)
    else:
        form = markdown_page if asked.form == "md" else html_page
        pieces = form.pieces(row.fields, row.spending, rounds, full=True)
    name = f"session.{asked.form}"
    marked = urllib.parse.quote(f"{asked.session_id[:100]}.{asked.form}", safe="", errors="replace")
    shown = f"attachment; filename=\"{name}\"; filename*=UTF-8''{marked}"
    return Stream(_FORMATS[asked.form], _encoded(pieces), (("Content-Disposition", shown),))


def _stored(folder: str, name: str) -> Iterator[StoredRound]:
    with open_session(folder, name) as file:
        yield from all_rounds(file)


def _json(row: SessionRow, rounds: Iterable[tuple[StoredRound, cost.Outcome]], *, redacts: bool) -> Iterator[str]:
    yield formats.to_json({"schema_version": SCHEMA_VERSION, **row.to_json()})[:-1] + ', "rounds": ['
    for number, (entry, outcome) in enumerate(rounds):
        shown = {**entry, **cost.to_json(outcome)}
        if redacts:
            calls = [{**(each if isinstance(each, dict) else {}), "result": None} for each in entry["tool_calls"]]
            shown = without_texts({**shown, "tool_calls": calls})
        yield (",\n" if number else "\n") + formats.to_json(shown)
    yield "\n]}\n"


def _encoded(pieces: Iterator[str]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.encode("utf-8", "backslashreplace")
