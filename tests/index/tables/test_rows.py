"""What does the index say of a session's rounds?"""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings

from session_monitor.index.tables import round_costs, schema, tool_rows
from session_monitor.index.tables import rows as index_rows
from session_monitor.prices import money
from session_monitor.prices.cost import SELLER_UNKNOWN, Cost, bits_of, call_of, notes_of
from session_monitor.sessions import file_names, session_file
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, Agent, Step


def read(folder, file):
    """A session file as if just written."""
    state = os.stat(folder / file)
    return index_rows.read(str(folder), file, state.st_size, state.st_mtime_ns)


def of_file(folder, file):
    """The rows of a session file."""
    return index_rows.rows_of([read(folder, file)], BOOK)


def rounds(rows):
    """The rows of rounds, each with the names of its columns."""
    assert len(rows.rounds) == len(index_rows.ROUND)
    return [dict(zip(index_rows.ROUND, row)) for row in zip(*rows.rounds)]


def sessions(rows):
    """The rows of sessions, each with the names of its columns."""
    names_ = (*index_rows.SESSION, *schema.ADDITIVE)
    assert {len(row) for row in rows.sessions} <= {len(names_)}
    return [dict(zip(names_, row)) for row in rows.sessions]


@settings(max_examples=25)
@given(BATCHES)
def test_rows_of_a_file_are_those_of_what_was_written(tmp_path_factory, batches):
    """Read from its file, a session has the rows that its writer's facts gave, batch by batch."""
    folder = tmp_path_factory.mktemp("sessions")
    agent, told, before = Agent(folder), {}, {}
    for batch in batches:
        written = agent.store(batch)
        known = {
            (position, number): before[each.session_id, number]
            for position, each in enumerate(written)
            for number in range(each.rounds[0][0]["round"])
            if number
        }
        rows, tools = index_rows.rows_of(written, BOOK), list(tool_rows.of_written(written, known))
        for position, each in enumerate(written):
            before.update(((each.session_id, facts["round"]), facts) for facts, _, _ in each.rounds)
            told.setdefault(each.session_id, []).append((rows, tools, position))

    for session_id, pieces in told.items():
        rows = of_file(folder, file_names.file_name(session_id))
        (session,), after = sessions(rows), [sessions(piece)[position] for piece, _, position in pieces]
        assert [session[name] for name in index_rows.SESSION] == [after[-1][name] for name in index_rows.SESSION]
        assert [session[name] for name in schema.ADDITIVE] == [
            sum(each[name] for each in after) for name in schema.ADDITIVE
        ]
        tellings = {
            number: flags for piece, _, at in pieces for position, number, flags in piece.told if position == at
        }
        assert rounds(rows) == [
            {**row, "session": 0, "flags": told_flags(row["flags"], tellings.get(row["number"]))}
            for piece, _, position in pieces
            for row in rounds(piece)
            if row["session"] == position
        ]
        of_pieces = [row for _, piece, position in pieces for row in piece if row.session == position]
        assert by_tool(tool_rows.of_written([read(folder, file_names.file_name(session_id))])) == by_tool(of_pieces)


def told_flags(flags, told):
    """A round's flags once a later one told what it asked for."""
    return flags if told is None else flags & ~schema.TOOLS_UNKNOWN | told


def by_tool(rows):
    """What is told of each round and each tool, put together."""
    found = {}
    for row in rows:
        calls, results, failed, tokens = found.get(row[1:3], (0, 0, 0, None))
        tokens = row.tokens if tokens is None else tokens
        found[row[1:3]] = calls + row.calls, results + row.results, failed + row.failed, tokens
    return found


def test_columns_of_a_round(tmp_path):
    """Each column has what the log told, tokens by kind, and what it cost."""
    call = calls.call(
        "s",
        ["hello"],
        model="gpt-4o",
        consumer="team",
        start_time="2026-02-01T09:30:15.5Z",
        input_token=1000,
        output_token=100,
        total_token=1100,
        cached_tokens=500,
        reasoning_tokens=40,
        llm_first_token_duration=300,
        llm_service_duration=900,
        response_type="stream",
        fields={"upstream_service_time": "212"},
    )
    agent = Agent(tmp_path)
    agent.call = lambda _: call
    (written,) = agent.store([None])

    (row,) = rounds(index_rows.rows_of([written], BOOK))

    cost = BOOK.price(call_of(written.rounds[0][0]))
    assert row == {
        "session": 0,
        "model": "gpt-4o",
        "consumer": "team",
        "way": None,
        "number": 1,
        "at": 1769938215500,
        "fresh": 500,
        "read": 500,
        "written": 0,
        "visible": 60,
        "reasoning": 40,
        "parts": None,
        "flags": schema.TOOLS_UNKNOWN,
        "notes": bits_of([SELLER_UNKNOWN]),
        "code": 200,
        "first_token_ms": 300,
        "response_flags": None,
        "duration_ms": 900,
        "gateway_ms": 88,
        "start": written.rounds[0][1],
        "length": written.rounds[0][2],
        "history": 0,
        "sent": 1,
        "thread": 1,
        "base": 0,
        "usd": cost.pico // money.MICRO,
        "pico": cost.pico % money.MICRO,
        "saved_usd": cost.saved // money.MICRO,
        "saved_pico": cost.saved % money.MICRO,
        "stake_usd": 0,
        "stake_pico": 0,
    }


READ = {"response_type": "normal", "llm_service_duration": 900}
REFUSED = schema.FAILED | schema.NO_TOKENS | schema.FREE


@pytest.mark.parametrize(
    ("attributes", "flags"),
    [
        ({}, schema.TOOLS_UNKNOWN),
        ({**READ, "answer": "hello", "tool_calls": []}, 0),
        ({"code": "500"}, schema.FAILED),
        ({"input_token": None, "output_token": None, "total_token": None, "code": "400"}, REFUSED),
        ({"flags": "DC", "response_type": "stream"}, schema.LEFT | schema.AT_LEAST | schema.TOOLS_UNKNOWN),
        ({"tool_calls": [{"id": "1", "function": {"name": "read"}}]}, schema.TOOL_CALLS),
        ({"messages": None, "code": "500"}, schema.FAILED),
        ({"input_token_details": {"cached_tokens": 0}}, schema.TOOLS_UNKNOWN),
        ({"answer": "a [truncated] b"}, schema.CUT | schema.TOOLS_UNKNOWN),
        ({"input_token_details": {"cache_creation_input_tokens": 5}, "model": "claude-sonnet-4-5"}, None),
        ({"input_token_details": {"ephemeral_1h_input_tokens": 5}, "model": "claude-sonnet-4-5"}, None),
        ({"input_token_details": {"audio_tokens": 5}, "input_token": 10, "model": "gpt-4o"}, None),
    ],
)
def test_flags(tmp_path, attributes, flags):
    """What is the matter with a round is a bit each; from row and flags its price's call can be made again."""
    call = calls.call("s", ["hello"], **attributes)
    if flags is not None and not flags & schema.NO_TOKENS and not attributes.get("input_token_details"):
        flags |= schema.CACHE_UNTOLD
    agent = Agent(tmp_path)
    agent.call = lambda _: call
    (written,) = agent.store([None])
    (facts, _, _) = written.rounds[0]

    (row,) = rounds(index_rows.rows_of([written], BOOK))

    assert flags is None or row["flags"] == flags
    tokens = tuple(row[kind] for kind in ("fresh", "read", "written", "visible", "reasoning"))
    made = round_costs.call_of(row["model"], row["way"], row["at"], tokens, row["parts"], row["flags"], None)
    assert BOOK.price(made) == BOOK.price(call_of(facts))


def test_what_a_later_round_tells_of_an_earlier_one(tmp_path):
    """In one batch its flags have it; in a later one they come by themselves, with its number, and none of others."""
    agent = Agent(tmp_path)
    steps = [Step("a", 0, tool="read", untold=True), Step("a", 1), Step("b", 0)]
    (first, other) = agent.store(steps)
    rows = index_rows.rows_of([other, first], BOOK)

    asked = schema.TOLD_TOOLS | schema.TOOL_CALLS
    in_order = sorted(
        (row["session"], row["number"], row["flags"] & (asked | schema.TOOLS_UNKNOWN)) for row in rounds(rows)
    )
    assert in_order[1:] == [(1, 1, asked), (1, 2, in_order[2][2])]
    assert not in_order[2][2] & schema.TOLD_TOOLS
    assert rows.told == []

    agent.store([Step("c", 0, tool="read", untold=True)])
    (later,) = agent.store([Step("c", 1)])
    assert index_rows.rows_of([other, later], BOOK).told == [(1, 1, asked)]


@settings(max_examples=25)
@given(BATCHES)
def test_a_cost_is_kept_whole(tmp_path_factory, batches):
    """Dollars in millionths and the rest give the cost to the last pico-dollar; notes come back from their bits."""
    folder = tmp_path_factory.mktemp("sessions")
    for written in Agent(folder).store([step for batch in batches for step in batch]):
        for (facts, _, _), kept in zip(written.rounds, rounds(index_rows.rows_of([written], BOOK))):
            outcome = BOOK.price(call_of(facts))
            if isinstance(outcome, Cost):
                assert kept["usd"] * money.MICRO + kept["pico"] == outcome.pico
                assert kept["saved_usd"] * money.MICRO + kept["saved_pico"] == (outcome.saved or 0)
                assert kept["stake_usd"] * money.MICRO + kept["stake_pico"] == (outcome.at_stake or 0)
                assert set(notes_of(kept["notes"])) == set(outcome.notes)
            else:
                assert (kept["usd"], kept["pico"], kept["notes"]) == (None, None, 0)


@pytest.mark.parametrize(
    ("details", "flag"),
    [
        ({"cache_read_input_tokens": 400}, schema.CONVERTED_CACHE),
        ({"cached_tokens": 4000}, schema.CACHE_IN_ONE),
        ({"cached_tokens": 400}, 0),
        ({"cache_read_input_tokens": 400, "cache_creation_input_tokens": 0}, 0),
    ],
)
def test_a_round_whose_cache_can_be_read_in_two_ways(tmp_path, details, flag):
    """It is known of its row, which is priced as the round itself is, with what is at stake."""
    agent = Agent(tmp_path)
    told = {"input_token": 1000, "output_token": 10, "total_token": 1010 + sum(details.values()) * (flag != 0)}
    agent.call = lambda _: calls.call("s", model="claude-sonnet-4-5", input_token_details=details, **told)
    (written,) = agent.store([None])
    facts = written.rounds[0][0]

    (row,) = rounds(index_rows.rows_of([written], BOOK))

    outcome = BOOK.price(call_of(facts))
    assert row["flags"] & schema.CACHE_OPEN == flag
    assert (outcome.at_stake is not None) == bool(flag)
    assert row["stake_usd"] * money.MICRO + row["stake_pico"] == (outcome.at_stake or 0)
    kept = row["fresh"], row["read"], row["written"], row["visible"], row["reasoning"]
    again = round_costs.call_of(row["model"], None, row["at"], kept, row["parts"], row["flags"], None)
    assert BOOK.price(again) == outcome


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "is_counted"),
    [
        ("a.json", True),
        (file_names.other_name("a"), True),
        ("b.json", False),
        ("a copy.json", False),
        ("a.json.json", False),
    ],
)
def test_a_copy_is_no_session(tmp_path, name, is_counted):
    """A session file counts under the names that its session's may have, and a copy of it under another one does not."""
    Agent(tmp_path).store([Step("a")])
    (tmp_path / "a.json").rename(tmp_path / name)

    assert (read(tmp_path, name) is not None) == is_counted


@pytest.mark.parametrize("what", ["gone", "folder", "empty", "junk", "json"])
def test_what_is_no_session_file(tmp_path, what):
    """What cannot be read, or does not begin like a session file, has no rows."""
    path = tmp_path / "a.json"
    if what == "folder":
        path.mkdir()
    elif what != "gone":
        path.write_bytes({"empty": b"", "junk": os.urandom(1000), "json": b'{"session_id":"a"}\n'}[what])

    assert index_rows.read(str(tmp_path), "a.json", 0, 0) is None


@pytest.mark.parametrize("cut", [1, 50, 500])
def test_a_torn_file_counts_as_far_as_it_is_whole(tmp_path, cut):
    """Of a file whose end was torn off, the whole rounds are counted, and the session's sums are theirs."""
    Agent(tmp_path).store([Step("a", n) for n in range(5)])
    data = (tmp_path / "a.json").read_bytes()
    (tmp_path / "a.json").write_bytes(data[:-cut])

    rows = of_file(tmp_path, "a.json")

    with open(tmp_path / "a.json", "rb") as file:
        session_file.read_header(file)
        whole = list(session_file.rounds(file))
    assert [row["number"] for row in rounds(rows)] == [entry["round"] for entry in whole]
    (session,) = sessions(rows)
    assert session["total_tokens"] == sum(entry["total_tokens"] for entry in whole)
    assert json.loads(session["models"]) == ["gpt-4o"]
