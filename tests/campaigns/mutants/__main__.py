"""Puts many faults into the code, one at a time, and tells which of them no test notices.

    python3 -m tests.campaigns.mutants --count 300 --seed 1

The first time, the tests are run once under ``coverage``, which takes some minutes, and what that tells is kept.  Of
modules and test files that have changed since, more tests are run than need be; where much has, measure ``--anew``.
Exit code 1 where more than ``--most`` of a hundred survive, 130 where it was stopped.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import itertools
import os
import queue
import random
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from . import covering, faults
from .covering import Covering
from .faults import Fault
from .trial import Bench, Verdict, copied

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


@contextlib.contextmanager
def _scratch() -> Iterator[str]:
    """A folder for a while, through which other users may go: some tests act as one."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        os.chmod(folder, 0o711)
        yield folder


def trials(chosen: Sequence[Fault], cover: Covering, jobs: int, seconds: float) -> Iterator[Verdict]:
    """Try each of them; of other rooms' tests that run its line so many as take these seconds without it."""
    stop = threading.Event()
    with _scratch() as scratch, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        benches: queue.SimpleQueue[Bench] = queue.SimpleQueue()
        for number in range(jobs):
            benches.put(Bench(ROOT, Path(scratch, str(number)), stop))

        def one(fault: Fault) -> Verdict:
            bench = benches.get()
            try:
                tests = cover.of(bench.copy, fault.path, fault.line, seconds)
                return bench.tried(fault, [name for name, _ in tests], 60 + 3 * sum(each for _, each in tests))
            finally:
                benches.put(bench)

        try:
            for done in concurrent.futures.as_completed([pool.submit(one, fault) for fault in chosen]):
                yield done.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _cover(kept: Path, *, anew: bool) -> Covering:
    """Which tests run which lines: as it was kept, or measured now."""
    if anew or not kept.exists():
        print("running the tests once, to see which of them run which lines", flush=True)
        with _scratch() as scratch:
            copy = copied(ROOT, Path(scratch, "copy"))
            covering.measure(copy, Path(scratch)).save(kept)
    return Covering.load(kept)


def _stopped(*_signal: object) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="how many faults (default: 300)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--seconds", type=float, default=60, help="of other rooms' tests for each fault (default: 60)")
    parser.add_argument("--most", type=float, default=7, help="of a hundred, that may survive (default: 7)")
    kept = ROOT / ".venv" / "covering.json"
    parser.add_argument("--covering", type=Path, default=kept, help="where it is kept which tests run which lines")
    parser.add_argument("--anew", action="store_true", help="measure that again")
    parser.add_argument("rooms", nargs="*", help="only modules whose path begins so, as scripts/session_monitor/log")
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # the first is ignored where a script's ``&`` started this
        signal.signal(number, _stopped)
    outcomes: list[Verdict] = []
    try:
        cover = _cover(options.covering, anew=options.anew)
        chosen = drawn(ROOT, rooms(ROOT, options.rooms), options.count, options.seed)
        with contextlib.closing(trials(chosen, cover, options.jobs, options.seconds)) as found:
            for verdict in found:
                outcomes.append(verdict)
                print(f"{len(outcomes)}/{len(chosen)} {_line(verdict)}", flush=True)
    except KeyboardInterrupt:
        print("\nstopped before its end", file=sys.stderr)
        return 130
    finally:
        share = _summed_up(outcomes, options.seed)
    return int(share < 100 - options.most)


def _line(verdict: Verdict) -> str:
    by = f" by {verdict.by}" if verdict.by else ""
    return f"{verdict.outcome}{by} ({verdict.tests} asked): {verdict.fault.operator} {verdict.fault.told(ROOT)}"


def _summed_up(verdicts: Sequence[Verdict], seed: int) -> float:
    """Print what came out; the share that was noticed, of a hundred."""
    counts = Counter(each.outcome for each in verdicts)
    survivors = [each for each in verdicts if not each.is_noticed]
    share = 100 * (1 - len(survivors) / max(1, len(verdicts)))
    print(f"\n{share:.1f} % of {len(verdicts)} faults were noticed (seed {seed}): {dict(counts)}")
    for verdict in sorted(survivors):
        print(_line(verdict))
    return share


if __name__ == "__main__":
    sys.exit(main())
