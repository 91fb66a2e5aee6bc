"""The whole way, from generated logs whose truth is known to what the reports say."""

from __future__ import annotations

import pytest

from tests.campaigns import ground_truth


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("look", ground_truth.LOOKS)
def test_reports_equal_the_truth(tmp_path, look, seed):
    """Every session, token kind, model, day, count and message list is what the generator put into the log."""
    log, truth = ground_truth.generate(tmp_path, *ground_truth.LOOKS[look], "--bytes", "3M", "--seed", str(seed))

    ground_truth.ingest(log, tmp_path / "out")

    assert ground_truth.differences(log, truth, tmp_path / "out") == []
