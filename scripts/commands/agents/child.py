"""How does a program run as if it had been started by itself?

It has this terminal, its arguments as they were typed, and the signals that come here; its exit code becomes this one's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType

from session_monitor.base import signals

NOT_EXECUTABLE, NOT_FOUND, BY_SIGNAL = 126, 127, 128
"""The exit codes of a shell; to the last one a signal's number is added."""
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_OF_TERMINAL = (signal.SIGINT, signal.SIGQUIT)

_LOOK = 1.0
"""Seconds after which it is looked whether the program has ended, though no signal said so: somebody may hold SIGCHLD back."""


class NoProgramError(Exception):
    """The program cannot be started: says why, with the exit code of that."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why)
        self.code = code


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program to its end; its exit code, as a shell tells it.  Raises NoProgramError."""
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number in _OF_TERMINAL and _comes_from_terminal():
            return  # the terminal tells the program by itself
        if process is None:
            early.append(number)
        else:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    handled = [number for number in (*_PASSED_ON, *_OF_TERMINAL) if signal.getsignal(number) != signal.SIG_IGN]  # nohup
    with signals.waking({**dict.fromkeys(handled, pass_on), signal.SIGCHLD: signals.only_wake}) as wake:
        process = _started(command, environment)
        for number in early:
            process.send_signal(number)
        while (code := process.poll()) is None:
            signals.wait(wake, _LOOK)
    return code if code >= 0 else BY_SIGNAL - code


def _started(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(list(command), env=dict(environment))  # noqa: S603 -- what somebody typed
    except FileNotFoundError:
        raise NoProgramError(f"there is no program {command[0]}", NOT_FOUND) from None
    except OSError as error:
        raise NoProgramError(f"{command[0]}: {error.strerror or error}", NOT_EXECUTABLE) from None
    except ValueError as error:  # a zero byte among its words
        raise NoProgramError(f"{command[0]!r}: {error}", NOT_EXECUTABLE) from None


def _comes_from_terminal() -> bool:
    """Whether Ctrl-C goes to all that run here together: a terminal is there, and they are what is in front on it."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
