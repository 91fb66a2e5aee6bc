"""How is a database beside the index opened that follows from it, and may be deleted at any time?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading

import pytest

from session_monitor.index import side_database
from session_monitor.index.side_database import SideDatabase, SideDatabaseDamagedError

KIND = SideDatabase(".beside.sqlite3", 7, ["CREATE TABLE t(x)", "INSERT INTO t VALUES ('made')"])


@contextlib.contextmanager
def opened(folder, kind=KIND, *, anew=False, patience=0.0):
    """One of these in a folder, of which nothing may be missing."""
    with side_database.opened(kind, str(folder), anew=anew, patience=patience) as db:
        assert db
        yield db


def rows(db):
    """What it holds."""
    return [x for (x,) in db.execute("SELECT x FROM t ORDER BY rowid")]


def test_who_asks_first_makes_it(tmp_path):
    """It is this user's alone, and what is put in is there for the next one."""
    with opened(tmp_path) as db:
        assert rows(db) == ["made"]
        db.execute("INSERT INTO t VALUES ('put in')")

    with opened(tmp_path) as db:
        assert rows(db) == ["made", "put in"]
    kept = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert kept == {KIND.name: 0o600, KIND.name + "-journal": 0o600}


def test_anew(tmp_path):
    """What was in is not any more."""
    for _ in range(2):
        with opened(tmp_path, anew=True) as db:
            assert rows(db) == ["made"]
            db.execute("INSERT INTO t VALUES ('put in')")


def test_several_that_find_none(tmp_path):
    """It is made once, whoever comes meanwhile."""
    meet = threading.Barrier(4)
    found = []

    def ask():
        meet.wait()
        with opened(tmp_path, patience=60.0) as db:
            found.append(rows(db))

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert found == [["made"]] * 4


@pytest.mark.parametrize("what", ["another version's", "no database", "another's tables"])
def test_one_that_is_none(tmp_path, what):
    """It is told, and left as it is; whoever asks for a new one gets that."""
    path = tmp_path / KIND.name
    if what == "no database":
        path.write_bytes(b"no database, but long enough to be read as one" * 200)
    elif what == "another version's":
        with opened(tmp_path, KIND._replace(schema=8)):
            pass
    else:
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("CREATE TABLE another(x)")
    before = path.read_bytes()

    with pytest.raises(SideDatabaseDamagedError), opened(tmp_path):
        pass
    assert path.read_bytes() == before
    with opened(tmp_path, anew=True) as db:
        assert rows(db) == ["made"]


def test_its_number_without_its_tables(tmp_path):
    """That alone does not make it one: what has others is told like any other damage, and in what has none they are made."""
    with contextlib.closing(sqlite3.connect(tmp_path / KIND.name)) as db:
        db.execute(f"PRAGMA user_version = {KIND.schema}")
    with opened(tmp_path) as db:
        assert rows(db) == ["made"]
        db.execute("DROP TABLE t")
        db.execute("CREATE TABLE other(x)")

    with pytest.raises(SideDatabaseDamagedError), opened(tmp_path):
        pass


def test_damage_that_sqlite_tells_in_bytes_that_are_no_text(tmp_path):
    """It is told like any other damage: SQLite's own message holds what stands there now."""
    path = tmp_path / KIND.name
    with opened(tmp_path):
        pass
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE", b"CREATE \xffABLE"))

    with pytest.raises(SideDatabaseDamagedError), opened(tmp_path):
        pass


@pytest.mark.parametrize(
    "what", ["no folder", "a folder in its place", "a link", "a table that this SQLite cannot make"]
)
def test_where_there_can_be_none(tmp_path, what):
    """That is told as well, and nothing is put in the place of what stands there."""
    folder, kind = tmp_path / "data", KIND
    if what != "no folder":
        folder.mkdir()
    if what == "a folder in its place":
        (folder / KIND.name).mkdir()
    elif what == "a link":
        (folder / KIND.name).symlink_to(tmp_path / "elsewhere")
    elif what == "a table that this SQLite cannot make":
        kind = KIND._replace(tables=["CREATE VIRTUAL TABLE t USING none(x)"])

    with side_database.opened(kind, str(folder), anew=False) as db:
        assert db is None
    assert not (tmp_path / "elsewhere").exists()
    assert (folder / KIND.name).is_dir() == (what == "a folder in its place")


def test_who_is_putting_something_in(tmp_path):
    """Others read what was in before, and put nothing in; nobody waits for longer than said."""
    with opened(tmp_path) as db, opened(tmp_path) as other:
        with side_database.transaction(db):
            db.execute("INSERT INTO t VALUES ('put in')")
            assert rows(other) == ["made"]
            with pytest.raises(sqlite3.OperationalError), side_database.transaction(other):
                pass
        assert rows(other) == ["made", "put in"]


def test_all_or_nothing(tmp_path):
    """A transaction that ends with an error leaves nothing, and the next one can begin."""
    with opened(tmp_path) as db:
        with pytest.raises(ZeroDivisionError), side_database.transaction(db):
            db.executemany("INSERT INTO t VALUES (?)", ((1 / n,) for n in (2, 1, 0)))
        with side_database.transaction(db):
            db.execute("INSERT INTO t VALUES ('whole')")
        assert rows(db) == ["made", "whole"]


def test_one_state(tmp_path):
    """Who asks several questions in a block gets answers from one moment."""
    with opened(tmp_path) as db, opened(tmp_path) as other:
        with side_database.one_state(other):
            assert rows(other) == ["made"]
            with pytest.raises(sqlite3.OperationalError):
                db.execute("INSERT INTO t VALUES ('put in')")
            assert rows(other) == ["made"]
        db.execute("INSERT INTO t VALUES ('put in')")
        assert rows(other) == ["made", "put in"]


def test_what_is_deleted_is_overwritten(tmp_path):
    """Whoever reads the file's bytes does not find it."""
    with opened(tmp_path) as db:
        db.executemany("INSERT INTO t VALUES (?)", ((f"secret {n}",) for n in range(1000)))
        assert b"secret 5" in (tmp_path / KIND.name).read_bytes()
        db.execute("DELETE FROM t WHERE x <> 'made'")

    assert b"secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_in_memory(tmp_path, monkeypatch):
    """It is empty each time, and nobody else has it."""
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        with side_database.in_memory(KIND) as db:
            assert rows(db) == ["made"]
            db.execute("INSERT INTO t VALUES ('put in')")
    assert os.listdir(tmp_path) == []
