"""Kills at the lines of who raises and sends, and the account of what became of each event."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from session_monitor.delivery import delivery_log
from session_monitor.delivery.outbox import Outbox
from tests.campaigns.alert_kills import child
from tests.support.alerting import NOW, write_targets
from tests.support.receivers import StandIn

ROOT = Path(__file__).parents[3]
AN_HOUR = 3_600_000
FAILS = 2
"""How often the receiver answers 500 to each before it takes it."""


class Failing(StandIn):
    """One that answers 500 to the first tries of each delivery."""

    def __init__(self, kind):
        super().__init__(kind)
        self.tries = Counter()

    def _played(self, play, posted):
        key = posted.headers.get("idempotency-key", posted.body)
        self.tries[key] += 1
        return super()._played(500 if self.tries[key] <= FAILS else play, posted)


class Found(NamedTuple):
    """How many lines there are to be killed at, how many kills there were, what was sent again for them, and what is wrong."""

    lines: int
    kills: int
    again: int
    wrong: list[str]


def kills(folder, number, seed=1):
    """Kill so many programs, at lines spread over all, each in a folder of its own; others go on after each."""
    chance, folder = random.Random(seed), Path(folder)
    with Failing("webhook") as hook, Failing("ntfy") as phone:
        lines, wrong, again, done = 0, [], 0, 0
        for place in range(number + 1):
            hook.tries.clear()
            phone.tries.clear()
            hook.taken.clear()
            phone.taken.clear()
            trial = folder / f"{place}"
            trial.mkdir()
            write_targets(trial, hook.row("hook"), phone.row("phone"))
            points = [round(lines * (place - chance.random()) / number) + 1] if place else []
            if place % 4 == 3:  # whoever goes on is killed, too
                points.append(chance.randint(1, lines))
            for turn, at in enumerate(points):
                done += _run(trial, NOW + turn * AN_HOUR, at).returncode == -9
                wrong += [f"kill {place} at {points}: {each}" for each in _lost(trial)]
            ended = _run(trial, NOW + 5 * AN_HOUR, 0)
            wrong += [f"kill {place} at {points}: {each}" for each in _account(trial, ended, hook, phone)]
            again += len(hook.told()) - len(set(hook.told())) + max(0, len(phone.taken) - 1)
            lines = lines or int(ended.stdout or 0)
            if again > done:
                wrong.append(f"{again} were sent again after {done} kills")
            if wrong:
                break
            shutil.rmtree(trial)
    return Found(lines, done, again, wrong)


def _run(trial, now, at):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "scripts"), str(ROOT)])}
    command = [sys.executable, "-m", "tests.campaigns.alert_kills.child", str(trial), str(now), str(at)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def _lost(trial):
    """What the state says is raised, and neither waits nor has an end in the log."""
    state = trial / "raised.json"
    raised = set(json.loads(state.read_text())) if state.exists() else set()
    waits = {child.name(item.event, item.target) for item in Outbox(str(trial)).waiting()}
    ended = {f"{entry.event_id} {entry.state} {entry.target}" for entry in delivery_log.entries(str(trial))}
    return [f"{each} is lost" for each in sorted(raised - waits - ended)]


def _account(trial, ended, hook, phone):
    """Each event is in the log once, as delivered; the receiver has it, in its order; nothing waits, nor lies about."""
    if ended.returncode:
        return [f"the last run ended with {ended.returncode}: {ended.stderr}"]
    log = Counter(
        (f"{entry.event_id} {entry.state} {entry.target}", entry.outcome) for entry in delivery_log.entries(str(trial))
    )
    expected = Counter((child.name(event, target), delivery_log.DELIVERED) for event, target in child.events())
    left = sorted(path.name for path in (trial / ".alerts" / "outbox").iterdir())
    first = list(dict.fromkeys(hook.told()))
    return [
        *([] if log == expected else [f"the log has {sorted(((log - expected) + (expected - log)).items())} amiss"]),
        *([f"the outbox has {left} left"] if left else []),
        *([] if len(first) == child.FOR_PROGRAMS + 1 else [f"the webhook was told of {len(first)}"]),
        *([] if phone.taken else ["the phone was told nothing"]),
    ]
