"""The figures of a session in a real browser: in sight at every width, and ways to its rounds."""

from __future__ import annotations

import re

import pytest

from tests.support.browser import box_of, of_session
from tests.support.page_logs import LONG
from tests.support.stored_rounds import keep, round_of


@pytest.mark.parametrize("width", [375, 768, 1280, 1366])
def test_figures_are_in_sight_at_every_width(demo, look, expect, width):
    """Cost, rounds, what failed, findings, what was cached and the context stand above the rounds, or beside them; scrolled away in a line."""
    watched = look(demo, of_session(LONG), size=(width, 900))
    page = watched.page
    if width > 1312:
        expect(page.locator(".facts .value")).to_be_in_viewport()
        expect(page.locator(".strip")).to_be_hidden()
        return
    expect(page.locator(".strip dd")).to_have_count(6)
    expect(page.locator(".strip dd").first).to_contain_text("$")
    expect(page.locator(".strip")).to_be_in_viewport(ratio=0.99)
    expect(page.locator(".facts")).to_be_hidden()
    page.get_by_role("button", name="All figures").click()
    expect(page.locator(".facts .value")).to_be_in_viewport()
    page.get_by_role("button", name="All figures").click()
    page.evaluate("location.hash = '#r60'")
    line = page.locator(".strip-line")
    expect(line).to_be_visible()
    assert box_of(line)["height"] == 40
    assert box_of(page.locator("#r60"))["y"] >= box_of(page.locator(".toolbar"))["y"] + 40
    assert watched.overflow() <= 0


def test_what_was_big_leads_to_its_rounds(demo, look, expect):
    """The largest tool results, with how often each was sent again, and the dearest rounds are links to where they stand."""
    page = look(demo, of_session(LONG)).page
    rows = page.locator(".facts .big .big-list a")

    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("read_file")
    expect(rows.first).to_contain_text("540 tokens")
    expect(rows.first).to_contain_text("sent again 18×")
    expect(rows.first.locator(".telling")).to_have_text(re.compile(r"^src/part\d+\.py$"))
    expect(rows.last.locator(".what")).to_contain_text("tokens paid anew")
    rows.last.click()
    expect(page.locator(f"{rows.last.get_attribute('href')}.is-target")).to_be_in_viewport()


def test_a_model_has_its_colour_wherever_it_is_named(tmp_path, serve, look, expect):
    """In the head, at rounds, where it changes and in its table; lines of conversations have colours that no model has."""
    models = ["gpt-4o"] * 3 + ["claude-sonnet-4-5"] * 3
    rounds = [
        round_of(number, model=model, answer="yes", **({"thread": 2, "history_of": 0} if number == 2 else {}))
        for number, model in enumerate(models, 1)
    ]
    page = look(serve(keep(tmp_path / "sessions", "s", *rounds)), of_session("s")).page
    expect(page.locator(".of-session .models .swatch")).to_have_count(2)
    colour = "(node) => getComputedStyle(node).backgroundColor"
    for name, number in (("gpt-4o", 1), ("claude-sonnet-4-5", 4)):
        places = (
            page.locator(".of-session .models > span", has_text=name),
            page.locator(f"#r{number} footer .of-model"),
            page.locator(".facts .models tr", has_text=name),
        )
        assert len({place.locator(".swatch").evaluate(colour) for place in places}) == 1
    assert page.locator("#r4 .chip.model .swatch").evaluate(colour) == page.locator("#r4 footer .swatch").evaluate(
        colour
    )
    assert page.locator(".growth [class*=thread]").count() > 2
    assert page.locator(".growth [class*=colour-]").count() == 0


def test_the_key_of_the_rail_tells_each_kind_of_cell(demo, look, expect):
    """Cheap to dear, failed, and where the history was cut, each on one line."""
    page = look(demo, of_session(LONG)).page
    parts = page.locator(".heat-key > span")
    expect(parts).to_have_text(["cheapdear", "failed", "history cut"])

    assert max(parts.evaluate_all("parts => parts.map((each) => each.offsetHeight)")) < 24


def test_why_rounds_were_dear_and_the_cache_missed(tmp_path, serve, look, expect):
    """The dearest rounds say why, as far as the log tells it, and a round at which the cache missed says why that was."""
    usual = {"input_tokens": 50_000, "cached_tokens": 48_000, "answer": "yes"}
    rounds = [
        round_of(1, model="claude-sonnet-4-5", **usual),
        round_of(2, model="claude-sonnet-4-5", messages_from_history=1, **{**usual, "cached_tokens": 0}),
        round_of(3, model="claude-opus-4-5", messages_from_history=2, **usual),
        round_of(4, model="claude-sonnet-4-5", messages_from_history=3, **{**usual, "cached_tokens": 0}),
        round_of(5, model="claude-haiku-4-5", messages_from_history=4, **{**usual, "output_tokens": 900}),
    ]
    page = look(serve(keep(tmp_path / "sessions", "s", *rounds)), of_session("s")).page
    told = {
        2: "cache missed, 50K tokens paid anew reason not told",
        4: "cache missed, 50K tokens paid anew model changed from claude-opus-4-5 to claude-sonnet-4-5",
    }

    for number, words in told.items():
        row = page.locator(f'.facts .big .big-list a[href="#r{number}"]')
        expect(row).to_be_visible()
        shown = re.sub("[\u2068\u2069]", "", " ".join(row.locator(".what, small").all_inner_texts()))
        assert shown == words
        expect(page.locator(f"#r{number} .remarks")).to_contain_text("cache missed")
    expect(page.locator("#r3 .remarks")).to_have_count(0)


def test_what_was_big_begins_above_the_fold(demo, look, expect):
    """On a usual laptop one sees that there is such a list; files of the session are called a download."""
    page = look(demo, of_session(LONG), size=(1366, 768)).page
    expect(page.locator(".facts .big .big-list a").first).to_be_in_viewport(ratio=0.99)
    expect(page.locator(".facts .exports h2")).to_have_text("Download")


def test_a_cost_says_whether_some_or_all_of_it_is_assumed(tmp_path, serve, look, expect):
    """In part where one round of two is sure, all of it where none is."""
    sure = {"model": "claude-sonnet-4-5", "upstream_cluster": "outbound|443||api.anthropic.com"}
    folder = keep(tmp_path / "sessions", "all", round_of(1, answer="a"), round_of(2, answer="b"))
    keep(folder, "part", round_of(1, answer="a", **sure), round_of(2, answer="b"))
    address = serve(folder)

    for session, words in (("all", "all of it assumed"), ("part", "assumed in part")):
        page = look(address, of_session(session)).page
        expect(page.locator(".facts .assumed").first).to_contain_text(words)
