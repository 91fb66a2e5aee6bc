"""How does one get an index that may be changed?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.base import data_folder
from session_monitor.index import access, opening, writable
from session_monitor.index.database import Index
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import PriceList
from tests.support.calls import BOOK
from tests.support.indexes import Step, silent

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"


def rounds(folder):
    """How many rounds each session has, as a reader is told."""
    sql = "SELECT session_id, calls FROM session"
    return dict(access.ask(str(folder), BOOK, lambda index: index.db.execute(sql).fetchall(), silent))


def test_it_is_for_its_user_alone(agent, folder):
    """Nobody else may read the index or the files beside it."""
    agent.store([Step("a")])
    assert rounds(folder) == {"a": 1}

    kept = [path for path in folder.iterdir() if path.name.startswith(data_folder.INDEX)]
    assert kept
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


@pytest.mark.parametrize("anew", [True, False])
def test_an_index_is_replaced_only_where_it_must_be(agent, folder, anew):
    """A sound one is opened as it is, unless another is asked for."""
    agent.store([Step("a")])
    assert rounds(folder) == {"a": 1}
    made = access.ask(str(folder), BOOK, lambda index: index.meta("made"), silent)

    with writable.opened(str(folder), BOOK, 1.0, anew=anew) as index:
        assert (index.meta("made") == made) == (not anew)


def test_a_large_change_leaves_no_log_behind(agent, folder):
    """Made anew, or priced anew, it is all in its place: who asks next would have to read all of the log that is left."""
    agent.store([Step("a"), Step("b")])

    for book in (BOOK, Book([PriceList("own", {}, digest="others")])):
        with writable.opened(str(folder), book, 1) as index:
            index.bring_up_to_date(silent)
            assert index.is_priced()
            assert os.path.getsize(folder / f"{data_folder.INDEX}-wal") == 0


@pytest.mark.parametrize("anew", [False, True])
def test_nobody_makes_one_while_others_open_it(folder, anew):
    """Files that are just being opened are not replaced, nor opened while they are made."""
    path = str(folder / data_folder.INDEX)
    with opening.held(path, opening.OPENING):
        with opening.held(path, opening.OPENING):
            pass
        with pytest.raises(sqlite3.OperationalError), writable.opened(str(folder), BOOK, 0.05, anew=anew):
            pass
    assert os.listdir(folder) == []
    with (
        opening.held(path, opening.MAKING),
        pytest.raises(sqlite3.OperationalError),
        opening.held(path, opening.OPENING, 0.05),
    ):
        pass
    with writable.opened(str(folder), BOOK, 0.05, anew=anew) as index:
        assert index.is_known()


def test_who_waited_for_the_maker_takes_what_was_made(folder, monkeypatch):
    """Two who find no index make one."""
    made = []
    real = opening.held

    def held(path, purpose, *patience):
        if purpose == opening.MAKING and not made:
            made.append("by the other")
            with writable.opened(str(folder), BOOK, 1.0) as index:
                made.append(index.meta("made"))
        return real(path, purpose, *patience)

    monkeypatch.setattr(opening, "held", held)
    with writable.opened(str(folder), BOOK, 1.0) as index:
        assert index.meta("made") == made[1]


@pytest.mark.parametrize("was_complete", [True, False])
def test_sessions_that_are_removed_beside_an_index(agent, folder, was_complete):
    """It is as complete afterwards as it was; while they are removed it is not."""
    agent.store([Step("a"), Step("b")])
    assert rounds(folder) == {"a": 1, "b": 1}
    if not was_complete:
        agent.store([Step("c")])

    def is_complete():
        """What the index in the folder says."""
        with contextlib.closing(opening.read_only(str(folder / data_folder.INDEX))) as db:
            return Index(db, str(folder), BOOK).is_complete()

    with writable.taking_out(str(folder), {"a": "a.json"}):
        assert not is_complete()
        (folder / "a.json").unlink()

    assert is_complete() == was_complete
    assert rounds(folder) == ({"b": 1} if was_complete else {"b": 1, "c": 1})


def test_sessions_that_are_removed_where_there_is_no_index(agent, folder):
    """None is made for that."""
    agent.store([Step("a")])
    with writable.taking_out(str(folder), {"a": "a.json"}):
        (folder / "a.json").unlink()
    writable.rewrite(str(folder))
    assert not list(folder.glob(f"{data_folder.INDEX}*"))


_REMOVED_IN_USE = """\
import os, sys
from session_monitor.index import writable
from session_monitor.prices.book import Book
with writable.opened(sys.argv[1], Book([]), 1.0) as first:
    first.db.execute("PRAGMA wal_autocheckpoint = 0")
    first.db.execute("INSERT INTO meta VALUES ('much', zeroblob(20000000))")  # so that more memory is shared than a new one has
    first.db.execute("BEGIN")
    first.meta("made")
    os.{how}(sys.argv[1] + "/.index.sqlite3{part}", *sys.argv[2:])
    with writable.opened(sys.argv[1], Book([]), 1.0) as second:
        assert len(first.meta("much")) == 20000000
        second.mark()
    first.db.execute("COMMIT")
    first.mark()
print("alive")
"""


@pytest.mark.parametrize("how", ["unlink", "rename"])
@pytest.mark.parametrize("part", ["", "-wal", "-shm", "-made"])
def test_one_that_is_removed_while_it_is_open(folder, part, how):
    """A process that has it open, and opens the next one, lives on: it does not cut off the memory that it has mapped."""
    away = [folder.parent / "away"] if how == "rename" else []
    done = subprocess.run(
        [sys.executable, "-c", _REMOVED_IN_USE.format(how=how, part=part), folder, *away],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "alive\n", "")


def test_what_a_stranger_puts_in_its_place_while_it_is_made(folder, monkeypatch):
    """It is not opened, let alone taken for what was made; the next one to come makes one in its place."""
    path = folder / data_folder.INDEX
    path.write_bytes(b"")
    real = opening.database

    def database(*arguments):
        path.rename(folder / "away")
        path.write_bytes(b"")
        return real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(opening, "database", database)
        with pytest.raises(opening.NoIndexError), writable.opened(str(folder), BOOK, 1.0):
            pass
    assert sorted(os.listdir(folder)) == [data_folder.INDEX, "away"]
    with writable.opened(str(folder), BOOK, 1.0) as index:
        assert index.is_known()


def test_what_a_part_was_taken_from_is_made_anew(agent, folder):
    """An index of which a part is not the one that was made goes as a whole, and the next one is kept."""
    agent.store([Step("a")])
    for part in ("", "-wal", "-shm", "-made"):
        assert rounds(folder) == {"a": 1}
        before = opening.parts(str(folder / data_folder.INDEX)).split()
        with writable.opened(str(folder), BOOK, 1.0) as index:  # so that no number is given out again
            (folder / (data_folder.INDEX + part)).unlink()
            assert rounds(folder) == {"a": 1}
            assert index.is_in(str(folder / data_folder.INDEX)) is False
        after = opening.parts(str(folder / data_folder.INDEX)).split()
        assert not set(before) & set(after)
        assert opening.is_whole(str(folder / data_folder.INDEX))
