"""delete, prune and repair as a user runs them."""

from __future__ import annotations

import errno
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from session_monitor.base import data_folder
from session_monitor.sessions import deleted, write_lock
from session_monitor.sessions.store import Store
from session_monitor.sessions.write_lock import MonitorsLock
from tests.support.calls import call, in_log

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
PROGRAM = """\
import sys
import cli
sys.exit(cli.main())
"""


@pytest.fixture(autouse=True)
def _commands(monkeypatch):
    """Commands wait for nobody."""
    monkeypatch.setattr(write_lock, "PATIENCE", 0.05)
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def folder(tmp_path):
    """One with five sessions, a day apart."""
    days = [f"2026-02-0{day}T12:00:00Z" for day in range(1, 6)]
    put(tmp_path, [call(f"agent:main:{day[9]}", start_time=day) for day in days])
    return tmp_path


def put(folder, calls):
    """Add these calls."""
    store = Store(str(folder))
    for each in in_log(calls):
        store.add(*each)
    store.flush()


@pytest.fixture
def run(folder, capsys, monkeypatch):
    """Run a command; gives its exit code, and what it said on stdout and on stderr."""

    def run(*arguments, terminal=None):
        stdin = io.StringIO(terminal or "")
        stdin.isatty = lambda: terminal is not None
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True))
        code = cli.main([arguments[0], "--data-dir", str(folder), *arguments[1:]])
        return code, sys.stdout.buffer.getvalue().decode(), capsys.readouterr().err

    return run


def left(folder):
    """The numbers of the sessions that are left."""
    return "".join(sorted(path.stem[-1] for path in folder.glob("agent:*.json")))


# -- delete ------------------------------------------------------------------------------------------------------------


def test_sessions_are_deleted_by_their_ids(run, folder):
    """One or more ids, or the address of a session's page; each once."""
    page = "http://127.0.0.1:8080/session?id=agent%3Amain%3A3"

    code, out, err = run("delete", "agent:main:1", page, "agent:main:3", "--yes")

    assert (code, err) == (0, "")
    assert out.startswith("2 sessions (")
    assert left(folder) == "245"


def test_an_id_that_is_not_there_deletes_nothing(run, folder):
    """Where one is unknown, all of them stay, and those unknown are named."""
    code, out, err = run("delete", "agent:main:1", "agent:main", "\x1b[31mred", "--yes")

    assert (code, out) == (3, "")
    assert "nothing was deleted" in err
    assert "\n  agent:main\n  \\x1b[31mred\n" in err
    assert left(folder) == "12345"
    assert json.loads(run("delete", "x", "--yes", "--json")[1])["error"]["code"] == "session_not_found"


@pytest.mark.parametrize("command", [("delete", "agent:main:1"), ("prune", "--older-than", "2026-02-02")])
def test_it_asks_before_it_deletes(run, folder, command):
    """On a terminal it asks; where nobody can be asked, --yes is needed."""
    code, out, err = run(*command)
    assert (code, out) == (2, "")
    assert "1 session (" in err
    assert "add --yes" in err
    for answer in ("", "n\n", "yeah\n"):
        code, out, err = run(*command, terminal=answer)
        assert (code, out) == (1, "")
        assert err.startswith("delete 1 session (")
        assert err.endswith("cli.py: nothing was deleted\n")
    assert left(folder) == "12345"

    assert run(*command, terminal=" Y \n")[0] == 0
    assert left(folder) == "2345"


def test_what_was_deleted_as_json(run):
    """Each session with its last call and its bytes, and their sums."""
    code, out, _ = run("delete", "agent:main:1", "agent:main:2", "--yes", "--json")

    data = json.loads(out)["data"]
    assert code == 0
    assert [each["session_id"] for each in data["sessions"]] == ["agent:main:1", "agent:main:2"]
    assert data["sessions"][0]["updated_at"] == "2026-02-01T12:00:00Z"
    assert (data["count"], data["bytes"]) == (2, sum(each["bytes"] for each in data["sessions"]))


# -- prune -------------------------------------------------------------------------------------------------------------


def test_old_sessions_are_deleted(run, folder):
    """Those whose last call was before the day, and no others; a second time there is nothing to do."""
    code, out, err = run("prune", "--older-than", "2026-02-03", "--yes")
    assert (code, err) == (0, "")
    assert out.startswith("2 sessions (")
    assert left(folder) == "345"

    code, out, _ = run("prune", "--older-than", "2026-02-03")
    assert code == 0
    assert out.startswith("No session's last call was before 2026-02-03")
    assert run("prune", "--older-than", "12w", "--yes")[0] == 0
    assert left(folder) == ""


def test_a_dry_run_deletes_nothing(run, folder):
    """It lists what would go, the oldest first, twenty at most, and how much that is."""
    put(folder, [call(f"agent:x{number}", start_time="2026-01-01T00:00:00Z") for number in range(30)])

    code, out, err = run("prune", "--older-than", "2026-02-03", "--dry-run")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 24
    assert lines[-2] == "… and 12 more"
    assert lines[-1].startswith("32 sessions (")
    data = json.loads(run("prune", "--older-than", "2026-02-03", "--dry-run", "--json")[1])["data"]
    assert (data["count"], data["dry_run"], data["older_than"]) == (32, True, "2026-02-03T00:00:00.000Z")
    assert [each["session_id"] for each in data["sessions"][-2:]] == ["agent:main:1", "agent:main:2"]
    assert len(list(folder.glob("agent:*.json"))) == 35
    assert not (folder / data_folder.DELETED).exists()


@pytest.mark.parametrize("when", ["soon", "", "90", "-3d", "2026-13-01", "2999-01-01"])
def test_a_time_that_makes_no_sense(run, folder, when):
    """What names no time in the past is a wrong argument, and nothing is deleted."""
    code, out, err = run("prune", f"--older-than={when}", "--yes")

    assert (code, out) == (2, "")
    assert "--older-than" in err or "is no time" in err
    assert left(folder) == "12345"


# -- repair ------------------------------------------------------------------------------------------------------------


def test_what_was_repaired_is_told(run, folder):
    """A line for each thing that was done, or left; where all is well, that."""
    assert run("repair") == (0, "Nothing to repair.\n", "")
    for number in (1, 2):
        path = folder / f"agent:main:{number}.json"
        data = path.read_bytes()
        path.write_bytes(data[:-5] if number == 1 else b"junk" + data)
    (folder / ".state.json.tmp").write_bytes(b"{")
    os.utime(folder / ".state.json.tmp", (0, 0))

    code, out, err = run("repair")

    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].startswith("mended agent:main:1.json: 1 round, without ")
    assert lines[1] == "removed .state.json.tmp, which nobody needs"
    assert lines[2].startswith("left agent:main:2.json as it is: it does not begin like a session file")
    assert "the monitor sets its file aside" in lines[3]
    data = json.loads(run("repair", "--json")[1])["data"]
    assert data["mended"] == data["removed"] == []
    assert data["damaged"] == [{"file": "agent:main:2.json", "what": "does not begin like a session file"}]
    assert not data["index_made_anew"]


# -- what fails --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("delete", "agent:main:1", "--yes"), ("prune", "--older-than", "30d", "--yes"), ("repair",)]
)
def test_a_lock_that_is_held_elsewhere(run, folder, command):
    """Who waits in vain is told for what, and nothing is changed."""
    path = folder / "agent:main:1.json"
    if command == ("repair",):
        path.write_bytes(path.read_bytes()[:-5])
    data = path.read_bytes()
    with MonitorsLock(str(folder)).held():
        code, out, err = run(*command)

    assert (code, out) == (1, "")
    assert "another process has been changing session files" in err
    assert str(folder / data_folder.WRITE_LOCK) in err
    assert path.read_bytes() == data


def test_a_folder_that_is_not_there(run, folder, tmp_path):
    """It is said, and no folder is made."""
    for command in (("delete", "x", "--yes"), ("prune", "--older-than", "1d", "--yes"), ("repair",)):
        assert run(command[0], "--data-dir", str(tmp_path / "none"), *command[1:])[0] == 1
    assert not (tmp_path / "none").exists()


def test_a_damaged_list_of_deleted_sessions(run, folder):
    """Nothing is deleted, and it is said what to do."""
    (folder / data_folder.DELETED).write_bytes(b"junk")

    code, _, err = run("delete", "agent:main:1", "--yes")

    assert code == 1
    assert f"{data_folder.DELETED} is damaged" in err
    assert left(folder) == "12345"


def test_a_folder_that_may_not_be_written(run, folder, monkeypatch):
    """It is said, and nothing is deleted."""

    def write(of, _found):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), of)

    monkeypatch.setattr(deleted, "write", write)

    code, _, err = run("delete", "agent:main:1", "--yes")

    assert (code, err) == (1, f"cli.py: {folder}: Permission denied. See that this user may write there\n")
    assert left(folder) == "12345"


def test_on_a_real_terminal(folder):
    """The question goes to the terminal and the answer comes from it; the data is alone on stdout."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, "delete", "--data-dir", str(folder), "agent:main:1", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    with subprocess.Popen(command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        asked = b""
        while b"[y/N]" not in asked:
            asked += os.read(ours, 1000)
        os.write(ours, b"y\n")
        assert json.loads(process.stdout.read())["data"]["count"] == 1
    os.close(ours)
    assert process.returncode == 0
    assert left(folder) == "2345"
