"""The overview is of the range: its list adds up to its cards, its days are the reader's, and back leads to where one was."""

from __future__ import annotations

import json
import re
import urllib.request
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest

from tests.support.browser import box_of, ingested, of_session, texts_of
from tests.support.calls import line
from tests.support.page_logs import LONG, SESSION, written

BERLIN = {"timezone_id": "Europe/Berlin"}


def at(hour, day=27):
    """A moment of November as a log has it."""
    return f"2026-11-{day}T{hour}:00.000Z"


@pytest.fixture(scope="module")
def over_midnight(tmp_path_factory, chromium):
    """The address of a server with a session that talked on two of Berlin's days, and others of one of them."""
    from tests.support.browser import server  # noqa: PLC0415 -- a server of its own

    folder = tmp_path_factory.mktemp("midnight")
    calls = [
        line("both", ["a"], start_time=at("22:30", 26), model="gpt-4o"),  # 23:30 in Berlin
        line("both", ["a", "b"], start_time=at("23:30", 26), model="gpt-4o"),  # 00:30 on the 27th
        line("that day", ["c"], start_time=at("12:00"), model="gpt-5"),
        line("that day", ["c", "d"], start_time=at("22:59"), model="gpt-4o"),  # 23:59
        line("after", ["e"], start_time=at("23:01"), model="gpt-4o"),  # 00:01 on the 28th
    ]
    with server(ingested(folder / "sessions", written(folder / "access.log", calls))) as address:
        yield address


def answer(address, path):
    """What the server answers there."""
    with urllib.request.urlopen(f"{address}/api/{path}") as response:
        return json.load(response)["data"]


def test_a_bar_that_is_pressed_and_retyped_is_the_same_day(over_midnight, look, expect):
    """In Berlin a press on the bar of a day chooses that day, the fields say so, and the same day typed in is the same."""
    page = look(over_midnight, "/?range=all", **BERLIN).page
    bar = page.locator("#timeline a.bar", has=page.locator(".fill")).nth(1)
    assert "Nov 27" in bar.get_attribute("aria-label")
    bar.click()
    expect(page.locator("#sessions tbody tr")).to_have_count(2)

    assert "since=2026-11-27&until=2026-11-27" in page.url
    assert page.locator("#date-since").input_value() == page.locator("#date-until").input_value() == "2026-11-27"
    cost, calls = page.locator("#card-cost .value").inner_text(), page.locator("#card-sessions .foot").inner_text()
    assert "3 calls" in calls
    page.locator("#date-until").fill("2026-11-26")
    expect(page.locator("#date-since")).to_have_value("2026-11-26")
    page.locator("#date-since").fill("2026-11-27")
    expect(page.locator("#card-cost .value")).to_have_text(cost)
    expect(page.locator("#sessions tbody tr")).to_have_count(2)
    moments = look(over_midnight, "/?since=2026-11-26T23:00:00Z&until=2026-11-27T23:00:00Z", **BERLIN).page
    assert moments.locator("#date-since").input_value() == moments.locator("#date-until").input_value() == "2026-11-27"


def test_a_row_is_of_the_day_with_the_whole_beside_it(over_midnight, look):
    """A session that went on over midnight counts its calls of the day, and says quietly that there are more."""
    page = look(over_midnight, "/?since=2026-11-27&until=2026-11-27&sort=cost", **BERLIN).page
    rows = page.locator("#sessions tbody tr")

    assert texts_of(rows.locator(".of-session .id")) == ["that day", "both"]
    assert rows.nth(1).locator(".of-rounds").inner_text().split("\n") == ["1", "of 2"]
    assert "of " in rows.nth(1).locator(".of-cost small.whole").inner_text()
    assert rows.nth(0).locator("small.whole").count() == 0


@pytest.mark.parametrize(
    "chosen", ["range=24h", "range=all&model=qwen3-max", "range=all&outcome=failed", "range=yesterday"]
)
def test_rows_add_up_to_the_cards(demo, chosen):
    """Calls, tokens and cost of all rows of a view are those of its cards."""
    ago = datetime.now(timezone.utc) - timedelta(days=1)  # a moment: two questions are not asked at the same one
    view = chosen.replace("range=24h", f"since={ago:%Y-%m-%dT%H:%M:%SZ}")
    view = view.replace("range=yesterday", "since=yesterday&until=yesterday")
    view = view.replace("range=all&", "")
    rows = answer(demo, f"sessions?{view}&limit=500")["sessions"]
    now = answer(demo, f"overview?{view}")["cards"]["now"]

    assert len(rows) == now["sessions"]
    assert sum(row["messages_count"] for row in rows) == now["calls"]
    assert sum(row["failed_count"] for row in rows) == now["failed"]
    assert sum(row["total_tokens"] for row in rows) == now["total_tokens"]
    dollars = sum(round(float(row["cost_usd"] or 0) * 10**12) for row in rows)
    assert abs(dollars - round(float(now["cost_usd"] or 0) * 10**12)) < 1000


def where_it_is_noon():
    """A zone in which today has calls, whenever the tests run."""
    east = 12 - datetime.now(timezone.utc).hour
    return f"Etc/GMT{-east:+d}" if east else "UTC"


def test_the_axis_is_the_whole_range(demo, look, expect):
    """Seven days have bars to today, though calls began later; the day that is not over is pale, and its card has a total."""
    page = look(demo, "/?range=7d", timezone_id=where_it_is_noon()).page
    bars = page.locator("#timeline a.bar")

    assert bars.count() == 8
    assert "partial" in bars.last.get_attribute("class")
    assert "partial" not in bars.nth(3).get_attribute("class")
    bars.last.hover()
    tip = page.locator(".tip")
    expect(tip.locator("tbody tr").first).to_contain_text("Total")
    assert tip.evaluate("tip => tip.scrollWidth <= tip.clientWidth")
    box, bar = box_of(tip), box_of(bars.last.locator(".reach"))
    assert box["x"] + box["width"] <= bar["x"] + 1 or box["x"] >= bar["x"] + bar["width"] - 1


@pytest.mark.parametrize("name", ["Today", "Yesterday", "24 h", "30 d", "Month"])
def test_each_range_is_one_press(demo, look, expect, name):
    """The range is chosen, and stands in the address."""
    page = look(demo).page
    page.get_by_role("button", name=name, exact=True).click()

    expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")
    assert "range=" in page.url


def test_a_model_has_one_colour(demo, look):
    """It is the same whatever else is shown, and differs from those of the other models that are seen often."""

    def colours(path):
        page = look(demo, path).page
        rows = page.locator("#by-models tbody tr")
        names = [row.locator("th").inner_text() for row in rows.all()]
        classes = [row.locator(".swatch").get_attribute("class").split()[-1] for row in rows.all()]
        return dict(zip(names, classes))

    everything = colours("/?range=all")
    assert len(everything) >= 6
    named = {name: colour for name, colour in everything.items() if name != "(not named)"}
    assert len(set(named.values())) == len(named)
    for path in ("/?range=24h", "/?range=all&model=gpt-5", "/?range=all&consumer=ops-bot"):
        assert colours(path).items() <= everything.items()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_list_begins_above_the_fold(demo, look, locale):
    """At 1366 x 768 a whole row of the list is in sight; a card is 96 px high."""
    page = look(demo, size=(1366, 768), locale=locale).page
    box = box_of(page.locator("#sessions tbody tr").first)

    assert box["y"] + box["height"] < 700
    assert box_of(page.locator(".cards"))["height"] <= 98
    assert box_of(page.locator("#timeline svg"))["height"] == 152


@pytest.mark.parametrize("width", [375, 768, 1200, 1280, 1366, 1600])
def test_nothing_is_cut(demo, look, width):
    """No table is wider than its panel, and the page not wider than its window."""
    watched = look(demo, "/?range=all", size=(width, 900))
    wide = "nodes => nodes.filter(n => n.scrollWidth > n.clientWidth + 1).map(n => `${n.id} ${n.className}`)"

    assert watched.overflow() <= 0
    assert (
        watched.page.locator(".group .scroll, #heat .scroll, .card, .card .value, #sessions").evaluate_all(wide) == []
    )


def test_the_hits_of_a_search_come_first(demo, look, expect):
    """While words stand in the field hits are at the top, by session; keys walk, Enter opens, and the words go along."""
    page = look(demo, "/?range=all").page
    page.get_by_label("Search sessions").fill("discount")
    expect(page.locator("#hits .hit").first).to_be_visible()

    assert box_of(page.locator("#hits"))["y"] < 200
    assert not page.locator("#cards").is_visible()
    assert not page.locator("#timeline").is_visible()
    assert page.locator("#hits .hit mark").count() >= page.locator("#hits .hit").count()
    assert page.locator("#hits h3").count() == len({*texts_of(page.locator("#hits h3 .id"))})
    before = page.locator("#hits .hit").count()
    expect(page.locator("#hits > header small")).to_contain_text(f"{before}+ hits in ")  # there are more
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("#hits .hit").nth(before)).to_be_visible()
    page.locator("#hits h2").click()
    page.keyboard.press("n")
    expect(page.locator("#hits .hit").nth(1)).to_be_focused()
    page.keyboard.press("N")
    expect(page.locator("#hits .hit").first).to_be_focused()
    page.get_by_label("Search sessions").press("Enter")
    page.wait_for_url(re.compile(r"/session\?id=.*&find=discount#r\d+$"))
    number = page.url.split("#")[1]
    expect(page.get_by_label("Find in this session").first).to_have_value("discount")
    expect(page.locator(f"#{number}.is-target")).to_be_in_viewport()
    expect(page.locator(".found .hit[aria-current]")).to_contain_text(number[1:])
    page.wait_for_function("CSS.highlights.get('found')?.size > 0")


def test_words_in_what_is_folded_are_seen(demo, look, expect):
    """A link with words and a round opens what is folded around them there; the ways on and back are in sight."""
    places = answer(demo, "session/find?q=discount&id=" + SESSION)["rounds"]
    number = next(hit["round"] for hit in places if hit["where"] == "tools")
    page = look(demo, f"{of_session(SESSION)}&find=discount#r{number}").page

    expect(page.locator(f"#r{number} details.call[open]").first).to_be_visible()
    expect(page.locator(f"#r{number} details.call .text").first).to_be_visible()
    place = [hit["round"] for hit in places].index(number)
    many = len(places)
    expect(page.locator(".steps")).to_contain_text(f"{place + 1} of {many}")
    page.wait_for_function("CSS.highlights.get('found')?.size > 0")
    page.get_by_role("button", name="next place").click()
    expect(page.locator(".steps")).to_contain_text(f"{(place + 1) % many + 1} of {many}")
    page.get_by_role("button", name="former place").click()
    expect(page.locator(f"#r{number}.is-target")).to_be_in_viewport()
    page.get_by_label("Find in this session").first.press("Escape")
    expect(page.locator(".steps")).to_be_hidden()
    assert "find=" not in page.url


def test_presses_while_a_place_is_gone_to_lead_on(demo, look, expect):
    """Each is one place further, however slowly rounds come; the reader ends at the last."""
    rounds = [hit["round"] for hit in answer(demo, f"session/find?q=64+and&id={quote(LONG)}")["rounds"]]
    assert min(later - earlier for earlier, later in zip(rounds, rounds[1:])) > 30  # no page of rounds has two of them
    page = look(demo, f"{of_session(LONG)}&find=64+and#r{rounds[0]}").page
    expect(page.locator(".steps")).to_contain_text(f"1 of {len(rounds)}")
    page.route("**/api/session/rounds*", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.get_by_role("button", name="next place").evaluate("way => { way.click(); way.click(); }")

    expect(page.locator(".steps")).to_contain_text(f"3 of {len(rounds)}")
    expect(page.locator(f"#r{rounds[2]}.is-target")).to_be_in_viewport()
    page.unroute_all(behavior="wait")
    page.get_by_role("button", name="former place").click()
    expect(page.locator(".steps")).to_contain_text(f"2 of {len(rounds)}")
    expect(page.locator(f"#r{rounds[1]}.is-target")).to_be_in_viewport()


def test_other_pages_are_a_press_away_from_a_session(demo, look, expect):
    """Of who may open them; the first leads to the overview as it was left, as it does on every page."""
    page = look(demo, "/?range=30d").page
    expect(page.locator("#sessions tbody tr").first).to_be_visible()
    page.goto(demo + of_session(SESSION))
    ways = page.get_by_role("navigation", name="Pages")
    ways.get_by_role("link", name="Prices").click()
    page.wait_for_url("**/prices")
    ways.get_by_role("link", name="Sessions").click()
    page.wait_for_url("**/?range=30d")


def test_escape_leads_back_to_before_the_search(demo, look, expect):
    """However many letters were typed: range, order and cards are there again."""
    page = look(demo, "/?range=all&sort=cost").page
    field = page.get_by_label("Search sessions")
    field.press_sequentially("discount", delay=10)
    expect(page.locator("#hits .hit").first).to_be_visible()
    field.press_sequentially(" rule", delay=10)
    page.wait_for_url(re.compile("q=discount.rule"))
    field.press("Escape")

    expect(page.locator("#cards")).to_be_visible()
    assert page.url.endswith("/?range=all&sort=cost")


def test_back_from_a_session_leads_to_where_one_was(demo, look, expect):
    """A press anywhere in a row opens it; back, the list stands where it stood, and the brand keeps the view."""
    page = look(demo, "/?range=all&sort=rounds").page
    page.evaluate("scrollTo(0, 1500)")
    page.wait_for_timeout(400)
    height = page.evaluate("scrollY")
    assert height > 300
    page.mouse.click(900, 400)  # somewhere in a row, where there is no link of its own
    page.wait_for_url(re.compile("/session"))
    expect(page.locator(".round").first).to_be_visible()
    assert page.locator("a.brand").get_attribute("href").endswith("?range=all&sort=rounds")
    page.go_back()

    expect(page.locator("#sessions tbody tr").first).to_be_attached()
    page.wait_for_function("want => Math.abs(scrollY - want) < 60", arg=height)
    assert page.url.endswith("/?range=all&sort=rounds")


def test_every_count_leads_to_what_it_counts(demo, look, expect):
    """Failed calls of the card filter, those of a row lead to the round, and who is active now is one press away."""
    page = look(demo, "/?range=all").page
    page.locator("#card-errors .value a").click()
    page.wait_for_url(re.compile("outcome=failed"))
    expect(page.get_by_label("How calls ended")).to_have_value("failed")
    expect(page.locator("#sessions tbody tr:not(:has(td.of-failed a.failed))")).to_have_count(0)
    expect(page.locator("#sessions td.of-failed a.failed").first).to_be_visible()
    assert re.search(r"#r\d+$", page.locator("#sessions td.of-failed a.failed").first.get_attribute("href"))
    page.go_back()
    page.locator("#by-models td.of-calls a.failed").first.click()
    page.wait_for_url(re.compile("outcome=failed"))
    assert "model=" in page.url


def test_what_was_assumed_is_told_at_a_press(demo, look, expect):
    """A cost with `~` says which share of it was assumed, and why."""
    page = look(demo, "/?range=all").page
    page.locator("#sessions .of-cost .told").first.click()

    note = page.get_by_role("note")
    expect(note).to_contain_text(re.compile("~ (all of it )?assumed"))
    assert "/session" not in page.url
    page.keyboard.press("Escape")
    expect(note).to_have_count(0)
