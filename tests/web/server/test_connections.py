"""Which connections are open, and which of them has to go where there are too many."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from tests.support.waiting import until
from tests.support.webserving import ELSEWHERE, MAIN, PATIENCE, QUICK, asked, raw, serving, status
from web.server import shares
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
    found.begin(first, shares.OWN)
    second, third = found.admit(pairs[1][0], "two"), found.admit(pairs[2][0], "one")
    fourth = found.admit(pairs[3][0], "one")
    assert (second.is_closing, third.is_closing) == (True, False)  # one each waits: the older one goes
    fifth = found.admit(pairs[4][0], "two")
    assert (third.is_closing, fourth.is_closing) == (True, False)  # two of one's wait
    for each in (fourth, fifth):
        found.begin(each, shares.OWN)
    assert found.admit(pairs[5][0], "three") is None
    for one, other in pairs:
        one.close()
        other.close()


@pytest.fixture
def opened():
    """Makes the server's end of a connection, again and again."""
    with contextlib.ExitStack() as stack:

        def make():
            ours, theirs = map(stack.enter_context, socket.socketpair())
            del theirs  # the stack holds it open
            return ours

        yield make


def test_who_was_just_answered_has_not_waited_for_long(opened):
    """What counts is for how long one waits, and not when one came; what is closed already is no trouble."""
    found = Connections(2, 1)
    first, second = found.admit(opened(), "one"), found.admit(opened(), "two")
    found.begin(first, shares.OWN)
    found.end(first)
    second.socket.close()

    assert found.admit(opened(), "three")
    assert (first.is_closing, second.is_closing) == (False, True)


def test_a_connection_that_has_to_go_while_it_is_secured():
    """Its socket is another's by then, and nothing can be closed by the one that it came with: the new one is."""
    ours, theirs = socket.socketpair()
    found = Connections(1, 1)
    place = found.admit(ours, "one")
    secured = socket.socket(fileno=ours.detach())
    with theirs, secured, contextlib.closing(socket.socket()) as other:
        found.admit(other, "two")
        assert place.is_closing

        found.secure(place, secured)

        theirs.settimeout(PATIENCE)
        assert theirs.recv(1) == b""


def test_the_end_of_connections(opened):
    """Those that wait are closed at once, one that is being answered when it was, and then no longer waited for."""
    found = Connections()
    waits, is_answered = found.admit(opened(), "one"), found.admit(opened(), "one")
    found.begin(is_answered, shares.OWN)
    closing = threading.Thread(target=found.close, args=(2 * PATIENCE,))
    closing.start()

    until(lambda: waits.is_closing, "who waits is closed")
    found.leave(waits)
    assert not is_answered.is_closing
    found.end(is_answered)
    until(lambda: is_answered.is_closing, "who was answered is closed")
    found.leave(is_answered)
    closing.join(PATIENCE)
    assert not closing.is_alive()


def test_the_end_of_patience(opened):
    """Then also those are closed that are still being answered."""
    found = Connections()
    is_answered = found.admit(opened(), "one")
    found.begin(is_answered, shares.OWN)

    found.close(0)

    assert is_answered.is_closing


def test_another_user_of_this_machine_closes_their_own():
    """At one address, users are told apart: a proxy's many connections do not close the few of somebody else's."""
    pairs = [socket.socketpair() for _ in range(5)]
    clock = iter(range(100))
    found = Connections(4, 1, lambda: float(next(clock)))
    own = found.admit(pairs[0][0], "127.0.0.1", 1000)
    proxys = [found.admit(one, "127.0.0.1", 33) for one, _ in pairs[1:]]
    assert [each.is_closing for each in (own, *proxys)] == [False, True, False, False, False]
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
    assert "127.0.0.1 - 503 too many connections" in running.log


# -- what one key can hold ---------------------------------------------------------------------------------------------

OTHER = "nightly-digest-2026-02-02"
EXPORT, STREAM = "/api/session/export", "/api/session/events"


@pytest.fixture
def besieged(folder):
    """A server of 16 connections, 8 of them streams, on which the key of one session does its worst from everywhere."""
    patient = QUICK._replace(first_request=30, next_request=30, head=30, write=30, stop=0.2)
    with serving(folder, most=16, most_streams=8, limits=patient, trusts_proxy=True) as running:
        # What the kernel would take in place of the reader is no matter of the server's.
        running.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        with contextlib.ExitStack() as stack:
            key = running.keys().of_session(MAIN)
            for number in range(12):
                send(running, stack, STREAM, key, number)
            held = running.site.connections
            until(lambda: len(held._streams) == 2 and len(held._answered) == 2, "streams are held")
            for number in range(30):
                send(running, stack, EXPORT, key, number)
            until(lambda: len(held._answered) == 4, "slow readers are waited for")
            for _ in range(40):
                opened = stack.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=30))
                opened.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            yield running


def send(running, stack, path, key, number):
    """Ask for something with a key, from some address, and read none of it."""
    opened = stack.enter_context(socket.socket())
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    opened.settimeout(30)
    opened.connect(("127.0.0.1", running.port))
    head = f"GET {path}?id={MAIN} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.{number}\r\n"
    opened.sendall(f"{head}Authorization: Bearer {key}\r\n\r\n".encode())
    return opened


def bearer(key):
    """The headers of somebody elsewhere who has this key."""
    return {**ELSEWHERE, "Authorization": f"Bearer {key}"}


def test_the_machines_own_user_always_gets_in(besieged):
    """Beside streams, slow readers and unfinished requests of others the own user is answered, as often as they ask."""
    assert [besieged.ask("/api/sessions").status for _ in range(10)] == [200] * 10
    request = b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert raw(besieged, request * 9 + request.replace(b"Host", b"Connection: close\r\nHost")).count(b"200 OK") == 10
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            connection = stack.enter_context(besieged.connect())
            connection.request("GET", "/api/events")
            assert connection.getresponse().readline().startswith(b"retry")
        assert len(besieged.site.connections._streams) == 8
        assert besieged.ask("/api/events").code == "too_many_streams"
        assert besieged.ask("/api/me").status == 200


def test_other_keys_get_in(besieged):
    """Who has the main key, or another session's, is answered, with a stream too; only the greedy key has to wait."""
    keys = besieged.keys()
    greedy = besieged.ask("/api/session", bearer(keys.of_session(MAIN)), id=MAIN)
    assert (greedy.status, greedy.code, greedy.headers["Retry-After"]) == (503, "busy", "1")
    for key, path in ((keys.main, "/api/sessions"), (keys.of_session(OTHER), f"/api/session?id={OTHER}")):
        assert besieged.ask(path, bearer(key)).status == 200
        with besieged.connect() as connection:
            connection.request("GET", f"{STREAM}?id={OTHER}", headers=bearer(key))
            assert connection.getresponse().readline().startswith(b"retry")


def test_another_way_to_write_a_key_is_no_other_key(besieged):
    """Letters that a decoder would pass over do not make a new visitor of somebody who has used up their share."""
    key = besieged.keys().of_session(MAIN)
    for other in (f"{key[:5]}!{key[5:]}", f"{key}=", f" {key}.", f"{key}\xe9"):
        assert besieged.ask("/api/session", bearer(other), id=MAIN).status in (401, 503)


def test_who_is_answered_does_not_stay_so(besieged):
    """When those who held everything go, or are given up, their share is free again."""
    connections = besieged.site.connections

    def go():
        for each in list(connections._all):
            with contextlib.suppress(OSError):
                each.socket.shutdown(socket.SHUT_RDWR)
        return not connections._all

    until(go, "they are gone")
    assert (len(connections._answered), len(connections._streams)) == (0, 0)
    assert besieged.ask("/api/session", bearer(besieged.keys().of_session(MAIN)), id=MAIN).status == 200


def test_slow_readers_are_given_up(folder):
    """Who takes nothing of a large answer is closed after a while, and has then no part of it to show for whole."""
    with serving(folder, limits=QUICK._replace(write=0.5)) as running, contextlib.ExitStack() as stack:
        running.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        key = running.keys().of_session(MAIN)
        readers = [send(running, stack, EXPORT, key, number) for number in range(4)]
        connections = running.site.connections
        until(lambda: len(connections._answered) == 4, "they are waited for")
        until(lambda: not connections._all, "they were given up")
        for each in readers:
            pieces = []
            with contextlib.suppress(ConnectionResetError):
                while piece := each.recv(65_536):
                    pieces.append(piece)
            answer = b"".join(pieces)
            assert status(answer) == 200
            assert not answer.endswith(b"0\r\n\r\n")
