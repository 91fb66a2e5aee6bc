"""Walks the main ways through the pages in a real Firefox, driven over WebDriver BiDi, and says what was held.

    python3 -m tests.campaigns.firefox --install

It needs a ``firefox-esr`` and npm's ``puppeteer-core``; ``--install`` brings both (by apt-get as root, and into .venv/),
without it the commands are said.  Each way is walked by a visitor of its own; the console has to stay silent, nobody else
is asked for anything, and no rule of the content security policy is broken.  Exit code 1 where anything is.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests.support.browser import ingested, server
from tests.support.page_logs import LONG, long_session, written
from tests.support.stored_rounds import keep, rounds_of_size
from tests.tools import demo_log

from . import needs, overview_ways, session_ways
from .driver import BrokenError, Page, started

EXPECTED = {"refused": "401", "phone": "404"}
"""By the way, what the browser itself says on the console of an answer that is meant to be a refusal."""


def _served(folder: Path) -> Path:
    """A week of sessions of agents, one of 300 rounds, and one of 199 large ones."""
    now = datetime.now(timezone.utc)
    lines = [each.rstrip(b"\n") for each in demo_log.lines(now, days=5, sessions=70)]
    lines += long_session(LONG, 300, now - timedelta(hours=3))
    sessions = ingested(folder / "sessions", written(folder / "access.log", lines))
    return keep(sessions, session_ways.LARGE, *rounds_of_size(10_000))


def _walk(page: Page, way, demo: str, pictures: Path | None) -> list[str]:
    """What is wrong on the way."""
    wrong = []
    try:
        way(page, demo)
    except BrokenError as error:
        wrong.append(str(error))
    with contextlib.suppress(BrokenError):
        wrong += page.faults(but=EXPECTED.get(way.__name__, "\0"))
        if pictures:
            page.shot(pictures / f"{way.__name__}.png")
    return wrong


def main() -> int:
    """Bring what is needed or say what, walk, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="bring firefox-esr and puppeteer-core where they lack")
    parser.add_argument("--only", metavar="NAME", help="ways with this in their names")
    parser.add_argument("--pictures", metavar="DIR", type=Path, help="a picture of each way's end")
    options = parser.parse_args()
    if options.install:
        needs.bring()
    if commands := needs.lacking():
        print("this needs, once, or --install:", *commands, sep="\n  ", file=sys.stderr)
        return 1
    ways = [way for way in (*overview_ways.WAYS, *session_ways.WAYS) if (options.only or "") in way.__name__]
    begun, broken = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder, server(_served(Path(folder))) as demo, started() as page:
        print(page.version())
        for way in ways:
            wrong = _walk(page, way, demo, options.pictures)
            broken += bool(wrong)
            print(f"{'BROKEN' if wrong else 'held':6}  {way.__name__}: {way.__doc__}", flush=True)
            print(*(f"        {each}" for each in wrong), sep="\n", end="\n" if wrong else "", flush=True)
    print(f"{len(ways)} ways, {broken} broken, {time.monotonic() - begun:.0f} s")
    return 1 if broken or not ways else 0


if __name__ == "__main__":
    sys.exit(main())
