"""Which calls does OpenClaw tell of, by its database or by the files that it kept before?

Both hold the same events; in the database they may be compressed, and old sessions packed away.  A session's key is what
OpenClaw sends to a gateway as its id; only where that is not known any more, the session goes by its own id.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from session_monitor.calls.usage import Usage
from session_monitor.recording.recorded_call import CallTexts, RecordedCall

from . import databases, json_lines
from .found import SOURCE, FileReading, FoundCall, found, listed, mapping, moment, number, tells, text, tool_call

AGENT = "openclaw"
_PATHS = {
    "openai-responses": "/v1/responses",
    "openai-completions": "/v1/chat/completions",
    "anthropic-messages": "/v1/messages",
}
_PATH = "/v1/chat/completions"
_COUNTS = ("input", "output", "cacheRead", "cacheWrite")
_OWN = ("openclaw",)
"""Providers that are OpenClaw itself: what it says by itself was no call."""
_ID = re.compile(r"[^.]+")


def calls(path: str, reading: FileReading) -> Iterator[FoundCall]:
    """The calls of one file or database.  Raises ``OSError``."""
    if not databases.is_database(path):
        session = _ID.match(os.path.basename(path))
        yield from _of_events(
            _session_of(path, session[0] if session else ""), json_lines.objects(path, reading), reading
        )
        return
    yield from databases.calls(path, reading, _of_database)


# -- the database ------------------------------------------------------------------------------------------------------


def _of_database(db: sqlite3.Connection, reading: FileReading) -> Iterator[FoundCall]:
    keys = dict(db.execute("SELECT session_id, session_key FROM session_windows"))
    marks = db.execute("SELECT session_id, max(seq), count(*) FROM transcript_events GROUP BY session_id").fetchall()
    is_packed = "event_zstd" in databases.columns(db, "transcript_events")
    events = f"SELECT event_json, {'event_zstd' if is_packed else 'NULL'} FROM transcript_events WHERE session_id = ? ORDER BY seq"  # noqa: S608
    for session, *mark in sorted(marks, key=repr):
        if reading.done.get(session) == mark:
            continue
        before = sum(reading.passed_over.values())
        rows = (databases.document(raw, packed, reading) for raw, packed in db.execute(events, (session,)))
        yield from _of_events(_name(keys.get(session), session), map(mapping, rows), reading)
        if sum(reading.passed_over.values()) == before:
            reading.done[session] = mark
    yield from _archived(db, keys, reading)


def _archived(db: sqlite3.Connection, keys: Mapping[str, str], reading: FileReading) -> Iterator[FoundCall]:
    """The calls of sessions that were packed away."""
    if "archive_blob" not in databases.columns(db, "session_transcript_cold_archives"):
        return
    rows = "SELECT session_id, generation, archive_blob FROM session_transcript_cold_archives ORDER BY session_id"
    for session, generation, blob in db.execute(rows):
        name, mark = f"archive:{session}", generation
        if reading.done.get(name) == mark:
            continue
        raw = databases.unpacked(blob) if isinstance(blob, bytes) else None
        if raw is None:
            reading.passed_over["archived"] += 1
            continue
        events = (json_lines.decoded(line + b"\n", reading) for line in raw.splitlines())
        yield from _of_events(_name(keys.get(session), session), map(mapping, events), reading)
        reading.done[name] = mark


# -- the files of before -----------------------------------------------------------------------------------------------


def _session_of(path: str, session: str) -> str:
    """The name of the session of a file: its key, where the list beside it has that."""
    try:
        with json_lines.opened(os.path.join(os.path.dirname(path), "sessions.json")) as file:
            known = mapping(json.loads(file.read(json_lines.LONGEST)))
    except (OSError, ValueError, RecursionError):
        known = {}
    return _name(next((key for key, told in known.items() if mapping(told).get("sessionId") == session), None), session)


def _name(key: object, session: str) -> str:
    return text(key) or f"{AGENT}:{session}"


# -- events ------------------------------------------------------------------------------------------------------------


def _of_events(session: str, events: Iterable[Mapping[str, Any]], reading: FileReading) -> Iterator[FoundCall]:
    question = None
    for event in events:
        message = mapping(event.get("message"))
        if event.get("type") != "message":
            continue
        if message.get("role") == "user":
            question = _spoken(message)
        elif message.get("role") == "assistant" and message.get("provider") not in _OWN:
            call = _call(session, event, message, reading)
            if call is not None:
                said = _texts(message, question) if reading.with_texts else None
                # Ids of events are short, and copies of one keep its time.
                yield found(AGENT, f"{event.get('id')}:{call.moment}", call._replace(said=said))
            question = None


def _call(
    session: str, event: Mapping[str, Any], message: Mapping[str, Any], reading: FileReading
) -> RecordedCall | None:
    counts = mapping(message.get("usage"))
    used = sum(number(counts, name) for name in _COUNTS)
    is_failed = message.get("stopReason") == "error"
    if not (used or is_failed):
        return None
    at = moment(message.get("timestamp")) or moment(event.get("timestamp"))
    if at is None:
        reading.passed_over["undated"] += 1
        return None
    return RecordedCall(
        session_id=session,
        moment=at,
        path=_PATHS.get(str(message.get("api")), _PATH),
        source=SOURCE,
        agent=AGENT,
        model=text(message.get("model")),
        call_id=text(message.get("responseId")),
        usage=_usage(counts) if used else None,
        status=0 if is_failed and not used else 200,
        flags="UC" if is_failed and used else None,
        error="API error" if is_failed else None,
    )


def _usage(counts: Mapping[str, Any]) -> Usage | None:
    if not tells(counts, *_COUNTS):
        return None
    output = number(counts, "output")
    reasoning = min(output, number(counts, "reasoningTokens"))
    read, written = number(counts, "cacheRead"), number(counts, "cacheWrite")
    return Usage(number(counts, "input"), read, written, output - reasoning, reasoning)


def _spoken(message: Mapping[str, Any]) -> str | None:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = map(mapping, listed(content))
    return "\n".join(part["text"] for part in parts if part.get("type") == "text" and text(part.get("text"))) or None


def _texts(message: Mapping[str, Any], asked: str | None) -> CallTexts:
    parts = list(map(mapping, listed(message.get("content"))))
    tools = [part for part in parts if part.get("type") == "toolCall"]
    return CallTexts(
        question=asked,
        answer=_spoken(message) or "",
        reasoning="\n".join(part["thinking"] for part in parts if text(part.get("thinking"))) or None,
        tool_calls=[tool_call(each.get("id"), each.get("name"), each.get("arguments")) for each in tools],
    )
