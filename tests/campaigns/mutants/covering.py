"""Which tests run which lines?

Told by a run of the tests under ``coverage``, each with its name as the context, also of the programs that it starts.
Where that takes too long there is the rule of the house: a room's tests have its name.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from coverage.numbits import numbits_to_nums

from . import tests_by_name

LEFT_OUT = ("tests/campaigns", "tests/web/pages", "tests/tools")
"""Tests of minutes, in a browser or with a real gateway; and tests of what is not part of the program."""

_SETTINGS = """\
[run]
source = {root}
omit = {root}/tests/*
data_file = {data}
parallel = true
patch = _exit
context = ${{PYTEST_CURRENT_TEST-}}
"""


_LINES = """
SELECT path, context, numbits FROM line_bits
JOIN file ON file.id = file_id JOIN context ON context.id = context_id
"""


class Covering(NamedTuple):
    """Which tests run which lines: ``tests`` are their ids with their seconds, ``lines`` has places in that."""

    tests: list[tuple[str, float]]
    lines: dict[str, dict[str, list[int]]]

    def of(self, path: str, line: int) -> list[tuple[str, float]]:
        """The tests that run a line, with their seconds: those of its room first, then the fastest."""
        own = tuple(mirrored(path))
        tests = [self.tests[each] for each in self.lines.get(path, {}).get(str(line), ())]
        return sorted(tests, key=lambda test: (not test[0].startswith(own), test[1], test[0]))

    def save(self, file: Path) -> None:
        """Keep it."""
        file.write_text(json.dumps(self._asdict()))

    @classmethod
    def load(cls, file: Path) -> Covering:
        """One that was kept."""
        stored: dict[str, Any] = json.loads(file.read_text())
        return cls([(name, seconds) for name, seconds in stored["tests"]], stored["lines"])


def mirrored(path: str) -> list[str]:
    """The test files that have a room's name, and else those of its wing; relative to the checkout."""
    parts = Path(path).with_suffix("").parts
    if parts == ("main",):
        return ["tests/program/test_main.py"]
    folder = Path("tests", *[part for part in parts[:-1] if part not in ("scripts", "session_monitor")])
    return [str(folder / f"test_{parts[-1]}.py"), f"{folder}/"]


def measure(root: Path, scratch: Path) -> Covering:
    """Run the tests of a checkout, and tell which of those that passed run which lines."""
    settings, report = scratch / "coverage.ini", scratch / "report.xml"
    settings.write_text(_SETTINGS.format(root=root, data=scratch / "data"))
    coverage = [sys.executable, "-m", "coverage"]
    ignored = [f"--ignore={each}" for each in LEFT_OUT]
    plugin = ["-p", tests_by_name.__name__.rpartition(".")[2], "-p", "no:cacheprovider", "-q", f"--junit-xml={report}"]
    # The plugin's folder: what is measured may be another checkout, with tests of its own.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.path.dirname(tests_by_name.__file__), str(root)])}
    environment.pop("PYTEST_CURRENT_TEST", None)
    environment["COVERAGE_PROCESS_START"] = str(settings)  # programs read it anew, with the test of that moment
    run = [*coverage, "run", f"--rcfile={settings}", "-m", "pytest", *plugin, *ignored]
    subprocess.run(run, cwd=root, env=environment, check=False)
    subprocess.run([*coverage, "combine", "-q", f"--rcfile={settings}"], cwd=root, env=environment, check=True)
    return _told(root, scratch / "data", _passed(report))


def _passed(report: Path) -> dict[str, float]:
    """The ids of the tests that passed, with their seconds."""
    passed = {}
    for case in ET.parse(report).getroot().iter("testcase"):
        named = {each.get("name"): each.get("value") for each in case.iter("property")}
        if not any(case.find(kind) is not None for kind in ("failure", "error", "skipped")):
            passed[named["nodeid"]] = float(case.get("time", "0"))
    return passed


def _told(root: Path, data: Path, passed: dict[str, float]) -> Covering:
    tests = list(passed.items())
    numbers = {name: number for number, (name, _) in enumerate(tests)}
    lines: dict[str, dict[str, list[int]]] = {}
    with contextlib.closing(sqlite3.connect(data)) as db:
        rows = db.execute(_LINES).fetchall()
    for path, context, numbits in rows:
        number = numbers.get(context.rpartition(" (")[0] or context)
        if number is None:
            continue
        of_file = lines.setdefault(str(Path(path).relative_to(root)), {})
        for line in numbits_to_nums(numbits):
            known = of_file.setdefault(str(line), [])
            if number not in known[-1:]:
                known.append(number)
    return Covering(tests, lines)


def of_rooms(paths: Sequence[str], root: Path) -> list[str]:
    """The test files that mirror these rooms and are there."""
    return sorted({each for path in paths for each in mirrored(path)[:1] if (root / each).exists()})
