"""How does a session leave as a file?"""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from session_monitor.conversations import conversation, html_page, markdown_page
from session_monitor.exports import formats
from session_monitor.prices import cost
from session_monitor.prices.book import Book
from session_monitor.reports.sessions.session_rows import SessionRow, Threads
from session_monitor.sessions.rounds import all_rounds, open_session
from web.asking import parameters
from web.asking.questions import Setting
from web.asking.redaction import refuse_texts, without_texts
from web.server.exchange import JSON, SCHEMA_VERSION, Request, Stream

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

_KINDS = {"json": JSON, "md": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8"}
"""The formats, with their media types."""


class SessionExport(NamedTuple):
    """Which session is asked for, and in which format."""

    session_id: str
    form: str

    @classmethod
    def of(cls, request: Request, setting: Setting) -> SessionExport:
        """What a request asks for.  Raises ``Refusal``."""
        session_id = parameters.session_id(request)
        form = parameters.choice(request, "format", tuple(_KINDS), "json")
        if form != "json":
            refuse_texts(setting)
        return cls(session_id, form)


def stream(
    asked: SessionExport, row: SessionRow, threads: Threads, folder: str, book: Book, *, redacts: bool
) -> Stream:
    """The whole session, piece by piece, from its file.  Raises ``OSError`` where that is gone."""
    with open_session(folder, row.file):  # so that a file that is gone is told before anything is
        pass
    stored = conversation.with_what_others_tell(_stored(folder, row.file), threads)
    rounds = ((entry, book.price(cost.call_of(entry))) for entry in stored)
    if asked.form == "json":
        pieces: Iterator[str] = _json(row, rounds, redacts=redacts)
    else:
        form = markdown_page if asked.form == "md" else html_page
        pieces = form.pieces(row.fields, row.spending, rounds, messages=True, full=True)
    return Stream(_KINDS[asked.form], _encoded(pieces), (("Content-Disposition", _disposition(asked)),))


def _disposition(asked: SessionExport) -> str:
    """The name of the file, with the session's id for who takes any letter, and without it for others."""
    name = urllib.parse.quote(f"{asked.session_id[:100]}.{asked.form}", safe="", errors="replace")
    return f"attachment; filename=\"session.{asked.form}\"; filename*=UTF-8''{name}"


def _stored(folder: str, name: str) -> Iterator[StoredRound]:
    with open_session(folder, name) as file:
        yield from all_rounds(file)


def _json(row: SessionRow, rounds: Iterable[tuple[StoredRound, cost.Outcome]], *, redacts: bool) -> Iterator[str]:
    yield formats.to_json({"schema_version": SCHEMA_VERSION, **row.to_json()})[:-1] + ', "rounds": ['
    for number, (entry, outcome) in enumerate(rounds):
        shown = conversation.with_names(conversation.to_json(entry, outcome))
        if redacts:
            calls = [{**(call if isinstance(call, dict) else {}), "result": None} for call in entry["tool_calls"]]
            shown = without_texts({**shown, "tool_calls": calls})
        yield (",\n" if number else "\n") + formats.to_json(shown)
    yield "\n]}\n"


def _encoded(pieces: Iterator[str]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.encode("utf-8", "backslashreplace")
