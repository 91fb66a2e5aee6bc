"""Lets real agents go wrong, and sees that it is found while they work, and told.

    python3 -m tests.campaigns.stuck_agents --install

Claude Code and OpenClaw come from npm into .venv/; without ``--install`` it is said what lacks.  Each works in ``run`` beside a monitor,
with a stand-in on loopback for its provider, which keeps prompts for five minutes as a cache does, and which has it run the same
command again and again; then its system prompt is changed, and then it pauses for six minutes, by the clock.  Held are: the alert is
delivered to a webhook while the agent still works, once for each level, and once it goes on it is over; then what is found in the session, and that none of it
holds what was said.  Exit code 1 where anything is not as it must be.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from session_monitor.insight import all_findings
from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.reports.report import Report
from tests.support import npm
from tests.support.alerting import write_targets
from tests.support.receivers import StandIn as Receiver
from tests.support.standin import StandIn
from tests.support.standin_tools import running

from .real_agents.agents import AGENTS
from .real_agents.place import Place

TIMES = 12
GAP = 365
"""Seconds of the pause: the stand-in keeps prompts for 300."""
_SECRET = "no-such-thing-as-this-one"
_COMMAND = f"echo {_SECRET}"
_KEPT = 300
_PACE = 0.5
"""Seconds that an answer takes: a model does not answer at once."""
PATIENCE = 600
TURNS = {
    "claude_code": (
        "{agent}; {agent_on} --bare --append-system-prompt 'Be brief.' -p 'And now?'; sleep {gap}; "
        "{agent_on} --bare --append-system-prompt 'Be brief.' -p 'Go on.'"
    ),
    "openclaw": "{agent}; echo 'Be brief, always.' > AGENTS.md; {agent_on} -m 'And now?'; sleep {gap}; {agent_on} -m 'Go on.'",
}
"""What is run of each.  (Claude Code goes on with the system prompt that a conversation began with, but where it is to be ``--bare``.)"""
EXPECTED = {"repeat_call": None, "system_changed": None, "expired": "cache_missed"}
"""What is to be found: kinds, or causes of a kind."""


class Cache:
    """A provider's: of each prompt it has what it had of one before, for five minutes after that was last used."""

    def __init__(self, now=time.monotonic):
        self._now = now
        self._prompts = {}

    def used(self, protocol, asked):
        """Which tokens a request's prompt has: new ones, those from the cache, and those written to it."""
        time.sleep(_PACE)
        text = json.dumps([asked.get("model"), asked.get("system"), asked.get("tools"), _plain(asked.get("messages"))])
        now = self._now()
        alive = [each for each, at in self._prompts.items() if now - at < _KEPT]
        read = max((_shared(each, text) for each in alive), default=0) // 4 // 128 * 128
        self._prompts[text] = now
        rest = len(text) // 4 - read
        return (3, read, rest) if protocol == "messages" else (rest, read, 0)


def _shared(one, other):
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def _plain(value):
    """Messages without the marks of their caching, which wander; one text in a list is as that text."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key != "cache_control"}
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and value[0].get("type") == "text":
        return value[0]["text"]
    return [_plain(each) for each in value] if isinstance(value, list) else value


def tried(name, folder, gap=GAP, times=TIMES):
    """What was seen of one agent, line by line."""
    numbers = itertools.count(1)
    cache = Cache()
    with (
        StandIn(tool=running(_COMMAND, times), numbers=numbers, used=cache.used) as standin,
        Receiver("webhook") as hook,
    ):
        place = Place(AGENTS[name], folder, standin)
        place.sessions.mkdir(mode=0o700)
        write_targets(place.sessions, hook.row())
        monitor = _monitor(place, folder)
        try:
            yield from _turns(name, place, hook, gap)
        finally:
            monitor.terminate()
            monitor.wait(30)
    yield from _findings(place, gap)


def _monitor(place, folder):
    log = folder / "access.log"
    log.touch()
    command = [sys.executable, npm.ROOT / "main.py", "--follow", "--quiet", "--refresh-interval", "0.2"]
    command += ["--log-path", log, "--output-dir", place.sessions]
    return subprocess.Popen(command, env={**os.environ, "SESSION_MONITOR_CONFIG": ""}, stderr=subprocess.DEVNULL)


def _turns(name, place, hook, gap):
    words = list(place.agent.command)
    agent = " ".join(f"'{each}'" if " " in each else each for each in words)
    if name == "claude_code":
        on = "claude --dangerously-skip-permissions --continue"
    else:
        at = words.index("-m")
        on = " ".join([*words[:at], *words[at + 2 :]])
    script = TURNS[name].format(agent=f"{agent}; date +%s.%N > ../first-turn", agent_on=on, gap=gap)
    command = [sys.executable, npm.ROOT / "scripts" / "cli.py", "run", "--data-dir", place.sessions, "--store-content"]
    with open(place.home / "out", "wb") as out:
        process = subprocess.Popen(
            [*command, "--", "bash", "-c", script],
            cwd=place.work,
            env=place.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
        _until(lambda: _is_told(hook, "firing") or process.poll() is not None, "an alert", PATIENCE)
        told = time.time()
        assert process.wait(gap + PATIENCE) == 0, (place.home / "out").read_text()[-3000:]
    ended = float((place.home / "first-turn").read_text())
    assert _is_told(hook, "firing"), (place.home / "out").read_text()[-3000:]
    assert told < ended, f"told {told - ended:.1f} s after the agent's turn had ended"
    events = [json.loads(posted.body) for posted, _ in hook.taken]
    ids = [(each["id"], each["state"]) for each in events]
    assert len(set(ids)) == len(ids), ids
    assert all(_SECRET not in json.dumps(each) for each in events), events
    assert _is_told(hook, "resolved"), f"it went on, and is stuck still: {ids}"
    yield f"the alert came {ended - told:.1f} s before the agent's turn ended: {events[0]['text']}"
    yield "told: " + ", ".join(f"{each['rule']} {each['severity']} {each['state']}" for each in events)


def _until(condition, what, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def _is_told(hook, state):
    events = [json.loads(posted.body) for posted, _ in hook.taken]
    return any(each["rule"] == "stuck_agent" and each["state"] == state for each in events)


def _findings(place, gap):
    found = all_findings.across(Report(str(place.sessions), Book([price_list.shipped()])), limit=None)
    shown = [(row.finding.kind, row.finding.details.get("cause"), row.finding.first) for row in found.rows]
    yield f"found: {shown}"
    for name, kind in EXPECTED.items():
        is_there = any((cause if kind else each) == name for each, cause, _ in shown)
        assert is_there or (name == "expired" and gap < _KEPT), f"no {name} among {shown}"
    assert _SECRET not in str(found.rows)


def main() -> int:
    """Bring what is needed or say what, let each agent work, print."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.campaigns.stuck_agents", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--install", action="store_true", help="bring the agents where they lack")
    parser.add_argument("--only", choices=sorted(TURNS), metavar="NAME", help=f"one of {', '.join(TURNS)}")
    parser.add_argument("--gap", type=int, default=GAP, metavar="SECONDS", help=f"of the pause (default: {GAP})")
    options = parser.parse_args()
    chosen = [options.only] if options.only else list(TURNS)
    if options.install:
        for name in chosen:
            npm.bring(AGENTS[name].packages)
    lacking = npm.lacking(dict.fromkeys(package for name in chosen for package in AGENTS[name].packages))
    if lacking:
        print(f"it lacks {', '.join(lacking)}: --install brings what npm has")
        return 1
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return 1 if any(list(pool.map(lambda name: _is_wrong(name, options.gap), chosen))) else 0


def _is_wrong(name, gap):
    with tempfile.TemporaryDirectory() as folder:
        try:
            for line in tried(name, Path(folder), gap):
                print(f"{name}: {line}", flush=True)
        except AssertionError as error:
            print(f"{name}: WRONG: {error}", flush=True)
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
