"""Twenty gateways, one store: each call there once, with what its log says, whatever happens to monitors, logs and the network.

Each gateway's own ``main.py --follow --ship`` reads its log, which logrotate rotates by renaming, by copying and with
compression.  Monitors are killed at any moment and when their rows go to the store, connections are cut, and the folder of the first
gateway is shipped by two.  Then the store is held against the truth of the logs: every call, and the sums of each gateway and of all
that the engine works out itself, to the last digit.  As a program::

    python3 -m tests.campaigns.fleet --install --engine both --gateways 20 --rotations 10 --calls 2000 --kills 60
    python3 -m tests.campaigns.fleet --engine old --shards 2
    python3 -m tests.campaigns.fleet --install --engine old --replicas
    python3 -m tests.campaigns.fleet --sizing --engine both --rows 10000000
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

from tests.campaigns.costs import compared
from tests.support import clickhouse_engines
from tests.support.clickhouse_engines import NEW, OLD
from tests.support.command_line import CLI
from tests.support.needs import ADMIN_FOLDERS

from . import cluster, judging, sizing
from .gateways import WAYS, RotatedGateway
from .monitors import Monitors

_PATIENCE = 600
"""Seconds until what waits must have come, once nothing is in its way."""


def simulated(engine, home, options):
    """Whether the store of an engine has the calls of so many gateways once each; prints what there was and what it has."""
    program = shutil.which("logrotate", path=os.pathsep.join([os.environ["PATH"], *ADMIN_FOLDERS]))
    known = compared.document()
    gateways = [
        RotatedGateway(home / name, name, program, known, options.calls, options.seed + at, WAYS[at % len(WAYS)])
        for at, name in enumerate(f"gw-{number:02}" for number in range(1, options.gateways + 1))
    ]
    meant = judging.sums_meant(gateways)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        monitors = Monitors(gateways, engine, stack, options.seed)
        _happens(gateways, monitors, options)
        is_there = monitors.until(lambda: _count(engine) >= meant[None][0], _PATIENCE)
        seconds = time.monotonic() - began
        codes = monitors.end()
    told = judging.differences(gateways, judging.rows_of(engine))
    sums = judging.sums_of(engine)
    told += [
        f"sums of {name or 'all'}: {sums.get(name)}, not {each}"
        for name, each in meant.items()
        if sums.get(name) != each
    ]
    told += [f"a monitor ended with {code}" for code in codes] + ([] if is_there else ["not all came in time"])
    told += _asked(engine, home, meant[None])
    calls, (stored,) = meant[None][0], engine.ask("SELECT count() FROM rounds")[0]
    on_disk = sizing.row_bytes(engine)
    rotations = sum(len(list(each.log.parent.glob("access.log?*"))) for each in gateways)
    print(
        f"  {len(gateways)} gateways, {calls} calls, {rotations} rotated files, {monitors.kills} kills, at the relay "
        f"{dict(monitors.relay.played)}, {seconds:.0f} s; {sums[None][0]} rounds in the store ({stored} rows of all versions, {on_disk:.0f} bytes a row on disk), "
        f"${float(sums[None][-1]):.12f}: {len(told)} differences",
        *judging.shown(told),
        sep="\n    ",
        flush=True,
    )
    return not told


def _happens(gateways, monitors, options):
    """Logs grow and are rotated; monitors are killed."""
    chance = random.Random(options.seed)
    steps = 2 * options.rotations
    each_time = max(1, options.calls // (steps + 1))
    rotating = {each.name: set(chance.sample(range(steps), options.rotations)) for each in gateways}
    killing = [chance.randrange(steps) for _ in range(options.kills)]
    for step in range(steps):
        for gateway in gateways:
            gateway.write(each_time)
            if step in rotating[gateway.name]:
                gateway.rotate()
                gateway.write(chance.randrange(5))
        for _ in range(killing.count(step)):
            monitors.trouble()
            time.sleep(chance.random())
            monitors.go_on()
        time.sleep(options.pause)
    for gateway in gateways:
        gateway.close()


def _count(engine):
    try:
        return int(engine.ask("SELECT count() FROM rounds FINAL WHERE is_deleted = 0")[0][0])
    except OSError:  # no tables yet
        return 0


def _asked(engine, home, meant):
    """Where the project's own reader says something else of all calls."""
    command = [sys.executable, CLI, "summary", "--json", "--data-dir", engine.address]
    environment = {**os.environ, **engine.environment, "XDG_DATA_HOME": str(home / "data")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        return [f"summary of the store: {done.stderr[-500:]}"]
    data = json.loads(done.stdout)["data"]
    told = (data["calls"], Fraction(data["cost_usd"]))
    return [] if told == (meant[0], meant[-1]) else [f"summary of the store: {told}, not {(meant[0], meant[-1])}"]


def _started(name, home, options):
    """The engine that was asked for, or several of it."""
    if name == OLD and options.replicas:
        return cluster.replicated(home)
    if name == OLD and options.shards > 1:
        return cluster.sharded(home, options.shards)
    return clickhouse_engines.running(name, home)


def main():
    """Run what was asked for; 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", action="store_true", help="bring the engines where they lack (700 MB)")
    parser.add_argument("--engine", choices=(OLD, NEW, "both"), default="both")
    parser.add_argument("--gateways", type=int, default=20)
    parser.add_argument("--rotations", type=int, default=10, help="of each log")
    parser.add_argument("--calls", type=int, default=2_000, help="of each gateway")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--shards", type=int, default=1, help="servers over which the old engine's rows are spread")
    parser.add_argument("--replicas", action="store_true", help="two of the old engine, the second of which is asked")
    parser.add_argument("--pause", type=float, default=3.0, help="seconds between two times at which the logs grow")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizing", action="store_true", help="tell what a store takes, in place of that")
    parser.add_argument("--rows", type=int, default=10_000_000, help="the most rows of --sizing")
    parser.add_argument("--per-day", type=int, default=20_000, help="calls of a gateway a day, for --sizing")
    options = parser.parse_args()
    is_good = True
    for name in (OLD, NEW) if options.engine == "both" else (options.engine,):
        if options.install:
            clickhouse_engines.install(name)
            if options.replicas:
                cluster.install_keeper()
        if not clickhouse_engines.is_there(name):
            print(f"{name}: it lacks, --install brings it")
            is_good = False
            continue
        home = Path(tempfile.mkdtemp(prefix="fleet-"))
        try:
            with _started(name, home / "engine", options) as engine:
                print(f"{name}:", flush=True)
                is_good &= (sizing.told if options.sizing else simulated)(engine, home, options)
        finally:
            shutil.rmtree(home, ignore_errors=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
