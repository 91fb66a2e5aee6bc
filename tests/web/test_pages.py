"""The pages in a real browser: what they show, what one can do with them, and what they never do."""

from __future__ import annotations

import contextlib
import json
import posixpath
import re
import urllib.parse
from datetime import datetime, timedelta, timezone

import pytest

from tests.support import browser as browsers
from tests.support.browser import DESK, NO_FAULTS, PHONE, Watched, axe_source, ingested, server
from tests.support.calls import line, message
from tests.support.page_logs import HOSTILE_MODEL, MARKUP, WORD, at, hostile, long_session, tool_call, written
from tests.tools import demo_log

SESSION = "agent:main:discord:channel:1465367993012981988"
LONG = "team/red/run 7"


def of_session(session_id, anchor=""):
    """The path of a session's page."""
    return "/session?id=" + urllib.parse.quote(session_id, safe="") + anchor


# --- What is looked at ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests."""
    with browsers.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def demo(tmp_path_factory, chromium):
    """The address of a server with a week of sessions of agents, one of which has 300 rounds."""
    folder = tmp_path_factory.mktemp("demo")
    now = datetime.now(timezone.utc)
    lines = [each.rstrip(b"\n") for each in demo_log.lines(now, days=5, sessions=70)]
    lines += long_session(LONG, 300, now - timedelta(hours=3))
    with server(ingested(folder / "sessions", written(folder / "access.log", lines))) as address:
        yield address


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, chromium):
    """The address of a server with sessions that attack pages."""
    folder = tmp_path_factory.mktemp("attacked")
    with server(ingested(folder / "sessions", written(folder / "access.log", hostile()))) as address:
        yield address


@pytest.fixture
def serve():
    """Serves folders until the pages that look at them are closed."""
    with contextlib.ExitStack() as servers:
        yield lambda folder, *options: servers.enter_context(server(folder, *options))


@pytest.fixture
def look(chromium, serve):
    """Opens pages in contexts of their own; in the end none of them must have done anything wrong."""
    opened = []

    def at_size(address, path="/", **options):
        watched = Watched(chromium, address, **options)
        opened.append(watched)
        watched.open(path)
        return watched

    yield at_size
    for watched in opened:
        faults = watched.faults
        watched.close()
        assert faults == NO_FAULTS


@pytest.fixture
def expect():
    """Playwright's way to wait for what should come true."""
    from playwright.sync_api import expect as expects  # noqa: PLC0415 -- only where there is a browser

    expects.set_options(timeout=20_000)
    return expects


def texts_of(locator):
    """The texts of all that are found."""
    return [text.strip() for text in locator.all_inner_texts()]


# --- The overview --------------------------------------------------------------------------------------------------------


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

    bars.last.focus()
    page.keyboard.press("ArrowLeft")
    expect(bars.nth(bars.count() - 2)).to_be_focused()
    assert re.search(r"\d{4}: \$\d.*calls?$", bars.last.get_attribute("aria-label"))
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
    page.get_by_role("button", name="24 hours").click()
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Show all time").click()
    expect(page.locator("#sessions tbody tr")).to_have_count(1)


# --- A session -----------------------------------------------------------------------------------------------------------


def test_a_session_is_opened_from_the_overview(demo, look, expect):
    """The title of a session leads to its page: what was asked, answered, called, and what that took."""
    page = look(demo, "/?q=1465367993012981988").page

    page.locator("a.session-link").first.click()
    expect(page.locator("h1")).to_contain_text("checkout test")
    page.locator(".round footer").first.wait_for()
    first = page.locator("#r1")

    expect(first.locator(".said.user")).to_contain_text("checkout test fails")
    assert re.search(
        r"claude-sonnet-4-5.* in .*out.*\$0\.\d+.*first token .*took ",
        first.locator("footer").inner_text().replace("\n", " "),
    )
    assert page.locator("#rail li").count() == page.locator(".round").count()
    assert page.locator(".facts .value").inner_text().startswith("$")


def test_only_what_is_new_is_shown_and_the_history_on_demand(demo, look, expect):
    """A round counts its new messages; those before them come when they are asked for."""
    page = look(demo, of_session(SESSION, "#r4")).page
    line_of_new = page.locator("#r4 .new-messages")

    expect(line_of_new).to_contain_text("new message")
    before = int(re.search(r"\((\d+) earlier", line_of_new.inner_text())[1])
    line_of_new.get_by_role("button", name="show").click()
    expect(page.locator("#r4 .history > .message")).to_have_count(before)
    line_of_new.get_by_role("button", name="hide").click()
    expect(page.locator("#r4 .history")).to_be_hidden()


def test_what_the_model_was_told_is_shown_where_it_changes(tmp_path, serve, look, expect):
    """Instructions beside the messages are folded, and not said again while they stay the same."""
    start = datetime.now(timezone.utc) - timedelta(minutes=1)
    told = ["Be brief.", "Be brief.", "Be thorough."]
    log = [
        line("s", ["hello"], start_time=at(start + timedelta(seconds=number)), system=system, answer="yes")
        for number, system in enumerate(told)
    ]
    folder = ingested(tmp_path / "sessions", written(tmp_path / "access.log", log))
    page = look(serve(folder), of_session("s")).page

    expect(page.locator("#r1 details.system")).to_contain_text("Be brief.")
    expect(page.locator("#r2 details.system")).to_have_count(0)
    expect(page.locator("#r3 details.system")).to_contain_text("Be thorough.")


def test_calls_stand_with_their_results(demo, look, expect):
    """A tool call says what came back, though the next call of the model brought it."""
    page = look(demo, of_session(LONG, "#r120")).page
    call = page.locator("#r120 .call")

    expect(call.locator("summary")).to_contain_text("src/part120.py")
    expect(call.locator(".state")).to_have_text("done")
    assert not call.locator(".text").count()
    call.locator("summary").click()
    expect(call).to_contain_text("lines of part 120")


def test_reasoning_is_closed_and_errors_are_seen(tmp_path, serve, look, expect):
    """What a model thought is folded; a call that failed, and one whose tool failed, is not to be overlooked."""
    start = datetime.now(timezone.utc) - timedelta(minutes=2)
    call = tool_call(1, "run_command", command="make test")
    log = [
        line("s", ["do it"], start_time=at(start), reasoning="secret thoughts", answer="running", tool_calls=[call]),
        line(
            "s",
            start_time=at(start + timedelta(seconds=5)),
            messages=[
                message("do it"),
                {"role": "assistant", "content": "running", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "Error: no rule to make target"},
            ],
            code="503",
        ),
        line("s", ["do it"], start_time=at(start + timedelta(seconds=9)), answer="again", model="gpt-4o"),
    ]
    address = serve(ingested(tmp_path / "sessions", written(tmp_path / "access.log", log)))
    page = look(address, of_session("s")).page
    reasoning = page.locator("#r1 details.reasoning")
    assert reasoning.get_attribute("open") is None
    reasoning.locator("summary").click()
    expect(reasoning.locator(".text")).to_have_text("secret thoughts")
    expect(page.locator("#r1 .call")).to_contain_text("no rule to make target")
    expect(page.locator("#r1 .call .state")).to_have_text("failed")
    expect(page.locator("#r2 .said.error")).to_contain_text("503")
    expect(page.locator("#r3 .chip.model")).to_contain_text("gpt-4o")
    assert page.locator(".growth .mark.error").count() == 2  # in the chart, and in what explains it
    assert page.locator(".growth .mark.model").count() == 2


def test_a_link_to_a_round_opens_it_with_those_around(demo, look, expect):
    """Of a long session the rounds around the linked one are there, and more at a press, up to both ends."""
    watched = look(demo, of_session(LONG, "#r140"))
    page = watched.page

    expect(page.locator("#r140.is-target")).to_be_in_viewport()
    assert page.locator(".round").count() == 50
    top = page.locator("#r140").bounding_box()["y"]
    page.get_by_role("button", name="Load earlier").evaluate("button => button.click()")  # without going there first
    expect(page.locator(".round")).to_have_count(100)
    assert abs(page.locator("#r140").bounding_box()["y"] - top) < 3
    page.get_by_role("button", name="Load later").click()
    expect(page.locator(".round")).to_have_count(150)
    numbers = [int(name[1:]) for name in page.locator(".round").evaluate_all("rounds => rounds.map((each) => each.id)")]
    assert numbers == list(range(numbers[0], numbers[0] + 150))
    page.evaluate("location.hash = '#r299'")
    expect(page.locator("#r299.is-target")).to_be_in_viewport()


def test_the_chart_and_the_rail_lead_to_rounds(demo, look, expect):
    """A press on the rail, and Enter in the chart, go to a round; both show where one is."""
    page = look(demo, of_session(LONG)).page

    page.locator('#rail a[href="#r290"]').click()
    expect(page.locator("#r290.is-target")).to_be_in_viewport()
    expect(page.locator('#rail a[aria-current="true"]')).to_have_attribute("href", "#r290")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext").startswith("Round 1,")
    page.keyboard.press("Enter")
    expect(page.locator("#r1.is-target")).to_be_in_viewport()


def test_text_is_found_in_all_of_the_session(demo, look, expect):
    """What stands in a round that is not on the page is found, gone to, and marked."""
    page = look(demo, of_session(LONG)).page
    expect(page.locator("#toolbar input")).to_be_visible()

    page.keyboard.press("/")
    page.keyboard.type("module 17 and")
    expect(page.locator(".found .hit").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#r17.is-target")).to_be_in_viewport()
    assert page.evaluate("CSS.highlights.get('found').size") > 0


def test_long_texts_are_clamped_and_fetched_on_demand(attacked, look, expect):
    """A text of a megabyte is not sent with its round; a press brings all of it and another folds it."""
    watched = look(attacked, of_session(MARKUP))
    page = watched.page
    assert sum(url.endswith("/api/session/text") for url in watched.asked) == 0

    answer = page.locator("#r1 .said.answer")
    assert len(answer.inner_text()) < 10_000
    answer.get_by_role("button", name="Show all").click()
    expect(answer.get_by_role("button", name="Show less")).to_be_visible()
    assert len(answer.locator(".text").evaluate("node => node.textContent")) > len(WORD)
    assert watched.overflow() <= 0
    answer.get_by_role("button", name="Show less").click()
    expect(answer.get_by_role("button", name="Show all")).to_be_visible()


def test_a_session_is_followed_while_it_grows(tmp_path, serve, look, expect):
    """New rounds come by themselves; who follows sees the last one, who scrolls away is left alone and told."""
    now = datetime.now(timezone.utc) - timedelta(minutes=1)
    lines = list(long_session("s", 16, now))
    log = written(tmp_path / "access.log", lines[:10])
    folder = ingested(tmp_path / "sessions", log)

    def grow(start, end):
        written(log, lines[start:end], "ab")
        ingested(folder, log)

    address = serve(folder)
    page = look(address, of_session("s"), size=(1400, 700)).page
    expect(page.locator(".round")).to_have_count(10)

    grow(10, 12)
    expect(page.locator("#r12")).to_be_attached(timeout=60_000)
    expect(page.get_by_role("button", name="2 new rounds")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.get_by_role("button", name="2 new rounds").click()
    expect(page.locator("#r12")).to_be_in_viewport()
    expect(page.locator("#follow")).to_have_attribute("aria-pressed", "true")

    grow(12, 14)
    expect(page.locator("#r14")).to_be_in_viewport(timeout=60_000)
    page.mouse.move(700, 350)
    page.mouse.wheel(0, -1500)
    expect(page.locator("#follow")).to_have_attribute("aria-pressed", "false")

    grow(14, 16)
    expect(page.get_by_role("button", name="2 new rounds")).to_be_visible(timeout=60_000)
    expect(page.locator("#r16")).not_to_be_in_viewport()
    expect(page.locator(".facts dd").first).to_contain_text("16")


def test_a_session_can_be_taken_along(demo, look):
    """The exports are downloads, and the link to a round is one that opens it."""
    watched = look(demo, of_session(SESSION), permissions=["clipboard-read", "clipboard-write"])
    page = watched.page

    with page.expect_download() as download:
        page.locator(".exports a", has_text="MD").click()
    assert download.value.suggested_filename.endswith(".md")
    page.get_by_role("button", name="Copy the link to round 2", exact=True).click()
    copied = page.evaluate("navigator.clipboard.readText()")

    assert copied.endswith("#r2")
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
    assert {path for path, _ in data} == {"/api/me", "/api/session", "/api/session/rounds"}
    assert 0 < sum(size for _, size in data) <= 200_000
    assert page.locator(".round").count() == 50


# --- Whoever looks, wherever -------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/?range=all", of_session(SESSION)], ids=["overview", "session"])
def test_nobody_is_shut_out(demo, look, path, theme, size):
    """The checker finds nothing serious or critical on either page, in either theme, on a phone and on a wide screen.

    Nor is a page wider than its window.
    """
    watched = look(demo, path, size=size, color_scheme=theme, locale="zh-CN" if theme == "dark" else "en-US")
    page = watched.page
    watched.context.add_init_script(axe_source())
    page.reload()
    page.locator(".card .value, .round footer").first.wait_for()
    page.locator("details > summary").first.click()

    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")

    serious = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
    assert [
        (each["id"], [node["html"][:200] for node in each["nodes"]][:3], each["nodes"][0]["failureSummary"])
        for each in serious
    ] == []
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


# --- Trouble ---------------------------------------------------------------------------------------------------------------


def test_a_server_that_is_gone_is_said_and_tried_again(demo, look, expect):
    """An answer that does not come is an error with a button; what is on the screen stays when only an update failed."""
    watched = look(demo)
    page = watched.page

    page.get_by_role("button", name="Pause updates").click()  # one that comes would take the button away
    page.route("**/api/sessions?*", lambda route: route.abort())
    page.get_by_role("button", name="30 days").click()
    expect(page.get_by_text("The server does not answer")).to_be_visible()
    page.unroute("**/api/sessions?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#sessions tbody tr").first).to_be_visible()

    assert watched.errors  # the browser's own report of what did not come
    watched.errors.clear()


def test_a_session_that_is_not_there(demo, look, expect):
    """A wrong link says so, and shows the way to all sessions."""
    watched = look(demo, of_session("no such <b>session</b>"))

    expect(watched.page.get_by_text("There is no such session")).to_be_visible()
    expect(watched.page.get_by_text("no such <b>session</b>")).to_be_visible()
    expect(watched.page.get_by_role("main").get_by_role("link", name="All sessions")).to_be_visible()
    assert [error for error in watched.errors if "404" not in error] == []
    watched.errors.clear()


def test_what_takes_long_is_waited_for(demo, look, expect):
    """While the server makes its index the page says how far that is, and goes on by itself."""
    watched = look(demo)
    page = watched.page
    error = {"code": "making_index", "message": "the index is being made", "progress": 0.4}
    busy = {"status": 503, "headers": {"Retry-After": "1"}, "json": {"schema_version": 1, "error": error}}
    page.route("**/api/overview?*", lambda route: route.fulfill(**busy), times=2)

    page.reload()

    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0.4")
    expect(page.locator("#sessions tbody tr").first).to_be_visible()
    assert [error for error in watched.errors if "503" not in error] == []
    watched.errors.clear()


def test_a_key_for_one_session_is_told_apart(demo, look, expect):
    """Who may see one session only is told that, and not shown an error."""
    watched = look(demo)
    page = watched.page
    mine = {"scope": "session", "session": SESSION, "redacted": False, "local": False, "version": "1"}
    page.route("**/api/me", lambda route: route.fulfill(json={"schema_version": 1, "data": mine}))

    page.reload()

    expect(page.get_by_text("This link opens one session only")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Open agent:main"))).to_be_visible()


def test_without_texts_the_figures_are_there(tmp_path, serve, look, expect):
    """A server that serves no conversation text shows rounds with their figures, and says why there is no more."""
    log = written(tmp_path / "access.log", long_session("s", 5))
    address = serve(ingested(tmp_path / "sessions", log), "--redact")
    page = look(address, of_session("s")).page
    expect(page.get_by_text("shows no conversation text")).to_be_visible()
    expect(page.locator("#r5 footer")).to_contain_text("60 out")
    assert "Step" not in page.locator("main").inner_text()
    overview = look(address).page
    expect(overview.locator("#sessions tbody tr")).to_have_count(1)


# --- Content that attacks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_hostile_content_is_text(attacked, look, expect, size):
    """Markup, escape sequences, marks that turn text and words of a megabyte are shown; they do nothing."""
    watched = look(attacked, of_session(MARKUP), size=size)
    page = watched.page
    page.get_by_role("button", name="Open all").click()
    expect(page.locator("#r1 .call .text").first).to_be_visible()

    shown = page.locator("#rounds").evaluate("node => node.textContent")

    assert MARKUP in shown
    assert "\\x1b" in shown
    assert "\\u202e" in shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200e\u200f]", shown)
    assert (
        page.locator(
            "main img, main script, main iframe, main [onerror], main [onload], main [style*=javascript]"
        ).count()
        == 0
    )
    assert watched.overflow() <= 0
    assert page.locator(".round").evaluate_all(
        "rounds => rounds.every((each) => each.scrollWidth <= each.clientWidth + 1)"
    )


def test_hostile_names_lead_where_they_should(attacked, look, expect):
    """Whatever a session's id, model or consumer is: it is shown as text, and its link opens that session."""
    watched = look(attacked)
    page = watched.page
    rows = page.locator("a.session-link").count()
    links = page.locator("a.session-link").evaluate_all("links => links.map((link) => link.getAttribute('href'))")

    assert rows == len(set(links)) == 9
    assert watched.overflow() <= 0
    for link in links:
        page.goto(attacked + link)
        page.locator(".round footer").first.wait_for()
        expect(page.locator(".notice")).to_have_count(0)
    page.goto(attacked + "/?model=" + urllib.parse.quote(HOSTILE_MODEL))
    expect(page.locator("#sessions tbody tr")).to_have_count(1)


def test_generated_hostile_ids_are_only_ids(tmp_path, serve, look, expect):
    """Ids that attack paths, pages and file systems are rows like others, each opens, and none breaks the layout."""
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    log = tmp_path / "access.log"
    tool = browsers.ROOT / "tests" / "tools" / "gen_access_log.py"
    options = [
        "--hostile-ids",
        "--profile",
        "lite",
        "--lines",
        "300",
        "--start",
        at(datetime.now(timezone.utc) - timedelta(hours=2)),
        "--seed",
        "5",
    ]
    subprocess.run([sys.executable, str(tool), *options, "--out", str(log)], check=True)
    address = serve(ingested(tmp_path / "sessions", log))
    watched = look(address, "/?range=all", size=PHONE)
    page = watched.page
    links = page.locator("a.session-link").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert len(links) >= 10
    assert watched.overflow() <= 0
    for link in links[:12]:
        page.goto(address + link)
        page.locator(".round footer").first.wait_for()
        assert watched.overflow() <= 0


# --- The files of the pages ------------------------------------------------------------------------------------------------


PAGES = browsers.ROOT / "scripts" / "web" / "pages"


def texts_in(language):
    """The texts of a language."""
    return json.loads((PAGES / "texts" / f"texts.{language}.json").read_text(encoding="utf-8"))


def sources():
    """All code and markup of the pages."""
    return {
        path.relative_to(PAGES).as_posix(): path.read_text(encoding="utf-8")
        for path in PAGES.rglob("*")
        if path.suffix in (".js", ".html")
    }


def test_every_text_is_in_both_languages_and_used():
    """No key lacks a translation, none is left over, and none is asked for that is not there."""
    english, chinese = texts_in("en"), texts_in("zh-CN")
    code = "\n".join(sources().values())
    asked = set(re.findall(r'\bt\(\s*"([^"]+)"', code)) | set(re.findall(r'data-(?:text|label|hint)="([^"]+)"', code))

    assert list(english) == list(chinese)
    assert [key for key in english if f'"{key}"' not in code] == []
    assert asked - set(english) == set()


def test_translations_say_the_same_values():
    """A translation names the values that the original names; what counts has a form for one and for many."""

    def names(text):
        forms = text.values() if isinstance(text, dict) else [text]
        return {name for form in forms for name in re.findall(r"\{(\w+)\}", form)}

    english, chinese = texts_in("en"), texts_in("zh-CN")
    assert {
        key: names(english[key]) ^ names(chinese[key]) for key in english if names(english[key]) != names(chinese[key])
    } == {}
    assert [key for key, text in english.items() if isinstance(text, dict) and set(text) != {"one", "other"}] == []


def test_pages_make_no_markup_of_text_and_ask_nobody_else():
    """No way from text to markup or code is used, nothing stands inline, and no other address is named."""
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc|javascript:|https?://(?!www\.w3\.org/2000/svg)"
    for name, text in sources().items():
        assert re.findall(forbidden, text) == [], name
        if name.endswith(".html"):
            assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text) == [], name
    for path in PAGES.rglob("*.css"):
        assert re.findall(r"@import|url\(", path.read_text(encoding="utf-8")) == [], path.name


def test_pages_load_every_module_at_once():
    """The browser hears of each module in the head of the page, so none is found only when another one has come."""

    def reached(name, seen):
        for address in re.findall(r'from "([\w./]+)"', sources()[name]):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
            if other not in seen:
                seen.add(other)
                reached(other, seen)
        return seen

    for page, entry in (("index.html", "overview/overview.js"), ("session.html", "session/session.js")):
        named = re.findall(r'modulepreload" href="/static/([\w./]+)"', sources()[page])
        assert sorted(named) == sorted(reached(entry, set())), page
