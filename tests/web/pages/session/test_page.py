"""The page of a session in a real browser: from the overview to it, on paper, as a download, of any length."""

from __future__ import annotations

import re

from tests.support.browser import ingested, of_session
from tests.support.page_logs import LONG, SESSION, long_session, written


def test_a_session_is_opened_from_the_overview(demo, look, expect):
    """The title of a session leads to its page: what was asked, answered, called, and what that took."""
    page = look(demo, "/").page

    page.locator("a.session-link", has_text="checkout test").first.click()
    expect(page.locator("h1")).to_contain_text("checkout test")
    page.locator(".round header").first.wait_for()
    page.keyboard.press("e")
    first = page.locator("#r1")

    expect(first.locator(".said.user")).to_contain_text("checkout test fails")
    assert re.search(
        r"claude-sonnet-4-5.* in .*out.*\$0\.\d+.*first token .*took ",
        first.locator("footer").inner_text().replace("\n", " "),
    )
    expect(page.locator("#rail li .prompt").first).to_contain_text("checkout test")
    assert page.locator("#rail rect").count() == page.locator(".round").count()
    assert page.locator(".facts .value").inner_text().lstrip("~").startswith("$")


def test_a_session_on_paper(demo, look, expect):
    """What one presses is not printed, the figures are; where rounds lack it is said which ones are there."""
    page = look(demo, of_session(LONG)).page
    expect(page.locator(".facts .value")).to_be_visible()

    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    for name in (".toolbar", ".rail", ".top", ".edge >> nth=1"):
        expect(page.locator(name)).to_be_hidden()
    expect(page.locator(".facts .value")).to_be_visible()
    expect(page.locator(".printed")).to_have_text(re.compile(r"^Rounds 1 to \d+ of 300\. The HTML download"))


def test_a_session_can_be_taken_along(demo, look):
    """The exports are downloads, and the link to a round is one that opens it."""
    watched = look(demo, of_session(SESSION), permissions=["clipboard-read", "clipboard-write"])
    page = watched.page

    with page.expect_download() as download:
        page.locator(".exports a", has_text="MD").click()
    assert download.value.suggested_filename.endswith(".md")
    page.get_by_role("button", name="Copy the link to round 2", exact=True).click()
    copied = page.evaluate("navigator.clipboard.readText()")

    assert re.search(r"&key=[\w-]+#r2$", copied)
    again = look(demo, copied[len(demo) :])
    again.page.locator("#r2.is-target").wait_for()


def test_a_long_session_shows_at_once(tmp_path, serve, look):
    """Of 5,000 rounds no more than 200 kB are fetched before one can read, and fewer than there are rounds are made."""
    folder = ingested(tmp_path / "sessions", written(tmp_path / "access.log", long_session("s", 5000)))
    page = look(serve(folder), of_session("s")).page
    page.locator(".facts .value").wait_for()

    fetched = page.evaluate(
        "performance.getEntriesByType('resource').map((each) => [new URL(each.name).pathname, each.decodedBodySize])"
    )

    data = [(path, size) for path, size in fetched if path.startswith("/api/") and not path.endswith("/events")]
    first = {"/api/me", "/api/session", "/api/session/colours", "/api/session/rounds"}
    assert {path for path, _ in data} - {"/api/session/outline", "/api/alerts"} == first
    assert 0 < sum(size for path, size in data if not path.endswith("/outline")) <= 250_000
    assert page.locator(".round").count() <= 100
