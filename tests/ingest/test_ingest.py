"""What does one poll do?"""

from __future__ import annotations

import builtins
import gzip
import json
import os
import shutil
from contextlib import closing
from unittest import mock

import pytest

from session_monitor.base import data_folder, files
from session_monitor.index import opening
from session_monitor.index.database import Index
from session_monitor.index.keeper import Keeper
from session_monitor.ingest import ingest
from session_monitor.log import compressed, generation, log_file, matching, verdicts
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.log.generation import HEAD, MARK, Generation
from session_monitor.sessions import opening as sessions_opening
from session_monitor.sessions.store import Store
from session_monitor.sessions.write_lock import MonitorsLock, Outdated
from tests.support import calls
from tests.support.indexes import contents, opened, silent
from tests.support.monitors import Monitor


@pytest.fixture
def monitor(tmp_path):
    """One over a log that is not there yet."""
    return Monitor(tmp_path)


def test_a_poll_with_nothing_new_is_cheap(monitor):
    """It opens no session file, writes nothing, and reads no more of the log than tells which generation it is."""
    monitor.write(*map(str, range(2000)))
    monitor.poll()
    monitor.fresh()
    read, opened = [], []
    real_read, real_open = log_file.LogFile.read, builtins.open

    def reading(self, length, offset):
        data = real_read(self, length, offset)
        read.append(len(data))
        return data

    def opening(path, *arguments, **options):
        opened.append(os.fsdecode(path))
        return real_open(path, *arguments, **options)

    with mock.patch.object(log_file.LogFile, "read", reading), mock.patch.object(builtins, "open", opening):
        poll = monitor.poll()

    assert poll.coverage.lines == 0
    assert opened == []
    assert sum(read) <= 4 * (HEAD + MARK) < monitor.log.stat().st_size


def test_the_summary_of_a_poll(monitor):
    """A poll says what it read, what was new in it, and why lines were passed over."""
    monitor.write("a", "b")
    with monitor.log.open("ab") as file:
        file.write(b'{"ai_log":"-"}\n{"ai_log":"{\\"mod\nno json\n\n\0\0\0\n')

    poll = monitor.poll()

    assert (poll.logs_found, poll.new_sessions, poll.new_rounds) == (1, 1, 2)
    assert (poll.sums.input_tokens, poll.sums.output_tokens) == (20, 10)
    assert (poll.coverage.lines, poll.coverage.calls) == (7, 2)
    assert poll.coverage.passed_over == {"not_llm": 1, "cut_off": 1, "no_ai_log": 1, "empty": 1, "nul_bytes": 1}
    assert poll.behind == 0


def test_nothing_stays_open_between_two_polls(monitor):
    """A log that is removed meanwhile gives its room back; neither does a session file nor a table stay open."""
    before = len(os.listdir("/dev/fd"))
    monitor.write("a", "b")
    monitor.log.with_name("access.log.1").write_bytes(calls.line("old") + b"\n")
    monitor.log.with_name("access.log.2.gz").write_bytes(gzip.compress(calls.line("older") + b"\n"))
    for _ in range(2):
        monitor.poll()
        assert len(os.listdir("/dev/fd")) == before


def test_a_log_that_is_renamed_while_it_is_looked_for(monitor, monkeypatch):
    """A pass that comes upon its first rotation, with the only log listed and renamed before it is opened, reads it."""
    monitor.write("a")
    rotated = monitor.log.with_name("access.log.1")
    real_open = log_file.LogFile.__init__

    def opening(self, *arguments, **more):
        if not rotated.exists():
            monitor.log.rename(rotated)
        real_open(self, *arguments, **more)

    monkeypatch.setattr(log_file.LogFile, "__init__", opening)
    monkeypatch.setattr(ingest, "SETTLING_SECONDS", 0)

    poll = monitor.poll()

    assert (poll.logs_found, poll.new_rounds, monitor.ids()) == (1, 1, ["a"])


def test_a_name_that_leads_nowhere(monitor, monkeypatch):
    """A link to a log that is not there yet is no log, and no reason to look for ever."""
    monitor.log.symlink_to("elsewhere.log")
    monkeypatch.setattr(ingest, "SETTLING_SECONDS", 0)

    poll = monitor.poll()

    assert (poll.logs_found, poll.new_rounds, poll.problems) == (0, 0, [])


def test_a_log_that_does_not_settle_is_given_time(monitor, monkeypatch):
    """Between looks that found it moving there is a pause, and no more of them than a poll has tries."""
    paused = []
    monitor.fresh(sleep=paused.append)
    monkeypatch.setattr(ingest.Ingest, "_pass", lambda *_: False)

    monitor.poll()

    assert paused == [ingest.SETTLING_SECONDS] * ingest.TRIES


def test_a_line_that_is_too_long(monitor, monkeypatch):
    """It is passed over and counted, and the lines around it are found."""
    monkeypatch.setattr(log_file, "LONGEST_LINE", 10_000)
    monitor.write("a")
    with monitor.log.open("ab") as file:
        file.write(b"x" * 3_000_000 + b"\n")
    monitor.write("b")

    poll = monitor.poll()

    assert poll.coverage.passed_over == {"too_long": 1}
    assert monitor.ids() == ["a", "b"]


def test_batches(monitor, monkeypatch):
    """A pass that is committed in many batches gives what one batch gives, and each batch is told."""
    names = list(map(str, range(50)))
    monitor.write(*names)
    monkeypatch.setattr(ingest, "BATCH_SESSION_BYTES", 1000)
    told = []

    poll = monitor.fresh(on_commit=lambda poll, sessions: told.append((poll.bytes_read, list(sessions)))).poll()

    assert monitor.ids() == names
    assert len(told) > 10
    assert told == sorted(told)
    assert told[-1][0] == poll.bytes_to_read == monitor.log.stat().st_size


def test_a_stop_in_the_middle(monitor, monkeypatch):
    """A poll that is told to stop commits what it has, and the next one goes on there."""
    monkeypatch.setattr(ingest, "LINES_BETWEEN_LOOKS", 1)
    monitor.write(*"abcdef")
    left = iter("xxx")

    poll = monitor.fresh(stop=lambda: next(left, None) is None).poll()
    assert 0 < poll.new_rounds < 6
    assert poll.behind > 0
    assert poll.is_stopped

    assert not monitor.fresh().poll().is_stopped
    assert monitor.ids() == list("abcdef")


def test_a_file_that_is_truncated_while_it_is_read(monitor):
    """What was read of it is dropped, since it may be of two generations, and the file is looked at again."""
    monitor.write("a", "b")
    real, times = Generation.advanced, []

    def truncated_first(self, file, offset):
        if not times:
            times.append(1)
            os.truncate(monitor.log, 0)
            monitor.write("c", "d", "e")
        return real(self, file, offset)

    with mock.patch.object(Generation, "advanced", truncated_first):
        monitor.poll()

    assert monitor.ids() == ["c", "d", "e"]


@pytest.mark.parametrize(
    ("moment", "known"),
    [("flush", False), ("flush", True), ("match", False), ("match", True), ("new_generation", False)],
)
def test_a_copytruncate_at_the_worst_moment(monitor, moment, known):
    """Copied before a poll, truncated and written on in the middle of it: each line is found once all the same."""
    monitor.write("a", "b")
    if known:
        monitor.poll()
    monitor.write("c")
    shutil.copy(monitor.log, f"{monitor.log}.1")
    owner = {"flush": Store, "match": matching, "new_generation": generation}[moment]
    real, times = getattr(owner, moment), []

    def then_truncated(*arguments):
        if not times:
            times.append(1)
            os.truncate(monitor.log, 0)
            monitor.write("d")
        return real(*arguments)

    with mock.patch.object(owner, moment, then_truncated):
        polls = [monitor.poll(), monitor.poll()]

    assert sorted(monitor.ids()) == list("abcd")
    assert [poll.coverage.lost_bytes for poll in polls] == [0, 0]


def test_a_session_file_that_cannot_be_read(monitor):
    """It is set aside, which is a problem and said, and its rounds come from the log again; others do not twice."""
    monitor.write("a", "b")
    with monitor.log.open("ab") as file:
        file.write(calls.line("other", chat_id="o") + b"\n")
    monitor.poll()
    (monitor.out / "s.json").write_bytes(b"garbage\nand more\n")
    monitor.write("c")

    poll = monitor.fresh().poll()

    assert len(poll.problems) == 1
    assert "s.json.corrupt-1" in poll.problems[0]
    assert (monitor.out / "s.json.corrupt-1").read_bytes() == b"garbage\nand more\n"
    assert monitor.ids() == ["a", "b", "c"]
    assert monitor.ids("other") == ["o"]
    assert monitor.ingest.coverage.lines == 4


def test_a_run_that_ends_before_a_thing_is_out_of_the_way(monitor):
    """What stood in a session file's place is renamed when the logs are known as not read, on disk as well."""
    monitor.write("a", "b")
    monitor.poll()
    (monitor.out / "s.json").unlink()
    os.mkfifo(monitor.out / "s.json")
    monitor.write("c")
    with mock.patch.object(Store, "make_way", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        monitor.fresh().poll()
    (monitor.out / "s.json").unlink()

    assert monitor.fresh().poll().problems == []
    assert monitor.ids() == ["a", "b", "c"]


def test_a_thing_in_the_way_while_others_change_session_files(monitor, monkeypatch):
    """The index hears of it, and the next look takes the thing away."""
    monkeypatch.setattr(ingest, "SETTLING_SECONDS", 0)
    (monitor.out / "s.json").mkdir()
    monitor.write("a")
    real, heard = Store.make_way, []
    index = mock.Mock(spec=ingest.NoIndex)
    index.outdated.side_effect = lambda: heard.append("outdated")

    def make_way(self, odd):
        """As when somebody deletes a session just then."""
        if not heard:
            raise Outdated
        return real(self, odd)

    monkeypatch.setattr(Store, "make_way", make_way)
    store, state = Store(str(monitor.out)), Checkpoint(str(monitor.out / ".state.json"), str(monitor.out))
    poll = ingest.Ingest([str(monitor.log)], store, state, index=index).poll()

    assert heard[:1] == ["outdated"]
    assert len(poll.problems) == 1
    assert monitor.ids() == ["a"]


def test_more_things_in_the_way_than_a_poll_has_tries(monitor):
    """Each costs one more look, and none of them another session."""
    names = [f"odd{number}" for number in range(ingest.TRIES + 5)]
    for name in names:
        (monitor.out / f"{name}.json").mkdir()
        with monitor.log.open("ab") as file:
            file.write(calls.line(name, chat_id=name) + b"\n")
    monitor.write("a")

    poll = monitor.poll()

    assert len(poll.problems) == len(names)
    assert [monitor.ids(name) for name in ["s", *names]] == [["a"], *([name] for name in names)]
    assert monitor.fresh().poll().problems == []


def test_lost_bytes_are_told(monitor, monkeypatch):
    """Bytes that were seen and went away unread are in the poll, in the coverage, and told once."""
    monkeypatch.setattr(ingest, "LINES_BETWEEN_LOOKS", 1)
    monitor.write("a", "b", "c")
    left = iter("x")
    monitor.fresh(stop=lambda: next(left, None) is None).poll()
    unread = monitor.log.stat().st_size - log_offset(monitor)
    monitor.log.unlink()
    monitor.write("d")

    polls = [monitor.fresh().poll(), monitor.poll()]

    assert unread > 0
    assert [poll.coverage.lost_bytes for poll in polls] == [unread, 0]
    assert [len([text for text in poll.notices if "bytes are lost" in text]) for poll in polls] == [1, 0]
    assert monitor.ingest.coverage.lost_bytes == unread


def log_offset(monitor):
    """Up to where the log was read."""
    view = json.loads((monitor.out / ".state.json").read_text())["views"][""]
    return view["generations"][0]["offset"]


def test_files_that_all_went_away(monitor):
    """When nothing is left of what was known, there may have been more in between; that is said, once."""
    monitor.write("a")
    monitor.poll()
    monitor.log.unlink()
    monitor.write("b")

    polls = [monitor.poll(), monitor.poll()]

    assert [poll.coverage.unknown_gaps for poll in polls] == [1, 0]
    assert monitor.ids() == ["a", "b"]


@pytest.mark.parametrize("process", ["same", "new"])
def test_a_last_line_without_newline(monitor, process):
    """In the log itself it waits; in a rotated file it is taken when that has not grown for a while, and only once."""
    monitor.write("a")
    monitor.write("b", end=b"")
    polls = []

    def polled():
        if process == "new":
            monitor.fresh()
        polls.append(monitor.poll().new_rounds)
        monitor.clock += 50

    for _ in range(5):
        polled()
    assert polls == [1, 0, 0, 0, 0]

    monitor.log.rename(f"{monitor.log}.1")
    monitor.write("c")
    polls.clear()
    for _ in range(6):
        polled()
    assert sum(polls) == 2
    assert polls[:2] == [1, 0]
    assert sorted(monitor.ids()) == ["a", "b", "c"]

    with open(f"{monitor.log}.1", "ab") as file:  # the newline comes after all, and more
        file.write(b"\n" + calls.line("s", chat_id="late") + b"\n")
    polled()
    assert sorted(monitor.ids()) == ["a", "b", "c", "late"]


def test_a_last_line_that_was_cut_off(monitor):
    """Half a line at the end of a rotated file is never taken for a call."""
    monitor.write("a")
    whole = calls.line("s", chat_id="half")
    with monitor.log.open("ab") as file:
        file.write(whole[: len(whole) // 2])
    monitor.log.rename(f"{monitor.log}.1")
    monitor.write("b")

    for _ in range(8):
        monitor.poll()
        monitor.clock += 100

    assert sorted(monitor.ids()) == ["a", "b"]


def test_a_clock_that_goes_back(monitor):
    """A reboot sets the monotonic clock back; the waiting begins again, and nothing is taken too early."""
    monitor.clock = 1e6
    monitor.write("a")
    monitor.write("b", end=b"")
    monitor.log.rename(f"{monitor.log}.1")
    for _ in range(2):
        monitor.poll()
    monitor.clock = 5.0

    assert [monitor.fresh().poll().new_rounds for _ in range(5)] == [0, 0, 0, 0, 0]
    monitor.clock = 200.0
    assert monitor.fresh().poll().new_rounds == 1


def test_a_filter_keeps_positions_of_its_own(monitor):
    """A run for one session leaves the others' lines to a run for all, whichever comes first."""
    with monitor.log.open("ab") as file:
        for name in ("x", "y", "x", "y"):
            file.write(calls.line(name, chat_id=name) + b"\n")

    polls = [monitor.fresh(session_key="x").poll(), monitor.fresh().poll(), monitor.fresh(session_key="[xy]").poll()]

    assert [poll.new_rounds for poll in polls] == [2, 2, 0]
    assert polls[0].coverage.passed_over == {"other_session": 2}
    assert monitor.ids("x") == ["x", "x"]
    assert monitor.ids("y") == ["y", "y"]


def test_a_full_disk(monitor):
    """A poll that cannot write raises, counts nothing as read, and the next one finds everything."""
    monitor.write("a", "b")
    real = os.pwrite

    def full(descriptor, data, offset):
        raise OSError(28, "No space left on device")

    with mock.patch.object(os, "pwrite", full), pytest.raises(OSError, match="No space"):
        monitor.poll()
    assert os.pwrite is real

    assert monitor.poll().new_rounds == 2
    assert monitor.ids() == ["a", "b"]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("owner", "name", "times"),
    [
        (sessions_opening, "write_behind", 1),
        (sessions_opening, "write_behind", 3),
        (files, "sync_files", 1),
        (Store, "keep_counts", 1),
        (Checkpoint, "save", 2),
    ],
)
def test_the_index_after_a_write_that_failed_half_way(tmp_path, owner, name, times, number):
    """It gets the calls that are in session files already, though no line of theirs is new any more."""
    log, out = tmp_path / "access.log", tmp_path / "out"
    out.mkdir(mode=0o700)
    lock = MonitorsLock(str(out))
    # Elsewhere than in the folder, so that its time does not tell that anything was written there.
    state = Checkpoint(str(tmp_path / "state.json"), str(out))
    real, called = getattr(owner, name), []

    def failing(*arguments):
        called.append(name)
        if len(called) >= times:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    with closing(Keeper(str(out), calls.BOOK, silent)) as keeper:
        reading = ingest.Ingest(
            [str(log)],
            Store(str(out), lock=lock.held),
            state,
            book=calls.BOOK,
            index=keeper,
            jobs=ingest.Processes(number, 0, lock.shared),
        )
        for turn in range(2):
            with log.open("ab") as file:
                file.writelines(calls.line(each, chat_id=f"{each}{turn}") + b"\n" for each in "abcd")
            if turn:
                with mock.patch.object(owner, name, failing), pytest.raises(OSError, match="No space"):
                    reading.poll()
            reading.poll()
        assert keeper.problem is None

    with opened(out) as anew, closing(opening.read_only(str(out / data_folder.INDEX))) as db:
        anew.catch_up(silent)
        index = Index(db, str(out), calls.BOOK)
        assert index.is_current()
        assert contents(index) == contents(anew)


def test_the_same_output_wherever_the_log_was(monitor, tmp_path):
    """The log's folder may move, and its files get new inodes: what was read stays read."""
    monitor.write("a", "b")
    monitor.poll()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copy(monitor.log, moved / "access.log")
    shutil.rmtree(monitor.log, ignore_errors=True)
    monitor.log.unlink(missing_ok=True)
    monitor.log = moved / "access.log"
    monitor.write("c")

    assert monitor.fresh().poll().new_rounds == 1
    assert monitor.ids() == ["a", "b", "c"]


def test_one_poll_reads_all_compressed_files(monitor, monkeypatch):
    """Each look unpacks a share of them, so that none takes long; a poll takes as many looks as that needs."""
    monkeypatch.setattr(verdicts, "SHARE_BYTES", compressed.STEP + 1)
    monkeypatch.setattr(verdicts, "FIRST_SHARES", 1)
    names = ["a", "b", "c", "d", "e"]
    for number, name in enumerate(names):
        packed = gzip.compress(calls.line("s", [f"says {name}"], chat_id=name) + b"\n")
        (monitor.log.parent / f"access.log.{len(names) - number}.gz").write_bytes(packed)
    monitor.write("f")

    monitor.poll()

    assert sorted(monitor.ids()) == [*names, "f"]


class Heard:
    """What an index is told, as the names of what was called."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        return lambda *_anything: self.told.append(name)


def test_what_the_index_hears_of(monitor):
    """That files are about to change, what changed, and the end of every pass, in which it can catch up."""
    index = Heard()
    monitor.fresh(index=index)
    monitor.write("a", "b")

    monitor.poll()
    assert index.told == ["begin", "before", "after", "settle"]
    monitor.poll()
    assert index.told == ["begin", "before", "after", "settle", "begin", "settle"]


def test_a_wrong_digit_in_the_state_file(monitor):
    """Read positions that are wrong are not believed: all is read again, and nothing is counted twice."""
    monitor.write("a", "b")
    monitor.poll()
    state = monitor.out / ".state.json"
    content = state.read_bytes()
    place = content.index(b'"offset":') + len(b'"offset":')
    with open(state, "r+b") as file:
        file.seek(place)
        file.write(b"9" if content[place : place + 1] != b"9" else b"8")

    monitor.fresh()
    monitor.write("c")
    monitor.poll()

    assert monitor.ids() == ["a", "b", "c"]
    assert (monitor.out / ".state.json.unusable").exists()


def test_any_number_of_session_files_that_cannot_be_read(monitor):
    """Each is set aside once, and the rounds of all are read again in one poll, from the beginning of the logs once."""
    names = [f"s{number}" for number in range(25)]
    lines = [calls.line(name, ["hi"], chat_id=f"{turn} {name}") + b"\n" for turn in (1, 2, 3) for name in names]
    monitor.log.write_bytes(b"".join(lines[:25]))
    monitor.poll()
    monitor.log.rename(monitor.log.with_name("access.log.1"))
    monitor.log.write_bytes(b"".join(lines[25:50]))
    monitor.poll()
    for name in names:
        (monitor.out / f"{name}.json").write_bytes(b"no session" * 100)

    monitor.log.write_bytes(b"".join(lines[25:]))
    monitor.fresh()
    with mock.patch.object(Checkpoint, "rewind", autospec=True, side_effect=Checkpoint.rewind) as rewind:
        poll = monitor.poll()

    assert [monitor.ids(name) for name in names] == [[f"{turn} {name}" for turn in (1, 2, 3)] for name in names]
    assert rewind.call_count == 1
    assert len(poll.problems) == 25
    assert not poll.notices
    assert len(list(monitor.out.glob("*.corrupt-*"))) == 25
    assert (poll.coverage.calls, poll.new_rounds) == (25, 75)
    monitor.fresh()
    assert monitor.poll().problems == []


def test_a_session_file_that_cannot_be_read_while_the_run_is_stopped(monitor):
    """It is set aside, and the next run reads its rounds again."""
    monitor.write("a")
    monitor.poll()
    (monitor.out / "s.json").write_bytes(b"no session" * 100)
    monitor.write("b")
    monitor.fresh(stop=lambda: any(monitor.out.glob("*.corrupt-*")))
    monitor.poll()

    monitor.fresh()
    monitor.poll()
    assert monitor.ids() == ["a", "b"]
