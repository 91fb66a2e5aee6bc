"""What do a session's rounds add up to?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions.summary import Summary
from tests.support.calls import call, in_log
from tests.support.stored_rounds import summary_of


@given(st.permutations(["15Z", "15.000000001Z", "15.5Z", "15.25Z", "16Z", "16.1Z"]))
def test_created_and_updated_are_the_earliest_and_the_latest(seconds):
    """In whatever order calls are logged, with or without fractions, the first and last moment are found."""
    calls = in_log(call("s", start_time=f"2026-02-01T09:30:{each}") for each in seconds)

    summary = summary_of(calls)

    assert summary.created_at == "2026-02-01T09:30:15Z"
    assert summary.updated_at == "2026-02-01T09:30:16.1Z"


def test_calls_without_a_time_or_a_model_change_neither():
    """What a call does not say is taken from those that do; before them it is null."""
    nothing = call("s", start_time="-", model="-")
    assert (summary_of(in_log([nothing])).created_at, summary_of(in_log([nothing])).model) == (None, None)

    summary = summary_of(in_log([nothing, call("s"), nothing]))

    assert (summary.created_at, summary.updated_at) == ("2026-02-01T09:30:15Z",) * 2
    assert (summary.model, summary.models) == ("gpt-4", ["gpt-4"])


def test_failed_calls_are_counted():
    """A call that failed is a round of its own kind; one that its client left is none that failed."""
    failed, left, died = call("s", code="503"), call("s", flags="DC"), call("s", flags="UPE")

    summary = summary_of(in_log([call("s"), failed, left, died]))

    assert (summary.messages_count, summary.failed_count) == (4, 2)


def test_what_rounds_add_up_to():
    """Tokens are added kind by kind; the models are those of the calls, in the order in which they came."""
    details = {"input_token_details": {"cached_tokens": 4}, "output_token_details": {"reasoning_tokens": 2}}
    summary = summary_of(in_log([call("s", model="b", **details), call("s", model="a"), call("s", model="b")]))

    tokens = ("input", "output", "reasoning", "cached", "cache_write")
    assert [getattr(summary, f"total_{kind}_tokens") for kind in tokens] == [30, 15, 2, 4, 0]
    assert summary.total_tokens == 45
    assert (summary.model, summary.models) == ("b", ["b", "a"])


def test_how_far_the_log_was_applied():
    """Of each generation of the log the furthest byte counts, in whatever order its lines came."""
    calls = [*in_log([call("s")], "g1", start=500), *in_log([call("s")], "g1"), *in_log([call("s")], "g2")]

    assert summary_of(calls).positions == {"g1": 600, "g2": 100}


def test_a_summary_from_what_is_known():
    """A summary is given back by its fields; what an older footer lacks is as with no rounds, what nobody knows an error."""
    summary = summary_of(in_log([call("s")]))

    assert Summary(**json.loads(json.dumps(vars(summary)))) == summary
    assert Summary(messages_count=2) != Summary()
    assert vars(Summary(model="m")) == {**vars(Summary()), "model": "m"}
    one, other = Summary(), Summary()
    one.models.append("m")
    one.positions["g"] = 1
    assert other == Summary()
    with pytest.raises(TypeError, match="unheard_of"):
        Summary(unheard_of=1)
