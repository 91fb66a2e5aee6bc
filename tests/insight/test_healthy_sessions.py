"""What is well is left alone, and what goes wrong in it is found (``tests.campaigns.false_findings`` holds a thousand sessions)."""

from __future__ import annotations

from tests.campaigns import false_findings
from tests.support import healthy_sessions


def test_healthy_sessions_are_left_alone():
    """Of generated sessions of agents that are well none has a finding that is more than information; faults that are put into such are found at their round."""
    outcome = false_findings.run(sessions=40, faults=20)

    assert outcome.false == {}
    assert outcome.missed == {}


def test_the_generator_makes_all_kinds():
    """All kinds of healthy sessions are among those of a few seeds, and all faults; the same seed gives the same."""
    assert {healthy_sessions.script(seed)[0] for seed in range(120)} == set(healthy_sessions.KINDS)
    assert {healthy_sessions.with_fault(seed)[0] for seed in range(60)} == set(healthy_sessions.FAULTS)
    assert healthy_sessions.script(7) == healthy_sessions.script(7)
