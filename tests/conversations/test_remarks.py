"""What has to be known of a round beside what was said in it?"""

from __future__ import annotations

import pytest

from session_monitor.conversations import remarks
from session_monitor.totals.spending import Spending
from tests.support.rendered import ROUND


def told(**entry):
    """What is remarked of a round that differs from ``ROUND`` in these values."""
    return list(remarks.of_round({**ROUND, **entry}))


def test_of_a_usual_round_nothing_is_remarked():
    """A call that ended well, with all its counts, needs no word; one that failed says why by itself."""
    assert told() == told(outcome="ok") == []
    assert told(outcome="failed", error="503 overflow") == []


def test_a_call_that_was_left_is_no_failure():
    """That the client left is told, and that it may have got everything."""
    assert told(outcome="left") == ["Left: the client left before the end (it may have got everything)"]


@pytest.mark.parametrize("entry", [{"outcome": "failed"}, {"response_type": "error"}])
def test_a_failure_without_a_reason(entry):
    """Also where the log does not tell why, a call that failed is seen, as old files have it and as new ones do."""
    assert told(**entry) == ["Failed: the log does not tell why"]


@pytest.mark.parametrize(
    ("notes", "why"),
    [
        (["cut_short"], ": the stream was cut short, and had told these tokens until then"),
        (["partly_told"], ": one of the counts is missing or unreadable"),
        (
            ["cut_short", "cache_unknown", "partly_told"],
            ": the stream was cut short, and had told these tokens until then; one of the counts is missing or unreadable",
        ),
        ([], ""),
    ],
)
def test_a_lower_bound_says_why(notes, why):
    """Tokens that are a lower bound come with each reason; notes that say something else are none."""
    assert told(at_least=True, token_notes=notes) == [f"At least{why}"]


def test_a_total_alone():
    """Where a total is all that is told, its split is not known, which makes no lower bound."""
    assert told(token_notes=["unknown_split"]) == [
        "The log tells a total of tokens alone: all of it stands as input, and the cost is not known"
    ]


def test_a_count_that_is_none():
    """A count that nobody can read leaves the cost unknown, which makes no lower bound either."""
    assert told(token_notes=["unclear_counts"]) == [
        "A count of tokens is unreadable, or larger than what it is a part of: the cost is not known"
    ]


def test_an_answer_that_is_not_there():
    """An end with tokens but no answer is told, and makes no lower bound."""
    assert told(token_notes=["no_answer"]) == ["No answer in the log"]
    assert told(token_notes=["no_answer"], no_content=True) == []  # which is said of all of it


@pytest.mark.parametrize(
    ("by", "words"), [("cache", "answered by the gateway's cache"), ("guard", "refused by the gateway's guard")]
)
def test_what_the_gateway_answered_is_told_and_costs_nothing(by, words):
    """Who answered is told, and is the reason why the call cost nothing."""
    assert told(answered_by=by) == [words[0].upper() + words[1:]]
    assert remarks.why_free({**ROUND, "answered_by": by}) == words


def test_only_a_refused_call_without_tokens_is_free():
    """A call that was refused used nothing; one whose line tells tokens cost them, and so may one without a code."""
    refused = {**ROUND, "outcome": "failed", "response_code": 429, "no_tokens": True, "total_tokens": 0}

    assert remarks.why_free(refused) == "the call was refused"
    for costing in ({"no_tokens": True}, {"response_code": 429, "outcome": "failed"}):
        assert remarks.why_free({**ROUND, **costing}) is None


def test_whose_session_it_is():
    """An id that is not the gateway's says where it is from."""
    assert told(session_from="conversation") == ["Session id taken from the conversation"]
    assert told(session_from="history") == ["Session inferred from the history"]
    assert told(session_from="elsewhere") == []


def test_tool_calls_are_told_as_far_as_the_log_does():
    """Yes, no, and what the log does not tell are three; what only a later round tells has the names of the tools."""
    call = {"id": "c", "function": {"name": "read"}}

    assert remarks.tool_calls({**ROUND, "has_tool_calls": None}) == "the log does not tell"
    assert remarks.tool_calls(ROUND) == "No"
    called = {**ROUND, "has_tool_calls": True, "tools_called": [["read", 1]]}
    assert remarks.tool_calls({**called, "tool_calls": [call]}) == "Yes"
    assert remarks.tool_calls({**called, "undecoded": {"tool_calls": "[{0"}}) == "Yes"
    later = {**called, "tools_called": [["read", 3], ["wri\nte", 1]]}
    assert remarks.tool_calls(later) == "Yes (read ×3, wri te, as a later round tells)"
    assert [remarks.is_telling(each) for each in (ROUND, later, {**ROUND, "has_tool_calls": None})] == [0, 1, 1]


def test_tokens_that_no_round_tells():
    """A session whose rounds tell no tokens at all has no sum of them, which is not 0."""
    assert remarks.are_untold(Spending(rounds=2, without_tokens=2))
    assert not remarks.are_untold(Spending(rounds=2, without_tokens=1))
    assert not remarks.are_untold(Spending())


def test_conversations_are_named_where_there_are_several():
    """A session of one conversation says nothing of it; from the second on each round says which one it is of."""
    conversations = remarks.Conversations()

    told = [conversations.behind({**ROUND, **each}) for each in ({}, {"thread": 2}, {}, {"thread": 3})]

    assert told == ["", " · conversation 2", " · conversation 1", " · conversation 3"]


def test_what_was_too_complex_is_named():
    """Content that was left out is named by its fields; of a round that lacks none nothing is said."""
    assert told(left_out=["messages", "answer"]) == ["Too complex to be kept: messages, answer"]
    assert told(left_out=[]) == []
