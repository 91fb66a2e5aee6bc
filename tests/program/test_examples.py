"""The sample log is what its README says it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from session_monitor.calls import access_line, ai_log, requests
from session_monitor.calls.round import Round
from tests.tools import make_sample

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture(scope="module")
def lines():
    """What the sample's lines are: calls, and what is passed over."""
    return [ai_log.parse(line) for line in (SAMPLE / "access.log").read_bytes().splitlines()]


@pytest.fixture(scope="module")
def calls(lines):
    """The sample's calls."""
    return [line for line in lines if isinstance(line, Round)]


def test_the_sample_can_be_made_again():
    """The story gives the committed bytes, on every Python."""
    assert make_sample.sample() == (SAMPLE / "access.log").read_bytes()


def test_the_sample_has_the_sessions_that_its_readme_names(calls):
    """Every session has its rounds, and the README names it."""
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")

    assert Counter(call.group for call in calls) == {
        "agent:main:discord:channel:1465367993012981988": 7,
        "9c1f4e52-8a37-4d0b-b6c5-1e7a90d3f284": 9,
        "agent:ops:telegram:group:-1003013002483": 7,
        "调研/新能源车市场 🚗": 5,
        "nightly-digest-2026-02-02": 5,
        "no-session:2026-02-01": 1,
        "no-session:ci-bot:2026-02-02": 1,
    }
    assert [call.session_id for call in calls if call.session_id and f"`{call.session_id}`" not in readme] == []


def test_the_sample_has_the_cases_that_its_readme_names(lines, calls):
    """What is failed, cut, broken or passed over is there as often as the README says."""
    skipped = [line.reason for line in lines if isinstance(line, access_line.Skipped)]

    assert Counter(skipped) == {requests.NOT_LLM: 5, access_line.CUT_OFF: 1}
    assert [call.response_code for call in calls if call.error] == [429, 0, 503]
    assert [call.cut for call in calls if call.cut] == [("messages",)]
    assert [call.group for call in calls if call.outer_broken] == ["no-session:2026-02-01"]
    assert calls[0].question == "查询北京天气"
