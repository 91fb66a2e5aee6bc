"""Is a budget that a growing log crosses told once, whatever kills the monitor?

A log grows call by call; passes of cron read it, and are killed by SIGKILL at moments that go over the whole of a pass; a receiver
answers 500 twice to each event.  In the end one warning and one breach are in the log of deliveries, once each, nothing waits,
and the receiver has both::

    python3 -m tests.campaigns.alert_passes --kills 200
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.support import calls
from tests.support.receivers import StandIn

ROOT = Path(__file__).resolve().parent.parent.parent
TOKENS = 1000
"""Of each call; a thousand of this model's cost a quarter of a cent."""
CALLS = 4
"""After so many more it is to be warned, and after as many again the limit is reached."""
EXPECTED = {"budget:all/ever/warning": 1, "budget:all/ever/critical": 1}


class Found(NamedTuple):
    """How many passes were killed while they ran, how often the receiver took each event, and what is wrong."""

    kills: int
    taken: dict
    wrong: list


def crossed(folder, kills, seed=1):
    """Let a budget be crossed under so many kills."""
    folder = Path(folder)
    with StandIn("webhook") as receiver:
        set_up(folder, receiver)
        killed = _killed(folder, receiver, kills, random.Random(seed))
        assert _pass(folder).wait() == 0  # what was put off by a try that failed is due within seconds
        entries = [json.loads(line) for line in _lines(folder / "sessions" / ".alerts" / "log.jsonl")]
        taken = collections.Counter(posted.json()["id"] for posted, *_ in receiver.taken)
    delivered = collections.Counter(each["event_id"] for each in entries if each["outcome"] == "delivered")
    waiting = os.listdir(folder / "sessions" / ".alerts" / "outbox")
    wrong = [f"{name} was delivered {delivered[name]} times" for name in EXPECTED if delivered[name] != 1]
    wrong += [f"{name} is nothing that was crossed" for name in taken.keys() | delivered.keys() if name not in EXPECTED]
    wrong += [f"{name} still waits" for name in waiting]
    wrong += [f"the receiver never had {name}" for name in EXPECTED if not taken[name]]
    wrong += [] if killed or not kills else ["no pass was killed"]
    return Found(killed, {name: taken[name] for name in sorted(taken)}, wrong)


def set_up(folder, receiver):
    """An empty log, a budget, and the receiver to be told."""
    (folder / "access.log").write_bytes(b"")
    (folder / "sessions").mkdir(mode=0o700)
    limit = {"name": "all", "total": "0.02", "warn": "50%"}
    (folder / "sessions" / ".budgets.json").write_text(json.dumps({"schema_version": 1, "budgets": [limit]}))
    (folder / "sessions" / ".alerts.json").write_text(json.dumps({"schema_version": 1, "targets": [receiver.row()]}))
    for name in (".budgets.json", ".alerts.json"):
        (folder / "sessions" / name).chmod(0o600)


def _killed(folder, receiver, kills, chance):
    """Grow the log past the warning, then past the limit, and kill passes meanwhile; how many were killed."""
    started = time.monotonic()
    grow(folder)
    assert _pass(folder).wait() == 0
    whole, killed = time.monotonic() - started, 0
    for _ in range(2):
        receiver.plays.extend([500, 500])
        for number in range(kills // 2):
            if number < CALLS:
                grow(folder)
            running = _pass(folder)
            time.sleep(chance.random() * whole)
            running.send_signal(signal.SIGKILL)
            killed += running.wait() == -signal.SIGKILL
        for _ in range(CALLS - min(CALLS, kills // 2)):
            grow(folder)
        assert _pass(folder).wait() == 0
    return killed


def grow(folder):
    """One call more."""
    told = {"input_token": TOKENS, "output_token": 0, "total_token": TOKENS, "model": "gpt-4o"}
    with (folder / "access.log").open("ab") as log:
        log.write(calls.line("s", ["hello"], answer="", **told) + b"\n")


def _pass(folder):
    words = ["--once", "--quiet", "--log-path", "access.log", "--output-dir", "sessions"]
    command = [sys.executable, ROOT / "main.py", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _lines(path):
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def main():
    """Do it, and say what was found; exit code 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="passes that are killed (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which they are (default: 1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = crossed(folder, options.kills, options.seed)
    taken = ", ".join(f"{name} {number}" for name, number in found.taken.items())
    print(f"{found.kills} of {options.kills} passes killed; taken by the receiver: {taken}; {len(found.wrong)} wrong")
    for each in found.wrong:
        print(each)
    return bool(found.wrong)


if __name__ == "__main__":
    sys.exit(main())
