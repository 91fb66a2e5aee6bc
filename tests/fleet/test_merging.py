"""Rounds of one session that came over several gateways stand in one order, and what refers to one still does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.fleet import merging
from session_monitor.fleet.questions import GatewayRound

ROUND = GatewayRound("s", "", *[None] * 10, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, ())
GATEWAYS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.lists(
        st.tuples(st.integers(1, 9), st.one_of(st.none(), st.integers(-5, 5)), st.integers(1, 3)),
        min_size=1,
        max_size=6,
    ),
    min_size=1,
)


def rounds_of(gateways):
    """Rounds by gateway and number, some numbers left out; each goes on from the one before it."""
    for gateway, parts in sorted(gateways.items()):
        number = base = 0
        for skipped, at, thread in parts:
            number += skipped
            yield ROUND._replace(gateway=gateway, number=number, at=at, thread=thread, base=base)
            base = number


@given(GATEWAYS)
def test_one_order(gateways):
    """Each round is there once, from 1 without a gap; those of a gateway in its order; and each base is the same round as before."""
    rounds = list(rounds_of(gateways))
    merged = merging.merged(rounds)
    assert [each.number for each in merged] == list(range(1, len(rounds) + 1))
    assert {id(each.logged) for each in merged} == set(map(id, rounds))
    of_number = {each.number: each.logged for each in merged}
    for gateway in gateways:
        own = [each for each in merged if each.logged.gateway == gateway]
        assert [each.logged.number for each in own] == sorted(each.logged.number for each in own)
        for each in own:
            base = of_number.get(each.base)
            assert (base and (base.gateway, base.number)) == ((gateway, each.logged.base) if each.logged.base else None)
    threads = {(each.logged.gateway, each.logged.thread): each.thread for each in merged}
    assert len(set(threads.values())) == len(threads)


def test_by_time():
    """A round without a time stays behind the one before it."""
    times = {"a": [0, None, 20], "b": [10, 30]}
    rounds = [
        ROUND._replace(gateway=gateway, number=number, at=at)
        for gateway, ats in times.items()
        for number, at in enumerate(ats, 1)
    ]
    order = [(each.logged.gateway, each.logged.number) for each in merging.merged(rounds)]
    assert order == [("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2)]


def test_one_gateways_numbers_are_its_own():
    """Where there is but one, nothing is another than there, whatever its clock says."""
    rounds = [ROUND._replace(gateway="a", number=number, at=-number, base=number - 1) for number in range(1, 5)]
    assert [(each.number, each.base, each.thread) for each in merging.merged(rounds)] == [
        (1, 0, 1),
        (2, 1, 1),
        (3, 2, 1),
        (4, 3, 1),
    ]
