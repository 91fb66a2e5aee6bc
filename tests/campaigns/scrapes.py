"""How long does a scrape take, how large is it, and how much memory does the server need for it?

Over a data folder (in which the metrics' own folder is made), or over one that is made of calls of so many models times so
many consumers.  The index of such a one is marked as changed before each of the last scrapes, as where calls come all the
time.  As a program::

    python3 -m tests.campaigns.scrapes --data-dir /var/lib/sessions
    python3 -m tests.campaigns.scrapes --models 100 --consumers 100
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.client
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from session_monitor.base import data_folder
from tests.support.calls import line
from tests.support.webserving import asked, ingest, program

TIMES = 40
_EACH = 12
"""Calls of each pair that is made."""
_PAUSE = 0.3
"""Seconds between two scrapes: for so long a look at the folder holds, and a bit."""


class Scraped(NamedTuple):
    """Milliseconds of the first scrape, of those where nothing has changed, and where the index has; bytes; kB of memory."""

    first: float
    same: list
    changed: list
    size: int
    packed: int
    series: int
    memory: int


def run(folder, times=TIMES, *, is_ours):
    """Start a server over a folder, and scrape it; an index that is ``is_ours`` may be changed."""
    with program(folder, "--quiet") as (process, port, *_), _connected(port) as scrape:
        first, body = scrape()
        text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        same = [_after(_PAUSE / 10, scrape)[0] for _ in range(times)]
        changed = list(_changing(folder, scrape, times // 2)) if is_ours else []
        status = Path(f"/proc/{process.pid}/status").read_text()
        memory = int(status.split("VmHWM:")[1].split()[0])
        series = sum(not each.startswith(b"#") for each in text.splitlines())
        return Scraped(first, same, changed, len(text), len(body), series, memory)


def _changing(folder, scrape, times):
    """How long scrapes of an index take that changes before each."""
    with contextlib.closing(sqlite3.connect(folder / data_folder.INDEX, timeout=30)) as db:
        db.isolation_level = None
        for _ in range(times):
            db.execute("UPDATE meta SET value = value + 1 WHERE name = 'change'")
            yield _after(_PAUSE, scrape)[0]


@contextlib.contextmanager
def _connected(port):
    """What scrapes once, as Prometheus does on one connection: milliseconds and the body as it came."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:

        def scrape():
            started = time.perf_counter()
            found = asked(connection, "/metrics", {"Accept-Encoding": "gzip"})
            assert found.status == 200, found.body[:300]
            return 1000 * (time.perf_counter() - started), found.body

        yield scrape


def _after(seconds, scrape):
    time.sleep(seconds)
    return scrape()


def many(folder, models, consumers, each=_EACH):
    """A data folder with ``each`` calls of all pairs of so many models and consumers."""
    rng = random.Random(1)
    with (folder / "access.log").open("wb") as log:
        for number in range(each * models * consumers):
            model, consumer = divmod(number % (models * consumers), consumers)
            times = {
                "llm_first_token_duration": rng.randint(100, 3000),
                "llm_service_duration": rng.randint(3000, 60_000),
            }
            at = f"2026-02-{1 + number % _EACH:02}T{rng.randint(0, 23):02}:30:15Z"
            names = {"model": f"model-{model:04}", "consumer": f"team-{consumer:04}"}
            log.write(line(f"session-{number % 500}", start_time=at, **names, **times) + b"\n")
    return ingest(folder / "access.log", folder / "sessions")


def main():
    """Measure, and say it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, help="whose metrics; else of calls that are made")
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--consumers", type=int, default=100)
    parser.add_argument("--times", type=int, default=TIMES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.data_dir or many(Path(made), options.models, options.consumers)
        found = run(folder, options.times, is_ours=not options.data_dir)
    print(
        f"first: {found.first:.1f} ms; {found.series} series, {found.size} bytes, {found.packed} packed; {found.memory} kB"
    )
    for name, values in (("nothing changed", found.same), ("index changed", found.changed)):
        if not values:
            continue
        cuts = statistics.quantiles(values, n=20)
        print(f"{name}: median {statistics.median(values):.1f} ms, p95 {cuts[18]:.1f} ms, most {max(values):.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
