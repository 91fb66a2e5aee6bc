"""The palette: everything by its name, from every page."""

from __future__ import annotations

import pytest

from tests.support.browser import PHONE, axe_source, box_of, of_session
from tests.support.page_logs import LONG, SESSION


@pytest.fixture
def opened(demo, look):
    """Opens the palette on a page with its keys, once it has what the server knows."""

    def at(path="/", address=demo, **options):
        watched = look(address, path, **options)
        watched.page.keyboard.press("ControlOrMeta+k")
        watched.page.locator(".palette [role=option]").first.wait_for()
        return watched

    return at


def offers(page, kind):
    """The offers of a kind."""
    return page.locator(".palette").get_by_role("group", name=kind, exact=True).get_by_role("option")


def test_a_session_by_what_it_began_with(opened, expect):
    """Letters as they are typed ask the server; Enter opens the first, and the keys work while one types elsewhere."""
    page = opened("/prices").page
    page.keyboard.type("CHECKOUT 1465367993012981988")
    expect(offers(page, "Sessions")).to_have_count(1)
    expect(offers(page, "Sessions")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("combobox", name="Go to anything")).to_have_attribute(
        "aria-activedescendant", offers(page, "Sessions").get_attribute("id")
    )
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/session?id={SESSION}")
    page.locator(".round").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.press("ControlOrMeta+k")
    expect(page.get_by_role("dialog", name="Go to anything")).to_be_visible()


def test_keys_walk_and_lead_back(opened, expect):
    """Arrows go through all kinds and round, what is chosen is in sight, and Escape leads back to where one was."""
    watched = opened()
    page = watched.page
    page.keyboard.press("Escape")
    page.get_by_label("Model", exact=True).focus()
    page.keyboard.press("ControlOrMeta+k")
    expect(offers(page, "Consumers").first).to_be_visible()
    options = page.locator(".palette [role=option]")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    expect(options.last).to_be_in_viewport()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator(".palette [aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_label("Model", exact=True)).to_be_focused()


def test_a_model_filters_what_stands_there(opened, expect):
    """On the overview a model is chosen without loading the page, from elsewhere with the range that was left."""
    page = opened("/?range=30d").page
    page.evaluate("window.isSame = true")
    page.keyboard.type("haiku")
    offers(page, "Models").first.click()
    expect(page.get_by_label("Model", exact=True)).to_have_value("claude-haiku-4-5")
    assert page.url.endswith("/?range=30d&model=claude-haiku-4-5")
    assert page.evaluate("window.isSame")
    page.get_by_role("link", name="Coverage").click()
    page.locator(".whole").wait_for()
    page.get_by_role("button", name="Go to anything").click()
    page.keyboard.type("gpt-4o")
    expect(offers(page, "Models").first).to_be_visible()
    offers(page, "Models").get_by_text("gpt-4o", exact=True).click()
    page.wait_for_url("**/?range=30d&model=gpt-4o")


def test_what_is_pressed_while_an_answer_comes_is_chosen(opened, expect):
    """What stands below the pointer is not put anew between its press and its release."""
    page = opened("/?range=30d").page
    expect(offers(page, "Models").first).to_be_visible()
    held = []
    page.route("**/api/names?*", lambda route: held.append(route))  # noqa: PLW0108 -- Playwright takes no method of a list
    page.get_by_role("combobox", name="Go to anything").fill("haiku")
    box = box_of(offers(page, "Models").first)
    while not held:
        page.wait_for_timeout(10)
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    with page.expect_response("**/api/names?*") as answer:
        held[0].continue_()
    answer.value.finished()
    page.wait_for_timeout(50)
    page.mouse.up()
    expect(page.get_by_label("Model", exact=True)).to_have_value("claude-haiku-4-5")


def test_pages_and_settings(opened, expect):
    """The other pages are there, and what one may set; words that no name has can be looked for in what was said."""
    page = opened(of_session(LONG)).page
    page.keyboard.type("dark")
    expect(offers(page, "Settings")).to_have_text(["Theme: dark"])
    offers(page, "Settings").first.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    page.keyboard.press("ControlOrMeta+k")
    page.keyboard.type("cov")
    expect(offers(page, "Pages")).to_have_text(["Coverage"])
    page.get_by_role("combobox", name="Go to anything").fill("found nothing odd")
    expect(offers(page, "In conversations")).to_contain_text("found nothing odd")
    expect(page.locator(".palette [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.locator(".hit").first.wait_for()


@pytest.mark.parametrize(("size", "locale", "scheme"), [(PHONE, "zh-CN", "dark"), ((1366, 768), "en-US", "light")])
def test_names_that_attack_are_text(opened, attacked, expect, size, locale, scheme):
    """Whatever ids, models and consumers hold is shown as text, within the window; nobody is kept out."""
    watched = opened(address=attacked, size=size, locale=locale, color_scheme=scheme)
    page = watched.page
    page.keyboard.type("onerror")
    expect(page.locator(".palette [role=option]").nth(6)).to_be_attached()
    assert page.locator(".palette img, .palette script").count() == 0
    assert watched.overflow() <= 0
    assert page.locator(".palette").evaluate("node => node.scrollWidth <= node.clientWidth")
    page.evaluate(axe_source())
    found = page.evaluate("axe.run('.palette')")
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]] == []
    page.get_by_role("combobox").last.fill("no name has this")
    expect(page.locator(".palette [role=option]")).to_have_count(1)


def test_who_has_the_key_of_one_session(demo, look, expect):
    """Nothing is offered that such a key does not open, and the server is not asked for it."""
    watched = look(demo, of_session(SESSION))
    page = watched.page
    known = {"scope": "session", "session": SESSION, "redacted": False, "local": False, "version": "1"}
    page.route("**/api/me*", lambda route: route.fulfill(json={"schema_version": 1, "data": known}))
    page.reload()
    page.locator("#palette").wait_for()
    expect(page.locator("#pages")).to_be_hidden()
    page.keyboard.press("ControlOrMeta+k")
    expect(offers(page, "Settings").first).to_be_visible()
    expect(page.locator(".palette [role=group]")).to_have_count(1)
    assert not [each for each in watched.asked if "/api/names" in each]
