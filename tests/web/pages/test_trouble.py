"""What the pages say when something is not there, takes long, or may not be seen."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from tests.support import prepared
from tests.support.browser import ROOT, ingested, of_session
from tests.support.calls import line
from tests.support.page_logs import SESSION, at, long_session, written


def test_a_server_that_is_gone_is_said_and_tried_again(demo, look, expect):
    """An answer that does not come is an error with a button; what is on the screen stays when only an update failed."""
    watched = look(demo)
    page = watched.page

    page.get_by_role("button", name="Pause updates").click()  # one that comes would take the button away
    page.route("**/api/sessions?*", lambda route: route.abort())
    page.get_by_role("button", name="30 d", exact=True).click()
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
    watched.page.wait_for_load_state("networkidle")  # each of the page's questions is told on the console by then
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
    page.keyboard.press("e")
    expect(page.locator("#r5 footer")).to_contain_text("60 out")
    assert "Step" not in page.locator("main").inner_text()
    overview = look(address).page
    expect(overview.locator("#sessions tbody tr")).to_have_count(1)


def deleted(folder):
    """Deletes the session."""
    assert prepared.run(ROOT / "scripts" / "cli.py", "delete", "s", "--yes", "--data-dir", folder).returncode == 0


def begun_anew(folder, log):
    """Has the log and the folder hold a session of the same name that began just now."""
    now = datetime.now(timezone.utc)
    written(log, [line("s", ["quite another"], start_time=at(now), answer="begun anew")], "ab")
    ingested(folder, log)


def is_shown_anew(page, expect):
    """The new rounds, however few, and none of those that are gone."""
    expect(page.locator(".round")).to_have_count(1)
    expect(page.locator("#r1")).to_contain_text("begun anew")
    expect(page.locator("#updated")).not_to_have_text("paused")


def test_a_session_that_begins_anew_before_the_page_looks_again(tmp_path, serve, look, expect):
    """What is shown then is the new one."""
    log = written(tmp_path / "access.log", long_session("s", 5))
    folder = ingested(tmp_path / "sessions", log)
    page = look(serve(folder), of_session("s", "#r4")).page
    expect(page.locator(".round")).to_have_count(5)
    page.get_by_role("button", name="Pause updates").click()

    deleted(folder)
    begun_anew(folder, log)
    page.get_by_role("button", name="Resume updates").click()
    is_shown_anew(page, expect)


def test_a_session_that_is_deleted_while_it_is_open(tmp_path, serve, look, expect):
    """It is said that it is gone; what was read stays to be read, and nothing more is asked for until the reader wants it."""
    log = written(tmp_path / "access.log", long_session("s", 3))
    folder = ingested(tmp_path / "sessions", log)
    watched = look(serve(folder), of_session("s"))
    page = watched.page
    expect(page.locator(".round")).to_have_count(3)

    deleted(folder)
    expect(page.locator(".missing")).to_contain_text("it was deleted meanwhile", timeout=90_000)
    expect(page.locator(".round")).to_have_count(3)
    expect(page.locator("#updated")).to_have_text("paused")

    begun_anew(folder, log)
    page.get_by_role("button", name="Resume updates").click()
    is_shown_anew(page, expect)
    assert all("404" in error for error in watched.errors)
    watched.errors.clear()
