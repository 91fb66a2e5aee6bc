"""What has become of one file of a piece of work, line by line?

Only of files that the work is known to have changed, in the repository in which it began.
"""

from __future__ import annotations

import os
from typing import NamedTuple, Optional

from . import git
from .git import NoGitError
from .piece import Piece

LONGEST = 200_000
"""Bytes of a diff."""
_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "-M", "--submodule=short", "--ignore-submodules=dirty")


class FileDiff(NamedTuple):
    """The lines as git has them, None where there is nothing to show: ``problem`` says why.  ``is_cut``: there are more."""

    text: Optional[str] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    is_cut: bool = False
    problem: Optional[str] = None  # noqa: UP045


def of_file(each: Piece, path: str) -> FileDiff:
    """What became of the file with this path: until now while the work is under way, else what was committed until its end."""
    begun, changed = each.begun_in, each.changes
    file = next((file for file in (changed.files if changed else ()) if file.path == path), None)
    if begun is None or changed is None or file is None:
        return FileDiff(problem="the work did not change such a file")
    if begun.head is None:
        return FileDiff(problem="there was no commit when it began, to compare with")
    ends = [] if each.is_under_way else [changed.head or begun.head]
    paths = [file.before, path] if file.before else [path]
    try:
        raw = git.ask(begun.root, *_DIFF, begun.head, *ends, "--", *paths)
    except NoGitError as error:
        return FileDiff(problem=str(error))
    if not raw:
        why = (
            "git does not know it yet"
            if each.is_under_way
            else "it was in no commit when the work ended: only that is kept"
        )
        return FileDiff(problem=why)
    return FileDiff(os.fsencode(os.fsdecode(raw[:LONGEST])).decode("utf-8", "replace"), len(raw) > LONGEST)
