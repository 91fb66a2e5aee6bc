"""Is what comes in on standard input read once, however often the same log is piped?"""

from __future__ import annotations

import json
import os
import select
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import data_folder
from session_monitor.base.files import OddFileError
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.log.piped import MixedError
from session_monitor.monitor import piped_log
from session_monitor.monitor.piped_log import PipedLog
from session_monitor.sessions.store import Store
from tests.support import calls


def line(name):
    """A line of a call that none other has."""
    return calls.line("s", [f"says {name}"], chat_id=str(name), request_id=f"r-{name}", start_time="-") + b"\n"


def lines(first, last):
    """These calls, the last one too."""
    return b"".join(map(line, range(first, last + 1)))


def has_something(seconds, descriptor):
    """As a monitor's signals wait."""
    return bool(select.select([descriptor], [], [], seconds)[0])


class Pipe:
    """An output folder, and runs that read what is piped into them."""

    def __init__(self, folder):
        self.out = Path(folder) / "out"
        self.out.mkdir()
        self.path = self.out / data_folder.STDIN

    def checkpoint(self):
        return Checkpoint(str(self.out / ".state.json"), str(self.out))

    def ingest(self, checkpoint, path=None):
        return Ingest([str(path or self.path)], Store(str(self.out)), checkpoint, is_piped=path is None)

    def run(self, *chunks, is_killed=False):
        """A run that gets these, one after the other, and then the end; its polls."""
        checkpoint, polls = self.checkpoint(), []
        before = len(os.listdir("/dev/fd"))
        ingest, (reads, writes) = self.ingest(checkpoint), os.pipe()
        log = PipedLog(str(self.out), reads, has_something)
        try:
            for chunk in [*filter(None, chunks), b""]:
                for start in range(0, len(chunk), 1 << 15):  # a pipe holds no more than twice that
                    os.write(writes, chunk[start : start + (1 << 15)])
                    log.take(0.001, lambda: False)
                if not chunk:
                    os.close(writes)
                    log.take(5, lambda: False)
                if log.is_readable(checkpoint.view(None).generations):
                    ingest.input_has_ended() if log.has_ended else None
                    polls.append(ingest.poll())
        finally:
            os.close(reads)
            if not is_killed:
                log.close()
                self.forget(checkpoint)
        assert is_killed or len(os.listdir("/dev/fd")) == before
        return polls

    def forget(self, checkpoint):
        checkpoint.release(str(self.path))
        self.path.unlink(missing_ok=True)
        checkpoint.save()

    def ids(self):
        return [each["chat_id"] for each in json.loads((self.out / "s.json").read_bytes())["rounds"]]

    @property
    def covered(self):
        return self.checkpoint().view(None).coverage


@pytest.fixture
def pipe(tmp_path, monkeypatch):
    """One into which nothing was piped yet."""
    monkeypatch.setattr(piped_log, "PAUSE", 0)
    return Pipe(tmp_path)


def numbers(first, last):
    """The ids of these calls."""
    return list(map(str, range(first, last + 1)))


def told(polls):
    """What a person hears of polls."""
    return [text for poll in polls for text in [*poll.notices, *poll.problems]]


def test_a_log_that_is_piped_again_and_again(pipe):
    """Each run finds what is new, and nothing is said of what was there in the run before."""
    polls = [pipe.run(lines(0, last)) for last in (0, 0, 5, 40, 300, 300)]

    assert pipe.ids() == numbers(0, 300)
    assert [sum(poll.new_rounds for poll in each) for each in polls] == [1, 0, 5, 35, 260, 0]
    assert (pipe.covered.calls, pipe.covered.lost_bytes, pipe.covered.unknown_gaps) == (301, 0, 0)
    assert not any(map(told, polls))
    assert not pipe.path.exists()


def test_it_is_read_while_it_comes(pipe):
    """Also where what comes at first was read before; the file is for this user alone."""
    assert [poll.new_rounds for poll in pipe.run(lines(0, 3), lines(4, 5))] == [4, 2, 0]

    polls = pipe.run(lines(0, 3), lines(4, 7), lines(8, 9), is_killed=True)

    assert [poll.new_rounds for poll in polls] == [2, 2, 0]
    assert pipe.path.stat().st_mode & 0o777 == 0o600
    assert pipe.ids() == numbers(0, 9)


def test_a_first_line_that_comes_in_pieces(pipe):
    """What was read before is told by whole lines: a pause within the first one is waited out."""
    pipe.run(lines(0, 5))
    again = lines(0, 7)

    polls = pipe.run(again[:40], again[40:])

    assert pipe.ids() == numbers(0, 7)
    assert [poll.new_rounds for poll in polls] == [2, 0]
    assert pipe.covered.calls == 8


@pytest.mark.parametrize(("waits", "expected"), [((99, 0), [2, 2, 0]), ((99, 99), [4])])
def test_a_log_that_never_pauses(pipe, monkeypatch, waits, expected):
    """It is read after a while all the same, and before that at its end."""
    pipe.run(lines(0, 5))
    monkeypatch.setattr(piped_log, "PAUSE", waits[0])
    monkeypatch.setattr(piped_log, "LONGEST_WAIT", waits[1])

    polls = pipe.run(lines(0, 3), lines(4, 7), lines(8, 9))

    assert [poll.new_rounds for poll in polls] == expected
    assert pipe.ids() == numbers(0, 9)


@pytest.mark.parametrize(
    "windows", [[(0, 50), (30, 60), (40, 60), (45, 70)], [(0, 9), (5, 12), (6, 13), (6, 20), (0, 22)]]
)
def test_a_log_whose_beginning_is_gone(pipe, windows):
    """A ring buffer, or the last lines alone: what is behind the last line that was read is new, and that is all."""
    for first, last in windows:
        pipe.run(lines(first, last))

    assert pipe.ids() == numbers(0, max(last for _, last in windows))
    assert pipe.covered.calls == len(pipe.ids())


def test_windows_that_do_not_overlap(pipe):
    """All of a window is new then; what was between the two was never there."""
    pipe.run(lines(0, 9))
    pipe.run(lines(20, 29))

    assert pipe.ids() == numbers(0, 9) + numbers(20, 29)


def test_streams_that_mix(pipe):
    """Where new lines stand before old ones nobody can tell them apart: nothing is read, and that is said."""
    pipe.run(lines(0, 9) + lines(100, 109))

    with pytest.raises(MixedError):
        pipe.run(lines(0, 12) + lines(100, 112))
    with pytest.raises(MixedError):
        pipe.run(lines(50, 59) + lines(0, 9) + lines(100, 112))
    assert len(pipe.ids()) == 20


def test_a_long_log_that_goes_on_otherwise(pipe):
    """The same where the first lines are more than tell a generation."""
    pipe.run(lines(0, 99) + lines(1000, 1009))

    with pytest.raises(MixedError):
        pipe.run(lines(0, 102) + lines(1000, 1009))


def test_two_logs_in_turn(pipe):
    """Each is known by its content, whichever was piped between."""
    for last in (3, 6, 6, 9):
        pipe.run(lines(0, last))
        pipe.run(lines(100, 100 + last))

    assert sorted(pipe.ids(), key=int) == numbers(0, 9) + numbers(100, 109)


def test_a_last_line_without_its_newline(pipe):
    """It is taken where it is whole, and only once; half a line is left until more of it comes, and is no loss."""
    pipe.run(lines(0, 1)[:-1])
    assert pipe.ids() == ["0", "1"]

    polls = pipe.run(lines(0, 2)[:-20])
    assert polls[-1].behind > 0
    pipe.run(lines(0, 3))

    assert pipe.ids() == numbers(0, 3)
    assert pipe.covered.lost_bytes == 0


def test_pieces_at_the_end(pipe):
    """A line whose last piece has not come waits for the next time."""
    whole = line(0)[:-1]
    cri = b"2026-11-20T10:00:01Z stdout "
    pieces = cri + b"P " + whole[:50] + b"\n", cri + b"F " + whole[50:] + b"\n"

    assert pipe.run(pieces[0])[-1].behind > 0
    pipe.run(b"".join(pieces))

    assert pipe.ids() == ["0"]
    assert pipe.covered.lines == 1


def test_a_run_that_was_killed(pipe):
    """What it has left is no hindrance to the next one, and what it read is not read again."""
    pipe.run(lines(0, 5), is_killed=True)
    assert pipe.path.exists()

    pipe.forget(pipe.checkpoint())
    assert not told(pipe.run(lines(0, 7)))

    assert pipe.ids() == numbers(0, 7)


def test_a_file_and_the_same_log_piped(pipe, tmp_path):
    """A log is the same however it comes, and no other log is missed meanwhile."""
    log, other = tmp_path / "access.log", tmp_path / "other.log"
    log.write_bytes(lines(0, 30))
    other.write_bytes(lines(100, 101))
    from_files = Ingest([str(log), str(other)], Store(str(pipe.out)), pipe.checkpoint())
    from_files.poll()

    polls = pipe.run(lines(0, 33))
    log.write_bytes(lines(0, 35))
    polls.append(Ingest([str(log), str(other)], Store(str(pipe.out)), pipe.checkpoint()).poll())

    assert not told(polls)
    assert sorted(pipe.ids(), key=int) == numbers(0, 35) + numbers(100, 101)
    assert (pipe.covered.unknown_gaps, pipe.covered.lost_bytes) == (0, 0)


def test_nothing_at_all(pipe):
    """An input that ends at once is no failure."""
    (poll,) = pipe.run()
    assert (poll.new_rounds, told([poll])) == (0, [])


def test_a_full_disk(pipe):
    """It is told with the name of the file for which there is no room, and the file is taken away."""
    with (
        mock.patch.object(os, "pwrite", side_effect=OSError(28, "No space left on device")),
        pytest.raises(OSError, match="No space") as full,
    ):
        pipe.run(lines(0, 1))

    assert full.value.filename == str(pipe.path)
    assert not pipe.path.exists()


def test_a_link_in_the_place_of_its_file(pipe, tmp_path):
    """Nothing is written through it."""
    pipe.path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OddFileError, match="is a link: take it away"):
        pipe.run(lines(0, 1))
    assert not (tmp_path / "elsewhere").exists()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), min_size=1, max_size=8), st.data())
def test_any_windows_that_overlap(steps, data):
    """Windows that each reach back to what was read, in any chunks: each call is found once, in its order."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(piped_log, "PAUSE", 9),
        mock.patch.object(os, "fsync"),
    ):
        pipe, last = Pipe(folder), -1
        for back, more in steps:
            first = max(0, last - back)  # at least the last line
            last += more + (last < 0)
            window = lines(first, last)
            cut = data.draw(st.integers(0, len(window)))
            pipe.run(window[:cut], window[cut:])

        assert pipe.ids() == numbers(0, last)
        assert pipe.covered.calls == last + 1
