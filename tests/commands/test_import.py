"""import: what agents' files tell of becomes sessions; whoever asks for the impossible is told what to do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from session_monitor.base import data_folder, files
from tests.importers.test_importing import answer
from tests.support.agent_files import LONG_AGO, laid_out, recorded
from tests.support.command_line import CLI, data, run
from tests.support.waiting import until

PATIENCE = 30


@pytest.fixture
def agent(tmp_path):
    """A folder of Claude Code, with all traps."""
    return laid_out("claude-code.traps", tmp_path / "agent")


def test_what_comes(agent, tmp_path):
    """Sessions, whose sums are those that the import told; a second one adds nothing."""
    told = data("import", "claude-code", agent, "--data-dir", tmp_path / "sessions")["total"]
    sums = data("summary", "--data-dir", tmp_path / "sessions")

    assert (told["calls"], told["sessions"], told["failed"]) == (8, 2, 1)
    assert [told[name] for name in ("input_tokens", "output_tokens")] == [1_002_788, 276]
    assert [sums[name] for name in ("input_tokens", "output_tokens", "cached_tokens")] == [1_002_788, 276, 1000]
    assert "Nothing is new." in run("import", "claude-code", agent, "--data-dir", tmp_path / "sessions").stdout


def test_a_dry_run(agent, tmp_path):
    """It makes no data folder."""
    done = run("import", "claude-code", agent, "--dry-run", "--data-dir", tmp_path / "sessions")

    assert "8 calls of 2 sessions" in done.stdout
    assert not (tmp_path / "sessions").exists()


def test_all_that_there_are(agent, tmp_path):
    """Those agents that were at work here."""
    os.rename(agent, tmp_path / ".claude")
    environment = {"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": None}
    told = data("import", "all", "--data-dir", tmp_path / "sessions", environment=environment)

    assert {name: each["calls"] for name, each in told["agents"].items()} == {"claude-code": 8}
    assert told["left_to_monitor"] is False


def test_where_a_monitor_is_at_work(agent, tmp_path):
    """It is left to that."""
    (tmp_path / "sessions").mkdir()
    with files.lock(os.path.join(tmp_path / "sessions", data_folder.LOCK), "a monitor"):
        done = run("import", "claude-code", agent, "--data-dir", tmp_path / "sessions")

    assert "The monitor that is at work reads them now." in done.stdout
    assert len(recorded(tmp_path / "sessions")) == 8


def test_what_was_said_is_kept_where_that_is_wanted(tmp_path):
    """And nowhere else."""
    words = "a secret plan"
    folder = tmp_path / "agent" / "projects"
    folder.mkdir(parents=True)
    person = '{"type":"user","message":{"role":"user","content":"%s"}}\n' % words  # noqa: UP031 -- JSON is full of braces
    (folder / "a.jsonl").write_text(person + answer("a"), encoding="utf-8")
    os.utime(folder / "a.jsonl", (LONG_AGO, LONG_AGO))
    found = {}
    for name, options in (("without", ()), ("with", ("--store-content",))):
        run("import", "claude-code", tmp_path / "agent", "--data-dir", tmp_path / name, *options)
        paths = (path for path in (tmp_path / name).rglob("*") if path.is_file())
        found[name] = any(words.encode() in path.read_bytes() for path in paths)

    assert found == {"without": False, "with": True}
    assert words in run("show", "last", "--data-dir", tmp_path / "with").stdout


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["all"], 3, "no_agent_files"),
        (["codex"], 3, "no_agent_files"),
        (["codex", "nowhere"], 3, "no_such_path"),
        (["all", "."], 2, "bad_arguments"),
        (["codex", ".", "--watch", "--dry-run"], 2, "bad_arguments"),
        (["codex", ".", "--interval", "0"], 2, "bad_arguments"),
        (["nobody"], 2, "bad_arguments"),
    ],
)
def test_what_cannot_be(tmp_path, words, status, code):
    """It is said, with an exit code of its own, and no data folder is made."""
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": None, "CODEX_HOME": None, "CLAUDE_CONFIG_DIR": None}
    done = run("import", *words, "--json", "--data-dir", tmp_path / "sessions", environment=home, cwd=tmp_path)

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (status, code)
    assert not (tmp_path / "sessions").exists()


def test_another_import(agent, tmp_path):
    """It is waited for by nobody."""
    (tmp_path / "sessions").mkdir()
    with open(files.kept(str(tmp_path / "sessions" / data_folder.IMPORTS_LOCK)), "rb") as lock:
        files.take(lock.fileno(), 0)
        done = run("import", "claude-code", agent, "--data-dir", tmp_path / "sessions")

    assert (done.returncode, "another import is at work" in done.stderr) == (1, True)


def test_a_database_that_cannot_be_read(tmp_path):
    """All else is taken over, and the exit code tells."""
    folder = laid_out("opencode.1-18-33", tmp_path / "agent")
    (folder / "opencode-dev.db").write_bytes(b"SQLite format 3\x00 and nonsense")
    done = run("import", "opencode", folder, "--data-dir", tmp_path / "sessions")

    assert (done.returncode, "1 call of 1 session" in done.stdout) == (1, True)
    assert "databases that cannot be read (1)" in done.stdout


def started(*words):
    """The command, at work."""
    command = [sys.executable, CLI, "import", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_watching(agent, tmp_path, end):
    """What comes later is taken over, into sessions, and a line tells it; a signal ends it well."""
    process = started(
        "claude-code", agent, "--watch", "--json", "--interval", "0.2", "--data-dir", tmp_path / "sessions"
    )
    try:
        assert json.loads(process.stdout.readline())["data"]["total"]["calls"] == 8
        assert (
            run("import", "claude-code", agent, "--data-dir", tmp_path / "sessions").returncode == 0
        )  # it hinders nobody
        path = agent / "projects" / "new.jsonl"
        path.write_text(answer("later") + answer("newest", 1), encoding="utf-8")
        assert json.loads(process.stdout.readline())["data"]["total"]["calls"] == 1
        until((tmp_path / "sessions" / "claude-code:s1.json").exists, "its session")
    finally:
        process.send_signal(end)
        _, said = process.communicate(timeout=PATIENCE)

    assert (process.returncode, said) == (0, "")


def test_killed_again_and_again(tmp_path):
    """By SIGKILL, wherever it is: in the end each call is there once, in the log and in its session."""
    projects = tmp_path / "agent" / "projects"
    projects.mkdir(parents=True)
    for number in range(10):
        lines = [answer(f"m{number}-{at}", at % 3000, sessionId=f"s{number}") for at in range(600)]
        (projects / f"{number}.jsonl").write_text("".join(lines), encoding="utf-8")
        os.utime(projects / f"{number}.jsonl", (LONG_AGO, LONG_AGO))
    for tries in range(5):
        process = started("claude-code", tmp_path / "agent", "--data-dir", tmp_path / "sessions")
        time.sleep(0.1 + tries * 0.06)
        process.kill()
        process.communicate(timeout=PATIENCE)
    run("import", "claude-code", tmp_path / "agent", "--data-dir", tmp_path / "sessions")
    (projects / "more.jsonl").write_text(answer("more") + answer("last"), encoding="utf-8")
    run("import", "claude-code", tmp_path / "agent", "--data-dir", tmp_path / "sessions")
    names = [call["chat_id"] for call in recorded(tmp_path / "sessions")]

    assert len(names) == len(set(names)) == 6_001
    assert data("summary", "--data-dir", tmp_path / "sessions")["calls"] == 6_001
