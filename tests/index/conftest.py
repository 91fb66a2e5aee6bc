"""What tests of the index begin with."""

from __future__ import annotations

import pytest

from tests.support.indexes import Agent


@pytest.fixture
def agent(tmp_path):
    """Writes to session files, as a monitor does."""
    (tmp_path / "sessions").mkdir()
    return Agent(tmp_path / "sessions")


@pytest.fixture
def folder(agent, tmp_path):
    """The folder of its session files."""
    return tmp_path / "sessions"
