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


def _work(seeds, jobs, pipe):
    """Play these; tells of each (seed, failure or None)."""
    for seed in seeds:
        pipe.send((seed, histories.failure(seed, jobs=jobs)))


class _Player:
    """A process that plays some of the histories; where it dies of one, another goes on behind that."""

    def __init__(self, seeds, jobs):
        self.seeds, self.jobs = seeds, jobs
        self.process = None
        self._start()

    def _start(self):
        self.pipe, end = multiprocessing.Pipe(duplex=False)
        fork = multiprocessing.get_context("fork")
        self.process = fork.Process(target=_work, args=(self.seeds, self.jobs, end))  # a daemon could have no processes
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
                histories.failure(seed, histories.play_apart, jobs=self.jobs)
                or f"seed {seed}: its process died ({code}), and not again"
            )

    def end(self):
        """Whatever it is at."""
        self.process.terminate()
        self.process.join()


def played(seeds, at_a_time, jobs):
    """What is wrong with each of these histories, or None, in no order."""
    players = [_Player(seeds[start::at_a_time], jobs) for start in range(min(at_a_time, len(seeds)))]
    try:
        while players:
            ready = multiprocessing.connection.wait([player.pipe for player in players])
            for player in [player for player in players if player.pipe in ready]:
                yield player.next()
            players = [player for player in players if player.seeds]
    finally:
        for player in players:
            player.end()


def main(arguments=None):
    """Play many histories; 1 where one fails."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.campaigns.rotation_fuzz", description=(rotation_fuzz.__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first history; the others follow")
    parser.add_argument("--at-a-time", type=int, default=os.cpu_count() or 1, help="how many are played")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes take in what is new in each")
    options = parser.parse_args(arguments)
    started, failed, number = time.monotonic(), 0, 0
    for text in played(range(options.seed, options.seed + options.histories), options.at_a_time, options.jobs):
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
