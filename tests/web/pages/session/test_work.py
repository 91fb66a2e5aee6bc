"""A session that was begun as a piece of work tells beside its figures what came of it, as text; any other has no such panel."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from session_monitor.work import life
from tests.support.browser import DESK, PHONE, barriers, ingested, of_session
from tests.support.calls import line
from tests.support.page_logs import written
from tests.support.repositories import Repository

EVIL = "<img src=x onerror='window.executed.push(1)'>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two sessions, one of which is that of work in a repository whose files and commits attack pages."""
    made = tmp_path_factory.mktemp("work")
    now = datetime.now(timezone.utc)
    lines = [line(each, ["a question"], start_time=f"{now:%Y-%m-%dT%H:%M:%SZ}") for each in ("one", "two")]
    sessions = ingested(made / "sessions", written(made / "access.log", lines))
    tree = Repository(made / "tree")
    life.begin(str(sessions), f"Mend {EVIL}", str(tree.folder), now=int(now.timestamp() * 1000), session_id="one")
    tree.write("kept", f"{EVIL}\u202e\n")
    tree.write("<b>new", "x")
    tree.commit(f"Mended {EVIL}")
    return sessions


@pytest.mark.parametrize(("size", "theme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone", "desk"])
def test_what_came_of_it(folder, serve, look, expect, size, theme):
    """Its files and commits once one asks for them, and each file line by line where one presses it."""
    watched = look(serve(folder), of_session("one"), size=size, color_scheme=theme)
    page = watched.page
    panel = page.locator(".panel.work")

    if size == PHONE:  # its figures are behind a press
        page.locator(".all-facts").click()
    expect(panel).to_contain_text("Mend <img src=x")
    expect(panel).to_contain_text("under way for")
    panel.get_by_text("Files and commits").click()
    expect(panel.locator(".work-list").first.locator("li")).to_have_count(2)
    expect(panel).to_contain_text("2 files changed")
    expect(panel).to_contain_text("Mended <img src=x")
    panel.get_by_role("button", name="kept").click()
    expect(panel.locator(".diff .added").last).to_contain_text("+<img src=x")
    expect(panel.locator(".diff .gone").last).to_contain_text("-as it is")
    assert panel.locator("img").count() == 0
    assert "\u202e" not in panel.locator(".diff").all_inner_texts()[-1]
    assert watched.overflow() <= 0
    assert barriers(page) == []


def test_no_work(folder, serve, look, expect):
    """Neither for a session that nobody began, nor where texts are not served."""
    for address, session in ((serve(folder), "two"), (serve(folder, "--redact"), "one")):
        page = look(address, of_session(session)).page
        expect(page.locator(".panel.totals")).to_be_visible()
        expect(page.locator(".panel.work")).to_be_hidden()
