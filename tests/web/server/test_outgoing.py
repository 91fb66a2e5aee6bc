"""Whoever reads too slowly is not waited for; whoever only pauses is."""

from __future__ import annotations

import itertools

import pytest

from web.server.outgoing import Outgoing

PATIENCE, RATE = 10.0, 1000.0


class Reader:
    """A socket whose other side takes so many bytes after so many seconds, one pair after the other."""

    def __init__(self, takes):
        self._takes = iter(takes)
        self.now = 0.0
        self.got = bytearray()
        self._waits = 0.0

    def settimeout(self, seconds):
        assert 0 < seconds <= PATIENCE
        self._waits = seconds

    def send(self, data):
        seconds, count = next(self._takes)
        self.now += min(seconds, self._waits)
        if seconds > self._waits:
            raise TimeoutError
        self.got += data[:count]
        return min(count, len(data))


def sent(reader, *pieces):
    """Send them, and say when all was taken; None where it was given up."""
    out = Outgoing(reader, PATIENCE, RATE, lambda: reader.now)
    try:
        for each in pieces:
            out.send(each)
    except TimeoutError:
        return None
    assert reader.got == b"".join(pieces)
    return reader.now


def test_all_of_it_is_sent():
    """However it is taken, it comes whole and in order."""
    data = bytes(range(256)) * 1000
    assert sent(Reader(itertools.repeat((0.0, 7_777))), data, b"", data[:5]) == 0.0


def test_who_takes_nothing_is_given_up_after_the_patience():
    """Time is counted over the pieces of an answer, not anew for each."""
    reader = Reader([(0.0, 10), (4.0, 1), (4.0, 1), (4.0, 1)])
    assert sent(reader, b"x" * 10, b"x", b"x", b"x") is None
    assert reader.now == pytest.approx(10.0, abs=0.1)


def test_who_is_a_little_too_slow_is_given_up_later():
    """Half of the rate uses up the patience at half its speed; there is no way to keep a connection for ever."""
    reader = Reader(itertools.repeat((1.0, 500)))
    assert sent(reader, b"x" * 1_000_000) is None
    assert reader.now == pytest.approx(20.0, abs=1.0)


def test_who_is_fast_enough_may_take_long():
    """At the rate a large answer may take hours, with a pause now and then."""
    takes = [(1.0, 1001)] * 5000 + [(9.0, 1001)] + [(1.0, 2000)] * 10 + [(9.0, 1001)] + [(1.0, 2000)] * 100
    count = sum(each for _, each in takes)
    assert sent(Reader(takes), b"x" * count) == sum(seconds for seconds, _ in takes)


def test_what_was_taken_fast_is_no_credit():
    """After megabytes in no time nobody may hold the connection for longer than the patience."""
    reader = Reader([(0.0, 65_536), (0.0, 65_536), (10.5, 1)])
    assert sent(reader, b"x" * 131_073) is None
    assert reader.now == 10.0


def test_what_is_not_there_yet_is_nobodys_fault():
    """The time between the pieces of an answer does not count."""
    reader = Reader([(1.0, 1), (1.0, 1)])
    out = Outgoing(reader, PATIENCE, RATE, lambda: reader.now)
    out.send(b"x")
    reader.now += 10_000
    out.send(b"y")
    assert bytes(reader.got) == b"xy"


def test_a_machine_that_slept(monkeypatch):
    """Where what was taken in time was noticed late, the rest of it is given up as any other is."""
    reader = Reader([(0.0, 1), (0.0, 1)])
    take = reader.send

    def late(data):
        reader.now += 3600.0
        return take(data)

    monkeypatch.setattr(reader, "send", late)
    assert sent(reader, b"xy") is None
    assert bytes(reader.got) == b"x"
