"""What was said in a session, and what did each of its calls cost?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.conversations import conversation
from session_monitor.conversations.conversation import ALL, Wanted
from session_monitor.prices.cost import FREE, NO_TOKENS, Cost, Unpriced
from session_monitor.reports.report import NoSuchFolderError, Report
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK, message
from tests.support.indexes import Agent, Step
from tests.support.rendered import COST, ROUND
from tests.support.stored_rounds import keep, round_of


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("14", Wanted(14, 14)),
        ("007", Wanted(7, 7)),
        ("10-20", Wanted(10, 20)),
        ("10-", Wanted(10, None)),
        ("-20", Wanted(None, 20)),
        ("20-10", Wanted(20, 10)),
        ("0-0", Wanted(0, 0)),
        ("last", Wanted(newest=1)),
        ("last:5", Wanted(newest=5)),
        ("last:05", Wanted(newest=5)),
    ],
)
def test_wanted(text, meant):
    """One round by its number, a span of them with both ends, all from or up to one, or the newest ones."""
    assert conversation.wanted(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--",
        "1-2-3",
        "a",
        "1,2",
        "1 - 2",
        "+1",
        "1.5",
        "last:",
        "last:0",
        "last:-1",
        "last5",
        "LAST",
        "٣",
        "1" * 10,
    ],
)
def test_not_wanted(text):
    """What names no rounds is None, and is never taken for all of them."""
    assert conversation.wanted(text) is None


@given(st.text(alphabet="0123456789-last:", max_size=12))
def test_any_text_is_wanted_or_not(text):
    """Whatever somebody types, it names some rounds or none."""
    meant = conversation.wanted(text)

    assert meant is None or (isinstance(meant, Wanted) and meant != ALL)


# -- rounds ------------------------------------------------------------------------------------------------------------


def entries(folder, session_id, **more):
    """The rounds of a session, as the report has them."""
    found = conversation.of(Report(str(folder), BOOK), session_id, **{"full_messages": False, **more})
    return [entry for entry, _ in found.rounds]


def marked(text):
    """A message as a client sends its newest one."""
    return {"role": "user", "content": [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]}


def talk(folder, histories, **options):
    """A session of calls with these histories; what each sent."""
    store = Store(str(folder), **options)
    sent = [[*map(message, history[:-1]), *map(marked, history[-1:])] for history in histories]
    for number, messages in enumerate(sent):
        store.add(calls.call("s", messages=messages, answer=f"answer {number}"), ("g", 10 * number, 10 * number + 10))
    store.flush()
    return sent


HISTORIES = st.lists(st.lists(st.sampled_from("abc"), max_size=5), min_size=1, max_size=7)
"""Histories that go on, are cut short, begin anew and are rewritten in the middle, in any order."""


def some(numbers, wanted):
    """Which of the numbers of rounds are wanted."""
    if wanted.newest is not None:
        return numbers[-wanted.newest :]
    return [
        each
        for each in numbers
        if (wanted.first or 1) <= each <= (len(numbers) if wanted.last is None else wanted.last)
    ]


WANTED = st.one_of(
    st.tuples(*[st.one_of(st.none(), st.integers(0, 8))] * 2).map(lambda ends: Wanted(*ends)),
    st.integers(1, 8).map(lambda newest: Wanted(newest=newest)),
)


@settings(max_examples=60)
@given(HISTORIES, st.lists(WANTED, min_size=1, max_size=4), st.booleans())
def test_some_rounds_are_those_of_all(tmp_path_factory, histories, asked, full_messages):
    """Rounds that are picked are the same as among all, with their new messages and with the whole lists that were sent."""
    folder = tmp_path_factory.mktemp("sessions")
    sent = talk(folder, histories, full_messages=full_messages)

    new, full = entries(folder, "s"), entries(folder, "s", full_messages=True)

    assert [entry["messages"] for entry in full] == sent
    assert [entry.get("messages_from_history") for entry in full] == [
        entry.get("messages_from_history") for entry in new
    ]
    numbers = [entry["round"] for entry in new]
    assert numbers == list(range(1, len(histories) + 1))
    for wanted in asked:
        picked = some(numbers, wanted)
        assert entries(folder, "s", rounds=wanted) == [entry for entry in new if entry["round"] in picked]
        assert entries(folder, "s", rounds=wanted, full_messages=True) == [
            each for each in full if each["round"] in picked
        ]


def test_a_history_that_is_rewritten_in_the_middle(tmp_path):
    """Where an agent shortens what was said, what comes after has the messages that were really sent."""
    sent = talk(tmp_path, ["ab", "abcd", "abxd", "abxdef", "x", "xy"])

    for number, messages in enumerate(sent, 1):
        (entry,) = entries(tmp_path, "s", full_messages=True, rounds=Wanted(number, number))
        assert entry["messages"] == messages


def test_each_round_has_its_cost(tmp_path):
    """Costs of the rounds add up to the session's; a round without a price says why it has none."""
    Agent(tmp_path).store([Step("s", 0), Step("s", 1, None), Step("s", 2, tokens=None), Step("s", 3)])
    report = Report(str(tmp_path), BOOK)

    found = conversation.of(report, "s", full_messages=False)
    outcomes = [outcome for _, outcome in found.rounds]

    assert [isinstance(outcome, Cost) for outcome in outcomes] == [True, False, False, True]
    assert outcomes[0].pico + outcomes[3].pico == found.row.spending.pico > 0
    assert [outcome.reason for outcome in outcomes[1:3]] == ["no_model", "no_tokens"]


def test_no_such_session(tmp_path):
    """A session that is not there is None; a folder that is not there is told."""
    report = Report(str(tmp_path), BOOK)

    assert conversation.of(report, "s", full_messages=True) is None
    with pytest.raises(NoSuchFolderError):
        conversation.of(Report(str(tmp_path / "none"), BOOK), "s", full_messages=True)


def test_names_of_files(tmp_path):
    """A session is found whatever characters its id has."""
    ids = ["a/b", "会话", "d\udcff", "x" * 5000, "\x1b[2J", "%41", "A", "a"]
    Agent(tmp_path).store([Step(each) for each in ids])

    for each in ids:
        assert len(entries(tmp_path, each)) == len(entries(tmp_path, each, rounds=Wanted(newest=1))) == 1


def test_a_round_that_stands_elsewhere_by_now(tmp_path):
    """Where a file was written anew since the index was asked, what stands at a round's place is not taken for it."""
    Agent(tmp_path).store([Step("s", n) for n in range(4)])
    report = Report(str(tmp_path), BOOK)
    found = conversation.of(report, "s", full_messages=False, rounds=Wanted(3, None))
    lines = (tmp_path / "s.json").read_bytes().splitlines(keepends=True)
    (tmp_path / "s.json").write_bytes(b"".join([*lines[:3], *lines[4:]]))

    assert [entry["round"] for entry, _ in found.rounds] == []


def test_what_only_a_later_round_tells(tmp_path):
    """A round has the tools that a later one tells that it asked for, whichever rounds are wanted; one that asked for none says so."""
    unknown = {"has_tool_calls": None, "tool_calls": []}
    keep(
        tmp_path,
        "s",
        round_of(1, **unknown),
        round_of(2, **unknown, told_tools=[1, [["read", 2], ["grep", 1]]]),
        round_of(3, told_tools=[2, []]),
        round_of(4, **unknown),
    )
    report = Report(str(tmp_path), BOOK)

    def told(**wanted):
        found = conversation.of(report, "s", full_messages=False, **wanted)
        return [(entry["has_tool_calls"], sorted(entry.get("tools_called", ()))) for entry, _ in found.rounds]

    assert told() == [(True, [("grep", 1), ("read", 2)]), (False, []), (False, []), (None, [])]
    assert told(rounds=Wanted(1, 1)) == told()[:1]


# -- for programs ------------------------------------------------------------------------------------------------------


COUNTS = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "total_tokens")


@pytest.mark.parametrize("untold", [{"no_tokens": True}, {"total_tokens": 0}])
def test_tokens_that_are_not_told_are_null(untold):
    """No program takes what is unknown for 0, in no count that a round has; and its cost is null."""
    zeros = dict.fromkeys(COUNTS, 0)

    told = conversation.to_json({**ROUND, **zeros, "cache_write_tokens": 0, **untold}, Unpriced(NO_TOKENS))

    assert {name: told[name] for name in (*COUNTS, "cache_write_tokens")} == dict.fromkeys(
        (*COUNTS, "cache_write_tokens")
    )
    assert (told["cost_usd"], told["unpriced"]) == (None, "no_tokens")


@pytest.mark.parametrize(
    "untold", [{"cache_untold": True}, {"reported": {"input_token": 100}, "input_token_details": {"audio_tokens": 0}}]
)
def test_what_came_from_a_cache_is_none_where_it_is_not_told(untold):
    """As also a version wrote it that kept no word of that."""
    told = conversation.to_json({**ROUND, "cached_tokens": 0, **untold}, COST)

    assert (told["cached_tokens"], told["cache_untold"]) == (None, True)
    assert told["input_tokens"] == ROUND["input_tokens"]


def test_what_is_told_is_given_as_it_is_stored():
    """Every stored word is there, with the outcome also of a round that was stored without one, and the cost."""
    assert conversation.to_json(ROUND, COST) == {**ROUND, "outcome": "ok", "cost_usd": "0.001"}
    assert conversation.to_json({**ROUND, "response_type": "error"}, COST)["outcome"] == "failed"
    assert conversation.to_json({**ROUND, "outcome": "left"}, COST)["outcome"] == "left"


def test_a_round_as_json_without_its_messages():
    """Neither the messages are there, nor what says how to put them together; how many were sent is."""
    sent = {"messages_from_history": 3, "history_of": 1, "restyled": [[0, {"one_part": [[]]}]]}

    told = conversation.to_json({**ROUND, **sent, "messages_total": 4, "thread": 2}, COST, messages=False)

    assert told.keys().isdisjoint({"messages", *sent})
    assert (told["messages_total"], told["thread"], told["answer"]) == (4, 2, ROUND["answer"])


def test_the_gateways_own_answer_took_no_tokens():
    """Where the gateway answered by itself, 0 tokens and no cost are what is known."""
    zeros = dict.fromkeys(COUNTS, 0)

    told = conversation.to_json({**ROUND, **zeros, "answered_by": "cache"}, FREE)

    assert [told[name] for name in COUNTS] == [0] * 5
    assert told["cost_usd"] == "0"
