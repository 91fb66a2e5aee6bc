"""What does the index say of a session's rounds?

Rows of plain values, made without the index, so that several processes can make them side by side.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import index, moments, money, names, session_file
from .index import CUT, EXPLICIT_CACHE, FAILED, NO_CONTENT, NO_TOKENS, TOOL_CALLS, raw
from .prices import Book, Call, Unpriced
from .session_file import NotASessionFile, Written
from .usage import Usage

Before = Mapping[str, Any]
"""What must be known of the round before: ``messages_total`` and its tokens."""


class ToolRow(NamedTuple):
    """What a round had to do with a tool; ``tokens`` are those that its results added, None where that is not known."""

    number: int
    tool: str
    calls: int
    results: int
    failed: int
    tokens: int | None


SESSION = (
    *("session_id", "file", "size", "mtime", "next_byte"),
    *("created_at", "updated_at", "updated", "total_tokens", "model", "models", "last_flags"),
)
"""The columns of ``session`` that follow from its file; text that strangers wrote as ``index.raw`` gives it."""


class Rows(NamedTuple):
    """The columns of ``SESSION``, and of its new rounds model, consumer, and the columns of ``round`` from number on."""

    session: tuple[Any, ...]
    rounds: list[tuple[Any, ...]]
    tools: list[ToolRow]


def of_written(written: Written, book: Book, before: Before | None = None) -> Rows:
    """The rows of what was written to a session file; ``before`` is the round that stands before it."""
    tools: list[ToolRow] = []
    rounds = []
    for facts, start, length in written.rounds:
        rounds.append(_round(facts, start, length, book))
        if "tool_results" in facts or "tools_called" in facts:
            tools += _tools(facts, before)
        before = facts
    summary = written.summary
    session = (
        *(raw(written.session_id), raw(written.file), written.size, written.mtime, written.next_byte),
        *(summary.created_at, summary.updated_at, moments.milliseconds(summary.updated_at), summary.total_tokens),
        *(raw(summary.model), json.dumps(summary.models), flags_of(written.rounds[-1][0]) if written.rounds else 0),
    )
    return Rows(session, rounds, tools)


def of_file(folder: str, file: str, size: int, mtime: int, book: Book) -> Rows | None:
    """The rows of one session file, which had that size and time; None where it is none any more."""
    try:
        with open(os.path.join(folder, file), "rb") as opened:
            session_id = session_file.read_header(opened)
            facts, end = session_file.read_facts(opened)
    except (OSError, NotASessionFile):
        return None
    if _is_copy(folder, file, session_id):
        return None
    return of_written(Written(session_id, file, end.summary, size, mtime, end.next_byte, facts), book)


def _is_copy(folder: str, file: str, session_id: str) -> bool:
    """Whether somebody copied the session's file to this name; its second name is its own where the first is taken."""
    first = names.file_name(session_id)
    if file == first or file != names.other_name(session_id):
        return file != first
    try:
        with open(os.path.join(folder, first), "rb") as opened:
            return session_file.read_header(opened) == session_id
    except (OSError, NotASessionFile):
        return False


def _round(facts: Mapping[str, Any], start: int, length: int, book: Book) -> tuple[Any, ...]:
    get, model, at = facts.get, facts["model"], facts["timestamp"]
    read, written, reasoning = facts["cached_tokens"], get("cache_write_tokens", 0), facts["reasoning_tokens"]
    fresh, visible, flags = facts["input_tokens"] - read - written, facts["output_tokens"] - reasoning, flags_of(facts)
    tokens = fresh, read, written, visible, reasoning
    usd, pico, saved_usd, saved_pico, notes = cost_of(book, model, at, tokens, flags)
    return (
        model,
        get("consumer"),
        facts["round"],
        moments.milliseconds(at),
        fresh,
        read,
        written,
        visible,
        reasoning,
        flags,
        notes,
        get("response_code"),
        get("first_token_ms"),
        get("duration_ms"),
        start,
        length,
        get("messages_from_history", 0),
        get("messages_total", 0),
        usd,
        pico,
        saved_usd,
        saved_pico,
    )


def flags_of(facts: Mapping[str, Any]) -> int:
    """A round's flags."""
    return int(
        FAILED * (facts["response_type"] == "error")
        + NO_TOKENS * ("no_tokens" in facts)
        + EXPLICIT_CACHE * ("explicit_cache" in facts)
        + TOOL_CALLS * facts["has_tool_calls"]
        + NO_CONTENT * ("no_content" in facts)
        + CUT * ("cut" in facts)
    )


def call_of(model: str | None, at: int | None, tokens: tuple[int, int, int, int, int], flags: int) -> Call:
    """A row's call, as far as its price depends on it."""
    usage = Usage(*tokens, explicit_cache=bool(flags & EXPLICIT_CACHE))
    timestamp = None if at is None else moments.rfc3339(at)
    return Call(model, timestamp, usage, not flags & NO_TOKENS, bool(flags & FAILED))


def cost_of(
    book: Book, model: str | None, at: str | None, tokens: tuple[int, int, int, int, int], flags: int
) -> tuple[int | None, int | None, int | None, int | None, int]:
    """A cost as it is kept: dollars in millionths, the rest in 1e-12, the same for what was saved, and its notes."""
    usage = (*tokens, flags & EXPLICIT_CACHE != 0, ())
    found = book.amount(model, at, usage, not flags & NO_TOKENS, flags & FAILED != 0)
    if isinstance(found, Unpriced):
        return None, None, None, None, 0
    pico, saved, notes = found
    usd, pico = divmod(pico, money.MICRO)
    saved_usd, saved_pico = divmod(saved, money.MICRO) if saved else (0, 0)
    return usd, pico, saved_usd, saved_pico, sum(1 << index.NOTES.index(note) for note in notes) if notes else 0


def _tools(facts: Mapping[str, Any], before: Before | None) -> list[ToolRow]:
    """What a round had to do with each tool.

    The prompt grew by what is new in it and by the answer before it; the results' part of that is taken by their
    characters.  Where the history was rewritten in between, the growth says nothing.
    """
    called, came = dict(facts.get("tools_called", ())), {tool: rest for tool, *rest in facts.get("tool_results", ())}
    grown = _growth(before, facts) if came and before else None
    rows = []
    for tool in {**called, **came}:
        results, failed, characters = came.get(tool, (0, 0, 0))
        share = characters / facts["fresh_characters"] if characters else 0
        tokens = None if grown is None or not results else round(grown * share)
        rows.append(ToolRow(facts["round"], tool, called.get(tool, 0), results, failed, tokens))
    return rows


def _growth(before: Before, facts: Mapping[str, Any]) -> int | None:
    """How many tokens longer a prompt is than the one before and its answer; None where it is not their sequel."""
    is_sequel = before.get("messages_total", 0) == facts.get("messages_from_history", 0)
    if not is_sequel or "no_tokens" in before or "no_tokens" in facts:
        return None
    answer = before["output_tokens"] - before["reasoning_tokens"]
    return max(0, int(facts["input_tokens"] - before["input_tokens"] - answer))
