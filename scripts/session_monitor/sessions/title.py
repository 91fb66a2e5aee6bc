"""With which words did a session begin?"""

from __future__ import annotations

import json.decoder
import os
from typing import TYPE_CHECKING

from session_monitor.base import compact_json, files, mounts

from . import file_names

if TYPE_CHECKING:
    from .stored_round import StoredRound

LONGEST = 200
"""Characters of a title."""

# No string can hold these bytes: a quote in it would be escaped.  Something odd in a message may, and then there are two.
_QUESTION = b'],"question":'
_LINES = 2
_MOSTLY = 1 << 16
"""Bytes in which the header and the first round mostly stand."""
_NO_MESSAGES = b'"messages":['


def of_file(folder: str, file: str) -> str | None:
    """What the session in this file was asked first, on one line; None where nothing was asked, or is not known."""
    try:
        behind = mounts.of(folder)
        line = behind.first_round(folder, file) if behind else _first_round(file_names.path_of(folder, file))
    except OSError:
        return None
    is_found, question = _question(line)
    return _shortened(question) if is_found else _of_line(line)


def of_round(entry: StoredRound) -> str | None:
    """The question of a round, else what its first message of a user says."""
    question = _shortened(entry["question"])
    if question:
        return question
    from session_monitor.calls.messages import text_of  # noqa: PLC0415 -- most rounds tell their question

    asked = [message for message in entry["messages"] if isinstance(message, dict) and message.get("role") == "user"]
    return next(filter(None, (_shortened(text_of(each)) for each in asked[:1])), None)


def _first_round(path: str) -> bytes:
    """The second line of a file.  Raises ``OSError``."""
    descriptor = files.opened(path)
    try:
        # A list asks many files, and what reads lines asks the system more of each.
        read = os.read(descriptor, _MOSTLY)
        while read.count(b"\n") < _LINES and (more := os.read(descriptor, max(len(read), _MOSTLY))):
            read += more
    finally:
        os.close(descriptor)
    start = read.find(b"\n") + 1
    return read[start : read.find(b"\n", start) + 1]


def _question(line: bytes) -> tuple[bool, str | None]:
    """Whether the line of a round tells its question, or that it tells nothing, without all of it being read; and that one.

    The first round of an agent has its instructions and tools in it, which are long.
    """
    body = compact_json.unsealed(line) or b""
    at = body.find(_QUESTION)
    if at < 0 or body.find(_QUESTION, at + 1) >= 0:
        return False, None
    start = at + len(_QUESTION)
    if body.startswith(b'"', start) and not body.startswith(b'""', start):
        try:
            question, _ = json.decoder.scanstring(body[start + 1 :].decode(), 0)  # type: ignore[attr-defined]  # typeshed lacks it
        except ValueError:
            return False, None
        return bool(question.strip()), question
    return body.endswith(_NO_MESSAGES, 0, at), None


def _of_line(line: bytes) -> str | None:
    from . import session_file  # noqa: PLC0415 -- most rounds tell their question

    stored = session_file.round_in(line)
    return of_round(stored) if stored and stored["round"] == 1 else None


def _shortened(text: object) -> str | None:
    """The words of a text, as many as a title has; None where there are none."""
    words = " ".join(text[: 50 * LONGEST].split()) if isinstance(text, str) else ""
    return (words if len(words) <= LONGEST else words[: LONGEST - 1] + "…") or None
