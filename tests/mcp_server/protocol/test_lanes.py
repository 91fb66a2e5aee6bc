"""Work is done one after the other, tells how far it is, and is given up where it is cancelled."""

from __future__ import annotations

import threading

import pytest

from mcp_server.protocol.lanes import EVERY, CancelledCallError, Lane, PendingCalls


def test_one_after_the_other():
    """A lane does what it is given in order, in a thread of its own, which goes on."""
    done, ended, lane = [], threading.Event(), Lane("test")
    for number in range(50):
        lane.put(lambda number=number: done.append((number, threading.current_thread().name)))
    lane.put(ended.set)
    assert ended.wait(10)
    assert done == [(number, "test") for number in range(50)]


def test_progress_grows():
    """How far it is grows over all that is done, and is told now and then alone."""
    now, told = [0.0], []
    calls = PendingCalls(lambda: now[0])
    call = calls.begin(1, lambda done, total: told.append((done, total)))
    for done, wait in ((0, 0), (10, 0), (20, 0), (30, EVERY), (100, EVERY), (5, EVERY), (50, EVERY), (50, EVERY)):
        now[0] += wait
        call.hear(done, 100)
    assert told == [(10, 100), (30, 100), (100, 100), (105, 200), (150, 200)]


def test_without_a_token_nothing_is_told():
    """Who did not ask how far it is hears nothing, and may cancel all the same."""
    calls = PendingCalls()
    call = calls.begin("a", None)
    call.hear(1, 2)
    calls.cancel("a")
    with pytest.raises(CancelledCallError):
        call.hear(2, 2)


def test_ids_keep_their_type():
    """The string "1" cancels nothing of the integer 1; what is unknown or no id is passed over."""
    calls = PendingCalls()
    number, text = calls.begin(1, None), calls.begin("1", None)
    for other in ("2", 2, None, [], {}, 1.5):
        calls.cancel(other)
    assert (number.is_cancelled, text.is_cancelled) == (False, False)
    calls.cancel("1")
    assert (number.is_cancelled, text.is_cancelled) == (False, True)


def test_waiting_for_the_rest():
    """It is said whether all was answered in time."""
    calls = PendingCalls()
    assert calls.wait(0)
    call = calls.begin(1, None)
    assert not calls.wait(0.01)
    threading.Timer(0.05, calls.end, (call,)).start()
    assert calls.wait(10)
    calls.end(call)  # once more is no mistake
