"""Do the tests notice a fault?"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .faults import Fault

NOTICED, HANGS, SURVIVED, UNTESTED = "noticed", "hangs", "survived", "no test runs it"
_NO_TESTS = 5
"""pytest's word for that: the fault is in what makes the tests, which is noticed."""


class Verdict(NamedTuple):
    """What came of one fault; ``tests`` of those that run its line were run, until one noticed."""

    fault: Fault
    outcome: str
    tests: int = 0

    @property
    def is_noticed(self) -> bool:
        """Whether some test did not pass."""
        return self.outcome in (NOTICED, HANGS)


def copied(root: Path, target: Path) -> Path:
    """A copy of a checkout as it is, with what is not committed and without what git ignores."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    for name in filter(None, names):
        if (root / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name, follow_symlinks=False)
    return target


def tried(copy: Path, fault: Fault, tests: Sequence[str], seconds: float) -> Verdict:
    """Put a fault into a copy, run these tests until one fails, and take the fault out again."""
    if not tests:
        return Verdict(fault, UNTESTED)
    module = copy / fault.path
    source = module.read_text()
    changed = fault.applied(source)
    if changed is None:
        raise ValueError(f"{fault} is none")
    module.write_text(changed)
    try:
        return Verdict(fault, _outcome(copy, tests, seconds), len(tests))
    finally:
        module.write_text(source)


def _outcome(copy: Path, tests: Sequence[str], seconds: float) -> str:
    arguments = copy.with_suffix(".tests")
    arguments.write_text("\n".join(tests) + "\n")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"@{arguments}"]
    # A module that was written twice in one second, and is as long as before, would be taken for the one before.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("CI", None)
    process = subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return HANGS
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what a faulty program has left behind, too
        process.wait()
    return SURVIVED if code == 0 else NOTICED
