"""A data folder, and a webhook that is told."""

from __future__ import annotations

import pytest

from tests.support.alert_world import World
from tests.support.alerting import write_targets
from tests.support.receivers import StandIn


@pytest.fixture
def world(tmp_path):
    """A data folder."""
    return World(tmp_path)


@pytest.fixture
def webhook(world):
    """A webhook that is to be told."""
    with StandIn("webhook") as stand_in:
        write_targets(world.folder, stand_in.row())
        yield stand_in
