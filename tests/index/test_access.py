"""Is every question answered rightly, whatever became of the index?"""

from __future__ import annotations

import errno
import gc
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from session_monitor.base import data_folder, files
from session_monitor.index import access as index_access
from session_monitor.index import writable
from session_monitor.index.keeper import Keeper
from session_monitor.index.tables import rows
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.indexes import silent
from tests.support.users import open_the_way

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"


def monitor(folder, *lines, keeper=True):
    """One pass of a monitor over a log to which these lines are added."""
    log = folder.parent / "access.log"
    folder.mkdir(exist_ok=True)
    with open(log, "ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
    kept = Keeper(str(folder), BOOK, silent) if keeper else None
    Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / ".state.json"), str(folder)), index=kept).poll()
    if kept:
        assert kept.problem is None
        kept.close()


def rounds(folder):
    """How many rounds each session has, as a reader is told."""
    sql = "SELECT session_id, calls, model FROM session"
    answer = index_access.ask(str(folder), BOOK, lambda found: found.db.execute(sql).fetchall(), silent)
    assert {model for *_, model in answer} <= {"gpt-4"}
    return {session_id: calls_ for session_id, calls_, _ in answer}


@pytest.fixture
def folder(tmp_path):
    """A folder with two sessions and an index."""
    monitor(tmp_path / "sessions", *(calls.line("ab"[n % 2], [str(n)]) for n in range(5)))
    return tmp_path / "sessions"


def is_made(folder, monkeypatch):
    """What the next reader is told, and whether it reads session files for that."""
    read = []
    real = rows.read
    with monkeypatch.context() as patched:
        patched.setattr(rows, "read", lambda *arguments: read.append(arguments) or real(*arguments))
        found = rounds(folder)
    return found, bool(read)


def test_what_the_monitor_kept_is_read_as_it_is(folder, monkeypatch):
    """After a pass of the monitor no reader has to read a session file, and reading leaves the folder alone."""
    assert is_made(folder, monkeypatch) == ({"a": 3, "b": 2}, False)
    assert is_made(folder, monkeypatch) == ({"a": 3, "b": 2}, False)


@pytest.mark.parametrize(
    "what", ["deleted", "junk", "empty", "half", "short", "bad text", "other version", "other tables"]
)
def test_an_index_that_is_none(folder, monkeypatch, what):
    """Whatever stands in its place, the answer is right, and the next reader has an index again."""
    path = folder / data_folder.INDEX
    with sqlite3.connect(path) as db:  # the last to close it leaves all in one file
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = path.read_bytes()
    assert b"gpt-4" in data
    if what == "deleted":
        path.unlink()
    elif what in ("junk", "empty", "half", "short", "bad text"):
        new = {
            "bad text": data.replace(b"gpt-4", b"gpt\xff4"),
            "junk": os.urandom(20_000),
            "empty": b"",
            "half": data[: len(data) // 2],
            "short": data[:-5000],
        }
        path.write_bytes(new[what])
    else:
        path.unlink()
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99" if what == "other version" else "CREATE TABLE session(x)")
        db.close()

    assert is_made(folder, monkeypatch) == ({"a": 3, "b": 2}, True)
    assert is_made(folder, monkeypatch) == ({"a": 3, "b": 2}, False)
    assert (path.stat().st_mode & 0o777) == 0o600


def test_an_index_of_earlier(folder):
    """An index that was put back from a backup, or was not kept for a while, is brought up to date."""
    old = (folder / data_folder.INDEX).read_bytes()
    monitor(folder, calls.line("c"), calls.line("a"))
    for end in ("-wal", "-shm"):
        (folder / (data_folder.INDEX + end)).unlink(missing_ok=True)
    (folder / data_folder.INDEX).write_bytes(old)

    assert rounds(folder) == {"a": 4, "b": 2, "c": 1}

    monitor(folder, calls.line("d"), keeper=False)

    assert rounds(folder) == {"a": 4, "b": 2, "c": 1, "d": 1}


def test_files_that_come_and_go_by_hand(folder):
    """A session file that was taken away or put there is noticed."""
    (folder / "a.json").rename(folder.parent / "a.json")
    assert rounds(folder) == {"b": 2}
    (folder.parent / "a.json").rename(folder / "a.json")
    assert rounds(folder) == {"a": 3, "b": 2}


def test_a_folder_that_may_not_be_written(folder):
    """Where nothing can be written the answer comes from memory, and nothing is left behind."""
    (folder / data_folder.INDEX).unlink()
    before = sorted(os.listdir(folder))
    open_the_way(folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    folder.chmod(0o555)
    code = (
        "import os, sys; sys.path[:0] = sys.argv[2:]\n"
        # Before it is somebody else, who may not be allowed to read Python's own modules.
        "from session_monitor.index import access, keeper\n"
        "from session_monitor.index.tables import pool\n"
        "from tests.support.calls import BOOK\n"
        "os.setuid(65534) if os.getuid() == 0 else None\n"
        "sql = 'SELECT session_id, calls FROM session ORDER BY 1'\n"
        "print(access.ask(sys.argv[1], BOOK, lambda found: found.db.execute(sql).fetchall(), lambda *_: None))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, folder, SCRIPTS, SCRIPTS.parent], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("[('a', 3), ('b', 2)]\n", "")
    assert sorted(os.listdir(folder)) == before


def test_a_session_that_may_not_be_read(folder):
    """No answer leaves it out: it is an error that names the file."""
    (folder / data_folder.INDEX).unlink()
    open_the_way(folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    (folder / "b.json").chmod(0)
    code = (
        "import os, sys; sys.path[:0] = sys.argv[2:]\n"
        "from session_monitor.index import access, keeper\n"
        "from session_monitor.index.tables import pool\n"
        "from tests.support.calls import BOOK\n"
        "os.setuid(65534) if os.getuid() == 0 else None\n"
        "try: access.ask(sys.argv[1], BOOK, lambda found: print('answered'), lambda *_: None)\n"
        "except PermissionError as refused: print(refused.filename)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, folder, SCRIPTS, SCRIPTS.parent], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == (f"{folder / 'b.json'}\n", "")


def test_a_session_that_a_monitor_may_not_read(folder, monkeypatch):
    """The monitor goes on, and its index has all others: it reads the log for all of them."""
    (folder / data_folder.INDEX).unlink()
    real = rows.read

    def read(of, file, *more):
        if file == "b.json":
            raise PermissionError(errno.EACCES, "Permission denied", file)
        return real(of, file, *more)

    monkeypatch.setattr(rows, "read", read)
    monitor(folder, calls.line("a", ["5"]))
    assert rounds(folder) == {"a": 4}


def test_a_monitor_that_was_killed(folder):
    """Rounds that were written before the index heard of them are found by the next reader."""
    keeper = Keeper(str(folder), BOOK, silent)
    keeper.before()
    store = Store(str(folder))
    store.add(calls.call("a", ["new"]), ("other", 0, 10))
    store.flush()

    with files.lock(str(folder / data_folder.LOCK), "a monitor at work"):
        assert rounds(folder) == {"a": 3, "b": 2}  # it comes, whole, when the monitor has told it
    assert rounds(folder) == {"a": 4, "b": 2}
    keeper.close()


def test_a_question_sees_one_state(folder):
    """What the monitor adds while a question is answered is not seen by half: not at all, until the next question."""

    def question(found):
        before = found.db.execute("SELECT sum(calls) FROM session").fetchone()
        monitor(folder, calls.line("a"), calls.line("z"))
        return before, found.db.execute("SELECT sum(calls) FROM total").fetchone()

    assert index_access.ask(str(folder), BOOK, question, silent) == ((5,), (5,))
    assert rounds(folder) == {"a": 4, "b": 2, "z": 1}


def test_an_index_in_memory_answers_for_a_while(folder, monkeypatch):
    """Where none can be written, one in memory answers the questions of the next moment, and then it is made anew."""
    clock = [100.0]
    monkeypatch.setattr(index_access.time, "monotonic", lambda: clock[0])
    tried = []
    monkeypatch.setattr(writable, "opened", lambda *_, **how: tried.append(how) or refused())
    for end in ("", "-wal", "-shm"):
        (folder / (data_folder.INDEX + end)).unlink(missing_ok=True)
    access = index_access.Access(str(folder), BOOK, silent)

    def count():
        return access.ask(lambda found: found.db.execute("SELECT count(*) FROM session").fetchone()[0])

    assert count() == 2
    assert len(tried) == 1  # where it may not be written, it may not be replaced either
    monitor(folder, calls.line("c"), keeper=False)
    clock[0] += index_access.KEPT / 2
    assert count() == 2
    clock[0] += index_access.KEPT
    assert count() == 3
    access.close()
    assert not (folder / data_folder.INDEX).exists()


def test_an_index_in_memory_of_a_thread_that_has_ended(folder, monkeypatch):
    """It is forgotten in silence, by whichever thread that is."""
    said = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    monkeypatch.setattr(writable, "opened", refused)
    for end in ("", "-wal", "-shm"):
        (folder / (data_folder.INDEX + end)).unlink(missing_ok=True)
    held = [index_access.Access(str(folder), BOOK, silent)]
    thread = threading.Thread(target=lambda: held[0].ask(lambda found: found.is_ready()))
    thread.start()
    thread.join()
    held.clear()
    gc.collect()
    assert said == []


def refused(*_arguments, **_options):
    """What opening an index for writing says in a folder that may not be written."""
    raise PermissionError


def test_no_folder(tmp_path):
    """A folder that is not there is an error of its own."""
    with pytest.raises(FileNotFoundError):
        rounds(tmp_path / "none")


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_a_part_that_is_taken_away_while_it_is_read(folder, end):
    """What was read then may be anything: the question is asked again, of an index that is whole."""
    asked = []

    def question(index):
        asked.append(index.db.execute("SELECT sum(calls) FROM session").fetchone())
        if len(asked) < 3:
            (folder / (data_folder.INDEX + end)).unlink()
        return asked[-1]

    assert index_access.ask(str(folder), BOOK, question, silent) == (5,)
    assert len(asked) == 3
    assert rounds(folder) == {"a": 3, "b": 2}


@pytest.mark.parametrize("is_made_anew", [False, True])
def test_what_it_raises_then_is_no_answer(folder, is_made_anew):
    """A question that found one state in one place and another in the next says what it likes; also if there is a new index by then."""
    asked = []

    def question(index):
        asked.append(index)
        if len(asked) > 1:
            return index.db.execute("SELECT sum(calls) FROM session").fetchone()
        (folder / (data_folder.INDEX + "-shm")).unlink()
        if is_made_anew:
            assert rounds(folder) == {"a": 3, "b": 2}
        raise KeyError(6)

    assert index_access.ask(str(folder), BOOK, question, silent) == (5,)
    assert len(asked) == 2


def test_what_it_raises_of_an_index_in_its_place(folder):
    """That is a mistake of the question's own, and is told."""

    def question(index):
        raise KeyError(6)

    with pytest.raises(KeyError):
        index_access.ask(str(folder), BOOK, question, silent)
