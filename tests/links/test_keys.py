"""The keys: where they stand, and what each opens."""

from __future__ import annotations

import os
import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.base import files
from session_monitor.links import keys
from session_monitor.links.keys import BadKeyFileError, KeptKeys, Keys

IDS = st.text(st.characters(), max_size=20)


def test_a_key_is_made_once(tmp_path):
    """The first who needs it makes it, for the user alone; it stays the same, and no other file stays behind."""
    first = keys.of_folder(str(tmp_path))
    again = keys.of_folder(str(tmp_path))

    assert first.main == again.main
    assert stat.S_IMODE((tmp_path / ".web-key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [".web-key"]
    assert len(first.main) == 43


def test_a_new_key_lasts(tmp_path, monkeypatch):
    """After a power loss it is still there, and with it the links that were given out: it was synced, then its folder."""
    synced, written = [], []
    monkeypatch.setattr(os, "fsync", lambda descriptor: written.append((descriptor, os.fstat(descriptor).st_size)))
    monkeypatch.setattr(files, "sync_folder", lambda folder: synced.append((folder, sorted(os.listdir(folder)))))
    key = keys.of_folder(str(tmp_path)).main
    assert synced == [(str(tmp_path), [".web-key"])]
    ((descriptor, size),) = written
    assert size == len(f"{key}\n")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)

    monkeypatch.chdir(tmp_path)
    (tmp_path / ".web-key").unlink()
    keys.of_folder("")
    assert synced[1:] == [(".", [".web-key"])]


def test_two_who_make_it_at_a_time_get_the_same(tmp_path):
    """However many start at once, there is one key."""
    found = []
    start = threading.Barrier(8)

    def make():
        start.wait()
        found.append(keys.of_folder(str(tmp_path)).main)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 5000, b"\xff" * 43, b"a b" * 15, b"A" * 44])
def test_a_damaged_file_is_an_error(tmp_path, content):
    """What is no key is not used, not replaced, and told with what to do."""
    path = tmp_path / ".web-key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(BadKeyFileError, match="take it away, and a new one is made"):
        keys.of_folder(str(tmp_path))
    assert path.read_bytes() == content


def test_a_file_that_others_can_read_is_an_error(tmp_path):
    """A key that others may know is not used."""
    keys.of_folder(str(tmp_path))
    (tmp_path / ".web-key").chmod(0o640)

    with pytest.raises(BadKeyFileError, match="chmod 600"):
        keys.of_folder(str(tmp_path))


def test_a_file_of_somebody_elses_is_an_error(tmp_path, monkeypatch):
    """A key that this user may not read is not replaced by another one."""
    made = keys.of_folder(str(tmp_path)).main

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    with monkeypatch.context() as patched:
        patched.setattr(files, "reading", refuse)
        with pytest.raises(BadKeyFileError, match="cannot be read by this user"):
            keys.of_folder(str(tmp_path))
    assert keys.of_folder(str(tmp_path)).main == made


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_no_file_is_an_error(tmp_path, kind):
    """A folder or a link in the file's place is not followed."""
    path = tmp_path / ".web-key"
    if kind == "folder":
        path.mkdir(mode=0o700)
    else:
        (tmp_path / "other").write_text("A" * 43)
        path.symlink_to(tmp_path / "other")

    with pytest.raises(BadKeyFileError):
        keys.of_folder(str(tmp_path))


def test_keys_wait_for_the_folder(tmp_path):
    """Without a data folder there is a key all the same; it is kept as soon as there is one."""
    folder = tmp_path / "sessions"
    kept = KeptKeys(str(folder), print)
    before = kept().main
    assert kept().main == before
    folder.mkdir()

    after = kept().main
    assert (folder / ".web-key").read_text().strip() == after
    assert kept().main == after


def test_a_folder_that_comes_with_a_key_that_cannot_be_used(tmp_path):
    """Whoever has the link that the server printed still gets in, and what is wrong is told, once."""
    folder, said = tmp_path / "sessions", []
    kept = KeptKeys(str(folder), said.append)
    before = kept().main
    folder.mkdir()
    (folder / ".web-key").write_text("A" * 43)
    (folder / ".web-key").chmod(0o644)

    assert [kept().main, kept().main] == [before, before]
    assert (folder / ".web-key").read_text() == "A" * 43
    assert len(said) == 1
    assert "can be read by others" in said[0]
    assert before not in said[0]


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    """Where no key can be kept, that is told once, and one is used as long as the server runs."""
    said = []

    def refuse(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(keys, "_make", refuse)
    kept = KeptKeys(str(tmp_path), said.append)

    assert kept().main == kept().main
    assert len(said) == 1
    assert "Permission denied" in said[0]


@given(IDS, IDS)
def test_a_sessions_key_opens_that_session_alone(one, other):
    """It opens its session, no other, and not everything; and it is known as the key of some session."""
    found = Keys("s" * 43)
    key = found.of_session(one)

    assert found.opens(key, one)
    assert found.opens(key, other) == (one == other)
    assert not found.opens_all(key)
    assert found.is_of_some_session(key)
    assert not Keys("t" * 43).opens(key, one)
    assert not Keys("t" * 43).is_of_some_session(key)


@given(st.text(), IDS)
def test_any_other_text_opens_nothing(text, session_id):
    """Whatever somebody sends as a key, it is none."""
    found = Keys("s" * 43)

    assert not found.opens_all(text)
    assert not found.opens(text, session_id)
    assert not found.is_of_some_session(text)


@pytest.mark.parametrize("other", ["{0}=", "{0}!", "{0}\n", " {0}", "{1}!{2}", "{1}\0{2}", "{0}é", "{0}==AAAA"])
def test_there_is_one_way_to_write_a_key(other):
    """What a decoder would read as the same is another text, and no key: nobody makes many of one."""
    found = Keys("s" * 43)
    key = found.of_session("a")
    assert not found.is_of_some_session(other.format(key, key[:8], key[8:]))


def test_a_key_with_one_letter_changed_opens_nothing():
    """Each letter of a key counts."""
    found = Keys("s" * 43)
    key = found.of_session("a")
    for at in range(len(key)):
        changed = key[:at] + ("A" if key[at] != "A" else "B") + key[at + 1 :]
        assert not found.opens(changed, "a")
        assert not found.is_of_some_session(changed)
