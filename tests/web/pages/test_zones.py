"""The time zone of the pages: the browser's, the server's, UTC, or one by its name."""

from __future__ import annotations

import re
import urllib.parse

import pytest

from tests.support.browser import PHONE, axe_source, of_session
from tests.support.calls import line
from tests.support.page_logs import written
from tests.support.webserving import ingest

LATE = "2026-02-01T20:10:00Z"
"""In Shanghai that is the day after, in India ten to two."""


@pytest.fixture
def address(serve, tmp_path, monkeypatch):
    """A server in Tokyo with one call of long ago."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    return serve(ingest(written(tmp_path / "access.log", [line("s", ["hi"], start_time=LATE)]), tmp_path / "sessions"))


def choose(page, name):
    """Chooses what stands in the dialog by its name."""
    page.get_by_role("button", name="Time zone").click()
    page.get_by_role("dialog", name="Time zone").get_by_role("button", name=name).click()


def zones_asked(watched):
    """The zones of the questions about all sessions."""
    queries = [
        urllib.parse.parse_qs(urllib.parse.urlsplit(each).query) for each in watched.asked if "/overview?" in each
    ]
    return [query["timezone"] for query in queries]


def test_days_are_those_of_the_zone_chosen(address, look, expect):
    """Bars, ranges and times of all pages follow it, and so does what the server is asked."""
    watched = look(address, "/?range=all", timezone_id="America/New_York")
    page = watched.page
    bars = page.locator("#timeline a.bar")
    expect(bars.last).to_have_attribute("aria-label", re.compile("^Sun, Feb 1, 2026"))
    choose(page, "The server’s")
    expect(bars.last).to_have_attribute("aria-label", re.compile("^Mon, Feb 2, 2026"))
    expect(page.locator("#heat")).to_contain_text("Asia/Tokyo")
    assert zones_asked(watched)[-1] == ["Asia/Tokyo"]
    bars.last.click()
    expect(page.get_by_label("From")).to_have_value("2026-02-02")
    expect(page.get_by_label("to", exact=True)).to_have_value("2026-02-02")
    expect(page.locator("#sessions tbody tr")).to_have_count(1)
    page.goto(address + of_session("s"))
    expect(page.locator("#facts")).to_contain_text("Feb 2, 2026, 05:10")
    choose(page, "This browser’s")
    expect(page.locator("#facts")).to_contain_text("Feb 1, 2026, 15:10")


def test_a_zone_by_its_name(address, look, expect):
    """What is typed is taken as it is spelled by others, hours begin where they do there, and a wrong name is told."""
    watched = look(address, "/?since=2026-02-01&until=2026-02-02&by=hour")
    page = watched.page
    page.get_by_role("button", name="Time zone: UTC").click()
    field = page.get_by_label("Another, by its name")
    field.fill("Europe/Nowhere")
    field.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("no time zone of this name")
    field.fill("asia/kathmandu")
    field.press("Enter")
    expect(page.get_by_role("button", name="Time zone: Asia/Kat")).to_be_visible()
    spent = page.locator("#timeline a.bar:has(.fill)")
    expect(spent).to_have_attribute("aria-label", re.compile("^Feb 2, 01:00"))
    page.get_by_role("button", name="Time zone").click()
    expect(page.get_by_role("button", name="Universal time")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Time zone")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(address, look, scheme):
    """In Chinese, too: nothing sticks out, nobody is kept out."""
    watched = look(address, "/?range=all", size=PHONE, locale="zh-CN", color_scheme=scheme)
    page = watched.page
    page.get_by_role("button", name="时区").click()
    page.get_by_text("服务器的时区").wait_for()
    assert watched.overflow() <= 0
    page.evaluate(axe_source())
    found = page.evaluate("axe.run('dialog[open]')")
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]] == []
