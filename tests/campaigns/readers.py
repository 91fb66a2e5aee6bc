"""Do readers and a monitor at work get in each other's way?

``run`` lets a monitor read a log at full speed while some readers ask it everything in a loop, and holds each answer
against itself, against the one before, and the folder at the end against the truth that the generator wrote.  The
same log is read without readers as well, in turn.  As a program it does so at length::

    python3 -m tests.campaigns.readers --bytes 150M --readers 10
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from tests.campaigns import ground_truth

ROOT = Path(__file__).parent.parent.parent
QUESTIONS = (
    ["stats-model"],
    ["stats-consumer"],
    ["stats-date", "--days", "30000", "--timezone", "Asia/Shanghai"],
    ["summary"],
    ["list", "--sort-by", "cost"],
    ["list", "--status", "idle", "--limit", "20"],
    ["show", "last", "--rounds", "last:5"],
)


class Run(NamedTuple):
    """How long the monitor took, in seconds on the clock and of the processor; how many answers, and what was wrong."""

    wall: float
    processor: float
    answers: int
    wrong: list[str]


def run(folder, log, truth, readers):
    """One pass of a monitor over the log, with so many readers beside it until it ends."""
    output = folder / f"sessions-{readers}-{time.monotonic_ns()}"
    output.mkdir()
    command = [sys.executable, ROOT / "main.py", "--once", "--quiet", "--log-path", log, "--output-dir", output]
    started = time.monotonic()
    monitor = subprocess.Popen(command)
    ended = threading.Event()
    asking = [_Reader(output, number, ended) for number in range(readers)]
    for reader in asking:
        reader.start()
    _, status, used = os.wait4(monitor.pid, 0)
    monitor.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    ended.set()
    for reader in asking:
        reader.join()
    wrong = [text for reader in asking for text in reader.wrong]
    if monitor.returncode:
        wrong.append(f"the monitor ended with {monitor.returncode}")
    if readers:
        wrong += ground_truth.differences(log, truth, output)
    return Run(wall, used.ru_utime + used.ru_stime, sum(reader.answers for reader in asking), wrong)


class _Reader(threading.Thread):
    """Asks one question after another.

    It is nice to the monitor: eleven processes on two processors would show how these are shared out, and not whether
    one waits for another.
    """

    def __init__(self, output, number, ended):
        super().__init__(daemon=True)
        self._output = output
        self._number = number
        self._ended = ended
        self._calls = 0
        self.answers = 0
        self.wrong = []

    def run(self):
        while not self._ended.is_set():
            question = QUESTIONS[(self.answers + self._number) % len(QUESTIONS)]
            command = [sys.executable, ROOT / "scripts" / "cli.py", *question, "--data-dir", self._output, "--json"]
            done = subprocess.run(["nice", "-n", "19", *command], capture_output=True, text=True, check=False)
            self.answers += 1
            nothing_yet = done.returncode == 3 and question[0] == "show"
            if done.returncode and not nothing_yet:
                self.wrong.append(f"{question}: exit code {done.returncode}: {done.stderr}")
            elif not done.returncode:
                self.wrong += [f"{question}: {text}" for text in self._check(question[0], json.loads(done.stdout))]

    def _check(self, name, envelope):
        data = envelope["data"]
        if name.startswith("stats-"):
            rows = next(value for value in data.values() if isinstance(value, list))
            for key in ("calls", "failed", "input_tokens", "output_tokens", "cached_tokens", "unpriced_rounds"):
                if sum(row[key] for row in rows) != data["total"][key]:
                    yield f"{key} of the rows are not those of the total"
            yield from self._grown(data["total"]["calls"])
        elif name == "summary":
            yield from self._grown(data["calls"])
        elif name == "show":
            numbers = [entry["round"] for entry in data["rounds"]]
            if numbers != list(range(numbers[0], numbers[0] + len(numbers))) if numbers else False:
                yield f"rounds {numbers}"

    def _grown(self, calls):
        if calls < self._calls:
            yield f"{calls} calls after {self._calls}"
        self._calls = max(calls, self._calls)


def main():
    """Generate, run with and without readers in turn, compare; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description="Let readers ask while a monitor is at work.")
    parser.add_argument("--bytes", default="150M", help="size of the log (default: 150M)")
    parser.add_argument("--readers", type=int, default=10, help="how many ask at once (default: 10)")
    parser.add_argument("--turns", type=int, default=3, help="how often each way is taken (default: 3)")
    options = parser.parse_args()
    wrong, walls = [], {0: [], options.readers: []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, truth = ground_truth.generate(folder, "--profile", "lite", "--bytes", options.bytes, "--clean")
        for _ in range(options.turns):
            for readers in (0, options.readers):
                found = run(folder, log, truth, readers)
                walls[readers].append(found)
                wrong += found.wrong
                print(
                    f"{readers:2} readers: {found.wall:.1f} s on the clock, {found.processor:.1f} s of the processor, "
                    f"{found.answers} answers, {len(found.wrong)} wrong",
                    flush=True,
                )
    for what in ("wall", "processor"):
        alone, beside = (sorted(getattr(each, what) for each in walls[key])[options.turns // 2] for key in walls)
        print(f"{what}: {beside / alone:.2f} times as long beside {options.readers} readers (medians)")
    print(*wrong[:20], sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
