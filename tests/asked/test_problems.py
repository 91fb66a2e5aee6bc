"""Each problem has a code that stays, and words that say where and what to do."""

from __future__ import annotations

import errno

import pytest

from session_monitor.asked import problems
from session_monitor.base import files


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "not_readable"),
        (OSError(errno.EIO, "Input/output error"), "unreadable"),
        (OSError(errno.EROFS, "Read-only file system"), "unwritable"),
        (OSError(errno.ENOSPC, "No space left on device"), "unwritable"),
        (files.OddFileError("/x", "a link", "take it away"), "unreadable"),
    ],
)
def test_what_cannot_be_read(error, code):
    """What must not be read is told apart from what is broken, and from what cannot be written."""
    found = problems.unreadable("/data", error)
    assert found.code == code
    assert "/data" in found.text or "a link" in found.text


def test_what_is_half_written_cannot_be_written():
    """A name of a file that is being made means that it could not be made."""
    error = PermissionError(errno.EACCES, "Permission denied")
    assert problems.unreadable(f"/data/x{files.TEMPORARY}", error).code == "unwritable"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.EAGAIN, "another process has been changing notes", "/data/.notes.lock"), "busy"),
        (OSError(errno.EACCES, "Permission denied", "/data/.notes.json"), "unwritable"),
        (files.OddFileError("/data/.notes.json", "a link", "take it away"), "unwritable"),
    ],
)
def test_what_cannot_be_noted(error, code):
    """Who has to wait is told apart from who may not."""
    found = problems.unnoted("/data", error)
    assert found.code == code
    assert "/data/.notes" in found.text or "a link" in found.text
