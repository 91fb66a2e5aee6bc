"""A log that is looked at, for all rooms that follow one."""

from __future__ import annotations

import pytest

from tests.support.watch import Watch, text


@pytest.fixture
def watch(tmp_path):
    """A log of three lines that were read."""
    watch = Watch(tmp_path)
    watch.append(text(1, 2, 3))
    assert watch.look() == text(1, 2, 3)
    return watch
