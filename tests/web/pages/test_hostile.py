"""Content that attacks the pages: it is text, whatever it holds."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.parse
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.browser import DESK, PHONE, ROOT, ingested, of_session
from tests.support.page_logs import HOSTILE_MODEL, MARKUP, at


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_hostile_content_is_text(attacked, look, expect, size):
    """Markup, escape sequences, marks that turn text and words of a megabyte are shown; they do nothing."""
    watched = look(attacked, of_session(MARKUP), size=size)
    page = watched.page
    page.get_by_role("button", name="Open all").click()
    expect(page.locator("#r1 .call .text").first).to_be_visible()

    shown = page.locator("#rounds").evaluate("node => node.textContent")

    assert MARKUP in shown
    assert "\\x1b" in shown
    assert "\\u202e" in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200e\u200f]", shown)
    assert (
        page.locator(
            "main img, main script, main iframe, main [onerror], main [onload], main [style*=javascript]"
        ).count()
        == 0
    )
    assert watched.overflow() <= 0
    assert page.locator(".round").evaluate_all(
        "rounds => rounds.every((each) => each.scrollWidth <= each.clientWidth + 1)"
    )


def test_hostile_names_lead_where_they_should(attacked, look, expect):
    """Whatever a session's id, model or consumer is: it is shown as text, and its link opens that session."""
    watched = look(attacked)
    page = watched.page
    rows = page.locator("a.session-link").count()
    links = page.locator("a.session-link").evaluate_all("links => links.map((link) => link.href)")

    assert rows == len(set(links)) == 9
    assert watched.overflow() <= 0
    for link in links:
        page.goto(link)
        page.locator(".round header").first.wait_for()
        expect(page.locator(".notice")).to_have_count(0)
    page.goto(attacked + "/?model=" + urllib.parse.quote(HOSTILE_MODEL))
    expect(page.locator("#sessions tbody tr")).to_have_count(1)


def test_generated_hostile_ids_are_only_ids(tmp_path, serve, look, expect):
    """Ids that attack paths, pages and file systems are rows like others, each opens, and none breaks the layout."""
    log = tmp_path / "access.log"
    tool = ROOT / "tests" / "tools" / "gen_access_log.py"
    options = [
        "--hostile-ids",
        "--profile",
        "lite",
        "--lines",
        "300",
        "--start",
        at(datetime.now(timezone.utc) - timedelta(hours=2)),
        "--seed",
        "5",
    ]
    subprocess.run([sys.executable, str(tool), *options, "--out", str(log)], check=True)
    address = serve(ingested(tmp_path / "sessions", log))
    watched = look(address, "/?range=all", size=PHONE)
    page = watched.page
    links = page.locator("a.session-link").evaluate_all("links => links.map((link) => link.href)")
    assert len(links) >= 10
    assert watched.overflow() <= 0
    for link in links[:12]:
        page.goto(link)
        page.locator(".round header").first.wait_for()
        assert watched.overflow() <= 0
