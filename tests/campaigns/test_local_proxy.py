"""The recording proxy in short; ``python3 -m tests.campaigns.local_proxy`` does it for longer, and tells how soon bytes come."""

from __future__ import annotations

from tests.campaigns import local_proxy


def test_streams_side_by_side():
    """All are whole, and each is written down once."""
    assert local_proxy.streams(16, 2).wrong == []


def test_killed_again_and_again():
    """Whatever answer was whole is in the log, once."""
    found = local_proxy.kills(4)
    assert found.wrong == []
    assert found.calls


def test_latency_is_told():
    """The proxy adds something, and not much."""
    took = local_proxy.latency(10)
    assert 0 < took.direct < 1000
    assert took.through < 1000
