"""What should the cache have had of a stored round's prompt, held against the round that it goes on from?"""

from __future__ import annotations

import pytest

from session_monitor.conversations import cache_of_round
from session_monitor.insight.basis import limits
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.caching import cache
from session_monitor.sessions.rounds import all_rounds, each_with_the_one_before, open_session
from tests.support import corpus, judged_sessions
from tests.support.calls import BOOK

ALIKE = (
    "cache/time_in_system",
    "cache/number_in_system_anthropic",
    "cache/pauses",
    "cache/model_changed",
    "cache/upstream_changed",
)
ALIKE += (
    "cache/provider",
    "cache/beside",
    "cache/unmarked",
    "cache/healthy_agent",
    "cache/healthy_marks",
    "cache/healthy_untold",
)


@pytest.mark.parametrize("name", ALIKE)
def test_a_round_alone_is_judged_as_in_its_session(tmp_path, name):
    """Where the history only goes on, and where all of it is stored with both rounds: the same cause, and the same tokens."""
    calls, _ = judged_sessions.of_script(tmp_path, corpus.cases()[name])
    rules = limits.usual()
    judged = cache.verdicts(calls, prompts(calls), rules.caches, rules.of("cache_missed"))
    wanted = {each.call.number: (each.cause, each.missed) for each in judged if each.cause in cache.MISSED}
    found = {}
    with open_session(str(tmp_path), "s.json") as file:
        for entry, before in each_with_the_one_before(all_rounds(file)):
            seller = BOOK.seller_of(entry["model"], entry.get("route_name"), entry.get("upstream_cluster"))
            told = cache_of_round.verdict(entry, before, seller)
            if told and told.cause in cache.MISSED:
                found[entry["round"]] = told.cause, told.missed

    assert found == wanted
