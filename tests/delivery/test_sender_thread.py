"""A thread sends what waits while whoever raises it goes on."""

from __future__ import annotations

import threading

import pytest

from session_monitor.base import timestamps
from session_monitor.delivery import sender
from session_monitor.delivery.outbox import Outbox
from session_monitor.delivery.sender import Sender
from session_monitor.outgoing.posting import Outcome
from tests.support.alerting import told, write_targets
from tests.support.receivers import StandIn
from tests.support.waiting import until


@pytest.fixture
def threaded(tmp_path):
    """A sender with the real clock, which is stopped."""
    outbox = Outbox(str(tmp_path), timestamps.now)
    running = Sender(outbox, {}, chance=lambda: 0)
    yield outbox, running
    running.stop(5)


def test_a_thread(threaded, tmp_path):
    """It sends what is released while whoever raises something goes on, tries again, and ends when it is told to."""
    outbox, running = threaded
    with StandIn("webhook") as stand_in:
        write_targets(tmp_path, stand_in.row())
        stand_in.plays.extend([500])
        running.start()
        for number in range(3):
            outbox.put(told(number), ["one"])
        assert stand_in.posts == []
        outbox.release()
        running.wake()
        until(lambda: not outbox.waiting(), "the end of the outbox")
        assert len(stand_in.taken) == 3
        assert running.stop(5)
        outbox.put(told(7), ["one"])
        outbox.release()
        running.wake()
    assert len(outbox.waiting()) == 1
    assert running.delivered == 3


def test_a_slow_receiver_is_in_nobodys_way(threaded, tmp_path):
    """While one does not answer, events are put in no time, and an end is not waited for for ever."""
    outbox, running = threaded
    is_asked, may_go = threading.Event(), threading.Event()

    def send(_target, _payload, _environment):
        is_asked.set()
        may_go.wait(30)
        return Outcome(200)

    running._send = send
    write_targets(tmp_path, {"name": "one", "kind": "webhook", "url": "http://127.0.0.1:1/"})
    running.start()
    outbox.put(told(1), ["one"])
    outbox.release()
    running.wake()
    assert is_asked.wait(10)
    for number in range(2, 6):
        outbox.put(told(number), ["one"])
    assert not running.stop(0.05)
    may_go.set()
    assert running.stop(10)
    assert [item.event.id[-1] for item in outbox.waiting()] == ["2", "3", "4", "5"]


def test_a_thread_and_a_disk_that_fails(threaded, tmp_path, monkeypatch):
    """It says what is wrong, and goes on when that is over."""
    outbox, running = threaded
    monkeypatch.setattr(sender, "LOOK_AGAIN", 20)

    def broken(*_arguments):
        raise OSError(5, "Input/output error")

    with StandIn("webhook") as stand_in:
        write_targets(tmp_path, stand_in.row())
        with monkeypatch.context() as patched:
            patched.setattr(Outbox, "to_send", broken)
            running.start()
            until(lambda: "Input/output error" in running.trouble, "the trouble")
        outbox.put(told(1), ["one"])
        outbox.release()
        until(lambda: not outbox.waiting(), "the end of the outbox")
        until(lambda: running.trouble == "", "the end of the trouble")
