"""Puts many faults into the code, one at a time, and tells which of them no test notices.

    python3 -m tests.campaigns.mutants --count 300 --seed 1

Before the first one the tests are run once under ``coverage``, which takes some minutes; that is kept in ``.venv`` for
as long as the code stays the same.  Exit code 1 where more than ``--most`` of a hundred survive.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import itertools
import os
import queue
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import covering, faults, trial
from .covering import Covering
from .faults import Fault
from .trial import Verdict

ROOT = Path(__file__).resolve().parents[3]


def rooms(root: Path, prefixes: Sequence[str] = ()) -> list[str]:
    """The modules of the program, or those of them whose path begins so."""
    found = [Path("main.py"), *sorted(path.relative_to(root) for path in (root / "scripts").rglob("*.py"))]
    return [str(path) for path in found if not prefixes or str(path).startswith(tuple(prefixes))]


def drawn(root: Path, paths: Sequence[str], count: int, seed: int) -> list[Fault]:
    """So many faults, each folder's share as large as what can go wrong in it, and one at least; no place twice.

    Of one place any of its faults is as likely.
    """
    chance = random.Random(seed)
    folders: dict[str, dict[tuple[str, int, int], list[Fault]]] = {}
    for fault in itertools.chain.from_iterable(faults.of_module(root, path) for path in paths):
        folders.setdefault(os.path.dirname(fault.path), {}).setdefault(fault[:3], []).append(fault)
    total = sum(map(len, folders.values()))
    shares = {name: max(1, round(count * len(places) / total)) for name, places in folders.items()}
    sources = {path: (root / path).read_text() for path in paths}
    chosen: list[Fault] = []
    for name, places in folders.items():
        order = chance.sample(list(places.values()), len(places))
        real = (fault for fault in map(chance.choice, order) if fault.applied(sources[fault.path]))
        chosen += itertools.islice(real, shares[name])
    chance.shuffle(chosen)
    return chosen[:count]


def trials(chosen: Sequence[Fault], cover: Covering, jobs: int, seconds: float) -> Iterator[Verdict]:
    """Try each of them; of the tests that run its line so many as take these seconds without it."""
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(jobs):
            copies.put(trial.copied(ROOT, Path(scratch, str(number))))

        def one(fault: Fault) -> Verdict:
            tests = _worth(cover.of(fault.path, fault.line), seconds)
            copy = copies.get()
            try:
                return trial.tried(copy, fault, tests, 60 + 3 * seconds)
            finally:
                copies.put(copy)

        for done in concurrent.futures.as_completed([pool.submit(one, fault) for fault in chosen]):
            yield done.result()


def _worth(tests: Sequence[tuple[str, float]], seconds: float) -> list[str]:
    ends = itertools.accumulate(each for _, each in tests)
    return [name for (name, own), end in zip(tests, ends) if end - own < seconds]


def _cover(file: Path | None) -> Covering:
    """Which tests run which lines: as it was kept, or measured now."""
    tree = subprocess.run(
        ["git", "ls-files", "-s", "--", "main.py", "scripts", "tests"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    changes = subprocess.run(["git", "diff", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    kept = file or ROOT / ".venv" / f"covering-{hashlib.sha256(tree + changes).hexdigest()[:16]}.json"
    if not kept.exists():
        print("running the tests once, to see which of them run which lines", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            copy = trial.copied(ROOT, Path(scratch, "copy"))
            covering.measure(copy, Path(scratch)).save(kept)
    return Covering.load(kept)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="how many faults (default: 300)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--seconds", type=float, default=60, help="of tests for each fault (default: 60)")
    parser.add_argument("--most", type=float, default=7, help="of a hundred, that may survive (default: 7)")
    parser.add_argument("--covering", type=Path, help="a file for what the first run tells, made where it is not there")
    parser.add_argument("rooms", nargs="*", help="only modules whose path begins so, as scripts/session_monitor/log")
    options = parser.parse_args(arguments)
    cover = _cover(options.covering)
    chosen = drawn(ROOT, rooms(ROOT, options.rooms), options.count, options.seed)
    survivors: list[Verdict] = []
    outcomes: Counter[str] = Counter()
    for number, verdict in enumerate(trials(chosen, cover, options.jobs, options.seconds), 1):
        outcomes[verdict.outcome] += 1
        line = f"{number}/{len(chosen)} {verdict.outcome:8} {verdict.fault.path}:{verdict.fault.line} {verdict.fault.operator}"
        print(line, flush=True)
        if not verdict.is_noticed:
            survivors.append(verdict)
    share = 100 * (1 - len(survivors) / max(1, len(chosen)))
    print(f"\n{share:.1f} % of {len(chosen)} faults were noticed (seed {options.seed}): {dict(outcomes)}")
    for verdict in sorted(survivors):
        print(f"{verdict.outcome} after {verdict.tests} tests: {verdict.fault.told(ROOT)}")
    return int(share < 100 - options.most)


if __name__ == "__main__":
    sys.exit(main())
