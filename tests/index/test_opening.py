"""How is the index's file opened so that nobody notices?"""

from __future__ import annotations

import contextlib
import os
import sqlite3

import pytest

from session_monitor.index import opening as index_file


@pytest.fixture(params=["index", "a b%41?mode=rwc#x", "会话"])
def path(request, tmp_path):
    """A database whose name means something else in a link, at rest in one file."""
    path = str(tmp_path / request.param)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t(x)")
        db.execute("INSERT INTO t VALUES (1)")
        db.commit()
    return path


def rows(db):
    """What it holds."""
    with contextlib.closing(db):
        return db.execute("SELECT x FROM t").fetchall()


def test_nothing_is_written(path):
    """A connection that only reads can read, and not write."""
    assert rows(index_file.read_only(path)) == [(1,)]
    with contextlib.closing(index_file.read_only(path)) as db, pytest.raises(sqlite3.OperationalError):
        db.execute("INSERT INTO t VALUES (2)")


def test_without_trace(path):
    """One that leaves no trace makes no file beside it, and does not even change the folder's time."""
    folder = os.path.dirname(path)
    before = os.stat(folder).st_mtime_ns, sorted(os.listdir(folder))

    assert rows(index_file.without_trace(path)) == [(1,)]
    assert (os.stat(folder).st_mtime_ns, sorted(os.listdir(folder))) == before


def test_beside_a_writer(path):
    """Beside somebody who writes, what he has written is read as well."""
    with contextlib.closing(sqlite3.connect(path)) as writer:
        writer.execute("INSERT INTO t VALUES (2)")
        writer.commit()
        assert index_file.has_side_files(path)
        assert rows(index_file.without_trace(path)) == [(1,), (2,)]


def test_a_log_that_nobody_has_open(path):
    """Where a part stands in a write-ahead log that only a writer can read, it is refused: it would read half."""
    assert not index_file.has_side_files(path)
    with open(path + "-wal", "wb") as file:
        file.write(b"x")

    with pytest.raises(sqlite3.OperationalError):
        index_file.without_trace(path)


def test_no_file_is_made(tmp_path):
    """Where there is no index, none is made by looking."""
    for opening in (index_file.read_only, index_file.without_trace):
        with pytest.raises(sqlite3.OperationalError), contextlib.closing(opening(str(tmp_path / "none"))) as db:
            db.execute("SELECT 1 FROM t")

    assert os.listdir(tmp_path) == []
