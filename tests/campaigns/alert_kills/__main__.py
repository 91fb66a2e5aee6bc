"""Kills whoever raises and sends alerts at the lines of their program; nothing is lost, and nothing twice in the log.

As a program::

    python3 -m tests.campaigns.alert_kills --kills 200
"""

from __future__ import annotations

import argparse
import sys
import tempfile

from tests.campaigns.alert_kills.kills import kills


def main():
    """Do it, and say what was found; exit code 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="at so many lines (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the chance in which lines (default: 1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = kills(folder, options.kills, options.seed)
    print(f"{found.kills} kills over {found.lines} lines; {found.again} sent again; {len(found.wrong)} wrong")
    for each in found.wrong:
        print(each)
    return bool(found.wrong)


if __name__ == "__main__":
    sys.exit(main())
