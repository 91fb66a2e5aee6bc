"""The memory of a monitor that follows, over a short day."""

from __future__ import annotations

import sys

import pytest

from tests.campaigns import day_long

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory is read from /proc, as Linux has it"
)


def test_memory_does_not_grow_with_what_went_by(tmp_path):
    """After ten rotations it is what it was after four, within a quarter of it; and every call was found once."""
    told = day_long.day(tmp_path, sessions=300, rotations=15, calls_between=600)

    assert told.found == told.written == 15 * 600
    assert told.growth < 0.25
