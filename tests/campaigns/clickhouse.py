"""Does a real ClickHouse have every round once, whatever ends who ships, and how fast is it filled?

Two engines: Debian's server of 2018 (``old``), and today's engine, chDB, behind an HTTP front (``new``); ``--install`` brings
them.  ``cli.py ship`` is killed while a relay between it and the server plays: nothing listens, the answer is cut, too many parts,
killed before the server has the rows, and killed when the server has them and nobody knows.  Meanwhile calls come, sessions are deleted,
prices change, and a second one ships beside the first.  Then counts and sums there are held against the folder's, to the last
digit.  Each question of the command line is asked of folders and of the database, in two time zones, and has the same answer; and
over the rounds that were shipped to tell how fast, questions and pages of the web list are timed.  As a program::

    python3 -m tests.campaigns.clickhouse --install --engine both --kills 200 --rounds 1000000
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from session_monitor.index.database import Index
from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.shipping.clickhouse import stores
from session_monitor.shipping.replication.replicator import Replicator
from tests.campaigns import fleet_questions
from tests.support import clickhouse_engines
from tests.support.clickhouse_engines import NEW, OLD
from tests.support.clickhouse_relay import BEFORE, BEHIND, CUT, DOWN, PARTS, PASS, Relay
from tests.support.command_line import CLI
from tests.support.indexes import Step
from tests.support.kept_rows import NAMED, Shipped, truth

_MARCH = 1_772_913_015_000
_DAY = 86_400_000
_SUMS = ("fresh", "read", "written", "visible", "reasoning", "usd", "pico", "saved_usd", "saved_pico")
_GATEWAY = "gw-1"


def kills(engine, address, folder, count, seed):
    """Whether, after so many kills, the server has what the folder says; and what it has, in words."""
    chance = random.Random(seed)
    book = Book([price_list.shipped()])
    with Relay(engine.port) as relay:
        there = address.replace(str(engine.port), str(relay.port))
        command = [sys.executable, CLI, "ship", "--to", there, "--gateway", _GATEWAY, "--data-dir", str(folder)]
        environment = {**os.environ, **engine.environment, "SESSION_MONITOR_CONFIG": ""}
        shipped = Shipped(folder)
        shipped.book = book
        done = 0
        while done < count:
            _happen(shipped, chance, done)
            relay.play = chance.choice([BEFORE, BEHIND, BEHIND, BEHIND, DOWN, CUT, PARTS])
            was_killed = _run(command, environment, relay, chance)
            done += was_killed
            if done and done % 50 == 0 and was_killed:
                print(f"  {done} kills", file=sys.stderr)
        relay.play, relay.victim = PASS, None
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=600)
        print(f"  played: {dict(relay.played)}")
    return compared(engine, folder, book)


def _happen(shipped, chance, done):
    """Calls come, and sessions go."""
    names = [f"s{chance.randrange(40)}" for _ in range(chance.randrange(1, 30))]
    at = _MARCH + chance.randrange(90) * _DAY
    shipped.calls(
        [
            Step(
                session=name,
                at=at + chance.randrange(_DAY),
                model=chance.choice(["gpt-4o", "qwen3-max", "no-such-model"]),
                tool=chance.choice([None, "read"]),
                cached=chance.randrange(80),
                failed=chance.random() < 0.1,
            )
            for name in names
        ]
    )
    files = sorted(shipped.folder.glob("[!.]*"))
    if done % 5 == 4 and len(files) > 5:
        chance.choice(files).unlink()


def _run(command, environment, relay, chance):
    """Ship, until it ends or is killed; whether it was killed."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    relay.victim = process
    other = None
    if chance.random() < 0.1:  # beside it: one of the two is told that the other is at work
        other = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(120)
    finally:
        for each in filter(None, (process, other)):
            if each is other:
                each.wait(120)
            elif each.poll() is None:
                each.kill()
                each.wait()
    return process.returncode == -signal.SIGKILL


def compared(engine, folder, book):
    """Whether the server has what the folder says: every round, how many, and sums to the last digit."""
    meant = truth(folder, book)
    columns = ", ".join(NAMED.get(name, name) for name in _SUMS)
    where = f"FROM rounds FINAL WHERE is_deleted = 0 AND gateway = '{_GATEWAY}'"
    place = {
        name: at
        for at, name in enumerate(
            (
                "at",
                "fresh",
                "read",
                "written",
                "visible",
                "reasoning",
                "flags",
                "notes",
                "usd",
                "pico",
                "saved_usd",
                "saved_pico",
            )
        )
    }
    rows = engine.ask(f"SELECT session, number, {columns} {where}")
    found = {
        (session, int(number)): tuple(None if each == "\\N" else int(each) for each in rest)
        for session, number, *rest in rows
    }
    expected = {key: tuple(row[place[name]] for name in _SUMS) for key, row in meant.items()}
    sums = ", ".join(f"sum({NAMED.get(name, name)})" for name in _SUMS)
    ((total, *added),) = engine.ask(f"SELECT count(), {sums} {where}")
    own = [sum(row[at] or 0 for row in expected.values()) for at in range(len(_SUMS))]
    (told,) = engine.ask("SELECT count(), sum(input_tokens), sum(output_tokens) FROM rounds_now")
    (stored,) = engine.ask("SELECT count() FROM rounds")
    is_equal = (
        found == expected
        and len(rows) == len(expected) == int(total)
        and own == list(map(int, added))
        and told[0] == total
    )
    print(
        f"  {len(expected)} rounds in the folder, {total} in the store ({stored[0]} rows of all versions); sums {own} and {added}: {'equal' if is_equal else 'NOT EQUAL'}"
    )
    return is_equal


def questions(engine, _address, folder, size, seed):
    """Whether all questions have the answers of the folders whose rounds were shipped."""
    return fleet_questions.equal(engine, folder, size, seed)


def rate(engine, address, folder, rounds, _seed):
    """Rounds a second into an empty server, and how long questions over them take.

    The index's rows are multiplied in memory, as session files of a million would take long to write.
    """
    shipped = Shipped(folder)
    for name in range(400):
        shipped.agent.store(
            [
                Step(
                    session=f"agent:main:discord:channel:{name:018}",
                    at=_MARCH + name * 5_000_000 + at * 60_000,
                    tool="read" if at % 5 == 0 else None,
                    cached=at,
                    consumer="team-1",
                )
                for at in range(25)
            ]
        )
    shipped.ask(lambda index: None)
    shipped.replicator.close()
    with contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False)) as db:
        with contextlib.closing(sqlite3.connect(folder / ".index.sqlite3")) as source:
            source.backup(db)
        (base,) = db.execute("SELECT max(id) + 1 FROM session").fetchone()
        for copy in range(1, rounds // 10_000):
            _copy(db, copy, copy * base)
        index = Index(db, str(folder), shipped.book)
        os.environ.update(engine.environment)
        replicator = Replicator(str(folder), stores.of(address, os.environ), _GATEWAY, lambda question: question(index))
        with contextlib.closing(replicator):
            began, worked = time.monotonic(), time.process_time()
            while replicator.step() is not None:
                if replicator.trouble:
                    raise SystemExit(replicator.trouble)
            seconds, busy = time.monotonic() - began, time.process_time() - worked
        (own,) = db.execute("SELECT count(*), sum(fresh), sum(usd), sum(pico) FROM round").fetchall()
    ((*there,),) = engine.ask("SELECT count(), sum(fresh), sum(usd), sum(pico) FROM rounds FINAL WHERE is_deleted = 0")
    print(
        f"  {own[0]} rounds in {seconds:.1f} s: {own[0] / seconds:.0f} a second; {busy:.1f} s of processor time here: {own[0] / busy:.0f} a second"
    )
    is_quick = fleet_questions.quick(engine, folder.parent)
    return is_quick and list(map(str, own)) == there


def _copy(db, copy, off):
    for table, first in (("session", "id"), ("round", "session"), ("tool", "session")):
        names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        changed = {
            first: f"{first} + {off}",
            **({"session_id": f"session_id || '-{copy}'", "file": f"file || '-{copy}'"} if table == "session" else {}),
        }
        columns = ", ".join(changed.get(name, name) for name in names)
        db.execute(
            f"INSERT INTO {table} SELECT {columns} FROM {table} WHERE {first} < {off if copy == 1 else off // copy}"
        )


def main():
    """Run the parts that were asked for; 1 where something is not equal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="bring the engines where they lack (700 MB)")
    parser.add_argument("--engine", choices=(OLD, NEW, "both"), default="both")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=100_000, help="how many are shipped to tell how fast; 0 for none")
    parser.add_argument("--bytes", default="500K", help="of each log of which all is asked; 0 for none (default: 500K)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    is_good = True
    for engine in (OLD, NEW) if options.engine == "both" else (options.engine,):
        if options.install:
            clickhouse_engines.install(engine)
        if not clickhouse_engines.is_there(engine):
            print(f"{engine}: it lacks, --install brings it")
            is_good = False
            continue
        is_good &= _of_engine(engine, options)
    return 0 if is_good else 1


def _of_engine(engine, options):
    is_good = True
    for part, amount in ((kills, options.kills), (questions, options.bytes), (rate, options.rounds)):
        if amount in (0, "0"):
            continue
        home = Path(tempfile.mkdtemp(prefix="clickhouse-"))
        try:
            with clickhouse_engines.running(engine, home / "engine") as running:
                (home / "sessions").mkdir()
                print(f"{engine}, {part.__name__}: {amount}", flush=True)
                is_good &= part(running, running.address, home / "sessions", amount, options.seed)
        finally:
            shutil.rmtree(home, ignore_errors=True)
    return is_good


if __name__ == "__main__":
    sys.exit(main())
