"""Runs the campaigns."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from unittest import mock

from tests.campaigns import crash
from tests.campaigns.crash.kills import kills
from tests.campaigns.crash.mistakes import BROKEN, run
from tests.campaigns.crash.points import points
from tests.campaigns.crash.power import power


def main():
    """Run the campaigns; 1 where something is wrong."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.campaigns.crash", description=(crash.__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--points", default="all", help="'all' operations, every N-th, or 0 for none")
    parser.add_argument("--power", type=int, default=1000, help="how many power failures")
    parser.add_argument("--kills", type=int, default=100, help="how many kills of the program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="how many processes take in what is new (default: 1)")
    parser.add_argument("--broken", choices=BROKEN, help="with this mistake, which must be noticed")
    options = parser.parse_args()
    stride = 1 if options.points == "all" else int(options.points)
    failed = 0
    with contextlib.ExitStack() as stack:
        if options.broken:
            stack.enter_context(mock.patch.object(*BROKEN[options.broken][1:]))
        for campaign, wanted, arguments, more in (
            (points, stride, (), {"stride": stride}),
            (power, options.power, (options.power,), {}),
            (kills, options.kills, (options.kills,), {}),
        ):
            if not wanted:
                continue
            started = time.monotonic()
            tally = run(campaign, options.seed, *arguments, jobs=options.jobs, **more)
            failed += len(tally.failures)
            counts = ", ".join(f"{number} {what}" for what, number in tally.done.items())
            seconds = time.monotonic() - started
            last = (
                f"{campaign.__name__}, seed {options.seed}: {counts}; {len(tally.failures)} failed; {seconds:.0f} s\n"
            )
            sys.stdout.write("\n".join([*tally.failures, last]))
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
