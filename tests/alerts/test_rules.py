"""Rules and silences are as a person wrote them; what is wrong is told, and the usual rule holds."""

from __future__ import annotations

import pytest

from session_monitor.alerts import rules
from session_monitor.alerts.rules import RuleMistakeError


def test_the_usual_rules():
    """What has no limit that fits all is off."""
    watched = rules.of_document({})

    assert set(watched.rules) == {"failed_share", "stuck_agent", "unread_log", "lost_calls", "unpriced_model"}
    assert watched.rules["failed_share"] == {"share": 25, "minutes": 60, "calls": 20}
    assert (watched.silences, watched.mistakes) == ((), [])
    assert all(rules.about(name) for name in rules.usual())


def test_limits_of_ones_own():
    """What is not said is as usual; false turns a rule off."""
    own = {"failed_share": {"share": "10%"}, "dear_session": {"usd": "$2.50"}, "unread_log": False}
    watched = rules.of_document({"rules": own})

    assert watched.rules["failed_share"] == {"share": 10, "minutes": 60, "calls": 20}
    assert watched.rules["dear_session"] == {"usd": "2.50"}
    assert "unread_log" not in watched.rules


@pytest.mark.parametrize(
    ("name", "limits", "said"),
    [
        ("faild_share", {}, "no such rule; there are failed_share, "),
        ("failed_share", {"shares": 5}, "shares is no limit of it; there are share, minutes, calls"),
        ("failed_share", {"share": 0}, "no share"),
        ("failed_share", {"share": "200%"}, "no share"),
        ("failed_share", {"minutes": "an hour"}, "no number above 0"),
        ("failed_share", {"minutes": True}, "no number above 0"),
        ("failed_share", 5, "must be an object"),
        ("dear_session", {}, "it needs usd"),
        ("dear_session", {"usd": "0.00"}, "no amount of dollars"),
        ("long_session", {"rounds": 0}, "no number above 0"),
        ("stuck_agent", {"severity": "info"}, "no severity: write warning or critical"),
        ("cache_broken", {}, "it needs usd"),
        ("lost_calls", {"x": 1}, "there are none"),
    ],
)
def test_a_mistake_is_told(name, limits, said):
    """With what there is in its place; the usual rule holds meanwhile."""
    with pytest.raises(RuleMistakeError, match=said):
        rules.made(name, limits)
    watched = rules.of_document({"rules": {name: limits}})
    assert len(watched.mistakes) == 1
    assert watched.rules == rules.of_document({}).rules


def test_silences():
    """Of the rules that a pattern fits, until its end."""
    watched = rules.of_document({"silences": [{"rule": "budget:*", "until": "2026-02-01T00:00:00Z"}, {"rule": 5}]})
    before, after = 1_769_900_000_000, 1_769_904_000_000

    assert watched.is_silent("budget:all", before)
    assert not watched.is_silent("budget:all", after)
    assert not watched.is_silent("lost_calls", before)
    assert watched.mistakes == ["a silence must be an object with rule and until"]


@pytest.mark.parametrize("text", [None, "{", "[]", "5"])
def test_without_a_file_that_can_be_used_all_is_as_usual(tmp_path, text):
    """Who is to be told says what is wrong with it."""
    if text is not None:
        (tmp_path / ".alerts.json").write_text(text, encoding="utf-8")

    assert rules.document(str(tmp_path)) == {}
