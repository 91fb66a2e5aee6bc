"""The live view, list and show in a real terminal, tmux, as somebody who sits before it sees them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.text import width
from tests.support.tmux import Tmux

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 30
IDS = ["agent:main:discord:channel:1465367993012981988", "会话-2-🙂-查询北京天气并给出未来三天的预报", "sess_abc123"]
CHINESE = "查询北京天气，并给出未来三天的预报。🙂 "


def is_told(screen, start):
    """Whether a line begins so."""
    return any(line.startswith(start) for line in screen.screen())


@pytest.fixture
def tmux():
    """Makes terminals, and takes them away at the end."""
    made = []

    def make(columns, rows):
        made.append(Tmux(columns, rows))
        return made[-1]

    yield make
    for each in made:
        each.close()


def line(session_id, number):
    """One line of a gateway's log."""
    call = {"session_id": session_id, "model": "通义千问-max", "input_token": 1250, "output_token": 800}
    call.update(question=CHINESE * 30, answer=CHINESE, messages=[{"role": "user", "content": CHINESE * 30}])
    return json.dumps({"ai_log": json.dumps(call), "start_time": f"2026-02-01T09:{number:02}:00Z"}) + "\n"


@pytest.fixture
def log(tmp_path):
    """A log with Chinese and emoji in ids and messages."""
    path = tmp_path / "access.log"
    path.write_text("".join(line(name, number) for number, name in enumerate(IDS)), encoding="utf-8")
    return path


def append(log, *lines):
    """Write lines at the end of a log."""
    with open(log, "a", encoding="utf-8") as file:
        file.write("".join(lines))


def follow(screen, log):
    """Type the command that follows a log, and wait for the live view; it is told what stood on the screen before."""
    screen.type("echo what was before")
    screen.until(lambda: "what was before" in screen.screen()[1:], "the shell answers")
    arguments = ["--log-path", log, "--output-dir", log.parent / "sessions", "--refresh-interval", "0.05"]
    screen.type(shlex.join(map(str, [sys.executable, "main.py", *arguments])))
    screen.until(lambda: is_told(screen, "📊 Active Sessions: 0 of 3"), "the live view appears")


def boxes(screen):
    """The lines of the table on the screen."""
    return [text for text in screen.screen() if text[:1] in ("┌", "│", "├", "└")]


def edges(text):
    """At which columns the borders of a table's line stand."""
    return [width.width(text[:place]) for place, char in enumerate(text) if char in "┌┬┐│├┼┤└┴┘"]


@pytest.mark.parametrize("size", [(80, 24), (200, 40)])
def test_the_live_view(tmux, log, size):
    """It fills the terminal, its borders line up, new lines show, and it follows the window's size."""
    screen = tmux(*size)
    follow(screen, log)

    table = boxes(screen)
    assert len(table) == 7
    assert len({tuple(edges(text)) for text in table}) == 1
    assert "━" * size[0] in screen.screen()
    assert screen.ask("alternate_on", "cursor_flag", "wrap_flag") == ["1", "0", "0"]
    assert any("会话-2-🙂" in text for text in table)
    shown = table[-2].split()[1]
    start, cut, end = shown.partition("…")
    assert shown == IDS[0] if size[0] == 200 else cut
    assert IDS[0].startswith(start)
    assert IDS[0].endswith(end)

    append(log, line("新的会话 🙂", 30), line(IDS[2], 31))
    screen.until(lambda: is_told(screen, "📊 Active Sessions: 0 of 4"), "the new session shows")
    rows = boxes(screen)[3:-1]
    assert IDS[2] in rows[0]
    assert "2,500" in rows[0]
    assert "新的会话 🙂" in rows[1]

    other = (200, 40) if size == (80, 24) else (80, 24)
    screen.resize(*other)
    screen.until(lambda: "━" * other[0] in screen.screen(), "the view has the window's size")
    assert len({tuple(edges(text)) for text in boxes(screen)}) == 1
    assert len(boxes(screen)) == 8
    assert any("5 lines read" in text for text in screen.screen())

    screen.resize(40, 10)
    screen.until(lambda: not boxes(screen) and "active" in screen.screen()[1].lower(), "a small window is filled too")
    screen.until(lambda: screen.screen()[0] == "🔍 Session Monitor - Active", "its title is whole")


@pytest.mark.parametrize("end", ["C-c", "SIGTERM", "C-c while a problem shows"])
def test_the_end_of_the_live_view(tmux, log, end):
    """The screen is as it was before, with the closing summary below; the cursor is back and the exit code is 0."""
    screen = tmux(80, 24)
    follow(screen, log)

    if end.endswith("shows"):
        log.unlink()
        log.symlink_to("access.log")
        screen.until(lambda: any("Too many levels" in text for text in screen.screen()), "the problem shows")
    if end == "SIGTERM":
        pid = (log.parent / "sessions" / ".lock").read_text(encoding="utf-8").split()[1]
        os.kill(int(pid), 15)
    else:
        screen.press("C-c")
    screen.until(lambda: any(text.startswith("Coverage: 3 calls") for text in screen.screen()), "the summary shows")
    screen.until(lambda: screen.screen()[int(screen.ask("cursor_y")[0])] == "$", "the shell is back")

    shown = screen.screen()
    assert shown[0] == "$ echo what was before"
    assert shown[1] == "what was before"
    assert any("Sessions: 3 (3 new), rounds: 3 new" in text for text in shown)
    assert not any("Session Monitor" in text for text in shown)
    assert screen.ask("alternate_on", "cursor_flag", "wrap_flag") == ["0", "1", "1"]
    screen.type("echo code $?")
    screen.until(lambda: "code 0" in screen.screen(), "the exit code is told")


def test_the_live_view_is_stopped_and_goes_on(tmux, log):
    """While it stands still the shell has the terminal as it was; then it is drawn anew, in the window's size of now."""
    screen = tmux(80, 24)
    follow(screen, log)

    for columns, rows in ((100, 30), (80, 24)):
        screen.press("C-z")
        screen.until(lambda: any("Stopped" in text for text in screen.screen()), "the shell is back")
        assert screen.ask("alternate_on", "cursor_flag", "wrap_flag") == ["0", "1", "1"]
        screen.resize(columns, rows)
        screen.type("clear; fg")
        screen.until(lambda c=columns: "━" * c in screen.screen(), "the view is there again")
        assert screen.ask("alternate_on", "cursor_flag", "wrap_flag") == ["1", "0", "0"]
    append(log, line("a new one", 30))
    screen.until(lambda: is_told(screen, "📊 Active Sessions: 0 of 4"), "it goes on")


@pytest.mark.parametrize("columns", [80, 200])
def test_list_and_show(tmux, log, columns):
    """No line of either is wider than the terminal, and the terminal agrees with us on how wide they are."""
    subprocess.run(
        [sys.executable, ROOT / "main.py", "--log-path", log, "--output-dir", log.parent / "sessions", "--quiet"],
        check=True,
    )
    screen = tmux(columns, 40)
    for arguments in (["list"], ["show", IDS[1]], ["show", IDS[1], "--full"]):
        screen.run(sys.executable, "scripts/cli.py", *arguments, "--data-dir", log.parent / "sessions")

    lines = screen.screen(history=True)
    assert max(map(width.width, lines)) <= columns
    assert any(text.startswith("📊 Session Detail: 会话-2-🙂") for text in lines)
    # What the terminal wrapped comes as one line here: the commands, which are long, and nothing else.
    wrapped = [text for text in screen.screen(history=True, joined=True) if text not in lines]
    assert [text for text in wrapped if not text.startswith("$ ")] == []
    (row,) = (text for text in lines if text.startswith("会话-2-🙂"))
    screen.type("clear; printf %s " + shlex.quote(row[:40]))
    screen.until(lambda: screen.screen()[0].endswith("$"), "the row stands before the prompt")
    assert screen.ask("cursor_x") == [str(width.width(row[:40]) + 2)]
