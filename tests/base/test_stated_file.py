"""A file that people may write is an object of a known version, or a mistake that says where and what to do."""

from __future__ import annotations

import pytest

from session_monitor.base import files, stated_file


class BadError(files.MistakeInFileError):
    """A mistake of its own kind."""


@pytest.fixture
def path(tmp_path):
    """Where it stands."""
    return str(tmp_path / "stated.json")


@pytest.mark.parametrize("read", [stated_file.read, stated_file.asked])
def test_what_stands_there(path, read):
    """The object; None where there is no file."""
    assert read(path, 1, BadError) is None
    files.replace(path, b'{"schema_version": 1, "a": []}')
    assert read(path, 1, BadError) == {"schema_version": 1, "a": []}


@pytest.mark.parametrize("read", [stated_file.read, stated_file.asked])
@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "this is no JSON"),
        (b"\xff", "this is no JSON"),
        (b"[" * 200_000, "this is no JSON"),
        (b"[]", "schema_version must be 1"),
        (b'{"schema_version": 2}', "schema_version must be 1"),
        (b"{}", "schema_version must be 1"),
    ],
)
def test_what_is_none(path, read, raw, words):
    """It is said where, and what to do."""
    files.replace(path, raw)
    with pytest.raises(BadError) as told:
        read(path, 1, BadError)

    assert str(told.value).startswith(f"{path}: {words}")
    assert str(told.value).endswith("Correct it there, or take the file away")


def test_what_is_no_file(path, tmp_path):
    """A link in its place is told as one, and not followed; a file that may not be read is a mistake where that is asked."""
    (tmp_path / "other").write_text('{"schema_version": 1}')
    (tmp_path / "stated.json").symlink_to("other")
    for read in (stated_file.read, stated_file.asked):
        with pytest.raises(BadError, match="is a link"):
            read(path, 1, BadError)


def test_what_cannot_be_read(path, monkeypatch):
    """Whoever asks in the middle of an answer hears of a mistake in the file; others of the system's error."""

    def refuse(_path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(files, "reading", refuse)
    with pytest.raises(PermissionError):
        stated_file.read(path, 1, BadError)
    with pytest.raises(BadError, match=r"Permission denied\. See that this user may read it"):
        stated_file.asked(path, 1, BadError)


def test_whether_it_has_changed(path):
    """The stamp is another one then."""
    nothing = stated_file.stamp(path)
    files.replace(path, b"{}")
    assert stated_file.stamp(path) not in (nothing, None)
