"""One line cannot fill the memory: what explodes in it is left out, and all else that it tells is read as ever."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import access_line, ai_log, heavy_lines, long_lines
from session_monitor.calls.access_line import Skipped
from session_monitor.calls.round import Round

FACTS = {"chat_id": "c1", "input_token": 10, "model": "m", "output_token": 5, "session_id": "s", "total_token": 15}
OUTER = {"request_id": "r", "response_code": "200", "start_time": "2026-02-01T09:30:15Z"}
UNITS = [
    "{}",
    "[]",
    "1",
    '""',
    '"a"',
    '"["',
    r'"\\"',
    r'"\""',
    "null",
    "[[]]",
    '{"a":1}',
    '"😀"',
    "1e999",
    "[" * 300 + "]" * 300,
]
CONTENT = ["answer", "messages", "question", "reasoning", "system", "tool_calls"]


def compact(value):
    """JSON as the gateway writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def many(unit):
    """A list of so many of these that it is too heavy."""
    values = max(1, unit.count("[") + unit.count("{"))
    return "[" + ",".join([unit] * max(heavy_lines.MOST_VALUES // values + 10, heavy_lines.LIGHT // len(unit))) + "]"


def with_raw(values, key, raw):
    """An object with one member that is JSON already, in the order of its keys."""
    return compact(dict(sorted({**values, key: "@@"}.items()))).replace('"@@"', raw)


def line(inner, **outer):
    """A line in the gateway's own shape."""
    return compact({"ai_log": inner, **OUTER, **outer}).encode()


def facts(call):
    """What a round tells beside what was said."""
    assert isinstance(call, Round)
    told = call.session_id, call.chat_id, call.model, call.usage.input_tokens, call.usage.output_tokens
    return *told, call.timestamp, call.response_code, call.outcome


WHOLE = facts(ai_log.parse(line(compact(FACTS))))


# -- what is left out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS)
def test_a_call_is_kept_without_what_explodes(unit):
    """Whatever the messages are made of: tokens, model, session and times are there, and what lacks is named."""
    call = ai_log.parse(line(with_raw(FACTS, "messages", many(unit))))

    assert facts(call) == WHOLE
    assert (call.messages, call.left_out, call.content_logged) == ([], ("messages",), True)


@pytest.mark.parametrize("key", CONTENT)
def test_each_kind_of_content_may_be_left_out(key):
    """And the others stay: one that is left out says nothing of the rest."""
    said = {"answer": "yes", "question": "so?", "reasoning": "hm", "messages": [{"role": "user", "content": "so?"}]}
    call = ai_log.parse(line(with_raw({**FACTS, **said}, key, many("{}"))))

    assert facts(call) == WHOLE
    assert call.left_out == (key,)
    assert (call.answer, call.reasoning) == (
        *(None if key == word else said[word] for word in ("answer", "reasoning")),
    )
    assert bool(call.messages) == (key != "messages")
    assert call.has_tool_calls is (key == "tool_calls") or call.has_tool_calls is None


def placed(place):
    """A line with too many values in a certain place of it, and what of its content is left out."""
    bomb, inner = many("{}"), with_raw(FACTS, "messages", many("{}"))
    own, left = line(inner), ("messages",)
    lines = {
        "unknown key": (line(with_raw(FACTS, "zzz", bomb)), ()),
        "details": (line(with_raw(FACTS, "input_token_details", bomb)), ()),
        "details in a string": (line(compact({**FACTS, "input_token_details": bomb})), ()),
        "calls in a string": (line(compact({**FACTS, "tool_calls": bomb})), ("tool_calls",)),
        "outer": (with_raw({**OUTER, "ai_log": compact(FACTS)}, "zzz", bomb).encode(), ()),
        "before ai_log": (with_raw({"ai_log": compact(FACTS), **OUTER}, "a", bomb).encode(), ()),
        "behind ai_log, broken": (line(compact(FACTS))[:-1] + f',"u":"a"b","z":{bomb}}}'.encode(), ()),
        "broken": (own[:-1] + b',"user_agent":"a"b"}', left),
        "beside ai_log": (line(compact(FACTS), messages=bomb), left),
        "keys out of order": (line(compact(FACTS)[:-1] + f',"messages":{bomb}}}'), left),
        "escaped twice": (line(json.dumps(inner)[1:-1]), left),
        "an object": (with_raw(OUTER, "ai_log", inner).encode(), left),
        "with spaces": (json.dumps({**OUTER, "ai_log": inner}, indent=1).replace("\n", " ").encode(), left),
    }
    return lines[place] if place else lines


@pytest.mark.parametrize("place", placed(None))
def test_it_is_found_wherever_it_stands(place):
    """In whichever shape and place of a line too many values are, they are left out, and no more than they."""
    raw, left = placed(place)
    call = ai_log.parse(raw)

    assert facts(call)[:-2] == WHOLE[:-2]
    assert call.left_out == left


def test_what_is_left_out_is_one_member():
    """Of a line that a shipper has decoded, one of its own; of an object in ``ai_log``, the whole, whatever is in it."""
    inner = with_raw(FACTS, "messages", many("{}"))
    details = with_raw(FACTS, "input_token_details", f'{{"a":{many("{}")},"b":1}}')
    of_shipper, of_object = (
        json.loads(heavy_lines.lightened(with_raw({}, key, whole).encode()))
        for key, whole in (("log", with_raw(OUTER, "ai_log", inner)), ("ai_log", details))
    )

    assert of_shipper == {"log": {**OUTER, "ai_log": {**FACTS, "messages": heavy_lines.MARK}}}
    assert of_object == {"ai_log": {**FACTS, "input_token_details": heavy_lines.MARK}}


@pytest.mark.parametrize("key", ["answer", "messages", "question"])
def test_what_explodes_is_left_out_of_a_conversation_that_goes_on(key):
    """Before, in or behind the messages: a line that need not be decoded as a whole is as safe as another."""
    said = {"messages": [{"role": "user", "content": "x" * long_lines.SHORTEST}]}
    raw = line(with_raw({**FACTS, **said}, key, many("{}")))
    call = ai_log.parse(raw, lambda _session_id: [])

    assert call == ai_log.parse(raw)
    assert call.left_out == (key,)


def test_a_long_text_is_no_heavy_one():
    """A text, an image and many messages are taken whole, whatever stands in the texts."""
    text = "so, [it] is {so}: " * (heavy_lines.MOST_VALUES // 3)
    messages = [{"role": "user", "content": text}] + [{"role": "user", "content": str(n)} for n in range(20_000)]
    raw = line(compact(dict(sorted({**FACTS, "messages": messages}.items()))))
    call = ai_log.parse(raw)

    assert heavy_lines.may_be_heavy(raw)
    assert heavy_lines.lightened(raw) is raw
    assert call.messages == messages
    assert call.left_out == ()


def test_long_lines_that_are_no_calls_say_why():
    """What is cut off is cut off, and what cannot be told apart is too complex."""
    whole = line(with_raw(FACTS, "messages", many("{}")))
    nameless = compact({str(n): [] for n in range(heavy_lines.MOST_VALUES + 1)}).encode()

    assert ai_log.parse(whole[: len(whole) // 2]) == Skipped(access_line.CUT_OFF)
    assert ai_log.parse(nameless) == Skipped(access_line.TOO_COMPLEX)


def test_nobody_can_leave_something_out_by_its_mark():
    """The mark is another one in each run."""
    program = (
        "import sys; sys.path.insert(0, 'scripts'); from session_monitor.calls import heavy_lines as h; print(h.MARK)"
    )
    marks = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }

    assert len(marks) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}\n", mark) for mark in marks)


def test_sparingly_all_that_is_long_is_left_out():
    """Where memory is short the same line tells its facts, without decoding what is long in it."""
    raw = line(
        compact({**FACTS, "answer": "short", "messages": [{"role": "user", "content": "x" * heavy_lines.LIGHT}]})
    )
    call = ai_log.parse_sparingly(raw)

    assert facts(call) == WHOLE
    assert (call.left_out, call.answer) == (("messages",), "short")


# -- against a decoder -------------------------------------------------------------------------------------------------

TEXTS = st.text(st.sampled_from('ab"\\[]{},:😀\n é'), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.floats(-1, 1) | TEXTS,
    lambda inside: st.lists(inside, max_size=6) | st.dictionaries(TEXTS, inside, max_size=4),
    max_leaves=60,
)


def count(value):
    """How many commas and brackets JSON writes for a value, without those in its texts."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(0, len(value) - 1) + sum(map(count_inside, value)) if isinstance(value, list) else 1


def count_inside(value):
    """The same for a value in another one."""
    return count(value) if isinstance(value, (list, dict)) else 0


@given(
    members=st.dictionaries(TEXTS, VALUES, max_size=5),
    strings=st.integers(0, 3),
    is_ascii=st.booleans(),
    spaced=st.booleans(),
)
def test_members_are_told_without_decoding(members, strings, is_ascii, spaced):
    """Each member's key, text and number of values come out as a decoder has them, in a string or in three."""
    separators = (", ", " : ") if spaced else (",", ":")
    text = json.dumps(members, ensure_ascii=is_ascii, separators=separators)
    for _ in range(strings):
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    raw = text.encode()
    found = list(heavy_lines.members(raw, 1, len(raw), strings))

    def plain(piece):
        for _ in range(strings):
            piece = json.loads(f'"{piece}"')
        return piece

    decoded = {
        json.loads(f'"{plain(m.key.decode())}"'): json.loads(plain(raw[m.start : m.end].decode())) for m in found
    }
    assert decoded == members
    assert [m.values for m in found] == list(map(count, members.values()))


@given(raw=st.binary(max_size=60) | st.text(st.sampled_from('{}[]",:\\a1 '), max_size=60).map(str.encode))
def test_whatever_stands_there_it_comes_to_an_end(raw):
    """No bytes make it raise anything else than that this is no object."""
    try:
        found = list(heavy_lines.members(raw, 1, len(raw)))
    except heavy_lines.NotWholeError:
        return
    assert all(0 < member.start <= member.end <= len(raw) for member in found)


@pytest.mark.parametrize("size", [1 << 16, 1 << 20])
@pytest.mark.parametrize(
    "unit", ["[],", '"[",', r'"\\\"",', "[[[[]]]],", "[" * 200 + "]" * 200 + ",", "\\", '"' + "x" * 999 + '",']
)
def test_blocks_hide_no_end(unit, size):
    """Where a value ends is found whatever stands at the edges of the blocks that are gone through."""
    fill = unit * (size // len(unit))
    value = json.dumps(fill) if unit == "\\" else f"[{fill}0]"
    for shift in range(4):
        raw = (f'{{"{"k" * shift}":{value},"z":1}}' + "]" * 9).encode()
        first, last = heavy_lines.members(raw, 1, len(raw))

        assert raw[first.start : first.end].decode() == value
        assert (last.key, raw[last.start : last.end]) == (b"z", b"1")
