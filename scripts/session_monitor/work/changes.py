"""Which files and commits came, changed and went in a working tree since a beginning?

What was no commit's at the beginning and is as it was then is nobody's doing since.  Commits are those that were made since in this
working tree, on whichever branch, and are still on one; who made them is not asked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from session_monitor.base import timestamps

from . import git
from .git import NoGitError
from .piece import CREATED, DELETED, MODIFIED, Beginning, Changes, Commit, FileChange

MOST_DIRTY = 5_000
"""Files that are no commit's at a beginning, and are kept."""
MOST_FILES, MOST_COMMITS = 500, 200
"""What is kept of an end; all are counted."""
LONGEST_SUBJECT = 200
_MOST_TIPS = 200
_CHANGES = {"A": CREATED, "D": DELETED}  # all others are changes of what is there
_STATUS = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=dirty", "--no-renames")
_DIFF = ("diff", "--name-status", "-z", "-M", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
_UNTRACKED = ("ls-files", "-z", "--others", "--exclude-standard")


# -- at the beginning --------------------------------------------------------------------------------------------------


def beginning(folder: str) -> Beginning | None:
    """How the working tree is in which this folder is; None where it is in none."""
    root = git.root_of(folder)
    if root is None:
        return None
    return Beginning(root, git.branch_of(root), git.head_of(root), _dirty(root))


def _dirty(root: str) -> dict[str, list[int] | None] | None:
    """What changes when one of the files does that are no commit's; None where that is not known."""
    try:
        paths = [entry[3:] for entry in git.fields(git.ask(root, *_STATUS))]
    except NoGitError:
        return None
    return None if len(paths) > MOST_DIRTY else {path: _print(root, path) for path in paths}


def _print(root: str, path: str) -> list[int] | None:
    """What changes when a file does; None where there is none."""
    try:
        state = os.lstat(os.path.join(root, path))
    except OSError:
        return None
    return [state.st_size, state.st_mtime_ns]


# -- since then --------------------------------------------------------------------------------------------------------


def since(begun: Beginning, started: str) -> Changes:
    """What became of a working tree since that beginning, at the time ``started``."""
    root = begun.root
    if not os.path.isdir(root):
        return Changes(problem=f"there is no {root} any more")
    branch, head = git.branch_of(root), git.head_of(root)
    if begun.head is not None and not git.has_commit(root, begun.head):
        return Changes(branch, head, problem=f"the commit at which it began, {begun.head[:12]}, is there no more")
    try:
        files = sorted(_files(begun, head))
        commits = list(_commits(begun, head, timestamps.milliseconds(started) or 0))
    except NoGitError as error:
        return Changes(branch, head, problem=str(error))
    unsure = (
        "too many files were no commit's when it began: those may be among these files" if begun.dirty is None else None
    )
    return Changes(
        *(branch, head, tuple(files[:MOST_FILES]), len(files)),
        *(tuple(commits[:MOST_COMMITS]), len(commits), unsure),
    )


def _files(begun: Beginning, head: str | None) -> Iterator[FileChange]:
    """Each file that is another than at the beginning.  Raises ``NoGitError``."""
    root, dirty = begun.root, begun.dirty or {}
    found = {each.path: each for each in _differing(root, begun.head or _no_commit(root, head))}
    for path in git.fields(git.ask(root, *_UNTRACKED)):
        found.setdefault(path, FileChange(path, CREATED))
    for path, each in found.items():
        if path in dirty:
            now = _print(root, path)
            if now == dirty[path]:
                continue
            yield FileChange(path, MODIFIED if now and dirty[path] else CREATED if now else DELETED)
        else:
            yield each
    for path, before in dirty.items():  # what is a commit's again, or was nobody's and is gone
        now = _print(root, path)
        if path not in found and now != before:
            yield FileChange(path, DELETED if now is None else MODIFIED if before else CREATED)


def _no_commit(root: str, head: str | None) -> str | None:
    """The empty tree, for a beginning without a commit; None where there is still none."""
    return None if head is None else git.text(root, "hash-object", "-t", "tree", "/dev/null")


def _differing(root: str, commit: str | None) -> Iterator[FileChange]:
    """Files that differ between a commit and the working tree; where there is no commit at all, those of the index."""
    if commit is None:
        yield from (FileChange(path, CREATED) for path in git.fields(git.ask(root, "ls-files", "-z")))
        return
    words = iter(git.fields(git.ask(root, *_DIFF, commit, "--")))
    for status in words:
        path = next(words, "")
        if status[:1] in "RC":
            new = next(words, "")
            if status[0] == "R":
                yield FileChange(path, DELETED)
            yield FileChange(new, CREATED, path)
        else:
            yield FileChange(path, _CHANGES.get(status[:1], MODIFIED))


def _commits(begun: Beginning, head: str | None, started: int) -> Iterator[Commit]:
    """Commits of this working tree since then that a branch still has, the newest first.  Raises ``NoGitError``."""
    if head is None:
        return
    root, since = begun.root, f"--since={started // 1000 - 1}"  # no commit's time is more exact than a second
    without = [f"^{begun.head}"] if begun.head else []
    tips = list(dict.fromkeys([head, *_visited(root)]))[:_MOST_TIPS]
    kept = set(_hashes(root, "rev-list", since, "--branches", "HEAD", *without, "--"))
    for line in os.fsdecode(git.ask(root, "log", _FORM, since, "--date-order", *tips, *without, "--")).split("\n"):
        with contextlib.suppress(ValueError):  # where there are none, there is an empty line
            name, parents, seconds, subject = line.split("\x1f", 3)
            if name in kept and int(seconds) >= started // 1000:
                at = timestamps.rfc3339(int(seconds) * 1000)
                yield Commit(name, subject[:LONGEST_SUBJECT], at, " " in parents)


_FORM = "--format=%H%x1f%P%x1f%ct%x1f%s"


def _visited(root: str) -> list[str]:
    """The commits that were checked out last in this working tree."""
    try:
        return _hashes(root, "log", "-g", "--format=%H", f"-n{_MOST_TIPS}", "HEAD", "--")
    except NoGitError:  # one that keeps no history of what was checked out
        return []


def _hashes(root: str, *words: str) -> list[str]:
    return git.ask(root, *words).decode("ascii", "replace").split()
