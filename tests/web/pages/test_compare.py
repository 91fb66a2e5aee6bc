"""The page that compares: models, consumers, times and sessions, each of which stands in the address."""

from __future__ import annotations

import csv
import json
import urllib.request
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.support.browser import PHONE, barriers, ingested
from tests.support.calls import line
from tests.support.page_logs import HOSTILE_MODEL, LONG, SESSION, written

LAPTOP = (1366, 768)


def opened(look, address, path, **options):
    """The page once its figures, or the words in their place, are there."""
    watched = look(address, **options)
    watched.page.goto(address + path)
    watched.page.locator("#all:visible, .notice:visible").first.wait_for()
    return watched


def told(address, path):
    """What the API says."""
    with urllib.request.urlopen(address + path) as answer:
        return json.loads(answer.read())["data"]


def row(page, label):
    """The cells of a row of the table."""
    return page.locator("#all tr").filter(has=page.get_by_role("rowheader", name=label, exact=True)).locator("td")


def test_models(demo, look, expect):
    """The two dearest at first; others are added and taken away, and every step stands in the address and in the history."""
    page = opened(look, demo, "/compare", size=LAPTOP).page
    first = told(demo, "/api/compare?since=7d&timezone=UTC")
    names = [side["name"] for side in first["sides"]]
    other = next(name for name in first["known"]["models"] if name not in names)

    expect(page.locator(".sides h2")).to_have_text(names)
    expect(page.locator(".pages [aria-current]")).to_have_text("Compare")
    page.get_by_label("Add a model").select_option(other)
    expect(page.locator(".sides h2")).to_have_text([*names, other])
    expect(page.locator(".measure").first.locator("dt")).to_have_text(["A", "B", "C"])
    assert parse_qs(urlsplit(page.url).query)["name"] == [*names, other]
    page.get_by_role("button", name=f"Take {names[0]} away").click()
    expect(page.locator(".sides h2")).to_have_text([names[1], other])
    page.get_by_role("button", name="Swap").click()
    expect(page.locator(".sides h2")).to_have_text([other, names[1]])
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_role("button", name="All", exact=True)).to_have_attribute("aria-pressed", "true")
    shared = page.url
    for expected in ([other, names[1]], [names[1], other], [*names, other], names):
        page.go_back()
        expect(page.locator(".sides h2")).to_have_text(expected)
    again = opened(look, demo, shared[len(demo) :]).page
    expect(again.locator(".sides h2")).to_have_text([other, names[1]])


def test_counts_lead_to_what_they_count(demo, look, expect):
    """The calls and the failed calls of a side lead to the list with the same filters, which has as many."""
    side = told(demo, "/api/compare?of=consumer&timezone=UTC&limit=8")["sides"]
    failed = next(each for each in side if each["failed"] and each["name"])
    path = f"/compare?of=consumer&range=all&name={quote(failed['name'])}&name=nobody"
    page = opened(look, demo, path, size=LAPTOP).page

    expect(row(page, "Calls").nth(0)).to_have_text(f"{failed['calls']:,}")
    expect(row(page, "Cost per call").nth(1)).to_have_text("not known")
    row(page, "Cost per call").nth(1).get_by_role("button").click()
    expect(page.locator(".note")).to_have_text("There are no calls.")
    page.keyboard.press("Escape")
    row(page, "Failed").nth(0).get_by_role("link").click()
    expect(page.locator("#card-errors .value")).to_have_text(f"{failed['failed']:,}")
    query = parse_qs(urlsplit(page.url).query)
    assert query == {"range": ["all"], "consumer": [failed["name"]], "outcome": ["failed"]}


def test_periods(demo, look, expect):
    """Two times by one press, or days of one's own; the days that are changed are those that are asked for."""
    page = opened(look, demo, "/compare", size=LAPTOP).page
    page.get_by_role("button", name="Periods").click()
    expect(page.get_by_role("button", name="This week and last")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Today and yesterday").click()
    expect(page.locator(".sides h2")).to_have_count(2)
    page.get_by_role("button", name="Custom days").click()
    today = datetime.now(timezone.utc).date()
    before = (today - timedelta(3)).isoformat()
    page.locator("#period-1-0").fill(before)
    expect(page.locator("#period-1-0")).to_have_value(before)
    days = parse_qs(urlsplit(page.url).query)["period"]
    assert days == [f"{today}/{today}", f"{before}/{today - timedelta(1)}"]
    sides = told(demo, "/api/compare?of=period&timezone=UTC&" + "&".join(f"period={each}" for each in days))["sides"]
    for at, side in enumerate(sides):
        expect(row(page, "Calls").nth(at)).to_have_text(f"{side['calls']:,}")
    page.get_by_role("button", name="Add a period").click()
    expect(page.locator(".sides > li")).to_have_count(3)
    page.go_back()
    expect(page.locator(".sides > li")).to_have_count(2)
    row(page, "Calls").nth(1).get_by_role("link").click()
    expect(page.locator("#card-sessions .foot")).to_contain_text(f"{sides[1]['calls']:,}")


def test_sessions(demo, look, expect):
    """Two sessions side by side, by an id or a part of it; each leads to its own page, and one that is not there is told."""
    page = opened(look, demo, "/compare?of=session", size=LAPTOP).page
    expect(page.get_by_role("heading", name="Nothing to compare yet")).to_be_visible()
    for text, number in ((LONG, 1), (SESSION[-12:], 2)):
        page.locator("#add").fill(text)
        page.keyboard.press("Enter")
        expect(page.locator(".sides > li")).to_have_count(number)
    assert parse_qs(urlsplit(page.url).query)["id"] == [LONG, SESSION]
    expect(row(page, "Calls").nth(0)).to_have_text("300")
    sides = told(demo, f"/api/session?id={quote(LONG, safe='')}")
    assert sides["rounds"] == 300
    page.locator("#add").fill("no such session")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("There is no such session.")
    page.locator(".sides h2 a").first.click()
    expect(page.locator(".round header").first).to_be_visible()
    page.go_back()
    expect(page.locator(".sides > li")).to_have_count(2)
    gone = opened(look, demo, f"/compare?of=session&id=gone&id={quote(SESSION)}").page
    expect(gone.locator(".sides .lacking")).to_have_text("There is no such session.")


def test_strangers_names(attacked, look, expect):
    """Markup and turned text in names of models, of consumers and of sessions are text, however they come in."""
    name = quote(HOSTILE_MODEL, safe="")
    for path in (
        f"/compare?range=all&name={name}&name=%3Cimg%20src=x%20onerror=alert(1)%3E",
        "/compare?of=consumer&range=all",
    ):
        watched = opened(look, attacked, path, size=PHONE)
        expect(watched.page.locator("#all")).to_be_visible()
        assert watched.page.locator("#chooser img, #content img, #chooser script").count() == 0
        assert watched.overflow() <= 0
    page = opened(look, attacked, f"/compare?range=all&name={name}&name=gpt-4o").page
    assert "<img src=x" in page.locator(".sides h2").first.locator("bdi").get_attribute("title")
    row(page, "Calls").nth(0).get_by_role("link").click()
    expect(page.locator("#card-sessions")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query)["model"] == [HOSTILE_MODEL]


def test_what_is_not_known_is_said(tmp_path, serve, look, expect):
    """No price, no tokens, no times: not known, and why; never 0."""
    now = datetime.now(timezone.utc).isoformat()
    untold = {"input_token": None, "output_token": None, "total_token": None}
    calls = [
        line("a", ["x"], model="no-such", start_time=now),
        line("b", ["x"], model="gpt-4o", start_time=now, **untold),
    ]
    address = serve(ingested(tmp_path / "sessions", written(tmp_path / "access.log", calls)))
    page = opened(look, address, "/compare?name=no-such&name=gpt-4o").page

    for label in ("Cost per call", "Cost per 1,000 tokens", "First token, median", "Whole call, p95", "Cost"):
        expect(row(page, label)).to_have_text(["not known", "not known"])
    expect(row(page, "Tokens in per call")).to_have_text(["10", "not known"])
    row(page, "Cost per call").nth(0).get_by_role("button").click()
    expect(page.locator(".note")).to_contain_text("no-such")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, LAPTOP])
def test_at_every_size(demo, look, size, scheme):
    """Nothing sticks out, nobody is kept out, in both themes and both languages, whatever is compared."""
    paths = ("/compare?range=all", "/compare?of=period&pair=custom&period=/&period=/", "/compare?of=session")
    language = "zh-CN" if scheme == "dark" else "en-US"
    for path in paths:
        watched = opened(look, demo, path, color_scheme=scheme, size=size, locale=language)
        assert watched.overflow() <= 0
        assert barriers(watched.page) == []


def test_a_table_of_what_is_compared(demo, look, tmp_path):
    """A file for spreadsheets has a row a side, with the figures as the API tells them."""
    page = opened(look, demo, "/compare?range=all&of=consumer&name=ops-bot&name=code-review", size=LAPTOP).page
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    waiting.value.save_as(tmp_path / "saved.csv")
    rows = list(csv.DictReader((tmp_path / "saved.csv").read_text(encoding="utf-8-sig").splitlines()))
    sides = told(demo, "/api/compare?of=consumer&name=ops-bot&name=code-review&timezone=UTC")["sides"]

    assert waiting.value.suggested_filename == "compare-consumer.csv"
    assert [row["name"] for row in rows] == ["ops-bot", "code-review"]
    for row, side in zip(rows, sides):
        for name in ("calls", "input_tokens", "cost_usd", "cost_per_call_usd", "failed_share"):
            assert Decimal(row[name]) == Decimal(str(side[name]))  # a share of nothing is 0 there, 0.0 here
        assert row["first_token_p50_ms"] == str(side["latency"]["first_token_p50_ms"])


def test_a_table_has_no_formulas(tmp_path, serve, look):
    """What a spreadsheet would work out is text in it, and nothing of a name ends its cell."""
    now = datetime.now(timezone.utc).isoformat()
    names = ['=HYPERLINK("http://x",1)', "+1", 'a,"b"\r\nc']
    calls = [line(str(at), ["x"], model=name, start_time=now) for at, name in enumerate(names)]
    address = serve(ingested(tmp_path / "sessions", written(tmp_path / "access.log", calls)))
    query = "&".join(f"name={quote(name)}" for name in names)
    page = opened(look, address, f"/compare?range=all&{query}").page
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    waiting.value.save_as(tmp_path / "saved.csv")
    rows = list(csv.DictReader((tmp_path / "saved.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["name"] for row in rows] == ['\'=HYPERLINK("http://x",1)', "'+1", 'a,"b" c']


def test_to_what_compares_and_back(demo, look, expect):
    """The tables of models and of consumers lead to their dearest side by side; the range is the same there, and back again."""
    page = look(demo, "/?range=30d&consumer=code-review&sort=cost", size=LAPTOP).page
    names = page.locator("#by-models tbody bdi").all_inner_texts()[:4]
    page.locator("#by-models").get_by_role("link", name="Compare").click()
    expect(page.locator(".sides h2")).to_have_text(names)
    query = parse_qs(urlsplit(page.url).query)
    assert (query["range"], query["consumer"], query["name"]) == (["30d"], ["code-review"], names)

    page.get_by_role("button", name="Today", exact=True).click()
    page.wait_for_url("**range=today**")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Sessions").click()
    expect(page.locator("#cards .value").first).to_be_visible()
    assert parse_qs(urlsplit(page.url).query) == {"range": ["today"], "consumer": ["code-review"], "sort": ["cost"]}
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Compare").click()
    expect(page.get_by_role("button", name="Today", exact=True)).to_have_attribute("aria-pressed", "true")


def test_from_day_to_day(demo, look, expect):
    """Each side has a line over the days, and a table of what it cost on each, which adds up to what it cost."""
    watched = opened(look, demo, "/compare?range=all&name=qwen3-max&name=gpt-5", size=LAPTOP)
    page = watched.page
    trend = page.locator(".trend")
    expect(trend.locator("path.line")).to_have_count(2)
    assert trend.locator("path.line").evaluate_all("all => all.every((each) => each.getAttribute('d').length > 10)")
    trend.locator("summary").click()
    for at, name in enumerate(("qwen3-max", "gpt-5")):
        days = told(demo, f"/api/stats?by=day&timezone=UTC&since=92d&model={name}")["dates"]
        shown = trend.locator("tbody tr").locator(f"td:nth-child({at + 2})").all_inner_texts()
        assert len([each for each in shown if each != "$0.00"]) == len(days)
    trend.locator("svg").hover()
    expect(trend.locator(".tip")).to_contain_text("$")
    assert barriers(page) == []
    page.get_by_role("button", name="Sessions", exact=True).click()
    expect(trend).to_be_hidden()


def test_days_of_times_lie_over_each_other(tmp_path, serve, look, expect):
    """The first day of one time stands over the first of the other; a day whose cost is not known is a gap, and no 0."""
    now = datetime.now(timezone.utc).replace(hour=12)
    days = [(now - timedelta(days=back)).date().isoformat() for back in range(8)]
    calls = [
        line(f"s{back}", ["x"], model="no-such" if back == 1 else "gpt-4o", start_time=f"{days[back]}T00:00:01Z")
        for back in (0, 1, 2, 5, 7)
    ]
    address = serve(ingested(tmp_path / "sessions", written(tmp_path / "access.log", calls)))
    path = f"/compare?of=period&pair=custom&period={days[2]}/{days[0]}&period={days[7]}/{days[5]}"
    page = opened(look, address, path, size=PHONE).page
    trend = page.locator(".trend")
    trend.locator("summary").click()

    expect(trend.locator("tbody th")).to_have_text(["Day 3", "Day 2", "Day 1"])
    cells = [row.split("\t")[1:] for row in trend.locator("tbody tr").all_inner_texts()]
    assert cells[1] == ["not known", "$0.00"]
    assert "$0.00" not in cells[0] + cells[2]
    assert trend.locator("path.line").first.get_attribute("d").count("M") == 2
