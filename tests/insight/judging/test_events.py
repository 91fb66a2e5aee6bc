"""What happened to a conversation, and where."""

from __future__ import annotations

from session_monitor.insight.basis import limits
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.judging import events
from tests.support import judged_sessions

RULES = limits.usual()
TALK = [{"user": f"Question {at}?", "say": f"Answer {at}."} for at in range(5)]


def found(folder, rule, *steps, **script):
    """First and last round of what a rule finds in a session of these steps, with its details."""
    calls, _ = judged_sessions.of_script(folder / "sessions", {**script, "steps": list(steps)})
    of_rule = getattr(events, rule)(list(prompts(calls)), RULES.of(rule))
    return [(each.first, each.last, dict(each.details)) for each in of_rule]


def test_a_fork(tmp_path):
    """A question that was asked otherwise in an earlier place: at which message, and how many were dropped."""
    again = {"user": "Something else?", "say": "Yes."}

    assert found(tmp_path / "a", "fork", *TALK[:3], {"back_to": 4}, again, TALK[4], system="Be brief.") == []
    assert found(tmp_path / "b", "fork", *TALK[:3], {"back_to": 2}, again, TALK[4]) == [
        (4, 4, {"message": 2, "dropped": 3, "since": 3})
    ]
    assert found(tmp_path / "c", "fork", *TALK) == []


def test_a_cut_history_is_no_fork(tmp_path):
    """Neither is a compacted one, nor a message that is cleared."""
    assert found(tmp_path / "a", "fork", *TALK, {"compact": "So far.", "keep": 2}, TALK[0], system="Be brief.") == []
    assert found(tmp_path / "b", "fork", *TALK, {"edit": [3, "[cleared]"]}, TALK[0]) == []


def test_a_system_prompt_that_changes(tmp_path):
    """Changes with each call are one finding, a later one another; what varies in it alone is told apart."""
    date = {"system": "Be brief. Today is 2026-11-0{n}."}

    assert found(tmp_path / "a", "system_changed", *TALK, system="Be brief.") == []
    told = found(tmp_path / "b", "system_changed", date, TALK[0], TALK[1], date, TALK[2], date, TALK[3], TALK[4])
    assert [(first, last, details["times"], details["is_varying"]) for first, last, details in told] == [
        (3, 4, 2, True)
    ]
    told = found(
        tmp_path / "c",
        "system_changed",
        *TALK[:2],
        {"system": "Be kind."},
        *TALK[2:4],
        {"system": "Be."},
        TALK[4],
        system="Be brief.",
        form="anthropic",
    )
    assert [(first, last, details["is_varying"]) for first, last, details in told] == [(3, 3, False), (5, 5, False)]


def test_a_model_that_goes_on(tmp_path):
    """Another model is told with both names, once however often it changes; behind a failed call it is no switch."""
    mini, large = {"model": "gpt-5-mini"}, {"model": "gpt-5"}
    fro = [TALK[0], {**TALK[1], **mini}, {**TALK[2], **large}, {**TALK[3], **mini}]

    assert found(tmp_path / "a", "model_switched", *fro) == [
        (2, 4, {"times": 3, "model": "gpt-5", "to_model": "gpt-5-mini"})
    ]
    refused = [TALK[0], {"user": "So?", "status": 503}, {"say": "Yes.", **mini}, {"user": "Go.", "say": "Yes."}]
    assert found(tmp_path / "b", "model_switched", *refused) == []
    aside = [TALK[0], {"thread": "title", "user": "A title.", "say": "Tax", **mini}, {**TALK[1], **large}]
    assert found(tmp_path / "c", "model_switched", *aside) == []
