"""For how long is a prompt kept in a provider's cache, as calls have shown?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.insight.caching import lifetimes
from session_monitor.insight.caching.lifetimes import Lifetime

SAMPLES = st.lists(st.tuples(st.integers(0, 200_000), st.booleans()), max_size=40)


def samples(pauses):
    """All of these pauses as samples."""
    found = {}
    for seconds, is_hit in pauses:
        found = lifetimes.with_sample(found, seconds, is_hit=is_hit)
    return found


@given(one=SAMPLES, other=SAMPLES)
def test_samples_add_up(one, other):
    """Samples of several sessions are the same together as one after the other, in any order."""
    together = lifetimes.together((samples(one), samples(other)))

    assert together == samples([*other, *one])
    assert sum(each.hits + each.misses for each in together.values()) == len(one) + len(other)


@given(
    hits=st.lists(st.integers(1, 300), min_size=17, max_size=40), misses=st.lists(st.integers(301, 9000), min_size=3)
)
def test_a_lifetime_is_shown(hits, misses):
    """The longest pause that was survived, and the shortest beyond it that was not, whatever was missed for other reasons before."""
    shown = lifetimes.shown_by(samples([*((each, True) for each in hits), *((each, False) for each in (*misses, 1))]))

    assert shown[:3] == (len(hits) + len(misses) + 1, max(hits), min(misses))


def test_too_few_samples_show_nothing():
    """From 20 samples on they count; a few misses beyond the longest hit may have other reasons."""
    hits = [(each, True) for each in range(1, 20)]

    assert lifetimes.shown_by(samples(hits)) is None
    assert lifetimes.shown_by(samples([*hits, (500, False)])) == Lifetime(20, 19, None, 1)


def test_what_was_measured_over_what_is_documented():
    """Longer than documented it is kept as soon as a call shows it; shorter only where many do."""
    for shown, known, both in (
        (Lifetime(20, 900, None), (300, 300), (900, 900)),
        (Lifetime(20, 100, None), (300, 3600), (300, 3600)),
        (Lifetime(20, 100, 400, 3), (300, 3600), (300, 400)),
        (Lifetime(20, 100, 200, 3), (300, 3600), (300, 3600)),
        (Lifetime(60, 100, 200, 20), (300, 3600), (100, 200)),
        (Lifetime(20, 100, 200, 3), (None, None), (100, 200)),
        (Lifetime(20, None, None), (300, None), (300, None)),
    ):
        assert shown.over(*known) == both
