"""Which calls does opencode tell of, by its database or by the files that it kept before?

A message of the model's is one call.  It is there while it is still being written, and has its tokens at its end.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from session_monitor.calls.usage import Usage
from session_monitor.recording.recorded_call import CallTexts, RecordedCall

from . import databases, json_lines
from .found import SOURCE, FileReading, FoundCall, found, mapping, moment, number, text, tool_call

AGENT = "opencode"
_PATHS = {"anthropic": "/v1/messages"}
_PATH = "/v1/chat/completions"
_STOPPED = "MessageAbortedError"
Parts = Callable[[str], Iterable[Mapping[str, Any]]]


def calls(path: str, reading: FileReading) -> Iterator[FoundCall]:
    """The calls of one database, or of one message's file.  Raises ``OSError``."""
    if not databases.is_database(path):
        yield from _of_file(path, reading)
        return
    yield from databases.calls(path, reading, _of_database)


def _of_file(path: str, reading: FileReading) -> Iterator[FoundCall]:
    with json_lines.opened(path) as file:
        message = mapping(json_lines.decoded(file.read(json_lines.LONGEST) + b"\n", reading))
    name = text(message.get("id")) or os.path.splitext(os.path.basename(path))[0]
    session = text(message.get("sessionID")) or os.path.basename(os.path.dirname(path))
    call = _call(session, message, reading)
    if call is not None:
        yield found(AGENT, name, call)


def _of_database(db: sqlite3.Connection, reading: FileReading) -> Iterator[FoundCall]:
    parents = dict(db.execute("SELECT id, parent_id FROM session"))
    rows = "SELECT session_id, max(time_updated), count(*) FROM message GROUP BY session_id"
    for session, *mark in sorted(db.execute(rows).fetchall(), key=repr):
        if reading.done.get(session) == mark:
            continue
        parent = parents.get(session)
        more = {"parent": f"{AGENT}:{parent}"} if text(parent) else {}
        for name, message in _messages(db, session, reading):
            call = _call(session, message, reading)
            if call is not None:
                said = _texts(db, name, message, reading) if reading.with_texts else None
                yield found(AGENT, name, call._replace(said=said, more=more))
        reading.done[session] = mark


def _messages(db: sqlite3.Connection, session: str, reading: FileReading) -> Iterator[tuple[str, Mapping[str, Any]]]:
    rows = "SELECT id, data FROM message WHERE session_id = ? ORDER BY time_created, id"
    for name, data in db.execute(rows, (session,)).fetchall():
        yield str(name), mapping(databases.document(data, None, reading))


def _call(session: str, message: Mapping[str, Any], reading: FileReading) -> RecordedCall | None:
    """The call of a message; None for a person's, and for one that is still being written, which has no tokens yet."""
    if message.get("role") != "assistant":
        return None
    counts, times = mapping(message.get("tokens")), mapping(message.get("time"))
    failure = mapping(message.get("error"))
    used = _usage(counts)
    if not (used.total_tokens or failure):
        return None
    began, ended = moment(times.get("created")), moment(times.get("completed"))
    if began is None:
        reading.passed_over["undated"] += 1
        return None
    is_left = failure.get("name") == _STOPPED
    return RecordedCall(
        session_id=f"{AGENT}:{session}",
        moment=began,
        path=_PATHS.get(str(message.get("providerID")), _PATH),
        source=SOURCE,
        agent=AGENT,
        model=text(message.get("modelID")),
        usage=used if used.total_tokens else None,
        status=number(mapping(failure.get("data")), "statusCode") if failure and not is_left else 200,
        flags="DC" if is_left else None,
        error=text(failure.get("name")),
        duration_ms=ended - began if ended is not None and ended > began else None,
    )


def _usage(counts: Mapping[str, Any]) -> Usage:
    cache = mapping(counts.get("cache"))
    return Usage(
        fresh_input=number(counts, "input"),
        cache_read=number(cache, "read"),
        cache_write=number(cache, "write"),
        visible_output=number(counts, "output"),
        reasoning=number(counts, "reasoning"),
    )


def _texts(db: sqlite3.Connection, name: str, message: Mapping[str, Any], reading: FileReading) -> CallTexts:
    parts = _parts(db, name, reading)
    tools = [part for part in parts if part.get("type") == "tool"]
    return CallTexts(
        question=_spoken(_parts(db, str(message.get("parentID")), reading), "text") or None,
        answer=_spoken(parts, "text"),
        reasoning=_spoken(parts, "reasoning") or None,
        tool_calls=[
            tool_call(each.get("callID"), each.get("tool"), mapping(each.get("state")).get("input")) for each in tools
        ],
    )


def _parts(db: sqlite3.Connection, message: str, reading: FileReading) -> list[Mapping[str, Any]]:
    rows = db.execute("SELECT data FROM part WHERE message_id = ? ORDER BY id", (message,))
    return [mapping(databases.document(data, None, reading)) for (data,) in rows]


def _spoken(parts: Iterable[Mapping[str, Any]], kind: str) -> str:
    return "\n".join(part["text"] for part in parts if part.get("type") == kind and text(part.get("text")))
