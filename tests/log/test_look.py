"""What did one look find, and does the next one find the same?"""

from __future__ import annotations

import os
import time

import pytest

from session_monitor.log.checkpoint import LogView
from session_monitor.log.look import Look
from session_monitor.log.tail import LookAgain, Tail
from tests.support.watch import text

LATER = 60 * 10**9


@pytest.fixture
def log(tmp_path):
    """A log of some lines with a rotated one beside it."""
    (tmp_path / "access.log.1").write_bytes(text(1))
    path = tmp_path / "access.log"
    path.write_bytes(text(2))
    return path


def read(log, view, tail=None, **options):
    """A look at what is there, all of which is read, and one more; its tail."""
    tail = tail or Tail([str(log)], view, **{"now": lambda: time.time_ns() + LATER, **options})
    for _ in range(2):
        look = Look()
        tail.look(look)
        for generation, file in look.unread:
            generation.become(generation.advanced(file, file.size))
        look.close()
    return tail


def next_look(tail):
    """What the next look finds."""
    look = Look()
    try:
        tail.look(look)
    except LookAgain:
        return next_look(tail)
    finally:
        look.close()
    return look


def test_a_look_at_what_has_not_changed_finds_the_same(log):
    """It takes over what the last one found, however often it is asked, and finds no bytes to be read."""
    view = LogView()
    tail = read(log, view)

    for _ in range(3):
        look = next_look(tail)
        assert look.is_as_before
        assert [generation.gid for generation, _ in look.found] == [each.gid for each in view.generations]
        assert look.unread == []


def grown(log):
    """More is written to it."""
    with log.open("ab") as file:
        file.write(text(3))


def rotated(log):
    """It has another name."""
    os.rename(log, f"{log}.2")


def removed(log):
    """The rotated one is gone."""
    os.unlink(f"{log}.1")


def written_over(log):
    """The same bytes are written once more, some time later."""
    log.write_bytes(log.read_bytes())
    os.utime(log, (1, 1))


@pytest.mark.parametrize("change", [grown, rotated, removed, written_over])
def test_whatever_changed_is_looked_at(log, change):
    """Also what changed neither a size nor a name."""
    tail = read(log, LogView())
    assert next_look(tail).is_as_before

    change(log)

    assert not next_look(tail).is_as_before


def test_what_was_read_meanwhile_is_looked_at(log):
    """As by a run that reads the logs again from their beginning."""
    view = LogView()
    tail = read(log, view)
    assert next_look(tail).is_as_before

    view.generations[0].rewind()
    look = next_look(tail)

    assert [generation for generation, _ in look.unread] == [view.generations[0]]


def test_a_file_that_was_just_written_may_change_unseen(log):
    """Until the clock for files must have ticked, each look is a real one."""
    tail = read(log, LogView(), now=lambda: os.stat(log).st_ctime_ns)

    assert not next_look(tail).is_as_before


def test_a_look_that_left_something_to_do_is_not_the_last_word(log):
    """Where a file could not be read, or lines were left, the next look looks."""
    view = LogView()
    tail = read(log, view)
    os.unlink(f"{log}.1")
    os.mkdir(f"{log}.1")
    os.symlink("/dev/null", f"{log}.3")
    assert next_look(tail).problems
    assert next_look(tail).problems
