"""Agents that go on without getting ahead."""

from __future__ import annotations

import pytest

from session_monitor.insight.basis import limits
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.basis.turns import turns
from session_monitor.insight.judging import idling
from tests.support import judged_sessions

RULES = limits.usual()
ASK = {"user": "Look."}


def found(folder, rule, *steps, rounds=None, pico=None, **script):
    """What a rule finds in a session of these steps."""
    calls, _ = judged_sessions.of_script(folder / "sessions", {**script, "steps": list(steps)})
    usual = {"usual_rounds": rounds, "usual_pico": pico}
    return list(getattr(idling, rule)(turns(prompts(calls)), {**RULES.of(rule), **usual}))


def places(findings):
    """Severity, first and last round of each."""
    return [(each.severity, each.first, each.last) for each in findings]


def work(times):
    """So many rounds with tools."""
    return {"times": times, "steps": [{"ask": [["read", {"at": "{n}"}]], "get": ["part {n}"]}]}


def test_a_runaway_is_far_more_than_usual(tmp_path):
    """Rounds and money both have to be far above what is usual; what came beyond the usual is at stake."""
    steps = [{**ASK, "ask": [["read", {}]], "get": ["A"]}, work(44)]

    (told,) = found(tmp_path, "runaway", *steps, rounds=12, pico=1000)

    assert (told.severity, told.first, told.last, told.details["times"]) == ("info", 1, 45, 45)
    assert told.pico == sum(prompt.call.pico for prompt in _prompts(tmp_path)[36:])
    assert found(tmp_path / "a", "runaway", *steps, rounds=16, pico=1000) == []
    assert found(tmp_path / "b", "runaway", *steps, rounds=12, pico=10**15) == []


def _prompts(folder):
    calls, _ = judged_sessions.of_script(
        folder / "again", {"steps": [{**ASK, "ask": [["read", {}]], "get": ["A"]}, work(44)]}
    )
    return list(prompts(calls))


def test_nobody_runs_away_where_the_usual_is_not_known(tmp_path):
    """Without what is usual nothing is found."""
    steps = [{**ASK, "say": "."}, {"user": "Go.", "ask": [["read", {}]], "get": ["A"]}, work(60)]

    assert found(tmp_path, "runaway", *steps) == []


@pytest.mark.parametrize("form", ["openai", "anthropic"])
def test_a_monologue(tmp_path, form):
    """The same answer three times is one; calls of tools, other words and a person's word end it."""
    same = {"say": "I will go on."}

    assert places(found(tmp_path / "a", "monologue", ASK, *[same] * 3, form=form)) == [("warning", 2, 4)]
    assert found(tmp_path / "b", "monologue", ASK, same, same, {"say": "It is done."}, same, same, form=form) == []
    assert found(tmp_path / "c", "monologue", ASK, same, same, {"user": "Do!", **same}, same, form=form) == []
    assert (
        found(tmp_path / "d", "monologue", ASK, *[{**same, "ask": [["read", {}]], "get": ["A"]}] * 4, form=form) == []
    )


def test_no_answer(tmp_path):
    """Two empty answers in a row are told; where tokens were written the log only lacks them."""
    empty, one = {"out": 0}, {"say": "Yes."}

    assert places(found(tmp_path / "a", "no_answer", ASK, empty, empty)) == [("warning", 1, 3)]
    assert places(found(tmp_path / "b", "no_answer", {**ASK, "say": "A."}, *[{"user": "So?", **empty}, empty])) == [
        ("warning", 2, 3)
    ]
    assert found(tmp_path / "c", "no_answer", {**ASK, **one}, {"user": "So?", **empty}, {"user": "And?", **one}) == []
    assert found(tmp_path / "d", "no_answer", {**ASK, "out": 900}, {"out": 900}, {"out": 900}) == []
    assert found(tmp_path / "e", "no_answer", {**ASK, "status": 500}, {"status": 500}, {"status": 500}) == []
