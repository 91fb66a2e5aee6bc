"""Who keeps the index up to date, and when?"""

from __future__ import annotations

import contextlib
import os
import sqlite3

import pytest

from session_monitor.base import data_folder, files
from session_monitor.index import access, opening, writable
from session_monitor.index.database import Index
from session_monitor.index.keeper import Keeper
from session_monitor.index.writer import PERHAPS_WRITING, IndexWriter
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import PriceList
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.indexes import Step, contents, opened, silent


def rounds(folder, book=BOOK):
    """How many rounds each session has, as a reader is told."""
    sql = "SELECT session_id, calls FROM session"
    return dict(access.ask(str(folder), book, lambda found: found.db.execute(sql).fetchall(), silent))


def lock(folder):
    """What a monitor holds while it is at work."""
    return files.lock(str(folder / data_folder.LOCK), "a monitor at work")


def holds_the_same_as_one_made_anew(folder):
    """Whether the index in the folder is what the session files say."""
    with opened(folder) as anew:
        anew.catch_up(silent)
        return access.ask(str(folder), BOOK, contents, silent) == contents(anew)


def test_a_monitor_catches_up_with_what_one_before_it_did_not_tell(agent, folder):
    """What a monitor wrote that was killed between its mark and its rows is in the index once the next one is done."""
    with lock(folder):
        killed = Keeper(str(folder), BOOK, silent)
        killed.before()
        agent.store([Step("a")])
    with lock(folder):
        keeper = Keeper(str(folder), BOOK, silent)
        keeper.before()
        keeper.after(agent.store([Step("b")]))
        keeper.settle()
        keeper.close()
        assert keeper.problem is None
    killed.close()

    assert rounds(folder) == {"a": 1, "b": 1}
    assert holds_the_same_as_one_made_anew(folder)


@pytest.mark.parametrize("ends", ["before", "after", "settle"])
def test_a_monitor_that_ends_anywhere(agent, folder, ends):
    """Wherever a monitor ends, readers and the next monitor have all that stands in the session files."""
    agent.store([Step("a"), Step("b")])
    with lock(folder):
        keeper = Keeper(str(folder), BOOK, silent)
        keeper.before()
        written = agent.store([Step("b"), Step("c")])
        if ends in ("after", "settle"):
            keeper.after(written)
        if ends == "settle":
            keeper.settle()

    assert rounds(folder) == {"a": 1, "b": 2, "c": 1}
    keeper.close()
    assert holds_the_same_as_one_made_anew(folder)


def test_after_a_pass_readers_need_not_look_for_changes(agent, folder):
    """What the monitor itself changed in the folder meanwhile, such as its state file, is no change of a session."""
    keeper = Keeper(str(folder), BOOK, silent)
    for name in ("first", "second"):
        keeper.before()
        keeper.after(agent.store([Step("a")]))
        (folder / f".{name}").touch()
        keeper.settle()

        with contextlib.closing(opening.read_only(str(folder / data_folder.INDEX))) as db:
            assert Index(db, str(folder), BOOK).is_complete()
    keeper.close()


@pytest.mark.parametrize("is_open", [True, False])
def test_a_session_file_that_is_put_back_between_two_passes(agent, folder, is_open):
    """What others change in the folder while a monitor waits is no doing of its own, and is in the index after the next pass."""
    agent.store([Step("a")])
    rounds(folder)
    older = (folder / "a.json").read_bytes()
    keeper = Keeper(str(folder), BOOK, silent)
    agent.store([Step("a")])
    if is_open:
        keeper.begin()
        keeper.before()
        keeper.after(agent.store([Step("b")]))
    keeper.settle()

    (folder / "elsewhere").write_bytes(older)
    (folder / "elsewhere").rename(folder / "a.json")
    keeper.begin()
    (folder / ".state.json").touch()  # what the monitor does in its pass
    keeper.settle()
    keeper.close()

    assert keeper.problem is None
    assert rounds(folder)["a"] == 1
    assert holds_the_same_as_one_made_anew(folder)


def test_a_reader_at_work_does_not_stop_the_monitor(agent, folder):
    """While a reader holds the index for writing the monitor goes on without it, and catches up when it is free."""
    agent.store([Step("a")])
    assert rounds(folder) == {"a": 1}
    log = folder.parent / "access.log"
    log.write_bytes(calls.line("a", ["more"]) + b"\n")
    with sqlite3.connect(folder / data_folder.INDEX, isolation_level=None) as reader:
        reader.execute("BEGIN IMMEDIATE")
        keeper = Keeper(str(folder), BOOK, silent)
        checkpoint = Checkpoint(str(folder / ".state.json"), str(folder))
        ingest = Ingest([str(log)], Store(str(folder)), checkpoint, index=keeper)
        assert ingest.poll().new_rounds == 1
        assert keeper.problem
        reader.execute("ROLLBACK")
    reader.close()

    assert ingest.poll().new_rounds == 0
    assert keeper.problem is None
    keeper.close()
    assert rounds(folder) == {"a": 2}


def test_a_pass_that_finds_nothing_new_only_looks(agent, folder):
    """An index that lacks nothing is not opened for writing, and no file of the folder changes."""
    agent.store([Step("a")])
    rounds(folder)
    # Whoever reads tells others so in the shared memory beside it.
    paths = [folder, *(path for path in folder.iterdir() if not path.name.endswith("-shm"))]
    before = [path.stat().st_mtime_ns for path in paths]
    keeper = Keeper(str(folder), BOOK, silent)
    keeper.settle()
    keeper.close()

    assert keeper.problem is None
    assert [path.stat().st_mtime_ns for path in paths] == before


@pytest.mark.parametrize("happens", ["nothing", "folder changes", "index removed", "index made anew", "caught up with"])
def test_what_happens_between_the_look_and_the_first_write(agent, folder, happens):
    """An index that was only looked at may be gone, or another one, when there is something to write: all is in it."""
    agent.store([Step("a")])
    rounds(folder)
    keeper = Keeper(str(folder), BOOK, silent)
    if happens == "folder changes":  # by the monitor's own doing
        (folder / ".state.json").touch()
        keeper.settle()
    if happens in ("index removed", "index made anew"):
        opening.remove(str(folder / data_folder.INDEX))
    if happens in ("index made anew", "caught up with"):
        agent.store([Step("b")])
        rounds(folder)
    keeper.before()
    keeper.after(agent.store([Step("a"), Step("c")]))
    keeper.settle()
    keeper.close()

    assert keeper.problem is None
    assert rounds(folder) == {"a": 2, "c": 1, **({"b": 1} if happens in ("index made anew", "caught up with") else {})}
    assert holds_the_same_as_one_made_anew(folder)


def test_an_index_that_was_looked_at_and_is_then_held_by_a_reader(agent, folder):
    """Where it cannot be written to when there is something to write, it is caught up with in a later pass."""
    agent.store([Step("a")])
    rounds(folder)
    keeper = Keeper(str(folder), BOOK, silent)
    with sqlite3.connect(folder / data_folder.INDEX, isolation_level=None) as reader:
        reader.execute("BEGIN IMMEDIATE")
        keeper.before()
        keeper.after(agent.store([Step("a"), Step("a")]))
        assert keeper.problem
        reader.execute("ROLLBACK")
    reader.close()
    keeper.settle()
    keeper.before()
    keeper.after(agent.store([Step("b")]))
    keeper.settle()
    keeper.close()

    assert keeper.problem is None
    assert rounds(folder) == {"a": 3, "b": 1}
    assert holds_the_same_as_one_made_anew(folder)


@pytest.mark.parametrize("asked", ["prices", "folder"])
def test_an_index_that_was_looked_at_and_is_away_for_a_moment(agent, folder, asked):
    """What could not be opened in one pass is opened in the next one, also where nothing new comes."""
    dearer = Book([PriceList("own", {"gpt-4o": {"prices": [{"from": None, "input": "1", "output": "1"}]}}, digest="x")])
    agent.store([Step("a")])
    rounds(folder)
    keeper = Keeper(str(folder), BOOK, silent)
    os.rename(folder / data_folder.INDEX, folder / ".away")
    (folder / data_folder.INDEX).mkdir()
    if asked == "prices":
        keeper.price_with(dearer)
    keeper.settle()
    assert keeper.problem
    (folder / data_folder.INDEX).rmdir()
    os.rename(folder / ".away", folder / data_folder.INDEX)
    keeper.settle()
    keeper.close()

    assert keeper.problem is None
    assert rounds(folder, dearer if asked == "prices" else BOOK) == {"a": 1}


def test_a_folder_that_cannot_be_asked_for_a_moment(agent, folder, monkeypatch):
    """A problem that has passed is told no longer, also by who only looks."""
    agent.store([Step("a")])
    rounds(folder)
    keeper = Keeper(str(folder), BOOK, silent)
    with monkeypatch.context() as patched:
        patched.setattr(data_folder, "folder_mtime", lambda _folder: (_ for _ in ()).throw(OSError(116, "Stale")))
        keeper.settle()
    assert keeper.problem
    keeper.settle()
    keeper.close()

    assert keeper.problem is None


def test_new_prices_where_the_index_was_only_looked_at(agent, folder):
    """They come with the pass, too."""
    dearer = Book([PriceList("own", {"gpt-4o": {"prices": [{"from": None, "input": "1", "output": "1"}]}}, digest="x")])
    agent.store([Step("a", tokens=80)])
    rounds(folder)
    keeper = Keeper(str(folder), BOOK, silent)
    keeper.price_with(dearer)
    keeper.settle()
    keeper.close()

    with contextlib.closing(opening.read_only(str(folder / data_folder.INDEX))) as db:
        assert db.execute("SELECT value FROM meta WHERE name = 'prices'").fetchone() == (dearer.fingerprint,)


def test_a_monitor_without_an_index(agent, folder):
    """Where no index can be had the monitor hears of a problem, pass after pass, and of no failure."""
    (folder / data_folder.INDEX).mkdir()

    keeper = Keeper(str(folder), BOOK, silent)
    keeper.before()
    keeper.after(agent.store([Step("a")]))
    keeper.settle()
    problem = keeper.problem
    keeper.close()

    assert problem
    assert rounds(folder) == {"a": 1}


def test_new_prices_come_with_the_next_pass(agent, folder):
    """A monitor whose prices change prices all rounds anew when its pass is over."""
    dearer = Book([PriceList("own", {"gpt-4o": {"prices": [{"from": None, "input": "1", "output": "1"}]}}, digest="x")])
    keeper = Keeper(str(folder), BOOK, silent)
    keeper.before()
    keeper.after(agent.store([Step("a", tokens=80)]))
    keeper.price_with(dearer)
    keeper.settle()
    keeper.close()

    db = sqlite3.connect(folder / data_folder.INDEX)
    assert db.execute("SELECT usd * 1000000 + pico FROM session").fetchall() == [(105 * 10**6,)]
    db.close()


def test_readers_leave_the_folder_as_it_is(agent, folder):
    """After a monitor has closed the index, a question makes no file in the folder that would look like a change."""
    keeper = Keeper(str(folder), BOOK, silent)
    keeper.before()
    keeper.after(agent.store([Step("a")]))
    keeper.settle()
    keeper.close()
    before = os.stat(folder).st_mtime_ns

    assert rounds(folder) == {"a": 1}
    assert os.stat(folder).st_mtime_ns == before


def test_an_index_that_was_replaced_beside_the_monitor(agent, folder):
    """A monitor whose index somebody has replaced goes on with the one that readers ask, also where no file is new."""
    agent.store([Step("a")])
    with lock(folder):
        keeper = Keeper(str(folder), BOOK, silent)
        opening.remove(str(folder / data_folder.INDEX))
        assert rounds(folder) == {"a": 1}

        for number in (2, 3):
            keeper.before()
            keeper.after(agent.store([Step("a")]))
            keeper.settle()
            assert rounds(folder) == {"a": number}
        keeper.close()

    assert keeper.problem is None
    assert holds_the_same_as_one_made_anew(folder)


def test_an_index_that_could_not_be_opened_at_the_start(agent, folder):
    """A monitor that found no place for its index makes one as soon as it writes and there is room."""
    (folder / data_folder.INDEX).mkdir()
    with lock(folder):
        keeper = Keeper(str(folder), BOOK, silent)
        assert keeper.problem
        (folder / data_folder.INDEX).rmdir()

        keeper.before()
        keeper.after(agent.store([Step("a")]))
        keeper.settle()
        keeper.close()

    assert keeper.problem is None
    assert holds_the_same_as_one_made_anew(folder)


@pytest.mark.parametrize("ends", ["is killed", "goes on", "has nothing to write"])
def test_an_index_that_a_reader_makes_while_the_monitor_writes(agent, folder, ends):
    """What is written behind the reader is in, too, though the monitor's mark went with the index that was removed."""
    agent.store([Step("a")])
    with lock(folder):
        keeper = Keeper(str(folder), BOOK, silent)
        keeper.before()
        opening.remove(str(folder / data_folder.INDEX))
        assert rounds(folder) == {"a": 1}
        written = [] if ends == "has nothing to write" else agent.store([Step("a")])
        if ends == "goes on":
            keeper.after(written)
        if ends != "is killed":
            keeper.settle()
            with contextlib.closing(opening.read_only(str(folder / data_folder.INDEX))) as db:
                assert db.execute("SELECT value FROM meta WHERE name = 'writing'").fetchone() == (0,)
    assert rounds(folder) == {"a": 1 if ends == "has nothing to write" else 2}
    keeper.close()
    assert holds_the_same_as_one_made_anew(folder)


@pytest.mark.parametrize("part", ["", "-wal"])
def test_an_index_that_is_cut_short_in_use(agent, folder, part):
    """A monitor that finds its index damaged makes it anew, and goes on."""
    with lock(folder):
        keeper = Keeper(str(folder), BOOK, silent)
        keeper.before()
        keeper.after(agent.store([Step("a")]))
        keeper.settle()
        os.truncate(folder / (data_folder.INDEX + part), 0)
        for _ in range(2):  # what it still knows of the pages may do for the first
            keeper._index.db.execute("PRAGMA shrink_memory")  # it knows none of the pages by heart
            keeper.before()
            keeper.after(agent.store([Step("a")]))
            keeper.settle()
        assert keeper.problem is None
        assert rounds(folder) == {"a": 3}
        keeper.close()
    assert holds_the_same_as_one_made_anew(folder)


def test_the_mark_stays_while_something_lacks(agent, folder, monkeypatch):
    """What another one who caught up meanwhile has marked is taken back only when all that was written is in."""
    with lock(folder):
        keeper = Keeper(str(folder), BOOK, silent)
        written = agent.store([Step("a")])
        with opened_by_another(folder) as index:
            index.set_meta(writing=PERHAPS_WRITING)
        with monkeypatch.context() as patch:
            for name in ("add", "catch_up"):
                patch.setattr(
                    IndexWriter, name, lambda *_, **_more: (_ for _ in ()).throw(sqlite3.OperationalError("full"))
                )
            keeper.after(written)
            keeper.settle()
        with opened_by_another(folder) as index:
            assert index.meta("writing") == PERHAPS_WRITING
        assert keeper.problem == "full"

        keeper.settle()
        with opened_by_another(folder) as index:
            assert index.is_complete()
        assert keeper.problem is None
        keeper.close()


def opened_by_another(folder):
    """The folder's index, to be changed."""
    return writable.opened(str(folder), BOOK, 1.0)
