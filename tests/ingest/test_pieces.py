"""Are lines that an engine cut into pieces found once, wherever reading stops, dies or meets a rotation?"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample" / "access.log"
TIME = b"2026-11-20T10:00:01.123456789Z "


def pairwise(numbers):
    """Each number with the next one."""
    return zip(numbers, numbers[1:])


def call(session_id, number):
    """The shortest line of a call."""
    inner = json.dumps({"session_id": session_id, "chat_id": str(number), "input_token": 1}, separators=(",", ":"))
    return json.dumps({"ai_log": inner}, separators=(",", ":")).encode()


def cri(line, *cuts, stream=b"stdout"):
    """The pieces of a line in CRI, each with its newline."""
    parts = [line[start:end] for start, end in pairwise([0, *cuts, len(line)])]
    tags = [b"P"] * len(cuts) + [b"F"]
    return [TIME + stream + b" " + tag + b" " + part + b"\n" for tag, part in zip(tags, parts)]


def docker(line, *cuts):
    """The pieces of a line in docker's json-file."""
    text = line.decode() + "\n"
    parts = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
    return [json.dumps({"log": part, "stream": "stdout", "time": "T"}).encode() + b"\n" for part in parts]


class Place:
    """A log and an output folder, each poll a process of its own unless it is told to be the same."""

    def __init__(self, folder):
        self.log, self.out = Path(folder) / "access.log", Path(folder) / "out"
        self.state = self.out / ".state.json"
        self.out.mkdir()
        self.clock = 0.0

    def write(self, data):
        with self.log.open("ab") as file:
            file.write(data)

    def poll(self, *, is_killed=False):
        """A pass; one that is killed has written sessions, and not how far it read."""
        before = self.state.read_bytes() if self.state.exists() else None
        ingest = Ingest(
            [str(self.log)], Store(str(self.out)), Checkpoint(str(self.state), str(self.out)), clock=lambda: self.clock
        )
        poll = ingest.poll()
        if is_killed and before is not None:
            self.state.write_bytes(before)
        elif is_killed:
            self.state.unlink()
        return poll

    def found(self):
        """What each session holds, and all that was covered."""
        coverage = Checkpoint(str(self.state), str(self.out)).view(None).coverage.to_json()
        sessions = {path.name: json.loads(path.read_bytes()) for path in self.out.glob("[!.]*.json")}
        for session in sessions.values():
            session["positions"] = session["positions"]["applied"]
            del session["crc32"]  # as the other positions, it tells of the last write
        return sessions, coverage


def outcome(parts, *, is_killed=False):
    """What is found where each part is written before a poll; those but the last may be killed."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(os, "fsync"):  # nothing of it has to last
        place = Place(folder)
        for number, part in enumerate(parts, 1):
            place.write(part)
            place.poll(is_killed=is_killed and number < len(parts))
        return place.found()


def calls_of(place, name):
    """The calls of a session."""
    return [each["chat_id"] for each in json.loads((place.out / f"{name}.json").read_bytes())["rounds"]]


# Pieces with lines of other streams and of the same session between them, and lines in no wrapper.
_FIRST, *_REST = cri(call("a", 1), 30, 50)
_ERROR = cri(call("a", 2), 20, stream=b"stderr")
MIXED = b"".join(
    [
        *cri(call("a", 0)),
        *(_FIRST, _ERROR[0], call("a", 3) + b"\n", _REST[0], _ERROR[1], b"hello\n", _REST[1]),
        *docker(call("b", 4), 25),
        call("a", 5) + b"\n",
    ]
)


def cut(text, length):
    """A text in parts of so many characters."""
    return [text[start : start + length] for start in range(0, len(text), length)]


def in_cri(line):
    """As containerd writes it, who cuts at 16 KiB; here sooner."""
    *pieces, last = cut(line, 500)
    tagged = [b"P " + piece for piece in pieces] + [b"F " + last]
    return b"".join(TIME + b"stdout " + each + b"\n" for each in tagged)


WRAPPERS = {
    "CRI": in_cri,
    "docker": lambda line: b"".join(
        json.dumps({"log": piece, "stream": "stdout", "time": "T"}).encode() + b"\n"
        for piece in cut(line.decode() + "\n", 500)
    ),
    "kubectl": lambda line: b"[pod/gw-1/gw] " + TIME + line + b"\n",
    "filebeat": lambda line: json.dumps({"@timestamp": "T", "message": line.decode()}).encode() + b"\n",
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_sample_in_a_wrapper(wrapper):
    """A log gives the same sessions, and the same is counted, whatever it was wrapped in; but for where lines stand."""
    lines = SAMPLE.read_bytes().splitlines()

    sessions, coverage = outcome([b"".join(map(WRAPPERS[wrapper], lines))])
    expected, covered = outcome([b"".join(line + b"\n" for line in lines)])

    for session in (*sessions.values(), *expected.values()):
        del session["positions"]
        for each in session["rounds"]:
            del each["log"], each["crc32"]
    assert sessions == expected
    assert {**coverage, "bytes": 0} == {**covered, "bytes": 0}


def test_every_call_is_found():
    """Pieces become calls, also where those of two streams mix; what is no call is counted, and each line once."""
    sessions, coverage = outcome([MIXED])

    assert sorted(sessions) == ["a.json", "b.json"]
    assert [each["chat_id"] for each in sessions["a.json"]["rounds"]] == ["0", "3", "2", "1", "5"]
    assert (coverage["calls"], coverage["lines"], coverage["bytes"]) == (6, 7, len(MIXED))
    assert coverage["passed_over"] == {"no_ai_log": 1}


def test_a_split_at_every_byte():
    """Wherever a poll ends, and also where it is killed there, the same is found as in one."""
    whole = outcome([MIXED])

    for at in range(1, len(MIXED)):
        assert outcome([MIXED[:at], MIXED[at:]], is_killed=bool(at % 2)) == whole, at


def test_a_rotation_at_every_line():
    """Where pieces are in two files, one of them never gets its end; all others are found."""
    lines = MIXED.splitlines(keepends=True)
    for number in range(1, len(lines)):
        with tempfile.TemporaryDirectory() as folder:
            place = Place(folder)
            place.write(b"".join(lines[:number]))
            place.poll()
            place.log.rename(f"{place.log}.1")
            place.write(b"".join(lines[number:]))
            for _ in range(4):
                place.poll()
                place.clock += 100
            coverage = place.found()[1]
            assert coverage["bytes"] == len(MIXED)
            assert coverage["calls"] >= 4
            assert coverage["lines"] == coverage["calls"] + sum(coverage["passed_over"].values())


def test_a_kubelets_rotation(tmp_path):
    """Where the file is renamed between two pieces, the line is told as cut off, once its file rests; its rest, too."""
    place = Place(tmp_path)
    first, last = cri(call("a", 1), 40)
    place.write(b"".join(cri(call("a", 0))) + first)
    assert place.poll().new_rounds == 1

    place.log.rename(f"{place.log}.20261120-100005")
    place.write(last + b"".join(cri(call("a", 2))))
    polls = []
    for _ in range(4):
        polls.append(place.poll())
        place.clock += 100

    assert [poll.coverage.passed_over for poll in polls] == [{"no_ai_log": 1}, {}, {"cut_off": 1}, {}]
    assert calls_of(place, "a") == ["0", "2"]
    assert not any(poll.problems or poll.behind for poll in polls[2:])


def test_a_compressed_file_waits_for_nothing(tmp_path):
    """Nothing is written to it any more."""
    place = Place(tmp_path)
    data = b"".join(cri(call("a", 0))) + cri(call("a", 1), 40)[0]
    (tmp_path / "access.log.1.gz").write_bytes(gzip.compress(data))

    assert place.poll().coverage.passed_over == {"cut_off": 1}
    assert place.found()[1]["bytes"] == len(data)


def test_a_last_piece_without_its_newline(tmp_path):
    """In a rotated file the last line is taken if it lacks nothing but that, with the pieces before it."""
    place = Place(tmp_path)
    place.write(b"".join(cri(call("a", 0)) + cri(call("a", 1), 40))[:-1])
    assert place.poll().new_rounds == 1
    place.log.rename(f"{place.log}.1")
    for _ in range(4):
        place.poll()
        place.clock += 100

    assert calls_of(place, "a") == ["0", "1"]


def test_a_file_of_one_wrapped_line_without_its_newline(tmp_path):
    """It is a log, if it was rotated."""
    place = Place(tmp_path)
    (tmp_path / "access.log.1").write_bytes(docker(call("a", 0))[0][:-1])
    for _ in range(4):
        place.poll()
        place.clock += 100

    assert calls_of(place, "a") == ["0"]


def test_what_waits_pins_no_more_than_itself(tmp_path):
    """While a piece waits all before it is committed, and the next process reads it again, and nothing else."""
    place = Place(tmp_path)
    before, first = b"".join(cri(call("a", 0))), cri(call("a", 1), 40)[0]
    place.write(before + first + b"".join(cri(b"error", stream=b"stderr")))

    polls = [place.poll(), place.poll()]

    assert [poll.bytes_read for poll in polls] == [len(before), 0]
    assert [poll.coverage.lines for poll in polls] == [1, 0]
    (generation,) = Checkpoint(str(place.state), str(place.out)).view(None).generations
    assert generation.offset == len(before)


_LINES = st.builds(
    lambda session, number, cuts, kind: kind(call(session, number), *sorted(set(cuts))),
    st.sampled_from("ab"),
    st.integers(0, 9),
    st.lists(st.integers(1, 40), max_size=3),
    st.sampled_from(
        [cri, lambda line, *cuts: cri(line, *cuts, stream=b"stderr"), docker, lambda line, *_: [line + b"\n"]]
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_LINES, min_size=1, max_size=6), st.randoms(use_true_random=False), st.data())
def test_any_history(lines, random, data):
    """Whatever mixes, and however often reading stops or dies, the same is found as in one pass."""
    queues = [list(pieces) for pieces in lines]
    written = b""
    while any(queues):
        written += random.choice([queue for queue in queues if queue]).pop(0)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(written) - 1), max_size=4)))
    parts = [written[start:end] for start, end in pairwise([0, *cuts, len(written)])]

    assert outcome(parts, is_killed=data.draw(st.booleans())) == outcome([written])


def test_a_copy_that_is_truncated_between_pieces(tmp_path):
    """With copytruncate the pieces are in the copy, and are joined there if their end was copied as well."""
    place = Place(tmp_path)
    pieces = cri(call("a", 1), 40)
    place.write(b"".join(cri(call("a", 0))) + pieces[0])
    place.poll()
    place.write(pieces[1])
    shutil.copy(place.log, f"{place.log}.1")
    place.log.write_bytes(b"".join(cri(call("a", 2))))

    place.poll()

    assert sorted(calls_of(place, "a")) == ["0", "1", "2"]
