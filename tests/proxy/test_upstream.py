"""The way to a provider: over TLS that is trusted, through the proxy that the environment names, and again and again over one."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import select
import socket
import ssl
import subprocess
import threading
import time

import pytest

from session_monitor.proxy import routes
from session_monitor.proxy.upstream import ProviderConnections, UnreachableError, end_to_end
from tests.support.needs import need_tool
from tests.support.proxying import PATHS, recorded, request


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that nobody else trusts, for a name."""
    folder = tmp_path_factory.mktemp("tls")
    made = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=llm.example"]
    more = ["-addext", "subjectAltName=DNS:llm.example,IP:127.0.0.1"]
    command = [need_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made, *more]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@pytest.fixture
def tls(certificate):
    """What a provider shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


class _Tunnels(http.server.BaseHTTPRequestHandler):
    """A proxy that leads everybody to one place, and notes who was asked for."""

    asked: list
    to: int

    def log_message(self, *_):
        """Nobody wants to know."""

    def do_CONNECT(self):
        self.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        with socket.create_connection(("127.0.0.1", self.to)) as there:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            with contextlib.suppress(OSError):
                while True:
                    for ready in select.select(list(ends), [], [], 10)[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        ends[ready].sendall(data)


@contextlib.contextmanager
def tunnels():
    """The port of such a proxy."""
    _Tunnels.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Tunnels) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_through_the_proxy_of_the_environment(tmp_path, tls, certificate):
    """Encrypted to the provider, which SSL_CERT_FILE trusts; its user is told to the proxy, and not to the provider."""
    with tunnels() as port:
        environment = {
            "HTTPS_PROXY": f"http://me:p%40ss@127.0.0.1:{port}",
            "SSL_CERT_FILE": str(certificate / "cert.pem"),
        }
        upstreams = ["openai=https://llm.example/v1"]
        with recorded(tmp_path, tls=tls, environment=environment, upstreams=upstreams) as proxy:
            _Tunnels.to = proxy.standin.port
            for _ in range(2):
                response, _ = proxy.ask("chat", "odd")
                assert response.status == 200
            rows, calls = proxy.standin.calls(), proxy.rounds(2)

    assert _Tunnels.asked == [("llm.example:443", "Basic bWU6cEBzcw==")]  # and the connection served twice
    assert rows[0]["headers"]["host"] == "llm.example"
    assert "proxy-authorization" not in rows[0]["headers"]
    assert [call.upstream_cluster for call in calls] == ["llm.example"] * 2


def test_a_client_that_leaves_an_encrypted_stream(tmp_path, tls, certificate):
    """The provider hears of it at once there, too."""
    environment = {"SSL_CERT_FILE": str(certificate / "cert.pem")}
    with recorded(tmp_path, tls=tls, environment=environment) as proxy:
        url = f"anthropic=https://127.0.0.1:{proxy.standin.port}"
        proxy.proxy._serving.upstreams.update(routes.upstreams([url]))
        client = http.client.HTTPConnection("127.0.0.1", proxy.proxy.port, timeout=10)
        client.request("POST", PATHS["messages"], b'{"stream": true}', {"x-standin": "stops"})
        response = client.getresponse()
        response.read1(10)
        response.close()
        client.close()
        assert proxy.standin.gone.wait(5)
        (call,) = proxy.rounds(1)
    assert (call.outcome, call.usage.input_tokens) == ("left", 1000)


def test_a_certificate_that_is_not_trusted(tmp_path, tls):
    """Nothing is sent, and it is said how to trust it."""
    with recorded(tmp_path, tls=tls) as proxy:
        url = f"openai=https://127.0.0.1:{proxy.standin.port}/v1"
        proxy.proxy._serving.upstreams.update(routes.upstreams([url]))
        response, body = proxy.ask("chat")
        (call,) = proxy.rounds(1)
        assert proxy.standin.ledger == []

    assert response.status == 502
    assert "SSL_CERT_FILE" in json.loads(body)["error"]["message"]
    assert (call.outcome, call.response_code, call.error) == ("failed", 0, "0 UF")


@pytest.mark.parametrize("before", [b"100 Continue", b"102 Processing", b"103 Early Hints\r\nLink: </x>"])
def test_what_comes_before_an_answer(tmp_path, before):
    """It is no answer: each call has its own, also over a connection that is kept."""
    answer = b'{"id": "chatcmpl-%016d", "model": "m", "usage": {"prompt_tokens": 5, "completion_tokens": %d}}'
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answers, args=(server, before, answer), daemon=True).start()
        with recorded(tmp_path, upstreams=[f"openai=http://127.0.0.1:{server.getsockname()[1]}/v1"]) as proxy:
            for number in (1, 2, 3):
                response, body = proxy.ask("chat", stream=False)
                assert (response.status, body) == (200, answer % (number, number))
            assert [call.usage.output_tokens for call in proxy.rounds(3)] == [1, 2, 3]


def test_a_protocol_that_nobody_asked_for(tmp_path):
    """It is an answer that cannot be read."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answers, args=(server, b"101 Switching Protocols", b""), daemon=True).start()
        with recorded(tmp_path, upstreams=[f"openai=http://127.0.0.1:{server.getsockname()[1]}/v1"]) as proxy:
            assert proxy.ask("chat", stream=False)[0].status == 502


def _answers(server, before, answer):
    """Answer the requests of one connection by number, a moment after what comes before the answer."""
    client, _ = server.accept()
    with client, client.makefile("rb") as file:
        number = 0
        while file.readline():
            file.read(int(http.client.parse_headers(file)["content-length"]))
            number += 1
            client.sendall(b"HTTP/1.1 " + before + b"\r\n\r\n")
            time.sleep(0.05)
            body = answer % (number, number) if answer else b""
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            client.sendall(head % len(body) + body)


def test_nobody_there(tmp_path):
    """A refused connection, and a name that nobody has, in the words of each API."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with recorded(
        tmp_path, upstreams=[f"gemini=http://127.0.0.1:{port}", "nobody=https://no-such-host.invalid"]
    ) as proxy:
        gemini, told = proxy.ask("gemini", stream=False)
        nobody, _ = request(proxy.proxy.port, "POST", "/to/nobody/v1/messages", b"{}")

    assert (gemini.status, nobody.status) == (502, 502)
    assert json.loads(told)["error"]["status"] == "UNAVAILABLE"


def test_a_provider_that_is_silent_for_too_long(tmp_path, monkeypatch):
    """It is given up, and the call is written down as timed out."""
    with recorded(tmp_path) as proxy:
        proxy.proxy._connections._silence = 0.3
        response, _ = proxy.ask("messages", "hangs")
        (call,) = proxy.rounds(1)

    assert response.status == 504
    assert (call.outcome, call.error) == ("failed", "0 UT")


def test_a_proxy_that_cannot_be_used():
    """It is said, and nothing goes out without it."""
    connections = ProviderConnections({"HTTPS_PROXY": "socks5://127.0.0.1:1"})
    with pytest.raises(UnreachableError, match="proxy"):
        connections.fresh(routes.upstreams()["openai"])


def test_headers_between_two_programs_alone():
    """Those of the standard, and those that a connection names, go no further."""
    headers = [
        ("Connection", "close, X-Own"),
        ("x-own", "1"),
        ("Keep-Alive", "1"),
        ("TE", "trailers"),
        ("A", "1"),
        ("a", "2"),
    ]
    assert end_to_end([*headers, ("Content-Length", "1"), ("B", "2")], without=["b"]) == [("A", "1"), ("a", "2")]
