"""What did a session's prompts cost: what was sent again, what was new, and which messages were dear?"""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.insight.basis import limits
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.judging import judge
from session_monitor.insight.resent import context
from session_monitor.insight.resent.context import ContextSums
from tests.support import judged_sessions


def of_session(calls):
    """What the prompts of a session with these calls cost."""
    return context.of_session(calls, prompts(calls), 300)


@given(judged_sessions.SCRIPTS, st.sets(st.integers(1, 26)))
def test_the_parts_add_up_to_what_the_session_cost(tmp_path_factory, script, unlogged):
    """Whatever becomes of a history, and in whichever calls the log lacks what was said: no token and no pico-dollar is lost or told twice.

    The same holds for the messages that cost most with the rest of them.
    """
    calls, pico = judged_sessions.of_script(tmp_path_factory.mktemp("sessions"), script)
    calls = [call._replace(content=None) if call.number in unlogged else call for call in calls]

    found = of_session(calls)

    assert found.sums.total == (sum(call.prompt + call.visible + call.reasoning for call in calls), pico)
    assert found.sums.rounds == len(calls)
    assert context.of_numbers(found.sums.numbers()) == found.sums
    for call, split in zip(calls, found.splits):
        parts = (split.resent, split.new, split.unjudged)
        assert (call.number, call.prompt) == (split.round, sum(part.tokens for part in parts))
        assert call.pico == sum(part.pico for part in (*parts, split.visible, split.reasoning))
        assert all(amount >= 0 for part in split[1:-1] for amount in part)
    dear = found.dearest(3)
    assert (min(3, len(found.messages)), len(found.messages)) == (len(dear.messages), len(dear.messages) + dear.others)
    assert all(amount >= 0 for amount in dear.rest)
    assert dear.rest.pico + sum(each.pico for each in dear.messages) == found.sums.judged.pico
    assert dear.rest.tokens + sum(each.sent_tokens for each in dear.messages) == found.sums.judged.tokens


@given(judged_sessions.SCRIPTS)
def test_findings_are_worth_no_more_than_their_rounds(tmp_path_factory, script):
    """What is at stake in a finding was spent in its rounds."""
    calls, _ = judged_sessions.of_script(tmp_path_factory.mktemp("sessions"), script)
    low = {
        "big_result": {"tokens": 1, "times": 1},
        "duplicate_result": {"characters": 100},
        "compaction": {"tokens": 1},
    }

    for finding in judge.judge(calls, limits.made(low, {"usd": "0", "tokens": 0})).findings:
        within = {*finding.rounds, *range(finding.first, finding.last + 1)}
        assert (finding.pico or 0) <= sum(call.pico for call in calls if call.number in within)


def test_sums_of_sessions_add_up(tmp_path):
    """The numbers of two sessions, added by name, are those of both."""
    one, first = judged_sessions.of_script(tmp_path, {"steps": [{"user": "Where?", "say": "Here."}] * 3})
    other, second = judged_sessions.of_script(
        tmp_path, {"form": "anthropic", "steps": [{"user": "So?", "say": "So."}]}, "t"
    )
    sums = [of_session(calls).sums for calls in (one, other)]

    both = context.of_numbers(Counter(sums[0].numbers()) + Counter(sums[1].numbers()))

    assert both.total.pico == first + second
    assert both.rounds == len(one) + len(other)


def test_what_is_sent_again_is_what_earlier_calls_had(tmp_path):
    """A prompt that begins with the one before sends that again, to a token; what it has more is new."""
    steps = [{"user": "Where?", "say": "Here."}, {"user": "And there?", "say": "No."}, {"user": "Why?", "say": "So."}]
    calls, _ = judged_sessions.of_script(tmp_path, {"form": "anthropic", "steps": steps})

    splits = of_session(calls).splits

    assert [split.resent.tokens for split in splits] == [0, calls[0].prompt, calls[1].prompt]
    assert splits[1].new.tokens == calls[1].prompt - calls[0].prompt


def test_what_a_cache_spared(tmp_path):
    """What was sent again has its cost as it was paid, and what it would have been without a cache."""
    steps = [{"user": "Where?", "say": "Here."}, {"user": "And there?", "say": "No."}]
    calls, _ = judged_sessions.of_script(tmp_path, {"form": "anthropic", "steps": steps})

    sums = of_session(calls).sums

    assert (sums.resent_read.tokens, sums.resent_paid.tokens) == (calls[1].read, 0)
    assert sums.full_price == 10 * sums.resent_read.pico == calls[1].read * 3_000_000
    assert sums.resent_percent == 100 * calls[1].read // (calls[0].prompt + calls[1].prompt)


def test_nothing_is_known_of_no_calls():
    """Without calls there is no share of what was sent again, and nothing else."""
    found = of_session([])

    assert found.sums == ContextSums()
    assert found.sums.resent_percent is None
    assert found.dearest(5) == ([], 0, (0, 0))
