"""What is one check, and what comes of it?"""

from __future__ import annotations

import pytest

from session_monitor.upkeep import checks


@pytest.mark.parametrize(
    ("number", "calls", "told"), [(0, 1, "none of 1 call"), (1, 1, "1 of 1 call"), (1200, 3000, "1,200 of 3,000 calls")]
)
def test_how_many_of_the_calls(number, calls, told):
    """None is told as none."""
    assert checks.of_calls(number, calls) == told


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("a", "a"),
        ("ba", "b, a"),
        ("abcde", "a, b, c, d, e"),
        ("abcdef", "a, b, c, d, e and 1 more"),
        ("abacada", "a, b, c, d"),
        ("abcdefaaag", "a, b, c, d, e and 2 more"),
    ],
)
def test_some_names(names, told):
    """The first few, each once, in their order, and how many more there are."""
    assert checks.some(names) == told


def test_a_folder_with_sessions(tmp_path):
    """What a monitor keeps beside them is none; nor is there one in a folder that is not there."""
    assert not checks.has_sessions(str(tmp_path / "none"))
    (tmp_path / ".state.json").touch()
    assert not checks.has_sessions(str(tmp_path))
    (tmp_path / "s.json").touch()
    assert checks.has_sessions(str(tmp_path))
