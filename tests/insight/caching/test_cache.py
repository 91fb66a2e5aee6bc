"""What of each prompt should the provider's cache have had, what did it have, and why not all of it?"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from session_monitor.index.tables.schema import CACHE_UNTOLD, FAILED, NO_TOKENS
from session_monitor.insight.basis import limits
from session_monitor.insight.basis.cache_rules import CacheRules
from session_monitor.insight.basis.call import CallCost
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.caching import cache
from session_monitor.insight.caching.cache import CacheJudge, cost_of_missed, unread_of
from session_monitor.insight.caching.cached_prompts import SentBefore
from session_monitor.insight.caching.lifetimes import Lifetime
from session_monitor.prices.cost import CostParts
from tests.support import judged_sessions
from tests.support.judged_sessions import plain_call

LIMITS = limits.usual().of("cache_missed")
CLAUDE, GPT, OTHER = "claude-sonnet-4-5", "gpt-5", "no-such-model"


def verdict(before, call, *, behind=0, lifetimes=None, fresh=1, is_compacted=False, rows=()):
    """The verdict on a call whose whole history is that of the one before, but for what stands ``behind`` a change."""
    judge = CacheJudge(CacheRules(rows), LIMITS, lifetimes or {})
    judge.see(before)
    judge.see(call)
    kept = before.prompt - behind
    message = 1 if behind else None
    sent = SentBefore(
        before, before, before.kept_seconds, kept, behind, message, False, is_compacted=is_compacted, fresh=fresh
    )
    return judge.against(call, sent)


def pair(seconds=3, model=GPT, before=None, **call):
    """A call with 50,000 tokens in the cache, and one so many seconds behind it that has none of them."""
    first = plain_call(1, **{"model": model, "fresh": 2_000, "read": 48_000, "duration_ms": 1000, **(before or {})})
    return first, plain_call(2, **{"model": model, "fresh": 51_000, "at": first.at + 1000 * seconds, **call})


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({}, cache.PROVIDER),
        ({"model": GPT, "before": {"model": "gpt-5-mini"}}, cache.MODEL),
        ({"before": {"model": "openai/gpt-5"}}, cache.PROVIDER),
        ({"way": "a\nb", "before": {"way": "a\nc"}}, cache.UPSTREAM),
        ({"way": "a\nb", "before": {"way": "a\n"}}, cache.PROVIDER),
        ({"seconds": 290}, cache.EXPIRED),
        ({"seconds": 200}, cache.PROVIDER),
        ({"seconds": 90_000 * 2}, cache.EXPIRED),
        ({"seconds": 0.3}, cache.PARALLEL),
        ({"model": CLAUDE, "seconds": 299}, cache.EXPIRED),
        ({"model": CLAUDE, "seconds": 1200, "before": {"written": 1, "kept_seconds": 3600}}, cache.PROVIDER),
        ({"model": CLAUDE, "before": {"read": 0, "fresh": 50_000}}, cache.UNMARKED),
        ({"model": CLAUDE, "read": 12_000, "before": {"read": 12_000, "written": 10, "fresh": 38_000}}, cache.UNMARKED),
        ({"model": OTHER}, cache.PROVIDER),
        ({"model": OTHER, "before": {"read": 0, "fresh": 50_000}}, cache.UNKNOWN_CACHE),
        ({"read": 48_000}, None),
        ({"read": 49_500}, None),
        ({"fresh": 900, "before": {"fresh": 900, "read": 0}}, cache.TOO_SHORT),
    ],
)
def test_the_first_cause_that_fits(more, cause):
    """A miss has the first cause that what is logged gives; where nothing does it is the provider's."""
    found = verdict(*pair(**more))

    assert found.cause == cause
    assert bool(found.missed) == (cause in cache.MISSED)


def test_a_changed_prefix_explains_what_stands_behind_it():
    """What stands behind a change is missed because of it; where more is missed than that it has another cause."""
    before, call = pair(read=10_000, fresh=41_000)

    assert verdict(before, call, behind=40_000)[1:4] == (cache.PREFIX, 49_920, 39_920)
    assert verdict(before, call, behind=40_000).message == 1
    assert verdict(before, call, behind=40_000, is_compacted=True).cause == cache.COMPACTED
    assert verdict(before, pair(seconds=7200 * 24)[1], behind=5_000).cause == cache.EXPIRED
    assert not verdict(before, call, behind=40_000).is_measured


@pytest.mark.parametrize(("model", "expected"), [(GPT, 40_064), (CLAUDE, 0)])
def test_a_frame_behind_the_newest_messages(model, expected):
    """Who caches any beginning has that in front of it, about so much; who caches to a mark may have set none there."""
    before, call = pair(model=model, seconds=400)
    judge = CacheJudge(CacheRules(()), LIMITS)
    for each in (before, call):
        judge.see(each)
    found = judge.against(
        call, SentBefore(before, before, None, 0, 0, 30, False, is_compacted=False, fresh=2, about=40_100)
    )

    assert (found.expected, found.cause, found.is_measured) == (
        expected,
        cache.EXPIRED if expected else None,
        not expected,
    )


def test_more_parts_than_a_mark_looks_back():
    """A client that sends more than 20 new messages behind its last mark has to set another one."""
    before, call = pair(model=CLAUDE, before={"written": 100})

    assert verdict(before, call, fresh=20).cause == cache.PROVIDER
    assert verdict(before, call, fresh=21).cause == cache.UNMARKED


def test_what_was_measured_counts_more_than_what_is_documented():
    """Where calls have shown how long a cache is kept, pauses are held against that."""
    before, call = pair(seconds=200)
    shown = {cache.of_cache(call, None): Lifetime(40, 100, 130, 25)}
    longer = {cache.of_cache(call, None): Lifetime(40, 900, None, 0)}

    assert verdict(before, call, lifetimes=shown)[1:2] == (cache.EXPIRED,)
    assert verdict(before, call, lifetimes=shown).is_sure
    assert verdict(*pair(seconds=600), lifetimes=longer).cause == cache.PROVIDER


def test_a_persons_own_row():
    """A person's own row for a model stands over what is known of its provider."""
    own = [{"models": ["gpt-5"], "least": 100_000}]

    assert verdict(*pair(), rows=own).cause == cache.TOO_SHORT


@pytest.mark.parametrize(
    ("flags", "why"),
    [(CACHE_UNTOLD, cache.NOT_REPORTED), (FAILED, cache.UNTOLD), (NO_TOKENS, cache.UNTOLD), (0, cache.NO_CONTENT)],
)
def test_what_is_not_judged(flags, why):
    """Nothing is expected of a call that does not tell what came from the cache, and of one without content."""
    judge = CacheJudge(CacheRules(), LIMITS)
    found = judge.verdict(plain_call(1, model=GPT, fresh=50_000, flags=flags), None)

    assert (found.cause, found.expected, found.is_judged) == (why, None, False)


def test_what_missed_tokens_cost():
    """What was written again costs what writing costs more than reading, the rest what fresh input does; never more than the call's prompt."""
    cost = CallCost(CostParts(fresh_input=300, cache_write=250), 3, 1, 5)
    call = plain_call(1, fresh=100, written=50)._replace(cost=cost)

    assert cost_of_missed(call, 60) == 50 * 4 + 10 * 2
    assert cost_of_missed(call, 150) == 50 * 4 + 100 * 2
    assert cost_of_missed(call._replace(cost=cost._replace(fresh_rate=99)), 150) == 550
    assert cost_of_missed(call._replace(cost=None), 150) is None


def test_what_of_a_write_was_read():
    """What the next call read beyond what had been read before was written for it."""
    before = plain_call(1, read=100, written=50)

    assert [unread_of(before, plain_call(2, read=read)) for read in (0, 100, 120, 150, 900)] == [50, 50, 30, 0, 0]


@given(script=judged_sessions.SCRIPTS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_more_is_missed_than_was_paid(tmp_path_factory, script):
    """Whatever happens to a history: expected and missed tokens are some of the prompt, and their money some of what the call cost."""
    calls, _ = judged_sessions.of_script(tmp_path_factory.mktemp("s"), script)
    found = list(cache.verdicts(calls, prompts(calls), CacheRules(), LIMITS))

    assert [each.call.number for each in found] == [each.number for each in calls]
    for each in found:
        assert 0 <= each.missed <= each.call.fresh + each.call.written
        assert (each.expected or 0) <= max(each.call.prompt, 0)
        assert 0 <= (each.pico or 0) <= each.call.pico
        assert (each.cause in cache.MISSED) == bool(each.missed)
