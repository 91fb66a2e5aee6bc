"""What the tests of the web page's server share."""

from __future__ import annotations

import pytest

from tests.support.webserving import SAMPLE, ingest, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sessions of the sample."""
    return ingest(SAMPLE, tmp_path_factory.mktemp("sample") / "sessions")


@pytest.fixture(scope="module")
def running(folder):
    """A server over them."""
    with serving(folder) as found:
        yield found
