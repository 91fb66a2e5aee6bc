"""A folder that is shipped to a stand-in for a ClickHouse server."""

from __future__ import annotations

import pytest

from session_monitor.shipping.clickhouse import stores
from tests.support.clickhouse_standin import ClickHouseStandIn
from tests.support.kept_rows import Shipped


@pytest.fixture
def server():
    """The stand-in."""
    with ClickHouseStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def shipped(tmp_path, server):
    """A folder without calls."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    found = Shipped(folder, stores.of(server.address, {}))
    yield found
    found.replicator.close()
    found.store.close()
