"""Messages that were sent before: nothing changes where they are not decoded again."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import ai_log, attributes, long_lines
from session_monitor.calls.long_lines import Sent
from session_monitor.calls.round import Round
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions import message_history, store
from session_monitor.sessions.rounds import all_rounds, with_all_messages
from session_monitor.sessions.store import Store

START = '{"ai_log":'


def go_string(text):
    """A JSON string as Go writes it: <, > and & escaped."""
    return json.dumps(text, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def line(messages, session_id="s", dumps=json.dumps, before=(), behind=(), **attributes):
    """A line in the gateway's shape: keys in order, ``messages`` among them; ``before`` and ``behind`` are raw members."""
    values = {"api": "-", "input_token": 10, "output_token": 5, "model": "m", "session_id": session_id, **attributes}
    values["messages"] = messages
    members = [f"{json.dumps(key)}:{dumps(values[key])}" for key in sorted(values)]
    members = [*before, *members, *behind]
    inner = "{" + ",".join(members) + "}"
    outer = '"response_code":"200","start_time":"2026-02-01T09:30:15Z"}'
    return (START + go_string(inner) + "," + outer).encode("utf-8", "surrogatepass")


def compact(value):
    """JSON without spaces, as the gateway writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def escaped(value):
    """The same with other escapes."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


def long(text, role="user"):
    """A message long enough to be worth while."""
    return {"role": role, "content": text + "x" * long_lines.SHORTEST}


def folder(tmp_path, name, lines, *, skipping, batch=0):
    """The session files that come of these lines: names and bytes."""
    output = tmp_path / name
    output.mkdir()
    log = tmp_path / f"{name}.log"
    log.write_bytes(b"".join(each + b"\n" for each in lines))
    kept = Store(str(output))
    if not skipping:
        kept.sent = lambda _session_id: ()
    ingest = Ingest([str(log)], kept, Checkpoint(str(output / ".state.json"), str(output)))
    if batch:
        ingest._is_full = lambda: len(kept._touched) >= batch
    ingest.poll()
    return {path.name: path.read_bytes() for path in output.glob("*.json") if not path.name.startswith(".")}


TEXTS = st.text(st.sampled_from('ab"\\/<>&\n\t\0\u2028é天🙂\ud800],}{['), max_size=12) | st.sampled_from(
    ['\\"messages\\":[', '],"model":"evil"', '\\"session_id\\":\\"t\\"', '{"ai_log":"', "<b>&", "]}"]
)
CALLS = st.lists(
    st.builds(
        lambda number, name: {"id": f"c{number}", "function": {"name": name, "arguments": '{"messages":[1]}'}},
        st.integers(0, 3),
        TEXTS,
    ),
    min_size=1,
    max_size=2,
)
MESSAGES = st.one_of(
    st.builds(lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "system"]), TEXTS),
    st.builds(lambda text, calls: {"role": "assistant", "content": text, "tool_calls": calls}, TEXTS, CALLS),
    st.builds(lambda n, text: {"role": "tool", "tool_call_id": f"c{n}", "content": text}, st.integers(0, 3), TEXTS),
    st.builds(lambda text: {"role": "user", "content": [{"type": "text", "text": text}], "messages": [1]}, TEXTS),
    st.sampled_from([None, 5, "text", [], {"messages": [{"session_id": "t"}], "model": "evil"}]),
    st.builds(
        lambda mark: {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": mark}]},
        st.sampled_from([{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}, {"ttl": 1}]),
    ),
)
WRITING = {"input_token_details": {"cache_creation_input_tokens": 7}, "model": "claude-sonnet-4-5"}


@st.composite
def histories(draw):
    """Calls of two sessions whose histories grow, shrink, fork, are compacted, reordered, escaped otherwise or cut."""
    current = {"s": [long("first")], "t": [long("first")]}
    calls = []
    for _ in range(draw(st.integers(2, 10))):
        name = draw(st.sampled_from("sst"))
        history = current[name]
        how = draw(st.sampled_from(["grow"] * 14 + ["again", "shrink", "fork", "compact", "reorder", "change", "none"]))
        new = draw(st.lists(MESSAGES, min_size=1, max_size=3))
        if how == "grow":
            history = [*history, *new]
        elif how == "shrink":
            history = history[: draw(st.integers(0, len(history)))]
        elif how == "fork":
            history = [*history[: draw(st.integers(0, len(history)))], *new]
        elif how == "compact":
            history = [*history[:1], long("summary"), *new]
        elif how == "reorder":
            history = [*reversed(history), *new]
        elif how == "change":
            history = [*history[:-1], *new, long("end")]
        current[name] = history
        sent = [] if how == "none" else history
        more = draw(
            st.sampled_from(
                [{}, {}, {"question": "q", "answer": "a"}, WRITING, WRITING, {"tool_calls": [{"messages": [1]}]}]
            )
        )
        odd = draw(st.sampled_from([{}] * 14 + [{"behind": ['"messages":[1]']}, {"before": ['"a":{"messages":[[]]}']}]))
        dumps = draw(st.sampled_from([compact] * 12 + [escaped, json.dumps]))
        made = line(sent, name, dumps, **more, **odd)
        cut = draw(st.sampled_from([0] * 20 + [1, 40, 300]))
        calls.append(made[:-cut] if cut else made)
    return calls


@given(histories(), st.integers(0, 3), st.sampled_from([store.MOST_SENT, 0]))
def test_skipping_changes_nothing(tmp_path_factory, calls, batch, most):
    """Whatever histories do, the session files are the same, byte by byte, as when all is decoded."""
    place = tmp_path_factory.mktemp("resent")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "MOST_SENT", most)
        fast = folder(place, "fast", calls, skipping=True, batch=batch)
    slow = folder(place, "slow", calls, skipping=False)

    assert fast.keys() == slow.keys()
    for name, content in fast.items():
        if batch:  # the footers tell what was written last
            assert content.splitlines()[:-1] == slow[name].splitlines()[:-1]
        else:
            assert content == slow[name]


def known(*messages, raw=True):
    """What a session sent last, if it sent these."""
    inner = go_string(",".join(map(compact, messages)))[1:-1].encode()
    sent = Sent(len(messages), len(inner), inner)
    return lambda session_id: [sent if raw else sent.without_bytes()] if session_id == "s" else []


@pytest.mark.parametrize("raw", [True, False])
def test_a_history_that_goes_on_is_not_decoded(raw):
    """What is left of a line is its new messages; from its bytes or from their digest, the same is known to be sent."""
    first, second = (
        long("<1>"),
        {"role": "assistant", "content": "2", "messages": [{"session_id": "t"}], "model": "evil"},
    )
    third = {"role": "user", "content": '],"model":"evil"'}

    found = ai_log.parse(line([first, second, third], dumps=compact), known(first, raw=raw))

    assert (found.messages, found.from_history) == ([second, third], 1)
    (whole,) = known(first, second, third)("s")
    assert found.sent.raw == whole.raw


@pytest.mark.parametrize("raw", [True, False])
def test_of_a_history_that_goes_on_it_is_known_what_it_asked_to_keep(raw):
    """Messages that are not decoded again still ask for what they asked for, together with those that are new."""
    marked = {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"ttl": "1h"}}]}
    first = ai_log.parse(line([long("1"), marked], dumps=compact, **WRITING), known())
    sent = first.sent if raw else first.sent.without_bytes()
    answer = {"role": "assistant", "content": "2"}

    again = ai_log.parse(line([long("1"), marked, answer, 3], dumps=compact, **WRITING), lambda _: [sent])

    assert (again.from_history, again.usage.parts) == (2, first.usage.parts)
    assert again.usage.parts.stored() == {"cache_write_1h_tokens": 7}


@pytest.mark.parametrize(
    "made",
    [
        line([long("1"), 2], "t", compact),
        line([long("other"), 2], dumps=compact),
        line([long("2"), 2], dumps=compact),
        line([long("1"), {"role": "assistant", "content": "2"}], dumps=compact),
        line([long("1"), 2], dumps=compact).replace(b'"{', b'"x{'),
        line([long("1"), 2], dumps=compact).replace(b'{"ai_log"', b'{"my_log"'),
        line([long("1"), "@"], dumps=compact).replace(rb"\"@\"", b"[" * 100_000 + b"]" * 100_000),
        line([long("1")], dumps=compact),
        line([long("1"), 2], dumps=json.dumps),
        line([long("1"), {"role": "tool", "tool_call_id": "c", "content": "result"}], dumps=compact),
        line([long("1"), 2], dumps=compact, behind=['"messages":[]']),
        line([long("1"), 2], dumps=compact, behind=['"session_id":"t"']),
        line([long("1"), 2], dumps=compact).replace(rb"\"model\"", rb"\"name\""),
        line([long("1"), 2], dumps=compact)[:-1],
        line([long("1"), 2], dumps=compact).replace(rb"],\"model", rb",],\"model"),
        line([long("1")], dumps=compact).replace(rb"],\"model", rb",],\"model"),
        line([long("1"), 2], dumps=compact).replace(rb"],\"model", rb"]],\"model"),
        line([long("1"), 2], dumps=compact).replace(rb"],\"model", rb"],[3],\"model"),
        line([long("1"), 2], dumps=compact).replace(rb"],\"model", b'"],\\"model'),
        line([long("1"), 2], dumps=compact).replace(b'"{', b'"[{').replace(b'}"', b'}]"'),
        line([long("1"), 2], dumps=compact, before=['"a":{"messages":[]}']),
        line(
            [long("1"), 2], dumps=compact, before=[f'"a":{{{compact("messages")}:{compact([long("1"), 3])},"model":1}}']
        ),
        line([long("1"), 2], dumps=compact) + line([long("1"), 2, 3], dumps=compact),
        line([long("1"), 2], dumps=compact).replace(b'}"', b'}x"'),
        line([long("1"), 2], dumps=compact)[:-1] + b',"x":{"ai_log":"-"}}',
        line([long("1"), 2], "t", compact, tool_calls=[{"session_id": "s"}]),
        line([long("1"), functools.reduce(lambda inner, _: [inner], range(attributes.DEEPEST), 1)], dumps=compact),
        line([long("1"), {"a": [1], "model": 1}], dumps=compact).replace(rb"],\"model\":\"m\"", b"]"),
    ],
)
def test_what_is_odd_is_decoded_as_a_whole(made):
    """Another session or two, another beginning, nothing new, results without their call, lists that are none or several.

    Also what is too deep, and what stands behind the object or in the line a second time.
    """
    found = ai_log.parse(made, known(long("1")))

    assert (found._replace(sent=None) if isinstance(found, Round) else found) == ai_log.parse(made)


def test_a_message_that_goes_on_is_another():
    """A number is not the one that it begins with."""
    assert ai_log.parse(line([long("1"), 125], dumps=compact), known(long("1"), 1)).messages == [long("1"), 125]


def test_a_short_history_is_not_worth_it():
    """What is decoded in no time is not remembered."""
    assert ai_log.parse(line([1, 2], dumps=compact), known(1)).from_history == 0
    assert long_lines.take_apart(b"{}", known(1)) is None


def test_what_is_remembered_is_bounded(tmp_path, monkeypatch):
    """Of more than so many bytes, digests stand for what was quiet for longest; the next call still goes on from them."""
    monkeypatch.setattr(store, "MOST_SENT", 4 * long_lines.SHORTEST)
    kept = Store(str(tmp_path))
    for number in range(20):
        call = ai_log.parse(line([long("1")], f"s{number}", compact), kept.sent)
        kept.add(call, ("g", number, number + 1))

    held = [sent for number in range(20) for sent in kept.sent(f"s{number}")]
    assert sum(len(each.line) for each in held) <= 4 * long_lines.SHORTEST + len(held[-1].line)
    assert held[0].digest
    assert not held[0].line
    again = ai_log.parse(line([long("1"), 2], "s0", compact), kept.sent)
    assert (again.from_history, again.messages) == (1, [2])


def test_two_conversations_of_a_session_both_go_on(tmp_path):
    """A call is held against what each conversation sent last; of none of them anything is decoded again."""
    kept = Store(str(tmp_path))
    talks, found = {"a": [], "b": []}, []
    for number, name in enumerate("abababba"):
        talks[name].append(long(f"{name}{number}"))
        found.append(ai_log.parse(line(talks[name], dumps=compact), kept.sent))
        kept.add(found[-1], ("g", number, number + 1))

    assert [(each.from_history, each.from_thread) for each in found] == [
        *((0, 0), (0, 0), (1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (3, 1))
    ]
    assert all(len(each.messages) == 1 for each in found)


def test_of_several_beginnings_the_longest_counts():
    """Where a line begins with what two conversations sent, it goes on with the longer one."""
    one, two = (known(*each)("s")[0] for each in ([long("1")], [long("1"), long("2")]))
    made = line([long("1"), long("2"), 3], dumps=compact)

    for sent in ([one, two], [two, one], [one, two.without_bytes()]):
        assert ai_log.parse(made, lambda _session_id, sent=sent: sent).from_history == 2


def test_the_sample_is_read_alike(tmp_path):
    """A gateway's own lines give the same session files with skipping and without."""
    lines = (Path(__file__).parent.parent / "data" / "sample" / "access.log").read_bytes().splitlines()

    assert folder(tmp_path, "fast", lines, skipping=True) == folder(tmp_path, "slow", lines, skipping=False)


def test_a_conversation_that_is_not_remembered_any_more_is_decoded_as_a_whole(tmp_path, monkeypatch):
    """Also where others took its place whose lines were too short to be kept: none of its messages is lost."""
    monkeypatch.setattr(message_history, "MOST_THREADS", 3)
    kept = Store(str(tmp_path))
    sent = [[long("a")], [1], [2], [3], [long("a"), 4]]
    for number, each in enumerate(sent):
        kept.add(ai_log.parse(line(each, dumps=compact), kept.sent), ("g", number, number + 1))
    kept.flush()

    with open(next(tmp_path.glob("*.json")), "rb") as file:
        assert [each["messages"] for each in with_all_messages(all_rounds(file))] == sent
