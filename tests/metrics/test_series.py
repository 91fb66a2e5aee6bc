"""Series stay few, and each stays what it is: nobody's goes to and fro between a name and ``other``."""

from __future__ import annotations

import pytest

from session_monitor.metrics.of_calls import FIELDS
from session_monitor.metrics.series import CONSUMER, IDLE, MODEL, MOST, OTHER, PAIR, SeriesNames

FEW = {MODEL: 2, CONSUMER: 2, PAIR: 3}


def rows(**calls):
    """Rows of so many calls: ``model__consumer=3``."""
    return {tuple(name.split("__")): [number] + [0] * (len(FIELDS) - 1) for name, number in calls.items()}


def shown(names, of):
    """Under which labels each counts."""
    return {pair: names.of(pair) for pair in of}


def test_those_with_most_calls_of_late_have_room():
    """Then those with most calls of all."""
    names, of = SeriesNames(most=FEW), rows(a__x=100, b__x=5, c__x=7, d__x=1)

    assert names.has_to_choose(of, 0)
    assert names.take(of, 0, {("d", "x"): 1})

    assert shown(names, of) == {
        ("a", "x"): ("a", "x"),
        ("b", "x"): (OTHER, "x"),
        ("c", "x"): (OTHER, "x"),
        ("d", "x"): ("d", "x"),
    }
    assert names.without_series(of) == {MODEL: 2, CONSUMER: 0, PAIR: 2}
    assert not names.has_to_choose(of, 0)


def test_a_pair_without_room_counts_with_its_model():
    """Of four pairs of two models and two consumers three have series, and the calls of the fourth are told by model."""
    names, of = SeriesNames(most=FEW), rows(a__x=4, a__y=3, b__x=2, b__y=1)
    names.take(of, 0, {})

    assert shown(names, of)["b", "y"] == ("b", OTHER)
    assert names.folded(of) == rows(a__x=4, a__y=3, b__x=2, **{f"b__{OTHER}": 1})
    assert names.without_series(of) == {MODEL: 0, CONSUMER: 0, PAIR: 1}


def test_room_is_kept_while_calls_come():
    """However many calls another one has."""
    names, of = SeriesNames(most=FEW), rows(a__x=1, b__x=1)
    names.take(of, 0, {})
    of = rows(a__x=1, b__x=2, c__x=1000)
    for day in range(100):
        now = day * 86_400_000
        names.saw(("a", "x"), now)
        names.saw(("b", "x"), now)
        assert not names.has_to_choose(of, now)
        assert not names.take(of, now, {("c", "x"): 1000})

    assert shown(names, of)["c", "x"] == (OTHER, "x")


def test_room_is_given_up_after_thirty_days_where_another_one_waits():
    """Nobody waits: it stays.  Then who has had no call for longest makes room, and no more than is waited for."""
    names, of = SeriesNames(most=FEW), rows(a__x=9, b__x=9)
    names.take(of, 0, {})
    names.saw(("b", "x"), 5)
    assert not names.take(of, 10 * IDLE, {})

    of = rows(a__x=9, b__x=9, c__x=1)
    assert not names.take(of, IDLE - 1, {})
    assert names.has_to_choose(of, IDLE)
    assert names.take(of, 10 * IDLE, {})
    assert [names.of(pair)[0] for pair in of] == [OTHER, "b", "c"]


def test_no_more_room_is_given_up_than_is_waited_for():
    """Two wait and one place is free: of two that are idle only the one without a call for longest goes."""
    names = SeriesNames(most={**FEW, MODEL: 3})
    names.take(rows(a__x=9, b__x=9), 0, {})
    names.saw(("b", "x"), 5)
    of = rows(a__x=9, b__x=9, c__x=1, d__x=1)
    names.take(of, 10 * IDLE, {})

    assert [names.of(pair)[0] for pair in of] == [OTHER, "b", "c", "d"]


def test_who_is_gone_has_no_room():
    """The last calls of a model were deleted."""
    names = SeriesNames(most=FEW)
    names.take(rows(a__x=1, b__y=1), 0, {})
    names.forget(rows(b__y=1))

    assert names.seen == {MODEL: {"b": 0}, CONSUMER: {"y": 0}, PAIR: {("b", "y"): 0}}


def test_a_model_that_is_called_other():
    """It has no series of its own, since nobody could tell it from the rest, and nobody waits for it."""
    names, of = SeriesNames(most=FEW), rows(other__x=5, a__x=1)
    names.take(of, 0, {})

    assert names.of((OTHER, "x")) == (OTHER, "x")
    assert names.without_series(of) == {MODEL: 0, CONSUMER: 0, PAIR: 0}
    assert not names.take(of, 10 * IDLE, {})


@pytest.mark.parametrize(("models", "consumers"), [(5, 10), (300, 10), (10, 300), (100, 100), (3000, 1)])
def test_however_many_names_there_are(models, consumers):
    """The series of all metrics are bounded."""
    names = SeriesNames()
    of = rows(**{f"m{model}__c{consumer}": 1 for model in range(models) for consumer in range(consumers)})
    names.take(of, 0, {})

    found = names.folded(of)
    assert len(found) <= min(models * consumers, MOST[PAIR] + MOST[MODEL] + MOST[CONSUMER] + 1)
    assert sum(each[0] for each in found.values()) == models * consumers
