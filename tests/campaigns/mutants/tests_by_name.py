"""A plugin of pytest's: what a test runs is noted under the test's name."""

from __future__ import annotations

import coverage
import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """The test's name is the context of what it runs, and stands in the report."""
    item.user_properties.append(("nodeid", item.nodeid))
    measuring = coverage.Coverage.current()
    if measuring:
        measuring.switch_context(f"{item.nodeid} (call)")
    return (yield)
