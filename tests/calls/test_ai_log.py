"""Which LLM call does one access-log line describe?

The pairs in data/ai_log: a ``.log`` file holds one raw line, the ``.json`` beside it what it says.  That is either
``{"skipped": reason}``, or the round's fields and its ``group``, without what is empty: ``None``, ``False``, no items
and token kinds of 0.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import access_line, ai_log, coverage
from session_monitor.calls.access_line import Skipped
from session_monitor.calls.round import Round
from session_monitor.sessions import message_history, session_file
from session_monitor.sessions.record import entry_of

PAIRS = Path(__file__).parent / "data" / "ai_log"
LINES = {path.stem: path.read_bytes() for path in sorted(PAIRS.glob("*.log"))}
ONE_CALL = LINES["openai_chat"]

AT = '"start_time":"2026-02-01T09:30:15Z"'


OF_RESENT = {"from_history", "from_thread", "sent"}
"""What is only there where it is told what was sent before."""
OF_HEAVY = {"left_out"}
"""What only lines have that are longer than any in a pair."""


def shown(found):
    """A result in the form of the pairs."""
    if isinstance(found, Skipped):
        return {"skipped": found.reason}
    fields = {key: value for key, value in found._asdict().items() if key not in OF_RESENT}
    kinds = {kind: number for kind, number in found.usage._asdict().items() if number}
    if found.usage.parts:
        kinds["parts"] = found.usage.parts.stored()
    told = {**fields, "usage": kinds, "group": found.group}
    return as_json({key: value for key, value in told.items() if full(value) or key == "has_tool_calls"})


def full(value):
    """Whether a value says something; 0 and an empty text do."""
    return value is not None and value is not False and value not in ([], {}, ())


def as_json(value):
    """The value as it comes back from a JSON text."""
    return json.loads(json.dumps(value, allow_nan=False))


def stored(call):
    """The call's entry, and what a reader finds in the session file that holds its line."""
    facts, rest = entry_of(call, 1, ("g1", 0, 100), 0)
    line = session_file.round_line(facts, message_history.encoded(call.messages), rest)
    return as_json({**facts, "messages": call.messages, **rest}), list(session_file.rounds(io.BytesIO(line)))


def line_of(attributes):
    """A log line whose ``ai_log`` holds these attributes."""
    inner = attributes if isinstance(attributes, str) else json.dumps(attributes)
    return f'{{"ai_log":{json.dumps(inner)},{AT}}}'.encode()


# --- The pairs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LINES)
def test_line_is_read_as_its_pair_says(name):
    """A log line comes out as the JSON file beside it says, field by field."""
    expected = json.loads((PAIRS / f"{name}.json").read_text(encoding="utf-8"))

    assert expected == shown(ai_log.parse(LINES[name]))


def test_every_expectation_has_its_line():
    """No expected result lies there without the line that it belongs to."""
    assert sorted(LINES) == sorted(path.stem for path in PAIRS.glob("*.json"))


def test_every_field_and_reason_is_in_some_pair():
    """Each field of a round, and each reason to pass a line over, has a pair that shows it."""
    expected = [json.loads(path.read_text(encoding="utf-8")) for path in PAIRS.glob("*.json")]
    elsewhere = {"nul_bytes", "too_long", "too_complex", "other_session", "recorded_elsewhere"}

    assert set(Round._fields) - OF_RESENT - OF_HEAVY | {"group", "skipped"} == {
        key for found in expected for key in found
    }
    assert coverage.LABELS.keys() - elsewhere == {found["skipped"] for found in expected if "skipped" in found}


# --- Parts of lines ---------------------------------------------------------------------------------------------------


def test_line_end_is_no_part_of_a_line():
    """A line means the same with and without the characters that end it."""
    bare = ONE_CALL.rstrip(b"\n")

    assert ai_log.parse(bare) == ai_log.parse(bare + b"\n") == ai_log.parse(bare + b"\r\n")


def test_line_cut_inside_ai_log_is_no_call():
    """However short a line is cut inside its ``ai_log``, it is passed over and never half counted."""
    end = ONE_CALL.index(b'","authority"')

    assert {ai_log.parse(ONE_CALL[:length]) for length in range(1, end + 1)} == {Skipped(access_line.CUT_OFF)}


def test_line_cut_after_ai_log_is_the_same_call():
    """However much is missing behind ``ai_log``, the call is counted, with the same tokens and texts."""
    whole = ai_log.parse(ONE_CALL)
    end = ONE_CALL.index(b',"authority"')
    names = ("session_id", "model", "usage", "messages", "question", "answer", "chat_id", "duration_ms")

    for length in range(end, len(ONE_CALL.rstrip()) - 1):
        cut = ai_log.parse(ONE_CALL[:length])
        assert cut.outer_broken
        assert [getattr(whole, name) for name in names] == [getattr(cut, name) for name in names]
        assert cut.timestamp in (whole.timestamp, None)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"b":'])
def test_nesting_of_any_depth_costs_one_value(opening):
    """A value nested too deep for this Python is kept as text, and the call is counted."""
    closing = {"[": "]", '{"a":': "}", '[{"b":': "}]"}[opening]
    for depth in (90, 110, 900, *range(960, 1000, 3), *range(1480, 1500), *range(9985, 10005), 60_000):
        deep = opening * depth + "1" + closing * depth
        call = ai_log.parse(line_of(f'{{"session_id":"sess-1","model":"m","messages":[{deep}],"answer":[{deep}]}}'))

        assert (call.session_id, call.model) == ("sess-1", "m")
        assert call.messages or call.undecoded["messages"] == f"[{deep}]"


@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_deep_value_of_another_writers_line(place):
    """A line in another order is looked through for its call, where it nests too deep for this Python."""
    call = '"ai_log":"{\\"session_id\\":\\"sess-1\\",\\"model\\":\\"m\\"}"'
    deep = '"x":' + "[" * 100_000 + "]" * 100_000
    both = f"{deep},{call}" if place == "before" else f"{call},{deep}"
    found = ai_log.parse(f'{{"a":1,{both},{AT}}}'.encode())

    assert (found.session_id, found.model) == ("sess-1", "m")


def test_unclosed_strings_take_no_longer_than_others():
    """Text without end inside a value that is no JSON is passed over in one go."""
    endless = '{"n":NaN,"x":"' + '\\"' * 200_000

    assert ai_log.parse(line_of(endless)) == Skipped(access_line.NOT_JSON)


# --- Whatever comes ---------------------------------------------------------------------------------------------------

TOKENS = [
    *(b'{"ai_log":"', b'"ai_log": "', b'"start_time":"', b'"', b"\\", b'\\"', b'\\\\\\"', b"{", b"}", b"[", b"]", b","),
    *(
        b":",
        b"NaN",
        b"1e999",
        b"-",
        b"null",
        b"\\\\ud800",
        b"\\ud800",
        b"\xff",
        b"\x00",
        b"\n",
        b" [truncated] ",
        b"7" * 5000,
    ),
]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(categories=["Cs"]),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4),
    max_leaves=15,
)
KNOWN = sorted(json.loads(json.loads(ONE_CALL)["ai_log"]))
MESSAGE = st.fixed_dictionaries({"role": st.sampled_from(["user", "tool", "assistant"]), "content": JSON})


@st.composite
def mutated(draw):
    """A line of the pairs after some damage: cuts, flipped bytes, pieces of other lines, and what JSON is made of."""
    line = bytearray(LINES[draw(st.sampled_from(sorted(LINES)))])
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted((draw(st.integers(0, len(line))), draw(st.integers(0, len(line)))))
        kind = draw(st.sampled_from(["cut", "start", "drop", "flip", "token", "splice"]))
        if kind == "cut":
            del line[end:]
        elif kind == "start":
            del line[:start]
        elif kind == "drop":
            del line[start:end]
        elif kind == "flip" and start < len(line):
            line[start] ^= 1 << draw(st.integers(0, 7))
        elif kind == "token":
            line[start:start] = draw(st.sampled_from(TOKENS))
        else:
            other = LINES[draw(st.sampled_from(sorted(LINES)))]
            line[start:end] = other[draw(st.integers(0, len(other))) :]
    return bytes(line)


def check_any(line):
    """The line is a call that can be stored and read again, or a reason."""
    found = ai_log.parse(line)
    if isinstance(found, Round):
        written, read = stored(found)
        assert [written] == read
        assert found.group
        assert min(found.usage.input_tokens, found.usage.output_tokens) >= 0


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value(line):
    """Whatever the bytes, they are a call or a reason, never an exception, and a call can be stored and read again."""
    check_any(line)


@given(st.lists(st.sampled_from(TOKENS) | st.binary(max_size=5), max_size=30))
def test_any_pieces_are_a_value(pieces):
    """The same holds for a line that begins like the gateway's and goes on with pieces of JSON."""
    check_any(b'{"ai_log":"{' + b"".join(pieces))


@given(mutated())
def test_any_damaged_line_is_a_value(line):
    """The same holds for true lines, however they are damaged."""
    check_any(line)


@given(st.dictionaries(st.sampled_from(KNOWN) | st.text(max_size=8), JSON | st.lists(MESSAGE, max_size=3), min_size=1))
def test_any_attributes_are_a_call(attributes):
    """The same holds for attributes of any kind, and those of the plugin that counts are calls, in a string or an object."""
    attributes = {"api": "-", **attributes}
    outer = {"start_time": "2026-02-01T09:30:15Z"}

    for line in (line_of(attributes), json.dumps({**outer, "ai_log": attributes}).encode()):
        assert isinstance(ai_log.parse(line), Round)
        check_any(line)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_changes_what_was_called(user_agent, path):
    """Whatever a client writes into headers that are pasted into the line, session, tokens and texts stay the same."""
    whole = ai_log.parse(ONE_CALL)
    line = ONE_CALL.replace(b"openclaw/2026.1.30", user_agent.encode("utf-8", "replace"))
    call = ai_log.parse(line.replace(b'/v1/chat/completions"', path.encode("utf-8", "replace") + b'"'))

    for name in ("session_id", "model", "usage", "messages", "answer", "chat_id"):
        assert getattr(whole, name) == getattr(call, name)


@given(st.text(max_size=60))
def test_no_user_agent_changes_the_time(user_agent):
    """The fields before the user agent stay what the gateway wrote, whatever the client calls itself."""
    line = ONE_CALL.replace(b"openclaw/2026.1.30", user_agent.encode("utf-8", "replace"))
    call = ai_log.parse(line)

    assert (call.timestamp, call.response_code, call.error) == ("2026-02-01T09:30:15.123Z", 200, None)
