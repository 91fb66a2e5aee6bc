"""Rounds of a session as they are read: what is new, what came back, and no more than fits."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.conversations import round_pages
from session_monitor.conversations.round_pages import RoundSpan
from session_monitor.reports.report import Report
from session_monitor.search import in_session
from session_monitor.sessions import file_names
from tests.conversations.test_conversation import HISTORIES, talk
from tests.support import prepared
from tests.support.calls import BOOK, line, message
from tests.support.stored_rounds import keep, round_of


def sessions(folder, calls, *options):
    """The answers about a log with these lines."""
    (folder / "access.log").write_bytes(b"".join(each + b"\n" for each in calls))
    prepared.ingest(folder / "access.log", folder / "sessions", *options)
    return Report(str(folder / "sessions"), BOOK)


def asks(call_id, name="read"):
    """A call of a tool, as an answer has it."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 70), st.sampled_from(["after", "before", None]))
def test_spans(total, limit, at, which):
    """Rounds behind one, before one, or the last ones: in order, no more than so many, and only those there are."""
    span = RoundSpan(at if which == "after" else None, max(at, 1) if which == "before" else None, limit)
    numbers = list(span.numbers(total))
    everything = range(1, total + 1)
    meant = [n for n in everything if (n > at if which == "after" else n < max(at, 1) if which == "before" else True)]

    assert numbers == (meant[:limit] if which == "after" else meant[-limit:])


@pytest.mark.parametrize("options", [(), ("--messages", "full")])
def test_new_messages_and_results(tmp_path, options):
    """Each round has what is new in it, and its calls what came back with the next, however the messages are kept."""
    first, asked = message("read it"), {"role": "assistant", "content": None, "tool_calls": [asks("c1"), asks("c2")]}
    results = [
        {"role": "tool", "tool_call_id": "c1", "content": "all of it"},
        {"role": "tool", "tool_call_id": "c2", "content": "Error: no such file"},
    ]
    calls = [
        line("s", messages=[first], tool_calls=[asks("c1"), asks("c2")]),
        line("s", messages=[first, asked, *results], tool_calls=[asks("c3")], start_time="2026-02-01T09:31:00Z"),
        line("s", messages=[message("anew")], start_time="2026-02-01T09:32:00Z"),
    ]
    report = sessions(tmp_path, calls, *options)
    found = [entry for entry, _ in round_pages.rounds(report, report.session("s"), RoundSpan(after=0), 10**6)]

    assert [entry["messages"] for entry in found] == [[first], [asked, *results], [message("anew")]]
    assert [entry["messages_from_history"] for entry in found] == [0, 1, 0]
    assert [entry["messages_total"] for entry in found] == [1, 4, 1]
    told = [[call["result"] for call in entry["tool_calls"]] for entry in found]
    assert told == [
        [
            {"content": "all of it", "failed": False, "round": 2},
            {"content": "Error: no such file", "failed": True, "round": 2},
        ],
        [None],
        [],
    ]
    assert all("cost_usd" in entry for entry in found)


def test_results_come_with_the_next_round_of_the_conversation(tmp_path):
    """Among rounds of other conversations the one that goes on is found, on whichever side of the page it stands."""
    back = {"role": "tool", "tool_call_id": "c1", "content": "all of it"}
    keep(
        tmp_path,
        "s",
        round_of(1, tool_calls=[asks("c1")], has_tool_calls=True),
        round_of(2, thread=2),
        round_of(3, thread=3),
        round_of(4, messages=[back], messages_from_history=1, history_of=1),
        round_of(5, messages=[{**back, "content": "of another"}], messages_from_history=1, history_of=2, thread=2),
    )
    report = Report(str(tmp_path), BOOK)
    row = report.session("s")

    (page,) = round_pages.rounds(report, row, RoundSpan(after=0, limit=1), 10**6)

    assert page[0]["tool_calls"][0]["result"] == {"content": "all of it", "failed": False, "round": 4}
    assert round_pages.whole(report, row, 1) == page[0]
    assert [entry["round"] for entry, _ in round_pages.rounds(report, row, RoundSpan(limit=9), 10**6)] == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_rounds_tell_no_tokens_as_null(tmp_path):
    """What a round of a page tells to programs is what every face tells: no count that the log does not have."""
    keep(tmp_path, "s", round_of(1, no_tokens=True, outcome="left"))
    report = Report(str(tmp_path), BOOK)

    ((entry, _),) = round_pages.rounds(report, report.session("s"), RoundSpan(), 10**6)

    assert (entry["input_tokens"], entry["total_tokens"], entry["cost_usd"]) == (None, None, None)
    assert (entry["outcome"], entry["unpriced"]) == ("left", "no_tokens")


def test_results_of_anthropic(tmp_path):
    """What came back is found also where it is a part of the user's message."""
    back = {"type": "tool_result", "tool_use_id": "c1", "content": "no", "is_error": True}
    calls = [
        line("s", messages=[message("go")], tool_calls=[asks("c1")]),
        line("s", messages=[message("go"), {"role": "user", "content": [back]}], start_time="2026-02-01T09:31:00Z"),
    ]
    report = sessions(tmp_path, calls)
    entry = round_pages.whole(report, report.session("s"), 1)

    assert entry["tool_calls"][0]["result"] == {"content": "no", "failed": True, "round": 2}
    assert round_pages.whole(report, report.session("s"), 3) is None


def test_odd_tool_calls(tmp_path):
    """Calls that are no objects, or have no id, are told as they are, without a result."""
    calls = [line("s", tool_calls=["text", {"id": 7}, None], answer="a"), line("s", ["x"])]
    report = sessions(tmp_path, calls)
    entry = round_pages.whole(report, report.session("s"), 1)

    assert [call["result"] for call in entry["tool_calls"]] == [None] * 3
    assert entry["tool_calls"][0]["call"] == "text"
    assert entry["tool_calls"][1]["id"] == 7


@settings(max_examples=40)
@given(HISTORIES, st.booleans(), st.integers(0, 5), st.integers(0, 6))
def test_any_messages_of_a_round(tmp_path_factory, histories, full_messages, first, end):
    """Those that were sent before are read where they were new, and given as they were sent with this round."""
    folder = tmp_path_factory.mktemp("sessions")
    sent = talk(folder, histories, full_messages=full_messages)
    report = Report(str(folder), BOOK)
    row = report.session("s")

    for number, messages in enumerate(sent, 1):
        last = min(end, len(messages))
        assert round_pages.messages(report, row, number, first, last) == messages[first:last]


def test_what_a_message_wore_is_not_put_on_the_one_in_its_place(tmp_path):
    """A list that goes another way from there on is given as it was sent."""
    user, marked = message("a"), {"role": "user", "content": [{"type": "text", "text": "c", "cache_control": {}}]}
    lists = [
        [user, message("b"), message("c")],
        [user, message("b"), marked, message("d")],
        [user, message("b"), message("x")],
    ]
    report = sessions(tmp_path, [line("s", messages=each) for each in lists])
    row = report.session("s")

    assert [round_pages.messages(report, row, number, 0, 9) for number in (1, 2, 3)] == lists


def test_what_came_back_in_the_same_conversation(tmp_path):
    """What a tool said comes with the next round of its own conversation, whatever was called in between."""
    asked, result = {"role": "assistant", "content": None, "tool_calls": [asks("c1")]}, message("all of it", "tool")
    calls = [
        line("s", ["read it"], tool_calls=[asks("c1")]),
        line("s", ["give it a title"], answer="Reading", start_time="2026-02-01T09:31:00Z"),
        line("s", messages=[message("read it"), asked, {**result, "tool_call_id": "c1"}], answer="x"),
    ]
    report = sessions(tmp_path, calls)
    row = report.session("s")
    found = [entry for entry, _ in round_pages.rounds(report, row, RoundSpan(), 10**6)]

    assert found[0]["tool_calls"][0]["result"] == {"content": "all of it", "failed": False, "round": 3}
    assert [entry["messages_from_history"] for entry in found] == [0, 0, 1]
    assert [entry["thread"] for entry in found] == [1, 2, 1]
    assert round_pages.whole(report, row, 1)["tool_calls"] == found[0]["tool_calls"]


def test_no_more_than_fits(tmp_path):
    """Of large rounds fewer are given, from the side from which they were asked for, but always one."""
    texts = [f"{number} " + "x" * 3000 for number in range(10)]
    calls = [line("s", texts[: n + 1], start_time=f"2026-02-01T09:3{n}:00Z", answer="y" * 3000) for n in range(10)]
    report = sessions(tmp_path, calls)
    row = report.session("s")

    def numbers(span, most):
        return [entry["round"] for entry, _ in round_pages.rounds(report, row, span, most)]

    assert numbers(RoundSpan(after=0), 10**6) == list(range(1, 11))
    assert numbers(RoundSpan(after=0), 20_000) == [1, 2]
    assert numbers(RoundSpan(), 20_000) == [9, 10]
    assert numbers(RoundSpan(before=5), 1) == [4]
    assert numbers(RoundSpan(after=10), 10**6) == []
    assert numbers(RoundSpan(these=(9, 2, 2, 11, 5)), 10**6) == [2, 5, 9]
    assert numbers(RoundSpan(these=(9, 2, 5)), 20_000) == [2, 9]


def test_what_fits_has_no_gap(tmp_path):
    """Behind a round that does not fit none is given, however small."""
    keep(tmp_path, "s", *(round_of(number, answer="y" * (9000 if number == 2 else 10)) for number in range(1, 5)))
    report = Report(str(tmp_path), BOOK)
    row = report.session("s")

    def numbers(span):
        return [entry["round"] for entry, _ in round_pages.rounds(report, row, span, 5000)]

    assert numbers(RoundSpan(after=0)) == [1]
    assert numbers(RoundSpan()) == [3, 4]


@pytest.mark.parametrize("options", [(), ("--messages", "full")])
def test_messages_of_a_round(tmp_path, options):
    """Any part of what a round sent is put together from where it was new."""
    texts = [f"m{number}" for number in range(12)]
    rewritten = [*texts[:3], "summary", *texts[10:]]
    lists = [texts[:2], texts[:5], texts[:5], texts, rewritten, [*rewritten, "end"]]
    calls = [line("s", each, start_time=f"2026-02-01T09:3{n}:00Z") for n, each in enumerate(lists)]
    report = sessions(tmp_path, calls, *options)
    row = report.session("s")

    for number, sent in enumerate(lists, 1):
        for first in range(len(sent) + 1):
            for end in range(first, len(sent) + 3):
                found = round_pages.messages(report, row, number, first, end)
                assert found == [message(text) for text in sent[first:end]]


def test_a_file_that_is_cut_off(tmp_path):
    """Rounds whose lines are not whole any more are left out, and those before them are given."""
    report = sessions(tmp_path, [line("s", [f"m{n}"], start_time=f"2026-02-01T09:3{n}:00Z") for n in range(4)])
    row = report.session("s")
    places = report.places("s", 3, 3, None)
    os.truncate(file_names.path_of(report.folder, row.file), places[0].start + 10)

    assert [entry["round"] for entry, _ in round_pages.rounds(report, row, RoundSpan(after=0), 10**6)] == [1, 2]


def test_find(tmp_path):
    """A text is found in the rounds in which it was said first, with what stands around it."""
    calls = [
        line("s", ["x" * 200 + "Straße" + "y" * 200], answer="no"),
        line("s", ["x" * 200 + "Straße" + "y" * 200, "b"], answer="STRASSE straße", start_time="2026-02-01T09:31:00Z"),
    ]
    report = sessions(tmp_path, calls)
    found = list(in_session.find(report, report.session("s"), "STRAßE", 10))

    assert [(number, where) for number, where, _, _ in found] == [(1, "question"), (2, "answer")]
    excerpt, ((start, end),) = found[0][2:]
    assert excerpt[start:end] == "Straße"
    assert len(excerpt) == 80 + 6 + 80
    assert list(in_session.find(report, report.session("s"), "no", 0)) == []


def test_what_fits_tells_all_that_it_has_cut():
    """Each cut text is told, by the number of its message, in the order of the messages."""
    given, clips = round_pages.fitting([message(name * 30_000) for name in "abcd"], 5, 10**9)

    assert [each["content"][0] for each in given] == ["a", "b", "c", "d"]
    assert [clip.path for clip in clips] == [f"messages/{number}/content" for number in range(5, 9)]
