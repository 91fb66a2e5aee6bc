"""Ways through a session in a real browser: links, the rail, keys, find, following."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from tests.support.browser import box_of, ingested, of_session
from tests.support.page_logs import LONG, long_session, written
from tests.support.stored_rounds import keep, round_of


def test_a_link_to_a_round_opens_it_with_those_around(demo, look, expect):
    """Of a long session the rounds around the linked one are there, and more at a press, up to both ends."""
    watched = look(demo, of_session(LONG, "#r140"))
    page = watched.page

    expect(page.locator("#r140.is-target")).to_be_in_viewport()
    expect(page.locator("#r180")).to_be_attached()
    numbers = "rounds => rounds.map((each) => Number(each.id.slice(1)))"
    before = page.locator(".round").evaluate_all(numbers)
    top = box_of(page.locator("#r140"))["y"]
    page.get_by_role("button", name="Load earlier").evaluate("button => button.click()")  # without going there first
    page.wait_for_function("number => document.getElementById(`r${number}`)", arg=before[0] - 10)
    assert abs(box_of(page.locator("#r140"))["y"] - top) < 3
    page.mouse.move(800, 500)
    page.mouse.wheel(0, 1500)
    expect(page.locator("#r220")).to_be_attached()
    after = page.locator(".round").evaluate_all(numbers)
    assert after == list(range(after[0], after[-1] + 1))
    page.evaluate("location.hash = '#r299'")
    expect(page.locator("#r299.is-target")).to_be_in_viewport()


def test_the_chart_and_the_rail_lead_to_rounds(demo, look, expect):
    """A press on the rail, and Enter in the chart, go to a round; both show where one is."""
    page = look(demo, of_session(LONG)).page

    page.locator('#rail a[href="#r226"] .prompt').click()
    expect(page.locator("#r226.is-target")).to_be_in_viewport()
    expect(page.locator('#rail a[aria-current="true"]')).to_have_attribute("href", "#r226")
    page.locator('#rail rect[data-round="97"]').click()
    expect(page.locator("#r97.is-target")).to_be_in_viewport()
    expect(page.locator("#rail rect.here")).to_have_attribute("data-round", "97")
    assert page.locator("#rail rect.is-failed").count() == 3
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext").startswith("Round 1,")
    page.keyboard.press("Enter")
    expect(page.locator("#r1.is-target")).to_be_in_viewport()


def test_failures_are_a_path(demo, look, expect):
    """The number of failed rounds leads to the next of them, and so do `n` and `N`, round and round."""
    page = look(demo, of_session(LONG), size=(1280, 900)).page
    page.locator(".strip .link.failed").click()
    expect(page.locator("#r97.is-target")).to_be_in_viewport()
    page.set_viewport_size({"width": 1600, "height": 900})
    page.locator("#facts .totals .link.failed").click()
    expect(page.locator("#r194.is-target")).to_be_in_viewport()
    for key, number in (("n", 291), ("n", 97), ("N", 291), ("N", 194)):
        page.keyboard.press(key)
        expect(page.locator(f"#r{number}.is-target")).to_be_in_viewport()


def test_questions_are_a_path(demo, look, expect):
    """`J` and `K` go from question to question, wherever in the session they are."""
    page = look(demo, of_session(LONG)).page
    page.locator("#rail .prompt").first.wait_for()
    for key, number in (("J", 26), ("J", 51), ("J", 76), ("J", 101), ("K", 76)):
        page.keyboard.press(key)
        expect(page.locator(f"#r{number}.is-target")).to_be_in_viewport()


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


def test_a_session_is_followed_while_it_grows(tmp_path, serve, look, expect):
    """New rounds come by themselves; who follows sees the last one, who scrolls away is left alone and told."""
    now = datetime.now(timezone.utc) - timedelta(minutes=1)
    lines = list(long_session("s", 46, now))
    log = written(tmp_path / "access.log", lines[:40])
    folder = ingested(tmp_path / "sessions", log)

    def grow(start, end):
        written(log, lines[start:end], "ab")
        ingested(folder, log)

    address = serve(folder)
    page = look(address, of_session("s"), size=(1400, 700)).page
    expect(page.locator(".round")).to_have_count(40)

    grow(40, 42)
    expect(page.locator("#r42")).to_be_attached(timeout=60_000)
    expect(page.get_by_role("button", name="2 new rounds")).to_be_visible()
    assert page.evaluate("scrollY") == 0
    page.get_by_role("button", name="2 new rounds").click()
    expect(page.locator("#r42")).to_be_in_viewport()
    expect(page.locator("#to-follow")).to_have_attribute("aria-pressed", "true")

    grow(42, 44)
    expect(page.locator("#r44")).to_be_in_viewport(timeout=60_000)
    page.mouse.move(700, 350)
    page.mouse.wheel(0, -1500)
    expect(page.locator("#to-follow")).to_have_attribute("aria-pressed", "false")

    grow(44, 46)
    expect(page.get_by_role("button", name="2 new rounds")).to_be_visible(timeout=60_000)
    expect(page.locator("#r46")).not_to_be_in_viewport()
    expect(page.locator(".facts dd").first).to_contain_text("46")


def test_some_rounds_are_chosen(demo, look, expect):
    """All, what was talked, what failed, the dearest: counted, kept in the address, walked by keys, and back leads back."""
    watched = look(demo, of_session(LONG), size=(1366, 900))
    page = watched.page
    choice = page.locator("#choice button")
    expect(choice).to_have_count(4)
    assert choice.all_text_contents() == ["All 300", "Talk 12", "Failed 3", "Dearest 20"]

    page.get_by_role("button", name="Failed 3").click()
    expect(page.locator(".round")).to_have_count(3)
    assert "show=failed" in page.url
    for key, number in (("j", 194), ("j", 291), ("k", 194), ("k", 97)):
        page.keyboard.press(key)
        expect(page.locator(f"#r{number}.is-target")).to_be_in_viewport()
    expect(page.locator(".edge:visible")).to_have_count(0)

    again = look(demo, of_session(LONG) + "&show=dearest").page
    expect(again.locator(".round")).to_have_count(20)
    expect(again.locator('#choice [aria-pressed="true"]')).to_have_text("Dearest 20")
    again.get_by_role("button", name="Talk 12").click()
    expect(again.locator(".round")).to_have_count(12)
    expect(again.locator(".round .asked").first).to_be_visible()
    again.go_back()
    expect(again.locator(".round")).to_have_count(20)
    again.get_by_role("button", name="All 300").click()
    expect(again.locator("#r2")).to_be_attached()
    assert "show" not in again.url


PRESSED_AT_ONCE = """
new MutationObserver(async () => {
  if (document.querySelectorAll(".round").length !== 3) return;
  for (let at = 0; at < 100; at++) await null;
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true }));
}).observe(document.querySelector("#rounds"), { childList: true });
"""
"""Presses a key once three rounds are there, before the next frame."""


def test_a_key_goes_on_from_the_first_of_what_was_chosen(demo, look, expect):
    """However soon it is pressed, and wherever one read before."""
    page = look(demo, of_session(LONG), size=(1366, 900)).page
    expect(page.locator("#choice button")).to_have_count(4)
    page.evaluate(PRESSED_AT_ONCE)

    page.get_by_role("button", name="Failed 3").click()
    expect(page.locator("#r194.is-target")).to_be_in_viewport()


def test_a_way_to_a_round_that_the_choice_hides_shows_all(demo, look, expect):
    """Links, the rail and find lead to their rounds whatever was chosen, and it is said that all are shown now."""
    page = look(demo, of_session(LONG) + "&show=failed#r30").page

    expect(page.locator("#r30.is-target")).to_be_in_viewport()
    expect(page.locator(".missing")).to_contain_text("Round 30 is not among what was chosen (Failed)")
    expect(page.locator('#choice [aria-pressed="true"]')).to_have_text("All 300")
    page.get_by_role("button", name="Failed 3").click()
    expect(page.locator(".round")).to_have_count(3)
    page.locator('#rail a[href="#r226"] .prompt').click()
    expect(page.locator("#r226.is-target")).to_be_in_viewport()
    expect(page.locator("#r225")).to_be_attached()
    assert "show" not in page.url


def test_some_rounds_are_shown_whichever_answer_comes_first(demo, look, expect):
    """A link to some rounds is followed as well where the figures of the session come behind all else."""
    page = look(demo).page
    held = []

    def hold(route):
        held.append(route)

    page.route("**/api/session?*", hold)

    page.goto(demo + of_session(LONG) + "&show=failed#r30")
    expect(page.locator("#r30.is-target")).to_be_in_viewport()
    expect(page.locator(".missing")).to_contain_text("Round 30 is not among what was chosen (Failed)")
    held.pop().continue_()
    expect(page.get_by_role("heading", name="What was big")).to_be_visible()
    expect(page.locator(".facts dd").first).to_contain_text("300")
    assert "show" not in page.url


def test_find_opens_what_is_cut_and_goes_on_from_where_one_is(tmp_path, serve, look, expect):
    """Words far down in a long text are shown, fetched where they were not sent; next leads on from the round one reads."""
    filler = "nothing of that kind stands in this line\n"
    texts = {3: "a needle\n", 12: filler * 60 + "a needle\n", 20: filler * 700 + "a needle\n", 30: "a needle\n"}
    rounds = [round_of(number, answer=texts.get(number, "short")) for number in range(1, 40)]
    page = look(serve(keep(tmp_path / "sessions", "s", *rounds)), of_session("s", "#r10"), size=(1280, 700)).page
    expect(page.locator("#r10.is-target")).to_be_in_viewport()
    seen = """number => [...CSS.highlights.get("found")].some((range) => {
        const { top, bottom } = range.getBoundingClientRect();
        const text = range.startContainer.parentElement.closest(`#r${number} .text`);
        const box = text?.getBoundingClientRect();
        return text && top >= box.top && bottom <= box.bottom && top >= 0 && bottom <= innerHeight;
    })"""

    page.keyboard.press("/")
    page.keyboard.type("needle")
    expect(page.locator(".steps")).to_contain_text("of 4")
    for number, at in ((12, 2), (20, 3), (30, 4), (3, 1), (12, 2)):
        page.get_by_role("button", name="next place").click()
        page.wait_for_function(seen, arg=number)
        expect(page.locator(".steps")).to_contain_text(f"{at} of 4")
    page.evaluate("location.hash = '#r25'")
    expect(page.locator("#r25.is-target")).to_be_in_viewport()
    page.get_by_role("button", name="former place").click()
    page.wait_for_function(seen, arg=20)


def test_who_goes_elsewhere_while_find_leads_on_is_not_brought_back(tmp_path, serve, look, expect):
    """A way to a place ends where the reader goes to another round: it scrolls no more, and the next one is looked for from there."""
    texts = {3: "a needle\n", 20: "nothing of that kind stands in this line\n" * 700 + "a needle\n", 30: "a needle\n"}
    rounds = [round_of(number, answer=texts.get(number, "short")) for number in range(1, 40)]
    page = look(serve(keep(tmp_path / "sessions", "s", *rounds)), of_session("s", "#r3"), size=(1280, 700)).page
    expect(page.locator("#r3.is-target")).to_be_in_viewport()
    held = []
    page.route("**/api/session/text?*", lambda route: held.append(route))  # noqa: PLW0108 -- it looks how many it takes

    page.keyboard.press("/")
    page.keyboard.type("needle")
    expect(page.locator(".steps")).to_contain_text("1 of 3")
    with page.expect_request("**/api/session/text?*"):
        page.get_by_role("button", name="next place").click()
    page.evaluate("location.hash = '#r25'")
    expect(page.locator("#r25.is-target")).to_be_in_viewport()
    with page.expect_response("**/api/session/text?*"):
        held.pop().continue_()
    page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done), 300))")
    expect(page.locator("#r25.is-target")).to_be_in_viewport()
    page.unroute("**/api/session/text?*")
    page.get_by_role("button", name="former place").click()
    expect(page.locator(".steps")).to_contain_text("2 of 3")
