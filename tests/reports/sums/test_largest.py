"""The dearest rounds and the largest tool results: held against plain Python over each call, whatever is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.calls.usage import is_cache_untold
from session_monitor.index.check import IndexCheck
from session_monitor.prices import money
from session_monitor.prices.cost import Cost
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.sums import largest
from tests.reports.sums.test_breakdown import kept
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, Agent, Step, opened, silent
from tests.support.report_oracle import SELECTIONS


def millionths(pico):
    """Rounded up, as rounds are held against each other."""
    return -(-pico // money.MICRO)


def costs_of(calls):
    """What the calls that cost anything cost, the dearest first."""
    known = [call.outcome.pico for call in calls if isinstance(call.outcome, Cost)]
    return sorted(filter(None, known), reverse=True)


def results_of(calls):
    """By how many tokens results of tools made prompts longer, the most first."""
    tokens = [tokens for call in calls for *_, tokens in call.tools.values()]
    return sorted(filter(None, tokens), reverse=True)


@settings(max_examples=60)
@given(BATCHES, st.lists(SELECTIONS, min_size=1, max_size=5), st.integers(1, 6))
def test_the_dearest_and_the_largest_are_those_of_the_calls(tmp_path_factory, batches, selections, limit):
    """Whichever calls are meant, and however many are asked for: none that is left out cost more, or was larger."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls = report_oracle.calls_of(folder, BOOK)
    by_place = {(call.session, call.entry["round"]): call for call in calls}
    found = Report(str(folder), BOOK)
    for meant in (ALL, *selections):
        chosen = report_oracle.meant_calls(calls, meant)
        rounds, results = found.dearest(meant, limit), found.largest_results(meant, limit)

        assert [millionths(each.pico) for each in rounds] == list(map(millionths, costs_of(chosen)[:limit]))
        assert [each.pico for each in rounds] == sorted((each.pico for each in rounds), reverse=True)
        assert [each.tokens for each in results] == results_of(chosen)[:limit]
        for each in rounds:
            check_round(each, by_place[each.session_id, each.round])
        for each in results:
            call = by_place[each.session_id, each.brought_by]
            assert call.tools[each.tool][1:] == (each.results, each.failed, each.tokens)
            assert call in chosen


def check_round(found, call):
    """A round is told as its session file has it."""
    entry = call.entry
    assert (found.at, found.model, found.consumer, found.pico) == (
        call.at,
        call.model,
        call.consumer,
        call.outcome.pico,
    )
    assert (found.input_tokens, found.cached_tokens, found.output_tokens) == (
        entry["input_tokens"],
        None if is_cache_untold(entry) else entry["cached_tokens"],
        entry["output_tokens"],
    )
    assert (found.outcome, found.at_least) == (report_oracle._outcome(entry), "at_least" in entry)
    assert found.notes == list(call.outcome.notes)


def test_of_equal_ones_the_latest_comes_first(tmp_path):
    """Where many cost the same, those of the newest half hours are told, whichever sessions they are of."""
    kept(tmp_path, [[Step(session="abc"[each % 3], at=each * 1_000_000, forgets=True) for each in range(30)]])
    rounds = Report(str(tmp_path), BOOK).dearest(ALL, 4)

    assert len({each.pico for each in rounds}) == 1
    assert [each.at for each in rounds] == [29_000_000, 28_000_000, 27_000_000, 26_000_000]


def test_few_sessions_are_looked_at(tmp_path, monkeypatch):
    """Of very many sessions the rounds of as few are read as are asked for; where one is meant, of that one alone."""
    agent = Agent(tmp_path)
    steps = [Step(session=f"s{each}", at=each * 60_000, tokens=100 + 7 * (each * 37 % 101)) for each in range(101)]
    agent.store([*steps, *(step._replace(at=step.at + 5000) for step in steps)])
    read = []
    real = largest._rounds
    monkeypatch.setattr(largest, "_rounds", lambda *given: read.append(given) or real(*given))
    report = Report(str(tmp_path), BOOK)

    assert len(report.dearest(ALL, 3)) == 3
    assert len(read) <= 3
    read.clear()
    assert len(report.dearest(Selection(sessions=("s7",)), 3)) == 2
    assert len(read) == 1


@pytest.mark.parametrize("wrong", ["dearest = 0", "dearest = dearest + 1"])
def test_what_a_session_cost_at_most_is_checked(tmp_path, wrong):
    """An index that tells otherwise what the dearest call of a half hour cost does not pass for sound."""
    with opened(tmp_path) as found:
        Agent(tmp_path).store([Step()], found)
        assert list(IndexCheck(found).contradictions(quick=False)) == []
        found.db.execute(f"UPDATE active SET {wrong}")
        assert [text for text in IndexCheck(found).contradictions(quick=False) if "active" in text]


def test_prices_that_change_change_the_order(tmp_path):
    """The dearest are those by the prices of now: an index that is priced anew tells what the dearest calls cost then."""
    with opened(tmp_path) as found:
        agent = Agent(tmp_path)
        agent.store([Step(model="gpt-4o"), Step(model="qwen3-max", at=5)], found)
        before = dict(found.db.execute("SELECT model.name, dearest FROM active JOIN model ON model.id = model"))
        found.book = type(BOOK)([])
        found.reprice(silent)
        (left,) = found.db.execute("SELECT sum(dearest) FROM active").fetchone()

    assert set(before) == {"gpt-4o", "qwen3-max"}
    assert min(before.values()) > 0
    assert left == 0
