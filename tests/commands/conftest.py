"""Sessions that many commands are asked about."""

from __future__ import annotations

import io
import sys

import pytest

import cli
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions import write_lock
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import call
from tests.support.command_line import SAMPLE, line, sessions
from tests.support.maintenance import put
from tests.support.talking import LONG_ID, Folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The sessions of the sample log."""
    return sessions(tmp_path_factory.mktemp("sample") / "sessions", SAMPLE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def weather(tmp_path_factory):
    """One session of three rounds, the first of which calls a tool."""
    first = [{"role": "system", "content": "You help."}, {"role": "user", "content": "Check Beijing weather"}]
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"location":"北京"}'}}
    second = [*first, {"role": "assistant", "content": "", "tool_calls": [call]}]
    second += [{"role": "tool", "content": "15 degrees", "tool_call_id": "call_1"}]
    lines = [
        line("agent:main", 1, messages=first, question="Check Beijing weather", answer="", tool_calls=[call]),
        line("agent:main", 2, messages=second, reasoning="Sunny.", answer="15 degrees", input_token=1240),
        line("agent:main", 3, model=None, outer={"response_code": "503", "response_code_details": "overflow"}),
    ]
    return sessions(tmp_path_factory.mktemp("weather") / "sessions", *lines)


LEFT = {"response_flags": "DC"}


@pytest.fixture(scope="session")
def varied(tmp_path_factory):
    """Sessions that differ in all that one can choose by."""
    later = {"start_time": "2026-02-02T16:30:00Z"}
    lines = [
        line("a:1", 1, consumer="team-1", input_token=1_000_000),
        line("a:1", 2, model="gpt-4o", consumer="team-1"),
        line("a:2", 3, outer=LEFT, model="GPT-4o-mini", consumer="team-2", input_token=2_000_000),
        line("b", 4, model="no-such-model", outer={"response_code": "500"}),
        line("c", 5, model="gpt-4o", outer=later, input_token=4_000_000),
    ]
    return sessions(tmp_path_factory.mktemp("varied") / "sessions", *lines)


@pytest.fixture
def five_sessions(tmp_path):
    """A folder with five sessions, a day apart."""
    days = [f"2026-02-0{day}T12:00:00Z" for day in range(1, 6)]
    put(tmp_path, [call(f"agent:main:{day[9]}", start_time=day) for day in days])
    return tmp_path


@pytest.fixture
def run_on_five(five_sessions, capsys, monkeypatch):
    """Run a command on the five sessions; gives its exit code, and what it said on stdout and on stderr.

    It waits for nobody.
    """
    monkeypatch.setattr(write_lock, "PATIENCE", 0.05)
    monkeypatch.setenv("TZ", "UTC")

    def run(*arguments, terminal=None):
        stdin = io.StringIO(terminal or "")
        stdin.isatty = lambda: terminal is not None
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True))
        code = cli.main([arguments[0], "--data-dir", str(five_sessions), *arguments[1:]])
        return code, sys.stdout.buffer.getvalue().decode(), capsys.readouterr().err

    return run


@pytest.fixture
def talking(tmp_path, monkeypatch):
    """A folder with two sessions, in which agents may go on talking."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = Folder(tmp_path)
    folder.talk("a", "a", "a", "a", LONG_ID)
    return folder


@pytest.fixture
def four_calls(tmp_path):
    """A person's home, and a data folder with a session of four calls, one of which has no price."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    lines = [
        calls.line("s", model="gpt-4o", input_token=1000, output_token=100, total_token=1100, cached_tokens=500),
        calls.line("s", model="my-deployment", input_token=2000, output_token=10, total_token=2010),
        calls.line("s", model="my-deployment", start_time="2026-06-01T00:00:00Z"),
        calls.line("s", model="gpt-4o", input_token=None, output_token=None, total_token=None),
    ]
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(line + b"\n" for line in lines))
    Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / ".state.json"), str(folder))).poll()
    return tmp_path


@pytest.fixture
def over_a_cluster(tmp_path):
    """A person's home, and a data folder with a call over a cluster and one over a route whose names tell no seller."""
    over = {"upstream_cluster": "outbound|443||llm-inner.internal.dns"}, {"route_name": "gpu"}
    sessions(tmp_path / "sessions", *(line("s", n, each, model="deepseek-v3") for n, each in enumerate(over)))
    return tmp_path
