"""Whoever looks at the pages, wherever: languages, themes, screens, keys."""

from __future__ import annotations

import pytest

from tests.support.browser import PHONE, barriers, of_session
from tests.support.page_logs import LONG, SESSION


def test_language_and_theme_are_chosen_and_kept(demo, look, expect):
    """The browser's language and theme at first, another one at a press, the same at the next visit on both pages."""
    page = look(demo, locale="zh-CN", color_scheme="dark").page
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")

    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator(".brand")).to_have_text("会话监控")
    page.locator("#language").select_option("en")
    expect(page.locator(".brand")).to_have_text("Session monitor")
    page.locator("#theme").click()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.goto(demo + of_session(SESSION))
    expect(page.locator("#r1 h2")).to_have_text("Round 1")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == light
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, (1366, 768)], ids=["phone", "laptop"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/?range=all", of_session(SESSION)], ids=["overview", "session"])
def test_nobody_is_shut_out(demo, look, path, theme, size):
    """The checker finds nothing on either page, in either theme, on a phone and on a laptop, folded or open.

    Nor is a page wider than its window.
    """
    watched = look(demo, path, size=size, color_scheme=theme, locale="zh-CN" if theme == "dark" else "en-US")
    page = watched.page
    page.locator(".card .value, .round footer").first.wait_for()
    page.locator("details > summary").first.click()
    assert barriers(page) == []
    page.keyboard.press("e")
    assert path.startswith("/?") or barriers(page) == []
    assert watched.overflow() <= 0


def test_keys_do_what_the_list_says_and_nothing_while_one_types(demo, look, expect):
    """`?` shows the shortcuts, j and k walk through sessions and rounds, J and K through prompts; typing is typing."""
    page = look(demo).page

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("a.session-link").nth(1)).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("jk?t")
    expect(page.get_by_label("Search sessions")).to_have_value("jk?t")
    expect(page.get_by_role("dialog")).to_be_hidden()

    page.goto(demo + of_session(LONG, "#r200"))
    expect(page.locator("#r200.is-target")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("#r201.is-target")).to_be_visible()
    page.keyboard.press("J")
    expect(page.locator("#r226.is-target")).to_be_visible()
    page.keyboard.press("K")
    expect(page.locator("#r201.is-target")).to_be_visible()
    page.keyboard.press("K")
    expect(page.locator("#r176.is-target")).to_be_visible()


def test_one_gets_around_with_the_tab_key(demo, look, expect):
    """The first stop skips what every page has; focus is to be seen."""
    page = look(demo).page

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the sessions")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#sessions")).to_be_focused()
