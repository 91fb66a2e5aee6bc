"""Every command on a narrow and on a wide terminal: nothing is wider than that, whatever ids and messages hold."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import cli
from session_monitor.text import width
from tests.support import prepared
from tests.support.tmux import Tmux

ROOT = Path(__file__).resolve().parent.parent.parent
CLI = ROOT / "scripts" / "cli.py"
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
PATIENCE = 60
CHINESE = "查询北京天气，并给出未来三天的预报。🙂"
LONG_ID = "会话-2-🙂-" + "很长的名字" * 20
TALKS = [
    (LONG_ID, "通义千问-max-2026-01-25", f"{CHINESE * 12}\n\n| 表 | 🙂 |\n{CHINESE * 3}"),
    ("👩‍👩‍👧‍👦🇨🇳-" * 12, "qwen-max", "no-spaces" * 60),
    ("agent:" + "x" * 150, "a-model-with-a-long-name-" * 5, "https://example.com/" + "path/" * 60),
    ("é" * 40, "qwen-max", "\t\ttabs\tand\u202e\x1b[31mcontrol\x07 characters " * 10),
]
COLUMNS = [80, 160]

VALUES = {
    **dict.fromkeys(("SESSION_ID", "ID"), LONG_ID),
    **dict.fromkeys(("TEXT", "WORDS", "QUERY"), "北京"),
    "MODEL": "claude-sonnet-4-5",
    "SHELL": "bash",
}
"""What a command is given where it must be given something, by the name that its help has for it."""
ARGUMENTS = {
    "watch": ["--once"],
    "watch one": [LONG_ID, "--once"],
    "tail": [LONG_ID, "--once", "--rounds", "1-"],
    "show full": [LONG_ID, "--full", "--messages", "full"],
    "stats-date": ["--days", "36500"],
    "compare": ["--since", "2026-02-02", "--until", "2026-02-02"],
    "drivers": ["--since", "2026-02-02", "--until", "2026-02-02"],
    "insights": ["--since", "2026-01-01"],
    "insights of one": [LONG_ID],
    "insights rules": ["--rules"],
    "top": [],
    "top of one": [LONG_ID, "--base", "https://monitor.example.org"],
    "run": ["--", "true"],
    "config set": ["timezone", "UTC"],
    "budget set": ["all", "--total", "0.1", "--consumer", "团队-" * 20],
    "budget remove": ["each"],
    "alerts target add": ["phone", "webhook", "url=https://example.com/" + "path/" * 60],
    "alerts target remove": ["phone"],
    "alerts test": ["phone"],
    "note": [LONG_ID],
    "note more": [LONG_ID, CHINESE * 5],
    "tag": [LONG_ID, "标签-" * 10],
    "name": [LONG_ID, CHINESE * 3],
    "status": [LONG_ID],
    "start": [CHINESE * 3],
    "end": ["-s", "work", "-n", CHINESE],
    "recover": [],
    "ship": ["--to", "file:rounds", "--gateway", CHINESE * 3],
    "ship status": ["status"],
    "today": [],
    "today for agents": ["--ai"],
    "today to share": ["--share"],
    "auto-log": ["--transcript", "config.json"],
    "log-ai": ["-p", "供应商", "-m", "我的模型-" * 20, "-t", "12345", "-s", LONG_ID],
    "config unset": ["timezone"],
    "whatif": [LONG_ID, "--model", "gpt-4o", "--model", "deepseek-chat"],
    "pricing set": ["我的模型-" * 20, "1", "2"],
    "pricing alias": ["我的部署-" * 20, "gpt-4o"],
    "pricing reset": [],
    "pricing seller": [],
    "pricing assume": [],
    "pricing assume said": ["--cache", "beside", "--model", "我的模型-" * 20],
    "pricing seller said": ["我的网关-" * 20, "azure"],
    "import": ["claude-code", str(ROOT / "tests" / "importers" / "data" / "claude-code.traps" / "in"), "--dry-run"],
    "delete": [LONG_ID, "--yes"],
    "prune": ["--older-than", "2026-02-03", "--yes"],
    "prune dry": ["--older-than", "2026-02-03", "--dry-run"],
    "pricing list unpriced": ["--unpriced"],
}
"""What a command is given where that will not do; a word behind its name tells ways to ask it apart."""
FOR_PROGRAMS = ("completion", "export", "man", "metrics", "url")
"""What they print is read by programs, for which no line is too long."""
LASTING = ("proxy",)
"""What goes on until it is told to end: what it prints is tried with its own tests."""


def commands(parser=None, path=()):
    """Every command of cli.py that can be run, by its path, the hidden ones left out."""
    parser = parser or cli.parser()
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        return {" ".join(path): parser}
    parsers = {}
    for name, each in below[0].choices.items():
        if not name.startswith("_"):
            parsers.update(commands(each, (*path, name)))
    return parsers


COMMANDS = commands()


def asked():
    """The words of every command line that is tried."""
    for path, parser in COMMANDS.items():
        if path not in (*FOR_PROGRAMS, *LASTING):
            ways = [words for key, words in ARGUMENTS.items() if key == path or key.startswith(f"{path} ")]
            for words in ways or [needed(parser)]:
                yield [*path.split(), *words]


def needed(parser):
    """What a command must be given."""
    words = []
    for action in parser._actions:
        if action.option_strings and action.required:
            words += [action.option_strings[0], VALUES.get(action.metavar, str(action.metavar))]
        elif not action.option_strings and action.nargs not in ("?", "*"):
            words.append(VALUES.get(action.metavar, str(action.metavar)))
    return words


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The sessions of the sample, and some that are hard to show."""
    home = tmp_path_factory.mktemp("home")
    lines = [SAMPLE.read_text(encoding="utf-8")]
    for number, (session_id, model, text) in enumerate(TALKS * 3):
        call = {
            "id": "1",
            "type": "function",
            "function": {"name": "工具" * 20, "arguments": json.dumps({"城市": text})},
        }
        told = {"session_id": session_id, "model": model, "input_token": 1234567, "output_token": 7654321}
        told.update(messages=[{"role": "user", "content": text}], question=text, answer=text, reasoning=text)
        outer = {"response_code": "503", "response_code_details": text} if number % 4 == 1 else {"response_code": "200"}
        told.update(tool_calls=[call], consumer=f"团队-{session_id}")
        time = f"2026-02-02T10:{number:02}:00Z"
        lines.append(json.dumps({"ai_log": json.dumps(told), "start_time": time, **outer}) + "\n")
    (home / "access.log").write_text("".join(lines), encoding="utf-8")
    prepared.ingest(home / "access.log", home / "sessions")
    return home


@pytest.fixture
def folder(home, tmp_path):
    """A copy of the sessions, which a command may change, beside a setting that one may take away."""
    (tmp_path / "config.json").write_text('{"timezone": "UTC"}', encoding="utf-8")
    copied = Path(shutil.copytree(home / "sessions", tmp_path / "sessions"))
    told = [{"name": "phone", "kind": "command", "argv": ["/bin/true"]}, {"name": "很长的名字" * 20, "kind": "slack"}]
    (copied / ".alerts.json").write_text(json.dumps({"targets": told}), encoding="utf-8")
    budgets = [{"name": "each", "total": "0.1", "model": "模型-" * 20}, {"name": "x" * 64, "monthly": "1234567.89"}]
    (copied / ".budgets.json").write_text(json.dumps({"schema_version": 1, "budgets": budgets}), encoding="utf-8")
    there = [{"path": str(ROOT), "name": "项目" * 30}]
    (copied / ".projects.json").write_text(json.dumps({"schema_version": 1, "projects": there}), encoding="utf-8")
    work = {
        "session_id": "work",
        "name": "任务" * 40,
        "started": "2026-02-02T10:00:00Z",
        "cwd": str(tmp_path / "elsewhere"),
    }
    (copied / ".work.json").write_text(json.dumps({"schema_version": 1, "pieces": [work]}), encoding="utf-8")
    return copied


def environment(home):
    """A person's settings, without a size that is no terminal's."""
    kept = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    own = {"XDG_CONFIG_HOME": str(home / "config"), "SESSION_MONITOR_CONFIG": str(home / "config.json")}
    return {**kept, **own, "PYTHONIOENCODING": "utf-8", "TERM": "xterm"}


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("words", list(asked()), ids=lambda words: " ".join(filter(str.isascii, words)))
def test_no_line_is_wider_than_the_terminal(folder, columns, words):
    """Each command fits, and none fails; only what it needs of colour steers the terminal.

    On the narrow one a Python is started for it, as users do, on the wide one it is run by one that has it loaded.
    """
    home = folder.parent
    options = {"cwd": home, "environment": environment(home), "is_started": columns == min(COLUMNS)}
    done = prepared.on_a_terminal(columns, CLI, *words, "--color", "never", **options)

    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1 if words[0] in ("doctor", "verify") else 0), done.stderr
    assert {line for line in done.stdout.splitlines() if width.width(line) > columns} == set()
    assert "\x1b" not in done.stdout


def test_every_command_is_tried():
    """No way to ask is written down for a command that there is none of, but for those that are still to come."""
    tried = {" ".join(words) for words in asked()}
    for path in set(COMMANDS) - {*FOR_PROGRAMS, *LASTING}:
        assert any(each == path or each.startswith(f"{path} ") for each in tried)


@pytest.fixture
def window():
    """Makes terminals, and takes them away at the end."""
    made = []

    def make(columns, rows):
        made.append(Tmux(columns, rows))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("command", [name for name in ("list", "watch") if name in COMMANDS])
def test_in_a_window(folder, window, columns, command):
    """A real terminal draws it as it was meant: every line on one row, and the columns under each other."""
    screen = window(columns, 40)
    screen.type("clear")
    screen.until(lambda: [line for line in screen.screen() if line] == ["$"], "the window is empty")
    screen.type(f"{sys.executable} {CLI} {command} --data-dir {folder}")
    screen.until(lambda: any("9c1f4e52" in line for line in screen.screen()), "the last row of the table appears")
    if command == "list":
        screen.until(lambda: screen.screen()[int(screen.ask("cursor_y")[0])] == "$", "the shell is back")

    lines = screen.screen()
    assert max(map(width.width, lines)) <= columns
    assert not any("Traceback" in line for line in lines)
    # What the terminal wrapped comes as one line here: the command that was typed, and what is said beside the data.
    wrapped = [line for line in screen.screen(joined=True) if line not in lines]
    assert [line for line in wrapped if not line.startswith(("$ ", "cli.py: "))] == []
    if command == "watch":
        table = [line for line in lines if line[:1] in ("┌", "│", "├", "└")]
        ends = {width.width(line) for line in table}
        assert len(ends) == 1
        screen.press("C-c")
        # The terminal may write the key itself there, where it comes just as the program ends.
        screen.until(lambda: screen.screen()[int(screen.ask("cursor_y")[0])] in ("$", "^C$"), "the shell is back")
