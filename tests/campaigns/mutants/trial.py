"""Do the tests notice a fault?"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from . import programs, twice
from .faults import Fault

NOTICED, HANGS, SURVIVED, UNTESTED = "noticed", "hangs", "survived", "no test runs it"
UNCLEAR = "fails without it too"
_NOTHING_FAILED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
"""The latter where all that fail are left out."""
_SECONDS_FOR_ONE = 90
"""A test that takes longer hangs; the longest takes half a minute on a busy machine."""
_LONGER = 3
"""So many times as long a machine may take that does other work."""


class Verdict(NamedTuple):
    """What came of one fault: ``tests`` are those that were asked, ``by`` is the one that noticed, or empty."""

    fault: Fault
    outcome: str
    tests: int = 0
    by: str = ""

    @property
    def is_noticed(self) -> bool:
        """Whether some test did not pass."""
        return self.outcome in (NOTICED, HANGS)


class Bench:
    """A copy of a checkout, in which faults are tried one at a time.

    Beside it is a folder for what the tests write.  Once ``stop`` is set no more is tried: ``programs.StoppedError`` is
    raised.
    """

    def __init__(self, root: Path, folder: Path, stop: threading.Event) -> None:
        """Copy the checkout into a folder, which is made."""
        self.copy = copied(root, folder / "copy")
        self._scratch = folder / "scratch"
        self._scratch.mkdir()
        self._stop = stop
        self._sound: dict[str, bool] = {}

    def tried(self, fault: Fault, tests: Sequence[str], seconds: float) -> Verdict:
        """Put a fault in, run these tests until one fails, for so many seconds at most, and take the fault out again.

        A test that fails only once, or fails without the fault too, has noticed nothing.
        """
        deselected: list[str] = []
        while tests:
            with self._put_in(fault):
                outcome, by = self._run(tests, seconds, deselected)
                if outcome == HANGS:  # or other work kept the machine busy
                    outcome, by = self._run(tests, _LONGER * seconds, deselected)
            if outcome == SURVIVED:
                break
            if self._passes([by] if by else tests, seconds):
                return Verdict(fault, outcome, len(tests), by)
            if not by:
                return Verdict(fault, UNCLEAR, len(tests))
            deselected.append(by)
        return Verdict(fault, SURVIVED if tests else UNTESTED, len(tests))

    @contextlib.contextmanager
    def _put_in(self, fault: Fault) -> Iterator[None]:
        module = self.copy / fault.path
        source = module.read_bytes()
        changed = fault.applied(source.decode())
        if changed is None:
            raise ValueError(f"{fault} is none")
        module.write_bytes(changed.encode())
        try:
            yield
        finally:
            module.write_bytes(source)

    def _passes(self, tests: Sequence[str], seconds: float) -> bool:
        """Whether these pass without a fault."""
        name = "\n".join(tests)
        if name not in self._sound:
            self._sound[name] = self._run(tests, _LONGER * seconds)[0] == SURVIVED
        return self._sound[name]

    def _run(self, tests: Sequence[str], seconds: float, deselected: Sequence[str] = ()) -> tuple[str, str]:
        """What came of a run of these tests up to the first that fails, and which that is, where pytest tells."""
        listed, cache, temporary = (self._scratch / name for name in ("tests", "cache", "tmp"))
        for folder in (cache, temporary):
            shutil.rmtree(folder, ignore_errors=True)
        temporary.mkdir()
        listed.write_text("\n".join([*tests, *(f"--deselect={each}" for each in deselected)]) + "\n")
        settings = [
            "-o",
            f"cache_dir={cache}",
            f"--basetemp={temporary / 'pytest'}",
            "--hypothesis-seed=0",
            f"--timeout={_SECONDS_FOR_ONE}",
            "--assert=plain",  # to compare two large values for a person may take minutes, and nobody reads it
            "-p",
            twice.__name__.rpartition(".")[2],
        ]
        command = [sys.executable, "-m", "pytest", "-x", "-q", *settings, f"@{listed}"]
        # What was compiled of a faulty module must not outlive the fault.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(temporary)}
        environment["PYTHONPATH"] = os.path.dirname(twice.__file__)
        environment.pop("CI", None)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        code = programs.run(command, seconds, self._stop, cwd=self.copy, env=environment, **quiet)
        if code is None:
            return HANGS, ""
        last_failed = cache / "v" / "cache" / "lastfailed"
        failed = list(json.loads(last_failed.read_text())) if code and last_failed.exists() else []
        return (SURVIVED if code in _NOTHING_FAILED else NOTICED), (failed[0] if failed else "")


def copied(root: Path, target: Path) -> Path:
    """A copy of a checkout as it is, with what is not committed and without what git ignores."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    for name in filter(None, names):
        if (root / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name, follow_symlinks=False)
    # By the hash of what it was made from: a module with a fault in it has another, and is taken as it is.
    by_hash = ["--invalidation-mode", "checked-hash"]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *by_hash, "scripts", "tests"], cwd=target, check=False)
    return target
