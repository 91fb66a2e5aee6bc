"""What the tests of the web page's server share."""

from __future__ import annotations

import pytest

from tests.support.webserving import SAMPLE, generate, ingest, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sessions of the sample."""
    return ingest(SAMPLE, tmp_path_factory.mktemp("sample") / "sessions")


@pytest.fixture(scope="module")
def running(folder):
    """A server over them."""
    with serving(folder) as found:
        yield found


@pytest.fixture(scope="module")
def agents(tmp_path_factory):
    """Agents with tools and long conversations, and ids that attack pages and file systems."""
    folder = tmp_path_factory.mktemp("agents")
    size = ("--bytes", "4M", "--sessions", "30", "--concurrency", "30")
    log = generate(folder / "access.log", "--profile", "agent", *size, "--hostile-ids", "--seed", "7")
    return ingest(log, folder / "sessions")


@pytest.fixture(scope="module")
def among_agents(agents):
    """A server over those."""
    with serving(agents) as found:
        yield found


@pytest.fixture(scope="module")
def redacted(agents):
    """A server over those that serves no texts."""
    with serving(agents, redacts=True) as found:
        yield found
