"""delete and prune as a user runs them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from session_monitor.base import data_folder
from tests.support.calls import call
from tests.support.command_line import PROGRAM, SCRIPTS
from tests.support.maintenance import left, put

# -- delete ------------------------------------------------------------------------------------------------------------


def test_sessions_are_deleted_by_their_ids(run_on_five, five_sessions):
    """One or more ids, or the address of a session's page; each once."""
    page = "http://127.0.0.1:8080/session?id=agent%3Amain%3A3"

    code, out, err = run_on_five("delete", "agent:main:1", page, "agent:main:3", "--yes")

    assert (code, err) == (0, "")
    assert out.startswith("2 sessions (")
    assert left(five_sessions) == "245"


def test_an_id_that_is_not_there_deletes_nothing(run_on_five, five_sessions):
    """Where one is unknown, all of them stay, and those unknown are named."""
    code, out, err = run_on_five("delete", "agent:main:1", "agent:main", "\x1b[31mred", "--yes")

    assert (code, out) == (3, "")
    assert "nothing was deleted" in err
    assert "\n  agent:main\n  \\x1b[31mred\n" in err
    assert left(five_sessions) == "12345"
    assert json.loads(run_on_five("delete", "x", "--yes", "--json")[1])["error"]["code"] == "session_not_found"


@pytest.mark.parametrize("command", [("delete", "agent:main:1"), ("prune", "--older-than", "2026-02-02")])
def test_it_asks_before_it_deletes(run_on_five, five_sessions, command):
    """On a terminal it asks; where nobody can be asked, --yes is needed."""
    code, out, err = run_on_five(*command)
    assert (code, out) == (2, "")
    assert "1 session (" in err
    assert "add --yes" in err
    for answer in ("", "n\n", "yeah\n"):
        code, out, err = run_on_five(*command, terminal=answer)
        assert (code, out) == (1, "")
        assert err.startswith("delete 1 session (")
        assert err.endswith("cli.py: nothing was deleted\n")
    assert left(five_sessions) == "12345"

    assert run_on_five(*command, terminal=" Y \n")[0] == 0
    assert left(five_sessions) == "2345"


def test_what_was_deleted_as_json(run_on_five):
    """Each session with its last call and its bytes, and their sums."""
    code, out, _ = run_on_five("delete", "agent:main:1", "agent:main:2", "--yes", "--json")

    data = json.loads(out)["data"]
    assert code == 0
    assert [each["session_id"] for each in data["sessions"]] == ["agent:main:1", "agent:main:2"]
    assert data["sessions"][0]["updated_at"] == "2026-02-01T12:00:00Z"
    assert (data["count"], data["bytes"]) == (2, sum(each["bytes"] for each in data["sessions"]))


def test_on_a_real_terminal(five_sessions):
    """The question goes to the terminal and the answer comes from it; the data is alone on stdout."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, "delete", "--data-dir", str(five_sessions), "agent:main:1", "--json"]
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
    assert left(five_sessions) == "2345"


# -- prune -------------------------------------------------------------------------------------------------------------


def test_old_sessions_are_deleted(run_on_five, five_sessions):
    """Those whose last call was before the day, and no others; a second time there is nothing to do."""
    code, out, err = run_on_five("prune", "--older-than", "2026-02-03", "--yes")
    assert (code, err) == (0, "")
    assert out.startswith("2 sessions (")
    assert left(five_sessions) == "345"

    code, out, _ = run_on_five("prune", "--older-than", "2026-02-03")
    assert code == 0
    assert out.startswith("No session's last call was before 2026-02-03")
    assert run_on_five("prune", "--older-than", "12w", "--yes")[0] == 0
    assert left(five_sessions) == ""


def test_a_dry_run_deletes_nothing(run_on_five, five_sessions):
    """It lists what would go, the oldest first, twenty at most, and how much that is."""
    old = [call(f"agent:x{number}", start_time="2026-01-01T00:00:00Z") for number in range(30)]
    put(five_sessions, old[:18])
    assert len(run_on_five("prune", "--older-than", "2026-02-03", "--dry-run")[1].splitlines()) == 23
    put(five_sessions, old[18:])

    code, out, err = run_on_five("prune", "--older-than", "2026-02-03", "--dry-run")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert len(lines) == 24
    assert lines[-2] == "… and 12 more"
    assert lines[-1].startswith("32 sessions (")
    data = json.loads(run_on_five("prune", "--older-than", "2026-02-03", "--dry-run", "--json")[1])["data"]
    assert (data["count"], data["dry_run"], data["older_than"]) == (32, True, "2026-02-03T00:00:00.000Z")
    assert [each["session_id"] for each in data["sessions"][-2:]] == ["agent:main:1", "agent:main:2"]
    assert len(list(five_sessions.glob("agent:*.json"))) == 35
    assert not (five_sessions / data_folder.DELETED).exists()


@pytest.mark.parametrize("when", ["soon", "", "90", "-3d", "2026-13-01", "2999-01-01"])
def test_a_time_that_makes_no_sense(run_on_five, five_sessions, when):
    """What names no time in the past is a wrong argument, and nothing is deleted."""
    code, out, err = run_on_five("prune", f"--older-than={when}", "--yes")

    assert (code, out) == (2, "")
    assert ("is still to come" if when == "2999-01-01" else f"cli.py: {when} is no time: write 2026-02-01") in err
    assert left(five_sessions) == "12345"
