"""What does a poll cost beside many files, and beside compressed ones that do harm?

The log itself is read whatever they are; work grows with their number and not with its square; what was found out once
is not found out again.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import resource
import time
from collections import Counter
from unittest import mock

import pytest

from session_monitor.log import compressed, generation, log_file, verdicts
from tests.log.test_compressed import wanting_memory
from tests.support import calls
from tests.support.monitors import Monitor


@pytest.fixture
def monitor(tmp_path):
    """One over a log with one call."""
    made = Monitor(tmp_path)
    made.write("live")
    return made


def lines(*names):
    """Lines of calls with these ids."""
    return b"".join(calls.line("s", [f"says {name}"], chat_id=str(name)) + b"\n" for name in names)


def beside(monitor, suffix, content):
    """A file that rotation left."""
    path = monitor.log.with_name(f"access.log{suffix}")
    path.write_bytes(content)
    return path


def told(*polls):
    """What a person hears."""
    return [text for poll in polls for text in poll.problems + poll.notices]


class Counted:
    """What a poll asks of the system: how often it opens, reads and asks for the state of files."""

    def __init__(self, monitor):
        self.calls = Counter()
        with mock.patch.multiple(os, open=self._of("open"), pread=self._of("read"), stat=self._of("stat")):
            self.poll = monitor.poll()

    def _of(self, name):
        real = getattr(os, {"read": "pread"}.get(name, name))

        def counted(*arguments, **more):
            self.calls[name] += 1
            return real(*arguments, **more)

        return counted


def rested(monitor, **options):
    """A monitor to which all files have lain still for a while."""
    monitor.fresh(now=lambda: time.time_ns() + 10**10, **options)


# -- many --------------------------------------------------------------------------------------------------------------


def test_more_files_than_may_be_open(monitor):
    """All are read, the log too, and no more of them are open at a time than leave room for others."""
    for number in range(150):
        beside(monitor, f".{number + 1}", lines(number))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = len(os.listdir("/dev/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened + 40, before[1]))
    try:
        monitor.fresh()
        polls = [monitor.poll(), monitor.poll()]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert not told(*polls)
    assert set(monitor.ids()) == {"live", *map(str, range(150))}


def test_a_file_that_is_closed_between_two_reads_is_the_same_afterwards(monitor, monkeypatch):
    """With one file open at a time each is opened again and again, and what came meanwhile is not lost."""
    monkeypatch.setattr(log_file, "MOST_OPEN", 1)
    for number in range(5):
        beside(monitor, f".{number + 1}", lines(number))
    monitor.fresh()
    monitor.poll()
    for number in range(5):
        with open(f"{monitor.log}.{number + 1}", "ab") as file:
            file.write(lines(f"late {number}"))
    monitor.write("more")
    monitor.poll()

    assert sorted(monitor.ids()) == sorted(
        ["live", "more", *map(str, range(5)), *(f"late {number}" for number in range(5))]
    )


@pytest.mark.parametrize(
    "kind",
    ["generations of their own", "copies of one", "lines without an end", "of many lengths", "parts of many lengths"],
)
def test_work_grows_with_the_number_of_files(tmp_path, kind):
    """Twice the files are twice the work, in the first poll and after a rotation that renames them all."""
    content = {
        "generations of their own": lambda number: lines(number, "equal"),
        "copies of one": lambda number: lines("first", "second") + lines("third")[: number % 50],
        "lines without an end": lambda number: lines(number)[:-1],
        "of many lengths": lambda number: lines("x" * number)[:-1],
        "parts of many lengths": lambda number: b"x" * (7 * number + 1),
    }[kind]
    found = []
    for size in (100, 200):
        folder = tmp_path / str(size)
        folder.mkdir()
        monitor = Monitor(folder)
        monitor.write("live")
        for number in range(size):
            beside(monitor, f".{number + 1}", content(number))
        rested(monitor)
        first = Counted(monitor)
        for number in range(size, 0, -1):
            os.rename(f"{monitor.log}.{number}", f"{monitor.log}.{number + 1}")
        os.rename(monitor.log, f"{monitor.log}.1")
        monitor.write("new")
        found.append((first.calls, Counted(monitor).calls))
    for few, many in zip(*found):
        assert all(many[name] <= 2.3 * few[name] + 20 for name in many), found


def test_an_idle_poll_asks_for_each_file_once(monitor):
    """It opens none of those that were read to their end and left alone since, also in a process of its own."""
    for number in range(100):
        beside(monitor, f".{number + 1}", lines(number))
    rested(monitor)
    monitor.poll()
    monitor.poll()

    idle = Counted(monitor)
    assert idle.calls["open"] + idle.calls["read"] <= 5
    assert idle.calls["stat"] <= 101 + 10

    rested(monitor)
    fresh = Counted(monitor)
    assert fresh.calls["open"] <= 10
    assert fresh.calls["read"] == 0

    with open(f"{monitor.log}.77", "ab") as file:
        file.write(lines("late"))
    assert monitor.poll().new_rounds == 1
    monitor.write("more")
    assert monitor.poll().new_rounds == 1


def test_an_equal_size_is_no_proof_while_the_clock_may_stand_still(monitor):
    """A file that was written just now is looked into again: what comes within the same tick has its size and times."""
    monitor.fresh(now=lambda: os.stat(monitor.log).st_ctime_ns)
    monitor.poll()
    state = log_file.state_of(os.stat(monitor.log))
    content = monitor.log.read_bytes().replace(b"live", b"next")
    with monitor.log.open("r+b") as file:
        file.write(content)

    with mock.patch.object(log_file, "state_of", return_value=state):
        monitor.poll()

    assert monitor.ids() == ["live", "next"]


def test_the_state_is_not_encoded_where_nothing_changed(monitor, monkeypatch):
    """Not even once for thousands of generations; and only those that changed are, where some did."""
    for number in range(20):
        beside(monitor, f".{number + 1}", lines(number))
    monitor.poll()
    encoded = []
    real = generation.Generation.to_json
    monkeypatch.setattr(generation.Generation, "to_json", lambda self: encoded.append(self.gid) or real(self))
    monitor.poll()
    monitor.poll()
    del encoded[:]

    monitor.poll()
    assert encoded == []
    monitor.write("more")
    monitor.poll()
    assert len(set(encoded)) == 1


# -- compressed --------------------------------------------------------------------------------------------------------


def unpacked(monkeypatch):
    """The bytes of text that are unpacked from now on."""
    sizes = []
    real = compressed.Reading.read

    def reading(self, length):
        text = real(self, length)
        sizes.append(len(text))
        return text

    monkeypatch.setattr(compressed.Reading, "read", reading)
    return sizes


@pytest.mark.parametrize(
    ("suffix", "content", "word"),
    [
        (".1.gz", gzip.compress(bytes(80 << 20)), "no log does"),
        (".1.xz", wanting_memory(b"x\n"), "memory"),
    ],
    ids=["a bomb", "one that wants all memory"],
)
def test_a_file_that_does_harm_is_told_once(monitor, monkeypatch, suffix, content, word):
    """The log is read beside it, it is not unpacked again, in no later run either, and no loss is hidden by it."""
    path = beside(monitor, suffix, content)
    first = monitor.poll()
    sizes = unpacked(monkeypatch)
    later = [monitor.poll(), monitor.fresh().poll()]
    os.rename(path, f"{monitor.log}.2{suffix[2:]}")
    later.append(monitor.fresh().poll())

    assert monitor.ids() == ["live"]
    assert len([text for text in told(first) if word in text and str(path) in text]) == 1
    assert not told(*later)
    assert not sizes

    monitor.log.write_bytes(monitor.log.read_bytes() + b"half")
    monitor.poll()
    os.unlink(monitor.log)
    monitor.write("next")
    assert any("4 bytes are lost" in text for text in told(monitor.poll()))


@pytest.mark.parametrize("suffix", [".1.gz", ".1.bz2", ".1.xz"])
def test_a_compressed_file_without_any_line_is_unpacked_once(monitor, monkeypatch, suffix):
    """To find that out takes all of its text: in no later poll or run; but one whose only line lacks its newline is read."""
    pack = {".1.gz": gzip.compress, ".1.bz2": bz2.compress, ".1.xz": lzma.compress}[suffix]
    beside(monitor, suffix, pack(b"x" * 100_000))
    beside(monitor, suffix.replace("1", "2"), pack(lines("alone").rstrip(b"\n")))
    monitor.poll()
    sizes = unpacked(monkeypatch)

    for poll in (monitor.poll(), monitor.fresh().poll()):
        assert not told(poll)

    assert monitor.ids() == ["alone", "live"]
    assert sum(sizes) < 1000  # of the other one


def test_a_file_that_was_cut_off_is_read_when_it_has_rested(monitor):
    """As far as its lines are whole: not at once, since somebody may be writing it; and it is told once that part is lost."""
    whole = gzip.compress(lines(*range(400)), 1)
    path = beside(monitor, ".1.gz", whole[: len(whole) // 2])
    polls = [monitor.poll()]
    assert monitor.ids() == ["live"]
    for _ in range(5):
        monitor.clock += 50
        polls.append(monitor.fresh().poll())

    found = monitor.ids()[1:]
    assert found == [str(number) for number in range(len(found))]
    assert 100 < len(found) < 300
    assert [text for text in told(*polls) if str(path) in text] == [
        f"{path} is cut off: what can be read of it is read when it has been left alone for two minutes, the rest is lost"
    ]

    path.write_bytes(whole)  # all of it after all
    monitor.poll()
    monitor.fresh().poll()
    assert sorted(monitor.ids()[1:], key=int) == [str(number) for number in range(400)]


def test_bytes_behind_the_end_of_a_compressed_file(monitor):
    """Its calls are found, and it is told once."""
    path = beside(monitor, ".1.gz", gzip.compress(lines("packed")) + b"garbage\n")
    polls = [monitor.poll(), monitor.poll(), monitor.fresh().poll()]
    assert sorted(monitor.ids()) == ["live", "packed"]
    assert len([text for text in told(*polls) if str(path) in text]) == 1


def test_a_damaged_file_hides_no_loss(monitor):
    """What was seen in another file and is gone is told at once: the damaged one begins otherwise."""
    beside(monitor, ".9.gz", gzip.compress(lines(*range(100)))[:-20])
    with monitor.log.open("ab") as file:
        file.write(b"half a line")
    monitor.poll()
    os.unlink(monitor.log)
    monitor.write("next")
    poll = monitor.poll()
    assert any("11 bytes are lost" in text for text in told(poll))


def test_half_of_a_compressed_file_may_hold_what_is_missed(monitor):
    """Where it begins as the missed one does nothing is lost yet; when it has rested, what it lacks is."""
    monitor.write(*map(str, range(300)))
    monitor.poll()
    more = lines(*range(300, 500))
    with monitor.log.open("ab") as file:
        file.write(more + b"x" * 99)
    with mock.patch.object(monitor.ingest, "_stop", return_value=True):  # seen and not read
        monitor.poll()
    text = monitor.log.read_bytes()
    os.unlink(monitor.log)
    packed = gzip.compress(text, 1)
    path = beside(monitor, ".1.gz", packed[: len(packed) // 2])
    monitor.fresh()
    assert not [line for line in told(monitor.poll()) if "lost:" in line or "any more" in line]

    path.write_bytes(packed)
    monitor.poll()
    assert sorted(monitor.ids()[1:], key=int) == [str(number) for number in range(500)]


def test_a_damaged_file_lets_old_generations_be_forgotten(monitor):
    """State and work stay as they are, however many rotations come and go beside it."""
    monitor.fresh(sleep=lambda _seconds: None)
    beside(monitor, "-20200101.gz", gzip.compress(lines(*range(50)))[:-9])
    sizes = {}
    for number in range(260):
        if number % 2:
            monitor.log.unlink()
        else:
            monitor.log.replace(f"{monitor.log}.1")
        monitor.write(f"{number}")
        monitor.poll()
        sizes[number] = (monitor.out / ".state.json").stat().st_size
    assert sizes[259] <= sizes[200] * 1.1


def test_a_compressed_file_that_is_written_in_place(monitor, monkeypatch):
    """Whatever is read of it in between, the process goes on, the log is read, and it is read when it is whole again."""
    whole = gzip.compress(lines(*range(300)), 1)
    path = beside(monitor, ".1.gz", whole)
    real = compressed.UnpackedText.read
    damages = iter([1])

    def reading(self, length, offset):
        if offset and next(damages, None) is not None:
            with path.open("r+b") as file:
                file.seek(len(whole) // 3)
                file.write(os.urandom(200))
            raise compressed.DamagedError(compressed.BROKEN)
        return real(self, length, offset)

    monkeypatch.setattr(compressed.UnpackedText, "read", reading)
    monitor.poll()
    assert monitor.ids() == ["live"]
    path.write_bytes(whole)
    for _ in range(4):
        monitor.write("more")
        monitor.poll()
    assert len(monitor.ids()) == 1 + 4 + 300
    assert set(monitor.ids()) == {"live", "more", *map(str, range(300))}


def test_what_takes_long_to_judge_does_not_delay_the_log(monitor, monkeypatch):
    """Each look takes a share, and reads the log between two; in the end all is read, once."""
    monkeypatch.setattr(verdicts, "SHARE_BYTES", 30_000)
    monkeypatch.setattr(verdicts, "FIRST_SHARES", 1)
    monkeypatch.setattr(compressed, "STEP", 10_000)
    beside(monitor, ".1.gz", gzip.compress(lines(*range(500))))
    when = []

    monitor.fresh(on_commit=lambda _poll, sessions: when.append(sum(each.messages_count for each in sessions.values())))
    monitor.poll()

    assert when[0] == 1
    assert sorted(monitor.ids()) == sorted(["live", *map(str, range(500))])


def test_a_compressed_file_is_unpacked_a_few_times_whatever_is_read_of_it(monitor, monkeypatch):
    """To judge it, to tell whose it is, and to read it: not once for each batch that is committed."""
    from session_monitor.ingest import ingest  # noqa: PLC0415

    monkeypatch.setattr(ingest, "BATCH_SESSIONS", 1)
    monkeypatch.setattr(compressed, "STEP", 2000)
    text = lines(*range(300))
    beside(monitor, ".1.xz", lzma.compress(text))
    sizes = unpacked(monkeypatch)
    monitor.poll()
    assert len(monitor.ids()) == 301
    assert sum(sizes) <= 4 * len(text)


def test_a_sibling_that_cannot_be_read_any_more_delays_no_other(monitor):
    """What the disk says of one file is told, and all others are read."""
    bad = beside(monitor, ".1", lines("bad"))
    real = log_file.LogFile.read

    def reading(self, length, offset):
        if self.place.path == str(bad):
            raise OSError(5, "Input/output error", str(bad))
        return real(self, length, offset)

    with mock.patch.object(log_file.LogFile, "read", reading):
        poll = monitor.poll()
        assert monitor.ids() == ["live"]
        assert told(poll) == [f"{bad} cannot be read: Input/output error"]
    monitor.poll()
    assert sorted(monitor.ids()) == ["bad", "live"]


def test_any_number_of_siblings_that_cannot_be_read(monitor, monkeypatch):
    """Compressed or not, what the disk says of each is told, and the log is read beside them all in one poll."""
    packed = gzip.compress(lines("packed"))
    bad = {str(beside(monitor, f".{number}.gz", packed + bytes(number))) for number in range(1, 8)}
    bad |= {str(beside(monitor, f".{number}", lines(f"bad {number}"))) for number in range(8, 15)}
    inodes = {os.stat(path).st_ino for path in bad}
    real = os.pread

    def reading(descriptor, length, offset):
        """The disk is broken beneath these files."""
        if os.fstat(descriptor).st_ino in inodes:
            raise OSError(5, "Input/output error")
        return real(descriptor, length, offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", reading)
        poll = monitor.poll()
        assert monitor.ids() == ["live"]
        assert sorted(told(poll)) == sorted(f"{path} cannot be read: Input/output error" for path in bad)
    poll = monitor.poll()
    assert sorted(monitor.ids()) == sorted(["live", "packed", *(f"bad {number}" for number in range(8, 15))])
    assert told(poll) == []


def test_how_many_files_a_poll_passes_over(monitor, monkeypatch):
    """So many looks it takes at most for files that cannot be read, beside those that any poll may take."""
    from session_monitor.ingest import ingest  # noqa: PLC0415

    monkeypatch.setattr(ingest, "MOST_UNREADABLE", 3)
    monkeypatch.setattr(ingest, "TRIES", 2)
    bad = [str(beside(monitor, f".{number}", lines(number))) for number in range(1, 6)]
    real = log_file.LogFile.read

    def reading(self, length, offset):
        if self.place.path in bad:
            raise OSError(5, "Input/output error", self.place.path)
        return real(self, length, offset)

    monkeypatch.setattr(log_file.LogFile, "read", reading)
    assert len(told(monitor.poll())) == 4  # two of them without a try
    assert not (monitor.out / "s.json").exists()
    monkeypatch.setattr(ingest, "MOST_UNREADABLE", 5)
    assert len(told(monitor.poll())) == 5
    assert monitor.ids() == ["live"]
