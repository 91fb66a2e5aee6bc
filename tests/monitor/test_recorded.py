"""Calls that no gateway logged are read with the others, each once: from the first one on, by passes and by who goes on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from session_monitor.calls.usage import Usage
from session_monitor.recording import log_line, recorded_log
from session_monitor.recording.recorded_call import RecordedCall
from tests.support import calls, prepared
from tests.support.command_line import ROOT
from tests.support.waiting import until

PATIENCE = 30


@pytest.fixture
def folder(tmp_path):
    """A folder with a gateway's log of one call, and a data folder."""
    (tmp_path / "access.log").write_bytes(calls.line("gateway", ["says"], chat_id="g1") + b"\n")
    (tmp_path / "sessions").mkdir(mode=0o700)
    return tmp_path


def record(folder, *names, **options):
    """Calls by these names."""
    made = [
        RecordedCall(
            "own", 1_770_000_000_000, "/v1/messages", "test", model="claude-opus-4-7", call_id=name, usage=Usage(10)
        )
        for name in names
    ]
    recorded_log.append(str(folder / "sessions"), map(log_line.line, made), **options)


def monitor(folder, *arguments):
    """The command line of a monitor of it."""
    command = [sys.executable, ROOT / "main.py", "--output-dir", "sessions", *arguments]
    return {
        "args": list(map(str, command)),
        "cwd": folder,
        "text": True,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }


def one_pass(folder, *arguments, status=0):
    """What a pass says."""
    words = ["--output-dir", "sessions", "--once", *arguments]
    done = prepared.run(ROOT / "main.py", *words, cwd=folder, timeout=PATIENCE)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def taken(folder, session="own"):
    """The calls of a session."""
    path = folder / "sessions" / f"{session}.json"
    return [entry["chat_id"] for entry in json.loads(path.read_bytes())["rounds"]] if path.exists() else []


def test_without_a_gateway(folder):
    """There is none to be missed where nobody named one."""
    record(folder, "a", "b")
    said = one_pass(folder)

    assert taken(folder) == ["a", "b"]
    assert "there is no" not in said


def test_beside_a_gateway(folder):
    """Both logs are read, in whichever order calls come, and over a rotation of the recorded one."""
    record(folder, "a")
    one_pass(folder, "--log-path", "access.log")
    record(folder, "b", largest=1)
    record(folder, "c")
    one_pass(folder, "--log-path", "access.log")
    one_pass(folder, "--log-path", "access.log")

    assert taken(folder) == ["a", "b", "c"]
    assert taken(folder, "gateway") == ["g1"]


def test_a_gateways_log_that_is_not_there_is_told(folder):
    """Also where other calls were read."""
    record(folder, "a")

    assert "there is no nowhere/access.log" in one_pass(folder, "--log-path", "nowhere/access.log")
    assert taken(folder) == ["a"]


def test_folders_that_are_allowed(folder):
    """The data folder's own log is read wherever the gateway's has to lie."""
    record(folder, "a")
    one_pass(folder, "--log-path", "access.log", "--allow-dir", "elsewhere", status=1)

    assert taken(folder) == ["a"]
    assert taken(folder, "gateway") == []


def test_a_monitor_at_work_hears_of_the_first_one(folder):
    """It need not be there when it begins."""
    process = subprocess.Popen(**monitor(folder, "--follow", "--log-path", "access.log", "--refresh-interval", "0.1"))
    try:
        until(lambda: taken(folder, "gateway") == ["g1"], "the gateway's call")
        record(folder, "a")
        until(lambda: taken(folder) == ["a"], "the recorded call")
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def test_a_call_that_a_gateway_logged_too(folder):
    """Is counted once where a proxy recorded it first, though nobody ever imported anything, and is told."""
    names = [f"chatcmpl-01XFDUDYJgAACzvnptvVo{number}" for number in range(3)]
    record(folder, *names[:2])
    with (folder / "access.log").open("ab") as log:
        log.write(calls.line("gateway", ["says"], chat_id=names[0]) + b"\n")
    one_pass(folder, "--log-path", "access.log")
    record(folder, names[2])
    with (folder / "access.log").open("ab") as log:
        for name in (names[1], names[2], "another-that-nobody-recorded"):
            log.write(calls.line("gateway", ["says"], chat_id=name) + b"\n")
    said = one_pass(folder, "--log-path", "access.log")

    assert taken(folder) == names
    assert taken(folder, "gateway") == ["g1", "another-that-nobody-recorded"]
    assert "recorded elsewhere" in said
