"""Does a monitor that follows a log for a day take more memory at its end than at its beginning?

A gateway of many sessions writes and is rotated, older files are compressed and then removed, and ``main.py --follow``
reads along.  After each rotation, when all has been read, its memory is looked at.  As a program::

    python3 -m tests.campaigns.day_long --sessions 10000 --rotations 50
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from session_monitor.base import data_folder
from session_monitor.log import checkpoint
from tests.support import calls
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
KEPT = 5
"""Rotated files that stay; all but the newest are compressed."""
WARM = 0.2
"""The share of the rotations after which every cache has been filled once."""


class Day(NamedTuple):
    """Resident memory after each rotation, in KiB, and how many calls were written and found."""

    memory: list[int]
    written: int
    found: int

    @property
    def growth(self) -> float:
        """By what share the last fifth of the samples is above the second one (the first is the warming up)."""
        fifth = max(2, round(len(self.memory) * WARM))
        return statistics.median(self.memory[-fifth:]) / statistics.median(self.memory[fifth : 2 * fifth]) - 1


class Gateway:
    """Writes calls of so many sessions, each with a history that grows, to a log that is rotated."""

    def __init__(self, folder: Path, sessions: int, seed: int = 1) -> None:
        self.log = folder / "access.log"
        self.written = 0
        self._sessions = sessions
        self._chance = random.Random(seed)

    def write(self, number: int) -> None:
        """Append so many calls."""
        with self.log.open("ab") as file:
            for _ in range(number):
                self.written += 1
                session = self._chance.randrange(self._sessions)
                texts = [f"{session} asks for the {each}th time: {'words ' * 20}" for each in range(session % 12)]
                second = self.written % 86_400
                time = (
                    f"2026-02-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{self.written % 1000:03}Z"
                )
                # Each line is one of its own, as a gateway's are by their request ids.
                line = calls.line(f"session-{session}", texts, start_time=time, chat_id=f"call-{self.written}")
                file.write(line + b"\n")

    def rotate(self) -> None:
        """As logrotate does with ``compress`` and ``delaycompress``."""
        last = self.log.with_name(f"access.log.{KEPT}.gz")
        last.unlink(missing_ok=True)
        for number in range(KEPT - 1, 1, -1):
            with contextlib.suppress(FileNotFoundError):
                self.log.with_name(f"access.log.{number}.gz").rename(self.log.with_name(f"access.log.{number + 1}.gz"))
        first = self.log.with_name("access.log.1")
        if first.exists():
            temporary = self.log.with_name("compressing")
            temporary.write_bytes(gzip.compress(first.read_bytes(), 1))
            temporary.rename(self.log.with_name("access.log.2.gz"))
            first.unlink()
        self.log.rename(first)
        self.log.touch()


def day(folder: Path, *, sessions: int, rotations: int, calls_between: int) -> Day:
    """A day of so many rotations."""
    output, logs = folder / "sessions", folder / "logs"
    logs.mkdir()
    gateway = Gateway(logs, sessions)
    gateway.log.touch()
    memory = []
    with _following(gateway.log, output) as monitor:
        for _ in range(rotations):
            gateway.write(calls_between // 2)
            gateway.rotate()
            gateway.write(calls_between - calls_between // 2)
            until(lambda: _found(output) == gateway.written, "the monitor finds all calls")
            memory.append(_resident(monitor.pid))
    return Day(memory, gateway.written, _found(output))


@contextlib.contextmanager
def _following(log: Path, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, ROOT / "main.py", "--follow", "--quiet", "--refresh-interval", "0.1"]
    command += ["--log-path", log, "--output-dir", output]
    monitor = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield monitor
    finally:
        monitor.terminate()
        monitor.wait()


def _found(output: Path) -> int:
    state = checkpoint.read(data_folder.state_file(str(output)), str(output))
    return sum(view.coverage.calls for view in state[1].values()) if state else 0


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns 1 where memory grew by more than 5 %, or calls were not found once each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--rotations", type=int, default=50)
    parser.add_argument("--calls", type=int, default=4_000, help="between two rotations (default: 4000)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        told = day(Path(folder), sessions=options.sessions, rotations=options.rotations, calls_between=options.calls)
    print("MiB after each rotation:", " ".join(f"{each / 1024:.1f}" for each in told.memory))
    print(f"{told.found} of {told.written} calls; memory grew by {100 * told.growth:.1f} %")
    return int(told.growth > 0.05 or told.found != told.written)


if __name__ == "__main__":
    sys.exit(main())
