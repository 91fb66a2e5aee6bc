"""How calls that did not end well look on the pages, and what the log does not tell of them; in a real browser."""

from __future__ import annotations

import json

import pytest

from tests.support import prepared
from tests.support.browser import PHONE, ROOT, barriers, ingested, of_session
from tests.support.calls import line
from tests.support.page_logs import written
from tests.support.stored_rounds import keep, round_of

CUT = {"at_least": True, "token_notes": ["cut_short"], "has_tool_calls": None}
MIXED = (
    round_of(1, answer="yes"),
    round_of(2, outcome="left", no_tokens=True, has_tool_calls=None),
    round_of(3, outcome="left", **CUT, response_type=None),
    round_of(4, outcome="failed", response_type="error", response_code=503, error="503 overflow", no_tokens=True),
    round_of(5, answered_by="cache", model=None, answer="from before"),
    round_of(6, token_notes=["no_answer"], session_from="conversation"),
    round_of(7, has_tool_calls=True, tools_called=[["read_<b>file", 2], ["grep", 1]]),
)
"""Rounds that ended in all the ways that there are."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Sessions with such rounds, one of which tells no tokens at all."""
    folder = tmp_path_factory.mktemp("endings")
    keep(folder, "mixed", *MIXED)
    return keep(folder, "silent", round_of(1, outcome="left", no_tokens=True), round_of(2, no_tokens=True))


def test_rounds_say_how_they_ended(folder, serve, look, expect):
    """A call that was left is no failure, a lower bound says why, and what is not told is neither 0 nor $0.00."""
    page = look(serve(folder), of_session("mixed")).page
    expect(page.locator("#r2 .chip.left")).to_have_text("left early")
    page.keyboard.press("e")

    left, cut, failed, cached, empty, later = (page.locator(f"#r{number}") for number in range(2, 8))
    expect(left.locator(".chip.left")).to_have_text("left early")
    expect(left.locator(".remarks")).to_contain_text("The client left before the end (it may have got everything)")
    expect(left.locator(".remarks")).to_contain_text("Tool calls: the log does not tell")
    expect(left.locator("footer")).to_contain_text("tokens not told")
    expect(left.locator("footer")).to_contain_text("cost not told")
    expect(cut.locator(".remarks")).to_contain_text("At least: the stream was cut short")
    expect(cut.locator("footer")).to_contain_text("at least 300 in → 20 out")
    expect(cut.locator(".of-cost")).to_contain_text("at least $0.0")
    expect(failed.locator(".said.error")).to_contain_text("503 overflow")
    expect(failed.locator(".of-cost")).to_have_text("costs nothing")
    expect(cached.locator(".remarks")).to_have_text("Answered by the gateway's cache")
    expect(cached.locator(".of-cost")).to_have_text("costs nothing")
    assert empty.locator(".remarks li").all_inner_texts() == [
        "No answer in the log",
        "Session id taken from the conversation",
    ]
    expect(later.locator(".remarks")).to_contain_text(
        "as a later round tells: \u2068read_<b>file\u2069 ×2, \u2068grep\u2069"
    )
    assert page.locator("#r1 .remarks").count() == 0
    assert page.locator(".round.has-error").count() == 1
    assert "$0.00" not in left.inner_text()


def test_what_cost_nothing_is_told_alike_everywhere(folder, serve, look, expect):
    """Refused and answered by the gateway: $0.00 and why, in a line and in sums; where it is not known, no amount."""
    address = serve(folder)
    page = look(address, of_session("mixed")).page
    assert page.locator(":is(#r4, #r5) .line-cost").all_inner_texts() == ["$0.00", "$0.00"]
    expect(page.locator("#r4 .line-cost")).to_have_attribute("title", "costs nothing")
    expect(page.locator("#r2 .line-cost")).to_have_text("not told")
    page = look(address, "/?range=all").page
    unnamed = page.locator("#by-models tbody tr").filter(has_text="(not named)").locator(".of-cost")
    unnamed.get_by_role("button", name="$0.00").click()
    expect(page.get_by_role("note")).to_contain_text("Costs nothing: these calls were refused")
    assert '"model": null' in cli(folder, "stats-model", "--json")
    assert "$0.00" in cli(folder, "stats-model")


def cli(folder, *words):
    """What a command says."""
    done = prepared.run(ROOT / "scripts" / "cli.py", *words, "--data-dir", folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sums_say_that_they_are_a_lower_bound(folder, serve, look, expect):
    """What a session adds up to says how many rounds were left, and where it is at least so much."""
    page = look(serve(folder), of_session("mixed")).page
    totals = page.locator(".facts .totals")

    expect(totals.locator(".value")).to_contain_text("≥ ~$0.0")
    expect(totals).to_contain_text("At least: 1 round tells only a part of what it used.")
    expect(totals.locator("dd").first).to_have_text("7 1 failed 2 left before the end")
    expect(page.locator(".growth svg[role=slider]")).to_be_visible()


def test_a_session_that_tells_no_tokens(folder, serve, look, expect):
    """Where no round tells any tokens, its page and its row in the list have a dash or words in the place of numbers."""
    address = serve(folder)
    page = look(address, of_session("silent")).page
    expect(page.locator(".facts .value")).to_have_text("not known")
    expect(page.locator(".facts .totals")).to_contain_text("tokens not told")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "Round 2, tokens not told"

    page = look(address, "/?range=all").page
    row = page.locator(".sessions tbody tr").filter(has_text="silent")
    expect(row.locator(".of-tokens")).to_have_text("–")
    expect(row.locator(".of-context")).to_have_text("–")


def test_the_overview_tells_those_that_were_left(folder, serve, look, expect):
    """Beside what failed stands what was left, in the card, in the list and by model; sums are marked as at least."""
    page = look(serve(folder), "/?range=all").page

    expect(page.locator("#card-errors .foot")).to_have_text("of 9 calls · 3 left before the end")
    expect(page.locator("#card-cost .value")).to_contain_text("≥ ~$0.0")
    expect(page.locator("#card-cost .foot")).to_contain_text("at least: 1 call tells only a part")
    expect(page.locator("#card-tokens .value")).to_contain_text("≥ ")
    row = page.locator(".sessions tbody tr").filter(has_text="mixed")
    expect(row.locator(".of-failed .left")).to_have_attribute("title", "2 left before the end")
    expect(row.locator(".of-cost")).to_contain_text("≥ ~$0.0")
    expect(page.locator("#by-models tbody tr").first).to_contain_text("3 left")
    expect(page.locator("#heat td[title*='≥ $0.0']")).to_have_count(1)
    expect(page.locator("a.bar[aria-label*='≥ $0.0']")).to_have_count(1)


def test_what_has_no_price_is_nowhere_nothing(tmp_path, serve, look):
    """Calls that tell no tokens cost no $0.00 in any chart or table of the overview, nor in the session."""
    folder = keep(tmp_path / "sessions", "silent", round_of(1, outcome="left", no_tokens=True))
    address = serve(folder)
    page = look(address, "/?range=all").page
    page.locator("#heat td").first.wait_for()

    assert "$0.00" not in page.locator("main").inner_text()
    assert page.locator("#heat td[title$='1 call, not known']").count() == 1
    assert page.locator("a.bar[aria-label*='not known']").count() == 1
    page = look(address, "/?range=all&metric=tokens").page
    assert page.locator("a.bar[aria-label*=': –,']").count() == 1
    assert "$0.00" not in look(address, of_session("silent")).page.content()


def test_calls_are_chosen_by_how_they_ended(folder, serve, look, expect):
    """The overview narrows to the calls that were left; that stands in the address, and goes away with the other filters."""
    page = look(serve(folder), "/?range=all").page

    page.get_by_label("How calls ended").select_option("Left before the end")
    expect(page.locator("#card-sessions .foot")).to_have_text("3 calls")
    expect(page.locator("#card-errors .foot")).to_have_text("of 3 calls · 3 left before the end")
    assert "outcome=left" in page.url
    page.get_by_role("button", name="Clear filters").first.click()
    expect(page.locator("#card-sessions .foot")).to_have_text("9 calls")
    expect(page.get_by_label("How calls ended")).to_have_value("")


def test_without_texts_a_failure_is_seen(folder, serve, look, expect):
    """A server that serves no texts still tells how calls ended, and shows no reason."""
    page = look(serve(folder, "--redact"), of_session("mixed")).page

    page.locator("#r4 .toggle").click()
    page.locator("#r2 .toggle").click()
    expect(page.locator("#r4.has-error .said.error")).to_contain_text("Not shown here")
    expect(page.locator("#r2 .chip.left")).to_be_visible()
    assert "503 overflow" not in page.content()


def test_calls_that_are_in_no_figure_are_told(tmp_path, serve, look, expect):
    """What the gateway's plugin skipped stands above the figures, with what to do, and at the foot of the page."""
    skipped = {"ai_log": "-", "method": "POST", "path": "/v1/messages", "response_code": "200", "bytes_sent": "617"}
    log = written(tmp_path / "access.log", [line("s", ["hi"]), *[json.dumps(skipped).encode()] * 3])
    page = look(serve(ingested(tmp_path / "sessions", log)), "/?range=all").page

    expect(page.locator(".alerts")).to_contain_text(
        "3 calls are not in these figures: the gateway's plugin skipped them."
    )
    expect(page.locator("#coverage")).to_contain_text("3 calls skipped by the gateway's plugin")


# -- several conversations ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def talks(tmp_path_factory):
    """A session in which three conversations grow beside each other, two of them by turns."""
    rounds = []
    for number in range(1, 21):
        thread = {7: 3}.get(number, 1 + number % 2)
        more = {"thread": thread} if thread > 1 else {}
        if number > 3 and number != 7:
            more.update(history_of=number - 2, messages_from_history=number - 2)
        rounds.append(round_of(number, **more))
    return keep(tmp_path_factory.mktemp("talks"), "talks", *rounds)


def test_each_conversation_grows_by_its_own(talks, serve, look, expect):
    """The chart has a line for each conversation, named in its legend and by the keys; one is chosen alone."""
    page = look(serve(talks), of_session("talks")).page
    growth = page.locator(".growth")

    expect(growth.locator("svg[role=slider] .line-thread")).to_have_count(2)
    expect(growth.locator("svg[role=slider] .dot-thread")).to_have_count(1)
    expect(growth.locator(".area-input")).to_have_count(0)
    assert growth.locator(".legend li").all_inner_texts()[:3] == ["Conversation 1", "Conversation 2", "Conversation 3"]
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext").startswith("Round 1, Conversation 2, ")

    page.get_by_label("Which conversation of the session").select_option("Conversation 1")
    expect(growth.locator(".area-input")).to_have_count(1)
    expect(growth.locator(".line-thread")).to_have_count(0)
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext").startswith("Round 4, Conversation 1, ")


def test_rounds_say_which_conversation_they_are_of(talks, serve, look, expect):
    """A round's line names its conversation, and its history leads to where it goes on from."""
    page = look(serve(talks), of_session("talks")).page

    expect(page.locator("#r7 .chip.thread")).to_have_text("Conversation 3")
    expect(page.locator("#r8 .chip.thread")).to_have_text("Conversation 1")
    page.locator("#r10 .toggle").evaluate("button => button.ariaExpanded === 'true' || button.click()")
    expect(page.locator("#r10 .new-messages")).to_have_text("+1 new message (8 earlier, from round 8, show)")
    page.locator("#r10 .new-messages").get_by_role("link", name="from round 8").click()
    expect(page.locator("#r8.is-target")).to_be_in_viewport()


def test_a_session_of_one_conversation_says_nothing_of_it(folder, serve, look):
    """Where there is but one, nothing is to be chosen and no round names it."""
    page = look(serve(folder), of_session("mixed")).page
    page.locator(".growth svg[role=slider]").wait_for()

    assert page.locator(".chip.thread").count() == 0
    assert page.get_by_label("Which conversation of the session").count() == 0
    assert page.locator(".growth .area-input").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("session", ["mixed", "talks"])
def test_nobody_is_shut_out(folder, talks, serve, look, session, theme):
    """The checker finds nothing where rounds have remarks and the chart several lines; nothing is too wide."""
    watched = look(serve(talks if session == "talks" else folder), of_session(session), size=PHONE, color_scheme=theme)
    watched.page.get_by_role("button", name="Open all").click()
    assert barriers(watched.page) == []
    assert watched.overflow() <= 0
