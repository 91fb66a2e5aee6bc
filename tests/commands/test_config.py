"""``config`` shows the settings with their origins, and writes them so that all three programs find them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from commands.shared.failures import USAGE
from session_monitor.base import settings
from tests.support.command_line import ENVIRONMENT, MAIN, SCRIPTS, line, run


@pytest.fixture
def asked(tmp_path):
    """Runs ``cli.py`` for somebody with a configuration folder of their own, in a folder of their own."""

    def ask(*arguments, **environment):
        return run(*arguments, environment=at_home(tmp_path, environment), cwd=tmp_path)

    return ask


def at_home(tmp_path, environment):
    """The environment of somebody whose config file is beneath this folder."""
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "SESSION_MONITOR_CONFIG": None, **environment}


def told(asked, *arguments, **environment):
    """What a command that succeeds prints as JSON."""
    done = asked("config", *arguments, "--json", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)["data"]


def test_set_and_show(asked, tmp_path):
    """What was set is shown with the file it stands in, which is its owner's alone; the environment goes before it."""
    file = str(tmp_path / "config" / "agent-session-monitor" / "config.json")

    assert told(asked, "set", "data_dir", "kept") == {"path": file, "name": "data_dir", "value": str(tmp_path / "kept")}
    told(asked, "set", "log_path", "/a.log", "/b.log")
    told(asked, "set", "base_url", "https://monitor.example.org")
    told(asked, "set", "otlp", "http://localhost:4318")
    told(asked, "set", "ship", "clickhouse://localhost/fleet")

    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert told(asked, "show", SESSION_MONITOR_TIMEZONE="UTC") == [
        {"name": "data_dir", "value": str(tmp_path / "kept"), "from": file},
        {"name": "log_path", "value": ["/a.log", "/b.log"], "from": file},
        {"name": "timezone", "value": "UTC", "from": "SESSION_MONITOR_TIMEZONE"},
        {"name": "base_url", "value": "https://monitor.example.org", "from": file},
        {"name": "otlp", "value": "http://localhost:4318", "from": file},
        {"name": "ship", "value": "clickhouse://localhost/fleet", "from": file},
        {"name": "gateway", "value": "", "from": "built in"},
    ]
    told(asked, "unset", "log_path")
    assert json.loads(Path(file).read_text()) == {
        "data_dir": str(tmp_path / "kept"),
        "base_url": "https://monitor.example.org",
        "otlp": "http://localhost:4318",
        "ship": "clickhouse://localhost/fleet",
    }
    assert told(asked, "path")[0] == {"path": file, "exists": True}


def test_for_people(asked, tmp_path):
    """A table, and a sentence for each change; a variable that goes before what was set is named."""
    file = tmp_path / "config" / "agent-session-monitor" / "config.json"
    changed = asked("config", "set", "timezone", "Asia/Shanghai", SESSION_MONITOR_TIMEZONE="UTC")

    assert changed.stdout == f"timezone is Asia/Shanghai now: {file}\n"
    assert "$SESSION_MONITOR_TIMEZONE is set, and goes before it" in changed.stderr
    assert asked("config", "show").stdout.splitlines()[4].split() == ["timezone", "Asia/Shanghai", str(file)]
    assert asked("config", "unset", "timezone").stdout == f"timezone is not set any more: {file}\n"
    assert asked("config", "path").stdout.splitlines()[0] == str(file)


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["set", "timezone", "Mars/Olympus"], 2, "bad_timezone"),
        (["set", "base_url", "monitor.example.org"], 2, "bad_base"),
        (["set", "otlp", "localhost:4318"], 2, "bad_destination"),
        (["set", "ship", "clickhouse://localhost"], 2, "bad_destination"),
        (["set", "gateway", "a\nb"], 2, "bad_destination"),
        (["set", "data_dir", ""], 2, "bad_setting"),
        (["set", "timezone", "UTC", "UTC"], 2, "bad_setting"),
        (["unset", "timezone"], 3, "no_setting"),
    ],
)
def test_what_cannot_be_set(asked, arguments, status, code):
    """It is said why, and nothing is written."""
    done = asked("config", *arguments, "--json")

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (status, code)
    assert not told(asked, "path")[0]["exists"]


def test_no_file_of_ones_own(asked):
    """Nothing is written into the machine's file for want of another."""
    nowhere = {"SESSION_MONITOR_CONFIG": ""}
    done = asked("config", "set", "timezone", "UTC", "--json", **nowhere)

    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "no_config")
    assert told(asked, "path", **nowhere) == []


def test_a_mistake_in_the_file(asked, tmp_path):
    """Whoever depends on it is told the file and the mistake, and no other value is taken; ``config path`` still answers."""
    file = tmp_path / "config" / "agent-session-monitor" / "config.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"data_dir": 1}')

    for arguments in (["list"], ["config", "show"], ["config", "set", "timezone", "UTC"]):
        done = asked(*arguments, "--json")
        error = json.loads(done.stdout)["error"]
        assert (done.returncode, error["code"]) == (2, "bad_config")
        assert error["message"].startswith(f"{file}: data_dir must be a text")
    for program in (MAIN, SCRIPTS / "webserver.py"):
        environment = {**ENVIRONMENT, **at_home(tmp_path, {})}
        environment = {name: value for name, value in environment.items() if value is not None}
        done = subprocess.run(
            [sys.executable, program], text=True, capture_output=True, env=environment, cwd=tmp_path, check=False
        )
        assert done.returncode == 2
        assert f"error: {file}: data_dir must be a text" in done.stderr
    assert asked("config", "path").returncode == 0
    assert file.read_text() == '{"data_dir": 1}'


def test_all_programs_follow_it(asked, tmp_path):
    """One setting, and a monitor reads that log into that folder, and a question finds it there."""
    log = tmp_path / "logs" / "access.log"
    log.parent.mkdir()
    log.write_text(line("a"))
    told(asked, "set", "log_path", str(log))
    told(asked, "set", "data_dir", str(tmp_path / "kept"))
    environment = {name: value for name, value in {**ENVIRONMENT, **at_home(tmp_path, {})}.items() if value is not None}

    subprocess.run([sys.executable, MAIN, "--once", "--quiet"], env=environment, cwd=tmp_path, check=True)

    listed = json.loads(asked("list", "--json").stdout)["data"]
    assert [row["session_id"] for row in listed] == ["a"]
    checks = {check["name"]: check for check in json.loads(asked("doctor", "--json").stdout)["data"]}
    file = tmp_path / "config" / "agent-session-monitor" / "config.json"
    assert (
        checks["settings"]["found"] == f"log_path is {log} (from {file}); data_dir is {tmp_path / 'kept'} (from {file})"
    )
    assert checks["log"]["found"].startswith(f"{log}: ")


@pytest.mark.parametrize(
    "words", [["doctor"], ["doctor", "--data-dir", "."], ["summary", "--timezone", "UTC"]], ids=" ".join
)
def test_the_config_files_are_read_once(tmp_path, monkeypatch, words):
    """However many options and checks want to know what they say; a mistake in one is told as such everywhere."""
    config = tmp_path / "config.json"
    config.write_text('{"timezone": "UTC"}')
    monkeypatch.setenv(settings.CONFIG, str(config))
    read = []
    monkeypatch.setattr(settings, "read", lambda path, own=settings.read: read.append(path) or own(path))

    cli.main(words)
    assert read == [str(config)]

    config.write_text("no JSON")
    assert cli.main(words) == USAGE
