"""How requests are read and answers written, over real sockets."""

from __future__ import annotations

import contextlib
import re
import socket
import threading

import pytest

from tests.support.waiting import until
from tests.support.webserving import MAIN, PATIENCE, QUICK, asked, raw, serving, status


def test_one_connection_serves_many_requests(running):
    """A connection is kept for the next request, until somebody says that it is the last."""
    with running.connect() as connection:
        answers = [asked(connection, path) for path in ("/", "/nothing", "/api/me", "/api/sessions")]
        kept = connection.sock
        last = asked(connection, "/", {"Connection": "close"})

        assert [found.status for found in answers] == [200, 404, 200, 200]
        assert kept is not None
        assert connection.sock is None
    assert last.headers["Connection"] == "close"


def test_requests_sent_together_are_answered_in_order(running):
    """Requests behind each other in one write get their answers one after the other."""
    request = b"GET %b HTTP/1.1\r\nHost: localhost\r\n%b\r\n"
    answer = raw(
        running, request % (b"/api/me", b"") + request % (b"/nothing", b"") + request % (b"/", b"Connection: close\r\n")
    )

    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"404", b"200"]


def test_http_1_0_is_spoken(running):
    """An old client gets its answer, and the end of the connection."""
    answer = raw(running, b"GET /api/me HTTP/1.0\r\nHost: localhost\r\n\r\n")

    assert status(answer) == 200
    assert b"Connection: close" in answer


EXPORT = f"/api/session/export?id={MAIN}"


def test_an_answer_in_pieces_ends_as_it_was_asked_for(running):
    """Its connection is kept for the next request, or ends behind it where that was the last one or HTTP/1.0 asked."""
    request = f"GET {EXPORT} HTTP/1.%s\r\nHost: localhost\r\nConnection: %s\r\n\r\n"
    with running.connect() as connection:
        whole = asked(connection, EXPORT).body
        kept = connection.sock
        assert asked(connection, EXPORT).body == whole
        assert connection.sock is kept
        assert kept is not None
    last = raw(running, (request % (1, "close")).encode())
    assert b"\r\nConnection: close\r\n" in last
    assert last.endswith(b"0\r\n\r\n")
    old = raw(running, (request % (0, "keep-alive")).encode())
    assert b"\r\nConnection: close\r\n" in old
    assert old.partition(b"\r\n\r\n")[2] == whole


def test_an_answer_that_fails_midway_does_not_look_whole(folder):
    """Where the rest of an answer cannot be had, its connection ends without the end of the answer."""

    def pieces():
        yield b"first"
        raise ValueError("secret words")

    with serving(folder) as running:
        export = running.site.desk.by_turns
        running.site.desk.by_turns = lambda *_: pieces()
        answer = raw(running, f"GET {EXPORT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        running.site.desk.by_turns = export
        assert running.ask("/api/me").status == 200

    assert answer.endswith(b"5\r\nfirst\r\n")
    assert not [line for line in running.log if "secret" in line]
    assert [line for line in running.log if "ValueError at test_handler.py" in line]


# -- what is not taken -------------------------------------------------------------------------------------------------


def test_what_is_no_plain_request_is_refused(running):
    """It gets a status, the headers of every answer and the end of its connection; nothing behind it is answered."""
    request = b"POST /api/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n\r\n"
    answer = raw(running, request + b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert status(answer) == 405
    assert b"X-Content-Type-Options: nosniff" in answer
    assert b"Allow: GET, HEAD\r\n" in answer
    assert b"Connection: close" in answer
    assert len(re.findall(rb"HTTP/1.1 \d+ ", answer)) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 5000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 150 + b"\r\n",
    ],
)
def test_a_head_that_is_too_large(running, head):
    """Requests with long lines or many headers are told so, however much more is sent."""
    assert status(raw(running, head, rest=b"x" * 1_000_000)) == 431
    assert running.ask("/api/me").status == 200


def test_a_head_as_large_as_may_be(folder):
    """The limit is what still may be, in bytes up to and with the empty line."""
    start = b"GET /api/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: "
    with serving(folder, limits=QUICK) as running:
        for more, expected in ((0, 200), (1, 431)):
            head = start + b"a" * (QUICK.most_head - len(start) - 4 + more) + b"\r\n\r\n"
            assert status(raw(running, head)) == expected


@pytest.mark.parametrize("data", [b"\x16\x03\x01", b"GET /\r\n", b"GET /\xe5", b"EHLO a\r\n"])
def test_what_can_be_no_request_is_refused_at_once(running, data):
    """The rest of it is not waited for, and it leaves an access line."""
    before = len(running.log)
    assert status(raw(running, data)) == 400
    assert until(lambda: [line for line in running.log[before:] if " 400 " in line], "it was told")


@pytest.mark.parametrize(("method", "has_body"), [("GET", True), ("HEAD", False)])
def test_a_refusal_of_a_head_alone(running, method, has_body):
    """Who wanted no body gets none, also where the request is not read to its end."""
    head, _, body = raw(running, f"{method} / HTTP/1.1\r\nHost : x\r\n\r\n".encode()).partition(b"\r\n\r\n")

    assert status(head) == 400
    assert bool(body) is has_body


# -- who is slow -------------------------------------------------------------------------------------------------------


def test_who_says_nothing_is_dropped(folder):
    """A connection without a request, and one without a further one, is closed after a while."""
    with serving(folder, limits=QUICK) as running:
        assert raw(running, b"") == b""
    with serving(folder, limits=QUICK._replace(first_request=2 * PATIENCE)) as running:
        answer = raw(running, b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert status(answer) == 200


def test_who_sends_a_head_drop_by_drop_is_dropped(folder):
    """The time for a request is that for all of it: bytes that keep coming one by one do not make it longer."""
    with serving(folder, limits=QUICK) as running, socket.create_connection(("127.0.0.1", running.port)) as opened:
        opened.settimeout(30)
        ended = threading.Event()

        def drip():
            with contextlib.suppress(OSError):
                opened.sendall(b"GET / HTTP/1.1\r\n")
                while not ended.wait(0.02):
                    opened.sendall(b"X-A: b\r\n")

        dripping = threading.Thread(target=drip)
        dripping.start()
        answer = opened.recv(4096)
        ended.set()
        dripping.join()

    assert status(answer) == 408


def test_half_a_request_behind_a_whole_one(folder):
    """Its time is that of a request which has begun, and not that in which none need come."""
    limits = QUICK._replace(first_request=2 * PATIENCE, next_request=2 * PATIENCE)
    with serving(folder, limits=limits) as running:
        answers = raw(running, b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n\r\nGET /api/me HTTP/1.1\r\n")

    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"200", b"408"]


def test_small_pieces_are_sent_at_once(folder):
    """The kernel does not wait for more to come: of a stream that would be late by the time of an acknowledgement."""
    with serving(folder) as running, running.connect() as kept:
        assert asked(kept, "/api/me").status == 200
        (connection,) = running.site.connections._all
        assert connection.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_slow_reader_hurts_nobody(folder):
    """Who asks for much and reads none of it is not waited for by others, and not for ever."""
    quick = QUICK._replace(write=0.5)
    with serving(folder, limits=quick) as running, socket.create_connection(("127.0.0.1", running.port)) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        opened.sendall(b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60)
        assert running.ask("/api/me").status == 200
        until(lambda: not running.site.connections._all, "it was dropped")


# -- what is logged ----------------------------------------------------------------------------------------------------


def test_a_failure_is_told_without_what_it_was_about(folder, monkeypatch):
    """Where the server itself fails, the answer and the log say no word of a conversation, and it goes on."""
    with serving(folder) as running:
        monkeypatch.setattr(running.site.door, "visitor", lambda _request: 1 / 0)
        found = running.ask("/api/session", id="secret words")
        monkeypatch.undo()
        assert running.ask("/api/me").status == 200

    assert (found.status, found.code) == (500, "failed")
    told = "\n".join(running.log)
    assert "ZeroDivisionError at test_handler.py" in told
    assert "secret" not in told + found.body.decode()


def test_the_access_line(running):
    """It tells who, what, and how it went; no query, and nothing that steers a terminal."""
    running.ask("/api/session", id=MAIN, key="a-key")
    raw(running, b"GET /\x1b[31m\xc2\x9b?q=word HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    asked = re.compile(r"127\.0\.0\.1 GET /api/session 200 \d+ [\d.]+ms")
    until(lambda: any(map(asked.fullmatch, running.log)), "the request was told")  # which is after its answer
    told = until(lambda: [line for line in running.log if "31m" in line], "the other was told")
    assert not [line for line in running.log if "a-key" in line or MAIN in line or "word" in line]
    assert "\x1b" not in told[0]
