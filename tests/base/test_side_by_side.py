"""Work that several processes share."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading

import pytest

from session_monitor.base import side_by_side


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_comes_of_it_is_in_order(number):
    """Whoever does it, what comes of the works comes in their order, also where there are fewer works than processes."""
    for works in ([], [1], list(range(10))):
        assert list(side_by_side.done(iter(works), lambda work: work * work, number)) == [each * each for each in works]


def test_other_processes_do_it():
    """Nothing of it is done by the process that gave it."""
    assert os.getpid() not in set(side_by_side.done(range(4), lambda _: os.getpid(), 2))


def test_a_process_that_dies_loses_nothing():
    """Where one is killed the work that it had is done by who gave it."""
    done = side_by_side.done(range(6), lambda work: work + 1, 2)
    first = next(done)
    for process in multiprocessing.active_children():
        process.kill()

    assert [first, *done] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_they_end_when_who_started_them_does(told):
    """What a whole group is told, as by Ctrl-C or a service manager, is for who started them to hear."""
    done = side_by_side.done(range(6), lambda _: os.getpid(), 2)
    pids = {next(done), next(done)}  # both are at work
    for process in multiprocessing.active_children():
        os.kill(process.pid, told)

    assert os.getpid() not in pids | {*done}


def test_work_that_goes_wrong_is_told_once(capfd):
    """Who gave it does it again and raises what is wrong; the process that had it says nothing of it."""
    with pytest.raises(ZeroDivisionError):
        list(side_by_side.done([1, 0], lambda work: 1 / work, 2))

    assert capfd.readouterr().err == ""


def test_who_stops_early_leaves_nobody_behind():
    """Somebody who has seen enough ends the other processes."""
    done = side_by_side.done(range(6), lambda work: work, 2)
    next(done)
    done.close()

    assert [each for each in multiprocessing.active_children() if each.is_alive()] == []


def test_a_process_of_several_threads_forks_no_others():
    """A server, whose threads may hold any lock at any time, does all by itself."""
    assert 1 <= side_by_side.workers() <= side_by_side.MOST
    seen, end = [], threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    seen.append(side_by_side.workers())
    end.set()
    thread.join()

    assert seen == [1]
