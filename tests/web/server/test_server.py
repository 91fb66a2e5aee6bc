"""Who listens, with TLS and without, and how that ends."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import socketserver
import ssl
import subprocess
import time

import pytest

from tests.support.needs import need_tool
from tests.support.waiting import until
from tests.support.webserving import PATIENCE, QUICK, asked, raw, serving
from web.server.handler import Limits


def test_the_end_of_a_server(folder):
    """When it ends, streams and waiting connections end, and its port is free: for none of them it waits."""
    patience = 120
    with serving(folder, limits=Limits(stop=patience, first_request=patience)) as running:
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
    assert time.monotonic() - started < patience / 2
    for each in (stream, kept):
        each.close()

    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", running.port))


def test_no_more_threads(folder, monkeypatch):
    """Where the machine has none left, a new connection is closed and forgotten, and later ones are answered."""

    def refuse(*_arguments):
        raise RuntimeError("can't start new thread")

    with serving(folder) as running:
        with monkeypatch.context() as exhausted:
            exhausted.setattr(socketserver.ThreadingMixIn, "process_request", refuse)
            with socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE) as opened:
                assert opened.recv(10) == b""
        assert not running.site.connections._all
        assert running.ask("/api/me").status == 200
        assert not [line for line in running.log if "RuntimeError" in line]


def test_what_fails_outside_of_an_answer(folder):
    """Where it failed is told and nothing of what it was about; that somebody has gone is no failure."""
    with serving(folder) as running:
        for fail in (lambda: os.stat("secret"), lambda: int("secret")):
            try:
                fail()
            except (OSError, ValueError):
                running.server.handle_error(None, ("127.0.0.1", 1))

    (told,) = (line for line in running.log if "Error" in line)
    assert re.fullmatch(r"127\.0\.0\.1 - ValueError at test_server\.py:\d+", told)


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
            with contextlib.closing(http.client.HTTPSConnection("localhost", running.port, context=trusting)) as asking:
                answers = [asked(asking, "/api/sessions") for _ in range(3)]
            silent.settimeout(30)
            with contextlib.suppress(ConnectionResetError):
                assert silent.recv(10) == b""
        plain = raw(running, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert [found.status for found in answers] == [200] * 3
    assert not plain.startswith(b"HTTP")


def test_a_tls_connection_without_a_hello_makes_room(folder, certificate):
    """It waits like any other, and is the one that is closed where there are too many."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    trusting = ssl.create_default_context(cafile=certificate / "cert.pem")
    with (
        serving(folder, tls=context, limits=Limits(head=2 * PATIENCE), most=1) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=PATIENCE) as silent,
    ):
        until(lambda: running.site.connections._all, "it was let in")
        with contextlib.closing(http.client.HTTPSConnection("localhost", running.port, context=trusting)) as connection:
            assert asked(connection, "/api/me").status == 200
            with contextlib.suppress(ConnectionResetError):
                assert silent.recv(10) == b""
