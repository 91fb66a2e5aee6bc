"""What is there to read in a session, however it is written down?"""

from __future__ import annotations

import pytest

from session_monitor.conversations import passages
from session_monitor.conversations.passages import ANSWER, CALL, FAILED, MESSAGE, QUESTION, REASONING, RESULT
from session_monitor.prices.cost import FREE, Cost, CostParts, Unpriced
from session_monitor.text import safe
from session_monitor.totals.spending import Noted, Spending
from tests.support.rendered import ROUND, ROW, partly_known

CALL_OF_WEATHER = {"id": "call_1", "function": {"name": "get_weather", "arguments": '{"city":"北京"}'}}


def told(*, messages=True, full=False, **entry):
    """Kind, who and text of what there is to read in a round."""
    found = passages.of_round({**ROUND, **entry}, messages=messages, full=full)
    return [(passage.kind, passage.who, passage.text) for passage in found]


def test_a_round_is_read_in_the_order_in_which_it_was_said():
    """First what came with the call, then the question, the thoughts, the answer and the tools that it asks for."""
    messages = [{"role": "system", "content": "Help."}, {"role": "user", "content": "Weather?"}]
    texts = {"question": "Weather?", "reasoning": "Look.", "answer": "One moment.", "error": "503 overflow"}

    assert told(messages=True, **texts, tool_calls=[CALL_OF_WEATHER]) == [
        (FAILED, "", "503 overflow"),
        (QUESTION, "", "Weather?"),
        (REASONING, "", "Look."),
        (ANSWER, "", "One moment."),
        (CALL, "get_weather", '{"city":"北京"}'),
    ]
    with_messages = {**ROUND, "messages": messages, "question": "Weather?"}
    assert [each[:3] for each in passages.of_round(with_messages, messages=True, full=False)] == [
        (MESSAGE, "system", "Help."),
        (QUESTION, "", "Weather?"),
    ]


@pytest.mark.parametrize(
    "messages",
    [
        [
            {"role": "assistant", "content": "", "tool_calls": [CALL_OF_WEATHER]},
            {"role": "tool", "tool_call_id": "call_1", "content": "15 degrees"},
        ],
        [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "x", "name": "get_weather", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x", "content": "15 degrees"}]},
        ],
        [{"role": "function", "name": "get_weather", "content": "15 degrees"}],
    ],
)
def test_a_result_has_its_tools_name(messages):
    """What a tool said is told from what people say, with the tool's name, in the ways of all vendors."""
    entry = {**ROUND, "messages": messages, "question": "15 degrees"}

    *_, last = passages.of_round(entry, messages=True, full=False)

    assert last[:3] == (RESULT, "get_weather", "15 degrees")


def test_messages_may_be_left_out():
    """Without messages there is the question still, also where it is a tool's result."""
    entry = {**ROUND, "messages": [{"role": "tool", "content": "15 degrees"}], "question": "15 degrees"}

    assert [each.kind for each in passages.of_round(entry, messages=False, full=False)] == [QUESTION]


def test_what_the_gateway_cut_is_told():
    """The text of what is no structure any more is there, under a name that says so."""
    cut = {"messages": "[map[content:Hi", "tool_calls": "[{0 call_1"}

    assert told(undecoded=cut) == [
        (MESSAGE, "cut by the gateway", "[map[content:Hi"),
        (CALL, "cut by the gateway", "[{0 call_1"),
    ]
    assert not passages.is_empty({**ROUND, "undecoded": cut})
    assert passages.is_empty(ROUND)


def test_content_that_was_left_out_was_there():
    """The log is not said to hold no content where it held too much to be kept."""
    assert not passages.is_empty({**ROUND, "left_out": ["messages"]})


def test_strange_messages_fail_nowhere():
    """A message, a call or a part of any shape has a text."""
    strange = [None, 7, "text", [], {}, {"role": 7, "content": 7}, {"role": "tool", "tool_call_id": [], "name": 7}]
    strange += [{"content": [None, {"type": "tool_result"}, {"id": "a", "function": 7}], "tool_calls": [None, {}]}]

    assert len(told(messages=True, tool_calls=strange)) == len(strange)
    entry = {**ROUND, "messages": strange}
    assert len(list(passages.of_round(entry, messages=True, full=True))) == len(strange)


def test_long_texts_are_clipped_or_folded():
    """A long text is cut, and how much is missing is told; in full it is folded where it is very long."""
    clipped, folded = (
        next(passages.of_round({**ROUND, "answer": "x" * 5000}, messages=True, full=full)) for full in (0, 1)
    )

    assert (len(clipped.text), clipped.hidden, clipped.is_folded) == (600, 4400, False)
    assert (len(folded.text), folded.hidden, folded.is_folded) == (5000, 0, True)


def test_texts_are_clean():
    """Control and bidi characters are visible, in texts and in names."""
    entry = {**ROUND, "messages": [{"role": "a\x1b[2J\nb", "content": "\x1b]0;x\x07\u202e"}], "answer": "a\r\nb\x00"}

    for passage in passages.of_round(entry, messages=True, full=True):
        assert passage.text == safe.clean(passage.text, newlines=True)
        assert passage.who == safe.clean(passage.who)


def test_facts_of_a_session():
    """Times, models, tokens by kind and the cost, with what is not in it and what had to be assumed."""
    spent = partly_known(noted={"undated": Noted(2, 4 * 10**11)})
    row = {
        **ROW,
        "models": ["a", "b"],
        "failed_count": 1,
        "left_count": 2,
        "total_cached_tokens": 1000,
        "created_at": None,
    }

    facts = {fact.label: fact.text for fact in passages.facts(row, spent)}

    assert facts == {
        "Created": "-",
        "Updated": "-",
        "Models": "a, b",
        "Rounds": "1 (1 failed, 2 left)",
        "Input": "1,250 tokens (1,000 cached)",
        "Output": "800 tokens (150 reasoning)",
        "Total": "2,050 tokens",
        "Not known": "tokens of 1 call are not told, of 1 call are a lower bound",
        "Cost": "at least $0.500 + 2 rounds unpriced (qwen-long, 1 without tokens)",
        "Caching": "saved $0.0100",
        "Assumed": "in 2 rounds, $0.400: the price of the model without the date or tag in its name",
    }


def test_a_rounds_cost():
    """A cost has its parts where there are several; one that is not known says why."""
    assert passages.cost(ROUND, Cost(10**9, CostParts(10**9), None, ())) == "$0.00100"
    both = Cost(3 * 10**9, CostParts(10**9, visible_output=2 * 10**9), None, ())
    assert passages.cost(ROUND, both) == "$0.00300 (input $0.00100, output $0.00200)"
    assert passages.cost(ROUND, Unpriced("no_model")) == "not known (the log names no model)"
    assert passages.cost({**ROUND, "at_least": True}, both).startswith("at least $0.00300 (input")


def test_what_the_log_does_not_tell_is_no_nought():
    """Tokens that are not told, and so their cost, are never shown as 0; what cost nothing says why."""
    untold = {**ROUND, "no_tokens": True, "input_tokens": 0, "output_tokens": 0, "total_tokens": 0}

    assert passages.tokens(untold) == "not told"
    assert passages.cost(untold, Unpriced("no_tokens")) == "not told (the log tells no tokens)"
    refused = {**untold, "outcome": "failed", "response_code": 503}
    assert passages.cost(refused, FREE) == "none (the call was refused)"
    cached = {**untold, "answered_by": "cache"}
    assert passages.tokens(cached) == "0 in → 0 out"
    assert passages.cost(cached, FREE) == "none (answered by the gateway's cache)"


def test_a_count_that_is_not_told_is_no_nought():
    """Where the log tells what went in alone, or came out alone, or a total alone, the rest is a dash."""
    lower = {
        **ROUND,
        "input_tokens": 15,
        "output_tokens": 0,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
        "at_least": True,
    }
    notes = {"partly_told": True, "token_notes": ["partly_told"]}

    assert passages.tokens({**lower, **notes, "reported": {"input_token": 15}}) == "at least 15 in → – out"
    turned = {**lower, "input_tokens": 0, "output_tokens": 7}
    assert passages.tokens({**turned, **notes, "reported": {"output_token": 7}}) == "at least – in → 7 out"
    split = {**lower, "total_tokens": 15, "token_notes": ["unknown_split"], "reported": {"total_token": 15}}
    assert passages.tokens(split) == "15 in all: – in → – out"
    told = {**lower, "reported": {"input_token": 15, "output_token": 0}}
    assert passages.tokens(told) == "at least 15 in → 0 out"


def test_a_lower_bound_is_told_as_one():
    """Tokens of a cut stream are a lower bound; a session that tells none at all has no sum of them."""
    assert passages.tokens({**ROUND, "at_least": True}) == "at least 250 in → 160 out"
    untold = Spending(rounds=1, unpriced_rounds=1, without_tokens=1)
    none = {fact.label: fact.text for fact in passages.facts(ROW, untold)}
    assert (none["Input"], none["Total"], none["Cost"]) == (
        "not told",
        "not told",
        "1 round unpriced (1 without tokens)",
    )


@pytest.mark.parametrize(
    ("text", "shown", "hidden"),
    [
        ("x" * 680, 680, 0),
        ("x" * 681, 600, 81),
        ("x\n" * 12, 24, 0),
        ("x\n" * 52, 23, 81),
        ("x\n" * 51 + "y", 103, 0),
        ("x" * 590 + "\n" * 100, 600, 90),
        ("", 0, 0),
    ],
)
def test_what_is_long(text, shown, hidden):
    """Six hundred characters or twelve lines are shown, unless little more is left out then."""
    part, left_out = passages.clipped(text)
    assert (len(part), left_out) == (shown, hidden)
    assert text.startswith(part)


def test_from_which_length_on_a_text_is_folded():
    """An answer is where it is longer than so much; what is aside is always."""

    def is_folded(**entry):
        """Whether the first passage is."""
        return next(passages.of_round({**ROUND, **entry}, messages=True, full=True)).is_folded

    assert [is_folded(answer="x" * length) for length in (1, 4000, 4001)] == [False, False, True]
    assert is_folded(reasoning="x")


def test_the_tokens_of_a_round():
    """Those from a cache and those of reasoning are told where there are some."""
    some = {**ROUND, "input_tokens": 1250, "cached_tokens": 1000, "output_tokens": 160, "reasoning_tokens": 20}
    assert passages.tokens(some) == "1,250 in (1,000 cached) → 160 out (20 reasoning)"
    assert passages.tokens({**some, "cached_tokens": 0, "reasoning_tokens": 0}) == "1,250 in → 160 out"


def test_a_cache_that_cost_more_than_it_saved():
    """It is told as that, and nothing is where it did neither."""

    def caching(pico):
        """What is said of it."""
        return {fact.label: fact.text for fact in passages.facts(ROW, Spending(rounds=1, saved_pico=pico))}.get(
            "Caching"
        )

    assert caching(-(10**10)) == "cost more by $0.0100"
    assert caching(1) == "saved $0.000000000001"
    assert caching(0) is None
