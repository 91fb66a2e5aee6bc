"""Nobody takes all of what there is: neither with a key, nor with many, nor from many addresses."""

from __future__ import annotations

import random

import pytest

from web.server.shares import OF_ALL, OWN, Places, Share, of_session


def taken(places, share, wanted=1000):
    """How many they get of so many."""
    return sum(places.take(share) for _ in range(wanted))


@pytest.mark.parametrize(("most", "quarter"), [(256, 64), (64, 16), (8, 2), (4, 1)])
def test_each_has_a_share(most, quarter):
    """A session's key has a quarter, all of those a half, with the main key three quarters; the machine's user the rest."""
    places = Places(most)
    assert taken(places, of_session("a")) == quarter
    assert taken(places, of_session("b")) == quarter
    assert taken(places, of_session("c")) == 0
    assert taken(places, OF_ALL) == quarter
    assert taken(places, of_session("d")) == 0
    assert taken(places, OWN) == quarter
    assert len(places) == most


def test_what_nobody_else_has_is_there_for_those_before():
    """The machine's own user may have all of it, and whoever has the main key all but a quarter."""
    assert taken(Places(64), OWN) == 64
    places = Places(64)
    assert taken(places, OF_ALL) == 48
    assert taken(places, of_session("a")) == 0
    assert taken(places, OWN) == 16


@pytest.mark.parametrize("share", [OWN, OF_ALL, of_session("a")])
def test_where_there_is_little_each_may_have_one(share):
    """However few places there are, nobody is kept out for good."""
    places = Places(1)
    assert taken(places, share) == 1
    places.give_back(share)
    assert taken(places, share) == 1


def test_what_is_given_back_is_there_again():
    """After any takings and givings, as many are taken as were not given back, and those of nobody are forgotten."""
    chance = random.Random(1)
    places, held = Places(32), []
    for _ in range(5000):
        share = chance.choice((OWN, OF_ALL, *map(of_session, "abcdefgh")))
        if chance.random() < 0.5 and places.take(share):
            held.append(share)
        elif held:
            places.give_back(held.pop(chance.randrange(len(held))))
        assert len(places) == len(held)
        assert all(held.count(each) <= 8 for each in held if each.key)
    for each in held:
        places.give_back(each)
    assert not places._taken


def test_keys_of_the_same_session_are_one():
    """Visitors count by key: from wherever they come, it is one share."""
    assert of_session("a") == of_session("a") != of_session("b")
    assert isinstance(of_session("a"), Share)
