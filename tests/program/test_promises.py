"""What the first users were promised still holds, item by item: commands, options, defaults, headings, addresses, keys."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from session_monitor.calls.usage import Usage
from session_monitor.prices.cost import Call, Cost
from tests.support import prepared
from tests.support.calls import BOOK
from tests.support.webserving import program

ROOT = Path(__file__).resolve().parent.parent.parent
PROMISES = json.loads((ROOT / "tests" / "data" / "promises.json").read_text(encoding="utf-8"))
ID = PROMISES["session"]["session_id"]
PATIENCE = 60


def line_of(attributes, timestamp):
    """A line of an access log in the promised form."""
    fields = {"__file_offset__": "1000", "timestamp": timestamp, "ai_log": json.dumps(attributes)}
    return json.dumps(fields) + "\n"


FIRST = line_of(PROMISES["attributes"], "2026-02-01T09:30:15+08:00")
SECOND = line_of(PROMISES["second"], "2026-02-01T09:31:15+08:00")
OTHER = line_of({**PROMISES["second"], "session_id": "sess_abc"}, "2026-02-01T09:32:15+08:00")


def run(folder, *words, **environment):
    """A program of the project, run in a folder by its promised command line."""
    own = {
        **os.environ,
        "SESSION_MONITOR_CONFIG": str(folder / "none.json"),
        "PYTHONIOENCODING": "utf-8",
        **environment,
    }
    return prepared.run(ROOT / words[0], *words[1:], cwd=folder, environment=own)


def monitor(folder, *options):
    """One pass of the monitor over the log in the folder."""
    done = run(folder, "main.py", "--log-path", "access.log", "--output-dir", "./sessions", *options)
    assert done.returncode == 0, done.stderr
    return done


def kept(folder, session_id=ID):
    """What the file of a session holds."""
    return json.loads((folder / "sessions" / f"{session_id}.json").read_text(encoding="utf-8"))


def answers(session):
    """What was answered in each round."""
    return [each["answer"] for each in session["rounds"]]


@pytest.fixture
def log(tmp_path):
    """A log with two calls of one session and one of another."""
    path = tmp_path / "access.log"
    path.write_text(FIRST + SECOND + OTHER, encoding="utf-8")
    return path


# -- the monitor -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROMISES["options"])
def test_options_have_their_defaults(tmp_path, name):
    """Each option is there, and its help tells the promised default."""
    shown = " ".join(re.sub(r"-\s*\n\s*", "-", run(tmp_path, name, "--help").stdout).split())

    for option, default in PROMISES["options"][name].items():
        told = re.search(rf"{option} [A-Z]+ .*?\(default: ([^()]*)\)", shown)
        assert told, option
        assert told[1].endswith(default), (option, told[1])


def test_a_session_is_a_file_of_the_promised_shape(log):
    """Its keys, and those of its rounds, are there with what they were promised to mean."""
    monitor(log.parent)

    session = kept(log.parent)
    assert {key: session[key] for key in PROMISES["session"]} == PROMISES["session"]
    first, second = session["rounds"]
    assert {key: first[key] for key in PROMISES["round"]} == PROMISES["round"]
    told = PROMISES["as_in_the_log"]
    assert {key: first[key] for key in told} == {key: PROMISES["attributes"][key] for key in told}
    assert second["question"] == "And tomorrow?"


def test_only_what_is_new_is_read(log):
    """Passes in a row count each call once, across rotation too: access.log.1 is what access.log was."""
    log.write_text(FIRST, encoding="utf-8")
    monitor(log.parent)
    log.rename(log.with_name("access.log.1"))
    log.write_text(SECOND, encoding="utf-8")
    monitor(log.parent)
    monitor(log.parent)

    assert answers(kept(log.parent)) == [PROMISES[name]["answer"] for name in ("attributes", "second")]
    assert (log.parent / "sessions" / ".state.json").exists()


@pytest.mark.parametrize("last", [1, 2, 5])
def test_rotated_files_are_read_oldest_first(log, last):
    """access.log.1 to .5 belong to the log, and their calls come before its own."""
    log.write_text(SECOND, encoding="utf-8")
    log.with_name(f"access.log.{last}").write_text(FIRST, encoding="utf-8")

    monitor(log.parent)

    assert len(kept(log.parent)["rounds"]) == 2
    assert kept(log.parent)["rounds"][0]["question"] == PROMISES["attributes"]["question"]


def test_one_session_alone(log):
    """``--session-key`` keeps that session and no other."""
    monitor(log.parent, "--session-key", "sess_abc")

    assert [path.name for path in (log.parent / "sessions").glob("*.json") if path.name[0] != "."] == ["sess_abc.json"]


def test_the_state_may_lie_elsewhere(log):
    """``--state-file`` is where read positions are kept, and goes on from there."""
    (log.parent / "elsewhere").mkdir()
    for _ in range(2):
        monitor(log.parent, "--state-file", "elsewhere/state.json")

    assert (log.parent / "elsewhere" / "state.json").exists()
    assert not (log.parent / "sessions" / ".state.json").exists()
    assert len(kept(log.parent)["rounds"]) == 2


def test_the_live_view(log):
    """In a terminal the monitor goes on, and shows sessions, tokens and cost under the promised headings."""
    own, other = pty.openpty()
    command = [sys.executable, ROOT / "main.py", "--log-path", log, "--refresh-interval", "1"]
    size = {"COLUMNS": "120", "LINES": "40", "TERM": "xterm-256color"}
    environment = {**os.environ, "SESSION_MONITOR_CONFIG": str(log.parent / "none.json"), **size}
    process = subprocess.Popen(command, cwd=log.parent, stdout=other, stdin=other, stderr=other, env=environment)
    os.close(other)
    shown = b""
    end = time.monotonic() + PATIENCE
    try:
        while not all(heading.encode() in shown for heading in PROMISES["live_view"]):
            assert time.monotonic() < end
            if select.select([own], [], [], 1)[0]:
                shown += os.read(own, 65_536)
    finally:
        process.terminate()
        with contextlib.suppress(OSError):  # at the end of the terminal
            while os.read(own, 65_536):
                pass
        process.wait(PATIENCE)
        os.close(own)


# -- questions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", PROMISES["commands"])
def test_commands_answer_under_their_headings(log, command):
    """In the promised order."""
    monitor(log.parent)
    today = SECOND.replace("2026-02-01", time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400)))
    log.write_text(log.read_text(encoding="utf-8") + today, encoding="utf-8")
    monitor(log.parent)

    words = shlex.split(command.replace("ID", ID))
    done = run(log.parent, "scripts/cli.py", *words, COLUMNS="120")

    assert done.returncode == 0, done.stderr
    at = 0
    for heading in PROMISES["commands"][command]:
        at = done.stdout.find(heading.replace("ID", ID) if heading.endswith(": ID") else heading, at)
        assert at >= 0, heading


def test_an_exported_report(log):
    """``export finops-report.json`` writes a JSON document with the sums, by model and by date."""
    monitor(log.parent)
    run(log.parent, "scripts/cli.py", "export", "finops-report.json")

    report = json.loads((log.parent / "finops-report.json").read_text(encoding="utf-8"))
    assert {"by_model", "by_date"} <= report["data"].keys() if "data" in report else report.keys()


@pytest.mark.parametrize("model", PROMISES["priced"])
def test_promised_models_have_prices(model):
    """GPT-4, Qwen, DeepSeek, Claude, o1: whatever the case of their names."""
    assert isinstance(BOOK.price(Call(model, "2026-02-01T09:30:15Z", Usage(1000, visible_output=100))), Cost)


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_and_its_links(log):
    """The overview is at ``/``, a session at ``/session?id=…``, which is the link that an agent is given."""
    monitor(log.parent)
    link = run(log.parent, "scripts/cli.py", "url", ID).stdout
    assert f"http://localhost:8888/session?id={ID}" in link

    with program(log.parent / "sessions") as (_, port, _):
        for path in ("/", f"/session?id={ID}"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
                assert answer.status == 200
                assert b"<!doctype html>" in answer.read().lower()


# -- privacy -----------------------------------------------------------------------------------------------------------


def test_what_was_said_is_in_the_sessions_alone(log):
    """The monitor's own words and its state hold none of it, and its files are for their owner alone."""
    said = [PROMISES["attributes"][name] for name in ("question", "answer", "reasoning")]
    done = monitor(log.parent, "--verbose")

    state = (log.parent / "sessions" / ".state.json").read_text(encoding="utf-8")
    for text in said:
        assert text not in done.stdout + done.stderr + state
    assert {path.stat().st_mode & 0o777 for path in (log.parent / "sessions").iterdir() if path.is_file()} == {0o600}
    assert (log.parent / "sessions").stat().st_mode & 0o777 == 0o700


def test_logs_from_allowed_folders_alone(log):
    """``--allow-dir`` names where logs may lie; another is refused."""
    done = run(log.parent, "main.py", "--log-path", "access.log", "--allow-dir", "/var/log/higress", "--once")

    assert done.returncode != 0
    assert "--allow-dir" in done.stderr
