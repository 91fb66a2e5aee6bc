"""A folder and a store that is kept equal to it."""

from __future__ import annotations

import pytest

from tests.support.kept_rows import Shipped


@pytest.fixture
def shipped(tmp_path):
    """A folder without calls, and an empty store in memory."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    found = Shipped(folder)
    yield found
    found.replicator.close()
