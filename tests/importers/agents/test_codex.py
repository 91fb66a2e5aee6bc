"""What the files of Codex say beyond the samples: two counters in one file, forks with and without their parents, texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.agent_files import clock, found, tokens, write


def meta(name, seconds=0, **more):
    """How a file of Codex begins."""
    return {
        "timestamp": clock(seconds),
        "type": "session_meta",
        "payload": {"id": name, "timestamp": clock(seconds), **more},
    }


def count(seconds, total, last=None):
    """The older counter: input, cached, output."""
    names = ("input_tokens", "cached_input_tokens", "output_tokens")
    info = {"total_token_usage": dict(zip(names, total))}
    if last:
        info["last_token_usage"] = dict(zip(names, last))
    return {"timestamp": clock(seconds), "type": "event_msg", "payload": {"type": "token_count", "info": info}}


def record(seconds, name, *counts):
    """The newer one."""
    usage = dict(zip(("input_tokens", "cached_input_tokens", "output_tokens"), counts))
    return {"timestamp": clock(seconds), "type": "token_usage_record", "payload": {"response_id": name, "usage": usage}}


def turn(seconds, model):
    """A turn begins."""
    return {"timestamp": clock(seconds), "type": "turn_context", "payload": {"model": model}}


def rollout(folder, name, *lines):
    """A file of Codex."""
    return write(folder / f"rollout-2026-05-01T10-00-00-{name}.jsonl", *lines)


def test_codex_counts_without_the_last(tmp_path):
    """What was added is what there is more than before; after a counter began anew, all that it has."""
    lines = [
        meta("a"),
        count(1, (10, 0, 1)),
        count(5, (30, 5, 4)),
        count(6, (30, 5, 4)),
        count(9, (7, 0, 2)),
        count(12, (10, 0, 3)),
    ]
    calls, _ = found("codex", rollout(tmp_path, "a", *lines))

    assert tokens(calls) == [(10, 0, 1), (20, 5, 3), (7, 0, 2), (3, 0, 1)]
    assert {each.call.model for each in calls} == {None}


def test_codex_counts_both_ways(tmp_path):
    """A session that a newer version goes on with: of the older counter what was before the first record."""
    lines = [
        meta("a"),
        turn(0, "m"),
        count(1, (10, 0, 1), (10, 0, 1)),
        record(5, "resp_0123456789a", 20, 5, 2),
        count(5, (30, 5, 3), (20, 5, 2)),
        record(9, "resp_0123456789b", 7, 0, 1),
        record(9, "resp_0123456789b", 7, 0, 1),
    ]
    calls, _ = found("codex", rollout(tmp_path, "a", *lines))

    assert list(dict.fromkeys(each.key for each in calls)) == [
        "codex:a:10:0:0:1:0",
        "id:resp_0123456789a",
        "id:resp_0123456789b",
    ]


@pytest.mark.parametrize("kind", ["fork", "sub-agent"])
@pytest.mark.parametrize("has_parent", [True, False])
def test_codex_forks(tmp_path, kind, has_parent):
    """What they copied of their parent is not theirs, be its file there or not: it comes in one burst."""
    history = [(10, 0, 1), (30, 5, 4), (60, 9, 9)]
    if has_parent:
        rollout(tmp_path, "p", meta("p"), *(count(10 * step, total) for step, total in enumerate(history, 1)))
    told = (
        {"forked_from_id": "p"}
        if kind == "fork"
        else {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "p"}}}}
    )
    copies = [count(100 + step / 100, total) for step, total in enumerate(history)]
    rollout(tmp_path, "c", meta("c", 100, **told), meta("p"), *copies, count(109, (80, 9, 11), (20, 0, 2)))
    calls = [each for each in found("codex", tmp_path)[0] if each.call.session_id == "codex:c"]

    assert tokens(calls) == [(20, 0, 2)]
    assert calls[0].call.more["parent"] == "codex:p"


@st.composite
def families(draw):
    """Sessions of Codex, each a fork of an earlier one or none: their files, and what each used itself."""
    files, used = {}, {}
    for number in range(draw(st.integers(1, 4))):
        name, clock = f"s{number}", number * 1000
        parent = draw(st.sampled_from([None, *files]))
        whole = files[parent][1] if parent else []
        copied = whole[: draw(st.integers(0, len(whole)))]
        totals = [copied[-1] if copied else 0]
        lines = [meta(name, clock, **({"forked_from_id": parent} if parent else {}))]
        lines += [count(clock + step / 1000, (total, 0, 1)) for step, total in enumerate(copied)]
        steps = draw(st.lists(st.integers(1, 3), max_size=6))
        for step, more in enumerate(steps, 1):
            totals.append(totals[-1] + more)
            lines += [count(clock + step * 5 + again, (totals[-1], 0, 1)) for again in range(draw(st.integers(1, 3)))]
            lines += draw(
                st.lists(st.sampled_from(['{"type":"world_state"}', "half a li", '{"token_count"']), max_size=1)
            )
        files[name], used[name] = (lines, [*copied, *totals[1:]]), sum(steps)
    lost = draw(st.sets(st.sampled_from(list(files)), max_size=1))
    return {name: lines for name, (lines, _) in files.items() if name not in lost}, used


@settings(max_examples=40, deadline=None)
@given(families())
def test_codex_families(tmp_path_factory, family):
    """Whoever is a fork of whom, and whether its file is there: each session has what it used itself."""
    files, used = family
    folder = tmp_path_factory.mktemp("codex")
    for name, lines in files.items():
        rollout(folder, name, *lines)
    sums = dict.fromkeys(files, 0)
    for each in found("codex", folder)[0]:
        sums[each.call.session_id[len("codex:") :]] += each.call.usage.input_tokens

    assert sums == {name: used[name] for name in files}


def test_codex_sub_agents_that_begin_anew(tmp_path):
    """They copied nothing."""
    rollout(tmp_path, "p", meta("p"), count(1, (10, 0, 1)))
    rollout(tmp_path, "c", meta("c", 5, forked_from_id="p"), count(9, (20, 0, 2)))

    assert tokens(found("codex", tmp_path)[0]) == [(20, 0, 2), (10, 0, 1)]


def test_codex_without_counts(tmp_path):
    """Very old files tell none, which is said."""
    assert found("codex", rollout(tmp_path, "a", meta("a"), turn(1, "m"))) == ([], {"no_counts": 1})


def test_codex_texts(tmp_path):
    """Without what Codex itself puts into a person's mouth."""

    def item(**payload):
        return {"timestamp": clock(1), "type": "response_item", "payload": payload}

    lines = [
        meta("a"),
        item(type="message", role="user", content=[{"type": "input_text", "text": "<environment_context>x"}]),
        item(type="message", role="user", content=[{"type": "input_text", "text": "Hello?"}]),
        item(type="reasoning", summary=[{"type": "summary_text", "text": "Hm."}]),
        item(type="function_call", name="shell", call_id="c", arguments="{}"),
        item(type="message", role="assistant", content=[{"type": "output_text", "text": "Hello."}]),
        record(2, "r", 1, 0, 1),
    ]
    (call,), _ = found("codex", rollout(tmp_path, "a", *lines), with_texts=True)
    said = call.call.said

    assert (said.question, said.answer, said.reasoning, len(said.tool_calls)) == ("Hello?", "Hello.", "Hm.", 1)
