"""What if the program itself is killed while the log grows?"""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
import subprocess
import sys
import time

from session_monitor.base import data_folder
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.world import LONG, ROOT, SHORT, TELLING, Gateway, subfolder

AT_WORK = "programs killed at work"
_ANOTHER = "another monitor is at work"
_MAY_BE_SAID = (_ANOTHER, *TELLING, "the index cannot be kept")


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
    wrong, kept = [], {}
    gateway.odd_siblings()
    while tally.done.get(AT_WORK, 0) < number and not wrong:
        _put_back_or_keep(out, kept, rng, tally)
        one_of = rng.choice([1, 1, 1, 2, 3, 4])
        modes = [rng.choice([["--once"], ["--follow", "--refresh-interval", "0.001"]]) for _ in range(one_of)]
        started = [_start(gateway, out, mode) for mode in modes]
        holder = _written_until_locked(gateway, out, started)
        until = time.monotonic() + rng.choice([0, rng.uniform(0, 0.03), rng.uniform(0, 0.15)])
        while time.monotonic() < until:
            _write_some(gateway)
            if rng.random() < 0.3:
                _index_away(out, rng, tally)
        victim = holder or started[0]
        for each in sorted(started, key=lambda each: each is not victim):
            wrong += _ended(each, out, tally, 0 if each is victim else 0.3)
    last = [_start(gateway, out, ["--once"]) for _ in range(rng.randint(1, 4))]
    wrong += [text for each in last for text in _ended(each, out, tally, None)]
    wrong += _repaired(out)
    wrong += _ended(_start(gateway, out, ["--once"]), out, tally, None)
    final = _start(gateway, out, ["--once"])
    said = final.communicate()[1]
    wrong += [f"the last run ended with {final.returncode}: {said}"] if final.returncode or said else []
    return wrong + gateway.differences(out, ordered=False) + _verified(out)


def _put_back_or_keep(out, kept, rng, tally):
    """Make a backup of a session file, or put one back, while nobody is at work."""
    found = sorted(out.glob("[!.]*.json")) if out.exists() else []
    if not found or rng.random() < 0.4:
        return
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
    elif process.returncode or not all(any(part in line for part in _MAY_BE_SAID) for line in said.splitlines()):
        return [f"ended with {process.returncode}: {said}"]
    else:
        tally.count("programs that found another" if _ANOTHER in said else "programs that ran")
    return []
