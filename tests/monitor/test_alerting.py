"""A run tells of what is crossed: one that goes on beside its polls, a single pass before it ends; what cannot be told waits, and is said once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import datetime, timezone

import pytest

from tests.campaigns import alert_passes
from tests.campaigns.alert_passes import CALLS, ROOT
from tests.support import prepared, scripted_sessions
from tests.support.receivers import StandIn
from tests.support.waiting import until

PATIENCE = 30


def taken(receiver):
    """The ids and states of what the receiver took."""
    return [(posted.json()["id"], posted.json()["state"]) for posted, *_ in receiver.taken]


@pytest.fixture
def receiver():
    """One that takes all."""
    with StandIn("webhook") as found:
        yield found


@pytest.fixture
def folder(tmp_path, receiver):
    """A log, and a budget that is told to the receiver."""
    alert_passes.set_up(tmp_path, receiver)
    return tmp_path


def grow(folder, number):
    """So many calls more."""
    for _ in range(number):
        alert_passes.grow(folder)


def run_pass(folder):
    """A pass of cron, and what it says."""
    words = ["--once", "--quiet", "--log-path", "access.log", "--output-dir", "sessions"]
    return prepared.run(ROOT / "main.py", *words, cwd=folder, timeout=PATIENCE)


def test_a_monitor_that_goes_on_tells_while_it_does(folder, receiver):
    """The warning, then the breach, as the log grows; and it ends at once when it is told to."""
    command = [sys.executable, ROOT / "main.py", "--follow", "--quiet", "--log-path", "access.log"]
    command += ["--output-dir", "sessions", "--refresh-interval", "0.1"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        grow(folder, CALLS)
        until(lambda: taken(receiver) == [("budget:all/ever/warning", "firing")], "the warning")
        grow(folder, CALLS)
        until(lambda: len(taken(receiver)) > 1, "the breach")
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert taken(receiver)[1:] == [("budget:all/ever/critical", "firing")]
    assert said == ""


def test_an_agent_that_is_stuck_is_told_of_while_it_works(folder, receiver):
    """In whichever form agents talk: the warning and what is worse while it goes on, that it is over once it does something else."""
    (folder / "sessions" / ".budgets.json").unlink()
    command = [sys.executable, ROOT / "main.py", "--follow", "--quiet", "--log-path", "access.log"]
    command += ["--output-dir", "sessions", "--refresh-interval", "0.1"]
    forms = ("openai", "anthropic", "responses")
    sessions = [_stuck_session(form) for form in forms]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        for severity, state, rounds in (
            ("warning", "firing", 4),
            ("critical", "firing", 4),
            ("warning", "resolved", 3),
        ):
            _append(folder, [lines.pop(0) for lines in sessions for _ in range(rounds)])
            expected = {(f"stuck_agent/{form}/repeat_call/1/{severity}", state) for form in forms}
            until(lambda expected=expected: expected <= set(taken(receiver)), f"{severity}, {state}")
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    assert len(set(taken(receiver))) == len(taken(receiver)) == 4 * len(forms)
    assert all("not there" not in posted.body.decode() for posted, *_ in receiver.taken)
    assert said == ""


def _stuck_session(form):
    """The lines of a session that is called as its form, and goes on right now: eight times the same, then something else."""
    ask = {"ask": [["read", {"path": "a.txt"}]], "get": ["It is not there."]}
    on = [{"ask": [["write", {"path": "b"}]], "get": ["Written."]}, {"ask": [["make", {}]], "get": ["Made."]}]
    start = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    steps = [{"user": "Begin", **ask}, {"times": 7, "steps": [ask]}, *on, {"say": "Done."}]
    return scripted_sessions.lines({"form": form, "start": start, "steps": steps}, form)


def _append(folder, lines):
    with open(folder / "access.log", "ab") as log:
        log.writelines(line + b"\n" for line in lines)


def test_what_cannot_be_sent_waits_for_the_next_pass(folder, receiver):
    """A receiver that is not there keeps nothing back: the pass ends well, and a later one tells."""
    port, row = receiver.port, receiver.row()
    (folder / "sessions" / ".alerts.json").write_text(
        json.dumps({"schema_version": 1, "targets": [{**row, "url": row["url"].replace(str(port), "1")}]})
    )
    grow(folder, CALLS)
    first = run_pass(folder)

    assert (first.returncode, taken(receiver)) == (0, [])
    assert len(list((folder / "sessions" / ".alerts" / "outbox").iterdir())) == 1
    (waiting,) = (folder / "sessions" / ".alerts" / "outbox").iterdir()
    document = json.loads(waiting.read_text())
    waiting.write_text(json.dumps({**document, "next_try": 0}))
    (folder / "sessions" / ".alerts.json").write_text(json.dumps({"schema_version": 1, "targets": [row]}))
    run_pass(folder)
    assert taken(receiver) == [("budget:all/ever/warning", "firing")]


def test_a_session_that_grows_while_several_processes_read(folder, receiver):
    """The same is told as where one reads: the warning, then the breach."""
    for _ in range(2):
        grow(folder, CALLS)
        run_pass_of_several(folder)

    assert taken(receiver) == [("budget:all/ever/warning", "firing"), ("budget:all/ever/critical", "firing")]


def test_one_that_reads_dies_behind_what_it_wrote(folder, receiver):
    """What it had written is told of by this pass, though nobody heard of it; how much is new is a lower bound."""
    set_ = json.loads((folder / "sessions" / ".alerts.json").read_text())
    # Else any call may bring what is to be told, and each pass looks.
    off = dict.fromkeys(["dear_session", "long_session", "stuck_agent", "cache_broken"], False)
    (folder / "sessions" / ".alerts.json").write_text(json.dumps({**set_, "rules": off}))
    grow(folder, 1)
    run_pass(folder)
    grow(folder, CALLS)
    said = run_pass_of_several(folder, _KILLED)

    assert taken(receiver) == [("budget:all/ever/warning", "firing")]
    assert "a process that read its share of the log was ended" in said
    for told in ("(at least 0 new), rounds: at least 1 new", "Tokens:   at least 1,000 input", "Cost:     at least $"):
        assert told in said


_KILLED = """
real = ShareTaker.write
def write(self):
    has_any = self._store.touched
    wrote = real(self)
    if has_any:
        os.kill(os.getpid(), signal.SIGKILL)
    return wrote
ShareTaker.write = write
"""


def test_one_that_reads_stands_still_when_an_end_is_asked_for(folder):
    """The program ends all the same, and says why it had to wait."""
    grow(folder, CALLS)
    said = run_pass_of_several(folder, _STANDS_STILL, status=128 + signal.SIGTERM)

    assert "a process that read its share of the log did not come to an end, and was killed" in said


_STANDS_STILL = """
def write(self):
    if self._store.touched:
        os.kill(os.getppid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGSTOP)
signals.PATIENCE = 0.01
ShareTaker.write = write
"""


def run_pass_of_several(folder, change="", status=0):
    """A pass by two processes, with this changed in the program; what it says."""
    start = f"import os, signal, sys\nsys.path[:0] = {[str(ROOT), str(ROOT / 'scripts')]!r}\n"
    start += "from session_monitor.base import signals\nfrom session_monitor.ingest.worker import ShareTaker\n"
    words = ["--jobs", "2", "--once", "--log-path", "access.log", "--output-dir", "sessions"]
    command = [sys.executable, "-c", f"{start}{change}\nfrom tests.support import several\nseveral.main()", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def test_a_mistake_in_what_is_set_is_said(folder):
    """And no pass fails for it."""
    (folder / "sessions" / ".budgets.json").write_text("{")
    grow(folder, 1)
    done = run_pass(folder)

    assert done.returncode == 0
    assert ".budgets.json: this is no JSON" in done.stderr


def test_nothing_is_kept_where_nothing_is_set(folder):
    """A folder without budgets and alerts has no folder of alerts."""
    for name in (".budgets.json", ".alerts.json"):
        (folder / "sessions" / name).unlink()
    grow(folder, CALLS)

    assert run_pass(folder).returncode == 0
    assert not (folder / "sessions" / ".alerts").exists()
