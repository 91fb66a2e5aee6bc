"""How are sessions deleted, so that nothing of them stays and no other session is touched?"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.base import data_folder, files, timestamps
from session_monitor.index import access, database, keeper, opening, writable
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.notes import notes_file
from session_monitor.notes.session_notes import NOTHING
from session_monitor.sessions import deleted as tombstones
from session_monitor.sessions import file_names, write_lock
from session_monitor.sessions.store import Store
from session_monitor.sessions.write_lock import MonitorsLock
from session_monitor.upkeep import removal
from tests.campaigns.crash import child, ways_to_end, world
from tests.support import calls, indexes
from tests.support.calls import BOOK
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
NOON = timestamps.milliseconds("2026-02-01T12:00:00Z")


@pytest.fixture
def synced(monkeypatch):
    """Each folder whose names were made to last, with the names that it had then."""
    seen = []
    real = files.sync_folder

    def sync(folder):
        seen.append((folder, set(os.listdir(folder))))
        real(folder)

    monkeypatch.setattr(files, "sync_folder", sync)
    return seen


def silent(_done, _total):
    """Say nothing."""


class Folder:
    """A log, an output folder, and a monitor that may be started anew."""

    def __init__(self, folder):
        self.log, self.out = folder / "access.log", folder / "out"
        self.out.mkdir()
        self.number = 0
        self.ledger = {}
        self.keeper = None
        self.fresh()

    def close(self):
        """The monitor is stopped."""
        if self.keeper:
            self.keeper.close()
        self.keeper = None

    def fresh(self, session_key=None):
        """A monitor that starts now."""
        self.close()
        state = Checkpoint(str(self.out / ".state.json"), str(self.out))
        store = Store(str(self.out), lock=MonitorsLock(str(self.out)).held)
        self.keeper = keeper.Keeper(str(self.out), BOOK, silent)
        log = [str(self.log)]
        self.ingest = Ingest(log, store, state, index=self.keeper, session_key=session_key, clock=lambda: 0.0)
        return self

    def call(self, *sessions, **more):
        """Append a call of each session."""
        with self.log.open("ab") as file:
            for session in sessions:
                self.number += 1
                self.ledger.setdefault(session, []).append((file.tell(), f"L{self.number}"))
                texts = [f"secret of {session} {self.number}"]
                file.write(
                    calls.line(session, texts, chat_id=f"L{self.number}", consumer=f"c-{session}", **more) + b"\n"
                )
        return self

    def poll(self):
        """Read what is new, and say what there is."""
        poll = self.ingest.poll()
        assert poll.problems == []
        assert self.keeper.problem is None
        return self.sessions()

    def sessions(self):
        """The calls of each session, as its file has them; they are numbered from 1."""
        found = {}
        for path in self.out.glob("*.json"):
            if not path.name.startswith("."):
                document = json.loads(path.read_bytes())
                assert [each["round"] for each in document["rounds"]] == list(range(1, document["messages_count"] + 1))
                found[document["session_id"]] = [each["chat_id"] for each in document["rounds"]]
        return found

    def all_of(self, session, start=0):
        """Those of a session's calls whose lines begin at this byte or behind it."""
        return [name for place, name in self.ledger[session] if place >= start]

    def delete(self, *session_ids):
        """Delete these."""
        return removal.delete(str(self.out), removal.find(str(self.out), session_ids).values())

    def note(self, *session_ids):
        """Note something of these."""
        with notes_file.changing(str(self.out)) as noted:
            for session_id in session_ids:
                noted.put(session_id, NOTHING.with_note(f"secret of {session_id}", "2026-02-01T00:00:00Z"))

    def noted(self):
        """Those of which something is noted."""
        return notes_file.read(str(self.out)).sessions.keys()

    def asked(self):
        """How many calls each session has, as a reader is told."""
        sql = "SELECT session_id, calls FROM session"
        return dict(access.ask(str(self.out), BOOK, lambda found: found.db.execute(sql).fetchall(), silent))


@pytest.fixture
def empty(tmp_path):
    """One without any session."""
    with contextlib.closing(Folder(tmp_path)) as found:
        yield found


@pytest.fixture
def folder(empty):
    """One with three sessions of three calls each."""
    for _ in range(3):
        empty.call("a", "b", "c")
    empty.poll()
    return empty


def test_a_deleted_session_is_gone_and_no_other_is_touched(folder):
    """Its file is gone; those of the others are as before, byte for byte."""
    before = {path.name: path.read_bytes() for path in folder.out.glob("[ac].json")}

    [deleted] = folder.delete("b")

    assert (deleted.session_id, deleted.updated_at) == ("b", "2026-02-01T09:30:15Z")
    assert deleted.size > 1000
    assert {path.name: path.read_bytes() for path in folder.out.glob("*.json") if path.name[0] != "."} == before
    assert folder.asked() == {"a": 3, "c": 3}


@pytest.mark.parametrize("is_running", [True, False])
def test_later_calls_make_a_new_session(folder, is_running):
    """Beside a monitor or before the next one starts: what comes later is a session of its own, numbered from 1."""
    folder.delete("b")
    if not is_running:
        folder.fresh()
    folder.call("b", "a", "b")

    assert folder.poll() == {"a": folder.all_of("a"), "b": ["L10", "L12"], "c": folder.all_of("c")}
    assert folder.asked() == {"a": 4, "b": 2, "c": 3}

    folder.delete("b")

    assert folder.call("b").poll()["b"] == ["L13"]


def test_what_was_added_and_not_written_yet_is_taken_again(folder, monkeypatch):
    """Deleted in the middle of a pass, a session keeps what the monitor had not written; others lose nothing."""
    monkeypatch.setattr("session_monitor.ingest.ingest.BATCH_SESSION_BYTES", 4000)
    for _ in range(20):
        folder.call("a", "b")
    seen = []
    real = Store.flush

    def flush(store):
        seen.append(len(seen))
        if len(seen) == 5:
            deleting = subprocess.Popen([sys.executable, "-c", DELETE, str(folder.out), "b"], cwd=ROOT / "scripts")
            waiting.append(deleting)
        return real(store)

    waiting = []
    monkeypatch.setattr(Store, "flush", flush)
    found = folder.poll()
    assert waiting[0].wait(60) == 0
    found = folder.poll()
    start = tombstones.read(str(folder.out)).positions("b")

    assert found["a"] == folder.all_of("a")
    assert found.get("b", []) == folder.all_of("b", max(start.values()))


DELETE = """\
import sys
from session_monitor.upkeep import removal
removal.delete(sys.argv[1], removal.find(sys.argv[1], sys.argv[2:]).values())
"""


@pytest.mark.parametrize("how", ["no state", "set aside", "no state after it came back"])
def test_logs_that_are_read_again_do_not_bring_it_back(folder, how):
    """Whatever makes the monitor read the logs from their beginning, only what came after the deletion is taken."""
    folder.delete("b")
    later = []
    if how == "no state after it came back":
        later = ["L10"]
        folder.call("b").poll()
    if how == "set aside":
        data = (folder.out / "a.json").read_bytes()
        (folder.out / "a.json").write_bytes(data[:300] + bytes(20) + data[320:-20])
        folder.call("a")
        assert "was set aside" in folder.ingest.poll().problems[0]
    else:
        (folder.out / ".state.json").unlink()
        folder.fresh()

    found = folder.poll()

    assert found == {"a": folder.all_of("a"), "c": folder.all_of("c"), **({"b": later} if later else {})}
    assert folder.asked() == {session: len(names_) for session, names_ in found.items()}


def test_a_new_file_that_was_torn_keeps_what_was_deleted_away(folder):
    """Cut off anywhere, the file of a session that came back is mended with later calls only."""
    folder.delete("b")
    folder.call("b", "b").poll()
    path = folder.out / "b.json"
    data = path.read_bytes()
    for length in (*range(0, 60, 7), *range(60, len(data), 97)):
        path.write_bytes(data[:length])
        (folder.out / ".state.json").unlink()

        assert folder.fresh().poll()["b"] == ["L10", "L11"]


def test_a_filtered_run_finds_what_was_never_read(folder):
    """What a run with another filter has not taken yet is no part of what was deleted."""
    folder.call("b")
    folder.fresh("a").poll()
    folder.fresh("a").delete("b")

    assert folder.fresh().poll()["b"] == ["L10"]


@pytest.mark.parametrize("session_key", [None, "b", "[ab]"])
def test_what_was_put_back_from_a_backup_is_deleted_with_all_that_it_had(empty, session_key):
    """Its file does not tell what it had once; what runs about it had read does not come back, what comes later does."""
    empty.fresh(session_key).call("b", "b").poll()
    backup = (empty.out / "b.json").read_bytes()
    empty.call("b", "b").poll()
    (empty.out / "b.json").write_bytes(backup)

    empty.delete("b")

    (empty.out / ".state.json").unlink()
    assert empty.fresh(session_key).poll() == {}
    assert empty.call("b").poll() == {"b": ["L5"]}


def test_what_others_had_read_is_no_part_of_what_was_put_back(folder):
    """A run with a filter for other sessions has taken none of its calls."""
    backup = (folder.out / "b.json").read_bytes()
    folder.call("b").poll()
    folder.call("b", "c")
    folder.fresh("c*").poll()
    (folder.out / "b.json").write_bytes(backup)

    folder.delete("b")

    assert folder.fresh().poll()["b"] == ["L11"]


def test_copies_of_damaged_files_go_with_it(folder):
    """Set-aside copies are deleted too, and so is a file that is damaged now, by the id that it was named for."""
    for number in (1, 2):
        data = (folder.out / "b.json").read_bytes()
        (folder.out / f"b.json.corrupt-{number}").write_bytes(data)
    (folder.out / "b.json.corrupt-notes").write_bytes(b"a person's")
    (folder.out / "b.json").write_bytes(b"junk" + data[4:])
    (folder.out / ".state.json").unlink()
    folder.asked()

    [deleted] = folder.delete("b")

    assert deleted.size == 3 * len(data)
    assert sorted(path.name for path in folder.out.glob("[a-z]*")) == ["a.json", "b.json.corrupt-notes", "c.json"]
    assert folder.fresh().call("b").poll()["b"] == ["L10"]


def test_a_copy_that_was_set_aside_meanwhile_goes_with_it(folder):
    """Between the looking and the deleting, too, where the session's own file is as it was."""
    [found] = [each for each in removal.last_called_before(str(folder.out), NOON) if each.session_id == "b"]
    (folder.out / "b.json.corrupt-1").write_bytes((folder.out / "b.json").read_bytes())

    removal.delete(str(folder.out), [found])

    assert not list(folder.out.glob("b.json*"))


def test_copies_alone_are_a_session(folder):
    """Where a damaged file is gone and its copies are left, they can be deleted by its id."""
    (folder.out / "b.json").rename(folder.out / "b.json.corrupt-1")
    (folder.out / ".state.json").unlink()

    assert [each.copies for each in folder.delete("b")] == [("b.json.corrupt-1",)]
    assert "b" not in folder.fresh().poll()


def test_where_names_are_not_told_apart(folder):
    """Where another id has a session's first name, only that session's own file is deleted, and it goes on."""
    (folder.out / "a.json").rename(folder.out / "b.json")  # as if 'a' and 'b' were one name there
    (folder.out / ".state.json").unlink()
    folder.fresh().poll()
    assert (folder.out / file_names.other_name("b")).exists()

    assert [each.file for each in folder.delete("b")] == [file_names.other_name("b")]
    assert (folder.out / "b.json").exists()


def test_a_second_name_is_found_when_the_first_is_free_again(folder):
    """When the other id's session is deleted, one under its second name goes on in its file."""
    other = file_names.other_name("b")
    os.rename(folder.out / "b.json", folder.out / other)
    folder.fresh().call("b")

    assert folder.poll()["b"] == folder.all_of("b")
    assert not (folder.out / "b.json").exists()


def test_what_is_not_there(folder):
    """An id without a session is not found, and neither is a file that somebody named otherwise."""
    (folder.out / "copy.json").write_bytes((folder.out / "b.json").read_bytes())

    assert removal.find(str(folder.out), ["copy", "B", "b.json", ".state", "../out/b", ""]) == {}
    assert removal.last_called_before(str(folder.out), NOON) == sorted(
        removal.find(str(folder.out), "abc").values(), key=lambda each: each.file
    )


# -- nothing stays -----------------------------------------------------------------------------------------------------


def test_nothing_of_it_is_left_in_any_file(folder):
    """Neither its id, nor its texts, consumer, model or tools stand in any file of the folder, whole or in part."""
    ident = "agent:zebra/42"
    texts = [f"zebra secret {number}" for number in range(200)]
    tools = [{"id": "1", "type": "function", "function": {"name": "zebra_tool", "arguments": "{}"}}]
    with folder.log.open("ab") as log:
        for number in range(30):
            sent = texts[: 5 + number]
            log.write(
                calls.line(ident, sent, model="zebra-model", consumer="zebra-user", tool_calls=tools, chat_id="z")
                + b"\n"
            )
    folder.poll()
    name = file_names.file_name(ident)
    (folder.out / f"{name}.corrupt-1").write_bytes((folder.out / name).read_bytes())
    for end in ("", "-wal", "-shm"):
        (folder.out / (data_folder.WORD_INDEX + end)).write_bytes(b"zebra")
    folder.call("a").poll()
    folder.asked()
    assert b"zebra" in b"".join(path.read_bytes() for path in folder.out.glob(data_folder.INDEX + "*"))

    assert len(folder.delete(ident)) == 1

    assert [path.name for path in folder.out.iterdir() if b"zebra" in path.read_bytes() or "zebra" in path.name] == []
    folder.call("a").poll()
    assert [path.name for path in folder.out.iterdir() if b"zebra" in path.read_bytes()] == []
    assert folder.asked() == {"a": 5, "b": 3, "c": 3}


def test_an_index_that_was_complete_stays_so(folder, monkeypatch):
    """The next reader reads no session file, and is told sums without the session, as a new index has them."""
    for few in (0, 500):
        monkeypatch.setattr("session_monitor.index.writer._FEW", few)
        folder.call("d", model="dear").poll()
        folder.delete("d")
        with contextlib.closing(opening.read_only(str(folder.out / data_folder.INDEX))) as db:
            kept = database.Index(db, str(folder.out), BOOK)
            assert kept.is_complete()
            found = indexes.contents(kept)
        with indexes.opened(folder.out) as made:
            made.catch_up(silent)
            assert found == indexes.contents(made)


@pytest.mark.parametrize("what", ["none", "a part", "junk", "locked"])
def test_an_index_that_cannot_be_changed_is_no_failure(folder, monkeypatch, what):
    """The session is deleted, and whoever asks next is told what there is."""
    monkeypatch.setattr(writable, "_REMOVERS_PATIENCE", 0.05)
    folder.close()
    path = folder.out / data_folder.INDEX
    with contextlib.ExitStack() as stack:
        if what == "locked":
            db = stack.enter_context(contextlib.closing(sqlite3.connect(path, isolation_level=None)))
            db.execute("BEGIN IMMEDIATE")
        elif what == "junk":
            path.write_bytes(b"junk" * 5000)
        elif what == "a part":  # what is left of it may name sessions
            path.unlink()
            (folder.out / f"{data_folder.INDEX}-wal").write_bytes(b"zebra")
        else:
            opening.remove(str(path))
        assert len(folder.delete("b")) == 1
        assert path.exists() == (what != "none")
        assert not any(b"zebra" in file.read_bytes() for file in folder.out.iterdir())

    assert folder.asked() == {"a": 3, "c": 3}


def test_a_monitor_catches_up_with_what_the_command_left_undone(folder, monkeypatch):
    """Where only the files were removed, a pass without new lines notices, and does not call the index complete."""
    monkeypatch.setattr(writable, "taking_out", lambda *_: contextlib.nullcontext())
    folder.delete("b")
    folder.poll()

    with contextlib.closing(opening.read_only(str(folder.out / data_folder.INDEX))) as db:
        assert database.Index(db, str(folder.out), BOOK).is_complete()
        assert db.execute("SELECT session_id FROM session ORDER BY 1").fetchall() == [("a",), ("c",)]


def test_while_sessions_are_removed_the_index_is_not_complete(folder):
    """Whoever is killed meanwhile leaves an index that says so, whatever a monitor notes of the folder's time."""
    with contextlib.closing(opening.read_only(str(folder.out / data_folder.INDEX))) as db:
        kept = database.Index(db, str(folder.out), BOOK)
        with writable.taking_out(str(folder.out), {"a": "a.json"}):
            (folder.out / "a.json").unlink()
            folder.keeper.settle()
            assert not kept.is_complete()
        assert kept.is_complete()


def test_a_monitor_takes_up_an_index_that_was_put_in_its_own_ones_place(folder):
    """After others were at work it writes to the file that stands there now."""
    opening.remove(str(folder.out / data_folder.INDEX))
    folder.delete("b")
    folder.call("a").poll()

    with contextlib.closing(opening.read_only(str(folder.out / data_folder.INDEX))) as db:
        assert db.execute("SELECT session_id, calls FROM session ORDER BY 1").fetchall() == [("a", 4), ("c", 3)]


# -- prune -------------------------------------------------------------------------------------------------------------


def test_sessions_are_found_by_their_last_call(folder):
    """Those whose last call began before the moment, the oldest first; those of no known time are left."""
    folder.call("a", start_time="2026-02-01T15:00:00Z").call("old", start_time="2025-01-01T00:00:00Z")
    folder.call("timeless", start_time="-").poll()

    found = removal.last_called_before(str(folder.out), NOON)

    assert found[0].session_id == "old"
    assert sorted(each.session_id for each in found) == ["b", "c", "old"]
    assert removal.last_called_before(str(folder.out), timestamps.milliseconds("2026-02-01T09:30:15Z")) == found[:1]


def test_a_session_that_calls_meanwhile_is_left(folder):
    """Between the looking and the deleting, a session that was called again stays, unless it was named by its id."""
    found = removal.last_called_before(str(folder.out), NOON)
    folder.call("b", start_time="2026-02-01T15:00:00Z").call("c").poll()

    deleted = removal.delete(str(folder.out), found, before=NOON)

    assert [each.session_id for each in deleted] == ["a", "c"]
    assert folder.sessions() == {"b": folder.all_of("b")}
    assert [each.session_id for each in removal.delete(str(folder.out), found)] == ["b"]


def test_a_damaged_file_may_hide_later_calls(folder):
    """A session whose last lines are damaged is not taken for an old one."""
    data = (folder.out / "b.json").read_bytes()
    (folder.out / "b.json").write_bytes(data[:-10])

    assert [each.session_id for each in removal.last_called_before(str(folder.out), NOON)] == ["a", "c"]


def test_many_are_deleted_at_once(empty):
    """Hundreds of sessions go in one go, with one sync, and the others are told right; the next deletion adds to it."""
    folder = empty
    for number in range(700):
        folder.call(f"s{number}", start_time=f"2026-01-0{1 + number % 7}T00:00:00Z")
    folder.poll()
    found = removal.last_called_before(str(folder.out), timestamps.milliseconds("2026-01-07T00:00:00Z"))

    assert len(removal.delete(str(folder.out), found)) == 600

    assert folder.asked() == {f"s{number}": 1 for number in range(6, 700, 7)}
    assert len(folder.delete("s6")) == 1
    (folder.out / ".state.json").unlink()
    assert len(folder.fresh().poll()) == 99


def test_what_is_noted_goes_along(folder):
    """Nothing stays of a session's notes; those of others do."""
    folder.note("a", "b", "c")
    folder.delete("b")

    assert folder.noted() == {"a", "c"}
    assert b"secret of b" not in (folder.out / ".notes.json").read_bytes()


def test_notes_that_cannot_be_read_are_told_before_anything_is_deleted(folder):
    """Else what is noted of a session would stay behind it."""
    (folder.out / ".notes.json").write_text("{", encoding="utf-8")
    before = folder.sessions()

    with pytest.raises(notes_file.BadNotesError, match="no JSON"):
        folder.delete("b")
    assert folder.sessions() == before


# -- whatever happens --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [ways_to_end.killed, ways_to_end.killed_half_way, ways_to_end.fails_once, ways_to_end.is_gone]
)
def test_it_may_end_at_any_operation(folder, fault):
    """Killed or failing anywhere, it leaves each session either whole or gone, and what is gone stays away, noted or not."""
    folder.close()
    folder.note("a", "b")
    (folder.out / "b.json.corrupt-1").write_bytes((folder.out / "b.json").read_bytes())
    before = world.saved(folder.out)
    all_three = folder.sessions()
    shim = ways_to_end.Shim()

    def deleted(shim):
        with shim:
            folder.delete("b", "c")
            return shim.names

    operations = child.in_child(lambda: deleted(shim)).result
    assert len(operations) > 10
    ends = set()
    for at, name in enumerate(operations, 1):
        if fault is ways_to_end.killed_half_way and name != "pwrite":
            continue
        world.restore(folder.out, before)
        ended = child.in_child(lambda at=at: failing(deleted, ways_to_end.Shim(at, fault)))
        assert ended.killed == (fault in ways_to_end.KILLS)
        left = folder.sessions()
        ends.add(len(left))
        assert left == {session: all_three[session] for session in left}
        assert "a" in left
        assert folder.asked() == dict.fromkeys(left, 3)
        assert {"a"} <= folder.noted() <= left.keys()
        (folder.out / ".state.json").unlink(missing_ok=True)
        with child.quick():
            assert folder.fresh().poll() == left
            if len(left) > 1:
                assert len(folder.delete(*left)) == len(left)
                assert folder.fresh().poll() == {}
    assert ends == {1, 2, 3} or fault is ways_to_end.killed_half_way


def failing(action, shim):
    """Whether it failed; a process that is killed does not come back from it."""
    try:
        action(shim)
    except OSError:
        return True
    return False


def test_a_lock_that_is_held_elsewhere(folder, monkeypatch):
    """Where the monitor has been writing for too long, nothing is deleted, and that is said."""
    monkeypatch.setattr(write_lock, "PATIENCE", 0.05)
    lock = MonitorsLock(str(folder.out))
    with lock.held(), pytest.raises(write_lock.BusyError):
        folder.delete("b")

    assert "b" in folder.sessions()
    assert not (folder.out / data_folder.DELETED).exists()


def test_a_list_of_deleted_sessions_that_is_damaged(folder):
    """Nothing is deleted, for that would make the list anew; the monitor goes on, and says what may come back."""
    (folder.out / data_folder.DELETED).write_bytes(b"junk")
    with pytest.raises(tombstones.DeletedListDamagedError):
        folder.delete("b")
    assert "b" in folder.sessions()

    poll = folder.fresh().call("b").ingest.poll()

    assert folder.sessions()["b"] == folder.all_of("b")
    assert ["deleted comes back" in problem for problem in poll.problems] == [True]
    (folder.out / data_folder.DELETED).unlink()
    assert len(folder.delete("b")) == 1
    assert "b" not in folder.call("a").poll()


def test_a_copy_is_not_made_while_a_session_is_deleted(folder, monkeypatch):
    """A damaged file that is deleted while the monitor finds it damaged leaves no copy behind."""
    path = folder.out / "b.json"
    data = path.read_bytes()
    path.write_bytes(data[:300] + bytes(20) + data[320:-20])
    folder.fresh().call("b")
    real = files.copy
    monkeypatch.setattr(files, "copy", lambda *_: pytest.fail("it is copied"))

    @contextlib.contextmanager
    def held():
        folder.ingest._store._lock = lock
        folder.delete("b")
        monkeypatch.setattr(files, "copy", real)
        with lock():
            yield

    lock, folder.ingest._store._lock = folder.ingest._store._lock, held

    assert folder.poll()["b"] == ["L10"]
    assert list(folder.out.glob("*.corrupt-*")) == []


def test_a_damaged_session_is_deleted_before_it_was_written_over(folder):
    """Set aside by the monitor and deleted before its rounds were read again, it comes back with later calls only."""
    path = folder.out / "b.json"
    data = path.read_bytes()
    path.write_bytes(data[:300] + bytes(20) + data[320:-20])
    folder.fresh().call("b")
    store = folder.ingest._store
    lock = store._lock
    turns = []

    def held():
        turns.append(len(turns))
        if len(turns) == 2:  # the first was for the copy
            assert list(folder.out.glob("b.json.corrupt-1")) != []
            assert len(folder.delete("b")) == 1
        return lock()

    store._lock = held

    folder.ingest.poll()

    assert len(turns) > 2
    assert folder.sessions()["b"] == ["L10"]


def test_beside_a_monitor_at_work(empty):
    """While it reads what is just written: no session loses a call or has one twice, and what was deleted stays away.

    A deleted session has each call that was not in its file when it was deleted.
    """
    folder = empty
    folder.close()
    rng = random.Random(7)
    command = [sys.executable, ROOT / "main.py", "--follow", "--refresh-interval", "0.01", "--quiet"]
    command += ["--log-path", folder.log, "--output-dir", folder.out]
    starts = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as monitor:
        try:
            for turn in range(12):
                for _ in range(rng.randrange(1, 60)):
                    folder.call(*rng.choices("abcde", k=5))
                session = "bcd"[turn % 3]
                found = until(lambda session=session: removal.find(str(folder.out), [session]), f"{session} is there")
                [deleted] = removal.delete(str(folder.out), found.values())
                starts[session] = max(deleted.positions.values(), default=0)
            folder.call(*"abcde")
            expected = {session: folder.all_of(session, starts.get(session, 0)) for session in "abcde"}
            until(lambda: _or_none(folder.sessions) == expected, "all calls are taken")
            monitor.send_signal(signal.SIGTERM)
            assert monitor.wait(60) == 0
            assert monitor.stderr.read() == ""
        finally:
            monitor.kill()
    assert folder.sessions() == expected
    assert folder.asked() == {session: len(found) for session, found in expected.items()}
    (folder.out / ".state.json").unlink()
    assert folder.fresh().poll() == expected


def _or_none(action):
    """What it gives; None while the files are being written."""
    try:
        return action()
    except (ValueError, FileNotFoundError):
        return None


def test_a_deletion_lasts(folder, synced):
    """After a power loss no session is back: first it is remembered, then its file's name is gone from the disk."""
    folder.call("a", "b")
    folder.poll()
    synced.clear()
    folder.delete("a")

    places, names = zip(*synced)
    assert set(places) == {str(folder.out)}
    assert data_folder.DELETED in names[0]
    assert "a.json" in names[0]
    assert "a.json" not in names[-1]
