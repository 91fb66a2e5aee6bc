"""watch: what is shown of sessions that go on."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios

import pytest

from commands import watch
from commands.shared import failures, looking, parsers
from commands.shared.data import Data
from session_monitor.base import data_folder, files
from session_monitor.conversations.conversation import Wanted
from session_monitor.text import width as display
from tests.support.command_line import PATIENCE, PROGRAM, command_line
from tests.support.talking import LONG_ID, NOW, between
from tests.support.waiting import until


def watched(talking, capsys, *arguments, steps=()):
    """What watch prints without a terminal, while these things happen."""
    options = command_line(watch).parse_args(["watch", "--data-dir", str(talking.path), *arguments])
    output, data = parsers.output(options), parsers.data(options, {})
    reports = looking.Reports(data, lambda: NOW)
    subject = watch.OneSession(reports, options.session_id) if options.session_id else watch.Everything(reports)
    watch.watch(output, subject, between(*steps), once=options.once)
    return capsys.readouterr().out.splitlines()


def test_watch_once(talking, capsys):
    """One view of the sessions: the live view, which says that no monitor is at work and how new the data is."""
    lines = watched(talking, capsys, "--once")

    assert lines[0] == "🔍 Session Monitor - Not running"
    assert "📊 Active Sessions: 0 of 2 (a call within 15 minutes)" in lines
    (row,) = (line for line in lines if line.startswith("│ a "))
    assert [cell.strip() for cell in row.split("│")[2:8]] == ["4", "40", "-", "20", "~$0.002400", "30 min ago"]
    assert "  Burn Rate:            $0.00 an hour (no calls in the last 10 minutes)" in lines
    assert "5 lines read, 5 calls, 0 passed over" in lines
    assert lines[-1].startswith("newest call: 2026-02-01T")
    with files.lock(str(talking.path / data_folder.LOCK), "a monitor"):
        assert watched(talking, capsys, "--once")[0] == "🔍 Session Monitor - Active"


def test_watch_tells_of_calls_that_did_not_go_well(talking, capsys):
    """How many failed, and how many their clients left; how far a monitor is behind is the monitor's own to say."""
    talking.talk("a", code="500")
    talking.talk("a", "a", flags="DC")

    assert "8 lines read, 8 calls (1 failed, 2 left), 0 passed over" in watched(talking, capsys, "--once")
    (line,) = watched(talking, capsys)
    assert "catching up" not in line.lower()


def test_watch_of_a_folder_without_a_state_file(talking, capsys):
    """Where nobody knows how much of the log was read, nothing is said about that."""
    (talking.path / ".state.json").unlink()

    assert not any("read" in line for line in watched(talking, capsys, "--once"))


def test_watch_without_a_terminal(talking, capsys):
    """One line for each change, and none where nothing changed."""
    nothing = [lambda: None] * 3
    lines = watched(talking, capsys, steps=[*nothing, lambda: talking.talk("a"), *nothing, lambda: talking.talk("b")])

    assert [line.partition(" (of")[0] for line in lines] == [
        "2 sessions (0 active), 50 input tokens",
        "2 sessions (0 active), 60 input tokens",
        "3 sessions (0 active), 70 input tokens",
    ]
    assert all(line.endswith("; no monitor is at work here") for line in lines)


def test_watch_as_json(talking, capsys):
    """One object a line for each change, with the sums and the latest sessions."""
    lines = watched(talking, capsys, "--json", steps=[lambda: None, lambda: talking.talk("b")])

    first, second = (json.loads(line)["data"] for line in lines)
    assert (first["sessions"], first["calls"], first["monitor_at_work"]) == (2, 5, False)
    assert first["active_now"] == 0
    assert first["burn_rate"] == {"usd_per_hour": "0", "minutes": 10, "calls": 0, "unpriced_rounds": 0}
    assert first["newest"] == "2026-02-01T09:00:04.000Z"
    assert [row["session_id"] for row in first["latest"]] == [LONG_ID, "a"]
    assert [row["session_id"] for row in second["latest"]] == ["b", LONG_ID, "a"]


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (40, 8), (20, 3), (200, 12)])
def test_watch_one_session(talking, size):
    """Its sums, and as many of its latest rounds as fit, the newest last, none of them cut; nothing is too wide."""
    talking.talk(LONG_ID, answer="查询北京天气🙂" * 200)
    reports = looking.Reports(Data(str(talking.path)), lambda: NOW)

    for session_id in ("a", LONG_ID):
        lines = watch.OneSession(reports, session_id).frame(*size)

        assert len(lines) <= size[1]
        assert max(map(display.width, lines)) <= size[0]
    lines = watch.OneSession(reports, "a").frame(80, 24)
    assert lines[0] == "🔍 a"
    assert lines[2:4] == [
        "💬 4 rounds, gpt-4, 30 min ago",
        "📈 40 in (not told how many cached), 20 out (0 reasoning), $0.00240",
    ]
    assert [line.split(" @")[0] for line in lines if line.startswith("  Round")] == ["  Round 3", "  Round 4"]
    assert lines[-2:] == ["    ✅ Answer: answer 3", "no monitor is at work here"]


def test_a_round_that_does_not_fit(talking):
    """Of a latest round that is longer than the window its beginning is shown, and how much is not."""
    talking.talk("a", answer="\n".join("line" for _ in range(12)))
    lines = watch.OneSession(looking.Reports(Data(str(talking.path)), lambda: NOW), "a").frame(80, 14)

    assert lines[5].startswith("  Round 5 @ ")
    assert lines[-2] == "    … 10 more lines"
    assert len(lines) == 14


def test_watch_one_session_in_lines(talking, capsys):
    """A line for each change of that session alone."""
    lines = watched(talking, capsys, "a", steps=[lambda: talking.talk("b"), lambda: talking.talk("a")])

    assert [line.split(", gpt-4;")[0] for line in lines] == ["a; 4 rounds", "a; 5 rounds"]


def test_watch_a_session_that_goes_away(talking, capsys):
    """It ends with exit code 3 and says why."""
    with pytest.raises(failures.Failure, match="the session a is there no more") as failure:
        watched(talking, capsys, "a", steps=[(talking.path / "a.json").unlink])
    assert failure.value.status == failures.NOT_FOUND


def test_looking_writes_nothing_but_the_index(talking, capsys):
    """The data folder stays as it was, and without an index only that is made."""
    talking.forget_index()

    def rest():
        others = (each for each in talking.path.iterdir() if not each.name.startswith(".index"))
        return sorted((each.name, each.read_bytes(), each.stat().st_mtime_ns) for each in others)

    before = rest()
    watched(talking, capsys, steps=[lambda: None])
    talking.rounds("a", Wanted(), lambda: None)
    assert rest() == before


class Terminal:
    """One Terminal is a window with a command in it."""

    def __init__(self, columns, rows, *arguments):
        self.ours, theirs = pty.openpty()
        self._resize(theirs, columns, rows)
        environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**environment, "TERM": "xterm"},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 -- no threads here
        )
        os.close(theirs)
        os.set_blocking(self.ours, False)
        self.shown = ""

    def _resize(self, descriptor, columns, rows):
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        """Make the window larger or smaller, and forget what was shown."""
        self.shown = ""
        self._resize(self.ours, columns, rows)

    def shows(self, text):
        """Whether that was shown."""
        with contextlib.suppress(OSError):  # nothing new, or it has ended
            self.shown += os.read(self.ours, 65536).decode("utf-8", "replace")
        return text in self.shown

    def close(self):
        """Take it away."""
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


@pytest.fixture
def window():
    """Makes terminals, and takes them away at the end."""
    made = []

    def make(*arguments):
        made.append(Terminal(*arguments))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("command", [["watch"], ["watch", "a"]])
@pytest.mark.parametrize("end", ["Ctrl-C", "SIGTERM"])
def test_watch_on_a_terminal(talking, window, command, end):
    """It takes the screen, follows sessions and the window's size, and gives the screen back."""
    # An hour: a window that changes is no reason to wait.
    screen = window(80, 24, *command, "--data-dir", talking.path, "--interval", "3600")
    until(lambda: screen.shows("━" * 80), "the view appears")
    assert "\x1b[?1049h" in screen.shown
    talking.talk("new" if command == ["watch"] else "a", answer="something new")
    screen.resize(120, 30)
    until(lambda: screen.shows("━" * 120), "the view has the window's size")
    until(lambda: screen.shows("│ new" if command == ["watch"] else "something new"), "what is new shows")

    if end == "Ctrl-C":
        os.write(screen.ours, b"\x03")
    else:
        screen.process.terminate()
    assert screen.process.wait(PATIENCE) == (130 if end == "Ctrl-C" else 143)
    until(lambda: screen.shows("\x1b[?1049l"), "the screen is given back")
    assert "Traceback" not in screen.shown


def test_watch_on_a_terminal_that_ends_by_itself(talking, window):
    """Where the folder goes away the screen is given back before it is said."""
    screen = window(80, 24, "watch", "--data-dir", talking.path, "--interval", "0.2")
    until(lambda: screen.shows("━" * 80), "the view appears")
    shutil.rmtree(talking.path)
    assert screen.process.wait(PATIENCE) == 1
    until(lambda: screen.shows("there is no folder"), "it says why")
    assert screen.shown.index("\x1b[?1049l") < screen.shown.index("there is no folder")
