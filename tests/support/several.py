"""How do several processes take in the small logs of tests, which one would read alone?

As a program it is main.py, with that alone changed::

    python3 tests/support/several.py --jobs 3 --log-path access.log
"""

from __future__ import annotations

import contextlib
import runpy
import sys
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent.parent
MAIN = ROOT / "main.py"
STRETCH = 600
"""Bytes of one stretch, at the least: so few that the processes wait for each other and write again and again."""


def command(number):
    """How main.py is called, where so many processes are to take in whatever comes."""
    return [sys.executable, str(MAIN)] if number == 1 else [sys.executable, __file__, "--jobs", str(number)]


@contextlib.contextmanager
def from_the_first_byte():
    """However little comes, several processes take it in where they may, in small stretches."""
    from session_monitor.ingest import together  # noqa: PLC0415 -- its own program finds it first
    from session_monitor.ingest.ingest import Processes  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(together, "LEAST", STRETCH))
        defaults = Processes()._replace(far_behind=0)
        stack.enter_context(mock.patch.object(Processes.__new__, "__defaults__", tuple(defaults)))
        yield


def main():
    """Be main.py, with that alone changed."""
    with from_the_first_byte():
        sys.argv[0] = str(MAIN)
        runpy.run_path(str(MAIN), run_name="__main__")


if __name__ == "__main__":
    sys.path[:1] = [str(ROOT / "scripts")]
    main()
