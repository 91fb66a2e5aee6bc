"""What fires is told on every page, in words and beside its colour, as it happens; and one page tells all of it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from session_monitor.links import keys
from tests.support import told_alerts
from tests.support.browser import barriers, box_of, ingested, of_session, texts_of
from tests.support.calls import line
from tests.support.page_logs import at, written
from tests.support.told_alerts import FAILING, HOSTILE, STRANGE, UNREAD, of_budget, tell

DEAR = "team/red <b>run</b>"
LAPTOP = (1366, 768)
SIZES = {"light": [(375, 812), LAPTOP], "dark": [(375, 812), (768, 1024), (1600, 1000)]}
BUDGETS = [
    {"name": "all", "total": "6"},
    {"name": "team-a", "rate": "4/d", "consumer": "team-a"},
    {"name": "month", "monthly": "400", "tokens": 10**9, "timezone": "UTC"},
    {"name": "each", "session": "1000"},
]
BROWSER = """
window.told = [];
window.Notification = class extends EventTarget {
  static permission = "default";
  static async requestPermission() { Notification.permission = "granted"; return "granted"; }
  constructor(title, options) { super(); window.told.push([title, options.body, options.tag]); }
};
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) { window.tones += 1; return start.apply(this, given); };
void 0;
"""
"""A browser that notes which notifications and tones there were."""


def made(folder):
    """Two dear calls of one consumer, one of a model without a price, and one that says how far the log reaches back."""
    now = datetime.now(timezone.utc)

    def call(minutes, session, model="gpt-4o", tokens=1_000_000, **more):
        about = {"input_token": tokens, "output_token": 0, "total_token": tokens, **more}
        return line(session, ["x"], start_time=at(now - timedelta(minutes=minutes)), model=model, **about)

    calls = [call(190, "first", tokens=400), *(call(5, DEAR, consumer="team-a") for _ in range(2))]
    calls.append(call(4, "other", "house-llm", 250_000))
    return ingested(folder / "sessions", written(folder / "access.log", calls))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of these calls with budgets, targets, rules and a silence."""
    path = made(tmp_path_factory.mktemp("alerts"))
    told_alerts.furnish(path, DEAR)
    told_alerts.set_budgets(path, *BUDGETS)
    return path


@pytest.fixture(scope="module")
def address(folder, serve):
    """The address of its server."""
    return serve(folder)


@pytest.fixture(scope="module")
def changing(tmp_path_factory):
    """A folder of these calls in which things begin to fire and are over."""
    return made(tmp_path_factory.mktemp("changing"))


def isolated(name):
    """A name within a sentence, which it cannot turn."""
    return f"\u2068{name}\u2069"


def panel(page, name):
    """One of the panels of the page of alerts."""
    return page.locator(f"#{name}")


# -- what is told ------------------------------------------------------------------------------------------------------


def test_the_gravest_stands_above_the_figures(address, look, expect):
    """One line has the gravest in words, a press all, what is silent counts for nothing; each leads to its session."""
    page = look(address, size=LAPTOP).page
    rows = page.locator(".firing li")

    expect(rows.filter(visible=True)).to_have_text(
        f"CriticalBudget {isolated('team-a')} is used up: $5.02 of $5.00 spent in {isolated('2026-11-30')}2 alerts"
    )
    expect(page).to_have_title("(2) Session monitor")
    expect(page.get_by_role("link", name="Alerts 2 firing")).to_be_visible()
    assert box_of(rows.first)["height"] < 60
    page.get_by_role("button", name="2 alerts").press("Enter")
    expect(rows.filter(visible=True)).to_have_count(2)
    expect(page.get_by_role("button", name="2 alerts")).to_be_focused()
    page.get_by_role("link", name="team/red <b>run</b>").first.click()
    expect(page.locator("#r1 h2")).to_have_text("Round 1")
    expect(page).to_have_title("(2) x · Session monitor")
    expect(page.get_by_role("link", name="Alerts 2 firing")).to_be_visible()


@pytest.mark.parametrize("path", ["/prices", "/coverage", "/compare"])
def test_every_page_has_the_number(address, look, expect, path):
    """It stands at the link to the alerts, and in the title before the page's own."""
    page = look(address).page
    page.goto(address + path)
    expect(page.get_by_role("link", name="Alerts 2 firing")).to_be_visible()
    assert page.title().startswith("(2) ")


def test_the_page_tells_all_of_it(address, look, expect):
    """What fires, also what is silent, what is over, rules, targets without secrets, and what became of each delivery."""
    page = look(address, "/alerts").page

    now = panel(page, "firing-now").locator("li")
    expect(now).to_have_count(3)
    expect(now.nth(2)).to_contain_text(f"{isolated('house-llm')} has no price: 250,000 tokens cost what nobody sees")
    expect(now.nth(2)).to_contain_text("silent: nobody is told")
    history = panel(page, "history").locator("li")
    expect(history).to_have_count(6)
    expect(history.nth(5)).to_contain_text("A log grows unread: Nothing could be read for 42 minutes")
    expect(history.nth(5)).to_contain_text("over since")
    expect(history.nth(4)).to_contain_text("<img src=x onerror=alert(1)>\\u202e")
    rules = texts_of(panel(page, "rules").locator(".pairs li"))
    assert any("failed_share" in each and "25% of the calls" in each for each in rules)
    assert any("dear_session" in each and "$2.00 set by you" in each for each in rules)
    assert any("lost_calls" in each and "off" in each for each in rules)
    expect(panel(page, "rules").locator(".silences")).to_contain_text(f"{isolated('unpriced_*')} until")
    expect(panel(page, "targets")).to_contain_text("hooks.slack.com")
    expect(panel(page, "targets")).not_to_contain_text("secret")
    outcomes = texts_of(panel(page, "deliveries").locator("li .severity"))
    assert sorted(outcomes) == ["Delivered"] * 4 + ["Failed", "Waits"]
    expect(panel(page, "deliveries")).to_contain_text("the answer was 404: no_service")
    page.get_by_role("link", name=DEAR).first.click()
    expect(page.locator("#r1 h2")).to_have_text("Round 1")


def test_budgets_are_bars_that_say_what_they_show(address, look, expect):
    """The worst comes first; each has a bar a limit with marks, words for who does not see it, and calls that it does not see."""
    page = look(address, "/alerts").page
    cards = page.locator(".budget")

    expect(cards.locator("h3")).to_have_text(["team-a", "all", "month"])
    expect(cards.nth(0)).to_contain_text("used up: 125%")
    expect(cards.nth(0)).to_contain_text("over by $1.00")
    expect(cards.nth(0)).to_contain_text(f"$4.00 in any 24 hours · consumer {isolated('team-a')}")
    expect(cards.nth(1)).to_contain_text("near its limit: 83%")
    expect(cards.nth(1)).to_contain_text("It does not see 1 call, which has no price or no tokens.")
    bars = page.locator(".track")
    expect(bars).to_have_count(4)
    label = bars.nth(1).get_attribute("aria-label")
    assert label.startswith("~$5.00+ of $6.00. $0.999 left. Warns at 80%")
    spent, limit = (box_of(bars.nth(1).locator(each)) for each in (".spent", ".limit-mark"))
    whole = box_of(bars.nth(1))
    assert spent["width"] / whole["width"] == pytest.approx(5 / 6, abs=0.01)
    assert limit["x"] == pytest.approx(whole["x"] + whole["width"], abs=3)
    expect(cards.nth(2)).to_contain_text("By the end of the period:")
    expect(panel(page, "budgets")).to_contain_text(
        f"{isolated('each')}: no session of the last 24 hours is near $1,000.00"
    )


def test_where_nothing_is_set_the_page_says_what_to_do(changing, look, serve, expect):
    """Without budgets, targets and a look at them, there are words and commands, and no number anywhere."""
    page = look(serve(changing), "/alerts").page
    expect(panel(page, "firing-now")).to_contain_text("Nothing has been checked yet.")
    expect(panel(page, "budgets")).to_contain_text("budget set all --daily 5")
    expect(panel(page, "targets")).to_contain_text("alerts target add phone ntfy")
    expect(panel(page, "history")).to_contain_text("No alert was told yet.")
    expect(page.locator("#firing-count")).to_be_hidden()
    expect(page).to_have_title("Alerts · Session monitor")
    (changing / ".budgets.json").write_text("{", encoding="utf-8")
    page.reload()
    expect(page.locator("#problems")).to_contain_text(".budgets.json: this is no JSON")
    (changing / ".budgets.json").unlink()


# -- as it happens -----------------------------------------------------------------------------------------------------


def test_what_is_new_is_told_at_once_and_what_is_over_is_gone(changing, look, serve, expect):
    """An open page shows it within seconds, and says it to who does not see the screen; nothing makes a sound unasked."""
    told_alerts.forget(changing)
    tell(changing, FAILING)
    watched = look(serve(changing), size=LAPTOP)
    page = watched.page
    page.evaluate(BROWSER)
    expect(page).to_have_title("(1) Session monitor")
    assert page.locator("#firing-said").inner_text() == ""

    tell(changing, FAILING, of_budget("critical", "5.1"), UNREAD)
    expect(page.locator("#firing-said")).to_have_text(
        f"2 new alerts. Critical: Budget {isolated('team-a')} is used up; Critical: A log grows unread"
    )
    assert page.locator("#firing-said").get_attribute("aria-live") == "polite"
    expect(page).to_have_title("(3) Session monitor")
    expect(page.locator(".firing li").first).to_contain_text("Critical")
    assert page.evaluate("[window.told.length, window.tones]") == [0, 0]
    tell(changing)
    expect(page.locator(".firing")).to_have_count(0)
    expect(page).to_have_title("Session monitor")


def test_the_page_of_alerts_is_live(changing, look, serve, expect):
    """What begins to fire, a budget that is set and a delivery show without a reload; focus stays where it was."""
    told_alerts.forget(changing)
    tell(changing, FAILING)
    page = look(serve(changing), "/alerts").page
    page.locator("#tell-sound").focus()
    tell(changing, FAILING, STRANGE)
    told_alerts.set_budgets(changing, {"name": "fresh", "total": "100"})
    expect(panel(page, "firing-now").locator("li")).to_have_count(2)
    expect(page.locator(".budget h3")).to_have_text("fresh")
    expect(page.locator("#tell-sound")).to_be_focused()
    (changing / ".budgets.json").unlink()


# -- in this browser ---------------------------------------------------------------------------------------------------


def test_a_browser_tells_once_where_one_asked_for_it(changing, look, serve, expect):
    """Sound and notification are off until a press; what is new is told once however many pages are open, also when they come back."""
    told_alerts.forget(changing)
    tell(changing, FAILING)
    watched = look(serve(changing), "/alerts")
    page = watched.page
    sound, notification = (page.get_by_role("switch", name=name) for name in ("Sound", "Notification"))
    page.evaluate(BROWSER)
    expect(page.get_by_role("switch", checked=True)).to_have_count(0)
    sound.press("Enter")
    notification.click()
    expect(page.get_by_role("switch", checked=True)).to_have_count(2)
    expect(page.locator("#why-sound")).to_contain_text("on: new alerts are told")
    page.wait_for_function("window.tones === 1")

    other = watched.context.new_page()
    other.add_init_script(BROWSER + "Notification.permission = 'granted';")
    other.goto(watched.base)
    expect(other).to_have_title("(1) Session monitor")
    tell(changing, FAILING, of_budget("critical", "5.1"))
    expect(page).to_have_title("(2) Alerts · Session monitor")
    expect(other).to_have_title("(2) Session monitor")
    told = page.evaluate("window.told") + other.evaluate("window.told")
    assert [title for title, _, _ in told] == [f"Budget {isolated('team-a')} is used up"]
    other.reload()
    expect(other).to_have_title("(2) Session monitor")
    assert other.evaluate("window.told") == []
    page.reload()
    expect(page.locator("#why-sound")).to_contain_text("silent until you click")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("Object.defineProperty(window, 'isSecureContext', { value: false })", "over HTTPS or on localhost alone"),
        ("delete window.Notification", "shows no notifications of pages"),
        ("window.Notification = class { static permission = 'denied'; }", "You refused notifications"),
    ],
    ids=["insecure", "none", "denied"],
)
def test_what_the_browser_cannot_is_said(address, look, expect, script, words):
    """Where there can be no notification the switch is off, and beside it stands why."""
    watched = look(address, "/alerts")
    watched.context.add_init_script(script)
    page = watched.open("/alerts")
    expect(page.get_by_role("switch", name="Notification")).to_be_disabled()
    expect(page.locator("#why-notification")).to_contain_text(words)


# -- for whom ----------------------------------------------------------------------------------------------------------


def test_the_key_of_a_session_hears_of_no_alert(address, folder, look, expect):
    """Its page has no links to other pages, no number, and does not even ask."""
    elsewhere = {"extra_http_headers": {"X-Forwarded-For": "203.0.113.9"}}
    key = keys.of_folder(str(folder)).of_session(DEAR)
    watched = look(address, f"{of_session(DEAR)}&key={key}", **elsewhere)
    expect(watched.page).to_have_title("x · Session monitor")
    expect(watched.page.locator("#pages")).to_be_hidden()
    assert [each for each in watched.asked if "/api/alerts" in each] == []


@pytest.mark.parametrize(("theme", "language"), [("light", "en-US"), ("dark", "zh-CN")])
@pytest.mark.parametrize("path", ["/", "/alerts"], ids=["overview", "alerts"])
def test_nobody_is_shut_out(address, look, expect, path, theme, language):
    """The checker finds nothing in either theme and language, from a phone to a large screen, nor is a page wider than that."""
    watched = look(address, path, color_scheme=theme, locale=language)
    page = watched.page
    expect(page.locator("#firing-count")).to_be_visible()
    if path == "/":
        page.locator(".firing button").click()
    for width, height in SIZES[theme]:
        page.set_viewport_size({"width": width, "height": height})
        assert (width, barriers(page)) == (width, [])
        assert watched.overflow() <= 0
    assert HOSTILE not in page.inner_text("body")


def test_keys_reach_all_of_it(address, look, expect):
    """The first stop skips what every page has; the switches, the links and the help are reached and pressed by keys."""
    page = look(address, "/alerts").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=DEAR).first).to_be_focused()
    page.get_by_role("switch", name="Sound").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("switch", name="Sound")).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("switch", name="Sound")).to_be_focused()
    page.keyboard.press("p")
    expect(page.locator("#updated")).to_have_text("paused")
