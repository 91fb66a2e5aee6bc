"""Plays many histories, several at a time."""

from __future__ import annotations

import argparse
import multiprocessing
import multiprocessing.connection
import os
import sys
import time

from tests.campaigns import rotation_fuzz
from tests.campaigns.rotation_fuzz import histories

ENOUGH = 20
"""After more failures the campaign ends."""


def _work(seeds, pipe):
    """Play these; tells of each (seed, failure or None)."""
    for seed in seeds:
        pipe.send((seed, histories.failure(seed)))


class _Job:
    """A process that plays some of the histories; where it dies of one, another goes on behind that."""

    def __init__(self, seeds):
        self.seeds = seeds
        self.process = None
        self._start()

    def _start(self):
        self.pipe, end = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.get_context("fork").Process(target=_work, args=(self.seeds, end), daemon=True)
        self.process.start()
        end.close()

    def next(self):
        """What is wrong with the next one, or None."""
        seed = self.seeds[0]
        self.seeds = self.seeds[1:]
        try:
            return self.pipe.recv()[1]
        except EOFError:
            self.process.join()
            if self.seeds:
                self._start()
            code = self.process.exitcode
            return (
                histories.failure(seed, histories.play_apart)
                or f"seed {seed}: its process died ({code}), and not again"
            )

    def end(self):
        """Whatever it is at."""
        self.process.terminate()
        self.process.join()


def played(seeds, number_of_jobs):
    """What is wrong with each of these histories, or None, in no order."""
    jobs = [_Job(seeds[start::number_of_jobs]) for start in range(min(number_of_jobs, len(seeds)))]
    try:
        while jobs:
            ready = multiprocessing.connection.wait([job.pipe for job in jobs])
            for job in [job for job in jobs if job.pipe in ready]:
                yield job.next()
            jobs = [job for job in jobs if job.seeds]
    finally:
        for job in jobs:
            job.end()


def main(arguments=None):
    """Play many histories; 1 where one fails."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.campaigns.rotation_fuzz", description=(rotation_fuzz.__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first history; the others follow")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    options = parser.parse_args(arguments)
    started, failed, number = time.monotonic(), 0, 0
    for text in played(range(options.seed, options.seed + options.histories), options.jobs):
        number += 1
        if text:
            failed += 1
            print(text, flush=True)
        if number % 1000 == 0 or failed > ENOUGH:
            print(f"{number} histories: {failed} failed, {time.monotonic() - started:.0f} s", flush=True)
        if failed > ENOUGH:
            break
    print(f"{number} histories from seed {options.seed}, {failed} failed, {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
