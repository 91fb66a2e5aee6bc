"""Faults put into the code, in short: those that the tests must notice, and some in a few rooms."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time

import pytest

if os.environ.get("CI") != "true" or sys.version_info < (3, 10):
    pytest.importorskip("cosmic_ray", reason="needs the module 'cosmic_ray': it is in tests/requirements.txt")

from tests.campaigns.mutants import covering, faults, programs, trial
from tests.campaigns.mutants.__main__ import ROOT, drawn
from tests.support.needs import need_tool

ROOMS = tuple(
    f"scripts/session_monitor/{room}.py"
    for room in ("log/joined_lines", "prices/money", "sessions/file_names", "log/wrapped_lines")
)
"""Small ones, whose own tests are to notice what goes wrong in them without those of others."""
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
    root = tmp_path / "checkout"
    root.mkdir()
    subprocess.run([need_tool("git"), "init", "-q", root], check=True)
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (root / "room.py").write_text(textwrap.dedent(MODULE))
    (root / "test_room.py").write_text(textwrap.dedent(TEST))
    return root


@pytest.fixture
def bench(checkout, tmp_path):
    """A copy of it, with what a test has written into it."""
    return lambda: trial.Bench(checkout, tmp_path / "bench", threading.Event())


def one_fault(checkout, operator):
    """The only fault of this kind that changes the room's program."""
    source = (checkout / "room.py").read_text()
    found = [
        each for each in faults.of_module(checkout, "room.py") if each.operator == operator and each.applied(source)
    ]
    return found[-1]


def test_a_fault_that_changes_what_a_test_looks_at_is_noticed(checkout, bench):
    """It is told which test that was.  Afterwards the room is what it was."""
    there = bench()

    verdict = there.tried(one_fault(checkout, "SwapWords"), ["test_room.py"], 60)

    assert (verdict.outcome, verdict.by) == (trial.NOTICED, "test_room.py::test_larger")
    assert (there.copy / "room.py").read_bytes() == (checkout / "room.py").read_bytes()


def test_a_fault_that_no_test_looks_at_survives_and_can_be_read(checkout, bench):
    """It is told with its line as it was; a line that no test runs is told to be so."""
    there, fault = bench(), one_fault(checkout, "LeaveOutCalls")

    assert there.tried(fault, ["test_room.py"], 60).outcome == trial.SURVIVED
    assert there.tried(fault, [], 60).outcome == trial.UNTESTED
    assert fault.told(checkout) == "room.py:7: print(total)   ->   pass"


def test_a_test_that_fails_without_the_fault_too_has_not_noticed_it(checkout, bench):
    """Neither has one that fails by chance, once; and names of tests that are not there tell nothing."""
    (checkout / "test_room.py").write_text(
        textwrap.dedent("""\
            from pathlib import Path

            from room import larger

            def test_wrong():
                assert larger(2, 3) == 2

            def test_by_chance():
                larger(2, 3)
                times = Path("times")
                times.write_text(times.read_text() + "." if times.exists() else ".")
                assert times.read_text() != "."
        """)
    )
    there, fault = bench(), one_fault(checkout, "LeaveOutCalls")

    assert there.tried(fault, ["test_room.py"], 60).outcome == trial.SURVIVED
    assert (there.copy / "times").read_text() == ".."  # it was run twice, and failed at first
    assert there.tried(fault, ["test_room.py::test_gone"], 60).outcome == trial.UNCLEAR


def test_a_program_that_does_not_end_is_noticed(checkout, bench):
    """A fault may make a loop endless."""
    (checkout / "room.py").write_text("def larger(one, other):\n    while one > 9:\n        pass\n    return 3\n")

    assert bench().tried(one_fault(checkout, "AddNot"), ["test_room.py"], 5).outcome == trial.HANGS


def test_what_is_stopped_leaves_nothing(tmp_path):
    """A program is ended with what it has started, and what it has to tidy up is tidied up."""
    stop, code = threading.Event(), "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True)"
    tidied = "\ntry: time.sleep(600)\nfinally: print('tidied')"
    with (tmp_path / "out").open("w") as out:
        told = threading.Thread(target=lambda: (wait_for(lambda: (tmp_path / "out").stat().st_size), stop.set()))
        told.start()
        with pytest.raises(programs.StoppedError):
            programs.run([sys.executable, "-c", code + tidied], 600, stop, stdout=out, stderr=out)
        told.join()

    started, tidied, *_ = (tmp_path / "out").read_text().split()
    assert tidied == "tidied"
    wait_for(lambda: not is_running(int(started)))


def is_running(pid):
    """Whether a process is there, and is not just waiting to be forgotten."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, stdout=subprocess.PIPE).stdout
    return not state.strip().startswith(b"Z") and bool(state)


def wait_for(what):
    """Until it is true; a minute at most."""
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_only_a_type_checker_reads_has_no_faults(checkout):
    """``int | None`` may become ``int & None``: the program is the same.  It is where it only remembers less, too."""
    source = (checkout / "room.py").read_text()
    lines = {each.line for each in faults.of_module(checkout, "room.py") if each.applied(source)}

    assert lines == {4, 5, 6, 7}  # in 4 it is the default
    typed = [each for each in faults.of_module(checkout, "room.py") if each.operator.endswith("BitOr_BitAnd")]
    assert [each.applied(source) for each in typed] == [None]
    (checkout / "room.py").write_text("import functools\n\n\n@functools.lru_cache(1)\ndef one():\n    return 'one'\n")
    assert [
        each for each in faults.of_module(checkout, "room.py") if each.applied((checkout / "room.py").read_text())
    ] == []


def test_the_tests_that_run_a_line_are_told(checkout, tmp_path):
    """Each with its name, as a run under coverage finds them, also in programs that it starts."""
    (checkout / "room.py").write_text(
        textwrap.dedent("""\
            ONE = (
                1
            )

            def larger(one, other=ONE):
                return max(
                    one,
                    other)

            def unasked():
                return 1
        """)
    )
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
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    covering.measure(checkout, scratch).save(tmp_path / "kept")
    cover = covering.Covering.load(tmp_path / "kept")

    both = {"test_room.py::test_larger", "test_other.py::test_elsewhere"}  # neither is the room's own: in tests/
    for line in (1, 2, 5, 6, 7, 8):  # what only runs when the room is imported is tested by all who use it
        assert {name for name, _ in cover.of(checkout, "room.py", line)} == both
    assert cover.of(checkout, "room.py", 11) == []

    # What has changed since then is told by file.
    (checkout / "test_other.py").write_text("def test_other(): pass\n")
    (checkout / "room.py").write_text(f"\n\n\n\n{(checkout / 'room.py').read_text()}")
    assert {name for name, _ in cover.of(checkout, "room.py", 15)} == {"test_room.py::test_larger", "test_other.py"}


def test_faults_in_a_few_rooms_are_noticed(tmp_path):
    """By their own tests alone, but for one that may change nothing; the campaign asks all tests that run the line."""
    bench = trial.Bench(ROOT, tmp_path / "bench", threading.Event())

    chosen = drawn(ROOT, ROOMS, FAULTS, seed=1)
    verdicts = [bench.tried(fault, covering.mirrored(fault.path)[:1], 300) for fault in chosen]

    assert [each.outcome for each in verdicts if each.outcome in (trial.UNTESTED, trial.UNCLEAR)] == []
    survivors = [each.fault.told(ROOT) for each in verdicts if not each.is_noticed]
    assert len(survivors) <= 1, "\n".join(survivors)
