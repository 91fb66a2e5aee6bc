"""cli.py as a user runs it, and its commands in this process, for the tests of what they print."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from commands.shared import fields, parsers
from session_monitor.base import timestamps
from session_monitor.base.settings import CONFIG
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.reports.report import Report
from session_monitor.sessions.store import Store
from tests.support import prepared
from tests.support.calls import BOOK

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"
CLI, MAIN = SCRIPTS / "cli.py", ROOT / "main.py"
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
PATIENCE = 30
BRIEF = 8
"""Counts that a brief coverage has at most."""
ENVIRONMENT = {**os.environ, "TZ": "Asia/Shanghai", "PYTHONIOENCODING": "utf-8"}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run(*arguments, environment=(), cwd=None, input=""):  # noqa: A002 -- as subprocess has it
    """Run cli.py to its end, which is no traceback: that would have the exit code of a failure, too.

    A variable of the environment that is None is not set.
    """
    own = {name: text for name, text in {**ENVIRONMENT, **dict(environment)}.items() if text is not None}
    done = prepared.run(CLI, *arguments, environment=own, cwd=cwd, input=input, timeout=PATIENCE)
    assert "Traceback" not in done.stderr
    return done


def data(*arguments, **options):
    """What cli.py prints as JSON."""
    return envelope(*arguments, **options)["data"]


def envelope(*arguments, coverage=None, **options):
    """The same with what stands around it; of a ``brief`` answer the coverage is brief, too."""
    done = run(*arguments, "--json", **options)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert list(answer) == ["schema_version", "data", "coverage"]
    assert coverage is None or len(answer["coverage"]) < BRIEF
    assert answer["schema_version"] == (2 if arguments[0] in ("show", "tail") else 1)
    return answer


def run_at(home, *arguments):
    """Run cli.py to its end for somebody with that home, on the ``sessions`` there."""
    environment = {"XDG_CONFIG_HOME": str(home / "config")}
    return run(*arguments, "--data-dir", home / "sessions", environment=environment)


def done_at(home, *arguments):
    """What a command that succeeds prints."""
    done = run_at(home, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def data_at(home, *arguments):
    """What it prints as JSON."""
    return json.loads(done_at(home, *arguments, "--json"))["data"]


def shown_on_a_terminal(columns, *arguments, colours=False, **more):
    """What cli.py prints on a terminal of that many columns, with ``more`` in its environment."""
    environment = {
        key: value for key, value in ENVIRONMENT.items() if key not in ("COLUMNS", "LINES", "NO_COLOR", "TERM")
    }
    done = prepared.on_a_terminal(columns, CLI, *arguments, environment={"TERM": "xterm", **environment, **more})
    assert done.returncode == 0
    return (done.stdout if colours else COLOUR.sub("", done.stdout)).splitlines(), done.stderr


PROGRAM = f"""\
import sys
sys.path.insert(0, {str(SCRIPTS)!r})
import cli
sys.exit(cli.main())
"""
"""The same, for what shall happen before."""


# -- what it is run on -------------------------------------------------------------------------------------------------


def line(session_id, number=1, outer=(), **attributes):
    """One line of a gateway's log."""
    ai_log = {"session_id": session_id, "model": "qwen-max", "input_token": 10, "output_token": 5}
    ai_log["messages"] = [{"role": "user", "content": f"question {number}"}]
    text = json.dumps({**ai_log, "question": f"question {number}", "answer": f"answer {number}", **attributes})
    time = f"2026-02-01T{number // 60:02}:{number % 60:02}:15Z"
    return json.dumps({"ai_log": text, "response_code": "200", "start_time": time, **dict(outer)}) + "\n"


def sessions(folder, *lines):
    """A folder of sessions from these lines of a log."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.parent / "access.log"
    log.write_text("".join(lines), encoding="utf-8")
    assert (
        Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / ".state.json"), str(folder))).poll().new_rounds
    )
    return folder


def rows_of(folder):
    """The rows that the report has, as of now."""
    return Report(str(folder), BOOK, now=timestamps.now()).sessions().rows


# -- in this process ---------------------------------------------------------------------------------------------------


def command_line(*modules):
    """A command line with the commands of these modules alone."""
    top = parsers.Parser(prog="cli.py")
    commands = top.add_subparsers(metavar="COMMAND", parser_class=parsers.Parser)
    for module in modules:
        module.add(commands, parsers.shared_options())
    return top


def status_of(options):
    """Run the command that was asked for, and let its failures out; what it returns."""
    output, data = parsers.output(options), parsers.data(options, {CONFIG: ""})
    output.coverage, output.fields = data.coverage, fields.asked(options, output)
    return options.run(options, output, data)
