"""A web server over some sessions, and what it answers, for the tests of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path
from typing import NamedTuple

from session_monitor.base import timestamps
from session_monitor.links.keys import KeptKeys
from tests.support import prepared
from web import static
from web.answers.desk import Desk
from web.answers.folder import Folder
from web.answers.titles import Titles
from web.server import access, peers
from web.server.access import Door
from web.server.connections import Connections
from web.server.handler import Limits, Service
from web.server.server import Server
from web.site import Site

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
SERVER = ROOT / "scripts" / "webserver.py"
GENERATOR = ROOT / "tests" / "tools" / "gen_access_log.py"
MAIN = "agent:main:discord:channel:1465367993012981988"
"""A session of the sample with tool calls, reasoning and a failed call."""
NOW = 1_770_100_000_000
"""Some hours after the last call of the sample."""
ELSEWHERE = {"X-Forwarded-For": "203.0.113.9"}
"""What a proxy says of somebody who is not on this machine."""
PATIENCE = 60
QUICK = Limits(first_request=0.3, next_request=0.3, head=0.3, write=5.0, most_head=4096, stop=5.0)
"""Limits of a server that waits for nobody for long."""


def ingest(log, folder):
    """Read a log into a folder."""
    return prepared.ingest(log, folder)


def ingest_calls(folder, calls):
    """The sessions of a log with these calls' lines."""
    (folder / "access.log").write_bytes(b"".join(each + b"\n" for each in calls))
    return ingest(folder / "access.log", folder / "sessions")


def generate(path, *options):
    """A log of the generator's."""
    subprocess.run([sys.executable, GENERATOR, "--out", path, *options], check=True, stdout=subprocess.DEVNULL)
    return path


def cli(folder, *words):
    """What a command says as JSON."""
    done = prepared.run(ROOT / "scripts" / "cli.py", *words, "--json", "--data-dir", folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def data(self):
        assert self.status == 200, (self.status, self.body[:500])
        return self.json["data"]

    @property
    def code(self):
        return self.json["error"]["code"]


class Running:
    """A server at work."""

    def __init__(self, server, site, keys, log):
        self.server = server
        self.site = site
        self.keys = keys
        self.log = log
        self.port = server.server_port

    @property
    def cookie(self):
        """The name of the cookie with the key that opens everything."""
        return access.cookie_name(self.keys())

    def connect(self):
        """A connection of its own."""
        return contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE))

    def ask(self, path, headers=None, /, *, method="GET", **query):
        """The answer to one request."""
        with self.connect() as connection:
            return asked(connection, path, headers, method=method, **query)


def asked(connection, path, headers=None, /, *, method="GET", **query):
    """The answer to a request on a connection."""
    pairs = [(name, each) for name, value in query.items() for each in (value if isinstance(value, list) else [value])]
    target = path + (f"?{urllib.parse.urlencode(pairs, errors='surrogatepass')}" if pairs else "")
    connection.request(method, target, headers=headers or {})
    found = connection.getresponse()
    return Reply(found.status, found.headers, found.read())


@contextlib.contextmanager
def serving(folder, *, limits=None, most=256, most_streams=64, tls=None, patience=8.0, now=NOW, **more):
    """A server over a folder, in this process; ``more`` is for the door, but for ``redacts``."""
    log = []
    stopping = threading.Event()
    redacts = more.pop("redacts", False)
    user_of = more.pop("user_of", peers.teller() or peers.unknown)
    waited = more.pop("wait", lambda _seconds: False)
    files = Folder(str(folder), {"HOME": "/nonexistent"})
    keys = KeptKeys(str(folder), log.append)
    door = Door(
        keys,
        more.pop("trusts", access.own_users(str(folder)) if peers.IS_TOLD else access.anybody),
        wait=waited,
        **more,
    )
    connections = Connections(most, most_streams)
    desk = Desk(files, (lambda: now) if now else timestamps.now, patience=patience)
    table = {"/": static.AnswerBody(b"overview", "text/html"), "/session": static.AnswerBody(b"session", "text/html")}
    table = {**table, "/static/a.js": static.AnswerBody(b"// " + b"x" * 2000, "text/javascript"), **static.api()}
    table[static.REFUSAL] = static.files()[static.REFUSAL]
    site = Site(desk, door, keys, table, connections, Titles(), stopping.wait, redacts)
    service = Service(site.respond, site.refuse, log.append, connections, tls, limits or Limits(), user_of)
    server = Server(("127.0.0.1", 0), service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Running(server, site, keys, log)
    finally:
        stopping.set()
        server.stop()
        thread.join()
        desk.close(PATIENCE)
        files.close()


@contextlib.contextmanager
def program(folder, *options, called=(sys.executable, SERVER)):
    """The program at work, so called: its process, its port, and what it printed."""
    command = [*called, "--data-dir", folder, "--port", "0", "--host", "127.0.0.1", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, **pipes, env={**os.environ, "HOME": str(folder)})
    try:
        greeting = process.stdout.readline()
        yield process, int(re.search(r"https?://\S+?:(\d+)/", greeting)[1]), greeting
    finally:
        process.kill()
        process.communicate()


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
