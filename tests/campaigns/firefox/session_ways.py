"""The ways through a session's page."""

from __future__ import annotations

from tests.support.browser import PHONE, of_session
from tests.support.page_logs import LONG, SESSION
from tests.support.webserving import ELSEWHERE

from .driver import Page
from .held import hold

LARGE = "s10000"
"""A session of 199 rounds of some 10 kB."""
TOP = 200
"""Pixels below the window's top within which a round stands that was gone to."""
STANDS = f"""((number) => {{
  const top = document.querySelector(`#r${{number}}.is-target`)?.getBoundingClientRect().top;
  return top >= 0 && top <= {TOP};
}})"""


def _at_top(page: Page, number: int) -> None:
    page.until(f"{STANDS}({number})")
    page.settle()
    hold(page.get(f"{STANDS}({number})"), f"round {number} moved away again")


def link_to_a_round(page: Page, demo: str) -> None:
    """A link to a round opens that round at the top, wherever in 199 large ones it is; so does a changed address."""
    for number in (14, 50, 150):
        page.fresh(demo, of_session(LARGE, f"#r{number}"), size=(1280, 700))
        _at_top(page, number)
    for number in (20, 120, 74):
        page.get(f"location.hash = '#r{number}'")
        _at_top(page, number)
    page.back()
    _at_top(page, 120)


def keys_walk(page: Page, demo: str) -> None:
    """J and k go from round to round, J and K from question to question, n to what failed; back is not made longer."""
    page.fresh(demo, of_session(LARGE, "#r1"), size=(1280, 700))
    page.shows("#r1.is-target")
    entries = page.get("history.length")
    for number in range(2, 42):
        page.press("j")
        page.until(f"document.querySelector('.is-target')?.id === 'r{number}'")
    for number in range(40, 30, -1):
        page.press("k")
        page.until(f"document.querySelector('.is-target')?.id === 'r{number}'")
    _at_top(page, 31)
    hold(page.get("history.length") == entries, page.get("history.length"))
    page.press("Shift+J")
    _at_top(page, 41)
    page.press("Shift+K")
    _at_top(page, 21)
    page.fresh(demo, of_session(LONG), size=(1280, 900))
    page.shows(".round header")
    page.until("document.querySelector('#rail .prompt')")
    page.press("n")
    page.shows("#r97.is-target")


def many_presses_at_once(page: Page, demo: str) -> None:
    """Who presses j faster than rounds come is as far as he pressed."""
    page.fresh(demo, of_session(LARGE, "#r1"), size=(1280, 700))
    page.shows("#r1.is-target")
    page.get(
        "for (let at = 0; at < 60; at++) document.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}))"
    )
    _at_top(page, 61)


def find(page: Page, demo: str) -> None:
    """What stands in a round that is not on the page is found, gone to and marked; next and Escape do what they say."""
    page.fresh(demo, of_session(LONG))
    page.shows("#toolbar input")
    page.press("/")
    page.type("module 1")
    page.shows(".found .hit")
    page.press("Enter")
    page.shows(".round.is-target")
    page.until("CSS.highlights.get('found')?.size > 0")
    page.shows(".steps", " of ")
    before = page.text(".steps")
    page.click(".steps button:last-of-type")
    page.until(f"document.querySelector('.steps').innerText.trim() !== {before!r}")
    page.press("/", "Escape")
    page.hides(".steps")


def rail_and_chart(page: Page, demo: str) -> None:
    """A question and a cell of the rail lead to their rounds, so does Enter in the chart; the rail shows where one is."""
    page.fresh(demo, of_session(LONG), size=(1600, 1000))
    page.click("#rail a[href='#r226'] .prompt")
    page.shows("#r226.is-target")
    page.shows("#rail a[aria-current=true]")
    hold(page.get("document.querySelector('#rail a[aria-current=true]').hash") == "#r226", "another question is marked")
    page.click("#rail rect[data-round='97']")
    page.shows("#r97.is-target")
    page.get("document.querySelector('[role=slider]').focus()")
    page.press("Home", "Enter")
    page.shows("#r1.is-target")


def follow(page: Page, demo: str) -> None:
    """End, Start and Follow are there at the first press and stay; who scrolls away follows no more."""
    page.fresh(demo, of_session(LARGE), size=(1280, 700))
    page.shows("#r1")
    below = "innerHeight - document.querySelector('#r199')?.getBoundingClientRect().bottom"
    for name in ("to-end", "to-start", "to-follow"):
        page.click(f"#{name}")
        page.shows(f"#{name}[aria-pressed=true]")
        if name == "to-start":
            page.shows("#r1")
        else:
            page.until(f"{below} >= 0 && {below} <= 120")
            page.settle()
            hold(page.get(f"{below} >= 0 && {below} <= 120"), page.get(below))
        page.shows(f"#{name}[aria-pressed=true]")
    page.wheel(-1500)
    page.shows("#to-follow[aria-pressed=false]")


def copied_link(page: Page, demo: str) -> str:
    """The link to the second round, as somebody with the whole of the pages copies it."""
    page.fresh(demo, of_session(SESSION))
    page.shows("#r2 header")
    page.click("#r2 [aria-label='Copy the link to round 2']")
    page.shows("[data-told]")
    return page.get("navigator.clipboard.readText()")


def copied(page: Page, demo: str) -> None:
    """The link to a round goes into the clipboard with a key, and opens that round."""
    link = copied_link(page, demo)
    hold("&key=" in link and link.endswith("#r2"), link.split("key=")[0])
    page.fresh(demo, link.removeprefix(demo))
    page.shows("#r2.is-target")


def rounds_open(page: Page, demo: str) -> None:
    """A line opens at a press and folds again, e opens all, the history comes on demand, a call has its result."""
    page.fresh(demo, of_session(LONG, "#r120"))
    page.shows("#r120.is-target")
    page.click("#r120 details.call > summary")
    page.shows("#r120 details.call", "lines of part 120")
    page.click("#r120 .new-messages button")
    page.shows("#r120 .history > .message")
    page.click("#r121 .toggle")
    page.shows("#r121 footer")
    page.click("#r121 .toggle")
    page.hides("#r121 footer")
    page.press("e")
    page.until("document.querySelectorAll('.round.is-open').length === document.querySelectorAll('.round').length")


def refused(page: Page, demo: str) -> None:
    """Who has no key gets a page of the house with a field for one; a wrong key is told; that of the session opens it."""
    link = copied_link(page, demo)
    status = page.fresh(demo, of_session(SESSION), headers=ELSEWHERE)
    hold(status == 401, status)
    page.shows("h1", "A key is needed")
    hold(page.overflow() <= 0, page.overflow())
    page.until("document.activeElement?.localName === 'input'")
    page.type("no key at all")
    page.press("Enter")
    page.shows("[role=status]", "This is no key")
    page.press("Control+a")
    page.type(link)
    page.press("Enter")
    page.shows(".round header")
    hold("key" not in page.url(), "the key stands in the address")


def theme_and_language(page: Page, demo: str) -> None:
    """Both are chosen at a press and kept at the next visit, on both pages."""
    page.fresh(demo, "/")
    page.shows("#sessions tbody tr")
    page.click("#theme")
    page.click("#theme")
    hold(page.get("document.documentElement.dataset.theme") == "dark", "the theme is not dark")
    dark = page.get("getComputedStyle(document.body).backgroundColor")
    page.choose("#language", "zh-CN")
    page.shows(".brand", "会话监控")
    page.goto(of_session(SESSION))
    page.shows(".brand", "会话监控")
    page.shows("#r1 header")
    hold(page.get("getComputedStyle(document.body).backgroundColor") == dark, "the theme was not kept")
    hold(page.get("document.documentElement.lang") == "zh-CN", "the language was not kept")


def phone(page: Page, demo: str) -> None:
    """At 375 pixels nothing sticks out on any page, and a session's figures are in sight above its rounds."""
    for path in ("/?range=all", "/prices", "/coverage", of_session(LONG), of_session(LARGE), "/nothing-here"):
        page.fresh(demo, path, size=PHONE)
        page.shows(".card .value, .panel tbody tr, .whole, .round header, h1")
        page.settle()
        hold(page.overflow() <= 0, f"{path} is {page.overflow()} pixels too wide")
    page.fresh(demo, of_session(LONG), size=PHONE)
    page.shows(".strip dd", "$")


WAYS = (
    link_to_a_round,
    keys_walk,
    many_presses_at_once,
    find,
    rail_and_chart,
    follow,
    copied,
    refused,
    rounds_open,
    theme_and_language,
    phone,
)
