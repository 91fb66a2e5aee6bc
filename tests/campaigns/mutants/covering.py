"""Which tests run which lines?

Told by a run of the tests under ``coverage``, each with its name as the context, also of the programs that it starts.
Where that takes too long there is the rule of the house: a room's tests have its name.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import itertools
import json
import math
import os
import sqlite3
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, NamedTuple

from coverage.numbits import numbits_to_nums

from . import programs, tests_by_name

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
    """Which tests run which lines, and of what that was told.

    ``tests`` are their ids with their seconds, ``lines`` has places in that by path and line, ``imported`` the lines
    that ran before the first test; ``sources`` are the hashes of the modules and of the test files.
    """

    tests: list[tuple[str, float]]
    lines: dict[str, dict[str, list[int]]]
    imported: dict[str, list[int]]
    sources: dict[str, str]

    def of(self, root: Path, path: str, line: int, seconds: float = math.inf) -> list[tuple[str, float]]:
        """What pytest is to run for a fault in this line of a checkout, with its seconds.

        That are its room's tests, then the fastest of its wing, then of the others, while they take so many seconds.

        Where the module is not what it was, that are all tests that ran any line of it; so they are for what runs when
        it is imported, which happens once.  A test file that is not what it was is run whole, and so is the room's own:
        what fixtures do for many tests, and what is remembered, only ran in the first of them.
        """
        of_file = self.lines.get(path, {})
        source = (root / path).read_text()
        first, last, is_in_function = _statement(source, line)
        found = of_file.get(str(line)) or [
            test for each in range(first, last + 1) for test in of_file.get(str(each), ())
        ]
        if self.sources.get(path) != _hash(root / path) or not is_in_function or first in self.imported.get(path, ()):
            found = [test for tests in of_file.values() for test in tests]
        own, *wing = mirrored(path)
        asked: dict[str, float] = {own: 0} if (root / own).exists() else {}
        for name, took in [self.tests[each] for each in set(found)]:
            file = name.partition("::")[0]
            if file != own and self._is_as_it_was(root, file):
                asked[name] = took
            elif (root / file).exists():
                asked[file] = asked.get(file, 0) + took
        files = {name: name.partition("::")[0] for name in asked}
        order = sorted(
            asked, key=lambda name: (files[name] != own, not name.startswith(tuple(wing)), asked[name], name)
        )
        ends = itertools.accumulate(asked[name] * (files[name] != own) for name in order)
        return [(name, asked[name]) for name, end in zip(order, ends) if end < seconds or files[name] == own]

    def _is_as_it_was(self, root: Path, file: str) -> bool:
        return self.sources.get(file) == _hash(root / file)

    def save(self, file: Path) -> None:
        """Keep it."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self._asdict()))

    @classmethod
    def load(cls, file: Path) -> Covering:
        """One that was kept."""
        stored: dict[str, Any] = json.loads(file.read_text())
        return cls(**{**stored, "tests": [(name, seconds) for name, seconds in stored["tests"]]})


def _statement(source: str, line: int) -> tuple[int, int, bool]:
    """The first and the last line of the statement that this line is of, and whether that is in a function.

    Of one that has others in it, it is the head alone.
    """
    first, last, is_in_function = line, line, False
    for node in ast.walk(ast.parse(source)):  # from the outside in
        if not isinstance(node, (ast.stmt, ast.excepthandler)) or not node.lineno <= line <= (node.end_lineno or 0):
            continue
        inner = getattr(node, "body", [])
        first, last = node.lineno, (inner[0].lineno - 1 if inner else node.end_lineno or line)
        is_in_function |= isinstance(node, ast.FunctionDef) and line > last
    return first, max(first, last), is_in_function


def _hash(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None


def mirrored(path: str) -> list[str]:
    """The test files that have a room's name, and else those of its wing; relative to the checkout."""
    parts = Path(path).with_suffix("").parts
    if parts == ("main",):
        return ["tests/program/test_main.py"]
    folder = Path("tests", *[part for part in parts[:-1] if part not in ("scripts", "session_monitor")])
    return [str(folder / f"test_{parts[-1]}.py"), f"{folder}/"]


def measure(root: Path, scratch: Path) -> Covering:
    """Run the tests of a checkout, and tell which of those that passed run which lines.

    Raises ``RuntimeError`` where pytest came to no end.
    """
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
    command = [*run, f"--basetemp={scratch / 'tmp'}"]
    code = programs.run(command, math.inf, threading.Event(), cwd=root, env=environment)
    if code not in (0, 1):  # some may fail
        raise RuntimeError(f"pytest ended with {code}")
    subprocess.run([*coverage, "combine", "-q", f"--rcfile={settings}"], cwd=root, env=environment, check=True)
    return told(root, scratch / "data", report)


def told(root: Path, data: Path, report: Path) -> Covering:
    """What coverage's data say, with pytest's report of the tests."""
    tests = list(_passed(report).items())
    numbers = {name: number for number, (name, _) in enumerate(tests)}
    lines: dict[str, dict[str, list[int]]] = {}
    imported: dict[str, set[int]] = {}
    with contextlib.closing(sqlite3.connect(data)) as db:
        rows = db.execute(_LINES).fetchall()
    for file, context, numbits in rows:
        path = str(Path(file).relative_to(root))
        number = numbers.get(context.rpartition(" (")[0] or context)
        if not context:
            imported.setdefault(path, set()).update(numbits_to_nums(numbits))
        elif number is not None:
            for line in numbits_to_nums(numbits):
                known = lines.setdefault(path, {}).setdefault(str(line), [])
                if number not in known:
                    known.append(number)
    files = {name.partition("::")[0] for name, _ in tests} | lines.keys() | imported.keys()
    sources = {each: found for each in sorted(files) if (found := _hash(root / each))}
    return Covering(tests, lines, {path: sorted(found) for path, found in imported.items()}, sources)


def _passed(report: Path) -> dict[str, float]:
    """The ids of the tests that passed, with their seconds."""
    passed = {}
    for case in ET.parse(report).getroot().iter("testcase"):
        named = {each.get("name"): each.get("value") for each in case.iter("property")}
        if not any(case.find(kind) is not None for kind in ("failure", "error", "skipped")):
            passed[named["nodeid"]] = float(case.get("time", "0"))
    return passed
