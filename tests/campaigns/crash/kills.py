"""What if the program itself is killed while the log grows, or one of the processes that take in the log for it?"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from session_monitor.base import data_folder, files
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.world import LONG, ROOT, SHORT, TELLING, Gateway, subfolder
from tests.support import several
from tests.support.waiting import until

AT_WORK = "programs killed at work"
AMONG_OTHERS = "programs killed while others read for them"
READERS = "others killed that read for a program"
_ANOTHER = "another monitor is at work"
_READ_ALONE = "a process that read its share of the log was ended"
_JUST_ROTATED = "nothing yet: there is no "
_MAY_BE_SAID = (_ANOTHER, _READ_ALONE, _JUST_ROTATED, *TELLING, "the index cannot be kept")


def kills(folder, seed, number, jobs=1):
    """Kill the program so many times while the log grows and is rotated; a few dozen kills to each folder.

    With more ``jobs`` so many processes take in what comes, and are killed as well, with the program or without it.
    """
    tally, rng = Tally(), random.Random(seed)
    round_number = 0
    while tally.done.get(AT_WORK, 0) < number:
        round_number += 1
        trial = subfolder(folder, f"round {round_number}")
        wrong = _Programs(trial, rng, tally, jobs).killed(min(number, tally.done.get(AT_WORK, 0) + 40))
        if not tally.check(wrong, f"round {round_number}"):
            break
        shutil.rmtree(trial)
    return tally


class _Programs:
    """Programs that follow one log into one folder, and are killed."""

    def __init__(self, folder, rng, tally, jobs):
        self.gateway, self.out = Gateway(folder, rng), folder / "out"
        self.rng, self.tally, self.jobs = rng, tally, jobs

    def killed(self, number):
        """What is wrong when so many programs were killed at work, in all, and the last ones ended by themselves."""
        wrong, kept, rng = [], {}, self.rng
        self.gateway.odd_siblings()
        while self.tally.done.get(AT_WORK, 0) < number and not wrong:
            _put_back_or_keep(self.out, kept, rng, self.tally)
            one_of = rng.choice([1, 1, 1, 2, 3, 4])
            modes = [rng.choice([["--once"], ["--follow", "--refresh-interval", "0.001"]]) for _ in range(one_of)]
            started = [self._start(mode) for mode in modes]
            holder = self._written_until_locked(started)
            victim = holder or started[0]
            end = time.monotonic() + rng.choice([0, rng.uniform(0, 0.03), rng.uniform(0, 0.15)])
            while time.monotonic() < end:
                _write_some(self.gateway)
                if rng.random() < 0.3:
                    _index_away(self.out, rng, self.tally)
            if self.jobs > 1 and rng.random() < 0.7:
                self._written_until_read_by_others(victim)
                time.sleep(rng.uniform(0, 0.01))
                if rng.random() < 0.4 and victim.kill_reader(rng):
                    self.tally.count(READERS)
                    time.sleep(rng.uniform(0, 0.1))
            for each in sorted(started, key=lambda each: each is not victim):
                wrong += self._ended(each, 0 if each is victim else 0.3)
        last = [self._start(["--once"]) for _ in range(rng.randint(1, 4))]
        wrong += [text for each in last for text in self._ended(each, None)]
        wrong += _repaired(self.out)
        wrong += self._ended(self._start(["--once"]), None)
        final = self._start(["--once"])
        code, said = final.end()
        wrong += [f"the last run ended with {code}: {said}"] if code or said else []
        return wrong + self.gateway.differences(self.out, ordered=False) + _verified(self.out)

    def _start(self, mode):
        where = ["--log-path", str(self.gateway.path), "--output-dir", str(self.out)]
        return _Program([*several.command(self.jobs), *where, *mode])

    def _written_until_locked(self, started):
        """Write on until one of them is at work; which one."""
        while any(each.is_running for each in started):
            _write_some(self.gateway)
            for each in started:
                if each.is_at_work(self.out) and each.is_running:
                    return each
        return None

    def _written_until_read_by_others(self, program):
        """Write on until others read for this one, or for two seconds."""
        end = time.monotonic() + 2
        while program.is_running and not program.readers() and time.monotonic() < end:
            _write_some(self.gateway)

    def _ended(self, program, seconds):
        """What is wrong about how one of several ends: it ran, or says who does, or is killed when the seconds are over."""
        if seconds is not None and not program.ends_within(seconds) and program.readers() and program.kill():
            self.tally.count(AMONG_OTHERS)
        code, said = program.end(seconds)
        if code == -signal.SIGKILL:
            self.tally.count(AT_WORK if program.is_at_work(self.out) else "programs killed before they began")
        elif code or not all(any(part in line for part in _MAY_BE_SAID) for line in said.splitlines()):
            return [f"ended with {code}: {said}"]
        else:
            self.tally.count("programs that found another" if _ANOTHER in said else "programs that ran")
        return []


class _Program:
    """One that runs; what it says goes to a file, for of who reads for it some may live on when it is killed."""

    def __init__(self, command):
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 -- as long as it
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self._said)

    @property
    def is_running(self):
        """Whether it has not ended."""
        return self._process.poll() is None

    def is_at_work(self, out):
        """Whether this one was the last to have the folder for itself."""
        with contextlib.suppress(FileNotFoundError):
            return (out / ".lock").read_text().startswith(f"pid {self._process.pid} ")
        return False

    def readers(self):
        """The processes that read for it just now."""
        pid = self._process.pid
        with contextlib.suppress(OSError):
            return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
        return []

    def kill_reader(self, rng):
        """Kill one of them; whether there was one."""
        readers = self.readers()
        if readers:
            reader = rng.choice(readers)
            with contextlib.suppress(OSError), open(os.pidfd_open(reader)) as opened:
                if reader in self.readers():  # and not another's that has its number by now
                    signal.pidfd_send_signal(opened.fileno(), signal.SIGKILL)
                    return True
        return False

    def ends_within(self, seconds):
        """Whether it ends by itself by then."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.is_running

    def kill(self):
        """Kill it; whether it still ran."""
        was_running = self.is_running
        self._process.kill()
        return was_running

    def end(self, seconds=None):
        """How it ended, and what it said; it is killed when the seconds are over, if any are given."""
        if seconds is not None and not self.ends_within(seconds):
            self.kill()
        code = self._process.wait()
        with self._said as file:
            file.seek(0)
            return code, file.read().decode()


def _put_back_or_keep(out, kept, rng, tally):
    """Make a backup of a session file, or put one back, while nobody is at work."""
    found = sorted(out.glob("[!.]*.json")) if out.exists() else []
    if not found or rng.random() < 0.4:
        return
    until(lambda: not files.is_locked(str(out / data_folder.LOCK)), "those have ended that read for who was killed")
    path = rng.choice(found)
    if path.name not in kept or rng.random() < 0.3:
        kept[path.name] = path.read_bytes()
        return
    new = rng.choice([path, out / "new"])
    new.write_bytes(kept[path.name])
    new.rename(path)
    tally.count("backups put back")


def _index_away(out, rng, tally):
    """Remove a file of the index, or all, whoever has it open."""
    for path in out.glob(data_folder.INDEX + rng.choice(["", "-wal", "-shm", "*"])):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            tally.count("files of the index removed")


def _cli(out, *arguments):
    command = [sys.executable, str(ROOT / "scripts/cli.py"), *arguments, "--data-dir", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _repaired(out):
    """What is wrong with how ``repair`` ends, after which the next run reads again what is missed."""
    ended = _cli(out, "repair")
    return [f"repair ended with {ended.returncode}: {ended.stdout}{ended.stderr}"] if ended.returncode else []


def _verified(out):
    ended = _cli(out, "verify")
    return [f"verify ended with {ended.returncode}: {ended.stdout}{ended.stderr}"] if ended.returncode else []


def _write_some(gateway):
    """A moment in the life of the log."""
    rng = gateway.rng
    for _ in range(rng.randint(1, 4)):
        texts = [f"{n}" for n in range(rng.choice([1, 3, 100]))]
        gateway.call(rng.choice([LONG, *SHORT, f"many {rng.randint(0, 20)}"]), texts, rng.choice([10, 5000]))
    if gateway.path.stat().st_size > rng.choice([100_000, 400_000, 1_000_000]):
        gateway.rotate()
    time.sleep(0.002)
