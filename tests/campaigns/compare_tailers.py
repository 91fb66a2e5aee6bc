"""Log tailers under rotation, side by side: what each loses and what it finds twice.

Every tailer is started anew for each poll, as cron does it, on the same histories of a log under the machine's own
logrotate, and what it printed (or stored) is held against what was written.  As a program::

    pip install pygtail; apt-get install logrotate logtail
    python3 -m tests.campaigns.compare_tailers

prints a table in Markdown: lines lost / lines found twice, of all that were written.  A line counts as found where it
is whole in what one poll printed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import main as monitor
from tests.campaigns import logrotate_lab
from tests.campaigns.logrotate_lab import Gateway, Logrotate
from tests.support import prepared

PATIENCE = 60
SEALED_AFTER = 65
"""Seconds between the last polls, of which a rotated file's last line may need a few where its newline is missing."""
ADMIN_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"


def which(name):
    """The path of a program, or None."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), ADMIN_FOLDERS]))


# -- the tailers -------------------------------------------------------------------------------------------------------


class Printer:
    """A tailer that prints what is new, each time it is started."""

    def __init__(self, log, folder, command):
        self.command = [word.format(log=log, offset=folder / "offset") for word in command]
        self.counts = Counter()

    def poll(self, kill_after=None):
        """Start it, and kill it after so many seconds if it is still there."""
        process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._count(_output(process, kill_after))

    def _count(self, text):
        lines = text if text.endswith(b"\n") else text + b"\n"
        self.counts.update(name for name, _length in logrotate_lab.whole_lines(lines))

    def wait(self):
        """Only our own tailer waits for anything."""

    def found(self):
        """How often it found each line."""
        return self.counts


class Ours:
    """This project's main.py.  With ``hurry`` its clock is put forward where it would have to wait."""

    def __init__(self, log, folder, hurry):
        self.out = folder / "sessions"
        self.arguments = ["--log-path", str(log), "--output-dir", str(self.out), "--once", "--quiet"]
        self.hurry = hurry
        self.later = 0

    def poll(self, kill_after=None):
        """Start it, and kill it after so many seconds if it is still there."""
        if not self.later and kill_after is None:
            prepared.run(logrotate_lab.MAIN, *self.arguments, timeout=PATIENCE)
            return
        program = [str(logrotate_lab.MAIN)]
        if self.later:
            program = ["-c", _LATER.format(root=str(logrotate_lab.ROOT), seconds=self.later)]
        process = subprocess.Popen(
            [sys.executable, *program, *self.arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        _output(process, kill_after)

    def wait(self):
        """Let a minute go by."""
        if self.hurry:
            self.later += SEALED_AFTER
        else:
            time.sleep(SEALED_AFTER)

    def found(self):
        """How often each line is in the session files."""
        return logrotate_lab.found_in(self.out)


_LATER = """\
import sys, time
sys.path.insert(0, {root!r})
now = time.monotonic
time.monotonic = lambda: now() + {seconds}
import main
sys.exit(main.main())
"""


def _output(process, kill_after):
    try:
        return process.communicate(timeout=PATIENCE if kill_after is None else kill_after)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.communicate()[0]


class Column(NamedTuple):
    """A tailer by name and version; ``make`` is None where this machine lacks it."""

    title: str
    version: str | None
    make: object


def columns(*, hurry):
    """All tailers; those that are missing have no version."""
    pygtail = [sys.executable, "-c", "from pygtail.core import main; main()", "--offset-file", "{offset}"]
    try:
        pygtail_version = importlib.metadata.version("pygtail")
    except importlib.metadata.PackageNotFoundError:
        pygtail_version = None
    logtail = which("logtail2")
    return [
        _printer("pygtail", pygtail_version, [*pygtail, "{log}"]),
        _printer("pygtail --full_lines", pygtail_version, [*pygtail, "--full_lines", "{log}"]),
        _printer("logtail2", logtail and _debian_version("logtail"), [logtail, "-f", "{log}", "-o", "{offset}"]),
        Column("this project", monitor.__version__, lambda log, folder: Ours(log, folder, hurry)),
    ]


def _printer(title, version, command):
    return Column(title, version, lambda log, folder: Printer(log, folder, command))


def _debian_version(package):
    asked = ["dpkg-query", "--show", "--showformat=${Version}", package]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "(unknown version)"


# -- the histories -----------------------------------------------------------------------------------------------------


class Play:
    """One history with one tailer: a log, its gateway, logrotate.  ``unit`` lines are the measure of all."""

    def __init__(self, folder, logrotate, column, unit, seed=1):
        self.folder = folder
        self.logrotate = logrotate
        self.unit = unit
        self.random = random.Random(seed)
        self.log = folder / "logs" / "access.log"
        self.log.parent.mkdir()
        self.gateway = Gateway(self.log)
        tailer_folder = folder / "tailer"
        tailer_folder.mkdir()
        self.tailer = column.make(self.log, tailer_folder)
        self.poll = self.tailer.poll

    def write(self, units):
        """So many times the unit."""
        self.gateway.write(round(units * self.unit))

    def rotate(self, *directives):
        """Rotate, and tell the gateway."""
        Logrotate(self.logrotate, self.folder, [self.log], "rotate 5", *directives)()
        self.gateway.reopen()

    def result(self):
        """Lines lost, found twice, and written."""
        counts = self.tailer.found()
        written = self.gateway.names
        lost = sum(name not in counts for name in written)
        twice = sum(number > 1 for number in counts.values())
        self.gateway.close()
        return lost, twice, len(written)


def partial_line(play):
    """Half a line at the end of the log, and the rest of it after a poll."""
    play.write(0.4)
    line = play.gateway.line()
    play.gateway.raw(line[: len(line) // 2])
    play.poll()
    play.gateway.raw(line[len(line) // 2 :])
    play.write(0.4)
    play.poll()


def three_rotations(play):
    """Three rotations between two polls."""
    play.write(3)
    play.poll()
    for _ in range(3):
        play.write(3)
        play.rotate("create")
    play.write(6)
    play.poll()


def poll_then_rotate(play):
    """Twenty generations of one size; each rotation right behind a poll."""
    for _ in range(20):
        play.write(5)
        play.poll()
        play.rotate("create")
    play.write(0.5)
    play.poll()


def rotate_then_poll(play):
    """The same with each poll right behind a rotation; the very first one too."""
    for _ in range(20):
        play.write(5)
        play.rotate("create")
        play.poll()
    play.write(0.5)
    play.poll()


def copytruncate(play):
    """Lines behind the last poll when the log is copied and emptied."""
    play.write(5)
    play.poll()
    play.write(2)
    play.rotate("copytruncate")
    play.write(1)
    play.poll()


def copytruncate_regrown(play):
    """The same, and at the next poll the log is larger than it ever was."""
    play.write(5)
    play.poll()
    play.write(2)
    play.rotate("copytruncate")
    play.write(9)
    play.poll()


def compress(play):
    """Lines behind the last poll when the log is rotated and compressed at once."""
    play.write(5)
    play.poll()
    play.write(2)
    play.rotate("create", "compress")
    play.write(1)
    play.poll()


def no_newline(play):
    """The last line before a rotation has no newline, and never gets one."""
    play.write(0.5)
    play.gateway.raw(play.gateway.line()[:-1])
    play.poll()
    play.rotate("create")
    play.write(0.5)
    for _ in range(3):
        play.poll()
        play.tailer.wait()
    play.poll()


def kills(play):
    """Twenty polls of which each is killed at a random moment, then one that is not."""
    play.write(2)
    started = time.monotonic()
    play.poll()
    usual = time.monotonic() - started
    for _ in range(20):
        play.write(2)
        play.poll(kill_after=play.random.uniform(0, usual))
    play.poll()


ROWS = {
    "half a line, completed after a poll": partial_line,
    "3 rotations between two polls": three_rotations,
    "20 generations, poll then rotate": poll_then_rotate,
    "20 generations, rotate then poll, the first time too": rotate_then_poll,
    "copytruncate, unread lines": copytruncate,
    "copytruncate, grown past the old offset": copytruncate_regrown,
    "compressed at once, unread lines": compress,
    "last line without a newline, then rotated": no_newline,
    "kill -9 in 20 polls": kills,
}


# -- the table ---------------------------------------------------------------------------------------------------------


def measured(row, column, unit):
    """Lost, twice and total of one cell."""
    with tempfile.TemporaryDirectory() as folder:
        play = Play(Path(folder), which("logrotate"), column, unit)
        ROWS[row](play)
        return play.result()


def table(unit, *, hurry, tell=lambda _text: None):
    """The lines of the table; ``unit`` lines are the measure of all."""
    tailers = columns(hurry=hurry)
    titles = ["lost / twice of total", *(f"{each.title} {each.version or ''}".strip() for each in tailers)]
    lines = [_line(titles), _line(["---"] * len(titles))]
    for row in ROWS:
        tell(row)
        lines.append(_line([row, *(_cell(row, each, unit) for each in tailers)]))
    return lines


def _cell(row, column, unit):
    if column.version is None:
        return "not installed"
    lost, twice, total = measured(row, column, unit)
    return f"{lost} / {twice} of {total}"


def _line(cells):
    return f"| {' | '.join(cells)} |"


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description="Compare log tailers under rotation.")
    parser.add_argument("--unit", type=int, default=10, metavar="LINES", help="lines in a unit of the histories")
    parser.add_argument("--hurry", action="store_true", help="put main.py's clock forward instead of waiting")
    options = parser.parse_args()
    if which("logrotate") is None:
        print("This needs logrotate: apt-get install logrotate", file=sys.stderr)
        return 1
    print(*table(options.unit, hurry=options.hurry, tell=lambda text: print(text, file=sys.stderr)), sep="\n")
    said = subprocess.run([which("logrotate"), "--version"], capture_output=True, text=True, check=True)
    logrotate = (said.stdout + said.stderr).split("\n")[0]
    print(f"\n{logrotate}, Python {platform.python_version()}, {platform.system()}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
