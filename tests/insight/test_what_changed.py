"""What is no more the same between the prompts of two rounds: where, which words, and of what kind is it?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.insight import session_insights, what_changed
from session_monitor.reports.report import Report
from tests.support import corpus
from tests.support.calls import BOOK
from tests.support.judged import ingested


def user(text):
    """A message of a person."""
    return {"role": "user", "content": text}


THREE = [user("one"), user("two"), user("three")]


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ("2026-11-02T09:00:23Z.", "2026-11-02T09:00:31Z.", "time"),
        ("Monday, November 2, 2026", "Tuesday, November 3, 2026", "time"),
        ("9:41 AM", "9:42 AM", "time"),
        ("1793610000", "1793610060", "time"),
        ("3f2b9c1e-8a77-4c1d-9e0f-aa12bb34cc56", "7f2b9c1e-8a77-4c1d-9e0f-aa12bb34cc00", "id"),
        ("run_8a774c1d9e0f", "run_9b885d2e0f1a", "id"),
        ("7", "8", "number"),
        ("1,204", "1,377", "number"),
        ("cart", "invoice", "text"),
        ("", "cart", "text"),
    ],
)
def test_kinds_of_words(before, now, kind):
    """A time, an id and a number are told from other words."""
    assert what_changed.kind_of(before, now) == kind


def test_the_words_alone_are_told():
    """What the lines share stands in neither."""
    assert what_changed.changed_words("It is 09:41 now, be brief", "It is 09:42 now, be brief") == ("09:41", "09:42")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ([*THREE, user("four")], None),
        ([THREE[0], user("2"), THREE[2]], ("text", 1, 1, "two", "2", 0)),
        ([THREE[0], THREE[2], user("four")], ("removed", 1, None, None, None, 1)),
        (THREE[:2], ("removed", 2, None, None, None, 1)),
        ([user("zero"), *THREE], ("added", 0, None, None, None, 1)),
        ([THREE[0], THREE[2], THREE[1]], ("reordered", 1, None, None, None, 0)),
        ([user("one\nand more"), *THREE[1:]], ("text", 0, 2, "", "and more", 0)),
    ],
)
def test_where_lists_differ(now, told):
    """Messages that only go on have not changed; else the first place is told, and what is other there."""
    found = what_changed.between(1, 2, THREE, now)

    assert (found and (found.kind, found.message, found.line, found.before, found.now, found.messages)) == told


@given(st.text(), st.text())
def test_any_texts(before, now):
    """Whatever stands in two messages: what is told of it is short, and never the same twice."""
    found = what_changed.between(1, 2, [user(before)], [user(now)])

    assert (found is None) == (before == now)
    assert found is None or max(len(found.before), len(found.now)) <= 200


def test_what_had_changed_before_a_finding(tmp_path):
    """Of a finding the words are told from the session's file: the time in a system prompt, the count in a message."""
    names = ("time_in_system", "number_in_system_anthropic", "early_message_edited", "provider")
    scripts = {f"cache/{name}": corpus.cases()[f"cache/{name}"] for name in names}
    report = Report(str(ingested(tmp_path, corpus.log_of(scripts))), BOOK, now=0)
    found = []
    for name in scripts:
        finding = next(
            each for each in session_insights.of_session(report, name).findings if each.kind == "cache_missed"
        )
        told = what_changed.of_finding(report, name, finding)
        found.append(told and (told.kind, told.message, told.role, told.now))

    assert found == [
        ("text", 0, "system", "It is 2026-11-02T09:00:25.120Z."),
        ("text", None, "system", "This is step 1."),
        ("number", 1, "user", "2"),
        None,
    ]
    later = what_changed.of_round(report, "cache/time_in_system", 3, 2)
    assert (later.kind, later.before, later.now) == ("time", "2026-11-02T09:00:25.120Z.", "2026-11-02T09:00:33.240Z.")
    assert what_changed.of_round(report, "nobody", 2) is None


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ([user("other"), *THREE[1:]], 'From round 1 to 2, line 1 of message 1 (user): "one" became "other"'),
        ([THREE[0], user(""), THREE[2]], 'From round 1 to 2, line 1 of message 2 (user): "two" became nothing'),
        (THREE[1:], "From round 1 to 2, 1 message was removed from message 1 (user)"),
        (
            [*THREE[:1], user("x"), user("y"), *THREE[1:]],
            "From round 1 to 2, 2 messages were added in front of message 2 (user)",
        ),
        (
            [THREE[1], THREE[0], THREE[2]],
            "From round 1 to 2, messages were put in another order from message 1 (user) on",
        ),
    ],
)
def test_in_words(now, told):
    """Each change is said in a sentence, with the words as they are."""
    assert what_changed.in_words(what_changed.between(1, 2, THREE, now)) == told


def test_kinds_in_words():
    """What varies is said to be a time, an id or a number; a system prompt with a place of its own is named so."""
    change = what_changed.WhatChanged(1, 2, what_changed.ID, None, "system", 3, "a1", "b2")
    assert what_changed.in_words(change) == 'From round 1 to 2, line 3 of the system prompt: "a1" became "b2" (an id)'
    assert what_changed.in_words(change._replace(kind=what_changed.TIME)).endswith("(a time)")
