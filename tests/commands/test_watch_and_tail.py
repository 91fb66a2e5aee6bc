"""watch and tail: what is shown of sessions that go on, without waiting for them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from commands import tail, watch
from commands.shared import failures, looking, parsers
from session_monitor.base import data_folder, files
from session_monitor.conversations import follow as core
from session_monitor.conversations.conversation import Wanted
from session_monitor.index.keeper import Keeper
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.monitor.ingest import Ingest
from session_monitor.reports.report import NoSuchFolderError, Report
from session_monitor.sessions import session_file
from session_monitor.sessions.store import Store
from session_monitor.text import width
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.waiting import until

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
PATIENCE = 30
LONG_ID = "agent:main:会话-🙂:" + "很长的名字" * 30
NOW = 1_769_938_215_000
"""2026-02-01T09:30:15Z."""


class Folder:
    """One Folder is a data folder with a log, and a monitor that reads what is added to it."""

    def __init__(self, home):
        self.path = home / "sessions"
        self.path.mkdir()
        self._log = home / "access.log"
        self._seconds = 0

    def talk(self, *session_ids, **attributes):
        """A call in each of these sessions, a second apart."""
        with open(self._log, "ab") as log:
            for session_id in session_ids:
                time = f"2026-02-01T09:{self._seconds // 60:02}:{self._seconds % 60:02}Z"
                texts = {"question": f"question {self._seconds}", "answer": f"answer {self._seconds}", **attributes}
                log.write(calls.line(session_id, ["Hi"], start_time=time, **texts) + b"\n")
                self._seconds += 1
        kept = Keeper(str(self.path), BOOK, lambda _done, _total: None)
        state = Checkpoint(str(self.path / ".state.json"), str(self.path))
        Ingest([str(self._log)], Store(str(self.path)), state, index=kept).poll()
        kept.close()

    def forget_index(self):
        """Take the index away, which the next look makes anew."""
        for each in self.path.glob(".index*"):
            each.unlink()

    def reports(self):
        """The answers of this moment."""
        return Report(str(self.path), BOOK, now=NOW)

    def rounds(self, session_id, wanted, *steps):
        """The numbers of the rounds that are seen while these things happen, each between two looks."""
        seen = core.rounds(self.reports, session_id, wanted, between(*steps))
        return [entry["round"] for entry, _ in seen]


def between(*steps):
    """A pause in which something happens instead of time going by; after the last one there is no other look."""
    left = list(steps)

    def pause():
        if not left:
            return False
        left.pop(0)()
        return True

    return pause


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with two sessions."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    found = Folder(tmp_path)
    found.talk("a", "a", "a", "a", LONG_ID)
    return found


def parser():
    """A command line of these commands alone."""
    top = parsers.Parser(prog="cli.py")
    commands = top.add_subparsers(parser_class=parsers.Parser)
    for module in (watch, tail):
        module.add(commands, parsers.shared_options())
    return top


def options(*arguments):
    """What the commands are told."""
    return parser().parse_args(list(map(str, arguments)))


# -- what is new -------------------------------------------------------------------------------------------------------


def test_changes():
    """Of values that stay the same only the first is told, also where it is None."""
    assert list(core.changes([None, None, 1, 1, 2, 1])) == [None, 1, 2, 1]
    assert list(core.changes([])) == []


def test_looks():
    """The first look is at once, and there is another one for as long as the pause says so."""
    taken = []
    assert list(core.looks(lambda: taken.append(1) or len(taken), between(list, list))) == [1, 2, 3]


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        (Wanted(newest=3), [2, 3, 4]),
        (Wanted(), [1, 2, 3, 4]),
        (Wanted(2, 3), [2, 3]),
        (Wanted(9), []),
        (Wanted(newest=99), [1, 2, 3, 4]),
    ],
)
def test_rounds_as_they_come(folder, wanted, first):
    """After the rounds that are wanted each new one comes once, however many there are between two looks."""
    steps = (lambda: folder.talk("a"), lambda: None, lambda: folder.talk("a", LONG_ID, "a"), lambda: folder.talk("b"))

    assert folder.rounds("a", wanted) == first
    assert folder.rounds("a", wanted, *steps) == [*first, 5, 6, 7]


def test_only_new_rounds_are_read(folder, monkeypatch):
    """No round is read from the file a second time."""
    read = []
    real = session_file.round_in
    monkeypatch.setattr(session_file, "round_in", lambda line: read.append(real(line)) or read[-1])

    assert folder.rounds("a", Wanted(newest=1), lambda: None, lambda: folder.talk("a")) == [4, 5]
    assert [each["round"] for each in read] == [4, 5]


def test_a_session_that_goes_away(folder):
    """A session that is deleted meanwhile ends it."""
    seen = core.rounds(folder.reports, "a", Wanted(), between((folder.path / "a.json").unlink))

    assert [next(seen)[0]["round"] for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(core.SessionGoneError):
        next(seen)


def test_rounds_that_were_taken_back(folder):
    """Where a torn file was mended, the rounds that come again are told again, and none before them."""
    whole = (folder.path / "a.json").read_bytes()

    def tear():
        # As a monitor leaves it: the last round is gone, and the index knows.
        (folder.path / "a.json").write_bytes(whole[: whole.index(b',{"round":4')])
        folder.forget_index()

    def mend():
        (folder.path / "a.json").write_bytes(whole)
        folder.forget_index()

    assert folder.rounds("a", Wanted(newest=1), tear, lambda: None, mend) == [4, 4]


# -- watch -------------------------------------------------------------------------------------------------------------


def watched(folder, capsys, *arguments, steps=()):
    """What watch prints without a terminal, while these things happen."""
    told = options("watch", "--data-dir", folder.path, *arguments)
    reports = looking.Reports(str(folder.path), lambda: NOW)
    subject = watch.OneSession(reports, told.session_id) if told.session_id else watch.Everything(told, reports)
    watch.watch(told, subject, between(*steps))
    return capsys.readouterr().out.splitlines()


def test_watch_once(folder, capsys):
    """One view of the sessions: the live view, which says that no monitor is at work and how new the data is."""
    lines = watched(folder, capsys, "--once")

    assert lines[0] == "🔍 Session Monitor - Not running"
    assert "📊 Active Sessions: 2" in lines
    (row,) = (line for line in lines if line.startswith("│ a "))
    assert row.split("│")[2:6] == ["    4 ", "    40 ", "     20 ", " 30 min ago "]
    assert "5 lines read, 5 calls, 0 passed over" in lines
    assert lines[-1].startswith("newest call: 2026-02-01T")
    with files.lock(str(folder.path / data_folder.LOCK), "a monitor"):
        assert watched(folder, capsys, "--once")[0] == "🔍 Session Monitor - Active"


def test_watch_of_a_folder_without_a_state_file(folder, capsys):
    """Where nobody knows how much of the log was read, nothing is said about that."""
    (folder.path / ".state.json").unlink()

    assert not any("read" in line for line in watched(folder, capsys, "--once"))


def test_watch_without_a_terminal(folder, capsys):
    """One line for each change, and none where nothing changed."""
    nothing = [lambda: None] * 3
    lines = watched(folder, capsys, steps=[*nothing, lambda: folder.talk("a"), *nothing, lambda: folder.talk("b")])

    assert [line.split(";")[0].split(" (")[0] for line in lines] == [
        "2 active sessions, 50 input tokens",
        "2 active sessions, 60 input tokens",
        "3 active sessions, 70 input tokens",
    ]
    assert all(line.endswith("; no monitor is at work here") for line in lines)


def test_watch_as_json(folder, capsys):
    """One object a line for each change, with the sums and the latest sessions."""
    lines = watched(folder, capsys, "--json", steps=[lambda: None, lambda: folder.talk("b")])

    first, second = map(json.loads, lines)
    assert (first["sessions"], first["calls"], first["monitor_at_work"]) == (2, 5, False)
    assert first["newest"] == "2026-02-01T09:00:04.000Z"
    assert [row["session_id"] for row in first["latest"]] == [LONG_ID, "a"]
    assert [row["session_id"] for row in second["latest"]] == ["b", LONG_ID, "a"]


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (40, 8), (20, 3), (200, 12)])
def test_watch_one_session(folder, size):
    """Its sums, and as many of its latest rounds as fit, the newest last, none of them cut; nothing is too wide."""
    folder.talk(LONG_ID, answer="查询北京天气🙂" * 200)
    reports = looking.Reports(str(folder.path), lambda: NOW)

    for session_id in ("a", LONG_ID):
        lines = watch.OneSession(reports, session_id).frame(*size)

        assert len(lines) <= size[1]
        assert max(map(width.width, lines)) <= size[0]
    lines = watch.OneSession(reports, "a").frame(80, 24)
    assert lines[0] == "🔍 a"
    assert lines[2:4] == ["💬 4 rounds, gpt-4, 30 min ago", "📈 40 in (0 cached), 20 out (0 reasoning), $0.00240"]
    assert [line.split(" @")[0] for line in lines if line.startswith("  Round")] == ["  Round 3", "  Round 4"]
    assert lines[-2:] == ["    ✅ Answer: answer 3", "no monitor is at work here"]


def test_a_round_that_does_not_fit(folder):
    """Of a latest round that is longer than the window its beginning is shown, and how much is not."""
    folder.talk("a", answer="\n".join("line" for _ in range(12)))
    lines = watch.OneSession(looking.Reports(str(folder.path), lambda: NOW), "a").frame(80, 14)

    assert lines[5].startswith("  Round 5 @ ")
    assert lines[-2] == "    … 10 more lines"
    assert len(lines) == 14


def test_watch_one_session_in_lines(folder, capsys):
    """A line for each change of that session alone."""
    lines = watched(folder, capsys, "a", steps=[lambda: folder.talk("b"), lambda: folder.talk("a")])

    assert [line.split(", gpt-4;")[0] for line in lines] == ["a; 4 rounds", "a; 5 rounds"]


def test_watch_a_session_that_goes_away(folder, capsys):
    """It ends with exit code 3 and says why."""
    with pytest.raises(failures.Failure, match="the session a is there no more") as failure:
        watched(folder, capsys, "a", steps=[(folder.path / "a.json").unlink])
    assert failure.value.status == failures.NOT_FOUND


def test_a_price_list_that_changes(folder, capsys, tmp_path):
    """Costs follow a price list that changes meanwhile; while it has a mistake they stay, and the view says so."""
    own = folder.path / ".prices.json"
    told = options("watch", "--data-dir", folder.path)
    reports = looking.Reports(str(folder.path), lambda: NOW)
    everything = watch.Everything(told, reports)
    row = {"input": "100000", "output": "0"}
    assert "cost $0.00300" in everything.line()

    own.write_text(json.dumps({"schema": 1, "models": {"gpt-4": {"prices": [row]}}}), encoding="utf-8")
    assert "cost $5.00" in everything.line()
    own.write_text("{", encoding="utf-8")
    assert "cost $5.00" in everything.line()
    assert str(own) in everything.line()
    own.unlink()
    assert "cost $0.00300" in everything.line()
    assert str(own) not in everything.line()


def test_looking_writes_nothing_but_the_index(folder, capsys):
    """The data folder stays as it was, and without an index only that is made."""
    folder.forget_index()

    def rest():
        found = (each for each in folder.path.iterdir() if not each.name.startswith(".index"))
        return sorted((each.name, each.read_bytes(), each.stat().st_mtime_ns) for each in found)

    before = rest()
    watched(folder, capsys, steps=[lambda: None])
    folder.rounds("a", Wanted(), lambda: None)
    assert rest() == before


# -- tail --------------------------------------------------------------------------------------------------------------


def tailed(folder, capsys, *arguments, steps=()):
    """What tail prints of session ``a``, while these things happen."""
    told = options("tail", "a", "--data-dir", folder.path, *arguments)
    tail.tail(told, folder.reports, "a", between(*steps))
    return capsys.readouterr().out.splitlines()


def test_tail(folder, capsys):
    """The latest three rounds, and each new one, as show prints them."""
    lines = tailed(folder, capsys, steps=[lambda: folder.talk("a"), lambda: folder.talk("b")])

    assert lines[:2] == ["📝 a", ""]
    heads = [line.split(" @")[0] for line in lines if line.startswith("  Round")]
    assert heads == ["  Round 2", "  Round 3", "  Round 4", "  Round 5"]
    assert (
        lines[-5:]
        == [
            "    🔧 Tool calls: No",
            "    Messages (none new, after 1 sent before):",
            "    ❓ Question: question 5",
            "    ✅ Answer: answer 5",
        ]
        or lines[-1] == "    ✅ Answer: answer 5"
    )
    assert not any("Messages" in line for line in tailed(folder, capsys, "--messages", "none"))


def test_tail_as_json(folder, capsys):
    """One object a line, a round each with what it cost; without messages where none are wanted."""
    lines = tailed(folder, capsys, "--json", "--rounds", "last", steps=[lambda: folder.talk("a")])

    found = list(map(json.loads, lines))
    assert [entry["round"] for entry in found] == [4, 5]
    assert {"cost_usd", "messages"} <= found[0].keys()
    (entry,) = map(json.loads, tailed(folder, capsys, "--json", "--rounds", "last", "--messages", "none"))
    assert not any(key.startswith("messages") for key in entry)


def test_tail_of_a_session_that_goes_away(folder, capsys):
    """It ends with exit code 3 and says why."""
    with pytest.raises(failures.Failure, match="the session a is there no more") as failure:
        tailed(folder, capsys, steps=[(folder.path / "a.json").unlink])
    assert failure.value.status == failures.NOT_FOUND


# -- as commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["watch"], ["tail", "a"]])
@pytest.mark.parametrize("interval", ["0.19", "0", "-1", "nan", "inf", "1e9", "often"])
def test_an_interval_that_is_none(capsys, command, interval):
    """An interval below a fifth of a second, or that is no number, is refused."""
    with pytest.raises(SystemExit) as end:
        options(*command, "--interval", interval)
    assert end.value.code == 2
    assert "is no number of seconds from 0.2 to 86,400" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["watch"], ["watch", "a"], ["tail", "a"]])
def test_a_data_folder_that_is_none(tmp_path, command):
    """Where there is no data folder it fails as all commands do."""
    told = options(*command, "--data-dir", tmp_path / "none")
    with pytest.raises(NoSuchFolderError):
        told.run(told)


PROGRAM = f"""\
import sys
sys.path.insert(0, {str(SCRIPTS)!r})
import cli
sys.exit(cli.main())
"""
FAST = ("--interval", "0.2")


@contextlib.contextmanager
def running(*arguments, **streams):
    """A command at work."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *map(str, arguments)], **streams)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("command", [["watch"], ["tail", "a"]])
def test_an_end_that_is_asked_for(folder, command, sent, code):
    """What comes is printed at once, and Ctrl-C ends it without a traceback."""
    with running(
        *command, "--data-dir", folder.path, *FAST, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline()
        folder.talk("a", answer="something new")
        until(
            lambda: ("something new" if command[0] == "tail" else "60 input") in process.stdout.readline(), "it shows"
        )
        process.send_signal(sent)
        _, complaints = process.communicate(timeout=PATIENCE)

    assert process.returncode == code
    assert "Traceback" not in complaints


def test_nohup(folder):
    """A hangup that it was told to ignore does not end it."""
    ignoring = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{PROGRAM}"
    arguments = [sys.executable, "-c", ignoring, "watch", "--data-dir", str(folder.path), *FAST]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        folder.talk("a")
        assert "60 input" in process.stdout.readline()
        process.terminate()
    assert process.returncode == 143


@pytest.mark.parametrize("command", [["watch"], ["tail", "a"]])
def test_a_reader_that_has_seen_enough(folder, command):
    """It ends when nobody reads it any more, although nothing new comes."""
    with running(*command, "--data-dir", folder.path, *FAST, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert b"Traceback" not in process.stderr.read()
        process.stderr.close()


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
def test_watch_on_a_terminal(folder, window, command, end):
    """It takes the screen, follows sessions and the window's size, and gives the screen back."""
    # An hour: a window that changes is no reason to wait.
    screen = window(80, 24, *command, "--data-dir", folder.path, "--interval", "3600")
    until(lambda: screen.shows("━" * 80), "the view appears")
    assert "\x1b[?1049h" in screen.shown
    folder.talk("new" if command == ["watch"] else "a", answer="something new")
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


def test_watch_on_a_terminal_that_ends_by_itself(folder, window):
    """Where the folder goes away the screen is given back before it is said."""
    screen = window(80, 24, "watch", "--data-dir", folder.path, *FAST)
    until(lambda: screen.shows("━" * 80), "the view appears")
    shutil.rmtree(folder.path)
    assert screen.process.wait(PATIENCE) == 1
    until(lambda: screen.shows("there is no folder"), "it says why")
    assert screen.shown.index("\x1b[?1049l") < screen.shown.index("there is no folder")
