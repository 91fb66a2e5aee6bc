"""Which files are the index, and how are they opened and removed?"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3

import pytest

from session_monitor.index import opening


@pytest.fixture(params=["index", "a b%41?mode=rwc#x", "会话"])
def path(request, tmp_path):
    """A database whose name means something else in a link, as a monitor leaves it: with the files beside it."""
    path = str(tmp_path / request.param)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t(x)")
        db.execute("INSERT INTO t VALUES (1)")
        db.commit()
        opening.remember(path, str(os.stat(path).st_ino))
        with contextlib.closing(opening.read_only(path)):
            db.close()
    return path


def rows(db):
    """What it holds."""
    with contextlib.closing(db):
        return db.execute("SELECT x FROM t").fetchall()


def test_nothing_is_written(path):
    """A connection that only reads can read, and not write; no file comes or goes."""
    folder = os.path.dirname(path)
    before = os.stat(folder).st_mtime_ns, sorted(os.listdir(folder))

    assert rows(opening.read_only(path)) == [(1,)]
    with contextlib.closing(opening.read_only(path)) as db, pytest.raises(sqlite3.OperationalError):
        db.execute("INSERT INTO t VALUES (2)")

    assert (os.stat(folder).st_mtime_ns, sorted(os.listdir(folder))) == before


def test_beside_a_writer(path):
    """Beside somebody who writes, what he has written is read as well."""
    with contextlib.closing(sqlite3.connect(path)) as writer:
        writer.execute("INSERT INTO t VALUES (2)")
        writer.commit()
        assert rows(opening.read_only(path)) == [(1,), (2,)]


@pytest.mark.parametrize("part", ["", "-wal", "-shm", "-made"])
@pytest.mark.parametrize("how", ["taken away", "copied", "a link", "a directory"])
def test_a_part_that_is_not_the_one_that_was_made(path, part, how):
    """Nothing is opened beside it: who has the others open would get another log, or lose the memory that is shared."""
    away = path + ".away"
    os.rename(path + part, away)
    if how == "a link":
        os.symlink(away, path + part)
    elif how == "a directory":
        os.mkdir(path + part)
    elif how == "copied":
        shutil.copy(away, path + part)
        if part == "-made":
            with open(path + part, "a", encoding="utf-8") as file:
                file.write("0")
    before = opening.parts(path)

    assert not opening.is_whole(path)
    with pytest.raises(opening.NoIndexError):
        opening.read_only(path)
    assert opening.parts(path) == before
    if how != "a directory":
        opening.remove(path)
        assert opening.is_gone(path)


@pytest.mark.parametrize("part", ["-wal", "-shm", "-made"])
def test_a_part_that_goes_just_now(path, monkeypatch, part):
    """The lock does not hold off strangers: what they do while it is opened is noticed, too."""
    real = opening.database

    def database(*arguments):
        os.rename(path + part, path + ".away")
        return real(*arguments)

    monkeypatch.setattr(opening, "database", database)
    with pytest.raises(opening.NoIndexError):
        opening.read_only(path)
    assert not os.path.exists(path + part)


def test_no_file_is_made(tmp_path):
    """Where there is no index, none is made by looking; and no folder is no index."""
    for path in (tmp_path / "none", tmp_path / "no folder" / "none"):
        with pytest.raises(sqlite3.OperationalError):
            opening.read_only(str(path))

    assert os.listdir(tmp_path) == []


def test_a_file_system_without_locks(path, monkeypatch):
    """It is opened without one, as many a network's has none."""
    monkeypatch.setattr(opening.files, "take", lambda *_: (_ for _ in ()).throw(OSError(95, "Not supported")))

    assert rows(opening.read_only(path)) == [(1,)]


def test_what_is_damage():
    """What says that pages are none, or are cut off, is; what says that it cannot be had now is not."""
    for error in (sqlite3.DatabaseError("malformed"), ValueError(), sqlite3.OperationalError("disk I/O error")):
        assert opening.is_damage(error)
    for error in (opening.NoIndexError(), sqlite3.OperationalError("database is locked"), OSError()):
        assert not opening.is_damage(error)
