"""How requests are read and answers written, over real sockets."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest

from tests.support.needs import need_tool
from tests.support.waiting import until
from tests.support.webserving import MAIN, SAMPLE, asked, ingest, serving
from web.server.handler import Limits

SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
QUICK = Limits(first_request=0.3, next_request=0.3, head=0.3, write=5.0, most_head=4096, stop=5.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sessions of the sample."""
    return ingest(SAMPLE, tmp_path_factory.mktemp("sample") / "sessions")


@pytest.fixture(scope="module")
def running(folder):
    """A server over them."""
    with serving(folder) as found:
        yield found


def raw(running, data, *, rest=b""):
    """What comes back for these bytes until the server closes."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as opened:
        opened.sendall(data)
        if rest:
            with contextlib.suppress(OSError):
                opened.sendall(rest)
        pieces = []
        with contextlib.suppress(ConnectionResetError):
            while piece := opened.recv(65_536):
                pieces.append(piece)
    return b"".join(pieces)


def status(answer):
    """The status of the first answer in these bytes."""
    return int(answer.split(b" ", 2)[1])


# -- what an answer looks like -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/", 200), ("/api/sessions", 200), ("/static/a.js", 200), ("/nothing", 404), ("/api/session", 400)],
)
def test_every_answer_says_what_keeps_the_page_safe(running, path, expected):
    """Pages, data and refusals all have the headers, and none lets other sites read them."""
    found = running.ask(path)

    assert found.status == expected
    assert {name: found.headers[name] for name in SAFETY} == SAFETY
    assert "no-cache" in found.headers["Cache-Control"]
    assert not [name for name in found.headers if name.lower().startswith("access-control")]
    assert "Python" not in str(found.headers)


@pytest.mark.parametrize("path", ["/", "/api/sessions", "/api/overview", "/static/a.js", "/nothing"])
def test_head_is_get_without_a_body(running, path):
    """HEAD has the status and the headers of GET, its length too, and nothing behind them."""
    whole, head = running.ask(path), running.ask(path, method="HEAD")

    same = ("Content-Type", "Content-Length", "ETag")
    assert (head.status, head.body) == (whole.status, b"")
    assert [head.headers[name] for name in same] == [whole.headers[name] for name in same]


@pytest.mark.parametrize("path", ["/", "/api/sessions", "/static/a.js"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_what_is_known_is_not_sent_again(running, path, coding):
    """With the mark of the answer that somebody has, they are told that nothing changed."""
    first = running.ask(path, {"Accept-Encoding": coding})
    again = running.ask(path, {"Accept-Encoding": coding, "If-None-Match": f'W/"other", {first.headers["ETag"]}'})
    other = running.ask(path, {"If-None-Match": '"other"'})

    assert (again.status, again.body, other.status) == (304, b"", 200)
    assert again.headers["ETag"] == first.headers["ETag"]


def test_large_answers_are_compressed_for_those_who_want_it(running):
    """Gzip is used from some size on, where it is accepted, and holds the same."""
    plain = running.ask("/api/sessions")
    packed = running.ask("/api/sessions", {"Accept-Encoding": "br, gzip;q=0.5"})
    refused = running.ask("/api/sessions", {"Accept-Encoding": "gzip;q=0, br"})
    small = running.ask("/api/me", {"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.body) == plain.body == refused.body
    assert len(packed.body) < len(plain.body) / 2
    assert refused.headers["Content-Encoding"] is None
    assert small.headers["Content-Encoding"] is None


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


# -- what is not taken -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "x"])
def test_nothing_but_get_and_head(running, method):
    """Other methods are refused, and told which are not."""
    answer = raw(running, f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    assert status(answer) == 405
    assert b"Allow: GET, HEAD\r\n" in answer


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        (b"GET / HTTP/1.1 x\r\nHost: localhost\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 413),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello", 413),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 413),
        (b"GET /api/sessions?%zz=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /?" + b"&".join(b"a=%d" % n for n in range(100)) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    ],
)
def test_what_is_no_plain_request_is_refused(running, request_, expected):
    """Anything odd gets a status, the headers of every answer and the end of its connection."""
    answer = raw(running, request_)

    assert status(answer) == expected
    assert b"X-Content-Type-Options: nosniff" in answer
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


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../etc/passwd",
        "/static/..%2f..%2fkeys.py",
        "/static/%2e%2e/%2e%2e/keys.py",
        "//etc/passwd",
        "/static/",
        "/static/index.html",
        "/.web-key",
        "/static/.web-key",
        "/pages/../keys.py",
        "/static/a.js/",
        "/static/a.js%00.html",
        "/session/",
        "/api/",
        "/api/session/../overview",
        "/%73ession",
    ],
)
def test_no_path_leads_out(running, path):
    """Only the paths of a fixed list are answered; whatever else is asked for is not there."""
    assert running.ask(path).status == 404


@pytest.mark.parametrize(
    "wrong", ["%0d%0aX-Evil:%201", "%0aSet-Cookie:%20a=b", "%00", "%e2%80%a8", "%0d%0a%0d%0a<script>"]
)
@pytest.mark.parametrize(
    "path", ["/?key={}", "/session?id={}&key=x", "/api/session?id={}", "/api/session/export?id={}"]
)
def test_no_parameter_becomes_a_header(running, path, wrong):
    """Line ends in a parameter end no line of the answer."""
    answer = raw(running, f"GET {path.format(wrong)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    assert status(answer) in (303, 404)
    assert "x-evil" not in head.lower().replace("%0d%0ax-evil", "")
    assert "set-cookie" not in head.lower().replace("%0aset-cookie", "")
    assert "<script>" not in answer.decode("latin-1")


def test_an_export_of_any_id_has_a_plain_name(tmp_path):
    """A session whose id holds quotes and line ends is downloaded under a name that ends no header."""
    from tests.support.calls import line  # noqa: PLC0415 -- the only test that writes a log

    wrong = 'a"\r\nX-Evil: 1\r\n\r\n<script>'
    (tmp_path / "access.log").write_bytes(line(wrong, ["hi"]) + b"\n")
    with serving(ingest(tmp_path / "access.log", tmp_path / "sessions")) as running:
        found = running.ask("/api/session/export", id=wrong, format="json")

    assert found.status == 200
    assert found.headers["X-Evil"] is None
    assert "attachment" in found.headers["Content-Disposition"]
    assert found.json["session_id"] == wrong


# -- slow and many -----------------------------------------------------------------------------------------------------


def test_who_says_nothing_is_dropped(folder):
    """A connection without a request, and one without a further one, is closed after a while."""
    with serving(folder, limits=QUICK) as running:
        assert raw(running, b"") == b""
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
    from web.server.connections import Connections  # noqa: PLC0415

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


def test_a_slow_reader_hurts_nobody(folder):
    """Who asks for much and reads none of it is not waited for by others, and not for ever."""
    quick = QUICK._replace(write=0.5)
    with serving(folder, limits=quick) as running, socket.create_connection(("127.0.0.1", running.port)) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        opened.sendall(b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60)
        assert running.ask("/api/me").status == 200
        until(lambda: not running.site.connections._all, "it was dropped")


# -- its end -----------------------------------------------------------------------------------------------------------


def test_the_end_of_a_server(folder):
    """When it ends, streams and waiting connections end, and its port is free."""
    with serving(folder) as running:
        stream, kept = (
            http.client.HTTPConnection("127.0.0.1", running.port),
            socket.create_connection(("127.0.0.1", running.port)),
        )
        stream.request("GET", "/api/events")
        listening = stream.getresponse()
        assert listening.readline().startswith(b"retry")
    started = time.monotonic()
    listening.read()
    assert kept.recv(10) == b""
    assert time.monotonic() - started < 30
    for each in (stream, kept):
        each.close()

    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", running.port))


def test_a_failure_is_told_without_what_it_was_about(folder, monkeypatch):
    """Where the server itself fails, the answer and the log say no word of a conversation, and it goes on."""
    with serving(folder) as running:
        monkeypatch.setattr(running.site.door, "visitor", lambda _request: 1 / 0)
        found = running.ask("/api/session", id="secret words")
        monkeypatch.undo()
        assert running.ask("/api/me").status == 200

    assert (found.status, found.code) == (500, "failed")
    told = "\n".join(running.log)
    assert "ZeroDivisionError at test_serving.py" in told
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


# -- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of localhost, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost"]
    command = [need_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made]
    more = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *more], check=True, capture_output=True)
    return folder


def test_tls(folder, certificate):
    """With a certificate the same is served over TLS; who says no hello is dropped, and hurts nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    trusting = ssl.create_default_context(cafile=certificate / "cert.pem")
    with serving(folder, tls=context, limits=QUICK) as running:
        with socket.create_connection(("127.0.0.1", running.port)) as silent:
            connection = http.client.HTTPSConnection("localhost", running.port, context=trusting)
            answers = [asked(connection, "/api/sessions") for _ in range(3)]
            connection.close()
            silent.settimeout(30)
            with contextlib.suppress(ConnectionResetError):
                assert silent.recv(10) == b""
        plain = raw(running, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert [found.status for found in answers] == [200] * 3
    assert not plain.startswith(b"HTTP")
