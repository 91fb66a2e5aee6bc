"""doctor tells whether stores elsewhere have what they are to have, and what to do where they have not."""

from __future__ import annotations

import pytest

from session_monitor.upkeep import store_checks
from session_monitor.upkeep.checks import FAIL, OK, WARN
from tests.support.indexes import Step
from tests.support.kept_rows import BUSY, Shipped

MARCH = 1_772_913_015_000
HOUR = 3_600_000


class CaseOf:
    """What a check asks of its case."""

    def __init__(self, folder, now):
        self.data_dir, self.now = str(folder), now / 1000


@pytest.fixture
def shipped(tmp_path):
    """A folder of one call."""
    found = Shipped(tmp_path)
    found.calls([Step(at=MARCH)])
    yield found
    found.replicator.close()


def told(shipped, later=0):
    """What the check says."""
    return list(store_checks.checks(CaseOf(shipped.folder, shipped.time + later)))


def test_checks(shipped):
    """Nothing where nothing is shipped; well, behind, failing, and far behind."""
    assert told(shipped) == []
    assert shipped.ship()
    (check,) = told(shipped, 9 * HOUR)
    assert (check.level, "1 round there" in check.found) == (OK, True)
    shipped.calls([Step(session="b", at=MARCH)])
    shipped.store.plays.append(BUSY)
    shipped.ship()
    (check,) = told(shipped)
    assert (check.level, "1 round waiting, the oldest of 2026-03-07" in check.found) == (WARN, True)
    assert "1 request failed: busy" in check.found
    (check,) = told(shipped, 2 * HOUR)
    assert (check.level, "'ship' or a monitor with --ship" in check.todo) == (FAIL, True)


def test_refused_rounds(shipped):
    """They are told."""
    shipped.store.refuses = lambda _row: True
    shipped.ship()
    (check,) = told(shipped)
    assert (check.level, "1 round refused" in check.found) == (WARN, True)
