"""What do the verdicts on a session's caching come to: findings, and sums?"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from session_monitor.insight.basis import limits
from session_monitor.insight.basis.cache_rules import CacheRules
from session_monitor.insight.basis.call import CallCost
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.caching import cache, cache_findings
from session_monitor.insight.caching.cache import CacheVerdict
from session_monitor.prices.cost import CostParts
from tests.support import judged_sessions
from tests.support.judged_sessions import plain_call

RULES = limits.usual()
DOLLAR = 10**12


def judged(number, cause=None, *, pico=0, **more):
    """A verdict on a call of 10,000 tokens, all of which it missed where it has a cause."""
    call = plain_call(number, fresh=10_000, model="gpt-5")
    told = {"message": 0, "is_system": True, "seconds": 400, "kept_seconds": 300, **more}
    missed = 10_000 if cause in cache.MISSED else 0
    return CacheVerdict(call, cause, 10_000, missed, pico, before=plain_call(number - 1, model="gpt-4"), **told)


def findings(*verdicts):
    """The findings of missed prompts: cause, severity, and the rounds that prove them."""
    found = cache_findings.cache_missed(verdicts, RULES.of("cache_missed"))
    return [(each.details["cause"], each.severity, each.rounds) for each in found]


def test_one_finding_for_each_onset():
    """Misses of one cause are one finding; of a changed prefix until it has stood still for more than ten calls."""
    apart = [judged(number) for number in range(4, 15)]
    found = findings(*(judged(n, cache.PREFIX) for n in (1, 2, 3)), *apart, judged(15, cache.PREFIX))
    paused = findings(judged(1, cache.EXPIRED), *apart, judged(15, cache.EXPIRED))

    assert found == [(cache.PREFIX, "warning", (1, 2, 3)), (cache.PREFIX, "info", (15,))]
    assert paused == [(cache.EXPIRED, "info", (1, 15))]


def test_how_grave_a_miss_is():
    """What can be mended is a warning from three times on, critical where it is dear; pauses where they are, and sure; the rest is told, no more."""
    for cause, pico, more, severity in (
        (cache.PREFIX, 0, {}, "warning"),
        (cache.PREFIX, 4 * DOLLAR, {}, "critical"),
        (cache.EXPIRED, 0, {}, "info"),
        (cache.EXPIRED, DOLLAR, {}, "warning"),
        (cache.EXPIRED, DOLLAR, {"is_sure": False}, "info"),
        (cache.PROVIDER, 9 * DOLLAR, {}, "info"),
        (cache.MODEL, 9 * DOLLAR, {}, "info"),
    ):
        ((_, told, _),) = findings(*(judged(number, cause, pico=pico, **more) for number in (1, 2, 3)))
        assert told == severity, cause


def test_money_that_is_not_known():
    """Of calls without a price no money is told, of some of them that of the others."""
    unpriced, priced = judged(1, cache.MODEL, pico=None), judged(2, cache.MODEL, pico=7)
    (one,) = cache_findings.cache_missed([unpriced], RULES.of("cache_missed"))
    (both,) = cache_findings.cache_missed([unpriced, priced], RULES.of("cache_missed"))

    assert (one.pico, both.pico, both.tokens) == (None, 7, 20_000)


def test_how_much_came_from_caches():
    """Of all that tell it, and without the first call of each session; not known where none does."""
    told = cache_findings.sums(
        [CacheVerdict(plain_call(1, fresh=100), None, 0), CacheVerdict(plain_call(2, fresh=50, read=50), None, 0)]
    )

    assert (cache_findings.hit_percent(told), cache_findings.hit_percent(told, without_first=True)) == (25, 50)
    untold = cache_findings.sums([CacheVerdict(plain_call(1, fresh=100), cache.NOT_REPORTED)])
    assert (cache_findings.hit_percent(untold), untold["untold"]) == (None, 1)


def test_what_caches_saved_and_cost():
    """Saved is what reading cost less than fresh input, and written what writing cost more."""
    call = plain_call(1, read=10, written=4)._replace(cost=CallCost(CostParts(), 5, 2, 6))
    told = cache_findings.sums([CacheVerdict(call, None, 0)])

    assert (told["saved_pico"], told["written_pico"]) == (30, 4)


@given(script=judged_sessions.SCRIPTS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_and_findings_are_the_same_money(tmp_path_factory, script):
    """All causes together are what was missed, so are all findings of it; no finding is worth more than what its calls cost, nor all of them more than the session."""
    calls, pico = judged_sessions.of_script(tmp_path_factory.mktemp("s"), script)
    verdicts = list(cache.verdicts(calls, prompts(calls), CacheRules(), RULES.of("cache_missed")))
    told = cache_findings.sums(verdicts)
    missed = list(cache_findings.cache_missed(verdicts, RULES.of("cache_missed")))
    unmarked = list(cache_findings.unmarked(verdicts, {"rounds": 1}))
    unread = list(cache_findings.writes_unread(verdicts, {"tokens": 0, "percent": 0, "rounds": 1}))

    for name, end in (("missed", "_tokens"), ("missed_pico", "_pico")):
        assert told.get(name, 0) == sum(told.get(cause + end, 0) for cause in cache.MISSED)
    assert told.get("missed", 0) == sum(each.tokens for each in (*missed, *unmarked))
    assert told.get("missed_pico", 0) == sum(each.pico or 0 for each in (*missed, *unmarked))
    costs = {each.number: each.pico for each in calls}
    for each in (*missed, *unmarked, *unread):
        assert 0 <= (each.pico or 0) <= sum(costs[number] for number in each.rounds)
    assert sum(each.pico or 0 for each in (*missed, *unmarked, *unread)) <= pico
