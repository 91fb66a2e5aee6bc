"""The benchmark, in short: it runs to its end and prints ratios; how large they are is not for a test to say."""

from __future__ import annotations

from tests.campaigns import bench


def test_all_ratios_are_measured(tmp_path):
    """A small log is read by the monitor and by every yardstick, and each has its ratio."""
    found = bench.compare(tmp_path, "agent", "2M", 1, list(bench.YARDSTICKS))

    assert len(found) == 1 + 2 * len(bench.YARDSTICKS)
    assert all(value > 0 for value in found.values())


def test_questions_are_measured(tmp_path):
    """Every question over a small folder has its ratio, and so have the index, a long session and one more line of it."""
    found = {**bench.answers(tmp_path, 300, 1), **bench.long_session(tmp_path, 100, 2)}

    assert len(found) == len(bench.QUESTIONS) + 1 + 3
    assert all(isinstance(value, float) for value in found.values())
    assert all(value > 0 for name, value in found.items() if not name.startswith("milliseconds for one line"))


def test_sizes():
    """Sizes are read with the units that people write."""
    assert [bench.bytes_of(text) for text in ("200M", "1.5K", "7", "2G")] == [200_000_000, 1500, 7, 2_000_000_000]
