"""A plugin of pytest's: what a test runs is noted under the test's name, in the programs that it starts as well."""

from __future__ import annotations

import os
import subprocess

import coverage
import pytest

_CURRENT = "PYTEST_CURRENT_TEST"
"""By which a program knows under which name it is measured; pytest sets it in its own environment."""


def pytest_configure(config):
    """An environment that tests made for their programs beforehand does not name the test."""
    start = subprocess.Popen.__init__

    def named(self, *arguments, env=None, **options):
        if env is not None and _CURRENT in os.environ:
            env = {**env, _CURRENT: os.environ[_CURRENT]}
        start(self, *arguments, env=env, **options)

    subprocess.Popen.__init__ = named
    config.add_cleanup(lambda: setattr(subprocess.Popen, "__init__", start))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """The test's name is the context of what it runs, and stands in the report."""
    item.user_properties.append(("nodeid", item.nodeid))
    measuring = coverage.Coverage.current()
    if measuring:
        measuring.switch_context(f"{item.nodeid} (call)")
    return (yield)
