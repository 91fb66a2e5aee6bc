"""Readers beside a monitor at work, in short; ``python3 -m tests.campaigns.readers`` does so at length."""

from __future__ import annotations

import pytest

from tests.campaigns import ground_truth, readers


@pytest.mark.parametrize("number", [3])
def test_readers_see_whole_batches_and_block_nobody(tmp_path, number):
    """Every answer that is given while a monitor writes adds up and never goes back; at the end all is there."""
    log, truth = ground_truth.generate(tmp_path, "--profile", "mixed", "--bytes", "6M", "--seed", "7")

    found = readers.run(tmp_path, log, truth, number)

    assert found.wrong == []
    assert found.answers
