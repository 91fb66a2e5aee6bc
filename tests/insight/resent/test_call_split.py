"""What of a call's tokens and money is for what was sent before, what for what is new, what for the answer?"""

from __future__ import annotations

from session_monitor.insight.basis.call import CallCost, JudgedCall
from session_monitor.insight.resent import call_split
from session_monitor.prices.cost import CostParts

PRICED = CallCost(CostParts(300, 20, 125, 1000, 500), 3, 1, 4)
CALL = JudgedCall(
    *(1, None, "m", None, None),
    *(100, 20, 30, 10, 5),
    *(0, 200, None, None, 0, 1, 1, 0),
    cost=PRICED,
)


def test_a_cache_begins_where_the_prompt_does():
    """What was sent again was read first, then written, and only what is left of it was paid as new."""
    found = [call_split.split(CALL, resent) for resent in (10, 20, 40, 60)]

    assert [(each.resent_read, each.resent_paid) for each in found] == [
        ((10, 10), (0, 0)),
        ((20, 20), (0, 0)),
        ((20, 20), (20, 83)),
        ((20, 20), (40, 125 + 30)),
    ]
    assert [each.new for each in found] == [(140, 435), (130, 425), (110, 342), (90, 270)]
    assert {(each.visible, each.reasoning) for each in found} == {((10, 1000), (5, 500))}
    assert [each.full_price for each in found] == [30, 60, 120, 180]


def test_a_call_without_a_price():
    """Tokens are told, and no money."""
    found = call_split.split(CALL._replace(cost=None), 60)

    assert (found.resent_read, found.resent_paid, found.new) == ((20, 0), (40, 0), (90, 0))
    assert found.full_price == 0


def test_a_prompt_that_nobody_knows():
    """The prompt of a call without content is a part of its own; its answer is known."""
    found = call_split.unjudged(CALL)

    assert (found.unjudged, found.visible, found.reasoning) == ((150, 445), (10, 1000), (5, 500))
    assert (found.resent, found.new) == ((0, 0), (0, 0))
