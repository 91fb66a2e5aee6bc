"""What would the calls that are meant have cost on other models, or at other prices?"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.prices.cost import call_of
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection, literally
from session_monitor.reports.sums import elsewhere
from session_monitor.totals import what_if
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, Agent, Step
from tests.support.priced import one_by_one, spent
from tests.support.report_oracle import SELECTIONS

MODELS = ("gpt-4o-mini", "qwen3-max", "no-such-model")


@settings(max_examples=30)
@given(BATCHES, st.lists(SELECTIONS, max_size=3))
def test_estimates_are_those_of_the_calls(tmp_path_factory, batches, selections):
    """Whatever is asked for, what it cost and would have cost is what the session files' rounds add up to, each by itself."""
    folder = tmp_path_factory.mktemp("sessions")
    agent = Agent(folder)
    for batch in batches:
        agent.store(batch)
    calls = report_oracle.calls_of(folder, BOOK)
    found = Report(str(folder), BOOK)
    for meant in (ALL, *selections):
        answer = found.elsewhere(meant, what_if.alternatives(BOOK, MODELS, {}))
        chosen = report_oracle.meant_calls(calls, meant)
        # Another model is bought from another seller, whatever way these calls went.
        priced = [call_of(call.entry) for call in chosen]
        moved = [call._replace(route=None, cluster=None) for call in priced]
        assert answer.sessions == len({call.session for call in chosen})
        assert answer.actual == spent(BOOK, priced)
        for model, estimate in zip(MODELS, answer.estimates):
            assert (estimate.with_cache, estimate.without_cache) == one_by_one(BOOK, moved, model)


def test_calls_come_in_blocks(tmp_path, monkeypatch):
    """Calls are priced some at a time, and how far it is, is told to the end."""
    Agent(tmp_path).store([Step("s", n) for n in range(5)] + [Step("s", 9, tokens=None)])
    monkeypatch.setattr(elsewhere, "_AT_ONCE", 2)
    told = []
    asked = what_if.alternatives(BOOK, ["gpt-4o-mini"], {})

    answer = Report(str(tmp_path), BOOK).elsewhere(ALL, asked, lambda *far: told.append(far))

    assert answer.estimates[0].with_cache.rounds == 5
    assert told == [(2, 6), (4, 6), (5, 6), (6, 6)]


def test_one_session_by_its_id(tmp_path):
    """An id with signs of a pattern in it means its own session alone."""
    Agent(tmp_path).store([Step("a*"), Step("ab"), Step("[a]?"), Step("ax")])
    found = Report(str(tmp_path), BOOK)

    for session_id in ("a*", "[a]?", "ab"):
        meant = Selection(sessions=(literally(session_id),))
        assert found.elsewhere(meant, []).actual.rounds == 1
        assert [row.fields["session_id"] for row in found.sessions(meant).rows] == [session_id]
