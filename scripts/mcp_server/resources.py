"""What are sessions as resources, which a person picks for a model to read?

``session://ID`` is a session as Markdown: its sums, and its last rounds, long texts cut.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from .protocol.messages import INVALID_PARAMS, RefusedError
from .tools.folder import FolderDesk

SCHEME = "session://"
TEMPLATES = [
    {
        "uriTemplate": "session://{id}",
        "name": "session",
        "title": "A session",
        "description": "What a session used and cost, and its last rounds; id is percent-encoded, last or current",
        "mimeType": "text/markdown",
    }
]
_PAGE = 20
_ROUNDS = 5
_MOST = 30_000
"""Characters of a session."""
_TITLE = 80


def listed(desk: FolderDesk, params: dict[str, Any]) -> dict[str, Any]:
    """A page of the sessions, the latest first.  Raises ``RefusedError`` for a cursor that is none."""
    from urllib.parse import quote

    from .tools import answers

    at = _offset(params.get("cursor"))
    report = desk.report()
    page = report.sessions(limit=_PAGE, offset=at)
    resources = [
        {
            "uri": SCHEME + quote(row.fields["session_id"], safe="", errors="surrogatepass"),
            "name": row.fields["session_id"],
            "title": answers.cut(report.title_of(row), _TITLE) or row.fields["session_id"],
            "mimeType": "text/markdown",
        }
        for row in page.rows
    ]
    more = {"nextCursor": str(at + _PAGE)} if at + _PAGE < page.meant else {}
    return {"resources": answers.cleaned(resources), **more}


def _offset(cursor: object) -> int:
    if cursor is None:
        return 0
    if isinstance(cursor, str) and cursor.isascii() and cursor.isdecimal() and len(cursor) < 10:
        return int(cursor)
    raise RefusedError(INVALID_PARAMS, "Invalid cursor")


def read(desk: FolderDesk, params: dict[str, Any]) -> dict[str, Any]:
    """One session.  Raises ``RefusedError`` where there is none, and ``ToolMistakeError`` where none is meant."""
    from urllib.parse import unquote

    from session_monitor.conversations import conversation
    from session_monitor.conversations.conversation import Wanted

    from .tools import asked

    uri = params.get("uri")
    if not isinstance(uri, str) or not uri.startswith(SCHEME):
        raise RefusedError(INVALID_PARAMS, "Resource not found", {"uri": uri})
    try:
        wanted = unquote(uri[len(SCHEME) :], errors="surrogatepass")
    except UnicodeDecodeError:
        raise RefusedError(INVALID_PARAMS, "Resource not found", {"uri": uri}) from None
    report = desk.report()
    session_id = asked.session_id(desk, report, wanted)
    found = conversation.of(report, session_id, full_messages=False, rounds=Wanted(newest=_ROUNDS))
    if found is None:
        raise asked.gone(session_id)
    return {"contents": [{"uri": uri, "mimeType": "text/markdown", "text": _text(found)}]}


def _text(found: Any) -> str:
    from session_monitor.conversations import markdown_page

    from .tools import answers

    total = found.row.fields["messages_count"]
    what = found.row.fields, found.row.spending, found.rounds
    pieces = markdown_page.pieces(*what, messages=False, full=False)
    note = f"> {answers.UNTRUSTED}. The last {min(_ROUNDS, total)} of {total:,} rounds; get_rounds has the others.\n\n"
    text: str = answers.cleaned("".join(_up_to(itertools.chain([note], pieces), _MOST)))
    return answers.cut(text, _MOST) or ""


def _up_to(pieces: Iterator[str], most: int) -> Iterator[str]:
    """The first of them that have so many characters together."""
    for piece in pieces:
        yield piece
        most -= len(piece)
        if most < 0:
            return
