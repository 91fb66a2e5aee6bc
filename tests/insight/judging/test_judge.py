"""All rules over one session: what is worth telling is told, the gravest first."""

from __future__ import annotations

import pytest

from session_monitor.insight.basis import limits
from session_monitor.insight.basis.finding import CRITICAL, INFO, WARNING, Finding
from session_monitor.insight.judging import judge

RULES = limits.usual()


def test_every_kind_has_a_rule():
    """Each kind that may be found is looked for, by one rule."""
    tables = (judge.OF_CALLS, judge.OF_PROMPTS, judge.OF_VERDICTS, judge.OF_CONTEXT, judge.OF_TURNS)

    assert sorted(kind for table in tables for kind in table) == sorted(limits.kinds())


@pytest.mark.parametrize(
    ("kind", "pico", "tokens", "is_told"),
    [
        ("cycle", RULES.least_pico, 0, True),
        ("cycle", RULES.least_pico - 1, RULES.least_tokens - 1, False),
        ("cycle", None, RULES.least_tokens, True),
        ("cycle", None, 1, False),
        ("cycle", None, None, True),
        ("fork", 0, 0, True),
    ],
)
def test_what_is_worth_telling(kind, pico, tokens, is_told):
    """What is worth enough in money or in tokens, what costs nothing by nature, and what nobody knows the worth of."""
    finding = Finding(kind, WARNING, 1, 2, (1,), pico=pico, tokens=tokens)

    assert judge.is_told(finding, RULES) is is_told
    assert not judge.is_told(finding, limits.made({kind: None}))


def test_the_gravest_first():
    """Then the dearest, then the earliest."""
    grave = [
        Finding("fork", CRITICAL, 5, 5, (5,), pico=1),
        Finding("fork", WARNING, 9, 9, (9,), pico=8),
        Finding("fork", WARNING, 2, 2, (2,), pico=7),
        Finding("fork", WARNING, 3, 3, (3,), pico=7),
        Finding("fork", INFO, 1, 1, (1,)),
    ]

    grave_last = grave[::-1]

    assert sorted(grave_last, key=judge.gravity) == grave


def test_a_session_without_calls():
    """Nothing is found in it."""
    found = judge.judge([], RULES)

    assert (found.findings, found.rounds, found.not_judged) == ((), 0, 0)
