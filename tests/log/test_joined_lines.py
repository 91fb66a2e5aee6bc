"""Which lines did the gateway write, where an engine cut them into pieces?"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.log import joined_lines
from session_monitor.log.joined_lines import Joining
from tests.support import calls

LINE = calls.line("s", ["hello"])
TOO_LONG = 1 << 20


def cri(stream, tag, payload):
    """A line of CRI."""
    return b"2026-11-20T10:00:01.123456789Z " + stream + b" " + tag + b" " + payload


def added(*lines, joining=None):
    """What comes back of each line; lines are 10 bytes apart."""
    joining = joining or Joining(TOO_LONG)
    return [joining.add(10 * number, 10 * number + 10, line) for number, line in enumerate(lines)]


def test_lines_in_no_wrapper_come_at_once():
    """A line that is whole is given back where it stood, one that is too long as None."""
    assert added(b"a", None, b"") == [[(0, 10, b"a")], [(10, 20, None)], [(20, 30, b"")]]


def test_a_hole_stays_one():
    """NUL bytes before a line are taken away, alone they are kept: they are counted as such."""
    assert added(b"\0\0", b"\0" + cri(b"stdout", b"F", b"x")) == [[(0, 10, b"\0\0")], [(10, 20, b"x")]]


def test_pieces_are_joined():
    """A line comes with its last piece, and stands where that stands."""
    pieces = [cri(b"stdout", tag, part) for tag, part in ((b"P", b"a"), (b"P", b"b"), (b"F", b"c"))]

    assert added(*pieces, b"next") == [[], [], [(20, 30, b"abc")], [(30, 40, b"next")]]


def test_what_stands_between_pieces_is_held():
    """Lines of other streams wait as well, and come before the line whose end stands behind them."""
    lines = [cri(b"stdout", b"P", b"a"), cri(b"stderr", b"F", b"x"), b"own", cri(b"stdout", b"F", b"b"), b"next"]

    assert added(*lines) == [[], [], [], [(10, 20, b"x"), (20, 30, b"own"), (30, 40, b"ab")], [(40, 50, b"next")]]


def test_two_streams_in_pieces():
    """Nothing comes before all that began has ended: who stops between would not find the beginning again."""
    lines = [
        *(cri(b"stdout", b"P", b"a"), cri(b"stderr", b"P", b"x"), cri(b"stdout", b"F", b"b"), b"own"),
        cri(b"stderr", b"F", b"y"),
    ]
    assert added(*lines) == [[], [], [], [], [(20, 30, b"ab"), (30, 40, b"own"), (40, 50, b"xy")]]


def test_a_new_line_in_the_place_of_a_rest():
    """What was cut off within ``ai_log`` comes as far as it goes, where its last piece stood; the new line is one."""
    lines = [cri(b"stdout", b"P", LINE[:40]), cri(b"stdout", b"P", LINE[40:60]), cri(b"stdout", b"F", LINE)]

    assert added(*lines) == [[], [], [(10, 20, LINE[:60]), (20, 30, LINE)]]


def test_a_rest_that_looks_like_a_new_line():
    """Behind ``ai_log`` a client may have written what it likes, also where a line was cut: that makes no line of it."""
    before, forged = LINE[:-2] + b'","user_agent":"', calls.line("victim")

    (_, (joined,)) = added(cri(b"stdout", b"P", before), cri(b"stdout", b"F", forged))

    assert joined.payload == before + forged


def test_the_end_of_a_file():
    """What waits comes as far as it goes, in the order of the file, and then nothing waits."""
    joining = Joining(TOO_LONG)
    assert added(cri(b"stdout", b"P", b"a"), b"own", cri(b"stdout", b"P", b"b"), joining=joining) == [[], [], []]

    assert joining.rest() == [(10, 20, b"own"), (20, 30, b"ab")]
    assert not joining.waiting
    assert joining.rest() == []


def test_a_line_that_is_too_long():
    """It is not held in memory, and comes as None; what follows of it is one that lacks its beginning."""
    lines = [cri(b"stdout", tag, b"xxxx") for tag in (b"P", b"P", b"P", b"F")]

    assert added(*lines, joining=Joining(10)) == [[], [], [(20, 30, None)], [(30, 40, b"xxxx")]]


@pytest.mark.parametrize(("longest", "whole"), [(8, b"xxxxxxxx"), (7, None)])
def test_how_long_a_joined_line_may_be(longest, whole):
    """As long as any other."""
    lines = [cri(b"stdout", tag, b"xxxx") for tag in (b"P", b"F")]

    assert added(*lines, joining=Joining(longest)) == [[], [(10, 20, whole)]]


def test_pieces_that_are_as_long_as_a_line_may_be():
    """More may follow, and then all of them are one line that is too long."""
    lines = [cri(b"stdout", tag, b"xxxx") for tag in (b"P", b"P", b"F")]

    assert added(*lines, joining=Joining(8)) == [[], [], [(20, 30, None)]]


def test_no_more_is_held_than_may_be(monkeypatch):
    """Where the rest does not come for many lines, or many bytes, the beginning is given back as it is."""
    monkeypatch.setattr(joined_lines, "MOST_LINES", 2)
    lines = [cri(b"stdout", b"P", b"a"), b"x", b"y", b"z", cri(b"stdout", b"F", b"b")]
    assert added(*lines)[2:] == [[], [(0, 10, b"a"), (10, 20, b"x"), (20, 30, b"y"), (30, 40, b"z")], [(40, 50, b"b")]]

    monkeypatch.setattr(joined_lines, "MOST_BYTES", 25)
    assert added(*lines)[2] == [(0, 10, b"a"), (10, 20, b"x"), (20, 30, b"y")]


def test_what_a_line_would_complete():
    """A last line without its newline is judged with what it would be joined to; nothing is changed by that."""
    joining = Joining(TOO_LONG)
    added(cri(b"stdout", b"P", b"a"), joining=joining)

    assert joining.completed_by(cri(b"stdout", b"F", b"b")) == b"ab"
    assert joining.completed_by(cri(b"stdout", b"P", b"b")) is None
    assert joining.completed_by(cri(b"stderr", b"F", b"b")) == b"b"
    assert joining.completed_by(b"own") == b"own"
    assert joining.rest() == [(0, 10, b"a")]


@given(
    st.lists(
        st.tuples(st.sampled_from([b"stdout", b"stderr", b""]), st.sampled_from([b"P", b"F"]), st.binary(max_size=3))
    )
)
def test_nothing_is_lost_or_moved(lines):
    """Whatever comes, each payload comes back once, in its stream's order, and places grow."""
    written = [cri(stream, tag, part) if stream else b"own " + part.hex().encode() for stream, tag, part in lines]
    joining = Joining(TOO_LONG)

    given_back = [*itertools.chain(*added(*written, joining=joining)), *joining.rest()]

    places = [(line.start, line.end) for line in given_back]
    assert places == sorted(set(places))
    assert sum(len(line.payload) for line in given_back) == sum(
        len(part) if stream else len(raw) for (stream, _, part), raw in zip(lines, written)
    )
