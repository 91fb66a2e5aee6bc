"""Who may ask, and what is answered to those who may not, or ask for what there is not."""

from __future__ import annotations

import contextlib
import json
import socket

import pytest

from session_monitor.proxy.routes import BadUpstreamError
from tests.support.proxying import PATHS, recorded, request


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    """A proxy for many tests."""
    with recorded(tmp_path_factory.mktemp("data"), most_calls=2) as proxy:
        yield proxy


def said(port, data, *, ends=True):
    """What is answered to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(data)
        if ends:
            client.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while block := client.recv(65536):
                answer += block
    return answer


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_pages_of_a_browser_get_nothing(at_work, headers):
    """Whatever name its server has (DNS rebinding), and wherever the page is from."""
    before = len(at_work.standin.ledger)
    headers = {name: value.format(port=at_work.proxy.port) for name, value in headers.items()}
    response, body = request(at_work.proxy.port, "POST", PATHS["chat"], b"{}", headers)

    assert response.status == 403
    assert json.loads(body)["error"]["code"] == "refused"
    assert len(at_work.standin.ledger) == before


@pytest.mark.parametrize("name", ["localhost:{port}", "LOCALHOST:{port}", "127.0.0.1:{port}", "[::1]:{port}"])
def test_names_of_this_machine(at_work, name):
    """All of them will do."""
    response, _ = request(at_work.proxy.port, "GET", "/", headers={"Host": name.format(port=at_work.proxy.port)})
    assert response.status == 200


def test_it_listens_on_loopback_alone(at_work):
    """Nobody reaches it from elsewhere."""
    assert at_work.proxy._server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
        (b"Transfer-Encoding: gzip, chunked", 400),
        (b"Content-Length: five", 400),
        (b"Content-Length: -5", 400),
        (b"Content-Length: 33554433", 413),
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"Transfer-Encoding: chunked\r\n\r\n2000001\r\n", 413),
        (b"Transfer-Encoding: chunked\r\n\r\n-2\r\n", 400),
        (b"X: " + b"x" * 70_000, 431),
        (b"Content-Length: 50\r\n\r\nabc", 400),
    ],
)
def test_bodies_that_are_none(at_work, head, status):
    """They are refused, the connection is closed, and nothing of them reaches the provider."""
    before = len(at_work.standin.ledger)
    host = f"127.0.0.1:{at_work.proxy.port}".encode()
    answer = said(
        at_work.proxy.port, b"POST /v1/chat/completions HTTP/1.1\r\nHost: " + host + b"\r\n" + head + b"\r\n\r\n"
    )

    assert int(answer.split()[1]) == status
    assert answer.count(b"HTTP/1.1") == 1
    assert len(at_work.standin.ledger) == before


@pytest.mark.parametrize(
    "data", [b"\x16\x03\x01\x02\x00", b"nonsense\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"BREW / HTTP/1.1\r\n\r\n"]
)
def test_what_is_no_request(at_work, data):
    """TLS, other protocols, other methods: an answer at most, and the next client is served."""
    said(at_work.proxy.port, data)
    assert request(at_work.proxy.port, "GET", "/")[0].status == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST /v1/chat/completions HTTP/1.1\r\n", 403),
        ("GET / HTTP/1.0\r\n", 403),
        ("POST /v1/\xe9/chat/completions HTTP/1.1\r\n{host}", 400),
        ("POST /v1/\x01/chat/completions HTTP/1.1\r\n{host}", 400),
        ("POST http://evil.example/v1/chat/completions HTTP/1.1\r\n{host}", 400),
        ("POST /v1/chat/completions HTTP/1.1\r\n{host}no header\r\n", 400),
        ("POST /v1/chat/completions HTTP/1.1\r\n{host}X-A : b\r\n", 400),
        ("POST /v1/chat/completions HTTP/1.1\r\n{host}Content-Length: 2\r\n", 400),
        ("POST /v1/chat/completions HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", 400),
    ],
)
def test_requests_that_may_be_read_in_two_ways(at_work, head, status):
    """They are refused with an answer, and reach no provider: what one takes for a body is another one's next request."""
    before, lines = len(at_work.standin.ledger), len(at_work.lines())
    smuggled = b"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % at_work.proxy.port
    head = head.format(host=f"Host: 127.0.0.1:{at_work.proxy.port}\r\n") + f"Content-Length: {len(smuggled)}\r\n\r\n"
    answer = said(at_work.proxy.port, head.encode("latin-1") + smuggled, ends=False)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert (len(at_work.standin.ledger), len(at_work.lines())) == (before, lines)


def test_a_websocket_is_refused_at_once(at_work):
    """So that its client asks over HTTP."""
    response, _ = request(
        at_work.proxy.port, "GET", "/v1/responses", headers={"Connection": "Upgrade", "Upgrade": "websocket"}
    )
    assert response.status == 426


def test_an_unknown_provider(at_work):
    """It is said which there are."""
    response, body = request(at_work.proxy.port, "POST", "/to/nobody/v1/chat/completions", b"{}")
    assert response.status == 404
    assert "deepseek" in json.loads(body)["error"]["message"]


def test_too_many_at_once(at_work):
    """One more than there may be is told to come again, in the words of its API; then there is room again."""
    port = at_work.proxy.port
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            head = f"POST {PATHS['messages']} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nx-standin: stops\r\nContent-Length: 15\r\n\r\n"
            client.sendall(head.encode() + b'{"stream":true}')
            assert client.recv(10)
        response, body = at_work.ask("messages")
        assert (response.status, json.loads(body)["error"]["type"]) == (503, "api_error")
    at_work.rounds(2)
    assert at_work.ask("messages")[0].status == 200


def test_a_provider_that_is_the_proxy_itself(tmp_path):
    """It would ask itself for ever."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wrong = f"openai=http://localhost:{port}/v1"
    with pytest.raises(BadUpstreamError, match="itself"), recorded(tmp_path, upstreams=[wrong], port=port):
        pass
