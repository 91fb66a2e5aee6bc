"""What if the program itself is killed while the log grows?"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import sys
import time

from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.world import LONG, ROOT, SHORT, Gateway, subfolder

AT_WORK = "programs killed at work"


def kills(folder, seed, number):
    """Kill the program so many times while the log grows and is rotated; a few dozen kills to each folder."""
    tally, rng = Tally(), random.Random(seed)
    round_number = 0
    while tally.done.get(AT_WORK, 0) < number:
        round_number += 1
        trial = subfolder(folder, f"round {round_number}")
        wrong = _killed_programs(trial, rng, min(number, tally.done.get(AT_WORK, 0) + 40), tally)
        if not tally.check(wrong, f"round {round_number}"):
            break
        shutil.rmtree(trial)
    return tally


def _killed_programs(folder, rng, number, tally):
    gateway, out = Gateway(folder, rng), folder / "out"
    wrong = []
    while tally.done.get(AT_WORK, 0) < number and not wrong:
        one_of = rng.choice([1, 1, 1, 2, 3, 4])
        modes = [rng.choice([["--once"], ["--follow", "--refresh-interval", "0.001"]]) for _ in range(one_of)]
        started = [_start(gateway, out, mode) for mode in modes]
        holder = _written_until_locked(gateway, out, started)
        until = time.monotonic() + rng.choice([0, rng.uniform(0, 0.03), rng.uniform(0, 0.15)])
        while time.monotonic() < until:
            _write_some(gateway)
        victim = holder or started[0]
        for each in sorted(started, key=lambda each: each is not victim):
            wrong += _ended(each, out, tally, 0 if each is victim else 0.3)
    last = [_start(gateway, out, ["--once"]) for _ in range(rng.randint(1, 4))]
    wrong += [text for each in last for text in _ended(each, out, tally, None)]
    final = _start(gateway, out, ["--once"])
    said = final.communicate()[1]
    wrong += [f"the last run ended with {final.returncode}: {said}"] if final.returncode or said else []
    return wrong + gateway.differences(out, ordered=False)


def _start(gateway, out, mode):
    arguments = [sys.executable, str(ROOT / "main.py"), "--log-path", str(gateway.path), "--output-dir", str(out)]
    return subprocess.Popen([*arguments, *mode], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _written_until_locked(gateway, out, started):
    """Write on until one of them is at work; which one."""
    while any(each.poll() is None for each in started):
        _write_some(gateway)
        for each in started:
            if _is_at_work(each, out) and each.poll() is None:
                return each
    return None


def _is_at_work(process, out):
    """Whether this one was the last to have the folder for itself."""
    with contextlib.suppress(FileNotFoundError):
        return (out / ".lock").read_text().startswith(f"pid {process.pid} ")
    return False


def _write_some(gateway):
    """A moment in the life of the log."""
    rng = gateway.rng
    for _ in range(rng.randint(1, 4)):
        texts = [f"{n}" for n in range(rng.choice([1, 3, 100]))]
        gateway.call(rng.choice([LONG, *SHORT, f"many {rng.randint(0, 20)}"]), texts, rng.choice([10, 5000]))
    if gateway.path.stat().st_size > rng.choice([100_000, 400_000, 1_000_000]):
        gateway.rotate()
    time.sleep(0.002)


def _ended(process, out, tally, seconds):
    """What is wrong about how one of several ends: it ran, or says who does, or is killed when the seconds are over."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    said = process.communicate()[1]
    if process.returncode == -signal.SIGKILL:
        tally.count(AT_WORK if _is_at_work(process, out) else "programs killed before they began")
    elif process.returncode or (said and "another monitor is at work" not in said):
        return [f"ended with {process.returncode}: {said}"]
    else:
        tally.count("programs that found another" if said else "programs that ran")
    return []
