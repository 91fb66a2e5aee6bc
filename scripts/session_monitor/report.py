"""What do people ask about their sessions?

Answers are plain values read from the session files; both faces print these and nothing else.
"""

from __future__ import annotations

import contextlib
import difflib
import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import history, names, session_file
from .session_file import NotASessionFile, Summary

SORT_KEYS = {
    "updated": lambda row: moment(row["updated_at"]),
    "tokens": lambda row: row["total_tokens"],
}
"""The orders of ``sessions``; the largest comes first."""

_FIELDS = (
    "created_at",
    "updated_at",
    "messages_count",
    "failed_count",
    "total_input_tokens",
    "total_output_tokens",
    "total_reasoning_tokens",
    "total_cached_tokens",
    "total_cache_write_tokens",
    "total_tokens",
    "model",
    "models",
)


def moment(timestamp: str | None) -> str:
    """What sorts times in UTC: `15Z` comes before `15.5Z`, and None before all."""
    return (timestamp or "").rstrip("Z")


class NoSuchFolder(Exception):  # noqa: N818
    """The data folder is not there."""


@dataclass(frozen=True)
class Answer:
    """Rows, with what could not be read: ``damaged`` are names of files that are no session files any more."""

    rows: list[dict[str, Any]]
    total: int
    damaged: list[str]


def sessions(folder: str, *, sort_by: str = "updated", limit: int | None = None) -> Answer:
    """One row a session, without its rounds: id, times, counts, tokens, models.  ``total`` counts all of them."""
    damaged: list[str] = []
    total = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal total
        for path in _paths(folder):
            try:
                session_id, summary = _summary(path)
            except FileNotFoundError:  # deleted just now
                continue
            except (NotASessionFile, OSError):
                damaged.append(os.path.basename(path))
                continue
            total += 1
            yield _row(session_id, summary)

    key = SORT_KEYS[sort_by]
    found = list(rows()) if limit is None else heapq.nlargest(limit, rows(), key=key)
    return Answer(sorted(found, key=key, reverse=True), total, damaged)


def count(folder: str) -> int:
    """How many sessions there are."""
    return sum(1 for _ in _paths(folder))


@dataclass(frozen=True)
class Overview:
    """All sessions together, and the rows of the latest ones."""

    sessions: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    latest: list[dict[str, Any]]


def overview(folder: str, latest: int) -> Overview:
    """What all sessions add up to, with the ``latest`` of them."""
    rows = sessions(folder).rows

    def total(kind: str) -> int:
        return sum(row[f"total_{kind}_tokens"] for row in rows)

    return Overview(len(rows), total("input"), total("output"), total("cached"), total("reasoning"), rows[:latest])


def session(
    folder: str, session_id: str, *, full_messages: bool
) -> tuple[dict[str, Any], Iterator[dict[str, Any]]] | None:
    """One session's row and its rounds, one by one; None where there is no such session.

    With ``full_messages`` each round has the whole list that was sent with it, otherwise what was new in it.
    """
    for name in (names.file_name(session_id), names.other_name(session_id)):
        path = os.path.join(folder, os.fsdecode(name.encode()))  # UTF-8 on disk, whatever the locale is
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, NotASessionFile):
            found, summary = _summary(path)
            if found == session_id:
                return _row(session_id, summary), _rounds(path, full_messages=full_messages)
    return None


def near_misses(folder: str, session_id: str, limit: int = 5) -> list[str]:
    """Ids that somebody may have meant: those that contain the text first, then those that are spelled alike."""
    wanted = session_id.casefold()
    spelled = names.file_name(session_id)[: -len(names.SUFFIX)].casefold()
    ids = [name[: -len(names.SUFFIX)] for name in map(os.path.basename, _paths(folder))]
    parts = [each for each in ids if wanted in each.casefold() or spelled in each.casefold()]
    # Comparing spellings takes long; those of about the same length are the likely ones.
    alike = sorted(ids, key=lambda each: abs(len(each) - len(session_id)))[:2000]
    near = dict.fromkeys([*parts[:limit], *difflib.get_close_matches(session_id, alike, limit)])
    found = (_id_of(os.path.join(folder, each + names.SUFFIX)) for each in near)
    return [each for each in found if each is not None][:limit]


def _paths(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.endswith(names.SUFFIX) and not entry.name.startswith("."):
                    yield entry.path
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSuchFolder(folder) from error


def _summary(path: str) -> tuple[str, Summary]:
    with open(path, "rb") as file:
        return session_file.read_header(file), session_file.read_end(file).summary


def _id_of(path: str) -> str | None:
    with contextlib.suppress(OSError, NotASessionFile), open(path, "rb") as file:
        return session_file.read_header(file)
    return None


def _row(session_id: str, summary: Summary) -> dict[str, Any]:
    return {"session_id": session_id, **{name: getattr(summary, name) for name in _FIELDS}}


def _rounds(path: str, *, full_messages: bool) -> Iterator[dict[str, Any]]:
    with open(path, "rb") as file:
        session_file.read_header(file)
        if not full_messages:
            yield from session_file.entries(file)
            return
        for entry, messages in history.with_full_messages(session_file.entries(file)):
            full = {**entry, "messages": messages}
            full.pop("messages_from_history", None)
            yield full
