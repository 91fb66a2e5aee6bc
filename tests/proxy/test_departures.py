"""Who leaves is noticed at once, and who stays, or is watched no more, never is."""

from __future__ import annotations

import select
import socket
import threading
import time

import pytest

from session_monitor.proxy.departures import Departures


@pytest.fixture(params=["told by the system", "looked for", "looked for without a word for it"])
def departures(request, monkeypatch):
    """The ways of Linux and of others."""
    if request.param != "told by the system":
        monkeypatch.delattr(select, "epoll", raising=False)
    if request.param.endswith("for it"):
        monkeypatch.delattr(select, "POLLRDHUP", raising=False)
    watching = Departures()
    yield watching
    watching.close()


def test_who_leaves(departures):
    """It is told once, also where something was still to be read."""
    here, there = socket.socketpair()
    gone, times = threading.Event(), []
    with here, departures.watching(here, lambda: (times.append(1), gone.set())):
        time.sleep(0.05)
        assert not gone.is_set()
        there.close()
        assert gone.wait(5)
        time.sleep(0.3)
    assert times == [1]


def test_who_stays(departures):
    """Whoever sends more is there, and so is one who only waits."""
    here, there = socket.socketpair()
    with here, there, departures.watching(here, lambda: pytest.fail("it is there")):
        there.send(b"more")
        time.sleep(0.4)


def test_who_is_watched_no_more(departures):
    """Its end is nobody's affair, though another has its number then."""
    here, there = socket.socketpair()
    with departures.watching(here, lambda: pytest.fail("it was watched no more")):
        pass
    there.close()
    here.close()
    other, end = socket.socketpair()
    with other, end, departures.watching(other, lambda: pytest.fail("it is there")):
        time.sleep(0.4)


def test_many(departures):
    """Each is told of its own end."""
    pairs, gone, lock = [socket.socketpair() for _ in range(20)], [], threading.Lock()
    everybody = threading.Event()

    def leave(number):
        with lock:
            gone.append(number)
            if len(gone) == 10:
                everybody.set()

    watched = [departures.watching(here, lambda number=number: leave(number)) for number, (here, _) in enumerate(pairs)]
    for each in watched:
        each.__enter__()
    for _, there in pairs[::2]:
        there.close()
    assert everybody.wait(5)
    for each in watched:
        each.__exit__(None, None, None)
    for here, there in pairs:
        here.close()
        there.close()
    assert sorted(gone) == list(range(0, 20, 2))
