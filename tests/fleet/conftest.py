"""A database that stands in for a server's, and a home for the folders that stand for it."""

from __future__ import annotations

import pytest

from tests.support import fleets


@pytest.fixture
def fleet():
    """An empty database."""
    with fleets.standing_in() as found:
        yield found


@pytest.fixture
def environment(tmp_path):
    """Of somebody whose data nobody else has."""
    return {"XDG_DATA_HOME": str(tmp_path / "data")}
