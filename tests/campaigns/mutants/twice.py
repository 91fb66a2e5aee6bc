"""A plugin of pytest's: a test that fails by chance, once, has not failed; and no smaller example is looked for."""

from __future__ import annotations

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings


def pytest_configure():
    """That takes minutes, and only whether a test fails is of interest."""
    phases = [each for each in settings().phases if each not in (Phase.shrink, Phase.explain)]
    settings.register_profile("not shrunk", settings(), phases=phases)
    settings.load_profile("not shrunk")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """A test that does not pass is run once more, and that counts; but not one that hangs."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    if any(report.failed and "Timeout (>" not in str(report.longrepr) for report in reports):
        item._initrequest()
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
