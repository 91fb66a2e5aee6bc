"""SKILL.md is for an agent with a small context: each of its commands answers in two kilobytes, of a long session too."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from tests.support import prepared
from tests.tools import gen_access_log

ROOT = Path(__file__).resolve().parent.parent.parent
SKILL = (ROOT / "SKILL.md").read_text(encoding="utf-8")
SESSION = "agent:main:discord:channel:1465367993012981988"
ROUNDS = 500
MOST = 2048
"""Bytes of an answer."""
HELD = 9 * 1024
"""Bytes of the file itself, which an agent reads before it asks."""
LOG = "tests/data/sample/access.log"
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", SKILL, re.DOTALL) for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def long_session(tmp_path_factory):
    """A folder with the program in it and the session of an agent that has talked for 500 rounds."""
    folder = tmp_path_factory.mktemp("skill")
    (folder / LOG).parent.mkdir(parents=True)
    how = ["--profile", "agent", "--sessions", "1", "--lines", str(ROUNDS), "--rate", "0.02", "--seed", "3"]
    gen_access_log.main([*how, "--clean", "--failures", "0.02", "--max-context", "20k", "--out", str(folder / "log")])
    log = (folder / "log").read_bytes()
    (own_id,) = set(re.findall(rb"sess_[0-9a-f]{16}", log))
    (folder / LOG).write_bytes(log.replace(own_id, SESSION.encode()))
    for name in ("main.py", "scripts"):
        (folder / name).symlink_to(ROOT / name)
    assert asked(folder, f"python3 main.py --once --log-path {LOG}").returncode == 0
    return folder


def asked(folder, command):
    """Run a command of the file there, for an agent that knows its session."""
    own = {**os.environ, "SESSION_MONITOR_CONFIG": str(folder / "config.json"), "AGENT_SESSION_ID": SESSION}
    own["PYTHONIOENCODING"] = "utf-8"
    return prepared.run_in_bytes(*shlex.split(command)[1:], cwd=folder, environment=own)


def test_the_session_is_long(long_session):
    """What the answers are measured on has so many rounds, all of one session."""
    answer = json.loads(asked(long_session, "python3 scripts/cli.py cost --json").stdout)

    assert (answer["data"]["session_id"], answer["data"]["rounds"]) == (SESSION, ROUNDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_answers_are_small(long_session, command):
    """Each command that the file shows succeeds, and answers in two kilobytes."""
    done = asked(long_session, command)

    assert (done.returncode, 0 < len(done.stdout) <= MOST) == (0, True), (len(done.stdout), done.stderr)


def test_the_file_is_small():
    """The whole of it costs little of a context."""
    assert len(SKILL.encode()) <= HELD


def test_the_head_is_what_loaders_of_skills_read():
    """Name and description are a line each; the metadata is JSON in a line, and names what has to be installed."""
    head = dict(line.split(": ", 1) for line in SKILL.split("---\n")[1].splitlines())

    assert list(head) == ["name", "description", "metadata"]
    assert re.fullmatch(r"[a-z0-9-]{1,64}", head["name"])
    assert len(head["description"]) <= 1024
    assert json.loads(head["metadata"])["openclaw"]["requires"] == {"bins": ["python3"]}
