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

from . import history, names, prices, session_file, spending, what_if
from .prices import Book, Outcome
from .session_file import NotASessionFile, Summary
from .spending import Spending
from .what_if import Estimate

SORT_KEYS = ("updated", "cost", "tokens")
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
class SessionRow:
    """One session without its rounds: ``fields`` (id, times, counts, tokens, models), and what it cost."""

    fields: dict[str, Any]
    spending: Spending

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {**self.fields, **self.spending.to_json()}


@dataclass(frozen=True)
class Answer:
    """Rows, with what could not be read: ``damaged`` are names of files that are no session files any more."""

    rows: list[SessionRow]
    total: int
    damaged: list[str]


def sessions(folder: str, book: Book, *, sort_by: str = "updated", limit: int | None = None) -> Answer:
    """One row a session.  ``total`` counts all of them, whatever the limit."""
    damaged: list[str] = []
    total = 0

    def candidates() -> Iterator[tuple[Any, str, dict[str, Any]]]:
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
            yield _sort_value(sort_by, path, summary, book), path, _fields(session_id, summary)

    # Costs need every round of a session, so they are looked up only for the rows that are asked for.
    largest = heapq.nlargest(limit, candidates(), key=_first) if limit else sorted(candidates(), key=_first)[::-1]
    return Answer([SessionRow(fields, _spent(path, book)) for _, path, fields in largest], total, damaged)


def _first(candidate: tuple[Any, str, dict[str, Any]]) -> Any:
    return candidate[0]


def _sort_value(sort_by: str, path: str, summary: Summary, book: Book) -> Any:
    if sort_by == "cost":
        return _spent(path, book).pico
    return summary.total_tokens if sort_by == "tokens" else moment(summary.updated_at)


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
    spending: Spending
    latest: list[SessionRow]


def overview(folder: str, latest: int, book: Book) -> Overview:
    """What all sessions add up to, with the ``latest`` of them."""
    rows = sessions(folder, book).rows
    spent = Spending()
    for row in rows:
        spent.add(row.spending)

    def total(kind: str) -> int:
        return sum(row.fields[f"total_{kind}_tokens"] for row in rows)

    return Overview(
        len(rows), total("input"), total("output"), total("cached"), total("reasoning"), spent, rows[:latest]
    )


@dataclass(frozen=True)
class Session:
    """One session: its row, and its rounds one by one, each with what it cost."""

    row: SessionRow
    rounds: Iterator[tuple[dict[str, Any], Outcome]]


def session(folder: str, session_id: str, book: Book, *, full_messages: bool) -> Session | None:
    """The session with this id; None where there is none.

    With ``full_messages`` each round has the whole list that was sent with it, otherwise what was new in it.
    """
    found = _find(folder, session_id)
    if found is None:
        return None
    path, summary = found
    rounds = ((entry, book.price(prices.call_of(entry))) for entry in _rounds(path, full_messages=full_messages))
    return Session(SessionRow(_fields(session_id, summary), _spent(path, book)), rounds)


def estimates(folder: str, session_id: str, book: Book, models: list[str]) -> tuple[Spending, list[Estimate]] | None:
    """What the session cost, and what it would have cost on each of the models; None where there is no such session."""
    found = _find(folder, session_id)
    if found is None:
        return None
    calls = [prices.call_of(entry) for entry in _rounds(found[0], full_messages=False)]
    return spending.spent(book, calls), what_if.estimates(book, calls, models)


def unpriced(folder: str, book: Book) -> Spending:
    """What all sessions cost, with the models that have no price."""
    total = Spending()
    for path in _paths(folder):
        with contextlib.suppress(FileNotFoundError, NotASessionFile):
            total.add(_spent(path, book))
    return total


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
                if names.is_session(entry.name):
                    yield entry.path
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoSuchFolder(folder) from error


def _find(folder: str, session_id: str) -> tuple[str, Summary] | None:
    for name in (names.file_name(session_id), names.other_name(session_id)):
        path = os.path.join(folder, os.fsdecode(name.encode()))  # UTF-8 on disk, whatever the locale is
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, NotASessionFile):
            found, summary = _summary(path)
            if found == session_id:
                return path, summary
    return None


def _summary(path: str) -> tuple[str, Summary]:
    with open(path, "rb") as file:
        return session_file.read_header(file), session_file.read_end(file).summary


def _id_of(path: str) -> str | None:
    with contextlib.suppress(OSError, NotASessionFile), open(path, "rb") as file:
        return session_file.read_header(file)
    return None


def _fields(session_id: str, summary: Summary) -> dict[str, Any]:
    return {"session_id": session_id, **{name: getattr(summary, name) for name in _FIELDS}}


def _spent(path: str, book: Book) -> Spending:
    return spending.spent(book, map(prices.call_of, _rounds(path, full_messages=False)))


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
