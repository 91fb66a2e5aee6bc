"""The gateway's own plugin in a real Envoy, and a ledger of what each call was: does the monitor say so?

The long form is ``python3 -m tests.campaigns.gateway_lab``.
"""

from __future__ import annotations

import os
import platform
import sys

import pytest

from session_monitor.calls import ai_log
from session_monitor.calls.round import Round
from tests.campaigns.gateway_lab import lab, ledger, plugin, scenarios
from tests.campaigns.gateway_lab.ledger import Line, row


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A dozen kinds of calls under the plugin with all attributes; where the test tools bring all parts, CI has to."""
    missing = lab.lacks()
    if missing:
        brought = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info >= (3, 10)
        reason = f"needs {missing}, which tests/requirements.txt has for x86-64 Linux and Python 3.10 or newer"
        (pytest.fail if brought and os.environ.get("CI") == "true" else pytest.skip)(reason)
    return lab.play("full", tmp_path_factory.mktemp("gateway"), scenarios.short())


@pytest.fixture(scope="module")
def verdict(played):
    """What the monitor says of them, judged."""
    return played.verdict()


def test_every_call_through_the_real_plugin_is_what_it_was(verdict):
    """None is wrong, none made up, none that was cut short passes for a whole one, and the skipped ones are told."""
    assert verdict.faults() == []
    assert verdict.calls > 25
    assert verdict.right > 10


def test_the_real_plugin_was_there(played):
    """Each call but those that Envoy alone answered has what only the plugin can know."""
    lines = ledger.lines_of(played.log)

    told = [line for name in lines for line in lines[name] if line.ai_log and "model" in line.ai_log]
    assert len(told) > 10
    assert {call["request_id"] for call in played.ledger} == set(lines)


def test_the_wait_for_the_upstream_is_told_within_the_time(played):
    """A line of the real Envoy says how long the upstream took to its head: never longer than until what came behind it."""
    calls = [call for call in map(ai_log.parse, played.log.read_bytes().splitlines()) if isinstance(call, Round)]
    streams = [call for call in calls if call.upstream_ms is not None and call.first_token_ms is not None]
    wholes = [call for call in calls if call.upstream_ms is not None and call.response_type == "normal"]

    assert len(streams) > 5
    assert wholes
    clock = 1  # each is rounded down by itself
    assert all(call.upstream_ms <= call.first_token_ms + clock for call in streams)
    assert all(call.upstream_ms <= call.duration_ms + clock for call in wholes)
    nobody = [call for call in calls if "UF" in (call.response_flags or "")]
    assert [call.upstream_ms for call in nobody] == [None] * len(nobody)


# -- the judge ---------------------------------------------------------------------------------------------------------

SAID = {"chat_id": "c1", "session_id": "s", "model": "m", "input_token": 11, "output_token": 2, "answer": "fine"}
TOKENS = {"input": 11, "output": 2, "cached": 0, "reasoning": 0, "write": 0}
CALL = row("r1", "a call", session="s", model="m", tokens=TOKENS, answer="fine")
ROUND = {
    "outcome": "ok",
    "model": "m",
    "input_tokens": 11,
    "output_tokens": 2,
    "answer": "fine",
    "has_tool_calls": False,
}


def judged(call=CALL, line=SAID, shown=ROUND, flags="-", session="s", code=200):
    """The verdict on one call; ``line`` or ``shown`` None: there is none."""
    lines = {"r1": [Line(line, code, flags)]}
    rounds = {"r1": [(session, shown)]} if shown else {}
    return ledger.held(lines, [call], rounds, 0, content=True)


def test_a_right_call_has_no_fault():
    """What is shown as it was is right."""
    found = judged()

    assert (found.faults(), found.right, found.lost) == ([], 1, {})


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"shown": {**ROUND, "input_tokens": 12}}, "wrong: r1 (a call): input_tokens is 12, not 11"),
        ({"shown": {**ROUND, "model": None}}, "wrong: r1 (a call): model is None, not 'm'"),
        ({"shown": {**ROUND, "answer": "f"}}, "wrong: r1 (a call): answer is 'f', not 'fine'"),
        ({"shown": {**ROUND, "outcome": "failed"}}, "wrong: r1 (a call): outcome is 'failed', not 'ok'"),
        ({"session": "t"}, "wrong: r1 (a call): session is 't', not 's'"),
        ({"flags": "DC"}, "unmarked: r1 (a call)"),
        ({"shown": None}, "missing: r1 (a call): sent 1 times, 1 lines, 0 rounds"),
        ({"line": None, "shown": None}, "skipped: 1, told: 0"),
        ({"call": {**CALL, "ended": "no_call"}}, "made_up: r1 (a call): ok"),
        ({"call": {**CALL, "ended": "broken"}}, "shown_whole: r1 (a call): ok, None"),
        (
            {"call": {**CALL, "tool_calls": [["exec", "{}"]]}, "line": {**SAID, "answer": None}},
            "guessed: r1 (a call): no tool calls",
        ),
        (
            {"line": {"session_id": "s", "answer": "fine"}, "shown": {**ROUND, "input_tokens": 0}},
            "guessed: r1 (a call): 0 input tokens",
        ),
    ],
)
def test_a_wrong_one_is_found(changed, fault):
    """Whatever is shown otherwise than the log told it, or passes for what the log does not tell, is a fault."""
    assert fault in judged(**changed).faults()


def test_what_the_plugin_lost_is_no_fault_of_ours():
    """A value that does not stand in the line, and is not shown, is told as lost."""
    call = {**CALL, "answer": "more", "tool_calls": [["exec", "{}"], ["exec", "{}"]]}
    merged = [{"function": {"name": "exec", "arguments": "{}{}"}}]
    shown = {**ROUND, "tool_calls": merged, "has_tool_calls": True}

    found = judged(call, {**SAID, "tool_calls": merged}, shown)

    assert (found.faults(), found.lost) == ([], {"r1": ["answer", "tool_calls"]})


def test_a_round_that_nobody_asked_for_is_made_up():
    """A request id that is in no ledger has no round."""
    found = ledger.held({}, [], {"r9": [("s", ROUND)]}, 0, content=True)

    assert found.faults() == ["made_up: r9: a round of nothing that was sent"]


def test_a_module_gets_the_marker_that_envoy_knows():
    """The one name is replaced, all else stays; a module with none is refused."""
    exports = b"\x02" + b"\x06malloc\x00\x05" + b"\x19proxy_abi_version_0_2_1xx\x00\x81\x01"
    head, other = b"\0asm\x01\0\0\0", b"\x01\x02ab"

    changed = plugin.for_envoy(head + other + b"\x07" + bytes([len(exports)]) + exports)

    expected = b"\x02" + b"\x06malloc\x00\x05" + b"\x17proxy_abi_version_0_2_1\x00\x81\x01"
    assert changed == head + other + b"\x07" + bytes([len(expected)]) + expected
    with pytest.raises(ValueError, match="0 markers"):
        plugin.for_envoy(head + b"\x07\x05\x01\x01x\x00\x00")
