"""A terminal as somebody sits before it, for the tests of what is seen there."""

from __future__ import annotations

import itertools
import os
import shlex
import subprocess
import time
from pathlib import Path

from tests.support.needs import need_tool

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 30
NUMBERS = itertools.count()


class Tmux:
    """One Tmux is a terminal with a shell in it, on a server of its own."""

    def __init__(self, columns, rows):
        self._program = [need_tool("tmux"), "-u", "-f", os.devnull, "-L", f"test-{os.getpid()}-{next(NUMBERS)}"]
        shell = "env -u ENV -u COLUMNS -u LINES PS1='$ ' TERM=screen-256color sh"
        self._tell("new-session", "-d", "-x", str(columns), "-y", str(rows), "-c", str(ROOT), shell)
        self.until(lambda: self.screen()[0] == "$", "the shell asks for a command")

    def _tell(self, *command):
        environment = {key: value for key, value in os.environ.items() if key != "TMUX"}
        environment.setdefault("LC_ALL", "C.UTF-8")
        return subprocess.run(
            [*self._program, *command], env=environment, capture_output=True, encoding="utf-8", check=True, timeout=10
        ).stdout

    def close(self):
        """End the shell and what runs in it."""
        self._tell("kill-server")

    def type(self, command):
        """Type a command and press Enter."""
        self._tell("send-keys", "-l", command)
        self._tell("send-keys", "Enter")

    def run(self, *words):
        """Run a command of these words, to its end."""
        before = self._place()
        self.type(shlex.join(map(str, words)))
        self.until(lambda: self._place() > before and self._asks(), "the command is done")

    def _place(self):
        """In which line the cursor is, of all that there were."""
        return sum(map(int, self.ask("history_size", "cursor_y")))

    def _asks(self):
        """Whether the shell asks for a command, and nothing was typed yet."""
        return self.screen()[int(self.ask("cursor_y")[0])] == "$"

    def press(self, key):
        """Press one key, such as C-c."""
        self._tell("send-keys", key)

    def resize(self, columns, rows):
        """Make the terminal larger or smaller."""
        self._tell("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self, *, history=False, joined=False):
        """The lines on the screen, or all that were; ``joined`` puts together what the terminal wrapped."""
        more = [*(["-S", "-"] if history else []), *(["-J"] if joined else [])]
        return [line.rstrip() for line in self._tell("capture-pane", "-p", *more).split("\n")]

    def ask(self, *names):
        """What tmux knows of its terminal, such as where the cursor is."""
        return self._tell("display-message", "-p", " ".join(f"#{{{name}}}" for name in names)).split()

    def until(self, condition, what):
        """Wait until something is so; the screen is shown where that was in vain."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, "\n".join([f"waited in vain: {what}", *self.screen()])
            time.sleep(0.02)
