"""A scrape is bounded, however many models and consumers there are."""

from __future__ import annotations

from tests.campaigns import scrapes


def test_many_models_and_consumers(tmp_path):
    """In series and in bytes; and it takes no longer than whoever scrapes waits."""
    found = scrapes.run(scrapes.many(tmp_path, 60, 60, 1), 4, is_ours=True)

    assert found.series < 13_000
    assert found.packed < 100_000 < found.size < 1_200_000
    assert max(found.first, *found.same, *found.changed) < 10_000
