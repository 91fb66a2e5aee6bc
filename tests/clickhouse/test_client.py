"""A database is asked over HTTP: an answer is whole or none, and what is refused is told without what was sent."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

from session_monitor.clickhouse import address
from session_monitor.clickhouse.client import DatabaseClient, EngineError


@contextlib.contextmanager
def answering(*answers):
    """A server that gives these bytes, one after the other, and ends each connection; what was asked."""
    asked = []
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve():
            for answer in answers:
                connection, _ = server.accept()
                with connection:
                    received = b""
                    while b"\r\n\r\n" not in received:
                        received += connection.recv(65536)
                    head, _, body = received.partition(b"\r\n\r\n")
                    length = int(next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))[16:])
                    while len(body) < length:
                        body += connection.recv(65536)
                    asked.append(head + b"\r\n\r\n" + body)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        text = f"clickhouse://127.0.0.1:{server.getsockname()[1]}/fleet?key=env:KEY"
        yield DatabaseClient(address.of(text), {"KEY": "k-secret"}, time_out=5), asked
        thread.join(5)


def http(body, status="200 OK", length=None):
    """An answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


def test_rows_as_they_come():
    """Rows come as fields; the key goes in a header, never in the address, which is logged."""
    with answering(http(b"a\t1\nb\\tc\t2\n")) as (client, asked), contextlib.closing(client):
        assert list(client.rows("SELECT x", 2)) == [[b"a", b"1"], [b"b\\tc", b"2"]]
        assert asked[0].endswith(b"SELECT x FORMAT TabSeparated")
        assert b"X-ClickHouse-Key: k-secret" in asked[0]
        assert b"secret" not in asked[0].split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("answer", "why", "is_for_now"),
    [
        (http(b"a\t1\nb\t", length=100), "without an answer", True),
        (http(b"a\t1\nb\t"), "cut off", True),
        (http(b"a\t1\nCode: 241. DB::Exception: no (MEMORY_LIMIT_EXCEEDED)\n"), r"error 241 \(MEMORY_LIMIT", True),
        (http(b"a\n"), "cut off, or is none", True),
        (b"", "without an answer", True),
        (http(b"Code: 60, e.displayText() = DB::Exception: Table fleet.secret", "404 Not Found"), "error 60", False),
        (
            http(b"Code: 516. DB::Exception: secret: Authentication failed (AUTHENTICATION_FAILED)", "403 No"),
            "516",
            False,
        ),
        (http(b"Code: 252. DB::Exception: Too many parts (TOO_MANY_PARTS)", "500 No"), "252", True),
        (http(b"<html>", "502 Bad Gateway"), "HTTP status 502", True),
        (http(b"<html>", "401 No"), "HTTP status 401", False),
    ],
)
def test_no_answer(answer, why, is_for_now):
    """What is cut off, or is an error behind rows, is no answer; and it is told whether it may go well later."""
    with answering(answer) as (client, _), contextlib.closing(client):
        with pytest.raises(EngineError, match=why) as refused:
            list(client.rows("SELECT x", 2))
        assert refused.value.is_for_now == is_for_now
        assert "secret" not in str(refused.value)


def test_nobody_listens():
    """Why there is no connection."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    client = DatabaseClient(address.of(f"clickhouse://127.0.0.1:{port}/fleet"), {})
    with pytest.raises(EngineError, match="no connection: Connection refused") as refused:
        client.ask("SELECT 1")
    assert refused.value.is_for_now


def test_an_idle_connection_is_opened_anew():
    """A server may have ended it without a word."""
    now = [0.0]
    with answering(http(b"1\n"), http(b"2\n")) as (client, _), contextlib.closing(client):
        client._clock = lambda: now[0]
        assert client.ask("SELECT 1") == b"1\n"
        now[0] = 3.0
        assert client.ask("SELECT 2") == b"2\n"


def test_no_secret():
    """A key that cannot be had is told by where it should be."""
    client = DatabaseClient(address.of("clickhouse://127.0.0.1:1/fleet?key=env:LACKS"), {})
    with pytest.raises(EngineError, match="LACKS"):
        client.ask("SELECT 1")
