"""Calls that were tried again and again, answered another way, or paid for in vain."""

from __future__ import annotations

import pytest

from session_monitor.index.tables.schema import FAILED, LEFT
from session_monitor.insight.basis import limits
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.basis.turns import turns
from session_monitor.insight.judging import retries
from tests.support import judged_sessions
from tests.support.judged_sessions import plain_call

RULES = limits.usual()
START = {"user": "Look.", "ask": [["read", {}]], "get": ["A"]}
REFUSED, END = {"status": 429}, {"say": "Done."}


def found(folder, rule, *steps):
    """What a rule finds in a session of these steps: first and last round, and how often."""
    calls, _ = judged_sessions.of_script(folder / "sessions", {"steps": list(steps)})
    of_rule = getattr(retries, rule)(turns(prompts(calls)), RULES.of(rule))
    return [(each.severity, each.first, each.last, each.details["times"]) for each in of_rule]


@pytest.mark.parametrize(("times", "severity"), [(3, None), (4, "warning"), (9, "warning"), (10, "critical")])
def test_a_storm_begins_behind_what_an_sdk_does(tmp_path, times, severity):
    """Three tries are what an SDK makes by itself; four of one prompt are a storm, ten a grave one."""
    wanted = [(severity, 2, times + 1, times)] if severity else []

    assert found(tmp_path, "retry_storm", START, *[REFUSED] * times, END) == wanted


def test_other_prompts_are_no_storm(tmp_path):
    """Failures of prompts that go on are none; nor is the same prompt, answered each time."""
    steps = [{"ask": [["read", {"at": "{n}"}]], "get": ["{n}"]}, REFUSED, REFUSED]

    assert found(tmp_path, "retry_storm", START, {"times": 4, "steps": steps}, END) == []
    assert found(tmp_path / "other", "retry_storm", *[{"user": "Hi"}, {"back_to": 0}] * 5) == []


def test_failing_over_is_told_once(tmp_path):
    """The same change of the model is one finding however often; the other direction is another; a failed call costs nothing."""
    other, back = {**END, "model": "gpt-5-mini"}, {**END, "model": "gpt-5"}
    steps = [
        START,
        REFUSED,
        other,
        {"user": "And?", **REFUSED, "model": "gpt-5"},
        other,
        {"user": "Hm?", **REFUSED},
        back,
    ]

    assert found(tmp_path, "failover", *steps) == [("info", 2, 5, 2), ("info", 6, 7, 1)]


def test_what_was_paid_in_vain():
    """Calls that failed and calls whose client had gone are a finding each, where they cost anything; from a dollar on a warning."""
    dollar = 10**12
    calls = [
        plain_call(1, pico=5),
        plain_call(2, pico=7, flags=FAILED),
        plain_call(3, flags=FAILED),
        plain_call(4, pico=dollar // 2, flags=LEFT, fresh=100),
        plain_call(5, pico=dollar // 2, flags=LEFT, fresh=20),
    ]

    failed, left = retries.paid_and_lost(calls, RULES.of("paid_and_lost"))

    assert (failed.severity, failed.rounds, failed.pico) == ("info", (2,), 7)
    assert (left.severity, left.rounds, left.pico, left.tokens) == ("warning", (4, 5), dollar, 120)
    assert list(retries.paid_and_lost(calls[:1], RULES.of("paid_and_lost"))) == []
