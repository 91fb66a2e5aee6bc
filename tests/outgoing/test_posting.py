"""What is posted arrives as it is, once, and whatever goes wrong is told without any secret."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import subprocess
import threading
import time

import pytest

from session_monitor.outgoing import posting
from session_monitor.outgoing.posting import HttpPost
from tests.support import receivers
from tests.support.needs import need_tool
from tests.support.receivers import StandIn

SECRET = "SECRETtoken"
EVENT = b'{"schema_version":1,"title":"t"}'


def post(url, environment=(), body=EVENT, **options):
    """What comes of posting an event."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    outcome = posting.post(HttpPost(url, body, headers), dict(environment), **options)
    assert SECRET not in outcome.trouble
    return outcome


@pytest.fixture
def webhook():
    """A webhook on this machine."""
    with StandIn("webhook") as stand_in:
        yield stand_in


def test_as_it_is(webhook):
    """Path, query, headers and body come as they were."""
    outcome = post(f"{webhook.url}/a%2Fb?c=d%20e#f")

    assert (outcome.status, outcome.was_sent) == (201, True)
    (posted,) = webhook.posts
    assert (posted.path, posted.body, posted.headers["idempotency-key"]) == ("/a%2Fb?c=d%20e", EVENT, "k")


def test_no_redirect_is_followed(webhook):
    """What is told to go elsewhere goes nowhere."""
    webhook.plays.append(receivers.REDIRECT)
    assert post(f"{webhook.url}/{SECRET}").status == 307
    assert len(webhook.posts) == 1


def test_slow_and_cut(webhook):
    """It is known that all was sent, and that nobody answered; of a cut answer there is the status."""
    webhook.plays.extend([receivers.SLOW, receivers.CUT, receivers.CUT_BODY])
    slow, cut, body = (post(f"{webhook.url}/{SECRET}", time_out=0.3) for _ in range(3))

    assert (slow.status, slow.was_sent, slow.trouble) == (None, True, "no answer within 0.3 s")
    assert (cut.status, cut.was_sent, cut.trouble) == (None, True, "the connection ended without an answer")
    assert body.status == 201


def test_an_answer_that_trickles(webhook):
    """Each byte is in time, and all of it must be, too."""
    webhook.plays.append(receivers.DRIP)
    begun = time.monotonic()
    outcome = post(webhook.url, altogether=0.5)

    assert time.monotonic() - begun < 3
    assert outcome.status == 201
    assert 0 < len(outcome.body) < 20


def test_a_large_answer(webhook):
    """No more of it is read than 64 kB."""
    webhook.plays.append(receivers.Answer(200, b"x" * 1_000_000))
    assert len(post(webhook.url).body) == 65_536


def test_nobody_there():
    """It is known that nothing was sent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = post(f"http://127.0.0.1:{port}/{SECRET}")
    assert (outcome.status, outcome.was_sent, outcome.trouble) == (None, False, "no connection: Connection refused")
    assert post(f"https://no-such-host.invalid/{SECRET}").trouble.startswith("no connection: ")


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example"])
def test_a_host_that_no_name_can_be(host):
    """It is told as what to mend, not raised."""
    outcome = post(f"https://{host}:4318/{SECRET}")
    assert (outcome.status, outcome.is_final, outcome.was_sent) == (None, True, False)
    assert outcome.trouble == "no connection: the address has a host that no name can be"


def test_no_http_answer():
    """What is no HTTP is no answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk():
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"SSH-2.0-OpenSSH SECRETtoken\r\n")

        thread = threading.Thread(target=talk)
        thread.start()
        outcome = post(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()
    assert (outcome.status, outcome.was_sent) == (None, True)


def test_http_to_others(monkeypatch, webhook):
    """It is not sent where a name leads elsewhere, unless it may be; a name that leads here is fine."""
    where = ["93.184.216.34"]
    looked_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, *rest, **more: looked_up(where[0], port, *rest, **more)
    )
    outcome = post(f"http://hooks.example:{webhook.port}/{SECRET}")
    assert (outcome.is_final, outcome.was_sent) == (True, False)
    assert "https" in outcome.trouble
    where[0] = "127.0.0.1"
    assert post(f"http://hooks.example:{webhook.port}/").status == 201
    assert len(webhook.posts) == 1


# -- encrypted, and by a proxy -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that nobody else trusts, for a name."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    made = ["-keyout", path, "-out", path.with_suffix(".crt"), "-days", "2", "-subj", "/CN=hooks.example"]
    more = ["-addext", "subjectAltName=DNS:hooks.example,IP:127.0.0.1"]
    command = [need_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made, *more]
    subprocess.run(command, check=True, capture_output=True)
    return path.with_suffix(".crt"), path


@pytest.fixture
def encrypted(certificate):
    """A webhook with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with StandIn("webhook", context=context) as stand_in:
        yield stand_in


def test_certificates(encrypted, certificate):
    """One that is not trusted gets nothing; SSL_CERT_FILE says who is."""
    outcome = post(f"{encrypted.url}/{SECRET}")
    assert (outcome.status, outcome.was_sent) == (None, False)
    assert "not trusted" in outcome.trouble
    assert post(encrypted.url, {"SSL_CERT_FILE": str(certificate[0])}).status == 201
    assert post(encrypted.url, {"SSL_CERT_FILE": "/nowhere"}).is_final
    assert len(encrypted.posts) == 1


class _Proxy(http.server.BaseHTTPRequestHandler):
    """Connects whoever asks to the one receiver that there is."""

    asked, to = [], 0

    def do_CONNECT(self):
        type(self).asked.append((self.path, self.headers.get("Proxy-Authorization")))
        if self.headers.get("Proxy-Authorization") is None:
            self.send_error(407)
            return
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(("127.0.0.1", type(self).to)) as there:
            back = threading.Thread(target=_copied, args=(there, self.connection), daemon=True)
            back.start()
            _copied(self.connection, there)
            back.join(1)

    def log_message(self, *_):
        pass


def _copied(source, target):
    with contextlib.suppress(OSError):
        while block := source.recv(4096):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(encrypted):
    """A proxy that leads to it."""
    _Proxy.asked, _Proxy.to = [], encrypted.port
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_proxy(encrypted, proxy, certificate):
    """HTTPS_PROXY is asked, with its user, and sees nothing of what goes through; NO_PROXY and this machine go without."""
    trusted = {"SSL_CERT_FILE": str(certificate[0])}
    through = {**trusted, "HTTPS_PROXY": f"http://me:p%40ss@127.0.0.1:{proxy}"}

    assert post(f"https://hooks.example/{SECRET}", through).status == 201
    assert _Proxy.asked == [("hooks.example:443", "Basic bWU6cEBzcw==")]
    refused = post("https://hooks.example/", {**trusted, "https_proxy": f"127.0.0.1:{proxy}"})
    assert (refused.status, refused.was_sent) == (None, False)
    assert post(encrypted.url, through).status == 201
    assert len(_Proxy.asked) == 2
    spared = post("https://no-such-host.invalid/", {**through, "NO_PROXY": ".invalid"})
    assert (spared.status, len(_Proxy.asked)) == (None, 2)
    assert post("https://hooks.example/", {"ALL_PROXY": "socks5://127.0.0.1:1"}).is_final
