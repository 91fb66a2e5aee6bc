"""The file of notes is whole, for its user alone; two who change it at once lose nothing; mistakes are told with their place."""

from __future__ import annotations

import json
import multiprocessing

import pytest

from session_monitor.notes import notes_file
from session_monitor.notes.notes_file import BadNotesError, NotesBusyError
from session_monitor.notes.session_notes import NOTHING

AT = "2026-02-01T09:30:00.000Z"
PROCESSES, EACH = 4, 10


def noted(folder, session_id, text="a note"):
    """Note this."""
    with notes_file.changing(str(folder)) as notes:
        notes.put(session_id, notes.of(session_id).with_note(text, AT))


def test_what_is_written_is_read(tmp_path):
    """Whatever a session is called; the file is for its user alone, and people can read it."""
    for session_id in ("agent:main", "天气", "\udc80 half", "../x\n\x1b[31m", '"'):
        noted(tmp_path, session_id, "问题 \u202e")

    found = notes_file.read(str(tmp_path))
    assert list(found.sessions) == ["agent:main", "天气", "\udc80 half", "../x\n\x1b[31m", '"']
    assert all(each.notes[0].text == "问题 \u202e" for each in found.sessions.values())
    file = tmp_path / ".notes.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "天气" in file.read_text(encoding="utf-8")


def test_without_a_file_nothing_is_noted(tmp_path):
    """And looking makes none."""
    assert notes_file.read(str(tmp_path)).of("a") == NOTHING
    assert notes_file.state(str(tmp_path)) is None
    notes_file.forget(str(tmp_path), ["a"])
    with notes_file.changing(str(tmp_path)):
        pass
    assert not (tmp_path / ".notes.json").exists()


def test_what_fails_changes_nothing(tmp_path):
    """Neither the file nor its time."""
    noted(tmp_path, "a")
    before = notes_file.state(str(tmp_path))

    def fail():
        with notes_file.changing(str(tmp_path)) as notes:
            notes.put("a", NOTHING)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert notes_file.state(str(tmp_path)) == before


def test_forgetting(tmp_path):
    """Of these sessions nothing is kept, of others all."""
    for session_id in "abc":
        noted(tmp_path, session_id)
    notes_file.forget(str(tmp_path), ["a", "c", "x"])

    assert list(notes_file.read(str(tmp_path)).sessions) == ["b"]


def _note_often(folder, number):
    for at in range(EACH):
        noted(folder, f"session {at % 3}", f"{number}.{at}")


def test_two_at_once_lose_nothing(tmp_path):
    """Every note of several processes that write at the same time is there."""
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_note_often, args=(tmp_path, number)) for number in range(PROCESSES)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    texts = [note.text for each in notes_file.read(str(tmp_path)).sessions.values() for note in each.notes]
    assert sorted(texts) == sorted(f"{number}.{at}" for number in range(PROCESSES) for at in range(EACH))


def test_whoever_waits_too_long_is_told(tmp_path, monkeypatch):
    """And has changed nothing."""
    monkeypatch.setattr(notes_file, "PATIENCE", 0.05)

    with (
        notes_file.changing(str(tmp_path)),
        pytest.raises(NotesBusyError, match="changing notes"),
        notes_file.changing(str(tmp_path)),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "schema_version must be 1"),
        ('{"schema_version": 2}', "schema_version must be 1"),
        ('{"schema_version": 1, "sessions": []}', "sessions must be an object"),
        ('{"schema_version": 1, "stale_before": 5}', "stale_before must be a time"),
        (
            json.dumps({"schema_version": 1, "sessions": {"a": {"tags": ["x", ""]}}}),
            r'sessions\["a"\]: tags\[1\]: a tag',
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, text, said):
    """The file's path stands before it, and nobody writes over it."""
    (tmp_path / ".notes.json").write_text(text, encoding="utf-8")

    with pytest.raises(BadNotesError, match=said) as told:
        notes_file.read(str(tmp_path))
    assert str(tmp_path / ".notes.json") in str(told.value)
    with pytest.raises(BadNotesError):
        noted(tmp_path, "a")
    assert (tmp_path / ".notes.json").read_text(encoding="utf-8") == text


def test_what_is_no_file_is_not_read(tmp_path):
    """Nobody reads another's link by that name."""
    (tmp_path / "elsewhere").write_text("{}", encoding="utf-8")
    (tmp_path / ".notes.json").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(BadNotesError, match="is a link"):
        notes_file.read(str(tmp_path))
