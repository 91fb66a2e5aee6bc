"""How is a program ended, with all that it has started?"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Any

_SECONDS_TO_TIDY = 20
"""For pytest to end what its tests have started, before it is killed."""


class StoppedError(Exception):
    """The campaign is to end."""


def run(command: Sequence[str], seconds: float, stop: threading.Event, **how: Any) -> int | None:
    """The exit code of a program; None where it was ended after so many seconds.

    ``how`` is as for ``Popen``.  Once ``stop`` is set it is ended, and ``StoppedError`` is raised.
    """
    # Not of the terminal's group: Ctrl-C comes to the campaign alone, which ends what it has started.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **how)
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=0.5)
            if stop.is_set():
                raise StoppedError
        return None
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End pytest, if need be, and what a faulty program has left behind, too."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_SECONDS_TO_TIDY)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
