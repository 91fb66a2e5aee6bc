"""What calls cost, held against a calculator of its own: of every call, every model and seller, and all of them, to the last digit.

    python3 -m tests.campaigns.costs --lines 100000

The log that is made goes through the monitor as it is run, and is asked for with its commands.  Beside it each line is
read once more, by the protocol that it was written in, by who sold it, and priced in fractions from the text of
prices.json and sellers.json.  It prints how many lines there were of each protocol, seller and kind of tokens, and every
difference; exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from .compared import compared

_SHOWN = 40


def main():
    """Compare, and print what was compared."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=100_000, help="lines of the log (default: 100000)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        judged, differences = compared(Path(folder), options.lines, options.seed)
    _print("protocol", Counter(each.protocol for each in judged))
    _print("seller", Counter(each.seller or "not told" for each in judged))
    _print("kind", Counter(kind for each in judged for kind, number in each.kinds.items() if number))
    _print("outcome", Counter(each.unpriced or "priced" for each in judged))
    print(*differences[:_SHOWN], sep="\n")
    models, seconds = len({each.model for each in judged}), time.monotonic() - started
    print(f"{len(judged):,} lines, {models:,} names, {seconds:.0f} s: {len(differences):,} differences")
    return int(bool(differences))


def _print(what, counted):
    print(f"{what}:", ", ".join(f"{name} {number:,}" for name, number in counted.most_common()), "\n")


if __name__ == "__main__":
    sys.exit(main())
