"""A signal that the system hands to another thread than the one that waits: as after a stop, when any may be the first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def send_signal(pid, number):
    """Sends it to a process; Linux takes the number of a thread for that of its process, and lets that thread have it."""
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.is_dir():
        pytest.skip("needs Linux' /proc, which tells a process's threads")
    threads = sorted(int(each.name) for each in tasks.iterdir())
    assert len(threads) > 1
    os.kill(threads[-1], number)
