"""status and recover as a user and an agent run them: how a session stands, in few words, none of which anybody said in it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.command_line import data, line, run, sessions

USAGE, NOT_FOUND, FAILED = 2, 3, 1
ID = "agent:main:discord:channel:1465367993012981988"
SECRET = "a secret word"
PRICED = {"model": "gpt-4o", "input_token": 100_000, "output_token": 0, "messages": [], "answer": SECRET}


def ago(now=None, **length):
    """The start of a call so long before now."""
    start = (now or datetime.now(timezone.utc)) - timedelta(**length)
    return {"start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}"}


@pytest.fixture
def folder(tmp_path):
    """Sessions that talked at different times; one of them had an error."""
    now = datetime.now(timezone.utc)
    lines = [
        line(ID, outer=ago(now, hours=5), **PRICED),
        line(ID, outer={**ago(now, hours=3, minutes=30), "response_code": "503"}, question=SECRET, model="gpt-4o"),
        line(ID, outer=ago(now, hours=3, minutes=10), **PRICED),
        line(ID, outer=ago(now, hours=3), **PRICED),
        line("now", outer=ago(now, minutes=70), **PRICED),
        line("now", outer={**ago(now, minutes=1), "response_code": "429"}, model="no-such-model"),
        line("yesterday", outer=ago(now, hours=13)),
        line("long ago", outer=ago(now, days=3)),
    ]
    return sessions(tmp_path / "sessions", *lines)


def do(folder, *words, **options):
    """A command on this folder."""
    return run(*words, "--data-dir", folder, **options)


def test_how_a_session_stands(folder):
    """How long it ran, what it and its last hour cost, and the last error with its round."""
    told = data("status", ID, "--data-dir", folder)

    assert (told["session_id"], told["state"], told["last_call_failed"]) == (ID, "idle", False)
    assert (told["running_seconds"], told["rounds"], told["failed"]) == (7200, 4, 1)
    assert 3 * 3600 <= told["idle_seconds"] < 3 * 3600 + 60
    assert (told["cost_usd"], told["last_hour"]["cost_usd"], told["last_hour"]["calls"]) == ("0.750075", "0.500075", 3)
    assert (told["last_error"]["round"], told["last_error"]["code"]) == (2, 503)
    shown = do(folder, "status", ID).stdout.splitlines()
    assert shown[0] == f"{ID}: idle (its last call was 3 h ago)"
    assert shown[1] == "  2 h, 4 rounds (1 failed)"
    assert "in its last hour" in shown[2]
    assert shown[4].startswith("  last error: 503 in round 2 @ ")


def test_one_that_is_at_work_runs_until_now(folder):
    """The current one is that of the environment; that its last call failed is said beside its state."""
    told = data("status", "--data-dir", folder, environment={"AGENT_SESSION_ID": "now"})

    assert (told["session_id"], told["state"], told["last_call_failed"]) == ("now", "active", True)
    assert 70 * 60 <= told["running_seconds"] < 72 * 60
    assert told["last_hour"] == {"calls": 1, "cost_usd": None, "unpriced_rounds": 1}
    assert ", its last call" in do(folder, "status", "now").stdout
    assert "; not known in its last hour" in do(folder, "status", "now").stdout


def test_states(folder):
    """By its age, or by what somebody says; lists choose by the same."""

    def state(session_id, *words):
        return data("status", session_id, *words, "--data-dir", folder)["state"]

    assert [state(each) for each in ("now", ID, "yesterday", "long ago")] == ["active", "idle", "stale", "stale"]
    assert [state(each, "--max-age", "1d") for each in (ID, "yesterday", "long ago")] == ["idle", "idle", "stale"]
    do(folder, "archive", "long ago")
    assert state("long ago") == "ended"
    listed = [[row["session_id"] for row in data("list", "--status", each, "--data-dir", folder)] for each in STATES]
    assert listed == [["yesterday"], ["long ago"], [ID, "yesterday"], ["now"]]


STATES = ("stale", "ended", "idle", "error")


def test_recover_marks_those_that_are_silent(folder):
    """Until they talk again; a dry run marks none, and neither is one marked twice."""
    do(folder, "archive", "long ago")

    tried = data("recover", "--max-age", "2h", "--dry-run", "--data-dir", folder)
    assert (tried["stale"], tried["marked"], tried["dry_run"]) == (2, 1, True)
    assert data("status", ID, "--data-dir", folder)["state"] == "idle"
    assert do(folder, "recover", "--max-age", "2h").stdout == (
        "2 sessions silent for 2 h or longer and not archived: 1 of them marked.\n"
    )
    assert data("status", ID, "--data-dir", folder)["state"] == "stale"
    assert [row["session_id"] for row in data("list", "--status", "stale", "--data-dir", folder)] == [ID, "yesterday"]
    assert data("recover", "--max-age", "2h", "--data-dir", folder)["marked"] == 0
    assert data("status", "now", "--data-dir", folder)["state"] == "active"

    again = line(ID, 9, outer=ago(minutes=1), **PRICED)
    sessions(folder, (folder.parent / "access.log").read_text(encoding="utf-8"), again)
    assert data("status", ID, "--data-dir", folder)["state"] == "active"


def test_recover_without_any(folder):
    """Is said; and no file is made."""
    assert "none" in do(folder, "recover", "--max-age", "7d").stdout
    assert not (folder / ".notes.json").exists()


def test_budgets_that_count_it(folder):
    """Those of its consumers, models and id, with what is left, the most used up first."""
    for name, words in {
        "all": ["--total", "10"],
        "each": ["--session", "1", "--model", "gpt-*"],
        "spent": ["--total", "0.5", "--session-id", "agent:*"],
        "tokens": ["--total", "--tokens", "1000000"],
        "other": ["--total", "1", "--session-id", "x*"],
        "others": ["--total", "1", "--model", "claude*"],
    }.items():
        assert do(folder, "budget", "set", name, *words).returncode == 0

    told = data("status", ID, "--data-dir", folder)
    assert [(each["name"], each["level"]) for each in told["budgets"]] == [
        ("spent", "breached"),
        ("each", "ok"),
        ("tokens", "ok"),
    ]
    assert (told["budgets"][1]["left_usd"], told["more_budgets"]) == ("0.249925", 1)
    shown = do(folder, "status", ID).stdout
    assert "budget spent: ✗ $0.00 left (150 %) of $0.50 total\n" in shown
    assert "budget all: " in shown
    assert "other" not in shown


def test_it_is_brief(folder):
    """An agent reads no more than a kilobyte, and no word of what was said."""
    for name in ("one", "two", "three", "four"):
        do(folder, "budget", "set", name, "--session", "0.1", "--tokens", "1000")

    done = do(folder, "status", ID, "--json")
    assert len(done.stdout.encode()) <= 1024
    assert json.loads(done.stdout)["data"]["more_budgets"] == 1
    assert SECRET not in done.stdout + do(folder, "status", ID).stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["status", "nobody"], NOT_FOUND, "no session nobody"),
        (["status", "last", "--max-age", "14m"], USAGE, "15m at least"),
        (["recover", "--max-age", "soon"], USAGE, "no length of time"),
        (["recover", "--max-age", "0h"], USAGE, "no length of time"),
    ],
)
def test_mistakes(folder, words, code, said):
    """Are told."""
    done = do(folder, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_a_file_with_a_mistake(folder):
    """Nothing is marked in notes that cannot be read; a status goes on without them, but not without budgets."""
    (folder / ".notes.json").write_text("{", encoding="utf-8")
    assert do(folder, "recover").returncode == FAILED
    done = do(folder, "status", ID)
    assert (done.returncode, "nothing that is noted of sessions is told" in done.stderr) == (0, True)
    (folder / ".budgets.json").write_text("{", encoding="utf-8")
    assert do(folder, "status", ID).returncode == FAILED
