"""Faults put into the code, in short: those that the tests must notice, and some in the rooms that changed last."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

if os.environ.get("CI") != "true" or sys.version_info < (3, 10):
    pytest.importorskip("cosmic_ray", reason="needs the module 'cosmic_ray': it is in tests/requirements.txt")

from tests.campaigns.mutants import covering, faults, trial
from tests.campaigns.mutants.__main__ import ROOT, drawn, rooms

LAST = 30
"""Commits back, in which a room counts as changed."""
FAULTS = 4

MODULE = """\
    from __future__ import annotations


    def larger(one: int | None, other: int = 1) -> int:
        total = 0
        total += max(one, other)
        print(total)
        return total
"""
TEST = """\
    from room import larger


    def test_larger():
        assert larger(2, 3) == 3
"""


@pytest.fixture
def checkout(tmp_path):
    """A small checkout: one room, and a test of it that misses what it prints."""
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (tmp_path / "room.py").write_text(textwrap.dedent(MODULE))
    (tmp_path / "test_room.py").write_text(textwrap.dedent(TEST))
    return tmp_path


def one_fault(checkout, operator):
    """The only fault of this kind that changes the room's program."""
    source = (checkout / "room.py").read_text()
    found = [
        each for each in faults.of_module(checkout, "room.py") if each.operator == operator and each.applied(source)
    ]
    return found[-1]


def test_a_fault_that_changes_what_a_test_looks_at_is_noticed(checkout):
    """Afterwards the room is what it was."""
    before = (checkout / "room.py").read_text()

    verdict = trial.tried(checkout, one_fault(checkout, "SwapWords"), ["test_room.py::test_larger"], 60)

    assert verdict.outcome == trial.NOTICED
    assert (checkout / "room.py").read_text() == before


def test_a_fault_that_no_test_looks_at_survives_and_can_be_read(checkout):
    """It is told with its line as it was; a line that no test runs is told to be so."""
    fault = one_fault(checkout, "LeaveOutCalls")

    assert trial.tried(checkout, fault, ["test_room.py"], 60).outcome == trial.SURVIVED
    assert trial.tried(checkout, fault, [], 60).outcome == trial.UNTESTED
    assert fault.told(checkout) == "room.py:7: print(total)   ->   pass"


def test_a_program_that_does_not_end_is_noticed(checkout):
    """A fault may make a loop endless."""
    (checkout / "room.py").write_text("def larger(one, other):\n    while one > 9:\n        pass\n    return 3\n")

    assert trial.tried(checkout, one_fault(checkout, "AddNot"), ["test_room.py"], 5).outcome == trial.HANGS


def test_what_only_a_type_checker_reads_has_no_faults(checkout):
    """``int | None`` may become ``int & None``: the program is the same."""
    source = (checkout / "room.py").read_text()
    lines = {each.line for each in faults.of_module(checkout, "room.py") if each.applied(source)}

    assert lines == {4, 5, 6, 7}  # in 4 it is the default
    typed = [each for each in faults.of_module(checkout, "room.py") if each.operator.endswith("BitOr_BitAnd")]
    assert [each.applied(source) for each in typed] == [None]


def test_the_tests_that_run_a_line_are_told(checkout):
    """Each with its name, as a run under coverage finds them, also in programs that it starts."""
    (checkout / "test_other.py").write_text(
        textwrap.dedent("""\
            import subprocess, sys

            def test_elsewhere():
                assert subprocess.run([sys.executable, "-c", "import room; room.larger(1)"]).returncode == 0

            def test_nothing():
                pass

            def test_wrong():
                import room
                assert room.larger(1) == 2
        """)
    )
    scratch = checkout / "scratch"
    scratch.mkdir()

    cover = covering.measure(checkout, scratch)

    assert {name for name, _ in cover.of("room.py", 6)} == {
        "test_room.py::test_larger",
        "test_other.py::test_elsewhere",
    }
    assert cover.of("room.py", 99) == []


def changed_rooms():
    """The rooms of the last commits; all, where git does not tell."""
    told = subprocess.run(
        ["git", "log", f"-{LAST}", "--name-only", "--format="], cwd=ROOT, check=False, stdout=subprocess.PIPE
    ).stdout.decode()
    changed = [path for path in rooms(ROOT) if path in set(told.splitlines())]
    return [path for path in changed or rooms(ROOT) if any(map(Path.exists, map(ROOT.joinpath, own_tests(path))))]


def own_tests(path):
    """The file of tests that has a room's name."""
    return covering.mirrored(path)[:1]


def test_faults_in_the_rooms_that_changed_last_are_noticed(tmp_path):
    """By the tests of their own wing alone, most of them; the campaign asks all tests that run the line, and for more."""
    copy = trial.copied(ROOT, tmp_path / "copy")

    verdicts = []
    for fault in drawn(ROOT, changed_rooms(), FAULTS, seed=1):
        verdict = trial.tried(copy, fault, own_tests(fault.path), 120)
        verdicts.append(
            verdict if verdict.is_noticed else trial.tried(copy, fault, covering.mirrored(fault.path)[1:], 240)
        )

    survivors = [each.fault.told(ROOT) for each in verdicts if not each.is_noticed]
    assert len(survivors) <= FAULTS // 2, "\n".join(survivors)
