"""Does a real engine that holds many rounds answer as the folders do that they are from, and how quickly?

Parts of ``tests.campaigns.clickhouse``, for an engine that runs.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import shlex
import shutil
import statistics
import time
from pathlib import Path

from session_monitor.clickhouse import address as addresses
from session_monitor.fleet import home
from session_monitor.fleet.questions import OVERLAP
from tests.campaigns import ground_truth, web_bench
from tests.campaigns.same_answers.names import names_in
from tests.support import indexes, prepared, two_places
from tests.support.command_line import CLI

LOOKS = ("mixed", "hostile", "agents")
"""Kinds of generated logs of ``ground_truth``."""
LIST_MILLISECONDS, QUESTION_SECONDS = 100, 1.0
"""What a page of the web list may take in 95 of 100 cases, and a question of the command line."""
TIMED = (
    "list --limit 20",
    "list --limit 20 --sort-by cost",
    "list --limit 20 --since 2026-03-10 --until 2026-03-12",
    "show last --rounds last:5",
    "cost last",
    "stats-model",
    "stats-consumer --by day",
    "stats-date --by week --days 400",
    "stats-tool",
    "stats-gateway",
    "stats-errors",
    "summary",
    "top",
    "compare --since 2026-03-10 --until 2026-03-12",
    "drivers --since 2026-03-10 --until 2026-03-12",
    "budget status",
)
"""Questions that are timed over rounds of which no content was shipped; the calls are of March 2026."""
_ORDERS = ("updated", "created", "cost", "tokens", "rounds")
_TIMES = 3
_PAGES = 40


def equal(engine, folder, size, seed):
    """Whether all answers are the same of folders and of the engine, in each zone; ``size`` of each log is as the generator takes it."""
    is_equal = True
    for look in LOOKS:
        work = folder / look
        work.mkdir()
        options = {**ground_truth.LOOKS, **ground_truth.OBSERVED}[look]
        log, _ = ground_truth.generate(work, *options, "--bytes", size, "--seed", str(seed))
        own = prepared.ingest(log, work / "own")
        environment = _environment(engine, work)
        _told(environment, ["ship", "--to", engine.address, "--gateway", look, "--with-content", "--data-dir", own])
        (own / ".state.json").unlink()  # how much of a log was read is known on the gateway alone
        shutil.rmtree(own / ".shipping")
        address = f"{engine.address}{'&' if '?' in engine.address else '?'}gateway={look}"
        for zone in two_places.ZONES:
            different = _different(str(own), address, {**environment, "SESSION_MONITOR_TIMEZONE": zone})
            print(f"  {look}, {zone}: {len(different)} answers differ")
            for each in different:
                print(f"    {each}")
            is_equal &= not different
    return is_equal


def _environment(engine, folder):
    own = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "SESSION_MONITOR_CONFIG": ""}
    return {**os.environ, **engine.environment, **own}


def _told(environment, words, *, is_started=False):
    done = prepared.run(CLI, *words, environment=environment, timeout=1800, is_started=is_started)
    if done.returncode:
        raise SystemExit(f"{shlex.join(map(str, words))}: {done.stderr}")


def _different(own, address, environment):
    def ask(words):
        done = prepared.run_in_bytes(CLI, *words, environment=environment, timeout=600)
        return done.returncode, done.stdout, done.stderr

    return list(two_places.differences(ask, own, address, names_in(Path(own))))


def quick(engine, folder):
    """Whether questions and pages of the web list over what the engine holds take as long as they may; prints what they take."""
    environment = _environment(engine, folder)
    began = time.monotonic()
    _told(environment, ["list", "--limit", "1", "--data-dir", engine.address])
    print(f"  the first question, which fetches all: {time.monotonic() - began:.1f} s", flush=True)
    # Until then each look compares all that was just shipped, as it would nowhere else.
    time.sleep(max(0.0, OVERLAP + 5 - (time.monotonic() - began)))
    took = {line: _seconds(environment, [*shlex.split(line), "--data-dir", engine.address]) for line in TIMED}
    for line, seconds in sorted(took.items(), key=lambda each: -each[1]):
        print(f"  {seconds:6.2f} s  {line}")
    pages = sorted(_pages(environment, engine.address))
    p95 = statistics.quantiles(pages, n=20)[-1]
    print(
        f"  web list, {len(pages)} pages that were not asked for before: median {statistics.median(pages):.0f} ms, 95 % within {p95:.0f} ms, slowest {pages[-1]:.0f} ms"
    )
    slow = [line for line, seconds in took.items() if seconds > QUESTION_SECONDS]
    print(f"  slower than {QUESTION_SECONDS:.0f} s: {', '.join(slow) or 'nothing'}")
    return not slow and p95 <= LIST_MILLISECONDS


def _seconds(environment, words):
    """Of the quickest of some starts of the program, as somebody waits for them, each with a look at the database."""
    mirror = Path(home.folder_of(addresses.of(words[-1]), environment))
    best = None
    for _ in range(_TIMES):
        with indexes.in_file(mirror) as db:
            db.execute("UPDATE meta SET value = 0 WHERE name = 'looked'")
        began = time.monotonic()
        _told(environment, words, is_started=True)
        seconds = time.monotonic() - began
        best = seconds if best is None else min(best, seconds)
    return best


def _pages(environment, address):
    """Milliseconds that pages of the list take, in each order and of different places, so that none is kept from before."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_environment_of(environment))
        port = stack.enter_context(web_bench.ours(address))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        stack.enter_context(contextlib.closing(connection))
        for order, at in itertools.product(_ORDERS, range(_PAGES)):
            began = time.monotonic()
            connection.request("GET", f"/api/sessions?limit=50&sort_by={order}&offset={50 * at}")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"{answer.status}: {body[:300]!r}")
            yield (time.monotonic() - began) * 1000


@contextlib.contextmanager
def _environment_of(environment):
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
