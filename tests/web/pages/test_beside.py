"""The pages beside the sessions: what has a price, and what the totals cover."""

from __future__ import annotations

import pytest

from tests.support import prepared
from tests.support.browser import NO_FAULTS, PHONE, ROOT, Watched, barriers, box_of, ingested
from tests.support.webserving import SAMPLE

PATHS = ("/prices", "/coverage")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sessions of the sample, with some words of a person about prices."""
    place = ingested(tmp_path_factory.mktemp("priced") / "sessions", SAMPLE)
    for words in (("set", "house-model", "1", "2"), ("alias", "our-gpt", "gpt-4o")):
        assert prepared.run(ROOT / "scripts" / "cli.py", "pricing", *words, "--data-dir", place).returncode == 0
    return place


@pytest.fixture
def address(serve, folder):
    """A server of them."""
    return serve(folder)


def opened(look, address, path, **options):
    """A page once its figures are there."""
    watched = look(address, **options)
    watched.page.goto(address + path)
    watched.page.locator("#content tbody tr, #content .lacks li").first.wait_for()
    return watched


def test_what_has_a_price(address, look, expect):
    """Each model of the sessions with its price and whose that is; what is stated; a search in all that are known."""
    page = opened(look, address, "/prices").page
    row = page.locator("#used tbody tr").filter(has_text="gpt-4o-mini")
    expect(row.locator("td").nth(2)).to_have_text("0.15")
    expect(row).to_contain_text("litellm")
    expect(page.locator("#stated")).to_contain_text("1 model at a price of your own")
    expect(page.locator("#stated")).to_contain_text("our-gpt")
    page.keyboard.press("/")
    page.keyboard.type("house-m")
    expect(page.locator("#known tbody tr")).to_have_count(1)
    expect(page.locator("#known tbody tr")).to_contain_text("your own")
    assert page.url.endswith("?q=house-m")
    page.get_by_label("Model or seller").fill("azure")
    expect(page.locator("#known tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#known tbody tr").first).to_contain_text("azure/")
    page.go_back()
    expect(page.get_by_role("button", name="Earlier")).to_be_disabled()
    row.get_by_role("link").click()
    expect(page.locator("#sessions tbody tr").first).to_be_visible()
    assert "model=gpt-4o-mini" in page.url


def test_what_the_totals_cover(address, look, expect):
    """What lacks has its number, what to do about it, and a way to where it is looked at."""
    page = opened(look, address, "/coverage").page
    row = page.locator(".lacks li").filter(has_text="Calls without a session id")
    expect(row.locator("b")).to_have_text("2")
    expect(row).to_contain_text("docs/SESSION_IDS.md")
    expect(page.locator(".whole")).to_contain_text("41")
    page.get_by_role("link", name="Failed calls").click()
    expect(page.locator("#sessions")).to_be_visible()
    assert "outcome=failed" in page.url
    page.get_by_role("link", name="Prices", exact=True).click()
    expect(page.get_by_role("link", name="Prices", exact=True)).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_every_size(address, look, path, scheme):
    """Nothing sticks out, nobody is kept out, in both themes and both languages."""
    watched = opened(look, address, path, color_scheme=scheme, locale="zh-CN" if scheme == "dark" else "en-US")
    for width, height in (PHONE, (768, 900), (1280, 800), (1366, 768)):
        watched.page.set_viewport_size({"width": width, "height": height})
        assert watched.overflow() <= 0
        assert barriers(watched.page) == []


@pytest.mark.parametrize("path", ["/", "/prices", "/coverage"])
def test_on_paper(demo, chromium, expect, path):
    """Dark ink on white, whatever was chosen for the screen; nothing that one presses, and the shade of wide tables is gone."""
    watched = Watched(chromium, demo, color_scheme="dark", size=(768, 900))
    try:
        page = watched.page
        page.add_init_script("localStorage.setItem('theme', 'dark')")
        page.goto(demo + path)
        expect(page.locator(".panel:visible").first).to_be_visible()
        ink = "getComputedStyle(document.body).color"
        on_screen = page.evaluate(ink)
        page.emulate_media(media="print")
        assert (on_screen, page.evaluate(ink)) == ("rgb(230, 233, 232)", "rgb(29, 33, 36)")
        expect(page.locator(".top")).to_be_hidden()
        pressed = page.locator(".segments button, .pager button").filter(visible=True)
        assert pressed.evaluate_all("all => all.filter(one => one.ariaPressed !== 'true').length") == 0
        assert watched.faults == NO_FAULTS
    finally:
        watched.close()


def test_a_table_that_goes_on_has_a_shade(demo, look):
    """Where a table is wider than its place, the place says so with two backgrounds, one of which moves along."""
    page = look(demo, size=PHONE).page
    page.get_by_text("As a table").click()
    shown = "node => [node.scrollWidth > node.clientWidth, getComputedStyle(node).backgroundAttachment]"
    assert page.locator(".as-table .scroll").evaluate(shown) == [True, "local, scroll"]


def test_prices_on_a_phone(address, look, expect):
    """Nothing is to be pushed aside: each model stands by itself, its figures with the names of their columns."""
    page = opened(look, address, "/prices", size=PHONE).page
    assert (
        page.locator(".scroll").evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).length") == 0
    )
    row = page.locator("#used").get_by_role("row").filter(has_text="gpt-4o-mini")
    shown = row.get_by_role("cell").evaluate_all("all => all.map(one => getComputedStyle(one, '::before').content)")
    assert shown == [f'"{name}"' for name in ("Calls", "Cost", "Input", "Output", "Cache read", "Cache write", "From")]
    boxes = [box_of(each) for each in row.get_by_role("cell").all()]
    assert max(box["x"] + box["width"] for box in boxes) <= PHONE[0]


def test_what_was_assumed_for_a_cost(address, look, expect):
    """A press on a cost with a ~ says for how many calls what was assumed."""
    page = opened(look, address, "/prices").page
    page.locator("#used tbody tr").filter(has_text="gpt-4o-mini").get_by_role("button", name="~$").click()
    expect(page.get_by_role("note")).to_contain_text("the log does not tell who sold it")


def test_a_long_list_of_models_is_folded(address, look, expect):
    """Twelve models stand there, the dearest; a press shows the others."""
    watched = look(address, "/prices")
    page = watched.page

    def with_many(route):
        answer = route.fetch().json()
        (first, *_) = answer["data"]["used"]
        answer["data"]["used"] = [{**first, "model": f"model {number}"} for number in range(15)]
        route.fulfill(json=answer)

    page.route("**/api/prices*", with_many)
    page.reload()
    expect(page.locator("#used tbody tr")).to_have_count(12)
    page.get_by_role("button", name="3 more").click()
    expect(page.locator("#used tbody tr")).to_have_count(15)
    expect(page.get_by_role("region", name="What your sessions used")).to_be_focused()
