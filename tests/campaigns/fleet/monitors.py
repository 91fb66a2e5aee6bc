"""A monitor for each gateway, that ships to one store; some are killed, and begin again."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time

from tests.campaigns.logrotate_lab import MAIN
from tests.support.clickhouse_relay import BEFORE, BEHIND, CUT, DOWN, PARTS, FleetRelay
from tests.support.command_line import CLI

_OTHER_PLAYS = (DOWN, CUT, PARTS)
_PATIENCE = 120


class Follower:
    """A program that goes on until it is ended: what it says on standard error is kept beside the gateway."""

    def __init__(self, command, environment, errors):
        self._command = command
        self._environment = environment
        self._errors = errors
        self.process = None
        self.begin()

    def begin(self):
        """Begin, or begin again."""
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors
            )

    @property
    def is_killed(self):
        return self.process.poll() is not None

    def end(self):
        """End it as a service is ended; its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Monitors:
    """The monitors of these gateways, and a second one who ships the folder of the first gateway.

    ``kills`` counts how many were killed; half of them at the moment at which their rows go to the store.
    """

    def __init__(self, gateways, engine, stack, seed):
        self._gateways = gateways
        self._chance = random.Random(seed)
        self.kills = 0
        self.relay = stack.enter_context(FleetRelay(engine.port))
        self._environment = {**os.environ, **engine.environment, "SESSION_MONITOR_CONFIG": ""}
        self.address = engine.address.replace(str(engine.port), str(self.relay.port))
        self.followers = {each.name: self._monitor(each) for each in gateways}
        self.second = self._second(gateways[0])
        stack.callback(self._kill_all)
        self._tell_relay()

    def _monitor(self, gateway):
        command = [*pass_of(gateway, self.address), "--follow", "--refresh-interval", "1"]
        return Follower(command, self._environment, gateway.folder / "monitor")

    def _second(self, gateway):
        command = [sys.executable, CLI, "ship", "--to", self.address, "--gateway", gateway.name, "--follow"]
        command += ["--data-dir", str(gateway.sessions)]
        return Follower(command, self._environment, gateway.folder / "second")

    def _tell_relay(self):
        self.relay.victims = {name: each.process for name, each in self.followers.items()}

    def trouble(self):
        """Kill one, now or when it sends its next rows, or let another thing happen to these."""
        gateway = self._chance.choice(self._gateways)
        if self._chance.random() < 0.5:
            self.followers[gateway.name].process.kill()
        else:
            self.relay.plays[gateway.name] = self._chance.choice([BEFORE, BEHIND, BEHIND])
        other = self._chance.choice(self._gateways)
        self.relay.plays.setdefault(other.name, self._chance.choice(_OTHER_PLAYS))

    def go_on(self):
        """Begin those again that were killed."""
        for each in self.followers.values():
            if each.is_killed:
                self.kills += 1
                each.begin()
        if self.second.is_killed:
            self.second.begin()
        self._tell_relay()

    def until(self, is_there, seconds):
        """Wait until all is there, or for so long; whether it is."""
        self.relay.plays.clear()
        end = time.monotonic() + seconds
        while not is_there():
            if time.monotonic() > end:
                return False
            self.go_on()
            time.sleep(1)
        return True

    def end(self):
        """End all; the exit codes of those that did not end as they should."""
        everyone = [*self.followers.values(), self.second]
        return [code for code in [each.end() for each in everyone] if code]

    def _kill_all(self):
        for each in (*self.followers.values(), self.second):
            with contextlib.suppress(OSError):
                each.process.kill()
            each.process.wait()


def pass_of(gateway, address):
    """The command of a gateway's monitor."""
    return [
        *(sys.executable, MAIN, "--quiet", "--log-path", str(gateway.log), "--output-dir", str(gateway.sessions)),
        *("--ship", address, "--gateway", gateway.name),
    ]
