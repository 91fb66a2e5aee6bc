"""What a session lacks is waited for as long as a log may bring it, and is lost then; no more than that, and once."""

from __future__ import annotations

import contextlib

import pytest

from session_monitor.sessions.lacking import Lacking
from session_monitor.sessions.round_counts import Counted, RoundCounts


@pytest.fixture
def lacking():
    """Nothing is known yet."""
    return Lacking()


@pytest.fixture
def counts(tmp_path):
    """Of two files, of one flush."""
    with contextlib.closing(RoundCounts(str(tmp_path))) as table:
        table.begin_flush()
        table.put([(b"a.json", (5, 1)), (b"b.json", (7, 2))])
        yield table


def test_nothing_comes_unless_logs_are_read_again(lacking):
    """So it must be known first that they have to be."""
    assert not lacking.comes("a", 0)
    assert (lacking.is_rereading, lacking.is_awaiting) == (False, False)


def test_from_the_beginning_of_the_logs_all_comes(lacking):
    """And when they were read, what was known by then and no more."""
    lacking.read_again()
    assert lacking.comes("a", 100)
    lacking.wrote("a", b"a.json", 2)

    lacking.all_was_read_that_could_be()

    assert lacking.is_rereading
    assert [lacking.comes("a", rounds) for rounds in (1, 2, 3)] == [True, True, False]
    assert not lacking.comes("b", 0)


def test_what_a_run_of_before_knew(lacking):
    """Of some sessions it is known how much they lack, of others that they do; until what was added is discarded."""
    lacking.wait_for({"a": 2, "b": None})
    assert (lacking.is_rereading, lacking.is_awaiting) == (True, True)
    assert [lacking.comes("a", rounds) for rounds in (2, 3)] == [True, False]
    assert lacking.comes("b", 1000)

    lacking.discard()

    assert (lacking.is_rereading, lacking.is_awaiting) == (True, False)
    assert not lacking.comes("a", 2)
    assert not lacking.comes("b", 1)


def test_what_did_not_come_is_lost(lacking, counts):
    """It is taken off the counts once, as a flush of its own, and nothing is waited for any more."""
    lacking.read_again()
    lacking.wrote("a", b"a.json", 2)
    lacking.wrote("b", b"b.json", 3)
    lacking.wrote("b", b"b.json", 0)
    assert lacking.sessions == {"a": 2, "b": 0}
    assert lacking.lost == {"a.json": 2}

    for _ in range(2):
        lacking.settle(counts)
        assert (counts.of(b"a.json"), counts.of(b"b.json"), counts.flushes) == (Counted(3, 1), Counted(7, 2), 2)
        assert (lacking.is_rereading, lacking.sessions, lacking.lost) == (False, {}, {})
        assert not lacking.comes("a", 1)


def test_of_a_file_that_is_counted_no_more_nothing_is_kept(lacking, counts):
    """Its loss is told all the same."""
    lacking.read_again()
    lacking.wrote("c", b"c.json", 2)
    assert lacking.lost == {"c.json": 2}

    lacking.settle(counts)

    assert (counts.of(b"c.json"), counts.flushes) == (None, 2)


def test_what_others_changed_is_forgotten(lacking):
    """What it lacks is found out anew."""
    lacking.read_again()
    lacking.wrote("a", b"a.json", 2)

    lacking.forget()

    assert lacking.sessions == {}
    assert lacking.is_rereading
