"""What is broken in a data folder, and what can be mended?"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time

import pytest

from session_monitor.base import data_folder, files
from session_monitor.index import access, opening
from session_monitor.index import keeper as index_keeper
from session_monitor.sessions import session_file, write_lock
from session_monitor.sessions.write_lock import MonitorsLock, Outdated
from session_monitor.upkeep.repair import Mended, Repaired, repair
from tests.support.calls import BOOK, call, conversation, in_log
from tests.support.stores import put

TALK = in_log(conversation("a", 6))


def silent(_done, _total):
    """Say nothing."""


def repaired(folder, later=0):
    """What a repair does so many seconds from now."""
    return repair(str(folder), BOOK, time.time() + later, silent)


def asked(folder):
    """How many calls each session has, as a reader is told."""
    sql = "SELECT session_id, calls FROM session"
    return dict(access.ask(str(folder), BOOK, lambda found: found.db.execute(sql).fetchall(), silent))


def contents(folder):
    """All files, but for what readers of the index share."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


@pytest.fixture
def folder(tmp_path):
    """One with a session of six calls and one of a single call, and an index."""
    put(tmp_path, [*TALK, *in_log([call("b")])])
    asked(tmp_path)
    return tmp_path


def test_where_all_is_well_nothing_is_done(folder):
    """No file is changed, and a monitor has nothing to look at again."""
    lock = MonitorsLock(str(folder))
    before = contents(folder)

    assert repaired(folder) == Repaired()

    assert contents(folder) == before
    with lock.held():
        pass


def test_a_count_that_is_not_there_is_not_made(folder):
    """To look what sessions have lost, nothing is written."""
    (folder / data_folder.ROUND_COUNTS).unlink(missing_ok=True)

    repaired(folder)

    assert not (folder / data_folder.ROUND_COUNTS).exists()


def test_a_file_may_be_cut_off_anywhere(folder):
    """What is whole stays and gets an end; the monitor adds what is missing, and the file is as it was before.

    Where rounds went with the cut, the logs are read again for them.
    """
    path = folder / "a.json"
    data = path.read_bytes()
    whole = json.loads(data)["rounds"]
    starts = [data.index(b'{"round":%d,' % number) for number in range(1, 7)]
    for length in (*range(0, 40, 3), *range(40, len(data), 61), len(data) - 1):
        path.write_bytes(data[:length])
        done = repaired(folder)

        rounds = json.loads(path.read_bytes())["rounds"] if path.exists() else []
        assert rounds == whole[: len(rounds)]
        assert len(rounds) >= sum(start <= length for start in starts) - 1
        if rounds:
            end = data.index(b"\n", starts[len(rounds) - 1]) + 1
            again = ["a.json"] if len(rounds) < 6 else []
            assert done == Repaired(mended=[Mended("a.json", len(rounds), max(0, length - end))], read_again=again)
        else:
            assert done == Repaired(removed=["a.json"], read_again=["a.json"])
        assert repaired(folder) == Repaired()
        (folder / ".state.json").unlink(missing_ok=True)
        put(folder, TALK)
        assert json.loads(path.read_bytes())["rounds"] == whole
        assert asked(folder) == {"a": 6, "b": 1}


@pytest.mark.parametrize("rest", [b"\0" * 5000, b'\n],"created_at":"20', b'{"round":7,"timestamp":null'])
def test_what_stands_behind_the_end_is_cut_off(folder, rest):
    """Zeros that a power failure left, or a part of a write, go; the session is what it was."""
    path = folder / "a.json"
    data = path.read_bytes()
    path.write_bytes(data + rest)

    assert [each.rounds for each in repaired(folder).mended] == [6]

    assert json.loads(path.read_bytes())["rounds"] == json.loads(data)["rounds"]
    with open(path, "rb") as file:
        assert session_file.read_end(file).summary == _summary(data, folder)


def _summary(data, folder):
    (folder / "copy").write_bytes(data)
    with open(folder / "copy", "rb") as file:
        return session_file.read_end(file).summary


def test_what_is_damaged_in_its_middle_is_left_and_named(folder):
    """The monitor knows which of the rounds behind the damage it can read again; a person's file is none of ours."""
    data = (folder / "a.json").read_bytes()
    start = data.index(b'{"round":3,')
    damaged = {
        "a.json": data[:start] + bytes(20) + data[start + 20 :],
        "b.json": b"junk" + (folder / "b.json").read_bytes(),
        "notes.json": b'{"of": "a person"}',
    }
    for name, content in damaged.items():
        (folder / name).write_bytes(content)

    done = repaired(folder)

    assert (done.mended, done.removed) == ([], [])
    assert [each.file for each in done.damaged] == list(damaged)
    assert "rounds follow" in done.damaged[0].what
    assert {name: (folder / name).read_bytes() for name in damaged} == damaged


def test_the_monitor_hears_of_it(folder):
    """What it remembers of a file that was mended does not hold any more."""
    lock = MonitorsLock(str(folder))
    path = folder / "a.json"
    path.write_bytes(path.read_bytes()[:-5])
    repaired(folder)

    with pytest.raises(Outdated), lock.held():
        pytest.fail("it knows nothing of that")


def test_a_file_that_is_just_written_is_not_broken(folder, monkeypatch):
    """What looked torn while the monitor wrote it is looked at again when it is nobody's turn to write."""
    path = folder / "a.json"
    data = path.read_bytes()
    path.write_bytes(data[:-50])
    real = write_lock.changing

    @contextlib.contextmanager
    def changing(of):
        path.write_bytes(data)
        with real(of):
            yield

    monkeypatch.setattr(write_lock, "changing", changing)

    assert repaired(folder) == Repaired()
    assert path.read_bytes() == data


def test_temporary_files_that_were_left(folder):
    """What a killed process was about to put in place is removed, unless it is so young that somebody may be at it."""
    for name in (".state.json.tmp", ".deleted.json.tmp", "notes.json.tmp", ".notes.tmp"):
        (folder / name).write_bytes(b"{")

    assert repaired(folder, 30).removed == []
    assert sorted(repaired(folder, 120).removed) == [".deleted.json.tmp", ".state.json.tmp"]
    assert (folder / "notes.json.tmp").exists()


def test_what_a_killed_run_left_of_standard_input(folder):
    """It is removed, unless a monitor is at work, whose it is."""
    (folder / data_folder.STDIN).touch()

    with files.lock(str(folder / data_folder.LOCK), "pid 42"):
        assert repaired(folder).removed == []
    assert repaired(folder).removed == [data_folder.STDIN]


def test_a_broken_index_is_made_anew(folder):
    """Damage anywhere in it, also where no reader has come by, is found; a monitor takes the new one up."""
    put(folder, in_log([call(f"s{number}", model=f"m{number}") for number in range(300)]))
    os.utime(folder / "a.json")
    path = folder / data_folder.INDEX
    with contextlib.closing(index_keeper.Keeper(str(folder), BOOK, silent)) as keeper:
        assert asked(folder)["a"] == 6
        lock = MonitorsLock(str(folder))
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'active'").fetchone()[0]
        with open(path, "r+b") as file:
            file.seek(4096 * (root - 1))
            file.write(b"junk" * 100)

        assert repaired(folder).index_made_anew
        assert repaired(folder) == Repaired()
        assert len(asked(folder)) == 302

        with pytest.raises(Outdated), lock.held():
            pytest.fail("it knows nothing of the new index")
        keeper.outdated()
        keeper.settle()
        put(folder, in_log([call("late")], generation="g2"))
        keeper.outdated()
        keeper.settle()
        assert keeper.problem is None
    with contextlib.closing(opening.read_only(str(path))) as db:
        assert db.execute("SELECT count(*) FROM session WHERE session_id = 'late'").fetchall() == [(1,)]


@pytest.mark.parametrize("name", [data_folder.WORD_INDEX, data_folder.INSIGHTS])
@pytest.mark.parametrize("content", [b"junk" * 3000, b"SQLite format 3\0" + b"junk" * 3000])
def test_what_is_broken_and_derived_is_removed(folder, name, content):
    """It is made anew when somebody searches, or asks for findings; what is sound stays."""
    path = folder / name
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE words(word)")
    assert repaired(folder) == Repaired()
    path.write_bytes(content)

    assert repaired(folder) == Repaired(removed=[name])
    assert not path.exists()
