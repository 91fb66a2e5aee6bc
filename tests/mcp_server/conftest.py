"""Data folders that the tests of the MCP server ask about."""

from __future__ import annotations

import pytest

from tests.support import mcp_client
from tests.support.webserving import ingest


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The sessions of the sample log, which no test changes."""
    return ingest(mcp_client.SAMPLE, tmp_path_factory.mktemp("mcp") / "sessions")


@pytest.fixture(scope="session")
def long_one(tmp_path_factory):
    """One session of 500 rounds, which no test changes."""
    return mcp_client.long_session(tmp_path_factory.mktemp("mcp_long"))
