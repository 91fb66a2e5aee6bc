"""What does a program of a checkout print, and how does it end?"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import NamedTuple

from tests.campaigns.same_answers.masks import OF_COMMANDS, masked

PATIENCE = 60
"""Seconds for one command, or one answer."""
CLI, MAIN, SERVER = "scripts/cli.py", "main.py", "scripts/webserver.py"
ENVIRONMENT = {
    "HOME": "home",
    "XDG_CONFIG_HOME": "config",  # both relative to the side's folder
    "LC_ALL": "C.UTF-8",
    "PATH": os.environ.get("PATH", os.defpath),
    "PYTHONHASHSEED": "0",  # the index numbers models in the order of a set, and answers are sorted by these numbers
    "TERM": "xterm",
    "TZ": "CST-8",  # a zone in which days are not those of UTC, and which needs no list of zones
}


class Outcome(NamedTuple):
    """What a program printed, and its exit code (or why there is none)."""

    stderr: bytes
    stdout: bytes
    code: bytes


def run(side, program, words, environment=()):
    """Run a program of a side's checkout to its end."""
    return ended(started(side, program, words, environment))


def run_until(side, program, words, marker, environment=()):
    """Run a program that does not end by itself, until it has printed the marker; then end it by SIGTERM."""
    process = started(side, program, words, environment)
    printed = _read_until(process.stdout.fileno(), lambda text: marker in text)
    process.terminate()
    return ended(process, printed)


def run_on_terminal(side, program, words, size, frames=0):
    """Run a program on a terminal of so many columns and rows; Ctrl-C ends it after so many pictures, if any."""
    master, slave = pty.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        process = started(side, program, words, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        shown = b""
        if frames:
            shown = _read_until(master, lambda text: text.count(b"\x1b[?2026l") >= frames)
            process.send_signal(signal.SIGINT)
        return ended(process, shown + _read_until(master, lambda _text: False))
    finally:
        os.close(master)


def started(side, program, words, environment=(), **streams):
    """A program at work in the side's folder.  Its bytecode goes beside that: a checkout is left as it is."""
    own = {**ENVIRONMENT, "PYTHONPYCACHEPREFIX": str(side.home.parent / "bytecode"), **dict(environment)}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    # Without a buffer, in which what comes behind the first line would get lost.
    command = [sys.executable, side.checkout / program, *words]
    return subprocess.Popen(command, bufsize=0, cwd=side.home, env=own, **streams)


def ended(process, printed=b""):
    """What came of a program that is about to end; ``printed`` was read of its output before."""
    try:
        rest, stderr = process.communicate(timeout=PATIENCE)
        code = b"%d" % process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        rest, stderr = process.communicate()
        code = b"none: it does not end"
    return Outcome(stderr or b"", printed + (rest or b""), code)


def _read_until(descriptor, is_enough):
    """What comes from a descriptor until that is enough, or nothing comes any more."""
    text, end = b"", time.monotonic() + PATIENCE
    while not is_enough(text) and select.select([descriptor], [], [], max(0, end - time.monotonic()))[0]:
        more = b""
        with contextlib.suppress(OSError):  # so a terminal ends
            more = os.read(descriptor, 65_536)
        if not more:
            break
        text += more
    return text


def ask(campaign, kind, line, names=None, *, program=CLI, more=(), runs=run):
    """Compare what a command line says on both sides; ``NAME=value`` words before it are its environment.

    Names in braces stand for ``names``; ``more`` words come behind.  Returns the outcome of BEFORE.
    """
    words = [word.format(**names) if names else word for word in shlex.split(line)]
    place = next((i for i, word in enumerate(words) if not re.match(r"[A-Z_]+=", word)), len(words))
    environment, words = [word.split("=", 1) for word in words[:place]], [*words[place:], *more]
    before, after = campaign.both(functools.partial(_asked, program, words, environment, runs))
    shown = shlex.join([os.path.basename(program), *words])
    unlike = [name for name in Outcome._fields if getattr(before, name) != getattr(after, name)]
    what = f"{shown}: {unlike[0]}" if unlike else shown
    campaign.verdict.compare(kind, what, *(getattr(each, unlike[0]) if unlike else b"" for each in (before, after)))
    if b"Traceback" in before.stderr:
        print(f"note: BEFORE itself fails at {shown}", flush=True)
    return before


def _asked(program, words, environment, runs, side):
    outcome = runs(side, program, words, **({"environment": environment} if environment else {}))
    command = words[0] if program == CLI and words else os.path.basename(program)
    return Outcome(*(masked(OF_COMMANDS, command, side.neutral(text)) for text in outcome))
