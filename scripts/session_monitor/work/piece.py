"""What is one piece of work, as it is kept?

Names, paths and subjects are of people and repositories: whoever shows them cleans them as text of a log.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Callable, NamedTuple, Optional, TypeVar

from session_monitor.base import timestamps

LONGEST_NAME, LONGEST_NOTE = 200, 10_000
"""Characters."""
CREATED, MODIFIED, DELETED = "created", "modified", "deleted"
CHANGES = (CREATED, MODIFIED, DELETED)
"""What may have become of a file."""
_LONGEST_SLUG = 40
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class WorkMistakeError(ValueError):
    """What is given of a piece of work cannot be kept: says why."""


class FileChange(NamedTuple):
    """A file that is another than at the beginning; ``before`` is the path that it had then, where it was renamed."""

    path: str
    change: str
    before: Optional[str] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too


class Commit(NamedTuple):
    """A commit that was made meanwhile; ``at`` is RFC 3339 in UTC."""

    hash: str
    subject: str
    at: str
    is_merge: bool = False


class Beginning(NamedTuple):
    """How a working tree was: its root, branch (None where none is checked out) and commit (None where there is none yet).

    ``dirty`` are the files that were no commit's then, each with what its size and time were (None for one that was gone);
    None where there were too many to keep.
    """

    root: str
    branch: Optional[str] = None  # noqa: UP045 -- as above
    head: Optional[str] = None  # noqa: UP045
    dirty: Optional[dict[str, Optional[list[int]]]] = None  # noqa: UP045


class Changes(NamedTuple):
    """What became of a working tree: ``files_count`` and ``commits_count`` also count those that are too many to keep.

    None where that could not be found out; ``problem`` says why.
    """

    branch: Optional[str] = None  # noqa: UP045 -- as above
    head: Optional[str] = None  # noqa: UP045
    files: tuple[FileChange, ...] = ()
    files_count: Optional[int] = None  # noqa: UP045
    commits: tuple[Commit, ...] = ()
    commits_count: Optional[int] = None  # noqa: UP045
    problem: Optional[str] = None  # noqa: UP045


class Piece(NamedTuple):
    """One piece of work: ``session_id`` is where its calls are; ``ended`` is None while it is under way.

    Times are RFC 3339 in UTC.  ``begun_in`` is None where there was no git, ``changes`` also until it ends.  ``is_stale``: nobody
    ended it, it was given up.
    """

    session_id: str
    name: str
    started: str
    cwd: str
    ended: Optional[str] = None  # noqa: UP045 -- as above
    begun_in: Optional[Beginning] = None  # noqa: UP045
    changes: Optional[Changes] = None  # noqa: UP045
    note: Optional[str] = None  # noqa: UP045
    is_stale: bool = False

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended."""
        return self.ended is None

    @property
    def scope(self) -> str:
        """Where it is at work: its repository, or the folder where there is none."""
        return self.cwd if self.begun_in is None else self.begun_in.root

    def seconds(self, now: int) -> int:
        """For how long it went on, or has until now (milliseconds since 1970)."""
        end = now if self.ended is None else timestamps.milliseconds(self.ended)
        return max(0, ((end or 0) - (timestamps.milliseconds(self.started) or 0)) // 1000)

    def to_json(self) -> dict[str, Any]:
        """As the file has it: without what there is none of."""
        document = {**self._asdict(), "begun_in": self.begun_in and _brief(self.begun_in)}
        if self.changes is not None:
            files = [_brief(each) for each in self.changes.files]
            commits = [_brief(each) for each in self.changes.commits]
            document["changes"] = {**_brief(self.changes), "files": files, "commits": commits}
        return {name: value for name, value in document.items() if _is_any(value)}

    def told(self, now: int, *, files: bool = True) -> dict[str, Any]:
        """For an answer in JSON; None for what is not known.  Without ``files`` these and the commits are counted alone."""
        begun, changed = self.begun_in, self.changes or Changes()
        own = {
            "session_id": self.session_id,
            "name": self.name,
            "state": "under_way" if self.is_under_way else "stale" if self.is_stale else "ended",
            "started": self.started,
            "ended": self.ended,
            "duration_seconds": self.seconds(now),
            "cwd": self.cwd,
            "git_root": begun and begun.root,
            "branch": changed.branch or (begun and begun.branch),
            "head_at_start": begun and begun.head,
            "head_at_end": changed.head,
            "files_count": changed.files_count,
            "commits_count": changed.commits_count,
            "git_problem": changed.problem,
            "note": self.note,
        }
        if not files:
            return own
        named = [{"path": path, "change": change, "before": before} for path, change, before in changed.files]
        commits = [
            {"hash": each.hash, "subject": each.subject, "at": each.at, "is_merge": each.is_merge}
            for each in changed.commits
        ]
        return {**own, "files": named, "commits": commits}


def _brief(value: Any) -> dict[str, Any]:
    """A NamedTuple without what there is none of; no dirty files, which is known, is not the same as not to know of any."""
    return {name: each for name, each in value._asdict().items() if _is_any(each)}


def _is_any(value: object) -> bool:
    return value is not None and value is not False


# -- names -------------------------------------------------------------------------------------------------------------


def checked_name(text: str) -> str:
    """A name on one line, as it is kept.  Raises ``WorkMistakeError``."""
    name = " ".join(text.split())
    if not name:
        raise WorkMistakeError("a name has no text")
    if len(name) > LONGEST_NAME:
        raise WorkMistakeError(f"a name has {LONGEST_NAME} characters at most; this has {len(name):,}")
    if not name.isprintable():
        raise WorkMistakeError("a name has no control characters")
    return name


def checked_note(text: str) -> str:
    """A note as it is kept.  Raises ``WorkMistakeError``."""
    text = text.strip()
    if not text:
        raise WorkMistakeError("a note has no text")
    if len(text) > LONGEST_NOTE:
        raise WorkMistakeError(f"a note has {LONGEST_NOTE:,} characters at most; this has {len(text):,}")
    return text


def new_id(name: str, moment: int, taken: Collection[str]) -> str:
    """The id of a new session for work of this name: letters and digits of it, the time in UTC, and a number if it is taken."""
    slug = _BETWEEN_WORDS.sub("-", name.lower()).strip("-")[:_LONGEST_SLUG].rstrip("-") or "work"
    stem = f"{slug}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(moment / 1000))}"
    session_id, number = stem, 1
    while session_id in taken:
        number += 1
        session_id = f"{stem}-{number}"
    return session_id


# -- from JSON ---------------------------------------------------------------------------------------------------------


def of_json(value: object) -> Piece:
    """What stands in the file of one piece of work.  Raises ``WorkMistakeError``, which says where."""
    known = _object(value, Piece, "it")
    begun, changed = known.get("begun_in"), known.get("changes")
    is_stale = known.get("is_stale", False)
    if not isinstance(is_stale, bool):
        raise WorkMistakeError("is_stale must be true or false")
    return Piece(
        _text(known, "session_id"),
        checked_name(_text(known, "name")),
        _time(known, "started"),
        _text(known, "cwd"),
        None if known.get("ended") is None else _time(known, "ended"),
        None if begun is None else _beginning(begun),
        None if changed is None else _changes(changed),
        _text_or_none(known, "note"),
        is_stale,
    )


def _beginning(value: object) -> Beginning:
    known = _object(value, Beginning, "begun_in")
    dirty = known.get("dirty")
    if dirty is not None and not (isinstance(dirty, dict) and all(map(_is_print, dirty.values()))):
        raise WorkMistakeError("begun_in.dirty must be an object of [size, time] by path")
    return Beginning(_text(known, "root"), _text_or_none(known, "branch"), _text_or_none(known, "head"), dirty)


def _is_print(value: object) -> bool:
    return value is None or (
        isinstance(value, list) and len(value) == 2 and all(isinstance(each, int) for each in value)
    )


def _changes(value: object) -> Changes:
    known = _object(value, Changes, "changes")
    return Changes(
        _text_or_none(known, "branch"),
        _text_or_none(known, "head"),
        tuple(_each(known, "files", _file)),
        _count(known, "files_count"),
        tuple(_each(known, "commits", _commit)),
        _count(known, "commits_count"),
        _text_or_none(known, "problem"),
    )


def _file(value: object) -> FileChange:
    known = _object(value, FileChange, "a file")
    change = _text(known, "change")
    if change not in CHANGES:
        raise WorkMistakeError(f"change must be one of {', '.join(CHANGES)}")
    return FileChange(_text(known, "path"), change, _text_or_none(known, "before"))


def _commit(value: object) -> Commit:
    known = _object(value, Commit, "a commit")
    return Commit(
        _text(known, "hash"), _text(known, "subject"), _time(known, "at"), known.get("is_merge", False) is True
    )


Made = TypeVar("Made")


def _each(known: Mapping[str, Any], name: str, made: Callable[[object], Made]) -> Iterator[Made]:
    listed = known.get(name, [])
    if not isinstance(listed, list):
        raise WorkMistakeError(f"{name} must be a list")
    for at, each in enumerate(listed):
        try:
            yield made(each)
        except WorkMistakeError as mistake:
            raise WorkMistakeError(f"{name}[{at}]: {mistake}") from None


def _object(value: object, made: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise WorkMistakeError(f"{what} must be an object")
    strange = next((name for name in value if name not in made._fields), None)
    if strange is not None:
        raise WorkMistakeError(f"{strange[:40]} is none of {', '.join(made._fields)}")
    return value


def _text(known: Mapping[str, Any], name: str) -> str:
    value = known.get(name)
    if not isinstance(value, str):
        raise WorkMistakeError(f"{name} must be a text")
    return value


def _text_or_none(known: Mapping[str, Any], name: str) -> str | None:
    return None if known.get(name) is None else _text(known, name)


def _time(known: Mapping[str, Any], name: str) -> str:
    at = timestamps.utc(known.get(name))
    if at is None:
        raise WorkMistakeError(f"{name} must be a time such as 2026-02-01T09:30:00Z")
    return at


def _count(known: Mapping[str, Any], name: str) -> int | None:
    value = known.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise WorkMistakeError(f"{name} must be a number from 0 on")
    return value
