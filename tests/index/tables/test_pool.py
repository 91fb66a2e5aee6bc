"""Rows of many files, made by one process or by several."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from session_monitor.base import side_by_side
from session_monitor.index.tables import pool
from session_monitor.index.tables import rows as index_rows
from session_monitor.index.tables.pool import chunks
from session_monitor.sessions import file_names
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step, caught_up, contents, opened

FILES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Many session files, and among them one that is none and one that is a copy."""
    folder = tmp_path_factory.mktemp("sessions")
    steps = [Step(f"s{n % FILES}", 1000 * n, "gpt-4o", f"c{n % 3}", tool="read") for n in range(3 * FILES)]
    Agent(folder).store(steps)
    (folder / "junk.json").write_bytes(b"{}")
    (folder / "copy.json").write_bytes((folder / "s1.json").read_bytes())
    return folder


@pytest.fixture
def files(folder):
    """Their sizes and times, by name."""
    states = {path.name: path.stat() for path in sorted(folder.glob("*.json"))}
    return {name: (state.st_size, state.st_mtime_ns) for name, state in states.items()}


@pytest.fixture
def many(monkeypatch):
    """Little is much, and a process for each of several."""
    monkeypatch.setattr(pool, "MANY", 0)
    monkeypatch.setattr(pool, "AT_ONCE", 4000)
    monkeypatch.setattr(side_by_side, "workers", lambda: 3)


def test_many_processes_make_the_same_rows(folder, files, monkeypatch, many):
    """Several processes give the chunks that one gives, in the same order."""
    shared = list(chunks(str(folder), files, BOOK))
    monkeypatch.setattr(side_by_side, "workers", lambda: 1)
    alone = list(chunks(str(folder), files, BOOK))

    assert shared == alone
    assert len(shared) > 6
    assert [chunk.size for chunk in shared if chunk.size < 4000] in ([], [shared[-1].size])
    rows = [row for chunk in shared for row in chunk.rows.sessions]
    assert [dict(zip(index_rows.SESSION, row))["file"].decode() for row in rows] == [
        name for name in files if name not in ("junk.json", "copy.json")
    ]
    assert [name for chunk in shared for name in chunk.damaged] == ["copy.json", "junk.json"]


def test_the_others_do_the_work(folder, files, monkeypatch, many):
    """What they were given is not done by the process that gave it."""
    made = chunks(str(folder), files, BOOK)
    first = next(made)
    monkeypatch.setattr(pool, "_chunk", lambda *_: pytest.fail("the others did not do it"))

    assert len([first, *made]) > 6


def test_an_index_from_many_processes(folder, many, monkeypatch):
    """An index that several processes made holds what one that this process made alone does."""
    with opened(folder) as shared, opened(folder) as alone:
        caught_up(shared)
        monkeypatch.setattr(pool, "MANY", 1 << 40)
        caught_up(alone)

        assert contents(shared) == contents(alone)
        assert shared.db.execute("SELECT count(*) FROM session").fetchone() == (FILES,)
        assert shared.db.execute("SELECT file FROM damaged").fetchall() == [("copy.json",), ("junk.json",)]


def test_who_stops_early_leaves_nobody_behind(folder, files, many):
    """Somebody who has seen enough ends the other processes."""
    made = chunks(str(folder), files, BOOK)
    next(made)
    made.close()

    assert [each for each in multiprocessing.active_children() if each.is_alive()] == []


def test_little_is_read_by_one(folder, files, monkeypatch):
    """No other process is started for a few files."""
    monkeypatch.setattr(multiprocessing, "get_context", None)

    assert sum(chunk.size for chunk in chunks(str(folder), files, BOOK)) == sum(size for size, _ in files.values())
    assert list(chunks(str(folder), {}, BOOK)) == []


def test_a_file_of_a_second_name_is_counted(tmp_path):
    """A session whose first file name was taken by another id is counted under its second one."""
    Agent(tmp_path).store([Step("a")])
    os.rename(tmp_path / "a.json", tmp_path / file_names.other_name("a"))

    with opened(tmp_path) as found:
        assert caught_up(found).db.execute("SELECT session_id FROM session").fetchall() == [("a",)]


def test_two_files_of_one_session(tmp_path):
    """A copy of a session file under its second name does not count twice, and does not end the making of the index."""
    Agent(tmp_path).store([Step("a"), Step("b")])
    (tmp_path / file_names.other_name("a")).write_bytes((tmp_path / "a.json").read_bytes())

    with opened(tmp_path) as found:
        rows = caught_up(found).db.execute("SELECT session_id, calls FROM session ORDER BY session_id").fetchall()

    assert rows == [("a", 1), ("b", 1)]


def test_a_process_that_dies_loses_nothing(folder, files, monkeypatch, many):
    """Where the others are killed, for lack of memory or by hand, all rows are made all the same."""
    monkeypatch.setattr(side_by_side, "workers", lambda: 1)
    alone = list(chunks(str(folder), files, BOOK))
    monkeypatch.setattr(side_by_side, "workers", lambda: 2)

    made = chunks(str(folder), files, BOOK)
    first = next(made)
    for process in multiprocessing.active_children():
        process.kill()

    assert [first, *made] == alone
