"""The overview in a real browser: what it shows, and what one can do with it."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, timezone

import pytest

from tests.support.browser import ingested, texts_of
from tests.support.calls import line
from tests.support.page_logs import at, written


def test_the_overview_shows_figures_charts_and_tables(demo, look):
    """Six cards with what they speak for, bars over time, sessions, models, consumers, tools and the week."""
    page = look(demo).page

    assert page.locator(".card").count() == 6
    assert all(texts_of(page.locator(".card .foot")))
    assert page.locator("#timeline a.bar .fill").count() > 5
    assert page.locator("#sessions tbody tr").count() == 50
    assert page.locator("#by-models tbody tr").count() >= 5
    assert "code-review" in page.locator("#by-consumers").inner_text()
    assert "run_command" in page.locator("#by-tools").inner_text()
    assert page.locator("#heat tbody td").count() == 7 * 24
    assert "lines of the log read" in page.locator("#coverage").inner_text()


def test_sessions_are_sorted_by_the_server(demo, look, expect):
    """A heading sorts all sessions, not those on the page; a second press turns the order; the address tells it."""
    page = look(demo, "/?range=all").page

    page.get_by_role("button", name="Rounds").click()
    expect(page.locator('#sessions th[aria-sort="descending"]')).to_have_text(re.compile("Rounds"))
    most = [int(text.split()[0]) for text in texts_of(page.locator("#sessions td.of-rounds"))]
    page.get_by_role("button", name="Rounds").click()
    expect(page.locator('#sessions th[aria-sort="ascending"]')).to_have_text(re.compile("Rounds"))
    least = [int(text.split()[0]) for text in texts_of(page.locator("#sessions td.of-rounds"))]

    assert most[0] == 300
    assert most == sorted(most, reverse=True)
    assert least == sorted(least)
    assert least[0] < most[-1]
    assert "sort=rounds" in page.url
    assert "reverse=1" in page.url


def test_pages_of_sessions_follow_each_other(demo, look, expect):
    """The next page shows further sessions, the browser's own way back shows the former ones."""
    page = look(demo, "/?range=all").page
    first = texts_of(page.locator("#sessions .id"))

    page.get_by_role("button", name="Next").click()
    expect(page.locator(".pager span")).to_contain_text("51–")
    second = texts_of(page.locator("#sessions .id"))
    assert "offset=50" in page.url
    page.go_back()
    expect(page.locator(".pager span")).to_contain_text("1–50")

    assert set(first).isdisjoint(second)
    assert texts_of(page.locator("#sessions .id")) == first


def test_filters_stand_in_the_address(demo, look, expect):
    """Model, consumer, status and words narrow everything down; a link brings the same view; one press clears them."""
    watched = look(demo, "/?range=all")
    page = watched.page

    page.get_by_label("Model", exact=True).select_option("qwen3-max")
    expect(page.locator("#by-models tbody tr")).to_have_count(1)
    page.get_by_label("Consumer", exact=True).select_option("ops-bot")
    expect(page.locator("#by-consumers tbody tr")).to_have_count(1)
    assert "model=qwen3-max" in page.url
    assert "consumer=ops-bot" in page.url
    rows = page.locator("#sessions tbody tr").count()
    other = look(demo, page.url[len(demo) :]).page
    expect(other.locator("#sessions tbody tr")).to_have_count(rows)
    page.get_by_role("button", name="Clear filters").first.click()
    expect(page.locator("#sessions tbody tr")).to_have_count(50)
    page.get_by_label("Search sessions").fill("nobody has such an id")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.go_back()
    expect(page.locator("#sessions tbody tr")).to_have_count(50)


def test_a_press_on_a_model_or_a_bar_narrows_the_view(demo, look, expect):
    """The legend shows one model alone; a bar shows its day alone, in hours."""
    page = look(demo, "/?range=all").page

    page.locator("#timeline .legend button", has_text="gpt-5").first.click()
    expect(page.locator("#by-models tbody tr")).to_have_count(1)
    page.go_back()
    page.locator("#timeline a.bar:has(.fill)").nth(1).click()
    expect(page.get_by_label("What a bar is")).to_have_value("hour")

    assert "since=" in page.url
    expect(page.get_by_role("button", name="Custom")).to_have_attribute("aria-pressed", "true")


def test_bars_are_reached_and_read_without_a_mouse(demo, look, expect):
    """Arrow keys go from bar to bar, each says what it stands for, and a table has all the figures."""
    page = look(demo).page
    bars = page.locator("#timeline a.bar")

    for _ in range(5):  # an update that comes just then makes the bars anew
        bars.last.focus()
        page.keyboard.press("ArrowLeft")
        with contextlib.suppress(AssertionError):
            expect(bars.nth(bars.count() - 2)).to_be_focused(timeout=1_000)
            break
    else:
        pytest.fail("the arrow did not lead to the bar before")
    assert re.search(r"\d{4}(, not whole)?: ~?\$\d.*calls?$", bars.last.get_attribute("aria-label"))
    page.locator("#timeline summary").click()
    assert page.locator("#timeline .as-table tbody tr").count() >= 4


def test_tokens_in_place_of_cost(demo, look, expect):
    """What the bars show can be chosen, and stays in the address."""
    page = look(demo).page

    page.get_by_role("button", name="Tokens", exact=True).first.click()
    expect(page.get_by_role("button", name="Tokens", exact=True).first).to_have_attribute("aria-pressed", "true")

    assert "metric=tokens" in page.url
    assert not [text for text in page.locator("#timeline text.axis").all_text_contents() if "$" in text]


def test_words_are_found_in_what_was_said(demo, look, expect):
    """A search also shows the rounds in which it was said, and leads there."""
    page = look(demo).page

    page.get_by_label("Search sessions").fill("discount rule compares")
    expect(page.locator("#hits li").first).to_be_visible()
    page.locator("#hits a").first.click()
    expect(page.locator(".round.is-target")).to_contain_text("discount rule compares")


def test_a_search_goes_on_until_all_is_looked_through(demo, look, expect):
    """What is there so far is shown with how much that is, and the page asks until all rounds are looked through."""
    page, is_whole = look(demo).page, []

    def answer(route):
        """As long as it takes: nothing in two fifths of the rounds."""
        found = route.fetch()
        so_far = {"hits": [], "more": False, "sessions": [], "complete": False, "looked_through": 0.4}
        told = found.json()
        told["data"].update({} if is_whole else so_far)
        route.fulfill(json=told)

    page.route("**/api/search?*", answer)
    page.get_by_label("Search sessions").fill("discount rule compares")
    expect(page.locator("#hits")).to_contain_text("40% of all rounds looked through")
    expect(page.locator("#hits")).to_contain_text("Nobody said that so far.")
    is_whole.append(True)

    expect(page.locator("#hits li").first).to_be_visible()
    expect(page.locator("#hits progress")).to_have_count(0)


def test_the_overview_fills_by_itself(tmp_path, serve, look, expect):
    """Where there is nothing yet the page says what to run; what comes then is shown without a press."""
    log = written(tmp_path / "access.log", [])
    folder = ingested(tmp_path / "sessions", log)
    address = serve(folder)
    page = look(address).page
    expect(page.get_by_text("No sessions yet")).to_be_visible()
    assert "main.py" in page.locator("pre").first.inner_text()

    written(log, [line("first", ["hello"], start_time=at(datetime.now(timezone.utc)), answer="hi")], "ab")
    ingested(folder, log)
    expect(page.locator("#sessions tbody tr")).to_have_count(1, timeout=60_000)

    page.get_by_role("button", name="Pause updates").click()
    expect(page.locator("#updated")).to_have_text("paused")


def test_without_a_stream_the_page_asks(tmp_path, serve, look, expect):
    """Where the server holds no further stream, the page asks every 30 seconds."""
    log = written(tmp_path / "access.log", [line("first", ["hello"], start_time=at(datetime.now(timezone.utc)))])
    folder = ingested(tmp_path / "sessions", log)
    watched = look(serve(folder))
    page = watched.page
    page.route("**/api/events", lambda route: route.fulfill(status=503))
    page.clock.install()
    with page.expect_response("**/api/events"):
        page.reload()
    expect(page.locator("#sessions tbody tr")).to_have_count(1)

    written(log, [line("second", ["hello"], start_time=at(datetime.now(timezone.utc)))], "ab")
    ingested(folder, log)
    rows = page.locator("#sessions tbody tr")
    for _ in range(20):  # it may hear late that there is no stream, and an answer may be some seconds old
        page.clock.run_for(35_000)
        with contextlib.suppress(AssertionError):
            expect(rows).to_have_count(2, timeout=1_000)
            break

    expect(rows).to_have_count(2)
    assert [error for error in watched.errors if "503" not in error] == []
    watched.errors.clear()


def test_old_sessions_are_shown_at_the_first_look(tmp_path, serve, look, expect):
    """A log of last year is not an empty page; with a range that has nothing, one press shows all."""
    folder = ingested(tmp_path / "sessions", written(tmp_path / "access.log", [line("old", ["hello"])]))
    address = serve(folder)
    page = look(address).page
    expect(page.locator("#sessions tbody tr")).to_have_count(1)
    page.get_by_role("button", name="24 h", exact=True).click()
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Show all time").click()
    expect(page.locator("#sessions tbody tr")).to_have_count(1)


def test_the_month_is_not_said_to_end_with_less_than_is_spent_already(demo, look, expect):
    """What the month ends near is told to two figures, and rounded up where it would be below what was spent by now."""
    page = look(demo).page

    def near_its_end(route):
        asked = {name: value for name, value in route.request.headers.items() if name != "if-none-match"}
        response = route.fetch(headers=asked)
        told = response.json()
        pace = told["data"]["pace"]
        told["data"]["pace"] = {**pace, "month": {**pace["month"], "cost_usd": "32.27"}, "month_end_usd": "32.41"}
        route.fulfill(response=response, json=told)

    page.route("**/api/overview?*", near_its_end)
    page.get_by_role("button", name="30 d", exact=True).click()
    expect(page.locator(".pace")).to_contain_text("$33.00")
