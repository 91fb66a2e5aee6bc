"""Plays all calls under all configurations of the plugin, and prints what the monitor makes of the logs.

It ends with 1 where the monitor says of any call what it was not.  What the plugin itself did not log is told, too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.campaigns.gateway_lab import lab, scenarios


def main():
    """Run the campaign; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.campaigns.gateway_lab", description=__doc__)
    names = list(lab.configurations())
    parser.add_argument("--only", action="append", choices=names, help="this configuration (default: all)")
    parser.add_argument(
        "--groups",
        action="append",
        choices=[each.__name__ for each in scenarios.GROUPS],
        help="this group of calls (default: all that fit)",
    )
    parser.add_argument("--keep", type=Path, help="keep logs and ledgers in this folder")
    options = parser.parse_args()
    if missing := lab.lacks():
        sys.exit(f"this machine lacks {missing}: pip install -r tests/requirements.txt (x86-64 Linux, Python 3.10)")
    faults = 0
    for name in options.only or names:
        with tempfile.TemporaryDirectory() as folder:
            faults += _one(name, options, (options.keep or Path(folder)) / name.replace(" ", "-"))
    return 1 if faults else 0


def _one(name, options, folder):
    started = time.monotonic()
    played = lab.play(name, folder, _calls(name, options.groups))
    (folder / "ledger.json").write_text(json.dumps(played.ledger, ensure_ascii=False, indent=1))
    verdict = played.verdict()
    print(f"{name}: {verdict} ({time.monotonic() - started:.0f} s)", flush=True)
    print(*(f"    {each}" for each in verdict.faults()), sep="\n", end="\n" if verdict.faults() else "")
    return len(verdict.faults())


def _calls(name, wanted):
    fit = lab.configurations()[name]["groups"]
    chosen = [each for each in scenarios.GROUPS if all(not names or each.__name__ in names for names in (fit, wanted))]
    return [call for group in chosen for call in group()]


if __name__ == "__main__":
    sys.exit(main())
