"""doctor and verify as a user sees them: what they print, as text and as JSON, and how they end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from commands.shared import failures
from commands.upkeep import checks
from session_monitor.base import settings
from session_monitor.index.keeper import Keeper
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.own_prices.own_lists import book
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.command_line import ROOT, command_line, status_of

SECRET = "the-secret-word"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A person's home with a log of two calls of today, read into a folder with an index."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
    lines = [calls.line(session, [SECRET], answer=SECRET, start_time=now) for session in ("a", "evil\x1b[31m\nid")]
    (tmp_path / "access.log").write_bytes(b"".join(line + b"\n" for line in lines))
    folder = tmp_path / "sessions"
    folder.mkdir(mode=0o700)
    read(tmp_path)
    return tmp_path


def read(home):
    """One pass of a monitor."""
    folder = str(home / "sessions")
    kept = Keeper(folder, book(folder, os.environ), lambda _done, _total: None)
    state = Checkpoint(f"{folder}/.state.json", folder)
    Ingest([str(home / "access.log")], Store(folder), state, index=kept).poll()
    kept.close()


@pytest.fixture
def run(home, capsys):
    """Run a command on that folder; its exit code and what it prints."""

    def run(*arguments):
        words = [*map(str, arguments), "--data-dir", str(home / "sessions")]
        status = status_of(command_line(checks).parse_args(words))
        out, err = capsys.readouterr()
        assert err == ""
        assert SECRET not in out
        assert "\x1b" not in out
        return status, out

    return run


def data(out):
    """What is in the envelope."""
    envelope = json.loads(out)
    assert envelope["schema_version"] == 1
    return envelope["data"]


@pytest.mark.parametrize("command", ["doctor", "verify"])
def test_help(command, capsys):
    """Each command has help with examples, and names every option."""
    with pytest.raises(SystemExit) as end:
        command_line(checks).parse_args([command, "--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert f"python3 scripts/cli.py {command}" in out
    assert "--state-file" in out


# -- doctor ------------------------------------------------------------------------------------------------------------


def test_doctor(run, home):
    """One line a check, and a summary; exit code 0 where nothing fails."""
    status, out = run("doctor", "--log-path", home / "access.log")
    lines = out.splitlines()
    assert status == 0
    assert all(line.startswith("✅ ") for line in lines[:-1]), out
    assert lines[-1] == f"{len(lines) - 1} checks: {len(lines) - 1} fine"


@pytest.mark.parametrize(("more", "is_deep"), [((), False), (("--deep",), True)])
def test_what_doctor_looks_at(run, home, monkeypatch, more, is_deep):
    """What it was told: logs, and beneath which folders; read positions; whether a large index is looked through."""
    asked = []
    monkeypatch.setattr(checks.doctor, "examine", lambda case: asked.append(case) or [])
    options = ["--log-path", "a.log", "--log-path", "b.log", "--allow-dir", home, "--state-file", "state"]

    assert run("doctor", *options, *more) == (0, "0 checks: 0 fine\n")
    run("doctor", *more)

    told, untold = asked
    assert (told.logs, told.allowed, told.state_file) == (["a.log", "b.log"], [str(home)], "state")
    assert (untold.logs, untold.allowed) == ([], [])
    assert untold.state_file == str(home / "sessions" / ".state.json")
    assert [each.deep for each in asked] == [is_deep] * 2


def test_doctor_says_what_to_do(run, home):
    """What fails is followed by what to do, and ends with exit code 1; JSON has the same checks."""
    arguments = ("doctor", "--log-path", home / "none")
    status, out = run(*arguments)
    assert status == 1
    assert f"❌ log: there is no {home / 'none'}\n     → name the gateway's access log with --log-path" in out
    assert out.splitlines()[-1].endswith("1 failed")

    status, out = run(*arguments, "--json")
    assert status == 1
    (failed,) = [check for check in data(out) if check["level"] == "fail"]
    assert sorted(failed) == ["found", "level", "name", "todo"]
    assert failed["name"] == "log"


def test_doctor_where_no_signs_can_be_shown(run, home, monkeypatch):
    """Where the output is no UTF-8 words stand for the signs."""
    monkeypatch.setattr(checks, "holds_unicode", lambda: False)
    _, out = run("doctor", "--log-path", home / "none")
    assert out.startswith("fine Python: ")
    assert "FAIL log: " in out
    assert out.isascii()


def test_doctor_with_a_state_file_elsewhere(run, home, monkeypatch):
    """Another state file is looked into, and names the log where the default is not there."""
    monkeypatch.setattr(settings.LOG_PATH, "built_in", [str(home / "none")])
    moved = home / "elsewhere.json"
    shutil.move(home / "sessions" / ".state.json", moved)
    assert run("doctor")[0] == 0  # there is data: a warning
    status, out = run("doctor", "--state-file", moved, "--json")
    assert status == 0
    assert {check["level"] for check in data(out)} == {"ok"}


AS_ORDINARY_USER = f"""\
import os, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "scripts")!r}]
from commands.upkeep import checks
from session_monitor.prices import price_list
from tests.support.command_line import command_line, status_of
price_list.shipped()
options = command_line(checks).parse_args()
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(status_of(options))
"""


def test_doctor_as_a_user_who_may_not(home):
    """A log and a data folder that this user may not look into are told, and are no crash."""
    public = Path(tempfile.mkdtemp(prefix="session-monitor-"))
    try:
        public.chmod(0o755)
        shutil.copytree(home / "sessions", public / "sessions")
        for path in [public / "access.log", *(public / "sessions").iterdir(), public / "sessions"]:
            path.touch()
            path.chmod(0)
        command = ["doctor", "--log-path", public / "access.log", "--data-dir", public / "sessions", "--json"]
        done = subprocess.run(
            [sys.executable, "-c", AS_ORDINARY_USER, *map(str, command)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (1, "")
        levels = {check["name"]: (check["level"], check["found"]) for check in data(done.stdout)}
        assert levels["log"] == ("fail", f"{public / 'access.log'} cannot be read: Permission denied")
        assert levels["data folder"][0] == "fail"
        assert levels["state file"][0] == "warn"
    finally:
        shutil.rmtree(public)


# -- verify ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("--quick",)])
def test_verify(run, more):
    """Sound data is said to be sound, with exit code 0."""
    assert run("verify", *more) == (0, "2 session files, 2 rounds: all is sound\n")
    status, out = run("verify", *more, "--json")
    assert status == 0
    counts = {"files": 2, "rounds": 2, "quick": bool(more), "sound": True, "fault_count": 0, "notice_count": 0}
    assert data(out) == {**counts, "faults": [], "notices": []}


def test_verify_names_what_is_broken(run, home):
    """A fault is named with its file and what to do, and ends with exit code 1."""
    (home / "sessions" / "a.json").write_bytes(b"")
    (home / "sessions" / "x.tmp").touch()

    status, out = run("verify")

    assert status == 1
    assert "fault: a.json: does not begin like a session file\n     → " in out
    assert "notice: x.tmp: is a leftover\n     → " in out
    assert out.endswith("2 session files, 1 round: 1 fault, 1 notice\n")
    status, out = run("verify", "--json")
    assert status == 1
    assert [(fault["file"], bool(fault["todo"])) for fault in data(out)["faults"]] == [("a.json", True)]


def test_verify_with_many_faults(run, home):
    """Of many faults some are printed and the others counted, if there are any."""
    for number in range(30):
        (home / "sessions" / f"{number}.json").touch()
    status, out = run("verify")
    assert status == 1
    assert out.count(".json: ") == 20
    assert "fault: and 10 more" in out
    assert out.endswith(": 30 faults, 0 notices\n")

    for number in range(10):
        (home / "sessions" / f"{number}.json").unlink()
    _, out = run("verify")
    assert out.count(".json: ") == 20
    assert "more" not in out


def test_verify_without_a_folder(capsys, tmp_path):
    """A folder that is not there fails with what to do."""
    options = command_line(checks).parse_args(["verify", "--data-dir", str(tmp_path / "none")])
    with pytest.raises(failures.Failure, match="--data-dir"):
        status_of(options)
