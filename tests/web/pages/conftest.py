"""What the tests of the pages share: one browser, servers of made-up sessions, and a watch over what pages do."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta, timezone

import pytest

from tests.support import browser as browsers
from tests.support.browser import NO_FAULTS, Watched, ingested, server
from tests.support.page_logs import LONG, hostile, long_session, written
from tests.tools import demo_log


@pytest.fixture(scope="package")
def chromium():
    """One browser for all tests."""
    with browsers.chromium() as started:
        yield started


@pytest.fixture(scope="package")
def demo(tmp_path_factory, chromium):
    """The address of a server with a week of sessions of agents, one of which has 300 rounds, each with a text and a call."""
    folder = tmp_path_factory.mktemp("demo")
    now = datetime.now(timezone.utc)
    lines = [each.rstrip(b"\n") for each in demo_log.lines(now, days=5, sessions=70)]
    text = "Step {n}: looked at module {n} and found nothing odd. " * 8
    lines += long_session(LONG, 300, now - timedelta(hours=3), text=text)
    with server(ingested(folder / "sessions", written(folder / "access.log", lines))) as address:
        yield address


@pytest.fixture(scope="package")
def attacked(tmp_path_factory, chromium):
    """The address of a server with sessions that attack pages."""
    folder = tmp_path_factory.mktemp("attacked")
    with server(ingested(folder / "sessions", written(folder / "access.log", hostile()))) as address:
        yield address


@pytest.fixture(scope="module")
def serve():
    """Serves folders, each by one server for all tests of a module that look at it in the same way."""
    with contextlib.ExitStack() as servers:
        addresses = {}

        def address(folder, *options):
            way = (str(folder), *options)
            if way not in addresses:
                addresses[way] = servers.enter_context(server(folder, *options))
            return addresses[way]

        yield address


@pytest.fixture
def look(chromium, serve):
    """Opens pages in contexts of their own; in the end none of them must have done anything wrong."""
    opened = []

    def at_size(address, path="/", **options):
        watched = Watched(chromium, address, **options)
        opened.append(watched)
        watched.open(path)
        return watched

    yield at_size
    for watched in opened:
        faults = watched.faults
        watched.close()
        assert faults == NO_FAULTS


@pytest.fixture
def expect():
    """Playwright's way to wait for what should come true."""
    from playwright.sync_api import expect as expects  # noqa: PLC0415 -- only where there is a browser

    expects.set_options(timeout=20_000)
    return expects
