"""The benchmark, in short: each way does the whole work, and ratios are what they say; how large is not for a test to say."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest

from tests.campaigns import bench
from tests.campaigns.bench import Took


def calls_in(folder):
    """How many calls the session files of a folder hold."""
    files = [path for path in folder.glob("*.json") if not path.name.startswith(".")]
    return sum(len(json.loads(path.read_text(encoding="utf-8"))["rounds"]) for path in files)


def test_the_monitor_and_the_yardsticks_do_the_same_work(tmp_path):
    """All go over the whole log: those that keep something have all of its calls.  Each has its ratios."""
    ways = [name for name in bench.YARDSTICKS if name != "orjson" or importlib.util.find_spec("orjson")]

    found = bench.compare(tmp_path, "agent", "2M", 1, ways)

    kinds = ("on the clock", "processor")
    of_disk = "agent: bytes on disk / bytes of log"
    jobs = [f"agent: monitor / monitor by {number}, {kind}" for number in (2, 4) for kind in kinds]
    monitors = ("monitor", "monitor by 2", "monitor by 4")
    assert set(found) == {
        *(of_disk, *jobs),
        *(f"agent: {way} / {each}, {kind}" for way in ways for each in monitors for kind in kinds),
    }
    assert all(value > 0 for value in found.values())
    assert found[of_disk] < 1  # what agents send again is not kept again
    calls = bench.summary(tmp_path / "out-agent-0-1")["calls"]
    assert calls_in(tmp_path / "out-agent-0-4") == calls_in(tmp_path / "out-agent-0-1")
    assert calls_in(tmp_path / "out-agent-0-1") == calls_in(tmp_path / "yard-agent-0-rewriting") == calls > 10


def test_ratios():
    """One number says how many times as long: of the medians, so that one slow turn does not matter."""
    took = {"ours": [Took(2, 1, 0), Took(90, 1, 0), Took(2, 1, 0)], "theirs": [Took(6, 4, 0)] * 3}

    assert bench._ratio(took, "theirs", "ours", "wall") == 3
    assert bench._ratio(took, "theirs", "ours", "processor") == 4


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no other system tells it")
def test_memory_is_that_of_all_processes():
    """What a process has counts, and what those have that it started; what they share counts once in one of the sums."""
    both = "import os, sys, time; shared = b'x' * 60_000_000; pid = os.fork(); own = b'y' * 30_000_000; time.sleep(0.5)"

    once, for_each = bench.peak(sys.executable, "-c", f"{both}; pid and os.waitpid(pid, 0)")

    assert 120_000_000 <= once < 180_000_000 <= for_each


def test_what_is_run_is_measured(tmp_path):
    """A program's seconds, of the processor too, and its memory; one that fails is not measured at all."""
    idle = bench.run(sys.executable, "-c", "import time; time.sleep(1)")
    busy = bench.run(sys.executable, "-c", "x = b'x' * 300_000_000")

    assert idle.wall >= 1 > idle.processor
    assert busy.memory > 300_000_000  # of the other it may be this process's own, as it was copied
    with pytest.raises(SystemExit, match="ended with 3"):
        bench.run(sys.executable, "-c", "raise SystemExit(3)")


def test_questions_are_measured(tmp_path):
    """Over a folder with all of its calls; the index, a long session and one more line of it have their figures too."""
    found = {**bench.answers(tmp_path, 300, 1), **bench.long_session(tmp_path, 100, 2)}

    names = [f"{' '.join(question)} / imports" for question in bench.QUESTIONS]
    one_line = "milliseconds for one line of a session of 100 rounds, beyond a pass with nothing new"
    assert set(found) == {
        *names,
        "rounds a second, the index of 330 made anew",
        "show --rounds last:5, of 100 rounds / imports",
        "milliseconds that imports take",
        one_line,
    }
    assert all(value > 0 for name, value in found.items() if name != one_line)  # a difference may be less than nothing
    assert calls_in(tmp_path / "answers") == 330
    assert calls_in(tmp_path / "long") == 100


def test_sizes():
    """Sizes are read with the units that people write."""
    assert [bench.bytes_of(text) for text in ("200M", "1.5K", "7", "2G")] == [200_000_000, 1500, 7, 2_000_000_000]
