"""Several processes that take in one log make the same of it as one, whatever stands there and whoever of them dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import multiprocessing.connection
import os
import signal
import struct
import subprocess
import sys
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import data_folder, files, side_by_side, signals
from session_monitor.index import opening
from session_monitor.index.database import Index
from session_monitor.index.keeper import Keeper
from session_monitor.ingest import together
from session_monitor.ingest.ingest import Ingest, Processes
from session_monitor.ingest.worker import ShareTaker
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.recording import log_line, recorded_log
from session_monitor.recording.recorded_call import RecordedCall
from session_monitor.sessions.store import Store
from session_monitor.sessions.write_lock import MonitorsLock
from tests.support import calls
from tests.support.command_line import ROOT
from tests.support.indexes import contents, silent
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere one process reads alone")


class World:
    """A log, and what some processes make of it."""

    def __init__(self, folder, name="one"):
        self.out = folder / name
        self.out.mkdir(mode=0o700)
        self.log = folder / "access.log"

    def read(self, number, *, ending=lambda _: contextlib.nullcontext(), recorded=False, **options):
        """One poll by so many processes, in stretches of a few lines; also of the calls that were ``recorded``."""
        lock = MonitorsLock(str(self.out))
        state = Checkpoint(str(self.out / ".state.json"), str(self.out))
        store = Store(str(self.out), lock=lock.held)
        with (
            mock.patch.object(together, "LEAST", 600),
            contextlib.closing(Keeper(str(self.out), calls.BOOK, silent)) as keeper,
        ):
            jobs = Processes(number, 0, lock.shared, ending)
            ingest = Ingest(
                [str(self.log)], store, state, book=calls.BOOK, index=keeper, jobs=jobs, clock=lambda: 0.0, **options
            )
            if recorded:
                ingest.read_recorded(data_folder.recorded_log(str(self.out)))
            poll = ingest.poll()
        assert keeper.problem is None
        return poll

    def account(self):
        """All that is known in the end, but for how many batches it came in."""
        found = {}
        for path in sorted(self.out.glob("[!.]*.json")):
            document = json.loads(path.read_bytes())
            del document["crc32"]
            document["positions"] = document["positions"]["applied"]
            found[path.name] = document
        state = json.loads((self.out / ".state.json").read_bytes())
        found["state"] = [
            [(each["gid"], each["offset"], each["tail_sha256"], each["coverage"]) for each in view["generations"]]
            for view in state["views"].values()
        ]
        return found

    def index(self):
        """All that the index holds, but for the sizes and times of files."""
        with contextlib.closing(opening.read_only(str(self.out / data_folder.INDEX))) as db:
            found = Index(db, str(self.out), calls.BOOK)
            assert found.is_current()
            held = contents(found)
            held["in order"] = found.db.execute("SELECT session_id FROM session ORDER BY id").fetchall()
        held["session"] = {tuple(pair for pair in row if pair[0] not in _OF_FILES) for row in held["session"]}
        return held


_OF_FILES = ("size", "mtime")


def same(folder, lines, number, **options):
    """What one process and so many make of these lines is the same; the polls of both."""
    folder.mkdir()
    (folder / "access.log").write_bytes(b"".join(lines))
    worlds = World(folder), World(folder, "several")
    polls = [world.read(each, **options) for world, each in zip(worlds, (1, number))]
    assert worlds[1].account() == worlds[0].account()
    assert worlds[1].index() == worlds[0].index()
    return polls


def told_the_same(polls):
    """Whether two polls tell the same of what they did."""
    one, several = polls
    assert vars(several.coverage) == vars(one.coverage)
    assert (several.new_sessions, several.new_rounds, several.sums) == (one.new_sessions, one.new_rounds, one.sums)
    assert several.problems == one.problems


def plain(number, sessions=7):
    """The lines of a log in which nothing is odd."""
    texts = {}
    for each in range(number):
        session = f"s{each % sessions}"
        texts.setdefault(session, []).append(f"says {each} " + "x" * (each % 90))
        yield calls.line(session, texts[session], chat_id=f"c{each}", answer="y" * (each % 70)) + b"\n"


def odd():
    """A line of any kind."""
    ids = st.sampled_from(["a", "b", "c:1", "会话", 'q"x', "\ud83d", "-", "", None, "no-session:2026-02-01", 7])
    texts = st.lists(st.sampled_from(["hi", "says", 'x"session_id":"b"', "/new session: b", "z" * 700]), max_size=4)
    call = st.builds(
        lambda session, said, consumer, model, more: calls.line(session, said, consumer=consumer, model=model, **more),
        ids,
        texts,
        st.sampled_from([None, "alice"]),
        st.sampled_from(["gpt-4", "gpt-4o", None]),
        st.sampled_from(
            [
                {},
                {"extra": {"session_id": "b"}},
                {"tool_calls": [{"session_id": "zz"}]},
                {"chat_round": 2},
                {"answer": "ok"},
            ]
        ),
    )
    cut = st.builds(lambda line, at: line[: len(line) * at // 9], call, st.integers(1, 8))
    other = st.sampled_from(
        [b"", b"no json", b'{"ai_log":"-"}', b'{"a":1}', b"\0\0", b'{"ai_log":"{\\"session_id\\":\\"b\\",\\"x', b"[]"]
    )
    wrapped = call.map(lambda line: json.dumps({"log": line.decode() + "\n", "stream": "stdout"}).encode())
    return st.one_of(call, call, call, cut, other, wrapped)


@settings(deadline=None)
@given(st.lists(odd(), min_size=1, max_size=40), st.integers(2, 4), st.booleans(), st.booleans())
def test_any_log(tmp_path_factory, lines, number, is_chained, ends_well):
    """Session files, index, coverage and read positions are those that one process leaves."""
    folder = tmp_path_factory.mktemp("any") / "log"
    lines = [line + b"\n" for line in lines[:-1]] + [lines[-1] + b"\n" * ends_well]
    told_the_same(same(folder, lines, number, chain=is_chained))


@pytest.mark.parametrize("number", [2, 3, 4])
def test_it_is_several_processes_that_read(tmp_path, number):
    """All is written by them, in many stretches; with a filter too."""
    lines = list(plain(300))
    real, started = together.Team.__init__, []

    def starting(self, workers):
        started.append(len(workers))
        real(self, workers)

    with mock.patch.object(together.Team, "__init__", starting), mock.patch.object(Store, "flush", None):
        (tmp_path / "access.log").write_bytes(b"".join(lines))
        World(tmp_path, "alone").read(number)
    assert started == [number]
    told_the_same(same(tmp_path / "x", lines, number))
    told_the_same(same(tmp_path / "y", lines, number, session_key="s[135]"))


@pytest.mark.parametrize("number", [1, 3])
def test_what_is_about_to_be_written_is_told(tmp_path, number):
    """Each round is announced once, before it is written, with the byte where it is going to begin."""
    world, coming = World(tmp_path), []
    world.log.write_bytes(b"".join(plain(100)))
    world.read(number, on_writing=coming.extend)

    announced = [(each.session_id, each.first + more) for each in coming for more in range(each.rounds)]
    assert sorted(announced) == sorted((f"s{each % 7}", 1 + each // 7) for each in range(100))
    for each in coming:
        line = (world.out / each.file).read_bytes()[each.start :].partition(b"\n")[0]
        assert json.loads(line.strip(b","))["round"] == each.first


def test_what_is_near_is_read_by_one(tmp_path):
    """Processes are started for a log that is far ahead alone, and not where threads are at work."""
    world = World(tmp_path)
    world.log.write_bytes(b"".join(plain(5)))
    with mock.patch.object(together, "Team", None):
        lock = MonitorsLock(str(world.out))
        state = Checkpoint(str(world.out / ".state.json"), str(world.out))
        jobs = Processes(2, world.log.stat().st_size)
        Ingest([str(world.log)], Store(str(world.out), lock=lock.held), state, jobs=jobs).poll()
        with mock.patch.object(side_by_side, "can_fork", return_value=False):
            World(tmp_path, "threads").read(2)


def test_a_call_of_another_session_than_its_line_shows(tmp_path):
    """It goes to its own session, and so do the others."""
    trap = calls.line("s1", ["hi"], zz=[{"session_id": "s2"}])  # the id that is shown stands behind the true one
    lines = [*plain(40), *[trap + b"\n"] * 3, *plain(20)]
    polls = same(tmp_path / "x", lines, 2)
    told_the_same(polls)
    assert polls[1].notices == []


def test_a_damaged_session_file(tmp_path):
    """It is set aside, and what it had comes from the log again, as with one process."""
    worlds = World(tmp_path), World(tmp_path, "several")
    for world, number in zip(worlds, (1, 2)):
        world.log.write_bytes(b"".join(plain(60)))
        world.read(number)
        path = world.out / "s3.json"
        data = path.read_bytes()
        path.write_bytes(data[:300] + bytes(20) + data[320:-20])
        with world.log.open("ab") as log:
            log.writelines(plain(80))
        poll = world.read(number)
        assert [text.partition(" was set aside")[0] for text in poll.problems] == [
            "a session file could not be read and"
        ]
    assert worlds[1].account() == worlds[0].account()


def test_who_is_told_to_end_begins_with_nothing_more(tmp_path):
    """What was committed by then is kept and counted, and the process that started the others takes nothing by itself."""
    world, told = World(tmp_path), []
    world.log.write_bytes(b"".join(plain(400)))
    with mock.patch.object(Store, "flush", None):
        poll = world.read(2, stop=lambda: bool(told), on_commit=lambda *_: told.append(True))
    stored = [len(each["rounds"]) for name, each in world.account().items() if name != "state"]

    assert len(told) == 1
    assert poll.coverage.calls == sum(stored) < 400
    world.read(2)
    other = World(tmp_path, "other")
    other.read(1)
    assert (world.account(), world.index()) == (other.account(), other.index())


@pytest.mark.parametrize("what", ["take", "write"])
@pytest.mark.parametrize("how_many", [1, 3, 8])
def test_one_of_them_is_killed(tmp_path, what, how_many):
    """Whenever that is, nothing is lost and nothing counted twice: one process reads on, and says why."""
    real, done = getattr(ShareTaker, what), []

    def killed(self, *arguments):
        done.append(1)
        if len(done) == how_many and self._intake._share.is_first:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *arguments)

    lines = list(plain(300))
    with mock.patch.object(ShareTaker, what, killed):
        polls = same(tmp_path / "x", lines, 2)
    assert polls[1].notices == [
        "a process that read its share of the log was ended, and the log is read on by one alone"
    ]
    assert vars(polls[1].coverage) == vars(polls[0].coverage)
    assert polls[1].at_least is (what == "write")
    assert polls[1].new_rounds <= 300 if polls[1].at_least else polls[1].sums == polls[0].sums


@pytest.mark.parametrize("what", ["take", "write", "answer"])
def test_one_of_them_stands_still_when_an_end_is_asked_for(tmp_path, monkeypatch, what):
    """It is not waited for much longer, whatever it is at: it is killed, that is said, and the next run reads on."""
    monkeypatch.setattr(signals, "PATIENCE", 0.01)
    us = os.getpid()
    owner, name = (multiprocessing.connection.Connection, "_send_bytes") if what == "answer" else (ShareTaker, what)
    real = getattr(owner, name)

    def stand_still(self, *data):
        with contextlib.suppress(FileExistsError):
            if os.getpid() != us:
                (tmp_path / "one of them").touch(exist_ok=False)
                if what == "answer":
                    os.write(self.fileno(), struct.pack("!i", len(data[0])) + data[0][:9])
                os.kill(us, signal.SIGTERM)
                os.kill(os.getpid(), signal.SIGSTOP)
        return real(self, *data)

    world, told = World(tmp_path), signals.Signals()
    world.log.write_bytes(b"".join(plain(300)))
    with told.catch(), mock.patch.object(owner, name, stand_still):
        poll = world.read(2, ending=told.ending, stop=told.stop)

    assert told.received == signal.SIGTERM
    said = [text.partition(",")[0] for text in poll.notices]
    # Who has not begun to wait by then need not.
    assert said == ["a process that read its share of the log did not come to an end"] or (what != "write" and not said)
    assert multiprocessing.active_children() == []
    world.read(2)
    other = World(tmp_path, "other")
    other.read(1)
    assert (world.account(), world.index()) == (other.account(), other.index())


def test_calls_that_are_recorded_meanwhile(tmp_path):
    """They are taken in with the next poll, and not counted once more where the gateway logs them, too."""
    worlds, started = (World(tmp_path), World(tmp_path, "several")), []
    logged = list(plain(200))
    for world, number in zip(worlds, (1, 3)):
        world.log.write_bytes(b"".join(logged))
        left = ["one", "two"]

        def on_commit(*_, world=world, left=left):
            if left:
                record(world, left[0])
                log_too(world, left.pop(0))

        with mock.patch.object(together, "Team", side_effect=together.Team) as team:
            world.read(number, recorded=True, known_in=str(world.out), on_commit=on_commit)
        started.append(team.called)
        on_commit()  # what one process takes in at once
        poll = world.read(number, recorded=True, known_in=str(world.out))

        assert poll.coverage.passed_over == {"recorded_elsewhere": 2}
        own = world.account()["own.json"]["rounds"]
        assert [each["chat_id"] for each in own] == [f"one{LONG}", f"two{LONG}"]
    assert started == [False, True]
    assert worlds[1].index() == worlds[0].index()


LONG = "-01XFDUDYJgAACzvnptvVo"
"""What makes an id one that nobody else has."""


def record(world, name):
    """Record a call that no gateway logged yet."""
    call = RecordedCall("own", 1_770_000_000_000, "/v1/messages", "test", model="gpt-4", call_id=name + LONG)
    recorded_log.append(str(world.out), [log_line.line(call)])


def log_too(world, name):
    """The gateway logs it."""
    with world.log.open("ab") as log:
        log.write(calls.line("s1", ["it"], chat_id=name + LONG) + b"\n")


def test_the_lock_is_given_back_when_nobody_writes_any_more(tmp_path):
    """Where one of them is killed while it writes, the others are ended before a command may take its turn."""
    real, alive = files.give_back, []

    def write(self):
        os.kill(os.getpid(), signal.SIGKILL if self._intake._share.is_first else signal.SIGSTOP)

    def give_back(descriptor):
        alive.append(len(multiprocessing.active_children()))
        real(descriptor)

    world = World(tmp_path)
    world.log.write_bytes(b"".join(plain(50)))
    with mock.patch.object(ShareTaker, "write", write), mock.patch.object(files, "give_back", give_back):
        world.read(3)
    assert alive[0] == 0


def test_a_file_that_cannot_be_written(tmp_path):
    """A disk that is full in one of them is what it is with one process: an error that says so."""
    with mock.patch.object(files, "write_all", side_effect=OSError(28, "No space left on device")):
        world = World(tmp_path)
        world.log.write_bytes(b"".join(plain(50)))
        with pytest.raises(OSError, match="No space left"):
            world.read(2)
    world.read(2)
    other = World(tmp_path, "other")
    other.read(1)
    assert world.account() == other.account()


_LEFT = """
import os, sys, time
sys.path[:0] = {paths!r}
from unittest import mock
from pathlib import Path
from session_monitor.ingest.worker import ShareTaker
from tests.ingest.test_together import World
real = ShareTaker.write
def slow(self):
    Path(sys.argv[2]).touch()
    time.sleep(60 if self._intake._share.is_first else 0)
    return real(self)
ShareTaker.write = slow
World.__init__ = lambda self, folder, name: vars(self).update(out=folder / name, log=folder / "access.log")
World(Path(sys.argv[1]), "one").read(2)
"""


def test_nobody_else_changes_session_files_while_one_of_them_may_write(tmp_path):
    """Where the process that holds the lock is killed, those that still write have it until they have ended."""
    world = World(tmp_path)
    world.log.write_bytes(b"".join(plain(50)))
    at_work = tmp_path / "at work"
    code = _LEFT.format(paths=[str(ROOT), str(ROOT / "scripts")])
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(at_work)], start_new_session=True) as process:
        try:
            until(at_work.exists, "one of them to write")
            process.kill()
            process.wait()
            assert is_held(world.out)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    until(lambda: not is_held(world.out), "the lock to be given back")


def is_held(folder):
    """Whether somebody holds the lock on session files."""
    descriptor = os.open(folder / data_folder.WRITE_LOCK, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
