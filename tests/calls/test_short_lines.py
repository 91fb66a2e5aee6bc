"""Which call does a short line describe, told without decoding it?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import ai_log, short_lines
from session_monitor.calls.access_line import Skipped
from session_monitor.calls.coverage import Coverage
from session_monitor.calls.short_lines import LineReader, ShortCall
from session_monitor.ingest import intake
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions import message_history, record, session_file
from session_monitor.sessions.store import Store

GENERATOR = Path(__file__).parent.parent / "tools" / "gen_access_log.py"
INNER = {
    "api": "-",
    "cached_tokens": 128,
    "chat_id": "chatcmpl-1",
    "chat_round": 1,
    "consumer": "team-a",
    "input_token": 200,
    "input_token_details": '{"cached_tokens":128}',
    "llm_first_token_duration": 300,
    "llm_service_duration": 1500,
    "model": "gpt-4o",
    "output_token": 20,
    "output_token_details": '{"reasoning_tokens":5}',
    "reasoning_tokens": 5,
    "response_type": "stream",
    "session_id": "agent:main",
    "tier": "gold",
    "total_token": 220,
}
OUTER = {
    "authority": "ai.example.com",
    "duration": "1600",
    "method": "POST",
    "path": "/v1/chat/completions",
    "request_id": "9e2de6ea",
    "response_code": "200",
    "response_flags": "-",
    "route_name": "ai-route",
    "start_time": "2026-02-01T09:29:51.402Z",
    "timestamp": "2026-02-01T09:29:50Z",
    "upstream_cluster": "outbound|443||llm",
    "user_agent": "curl",
    "response_code_details": "via_upstream",
}


assert {*ai_log.TEXTS, *ai_log.NUMBERS, *ai_log.COUNTS} <= INNER.keys(), "what is read of a line stands in this one"
assert set(ai_log.OUTER_TEXTS) <= OUTER.keys()


def line(inner=None, outer=None):
    """A line in the gateway's shape, with these values in place of the usual ones; ``...`` leaves a member out."""
    attributes = {**INNER, **(inner or {})}
    text = compact({name: attributes[name] for name in sorted(attributes) if attributes[name] is not ...})
    rest = {name: value for name, value in {**OUTER, **(outer or {})}.items() if value is not ...}
    return compact({"ai_log": text, **rest}).encode()


def compact(value):
    """JSON without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.fixture(scope="module")
def learned():
    """One that knows the shape of these lines."""
    return taught([line()] * (short_lines.PATIENCE + short_lines.SAMPLES))


def taught(lines):
    """One that has seen these lines."""
    found = LineReader()
    for each in lines:
        found.parse(each)
    return found


def said(call):
    """What is kept and counted of a call."""
    if isinstance(call, Skipped):
        return call
    log = ('01234567"\\ é', 17, 999)
    if isinstance(call, ShortCall):
        entries = [record.short_line_of(call, number, log) for number in (1, 2)]
        stored = [(facts, session_file.sealed(line)) for facts, line in entries]
    else:
        entries = [record.entry_of(call, number, log, 0) for number in (1, 2)]
        texts = message_history.encoded(call.messages)
        stored = [(facts, session_file.round_line(facts, texts, rest)) for facts, rest in entries]
    coverage = Coverage()
    coverage.count(call)
    return call.group, coverage, [(repr(sorted(facts.items())), line) for facts, line in stored]


def is_matched(way, made, monkeypatch):
    """Whether this line takes the short way."""
    ordinary = []
    with monkeypatch.context() as patch:
        patch.setattr(ai_log, "parse", lambda *_: ordinary.append(made))
        way.parse(made)
    return not ordinary


TEXTS = st.sampled_from(
    [
        ...,
        None,
        "",
        "-",
        "--",
        "a b",
        "é天🙂",
        'q"q',
        "b\\",
        "\x7f",
        "\u2028",
        "\n",
        "<b>",
        "{",
        "}",
        '{"ai_log":"',
        5,
        True,
        [],
    ]
)
NUMBERS = st.sampled_from(
    [..., None, 0, 7, -1, 10**10 - 1, 10**10, 10**11, 1.5, 2.0, True, "12", "007", "-", "٣", [], {}]
)
DETAILS = st.sampled_from(
    [
        *(
            ...,
            None,
            "",
            "-",
            "{}",
            "[]",
            "null",
            '{"cached_tokens":5}',
            '{"a":{"b":1}}',
            '{"a":"x\\"y"}',
            '{"a":1,}',
            "{",
        ),
        *('{"a":NaN}', '{"a":1e999}', '{"a":1,"a":2}', "{cached}", '{"cache_read_input_tokens":10, "b":"é"}', {"a": 1}),
        '{"cache_creation_input_tokens":7,"cache_read_input_tokens":0}',
        *('{"cached_tokens":-1}', '{"reasoning_tokens":"1,000"}', '{"audio_tokens":3,"image_tokens":2}'),
        *('{"audio_tokens":99999999}', '{"ephemeral_1h_input_tokens":3}', '{"prompt_cache_miss_tokens":3}'),
    ]
)
MODELS = st.sampled_from([..., None, "", "-", "m", "UNKNOWN", "unknown", "from-cache", "from-security-guard", "a b", 5])
VALUES = {"model": MODELS, "input_token_details": DETAILS, "output_token_details": DETAILS}
OTHERS = {
    "method": st.sampled_from(["-", "POST", "GET", "", "post", None]),
    "path": st.sampled_from(["-", "", "/v1/messages/count_tokens", "/v1/models", "/x?a=1", "é", None]),
    "response_flags": st.sampled_from(["-", "DC", "UT", "DI", "", None]),
    "response_code": st.sampled_from(["0", "-", "200", "0200", "404", "500", "99", "１２３", "", "2 00", 200]),
    "duration": st.sampled_from(["-", "", "0", "007", "12", "1.5", "99999999999", "٣", 12, None]),
    "start_time": st.sampled_from(
        [
            "-",
            "",
            "2026-02-01T09:30:60Z",
            "2026-02-30T09:30:15Z",
            "2026-02-01T09:30:15.123456+08:00",
            "no",
            "2026-02-01",
        ]
    ),
}


def some_of(names, others, numbers=()):
    """A few values in place of the usual ones."""
    each = {name: others.get(name, NUMBERS if name in numbers else TEXTS) for name in names}
    return st.lists(st.sampled_from(sorted(each)), max_size=4).flatmap(
        lambda chosen: st.fixed_dictionaries({name: each[name] for name in chosen})
    )


OF_NUMBERS = frozenset(name for name, value in INNER.items() if isinstance(value, int))
LINES = st.builds(line, some_of([*INNER, "question", "other"], VALUES, OF_NUMBERS), some_of([*OUTER, "more"], OTHERS))


@st.composite
def damaged(draw):
    """A line with something changed anywhere in it."""
    made = draw(LINES)
    start = draw(st.integers(0, len(made)))
    end = min(len(made), start + draw(st.sampled_from([0, 1, 1, 2, 5, 300])))
    new = draw(
        st.sampled_from(
            [b"", b",", b'"', b"\\", b"{", b"}", b" ", b"\0", b"\r", b"\xff", b"-", b"0", b":", made[start : end + 9]]
        )
    )
    return made[:start] + new + made[end:]


@given(LINES | damaged() | st.builds(lambda one, other, cut: one[:cut] + other, LINES, LINES, st.integers(0, 900)))
def test_the_short_way_says_the_same(learned, made):
    """Whatever stands in a line and however it is damaged, it comes to the same call or the same reason for none."""
    assert said(learned.parse(made)) == said(ai_log.parse(made))


@pytest.mark.parametrize("new", [b"", b",", b'"', b"\\", b"{", b"}", b" ", b"\0", b"\xff", b"-", b"0", b":", b"e"])
def test_damage_anywhere_says_the_same(learned, new):
    """One byte that lacks or is too many, at any place of a line, comes to what the ordinary way says."""
    made = line({"input_token_details": '{"cached_tokens":0}', "chat_round": 10})
    for at in range(len(made) + 1):
        for damaged_line in (made[:at] + new + made[at:], made[:at] + new + made[at + 1 :]):
            assert said(learned.parse(damaged_line)) == said(ai_log.parse(damaged_line)), (at, new)


def test_an_answer_without_anything(learned):
    """A call with a good end of whose answer nothing stands in the line was answered; where there is no end either, it failed."""
    missing = {name: ... for name in INNER if name not in ("api", "session_id", "reasoning_tokens")}
    made, endless = line(missing), line(missing, {"response_code": ..., "response_flags": ...})

    assert learned.parse(made) == ai_log.parse(made)
    assert (learned.parse(made).outcome, learned.parse(made).has_tokens) == ("ok", False)
    assert learned.parse(endless).error


def test_most_lines_take_it(learned, monkeypatch):
    """Lines of the shape that was learned take the short way, whichever of their members are there."""
    needed = ("input_token", "output_token", "response_type", "llm_service_duration")
    for name in INNER:
        if name not in needed:
            assert is_matched(learned, line({name: ...}), monkeypatch), name
    assert is_matched(learned, line({"input_token_details": None, "tier": 3}, {"user_agent": "-"}), monkeypatch)


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ({"session_id": 'a"b'}, {}),
        ({"question": "q"}, {}),
        ({"new": 1}, {}),
        ({}, {"response_code": "500"}),
        ({}, {"user_agent": "a\\b"}),
        ({}, {"new": "1"}),
        (dict.fromkeys(INNER, ...), {}),
    ],
)
def test_what_is_odd_goes_the_ordinary_way(learned, monkeypatch, inner, outer):
    """Escapes, content, unknown members, calls that failed."""
    assert not is_matched(learned, line(inner, outer), monkeypatch)


def test_nothing_is_learned_from_few_lines(monkeypatch):
    """A pass over few lines does not pay for a pattern."""
    assert not is_matched(taught([line()] * (short_lines.PATIENCE + short_lines.SAMPLES - 1)), line(), monkeypatch)


def test_what_teaches_nothing_is_asked_ever_more_seldom(monkeypatch):
    """Lines that no shape fits are soon hardly looked at: each time the patience is twice that of the time before."""
    asked = []
    monkeypatch.setattr(short_lines, "_learned", lambda lines: asked.append(len(lines)))
    monkeypatch.setattr(ai_log, "parse", lambda *_: None)

    taught([line({"question": "q"})] * (7 * short_lines.PATIENCE + 3 * short_lines.SAMPLES))

    assert asked == [short_lines.SAMPLES] * 3


def test_odd_lines_teach_nothing(monkeypatch):
    """Lines that are no JSON, no call or no object leave what is known as it is."""
    odd = [
        b"no",
        b"[]",
        b"{}",
        b'{"ai_log":5}',
        b'{"ai_log":"[]"}',
        b'{"a":"1","ai_log":"{}"}',
        line({"question": "q"}),
    ]
    found = taught([line()] * (short_lines.PATIENCE + short_lines.SAMPLES))
    for each in odd * (2 * short_lines.PATIENCE + short_lines.SAMPLES):
        found.parse(each)

    assert is_matched(found, line(), monkeypatch)


def test_a_few_other_lines_change_nothing(learned, monkeypatch):
    """Lines of another format here and there go the ordinary way, and the shape of the others stays known."""
    other = line({"tier": ...}, {"authority": ...})
    for _ in range(short_lines.PATIENCE + short_lines.SAMPLES):
        learned.parse(other)
        learned.parse(line())

    assert is_matched(learned, line(), monkeypatch)


def test_a_shape_is_learned_from_what_lines_share(monkeypatch):
    """A usual member that none of these lines had may stand in the next one."""
    short = line(dict.fromkeys(["consumer", "llm_first_token_duration", "input_token_details"], ...))

    assert is_matched(taught([short] * (short_lines.PATIENCE + short_lines.SAMPLES)), line(), monkeypatch)


@pytest.mark.parametrize("key", ['x"y', "x\\y", "x\ny", ""])
def test_a_key_that_json_writes_otherwise_teaches_nothing(key):
    """A client can put members of its own into the outer line; no key of these makes a pattern of what is no JSON."""
    made = line({}, {key: "1"})
    found = taught([made] * (short_lines.PATIENCE + short_lines.SAMPLES))

    for each in (made, made.replace(b'\\"y', b'"y'), made.replace(b"x\\\\y", b"x\\y")):
        assert said(found.parse(each)) == said(ai_log.parse(each))


@pytest.mark.parametrize("name", ["request_id", "duration", "start_time"])
def test_a_member_of_the_other_object_is_none_of_a_calls(name, monkeypatch):
    """A gateway may write an attribute with the name of a field of the outer line, and leave that out."""
    made = line({name: 5}, {name: ...})
    reader = taught([made] * (short_lines.PATIENCE + short_lines.SAMPLES))

    assert is_matched(reader, made, monkeypatch)
    assert said(reader.parse(made)) == said(ai_log.parse(made))


def test_a_pattern_has_bounds(monkeypatch):
    """Lines with very many members teach nothing."""
    wide = line({}, {f"x{number}": "1" for number in range(100)})

    assert not is_matched(taught([wide] * (short_lines.PATIENCE + short_lines.SAMPLES)), wide, monkeypatch)


def test_another_format_is_learned_as_well(monkeypatch):
    """Where the gateway's configuration changes, the lines soon take the short way again."""
    found = taught([line()] * (short_lines.PATIENCE + short_lines.SAMPLES))
    other = line({"tier": ..., "team": 3}, {"authority": ..., "x": "1"})
    assert not is_matched(found, other, monkeypatch)

    for _ in range(2 * short_lines.PATIENCE + short_lines.SAMPLES):
        found.parse(other)

    assert is_matched(found, other, monkeypatch)


def test_the_session_files_are_the_same(tmp_path, monkeypatch):
    """A log of a gateway that logs no content gives the same session files, byte by byte, and most of it is not decoded."""
    log = tmp_path / "access.log"
    command = [sys.executable, GENERATOR, "--out", log, "--profile", "lite", "--lines", "2000", "--seed", "7"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    decoded = []
    parse = ai_log.parse
    monkeypatch.setattr(ai_log, "parse", lambda *arguments: decoded.append(1) or parse(*arguments))

    short = folder(tmp_path / "short", log)
    lines_decoded = len(decoded)
    monkeypatch.setattr(intake.LineReader, "parse", lambda _self, *arguments: parse(*arguments))

    assert short == folder(tmp_path / "ordinary", log)
    assert lines_decoded < 2 * (short_lines.PATIENCE + short_lines.SAMPLES)


def folder(output, log):
    """The session files of this log: names and bytes."""
    output.mkdir()
    Ingest([str(log)], Store(str(output)), Checkpoint(str(output / ".state.json"), str(output))).poll()
    return {path.name: path.read_bytes() for path in output.glob("*.json") if not path.name.startswith(".")}


def test_lines_with_attributes_beside_ai_log_are_told_as_ever():
    """Where a gateway's format has an attribute by itself, no shape is learned that would leave it out."""
    made = line({"consumer": ...}, {"consumer": "alice"})
    reader = taught([made] * (short_lines.PATIENCE + short_lines.SAMPLES))

    assert reader.parse(made).consumer == "alice"
