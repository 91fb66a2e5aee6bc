"""The ways through the overview and the pages beside it."""

from __future__ import annotations

from .driver import Page
from .held import hold

ROW = "#sessions tbody tr"


def range_and_filters(page: Page, demo: str) -> None:
    """A range and a filter are each one press, stand in the address, and a link brings the same view."""
    page.fresh(demo, "/")
    page.shows(ROW)
    page.click(".ranges button::-p-text(30 d)")
    page.shows(".ranges [aria-pressed=true]", "30 d")
    hold("range=30d" in page.url(), page.url())
    page.choose("#filter-model", "qwen3-max")
    page.until("document.querySelectorAll('#by-models tbody tr').length === 1")
    hold("model=qwen3-max" in page.url(), page.url())
    rows, cost = page.count(ROW), page.text("#card-cost .value")
    page.fresh(demo, page.url())
    page.until(f"document.querySelectorAll('{ROW}').length === {rows}")
    page.shows("#card-cost .value", cost)
    page.click("#timeline a.bar:has(.fill)")
    page.until("location.search.includes('since=')")
    page.shows("#date-since")


def sorted_and_paged(page: Page, demo: str) -> None:
    """A heading sorts all sessions, a second press turns the order, the next page has others."""
    page.fresh(demo, "/?range=all")
    page.click("#sessions th button::-p-text(Rounds)")
    page.shows("#sessions th[aria-sort=descending]", "Rounds")
    hold(page.text("#sessions td.of-rounds").split()[0] == "300", page.text("#sessions td.of-rounds"))
    page.click("#sessions th button::-p-text(Rounds)")
    page.shows("#sessions th[aria-sort=ascending]", "Rounds")
    first = page.text("#sessions .id")
    page.click(".pager button::-p-text(Next)")
    page.shows(".pager span", "51–")
    hold(page.text("#sessions .id") != first, first)
    page.back()
    page.shows(".pager span", "1–50")


def search_and_back(page: Page, demo: str) -> None:
    """A search puts its hits first, Enter opens the place with its words marked, Escape leads back to before it."""
    page.fresh(demo, "/?range=all&sort=cost")
    page.shows(ROW)
    page.press("/")
    page.type("discount")
    page.shows("#hits .hit mark")
    page.hides("#cards")
    page.press("Escape")
    page.shows("#cards")
    hold(page.url() == "/?range=all&sort=cost", page.url())
    page.press("/")
    page.type("discount")
    page.shows("#hits .hit mark")
    page.press("Enter")
    page.until("location.pathname === '/session' && document.querySelector('.round.is-target')")
    page.until("CSS.highlights.get('found')?.size > 0")
    page.shows(".steps")


def row_and_back(page: Page, demo: str) -> None:
    """A press in a row opens its session; back, the list stands where it stood with its range and order."""
    page.fresh(demo, "/?range=all&sort=rounds")
    page.shows(ROW)
    page.get("document.querySelectorAll('#sessions tbody tr')[20].scrollIntoView({ block: 'center' })")
    page.settle()
    height = page.get("scrollY")
    hold(height > 300, height)
    page.click("#sessions tbody tr:nth-child(21) .of-rounds")
    page.until("location.pathname === '/session'")
    page.shows(".round header")
    page.back()
    page.until(f"document.querySelector('{ROW}') && Math.abs(scrollY - {height}) < 60")
    hold(page.url() == "/?range=all&sort=rounds", page.url())


def keys_of_the_overview(page: Page, demo: str) -> None:
    """J and k walk through the list, ? shows the keys, bars are walked by arrows and say what they are."""
    page.fresh(demo, "/")
    page.shows(ROW)
    page.press("?")
    page.shows("dialog[open]")
    page.press("Escape")
    page.hides("dialog")
    page.press("j", "j")
    page.until("document.activeElement === document.querySelectorAll('a.session-link')[1]")
    page.press("k")
    page.until("document.activeElement === document.querySelectorAll('a.session-link')[0]")
    page.get("[...document.querySelectorAll('#timeline a.bar')].at(-1).focus()")
    page.press("ArrowLeft")
    page.until("document.activeElement === [...document.querySelectorAll('#timeline a.bar')].at(-2)")
    hold("$" in page.get("document.activeElement.ariaLabel"), page.get("document.activeElement.ariaLabel"))


def prices(page: Page, demo: str) -> None:
    """What has a price is listed, and a search finds others."""
    page.fresh(demo, "/prices")
    page.shows("#used tbody tr")
    page.press("/")
    page.type("gpt-4o-mini")
    page.shows("#known tbody tr", "gpt-4o-mini")
    page.until("location.search.includes('q=gpt-4o-mini')")


def coverage(page: Page, demo: str) -> None:
    """What the totals cover is told, and leads to what lacks."""
    page.fresh(demo, "/coverage")
    page.shows(".whole")
    page.click(".lacks a::-p-text(Failed calls)")
    page.until("location.search.includes('outcome=failed')")
    page.shows(ROW)


WAYS = (
    range_and_filters,
    sorted_and_paged,
    search_and_back,
    row_and_back,
    keys_of_the_overview,
    prices,
    coverage,
)
