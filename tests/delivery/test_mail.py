"""A letter reaches a real mail server, encrypted and signed in as it wants, and what it refuses is told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
from email import message_from_bytes, policy

import pytest

from session_monitor.delivery import delivery_log, transport
from session_monitor.delivery.outbox import Outbox
from session_monitor.delivery.sender import Sender
from session_monitor.outgoing.posting import Outcome
from tests.support.alerting import Clock, told, write_targets
from tests.support.needs import need_module, need_tool

PASSWORD = "pass-word-of-mine"


class Inbox:
    """What a mail server took, and what it refuses."""

    def __init__(self):
        self.letters = []
        self.refusals = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 -- aiosmtpd's name
        if address.startswith("nobody"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- as above
        if self.refusals:
            return self.refusals.pop(0)
        self.letters.append(envelope)
        return "250 OK: queued"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine."""
    key = tmp_path_factory.mktemp("tls") / "key.pem"
    made = ["-keyout", key, "-out", key.with_name("cert.pem"), "-days", "2", "-subj", "/CN=localhost"]
    command = [need_tool("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made]
    subprocess.run([*command, "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    return key.with_name("cert.pem"), key


@contextlib.contextmanager
def served(inbox, *, context=None, **options):
    """A mail server of aiosmtpd's on this machine; its port."""
    controller = need_module("aiosmtpd.controller", (3, 9))
    started = controller.Controller(inbox, hostname="127.0.0.1", port=_free(), ssl_context=context, **options)
    started.start()
    try:
        yield started.port
    finally:
        started.stop()


def _free():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def _signed_in():
    smtp = need_module("aiosmtpd.smtp", (3, 9))

    def authenticator(server, session, envelope, mechanism, data):
        return smtp.AuthResult(success=(data.login, data.password) == (b"me", PASSWORD.encode()), handled=False)

    return authenticator


class Post:
    """A data folder whose one target is that server."""

    def __init__(self, folder, port, certificate, **options):
        addresses = {"from": "monitor@example.com", "to": ["a@example.com", "b@example.com"]}
        write_targets(
            folder, {"name": "one", "kind": "email", "host": "localhost", "port": port, **addresses, **options}
        )
        self.folder, self.clock = folder, Clock()
        self.outbox = Outbox(str(folder), self.clock)
        environment = {"SSL_CERT_FILE": str(certificate[0]), "MAIL_PASSWORD": PASSWORD}
        self.sender = Sender(self.outbox, environment, now=self.clock)

    def send(self, *events):
        """Let these be told; what the log says of them."""
        for each in events:
            self.outbox.put(each, ["one"])
        self.outbox.release()
        self.sender.drain(60, self.clock.sleep)
        return [(each.outcome, each.tries, each.reason) for each in delivery_log.entries(str(self.folder))]


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_letter(tmp_path, certificate, security):
    """It arrives whole, whichever way the connection is made safe."""
    inbox, context = Inbox(), None if security == "none" else _context(certificate)
    options = {"tls_context": context, "require_starttls": True} if security == "starttls" else {}
    with served(inbox, context=context if security == "tls" else None, **options) as port:
        log = Post(tmp_path, port, certificate, security=security).send(told(1, title="预算 1", text="第一行\n.\n最后"))

    assert log == [("delivered", 1, None)]
    (letter,) = inbox.letters
    assert (letter.mail_from, letter.rcpt_tos) == ("monitor@example.com", ["a@example.com", "b@example.com"])
    read = message_from_bytes(letter.content, policy=policy.default)
    assert read["Subject"] == "[warning] 预算 1"
    assert read.get_content().replace("\r\n", "\n").startswith("第一行\n.\n最后\n")


def test_signed_in(tmp_path, certificate):
    """With user and password by the environment; a wrong one stops at once, and is not in the log."""
    inbox, context = Inbox(), _context(certificate)
    options = {"tls_context": context, "authenticator": _signed_in(), "auth_required": True}
    with served(inbox, **options) as port:
        log = Post(tmp_path, port, certificate, user="me", password="env:MAIL_PASSWORD").send(told(1))
        log = Post(tmp_path, port, certificate, user="me", password="another-secret-one").send(told(2))

    assert [each[:2] for each in log] == [("delivered", 1), ("failed", 1)]
    assert log[1][2].startswith("535")
    kept = (tmp_path / ".alerts" / "log.jsonl").read_text()
    assert PASSWORD not in kept
    assert "another-secret" not in kept
    assert len(inbox.letters) == 1


def test_what_passes_and_what_stays(tmp_path, certificate):
    """A mail server's 4xx is tried again, its 5xx is not; who is refused is counted."""
    inbox = Inbox()
    with served(inbox) as port:
        post = Post(tmp_path, port, certificate, security="none")
        inbox.refusals = ["451 4.7.1 greylisted", "421 busy"]
        assert post.send(told(1)) == [("delivered", 3, None)]
        inbox.refusals = ["554 5.7.1 spam"]
        assert post.send(told(2))[-1] == ("failed", 1, "554: 5.7.1 spam")
        some = Post(tmp_path, port, certificate, security="none", to=["nobody@example.com", "a@example.com"])
        assert some.send(told(3))[-1] == ("delivered", 1, "1 of 2 recipients were refused")
        none = Post(tmp_path, port, certificate, security="none", to=["nobody@example.com"])
        assert none.send(told(4))[-1] == ("failed", 1, "550: all of 1 recipients were refused")
        assert len(inbox.letters) == 2


def test_no_encryption_where_it_is_wanted(tmp_path, certificate):
    """Nothing is sent, and it is said what to look at."""
    inbox = Inbox()
    with served(inbox) as port:
        ((outcome, _, reason),) = Post(tmp_path, port, certificate).send(told(1))
    assert (outcome, inbox.letters) == ("failed", [])
    assert "see security" in reason


def test_a_certificate_that_is_not_trusted(tmp_path, certificate):
    """Nothing is sent."""
    inbox = Inbox()
    with served(inbox, tls_context=_context(certificate)) as port:
        post = Post(tmp_path, port, certificate)
        post.sender._environment = {}
        assert post.send(told(1)) == []
    assert "not trusted" in post.outbox.waiting()[0].reason
    assert inbox.letters == []


def test_many_at_once(tmp_path, certificate):
    """Five that wait are one letter."""
    inbox = Inbox()
    with served(inbox) as port:
        log = Post(tmp_path, port, certificate, security="none").send(*map(told, range(5)))
    assert log == [("delivered", 1, None)] * 5
    (letter,) = inbox.letters
    assert message_from_bytes(letter.content, policy=policy.default)["Subject"] == "5 alerts: 5 warning"


def test_nobody_there(tmp_path, certificate):
    """It is tried again."""
    post = Post(tmp_path, _free(), certificate, security="none")
    assert post.send(told(1)) == []
    assert "Connection refused" in post.outbox.waiting()[0].reason


def test_an_address_that_cannot_be(tmp_path, certificate, monkeypatch):
    """Whatever smtplib makes of it, it is told and not raised."""
    monkeypatch.setattr(
        transport, "_server", lambda *_: (_ for _ in ()).throw(UnicodeEncodeError("ascii", "é", 0, 1, "no"))
    )
    target = Post(tmp_path, 1, certificate).sender._targets().targets[0]
    assert transport.mail(target, None, {}) == Outcome(
        None, trouble="an address has characters that this mail server cannot take", is_final=True
    )
