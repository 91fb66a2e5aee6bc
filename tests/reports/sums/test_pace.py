"""What is spent just now, and near what will this month end?"""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from session_monitor.base import periods
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step

DAY = 86_400_000
MARCH = int(datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp() * 1000)


def paced(folder, now, meant=ALL):
    """What the overview says of it."""
    return Report(str(folder), BOOK).dashboard(meant, "day", periods.zone("UTC"), now).pace


def test_a_month_goes_on_as_it_began(tmp_path):
    """A third of March is known, so it ends near three times as much; what was before it does not count."""
    agent = Agent(tmp_path)
    agent.store([Step("before", MARCH - 5 * DAY), *(Step("a", MARCH + at * DAY) for at in range(11))])
    now = MARCH + 31 * DAY // 3
    found = paced(tmp_path, now, Selection(since=now - DAY))

    assert found.month.calls == 11
    assert found.month_end == found.month.spending.pico * 3
    assert (found.hour.calls, found.to_json()["last_hour"]["calls"]) == (0, 0)
    assert paced(tmp_path, MARCH + 9 * DAY + 1000).hour.calls == 1


@pytest.mark.parametrize(
    ("first", "last", "now"),
    [(MARCH + 8 * DAY, MARCH + 10 * DAY, MARCH + 10 * DAY), (MARCH, MARCH + 5 * DAY, MARCH + 7 * DAY)],
    ids=["two days are known", "nothing came for two days"],
)
def test_where_nobody_can_say(tmp_path, first, last, now):
    """Nothing is told of a month of which too little is known, or that seems not to go on."""
    Agent(tmp_path).store([Step("a", first), Step("a", last)])

    assert paced(tmp_path, now).month_end is None
    assert paced(tmp_path, now).to_json()["month_end_usd"] is None


def test_a_log_that_began_within_the_month(tmp_path):
    """Only the days since the first call tell how much a day costs."""
    Agent(tmp_path).store([Step("a", MARCH + 21 * DAY), Step("a", MARCH + 25 * DAY + 1)])
    found = paced(tmp_path, MARCH + 26 * DAY)

    assert found.month_end == found.month.spending.pico * 10 // 5
