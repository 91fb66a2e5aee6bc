"""How does a project stand in git: its branch, what is no commit's yet, what nobody else has, what was done lately?"""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Optional

from session_monitor.base import timestamps

from . import git
from .git import NoGitError
from .piece import Commit

MOST_COMMITS = 20
_SECONDS = 5.0
"""For each question: there are several projects."""
_STATUS = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
_FORM = "--format=%H%x1f%P%x1f%ct%x1f%s"


class ProjectState(NamedTuple):
    """How a working tree stands; None for what is not known, which ``problem`` says why.

    ``unpushed`` are the commits that the branch's upstream has not; None where there is no upstream.
    """

    root: Optional[str] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    branch: Optional[str] = None  # noqa: UP045
    upstream: Optional[str] = None  # noqa: UP045
    staged: Optional[int] = None  # noqa: UP045
    uncommitted: Optional[int] = None  # noqa: UP045
    untracked: Optional[int] = None  # noqa: UP045
    unpushed: Optional[int] = None  # noqa: UP045
    stashes: Optional[int] = None  # noqa: UP045
    commits: tuple[Commit, ...] = ()
    commits_count: Optional[int] = None  # noqa: UP045
    problem: Optional[str] = None  # noqa: UP045

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {**self._asdict(), "commits": [each._asdict() for each in self.commits]}


def of(path: str, since: int) -> ProjectState:
    """How the project in this folder stands, with its commits since that moment, the newest first."""
    if not os.path.isdir(path):
        return ProjectState(problem=f"there is no {path} any more")
    root = git.root_of(path)
    if root is None:
        return ProjectState(problem="it is in no git repository that git can read")
    try:
        return _of(root, since)
    except NoGitError as error:
        return ProjectState(root, git.branch_of(root), problem=str(error))


def _of(root: str, since: int) -> ProjectState:
    entries = git.fields(git.ask(root, *_STATUS, seconds=_SECONDS))
    upstream = git.text(root, "rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
    ahead = None if upstream is None else git.text(root, "rev-list", "--count", "@{upstream}..HEAD", "--")
    commits = [] if git.head_of(root) is None else _commits(root, since)
    return ProjectState(
        *(root, git.branch_of(root), upstream),
        staged=sum(entry[:1] not in " ?" for entry in entries),
        uncommitted=sum(entry[1:2] not in " ?" for entry in entries),
        untracked=sum(entry.startswith("??") for entry in entries),
        unpushed=None if ahead is None else int(ahead),
        stashes=len(git.ask(root, "stash", "list", "--format=%H", seconds=_SECONDS).split()),
        commits=tuple(commits[:MOST_COMMITS]),
        commits_count=len(commits),
    )


def _commits(root: str, since: int) -> list[Commit]:
    """Those of all branches since then."""
    words = ("log", _FORM, f"--since={since // 1000}", "--branches", "HEAD", "--date-order", "-n1000", "--")
    found = []
    for line in os.fsdecode(git.ask(root, *words, seconds=_SECONDS)).split("\n"):
        name, _, rest = line.partition("\x1f")
        parents, _, rest = rest.partition("\x1f")
        seconds, _, subject = rest.partition("\x1f")
        if seconds.isdigit():
            at = timestamps.rfc3339(int(seconds) * 1000)
            found.append(Commit(name, subject[:200], at, " " in parents))
    return found
