"""A note is added to one session, as the command line does it, and changes nothing else."""

from __future__ import annotations

import json

from session_monitor.notes import notes_file
from tests.support.command_line import data, line, sessions
from tests.support.mcp_client import answered, refused


def test_a_note_and_tags(tmp_path):
    """The note comes behind those that there are, and tags beside those; session files stay as they are."""
    folder = sessions(tmp_path / "s", line("a"), line("b", 2))
    before = {path.name: path.read_bytes() for path in folder.glob("[!.]*.json")}
    assert answered(folder, "add_note", session="a", text=" one ", tags=["bug"]) == {
        "session_id": "a",
        "note": 1,
        "tags": ["bug"],
    }
    assert answered(folder, "add_note", session="a", text="two", tags=["#prod", "bug"])["tags"] == ["bug", "prod"]
    assert [each["text"] for each in data("note", "a", "--data-dir", folder)["noted"]["notes"]] == [
        "one",
        "two",
    ]
    assert {path.name: path.read_bytes() for path in folder.glob("[!.]*.json")} == before
    assert (folder / ".notes.json").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_noted(tmp_path):
    """A blank note, a tag with blanks, and a session that is not there are refused, and nothing is noted."""
    folder = sessions(tmp_path / "s", line("a"))
    assert refused(folder, "add_note", session="a", text="  ").startswith("bad_note: a note has no text")
    assert refused(folder, "add_note", session="a", text="x", tags=["a b"]).startswith("bad_note: a tag is")
    assert refused(folder, "add_note", session="nobody", text="x").startswith("session_not_found: ")
    assert refused(folder, "add_note", text="x").startswith("bad_arguments: session is missing")
    assert not (folder / ".notes.json").exists() or json.loads((folder / ".notes.json").read_text())["sessions"] == {}


def test_what_does_not_go(tmp_path, monkeypatch):
    """Where somebody else holds the file, or it cannot be written, that is said as the command line says it."""
    folder = sessions(tmp_path / "s", line("a"))
    monkeypatch.setattr(notes_file, "PATIENCE", 0.0)
    with notes_file.changing(str(folder)):
        assert refused(folder, "add_note", session="a", text="x").startswith("busy: ")
    monkeypatch.setattr(
        notes_file.files, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    assert refused(folder, "add_note", session="a", text="x").startswith("unwritable: ")
