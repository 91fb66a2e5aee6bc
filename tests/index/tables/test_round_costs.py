"""What did rounds cost, by what the index says of them?"""

from __future__ import annotations

from session_monitor.calls.usage import Usage
from session_monitor.index.tables import round_costs
from session_monitor.prices import money
from session_monitor.prices.cost import Call
from tests.support.calls import BOOK


def test_what_a_cache_cost_more(tmp_path):
    """A saving below 0, where writing to a cache cost more than it spared, is kept as it is."""
    usage = Usage(fresh_input=0, cache_read=0, cache_write=1001, visible_output=0, reasoning=0)
    call = Call("claude-sonnet-4-5", "2026-02-01T00:00:00Z", usage)

    columns = round_costs.costs(BOOK, [call.model], [call.at], [[count] for count in usage[:5]], [None], [0])
    _, _, [usd], [pico], [stake_usd], [stake_pico], _ = columns

    outcome = BOOK.price(call)
    assert usd * money.MICRO + pico == outcome.saved < 0
    assert 0 <= pico < money.MICRO
    assert stake_usd * money.MICRO + stake_pico == outcome.at_stake > 0
