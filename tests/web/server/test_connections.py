"""Which connections are open, and which of them has to go where there are too many."""

from __future__ import annotations

import contextlib
import socket

from tests.support.webserving import asked, serving
from web.server.connections import Connections


def test_idle_connections_hurt_nobody(folder):
    """With 200 connections that say nothing, and more than there may be, everybody else is answered."""
    with serving(folder, most=64) as running, contextlib.ExitStack() as stack:
        for _ in range(200):
            opened = stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=30))
            opened.sendall(b"GET / HTTP/1.1\r\n")
        answers = [running.ask("/api/sessions").status for _ in range(20)]
        with running.connect() as kept:
            more = [asked(kept, "/api/me").status for _ in range(20)]

    assert set(answers + more) == {200}


def test_the_oldest_idle_connection_of_whom_has_most_goes_first():
    """A new connection takes the place of one that waits, never of one that is being answered."""
    pairs = [socket.socketpair() for _ in range(6)]
    clock = iter(range(100))
    found = Connections(3, 1, lambda: float(next(clock)))
    first = found.admit(pairs[0][0], "one")
    found.begin(first)
    second, third = found.admit(pairs[1][0], "two"), found.admit(pairs[2][0], "one")
    fourth = found.admit(pairs[3][0], "one")
    assert (second.is_closing, third.is_closing) == (True, False)  # one each waits: the older one goes
    fifth = found.admit(pairs[4][0], "two")
    assert (third.is_closing, fourth.is_closing) == (True, False)  # two of one's wait
    for each in (fourth, fifth):
        found.begin(each)
    assert found.admit(pairs[5][0], "three") is None
    for one, other in pairs:
        one.close()
        other.close()


def test_all_busy(folder):
    """Where every connection is being answered a new one is told to come again."""
    with serving(folder, most=2) as running, contextlib.ExitStack() as stack:
        streams = [stack.enter_context(running.connect()) for _ in range(2)]
        for stream in streams:
            stream.request("GET", "/api/events")
            assert stream.getresponse().readline().startswith(b"retry")
        with running.connect() as late:
            found = asked(late, "/api/me")

    assert (found.status, found.code, found.headers["Retry-After"]) == (503, "busy", "1")
    assert found.headers["X-Frame-Options"] == "DENY"
