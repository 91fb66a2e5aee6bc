"""Random histories of a log under rotation, with an exact account."""

from __future__ import annotations

import sys

import pytest

from tests.campaigns.rotation_fuzz import histories


@pytest.mark.parametrize("seed", range(1, 301, 50))
def test_nothing_is_lost_and_nothing_comes_twice(seed):
    """Whatever happens to the log, each of its lines is in the sessions as often as it must be."""
    failures = [histories.failure(each) for each in range(seed, seed + 50)]

    assert [text for text in failures if text] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere one process reads alone")
@pytest.mark.parametrize("jobs", [2, 3])
def test_nor_where_several_processes_take_it_in(jobs):
    """The same, whoever of them dies."""
    failures = [histories.failure(each, jobs=jobs) for each in range(400 * jobs, 400 * jobs + 20)]

    assert [text for text in failures if text] == []
