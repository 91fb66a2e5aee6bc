"""What do a session's rounds add up to?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions import message_history
from session_monitor.sessions.message_history import DIGEST
from session_monitor.sessions.summary import MOST_POSITIONS, Summary
from session_monitor.sessions.threads import RememberedThread
from tests.support.calls import call, in_log
from tests.support.stored_rounds import summary_of


@given(st.permutations(["12Z", "12.000000001Z", "12.5Z", "15Z", "18Z", "18.1Z"]))
def test_created_and_updated_are_the_earliest_and_the_latest(seconds):
    """In whatever order calls are logged, with or without fractions, the first and last moment are found."""
    calls = in_log(call("s", start_time=f"2026-02-01T09:30:{each}") for each in seconds)

    summary = summary_of(calls)

    assert summary.created_at == "2026-02-01T09:30:12Z"
    assert summary.updated_at == "2026-02-01T09:30:18.1Z"


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

    summary = summary_of(in_log([call("s"), failed, left, died, call("s")]))

    assert (summary.messages_count, summary.failed_count) == (5, 2)


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


def test_old_generations_are_forgotten():
    """A footer has the positions of so many generations, the newest; with fewer it has them all."""
    calls = [each for number in range(MOST_POSITIONS) for each in in_log([call("s")], f"g{number}")]

    assert summary_of(calls[:-1]).knows_all_positions
    assert not summary_of(calls).knows_all_positions
    assert list(summary_of(calls).positions) == [f"g{number}" for number in range(MOST_POSITIONS)]

    more = summary_of([*calls, *in_log([call("s")], "new")])
    assert list(more.positions) == [*(f"g{number}" for number in range(1, MOST_POSITIONS)), "new"]


def heard(chat_round, **facts):
    """A session whose last round had these facts, besides those of one that may have asked for tools."""
    summary = Summary()
    usual = {"response_type": "stream", "has_tool_calls": None, "input_tokens": 100, "output_tokens": 30}
    summary.heard(chat_round, {**usual, "reasoning_tokens": 10, **facts})
    return summary


def test_which_call_may_answer_a_tool():
    """It has no more of the user's messages than the last one, and a prompt that holds that one's and half its answer."""
    summary = heard(2)

    assert summary.is_for_tools(2, {"input_tokens": 110})
    assert summary.is_for_tools(2, {"input_tokens": 500})
    assert summary.is_for_tools(2, {"input_tokens": 0, "no_tokens": True})
    assert not summary.is_for_tools(2, {"input_tokens": 109})
    assert not summary.is_for_tools(1, {"input_tokens": 500})
    assert not summary.is_for_tools(3, {"input_tokens": 500})
    assert not summary.is_for_tools(None, {"input_tokens": 500})


def test_after_which_call_none_answers_a_tool():
    """After one that asked for no tool, of which the user's messages are not known, or which there was not."""
    assert heard(2, has_tool_calls=True).is_for_tools(2, {"input_tokens": 500})
    assert not heard(2, has_tool_calls=False).is_for_tools(2, {"input_tokens": 500})
    assert not heard(None).is_for_tools(None, {"input_tokens": 500})
    assert not heard(0).is_for_tools(0, {"input_tokens": 500})
    assert not Summary().is_for_tools(2, {"input_tokens": 500})


def test_a_call_that_failed_is_only_tried_again():
    """It changes nothing in what is remembered of the one before it."""
    summary, failed = heard(2), {"response_type": "error"}
    summary.heard(7, failed)

    assert summary.is_for_tools(2, {"input_tokens": 110})
    assert not summary.is_for_tools(7, {"input_tokens": 500})


def test_an_older_footer_remembers_one_conversation():
    """That is of its last round; of what it asked for nothing is told.  Without messages there is none."""
    sent = message_history.marks_of(["one", "two"], [b"one", b"two"])
    old = "".join(sent[0][at : at + DIGEST] + "more" for at in (0, DIGEST))  # longer digests, no forms
    summary = Summary(messages_count=3, history=old)

    assert summary.history == [RememberedThread(1, 3, True, -1, *sent)]
    assert summary.threads == 1
    assert Summary(messages_count=3, history="").history == []


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
