"""Is one session file sound?

What else may be wrong with one is told in test_verification.py, where a folder is looked at.
"""

from __future__ import annotations

import json
import os

import pytest

from session_monitor.sessions import session_file
from session_monitor.sessions.round_counts import Counted, RoundCounts
from session_monitor.upkeep import session_check
from session_monitor.upkeep.session_check import DAMAGED, MISNAMED, NO_SESSION, ODD, TORN, UNREADABLE, WENT_BACK
from tests.support.stores import TALK, path_of, put


@pytest.fixture
def path(tmp_path):
    """A sound session file of several writes."""
    put(tmp_path, TALK[:2])
    put(tmp_path, TALK)
    return path_of(tmp_path)


def faults(path, *, quick=False, counts=None):
    """What is wrong with it, and what is to be done."""
    looked = session_check.look(str(path.parent), path.name, quick=quick, counts=counts)
    assert all(fault.file == path.name for fault in looked.faults)
    return [(fault.what, fault.todo) for fault in looked.faults]


def lines_of(path):
    """The lines of a file."""
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("quick", [False, True])
def test_a_sound_file(path, quick):
    """What it says is told, and its state; with a quick look no rounds are."""
    looked = session_check.look(str(path.parent), path.name, quick=quick)
    state = path.stat()

    assert looked.faults == []
    assert looked.state == (state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    assert (looked.written.session_id, looked.written.file) == ("agent:main:1", path.name)
    assert (looked.written.size, looked.written.mtime) == (state.st_size, state.st_mtime_ns)
    assert looked.written.summary.messages_count == len(TALK)
    assert len(looked.written.rounds) == (0 if quick else len(TALK))


@pytest.mark.parametrize(
    "change",
    [
        {"log": ["g", 0]},
        {"log": 7},
        {"log": [[], 0, 1]},
        {"input_tokens": "many"},
        {"round": "one"},
        {"model": ...},
        {"response_type": ...},
    ],
)
def test_a_round_that_lacks_what_every_round_has(path, change):
    """Its line is whole, and is none that can be counted."""
    head, first, *_ = lines_of(path)
    entry = {name: value for name, value in {**json.loads(first), **change}.items() if value is not ...}
    del entry["crc32"]
    log = entry.pop("log")
    body = json.dumps({**entry, "log": log}, separators=(",", ":")).encode()[:-1]
    path.write_bytes(head + session_file.sealed(body))

    assert faults(path) == [(f"line 2 (from byte {len(head)}) is not whole, and no round follows", TORN)]


def test_a_round_of_another_number(path):
    """It is told which one stands where."""
    head, first, _, *rest = lines_of(path)
    path.write_bytes(b"".join([head, first, *rest]))
    found = faults(path)
    assert [each for each in found if each[0].startswith("round ")] == [
        (f"round {number} is numbered {number + 1}", DAMAGED) for number in range(2, len(TALK))
    ]


def with_footer(path, **changes):
    """Write a footer of our own, whole, that says something else."""
    with open(path, "rb") as file:
        end = session_file.read_end(file)
    for name, value in changes.items():
        setattr(end.summary, name, value)
    data = path.read_bytes()
    written = data[end.written_from : end.next_byte]
    path.write_bytes(data[: end.next_byte] + session_file.footer(end.summary, end.written_from, written))


def test_a_footer_that_says_something_else(path):
    """Each of the first few things is told, with the numbers that differ."""
    with_footer(path, messages_count=9, total_input_tokens=1, model="x", failed_count=5)
    tokens = 10 * len(TALK)
    assert faults(path)[:3] == [
        (f"its footer's {told} is not what its rounds add up to{numbers}", DAMAGED)
        for told, numbers in (
            ("messages_count", f": 9, not {len(TALK)}"),
            ("failed_count", ": 5, not 0"),
            ("total_input_tokens", f": 1, not {tokens}"),
        )
    ]
    assert len(faults(path)) == 3
    with_footer(path, messages_count=len(TALK), total_input_tokens=tokens, failed_count=0)
    assert faults(path) == [("its footer's model is not what its rounds add up to", DAMAGED)]


@pytest.mark.parametrize("positions", [{"g1": 1}, {}, {"g1": 10**6}])
def test_positions_that_are_not_those_of_the_rounds(path, positions):
    """Too far, not far enough, or of no generation that its rounds have."""
    with_footer(path, positions=positions)
    assert faults(path) == ([("its footer's positions are not what its rounds add up to", DAMAGED)])


def test_a_history_that_is_not_that_of_the_rounds(path):
    """Others would be stored in part against it."""
    with open(path, "rb") as file:
        history = session_file.read_end(file).summary.history
    with_footer(path, history=[history[0]._replace(round=1)])
    assert faults(path) == [("its footer's history is not that of its conversations' last rounds", DAMAGED)]


def test_what_stands_in_its_place(path):
    """Each is told from the others, with what to do."""
    assert session_check.look(str(path.parent), "none.json", quick=False) == session_check.Looked("none.json")
    other = path.with_name("other.json")
    path.rename(other)
    assert faults(other) == [(f"holds the session whose file is {path.name}", MISNAMED)]
    other.write_bytes(b"{}\n")
    assert faults(other) == [("does not begin like a session file", NO_SESSION)]
    other.unlink()
    other.mkdir()
    assert faults(other) == [("is a folder", ODD)]


def test_a_file_that_cannot_be_read(path, monkeypatch):
    """It is told, and what its state is by now."""
    real = os.open

    def refused(name, *more, **options):
        """As if another user's."""
        if str(name) == str(path):
            raise PermissionError(13, "Permission denied", name)
        return real(name, *more, **options)

    monkeypatch.setattr(os, "open", refused)
    looked = session_check.look(str(path.parent), path.name, quick=False)
    assert [(fault.what, fault.todo) for fault in looked.faults] == [("cannot be read: Permission denied", UNREADABLE)]
    assert looked.state == session_check.state_now(str(path.parent), path.name)


def test_a_file_that_lacks_what_was_written_to_it(path, tmp_path):
    """How many rounds it has of how many, or that they are others."""
    counts = RoundCounts(str(tmp_path))
    for rounds, told in (
        (len(TALK) + 3, f"has {len(TALK)} of the {len(TALK) + 3} rounds"),
        (2, "has others than the rounds"),
    ):
        counts.put([(os.fsencode(path.name), Counted(rounds, 12345))])
        assert faults(path, counts=counts) == [(f"{told} that were written to it", WENT_BACK)]
    counts.close()
