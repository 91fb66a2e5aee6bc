"""Which calls do sessions lack that they had once, and which of them come when the logs are read again?"""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import re
from unittest import mock

import pytest

from session_monitor.base import data_folder
from session_monitor.calls import coverage
from session_monitor.ingest import ingest
from session_monitor.ingest.ingest import Ingest
from session_monitor.ingest.rereading import MOST_NAMED
from session_monitor.log import verdicts
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.log.tail import Tail
from session_monitor.prices.book import Book
from session_monitor.sessions.lacking import Lacking
from session_monitor.sessions.round_counts import RoundCounts
from session_monitor.sessions.store import Store
from session_monitor.upkeep import repair
from tests.support import calls
from tests.support.monitors import Monitor


@pytest.fixture
def monitor(tmp_path):
    """One over a log that is not there yet."""
    return Monitor(tmp_path)


def test_what_is_read_again_is_covered_once(monitor):
    """Rewinding leaves what is known of logs that are gone, counts no line twice, and tells no loss of what was read."""
    monitor.write("a", "b")
    monitor.poll()
    backup = (monitor.out / "s.json").read_bytes()
    monitor.write("c")
    monitor.poll()
    rotated = monitor.log.with_name("access.log.1")
    monitor.log.rename(rotated)
    monitor.write("d")
    monitor.poll()
    rotated.unlink()
    monitor.write("e")
    monitor.poll()
    before = monitor.ingest.coverage
    (monitor.out / "s.json").write_bytes(backup)

    poll = monitor.fresh().poll()
    assert poll.coverage == coverage.Coverage()  # nobody has called: nothing is looked at
    monitor.write("f")
    poll = monitor.fresh().poll()

    assert monitor.ids() == ["a", "b", "d", "e", "f"]
    assert (poll.coverage.lines, poll.coverage.lost_calls, poll.coverage.lost_bytes) == (1, 1, 0)
    after = monitor.ingest.coverage
    assert (after.lines, after.calls, after.lost_calls) == (before.lines + 1, before.calls + 1, 1)
    assert (after.bytes - before.bytes, after.lost_bytes) == (poll.coverage.bytes, 0)
    assert poll.problems == []


def test_a_file_that_goes_while_it_is_read_again(monitor):
    """What was read of it before is no loss of bytes; what its session lacks is told as calls."""
    monitor.write("a")
    monitor.poll()
    backup = (monitor.out / "s.json").read_bytes()
    monitor.write("b", "c")
    monitor.poll()
    monitor.log.rename(monitor.log.with_name("access.log.1"))
    monitor.write("d")
    monitor.poll()
    (monitor.out / "s.json").write_bytes(backup)
    monitor.write("e")
    with mock.patch.object(Store, "flush", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        monitor.fresh().poll()
    monitor.log.with_name("access.log.1").unlink()

    poll = monitor.fresh().poll()

    assert monitor.ids() == ["a", "d", "e"]
    assert (poll.coverage.lost_bytes, poll.coverage.lost_calls) == (0, 2)
    assert [text for text in poll.notices if "2 calls are lost: s.json" in text]


@pytest.mark.parametrize("lines", range(1, 5))
def test_a_stop_while_the_logs_are_read_again_for_an_older_state(monitor, monkeypatch, lines):
    """Whatever of a session comes back in the next run is not told as lost: what is new is not known there either."""
    monkeypatch.setattr(ingest, "LINES_BETWEEN_LOOKS", 1)
    names = ("s.json", ".state.json")
    monitor.write("a")
    monitor.poll()
    backup = {name: (monitor.out / name).read_bytes() for name in names}
    monitor.write("b", "c")
    monitor.poll()
    for name in names:
        (monitor.out / name).write_bytes(backup[name])
    monitor.write("d")
    left = iter(range(lines))
    lost = monitor.fresh(stop=lambda: next(left, None) is None).poll().coverage.lost_calls

    lost += monitor.fresh().poll().coverage.lost_calls

    assert monitor.ids() == ["a", "b", "c", "d"]
    assert lost == 0


@pytest.mark.parametrize("lines", range(1, 5))
def test_a_stop_behind_which_a_killed_run_had_read(monitor, monkeypatch, lines):
    """What that had written is counted with the rest before it is read again, and not told as lost when it comes once more."""
    monkeypatch.setattr(ingest, "LINES_BETWEEN_LOOKS", 1)
    monitor.write("a")
    monitor.poll()
    backup = (monitor.out / "s.json").read_bytes()
    monitor.write("b", "c", "d")
    with mock.patch.object(Store, "keep_counts", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        monitor.fresh().poll()
    left = iter(range(lines))
    monitor.fresh(stop=lambda: next(left, None) is None).poll()
    (monitor.out / "s.json").write_bytes(backup)

    monitor.write("e")
    poll = monitor.fresh().poll()

    assert monitor.ids() == ["a", "b", "c", "d", "e"]
    assert (poll.coverage.lost_calls, [text for text in poll.notices if "lost" in text]) == (0, [])


@contextlib.contextmanager
def unreadable(path):
    """A file that this user may not open."""
    real = os.open

    def opened(name, *arguments, **more):
        if str(name) == str(path):
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return real(name, *arguments, **more)

    with mock.patch.object(os, "open", opened):
        yield


@pytest.fixture
def waiting(monitor):
    """A session that went back while a file of the log may not be read; the file, and the backup."""
    monitor.write("a")
    monitor.poll()
    backup = (monitor.out / "s.json").read_bytes()
    monitor.write("b")
    monitor.poll()
    forbidden = monitor.log.with_name("access.log.1")
    forbidden.write_bytes(calls.line("other") + b"\n")
    (monitor.out / "s.json").write_bytes(backup)
    monitor.write("c")
    with unreadable(forbidden):
        monitor.fresh().poll()
    assert monitor.ids() == ["a", "b", "c"]
    return forbidden, backup


def test_repair_of_a_backup_that_is_put_back_once_more_before_all_could_be_read(monitor, waiting):
    """The logs are read again for a session that waits for a file that may not be read, too."""
    (monitor.out / "s.json").write_bytes(waiting[1])

    repair.repair(str(monitor.out), Book([]), 0, lambda _done, _total: None)
    lost = monitor.fresh().poll().coverage.lost_calls

    assert (monitor.ids(), lost) == (["a", "b", "c"], 0)


@pytest.mark.parametrize("is_started_anew", [False, True])
@pytest.mark.parametrize("is_called", [False, True])
def test_a_backup_that_is_put_back_once_more_before_all_could_be_read(monitor, waiting, is_started_anew, is_called):
    """It lacks more than was known, so the logs are read once more; also by the monitor that waits, with its next call."""
    forbidden, backup = waiting
    with unreadable(forbidden):
        monitor.poll()
        (monitor.out / "s.json").write_bytes(backup)
        if is_called:
            monitor.write("d")
        if is_started_anew:
            monitor.fresh()
        lost = monitor.poll().coverage.lost_calls
        again = is_started_anew or is_called
        assert monitor.ids() == (["a", "b", "c", "d"][: 3 + is_called] if again else ["a"])

    lost += monitor.poll().coverage.lost_calls
    if not again:
        monitor.write("d")
        lost += monitor.poll().coverage.lost_calls

    assert monitor.ids() == ["a", "b", "c", "d"][: 3 + (is_called or not again)]
    assert lost == 0
    assert monitor.ingest.coverage.lost_calls == 0


def test_another_session_that_is_put_back_while_a_file_is_waited_for(monitor, waiting):
    """It is not one that was read for, so the logs are read for it as well."""
    with monitor.log.open("ab") as file:
        file.writelines(calls.line("t", chat_id=name) + b"\n" for name in "xy")
    with unreadable(waiting[0]):
        monitor.poll()
        lines = (monitor.out / "t.json").read_bytes()
        with monitor.log.open("ab") as file:
            file.write(calls.line("t", chat_id="z") + b"\n")
        monitor.poll()
        (monitor.out / "t.json").write_bytes(lines)
        with monitor.log.open("ab") as file:
            file.write(calls.line("t", chat_id="last") + b"\n")
        monitor.poll()

        assert monitor.ids("t") == ["x", "y", "z", "last"]

    assert monitor.poll().coverage.lost_calls == 0
    assert monitor.ids("t") == ["x", "y", "z", "last"]


def test_many_sessions_that_went_back_are_read_for_at_once(monitor):
    """A whole folder of backups costs one more reading of the logs, not one each."""
    for number in range(30):
        with monitor.log.open("ab") as file:
            file.write(calls.line(f"s{number}", chat_id=f"a{number}") + b"\n")
    monitor.poll()
    backups = {path: path.read_bytes() for path in monitor.out.glob("[!.]*.json")}
    for number in range(30):
        with monitor.log.open("ab") as file:
            file.write(calls.line(f"s{number}", chat_id=f"b{number}") + b"\n")
    monitor.poll()
    for path, raw in backups.items():
        path.write_bytes(raw)
    monitor.write("new")
    with monitor.log.open("ab") as file:
        file.write(calls.line("s7", chat_id="c7") + b"\n")

    with mock.patch.object(Lacking, "read_again", autospec=True, side_effect=Lacking.read_again) as rewound:
        monitor.fresh().poll()

    assert rewound.call_count == 1
    assert [monitor.ids(f"s{number}") for number in (0, 7, 29)] == [["a0", "b0"], ["a7", "b7", "c7"], ["a29", "b29"]]
    assert monitor.ingest.coverage.lost_calls == 0


def test_many_compressed_files_are_read_again_at_once(monitor, monkeypatch):
    """Also where it takes many looks to find out how large they are: what sessions lack is on its way all the time."""
    plain = [monitor.log.with_name(f"access.log.{number}") for number in range(1, 9)]
    for call in "ab":
        backups = {path: path.read_bytes() for path in monitor.out.glob("s*.json")}
        for number, path in enumerate(plain):
            with path.open("ab") as file:
                file.write(calls.line(f"s{number}", chat_id=f"{call}{number}") + b"\n")
        monitor.poll()
    for path in plain:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()
    for path, raw in backups.items():
        path.write_bytes(raw)
    with monitor.log.open("ab") as file:
        file.write(calls.line("s0", chat_id="c0") + b"\n")
    monkeypatch.setattr(verdicts, "SHARE_BYTES", 1)

    with (
        mock.patch.object(Lacking, "read_again", autospec=True, side_effect=Lacking.read_again) as rewound,
        mock.patch.object(Tail, "look", autospec=True, side_effect=Tail.look) as looks,
    ):
        lost = monitor.fresh().poll().coverage.lost_calls

    assert looks.call_count > len(plain)
    assert rewound.call_count == 1
    assert [sorted(monitor.ids(f"s{number}")) for number in (0, 7)] == [["a0", "b0", "c0"], ["a7", "b7"]]
    assert lost == 0


def test_a_log_that_only_other_runs_read(monitor):
    """What a session lacks may be in it, so nothing is told as lost before it was read again."""
    other = monitor.log.with_name("other.log")

    def run(log):
        state = Checkpoint(str(monitor.out / ".state.json"), str(monitor.out))
        return Ingest([str(log)], Store(str(monitor.out)), state).poll().coverage.lost_calls

    monitor.write("a")
    run(monitor.log)
    backup = (monitor.out / "s.json").read_bytes()
    other.write_bytes(calls.line("s", chat_id="b") + b"\n")
    run(other)
    (monitor.out / "s.json").write_bytes(backup)
    monitor.write("c")

    assert run(monitor.log) == 0
    assert monitor.ids() == ["a", "c"]
    assert run(other) == 0
    assert monitor.ids() == ["a", "c", "b"]
    assert Checkpoint(str(monitor.out / ".state.json"), str(monitor.out)).to_look_at == {}


def test_a_kill_at_any_step_of_the_recovery(monitor):
    """Whatever was done of it, the next run ends in the same sessions, and tells the loss."""
    monitor.write("a")
    monitor.poll()
    backup = (monitor.out / "s.json").read_bytes()
    monitor.write("b")
    monitor.poll()
    monitor.log.rename(monitor.log.with_name("access.log.1"))
    monitor.write("c", "d")
    monitor.poll()
    monitor.log.with_name("access.log.1").unlink()
    monitor.poll()
    (monitor.out / "s.json").write_bytes(backup)
    monitor.write("e")
    start = {path: path.read_bytes() for path in monitor.out.iterdir()}
    real, tellings = os.pwrite, []

    for number in range(40):
        for path in monitor.out.iterdir():
            path.unlink()
        for path, raw in start.items():
            path.write_bytes(raw)
        left = iter(range(number))

        def pwrite(*arguments):
            if next(left, None) is None:  # noqa: B023 -- called in this round alone
                raise KeyboardInterrupt
            return real(*arguments)

        told = 0
        with mock.patch.object(os, "pwrite", pwrite), contextlib.suppress(KeyboardInterrupt):
            told += monitor.fresh().poll().coverage.lost_calls
        told += monitor.fresh().poll().coverage.lost_calls
        if told == 0:  # the session's end had been written before the kill; its next call, or repair, tells
            repair.repair(str(monitor.out), Book([]), 0, lambda _done, _total: None)
            told += monitor.fresh().poll().coverage.lost_calls
        assert monitor.ids() == ["a", "c", "d", "e"]
        tellings.append(told)
    # Between two writes nothing tells which calls are new, and less is told rather than more.
    assert (sorted(set(tellings)) in ([1], [0, 1]), tellings.count(0) <= 1) == (True, True)


def test_of_many_files_that_lost_calls_some_are_named(monitor):
    """The others are counted, so that what a person hears stays short, and no call is left out of the sum."""

    def call_each(call):
        with monitor.log.open("ab") as file:
            file.writelines(calls.line(f"s{number}", chat_id=f"{call}{number}") + b"\n" for number in range(12))

    call_each("a")
    monitor.poll()
    backups = {path: path.read_bytes() for path in monitor.out.glob("[!.]*.json")}
    call_each("b")
    monitor.poll()
    monitor.log.unlink()
    monitor.poll()
    for path, raw in backups.items():
        path.write_bytes(raw)
    call_each("c")

    poll = monitor.fresh().poll()

    told = [text for text in poll.notices if "lost" in text]
    assert len([text for text in told if "1 call is lost: s" in text]) == MOST_NAMED
    assert "more calls are lost, of 2 other session files" in told
    assert poll.coverage.lost_calls == 12


def test_read_positions_do_not_follow_another_flush_of_the_same_number(monitor):
    """Where the count of rounds went back, flushes go on behind those that the read positions know of."""
    counts, state = monitor.out / ".round-counts", monitor.out / ".state.json"
    monitor.write("a")
    monitor.poll()
    older = counts.read_bytes()
    for name in ("b", "c"):
        monitor.write(name)
        monitor.poll()
    newer = state.read_bytes()
    counts.write_bytes(older)
    monitor.fresh()
    monitor.write("d")
    monitor.poll()
    backup = (monitor.out / "s.json").read_bytes()
    monitor.write("e")
    monitor.poll()
    (monitor.out / "s.json").write_bytes(backup)
    state.write_bytes(newer)

    monitor.write("f")
    lost = monitor.fresh().poll().coverage.lost_calls

    assert (monitor.ids(), lost) == (["a", "b", "c", "d", "e", "f"], 0)


@pytest.mark.parametrize("other_filters", [False, True])
def test_positions_that_are_older_follow_again_when_all_was_read(monitor, other_filters):
    """By a run that knows of no others: of what those had read, it cannot tell."""
    monitor.write("a")
    monitor.poll()
    if other_filters:
        monitor.fresh(session_key="other")
        monitor.poll()
    state = monitor.out / ".state.json"
    older = state.read_bytes()
    monitor.fresh()
    monitor.write("b")
    monitor.poll()
    state.write_bytes(re.sub(rb'(?<="inode":)\d+', b"%d" % state.stat().st_ino, older, count=1))

    monitor.fresh()
    monitor.write("c")
    assert not monitor.poll().notices

    with contextlib.closing(RoundCounts(str(monitor.out))) as counts:
        flushes = counts.flushes
    assert flushes == 3
    assert (Checkpoint(str(state), str(monitor.out)).flushes == flushes) is not other_filters
    assert monitor.ids() == ["a", "b", "c"]


@pytest.mark.parametrize("is_in_table", [True, False])
def test_a_copy_whose_counts_are_older_than_its_sessions(monitor, is_in_table):
    """As a live folder is copied file by file; what a session has is counted then, and missed when its file goes back."""
    counts, session, state = (monitor.out / name for name in (data_folder.ROUND_COUNTS, "s.json", ".state.json"))
    with monitor.log.open("ab") as file:
        file.write(calls.line("other", chat_id="o") + b"\n")
    if is_in_table:
        monitor.write("a")
    monitor.poll()
    older_counts = counts.read_bytes()
    if not is_in_table:
        monitor.write("a")
        monitor.poll()
    older_session = session.read_bytes()
    monitor.write("b", "c")
    monitor.poll()
    counts.write_bytes(older_counts)
    state.write_bytes(re.sub(rb'(?<="inode":)\d+', b"1", state.read_bytes(), count=1))
    monitor.fresh().poll()
    session.write_bytes(older_session)

    monitor.fresh()
    monitor.write("d")
    monitor.poll()

    assert sorted(monitor.ids()) == ["a", "b", "c", "d"]
