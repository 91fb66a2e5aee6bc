"""Every way to a round of a session leads to that round, in a real browser: however large rounds are, and however many."""

from __future__ import annotations

import pytest

from tests.support.browser import of_session
from tests.support.stored_rounds import keep, rounds_of_size

LONG = 199
TOP = 200
"""Pixels below the top of the window within which a round stands that was gone to."""


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """Sessions of 199 rounds of three sizes, and one of 5,000."""
    folder = tmp_path_factory.mktemp("jumps")
    keep(folder, "s10", *rounds_of_size(10))
    keep(folder, "s10000", *rounds_of_size(10_000))
    keep(folder, "s100000", *rounds_of_size(100_000))
    return keep(folder, "s5000", *rounds_of_size(2000, 5000))


def top_of(page, number):
    """Where a round stands, once nothing moves any more."""
    script = """number => new Promise((done) => {
        let [last, same, frames] = [null, 0, 0];
        const look = () => {
            const node = document.querySelector(`#r${number}.is-target`);
            const top = node ? Math.round(node.getBoundingClientRect().top) : null;
            same = top !== null && top === last ? same + 1 : 0;
            last = top;
            if (same > 15 || ++frames > 900) done(top ?? -1); else requestAnimationFrame(look);
        };
        look();
    })"""
    return page.evaluate(script, number)


def is_at_end(page):
    """Whether the window cannot be scrolled down."""
    return page.evaluate("document.documentElement.scrollHeight - innerHeight - scrollY < 2")


@pytest.mark.parametrize("session", ["s10", "s10000", "s100000"])
def test_a_link_opens_its_round_at_the_top(sessions, serve, look, session):
    """The round that the address names is the one that is marked and stands at the top, if what follows fills the window."""
    address = serve(sessions)
    watched = look(address, of_session(session, "#r14"), size=(1280, 700))
    for number in (14, 1, 2, 20, 50, 74, 150, 185, 195, 199):
        watched.page.goto("about:blank")
        watched.open(of_session(session, f"#r{number}"))
        top = top_of(watched.page, number)
        assert 0 <= top <= TOP or (is_at_end(watched.page) and 0 < top < 700) or number <= 2, (number, top)


def test_a_link_into_a_session_of_5000_rounds(sessions, serve, look):
    """Rounds in the middle of it are opened as those of a short one; so are those behind and before them, by chart and keys."""
    address = serve(sessions)
    page = look(address, of_session("s5000", "#r2500"), size=(1280, 700)).page
    assert 0 <= top_of(page, 2500) <= TOP
    for number in (4321, 17, 2501):
        page.evaluate("number => { location.hash = `#r${number}`; }", number)
        assert 0 <= top_of(page, number) <= TOP


WALK = """async ([key, from, to]) => {
    const target = () => document.querySelector('.is-target')?.id;
    const seen = [];
    let last = target();
    const watch = new MutationObserver(() => target() && target() !== last && seen.push(last = target()));
    watch.observe(document.querySelector('#rounds'), { subtree: true, childList: true, attributeFilter: ['class'] });
    const way = Math.sign(to - from);
    for (let number = from; number !== to + way; number += way) {
        const before = performance.now();
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
        while (target() !== `r${number}`) {
            if (performance.now() - before > 20000) return [...seen, `not r${number}`];
            await new Promise((done) => setTimeout(done));
        }
    }
    await new Promise((done) => setTimeout(done));
    return seen;
}"""
"""Presses a key once the round before is reached, until the last one is; gives the rounds that were marked, in order."""


@pytest.mark.parametrize("session", ["s10000", "s100000"])
def test_keys_walk_through_all_rounds(sessions, serve, look, session):
    """`j` from the first round reaches each once, `k` back likewise, and the browser's way back is not made longer by it."""
    page = look(serve(sessions), of_session(session, "#r1"), size=(1280, 700)).page
    top_of(page, 1)
    entries = page.evaluate("history.length")
    for key, numbers in (("j", range(1, LONG + 1)), ("k", range(LONG, 0, -1))):
        places = [numbers[0], *numbers[40::40], numbers[-1]]
        for start, end in zip(places, places[1:]):
            page.keyboard.press(key)
            after = start + numbers.step
            page.wait_for_function("number => document.querySelector('.is-target')?.id === `r${number}`", arg=after)
            way = range(after + numbers.step, end + numbers.step, numbers.step)
            assert page.evaluate(WALK, [key, way[0], way[-1]]) == [f"r{number}" for number in way]
            top = top_of(page, end)
            assert 0 <= top <= TOP or is_at_end(page) or end <= 3, (end, top)
    page.keyboard.press("k")
    assert page.url.endswith("#r1")
    assert page.evaluate("history.length") == entries


def test_many_presses_at_once_are_all_counted(sessions, serve, look):
    """Who presses `j` faster than rounds come is as far as he pressed."""
    page = look(serve(sessions), of_session("s10000", "#r1"), size=(1280, 700)).page
    top_of(page, 1)

    page.evaluate(
        "for (let at = 0; at < 60; at++) document.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}))"
    )

    assert 0 <= top_of(page, 61) <= TOP


def test_a_jump_is_one_step_of_the_way_back(sessions, serve, look, expect):
    """The browser's back leads to the round that one came from, whatever was walked by keys there."""
    page = look(serve(sessions), of_session("s10000", "#r40"), size=(1280, 700)).page
    top_of(page, 40)
    entries = page.evaluate("history.length")
    page.keyboard.press("j")
    top_of(page, 41)
    page.evaluate("location.hash = '#r120'")
    assert 0 <= top_of(page, 120) <= TOP
    assert page.evaluate("history.length") == entries + 1

    page.go_back()

    assert 0 <= top_of(page, 41) <= TOP


@pytest.mark.parametrize("number", [0, 200, 9999])
def test_a_round_that_there_is_not_is_said(sessions, serve, look, expect, number):
    """Another one is not shown in its place as if it was meant."""
    page = look(serve(sessions), of_session("s10000", f"#r{number}")).page

    expect(page.locator(".missing")).to_have_text(f"There is no round {number:,}: this session has 199 rounds.")
    assert page.locator(".is-target").count() == 0
    page.evaluate("location.hash = '#r5'")
    assert 0 <= top_of(page, 5) <= TOP
    expect(page.locator(".missing")).to_have_count(0)


@pytest.mark.parametrize("session", ["s10", "s10000", "s100000", "s5000"])
def test_the_end_is_reached_at_the_first_press(sessions, serve, look, expect, session):
    """A session opens at its start and says so; End and Follow show the last line of the last round, and stay there."""
    page = look(serve(sessions), of_session(session), size=(1280, 700)).page
    expect(page.locator("#r1")).to_be_in_viewport()
    expect(page.locator(".places [aria-pressed=true]")).to_have_text("Start")
    last = 5000 if session == "s5000" else LONG
    for name in ("End", "Start", "Follow"):
        page.locator(".places").get_by_role("button", name=name).click()
        expect(page.locator(".places [aria-pressed=true]")).to_have_text(name)
        shown = 1 if name == "Start" else last
        page.locator(f"#r{shown}").wait_for()
        if name != "Start":
            is_there = "number => { const below = innerHeight - document.querySelector(`#r${number}`).getBoundingClientRect().bottom; return below >= 0 && below <= 120; }"
            page.wait_for_function(is_there, arg=last)
            page.wait_for_timeout(300)
            assert page.evaluate(is_there, last)
        expect(page.locator(".places [aria-pressed=true]")).to_have_text(name)
