"""What does git say of a working tree?

It is asked within bounds of time and of size, and in a way in which a repository's settings run no program of theirs for it
but filters that its owner chose: no hooks, no pager, no monitor of files, no other program for diffs.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

SECONDS = 10.0
"""For so long git may think about one question."""
LARGEST = 32 << 20
"""So many bytes an answer may have."""
_SETTINGS = (
    "core.fsmonitor=",
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "diff.external=",
    "i18n.logOutputEncoding=UTF-8",
    "log.showSignature=false",
)
_OF_OTHERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_EXTERNAL_DIFF")


class NoGitError(Exception):
    """Git has no answer: the argument says why."""


def ask(folder: str, *words: str, seconds: float = SECONDS, largest: int = LARGEST) -> bytes:
    """What git prints in this folder.  Raises ``NoGitError``."""
    settings = [part for each in _SETTINGS for part in ("-c", each)]
    command = ["git", "--no-optional-locks", "--no-pager", *settings, *words]
    try:
        with subprocess.Popen(  # noqa: S603 -- the words are ours
            command,
            cwd=folder,
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            return _answer(process, words[0], seconds, largest)
    except FileNotFoundError as error:
        raise NoGitError("there is no git here" if error.filename == "git" else f"there is no {folder}") from None
    except OSError as error:
        raise NoGitError(f"git cannot be asked in {folder}: {error.strerror or error}") from None


def _answer(process: subprocess.Popen[bytes], what: str, seconds: float, largest: int) -> bytes:
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise NoGitError(f"git {what} took longer than {seconds:.0f} s") from None
    if process.returncode:
        said = err.decode("utf-8", "replace").strip().split("\n")[0]
        raise NoGitError(f"git {what}: {said or f'exit code {process.returncode}'}")
    if len(out) > largest:
        raise NoGitError(f"git {what} has more than {largest >> 20} MB to say")
    return out


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """That of this process, without what names another repository, as that of a hook does."""
    own = {name: value for name, value in given.items() if name not in _OF_OTHERS}
    return {
        **own,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
    }


def text(folder: str, *words: str) -> str | None:
    """One line that git prints; None where it has no answer."""
    try:
        return os.fsdecode(ask(folder, *words)).rstrip("\n") or None
    except NoGitError:
        return None


def root_of(folder: str) -> str | None:
    """The working tree that this folder is in; None where it is in none."""
    return text(folder, "rev-parse", "--show-toplevel")


def branch_of(folder: str) -> str | None:
    """The branch that is checked out; None where none is."""
    return text(folder, "symbolic-ref", "--quiet", "--short", "HEAD")


def head_of(folder: str) -> str | None:
    """The commit that is checked out; None where there is none yet."""
    return text(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")


def has_commit(folder: str, commit: str) -> bool:
    """Whether this commit is still there."""
    return text(folder, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is not None


def fields(answer: bytes) -> list[str]:
    """What stands between the zero bytes of an answer."""
    return [os.fsdecode(each) for each in answer.split(b"\0")[:-1]]
