"""How does one get an index that may be changed?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat

import pytest

from session_monitor.base import data_folder
from session_monitor.index import access, writable
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import PriceList
from tests.support.calls import BOOK
from tests.support.indexes import Step, silent


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


def test_one_that_is_just_being_made_is_left_where_it_is(agent, folder):
    """A reader that comes while somebody has made the file, and no tables in it yet, does not take it away from under it."""
    agent.store([Step("a")])
    path = folder / data_folder.INDEX
    with contextlib.closing(sqlite3.connect(path)) as maker:
        maker.execute("PRAGMA journal_mode = WAL")
        made = path.stat().st_ino

        assert rounds(folder) == {"a": 1}

        assert path.stat().st_ino == made
        assert maker.execute("SELECT count(*) FROM session").fetchone() == (1,)
