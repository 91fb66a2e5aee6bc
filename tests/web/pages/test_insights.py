"""What goes wrong in sessions, on the page of findings, on a session's page and above the list of sessions."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from tests.support.browser import PHONE, barriers, ingested, of_session, texts_of
from tests.support.page_logs import written
from tests.tools import demo_faults

LOOP, DATED = "agent:demo:loop", "agent:demo:dated-system"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sessions in which something goes wrong."""
    made = tmp_path_factory.mktemp("faulty")
    lines = [line.rstrip(b"\n") for _, line in sorted(demo_faults.lines(datetime.now(timezone.utc)))]
    return ingested(made / "sessions", written(made / "access.log", lines))


def test_the_gravest_leads_to_its_round(look, serve, folder, expect):
    """All findings stand there with what to do and money; one leads to its session at the round where it begins, which is marked."""
    page = look(serve(folder), "/insights?range=all").page
    first = page.locator("#found .finding").first
    expect(first).to_contain_text("9 times in a row, from round 2 to 10")
    expect(first).to_contain_text("Stop the agent")
    assert "$" in first.locator(".at-stake").inner_text()

    first.locator(".of-finding").click()
    expect(page.locator("#r2.is-target")).to_be_visible()
    expect(page.locator("#r2 .chip.proof.critical")).to_be_visible()
    expect(page.locator(".cells .is-found").first).to_be_attached()
    expect(page.locator(".facts .findings .finding.critical")).to_contain_text("Same error again and again")


@pytest.mark.parametrize("fails", [False, True])
def test_an_answer_to_what_is_not_asked_any_more(look, serve, folder, expect, fails):
    """What the page asked while it came, and comes after the reader chose something else, is not shown."""
    watched = look(serve(folder), "/coverage")
    page = watched.page
    held = []

    def hold(route):
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/insights?*", hold)
    page.goto(f"{watched.base}/insights?range=all")
    page.get_by_label("Severity").select_option("critical")
    expect(page.locator("#found .finding")).to_have_count(1)
    with page.expect_response("**/api/insights?*") as answer:
        if fails:
            held[0].fulfill(status=503, json={"schema_version": 1, "error": {"code": "busy", "message": "busy"}})
        else:
            held[0].continue_()
    answer.value.finished()
    page.wait_for_timeout(100)  # nothing says that nothing is shown
    watched.errors.clear()
    assert page.locator("#found .finding").count() == 1
    assert page.locator("#content").is_visible()


def test_filters_stand_in_the_address(look, serve, folder, expect):
    """A kind that is pressed shows its findings alone and stands in the address, which opens the same again; all kinds are still counted."""
    page = look(serve(folder), "/insights?range=all").page
    page.locator("#kind-cache_missed").click()
    expect(page.locator("#found .finding")).to_have_count(2)
    assert "kind=cache_missed" in page.url
    again = look(serve(folder), f"/insights?{page.url.split('?')[1]}&severity=warning").page
    expect(again.locator("#found .finding")).to_have_count(1)
    expect(again.locator("#kind-cache_missed")).to_have_attribute("aria-pressed", "true")
    again.locator("#clear").click()
    expect(again.locator("#found .finding")).to_have_count(5)
    assert again.url.endswith("range=all")


def test_nothing_found_says_so(look, serve, folder, expect):
    """Where no finding is of the chosen kind that is said, with the way back to all of them."""
    page = look(serve(folder), "/insights?range=all&group=reliability").page
    expect(page.locator("#found")).to_contain_text("Nothing was found in 4 sessions.")
    page.locator("#found .primary").click()
    expect(page.locator("#found .finding")).to_have_count(5)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(look, serve, folder, expect, theme):
    """No barrier is on the page, nothing is cut off on a phone, and `j` goes from finding to finding."""
    for size in ({}, {"size": PHONE}):
        page = look(serve(folder), "/insights?range=all", color_scheme=theme, **size).page
        expect(page.locator("#quickness td").first).to_be_visible()
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("#palette").wait_for(state="attached")
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.textContent") == "Go through the jobs of last night."


def test_what_changed_is_told_when_asked(look, serve, folder, expect):
    """The words that changed come at a press; where texts are not served there is no such button."""
    path = of_session(DATED)
    watched = look(serve(folder), path)
    finding = watched.page.locator(".facts .finding.warning")
    expect(finding).to_contain_text("Cache missed")
    assert not [each for each in watched.asked if "/changed" in each]
    finding.get_by_role("button", name="What changed?").click()
    expect(finding.locator("ins")).to_contain_text("Z.")
    expect(watched.page.locator(".facts .sent")).to_contain_text("Where the money went")
    assert barriers(watched.page) == []

    redacted = look(serve(folder, "--redact"), path).page
    expect(redacted.locator(".facts .finding.warning")).to_contain_text("Cache missed")
    assert redacted.locator(".of-change").count() == 0


def test_sessions_with_findings_have_a_sign(look, serve, folder, expect):
    """Above the list stands how many there are, as a way to them in the same range; a session with a warning or worse has a sign."""
    page = look(serve(folder), "/?range=all").page
    expect(page.locator(".found-in .severity")).to_have_count(2)
    assert texts_of(page.locator(f'.found-in[data-session="{LOOP}"]')) == ["1\nCritical: 1 critical"]
    expect(page.locator("#findings .severity")).to_have_count(3)
    page.locator("#findings a").click()
    page.wait_for_url("**/insights?range=all")
    expect(page.locator("#found .finding")).to_have_count(5)


def test_in_another_language(look, serve, folder, expect):
    """Findings are said in the page's language."""
    page = look(serve(folder), "/insights?range=all", locale="zh-CN").page
    expect(page.locator("#found .finding").first).to_contain_text("从第 2 轮到第 10 轮")
