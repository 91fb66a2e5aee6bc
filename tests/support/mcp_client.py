"""A client of the MCP server without any SDK: as a process on two pipes, and its tools in this process."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path

from mcp_server import toolbox
from mcp_server.catalog import Catalog
from mcp_server.tools.folder import DataFolder, FolderDesk
from tests.support.webserving import ingest
from tests.tools import gen_access_log

ROOT = Path(__file__).resolve().parent.parent.parent
SERVER = ROOT / "scripts" / "mcpserver.py"
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
MAIN = "agent:main:discord:channel:1465367993012981988"
"""A session of the sample with tool calls, reasoning and a failed call."""
PATIENCE = 30
MODERN = "2026-07-28"
PREFIX = "io.modelcontextprotocol/"
ROUNDS = 500
CATALOG = Catalog(allows_notes=True)


def meta(version=MODERN, **more):
    """What a modern request says of itself."""
    return {"_meta": {f"{PREFIX}protocolVersion": version, f"{PREFIX}clientCapabilities": {}, **more}}


class RawClient:
    """A server as a process, and what it says line by line."""

    def __init__(self, folder, *options, environment=()):
        self.process = subprocess.Popen(
            [sys.executable, SERVER, "--data-dir", str(folder), *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "SESSION_MONITOR_CONFIG": "", **dict(environment)},
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self._number = 0

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def write(self, raw):
        """Send bytes as they are."""
        self.process.stdin.write(raw)
        self.process.stdin.flush()

    def send(self, method, params=None, **more):
        """Send a message; with an ``id`` it is a request."""
        message = {"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params}), **more}
        self.write(json.dumps(message).encode() + b"\n")

    def receive(self, patience=PATIENCE):
        """The next message of the server; None at its end."""
        line = self._lines.get(timeout=patience)
        return None if line is None else json.loads(line)

    def ask(self, method, params=None):
        """The answer to a request, with nothing before it."""
        self._number += 1
        self.send(method, params, id=self._number)
        answer = self.receive()
        assert answer["id"] == self._number, answer
        return answer

    def call(self, tool, **arguments):
        """The result of a tool."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})["result"]

    def end(self):
        """End its input; its exit code, and what it wrote to stderr."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        with self.process.stderr:
            return code, self.process.stderr.read().decode()


@contextlib.contextmanager
def connected(folder, *options, **more):
    """A client of a server over a data folder, which ends as it should."""
    client = RawClient(folder, *options, **more)
    try:
        yield client
        assert client.end() == (0, "")
    finally:
        client.process.kill()
        client.process.wait()
        client.process.stdout.close()


# -- in this process ---------------------------------------------------------------------------------------------------


def desk_of(folder, environment=(), timezone="UTC"):
    """Where tools ask about a folder."""
    return FolderDesk(DataFolder(str(folder), dict(environment), timezone))


def called(folder, tool, /, environment=(), **arguments):
    """The result of a tool, in this process."""
    params = {"name": tool, "arguments": arguments}
    return toolbox.call(desk_of(folder, environment), CATALOG, params)


def answered(folder, tool, /, environment=(), **arguments):
    """What a tool answers, which is no mistake."""
    result = called(folder, tool, environment, **arguments)
    assert not result["isError"], result
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
    return result["structuredContent"]


def refused(folder, tool, /, environment=(), **arguments):
    """The words of a tool that does not answer."""
    result = called(folder, tool, environment, **arguments)
    assert result["isError"], result
    assert "structuredContent" not in result
    return result["content"][0]["text"]


def long_session(folder):
    """The sessions of a log in which one agent talks for ``ROUNDS`` rounds."""
    how = ["--profile", "agent", "--sessions", "1", "--lines", str(ROUNDS), "--rate", "0.02", "--seed", "3"]
    gen_access_log.main([*how, "--clean", "--failures", "0.02", "--max-context", "20k", "--out", str(folder / "log")])
    assert len(set(re.findall(rb"sess_[0-9a-f]{16}", (folder / "log").read_bytes()))) == 1
    return ingest(folder / "log", folder / "sessions")
