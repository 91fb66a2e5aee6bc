"""A real agent in ``run``, in short; ``python3 -m tests.campaigns.real_agents --install`` brings six of them, and tries each."""

from __future__ import annotations

import pytest

from tests.campaigns.real_agents.agents import AGENTS
from tests.campaigns.real_agents.trial import tried
from tests.support import npm


def test_a_real_agent(tmp_path):
    """Its calls are recorded once and cost what they cost, its exit code is told, and a budget stops it."""
    at_hand = [each for each in AGENTS.values() if not npm.lacking(each.packages)]
    if not at_hand:  # also with CI=true: they are hundreds of megabytes, of which tests/run brings none
        pytest.skip("needs an agent: python3 -m tests.campaigns.real_agents --install brings them")

    assert len(tried(at_hand[0], tmp_path)) == 3
