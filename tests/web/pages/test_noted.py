"""What people note of sessions stands in the list and above the session, as text; where texts are not served it stands nowhere."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from session_monitor.notes import notes_file
from session_monitor.notes.session_notes import NOTHING, Note, SessionNotes
from tests.support.browser import DESK, PHONE, barriers, ingested, of_session
from tests.support.calls import line
from tests.support.page_logs import written

AT = "2026-02-03T00:00:00.000Z"
EVIL = "<img src=x onerror='window.executed.push(1)'>\u202e\x1b[31m"
TAGS = ("bug", "prod", "<b>x</b>", "four")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three sessions: of one all is noted, one is archived."""
    made = tmp_path_factory.mktemp("noted")
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [line(each, [f"question of {each}"], start_time=now) for each in ("one", "two", "old")]
    sessions = ingested(made / "sessions", written(made / "access.log", lines))
    with notes_file.changing(str(sessions)) as notes:
        texts = ("the first", EVIL, "third\nwith lines", "fourth")
        notes.put("one", SessionNotes(f"The build {EVIL}", True, None, TAGS, tuple(Note(AT, text) for text in texts)))
        notes.put("old", NOTHING._replace(archived=AT))
    return sessions


@pytest.mark.parametrize(("size", "theme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone", "desk"])
def test_the_list_tells_it(folder, serve, look, expect, size, theme):
    """A session is called by its name, with star, tags and the number of its notes; archived ones are elsewhere."""
    watched = look(serve(folder), size=size, color_scheme=theme)
    page = watched.page
    rows = page.locator("#sessions tbody tr")
    expect(rows).to_have_count(2)

    row = rows.filter(has_text="The build")
    expect(row.locator("a.session-link")).to_contain_text("The build <img src=x")
    expect(row.locator(".star")).to_contain_text("Starred")
    expect(row.locator(".tag")).to_have_text(["#bug", "#prod", "+2", "4 notes"])
    expect(rows.filter(has_text="question of two").locator(".star, .tag")).to_have_count(0)
    assert watched.overflow() <= 0
    assert barriers(page) == []

    page.get_by_label("status").select_option("ended")
    expect(rows).to_have_count(1)
    expect(rows.locator(".tag")).to_have_text(["Archived"])


@pytest.mark.parametrize(("size", "theme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
def test_a_session_has_it_above(folder, serve, look, expect, size, theme):
    """With all tags; many notes are folded, and each is text as it was written."""
    watched = look(serve(folder), of_session("one"), size=size, color_scheme=theme)
    page = watched.page
    head = page.locator("#head")

    expect(head.locator("h1")).to_contain_text("The build <img src=x")
    expect(head.locator(".tag")).to_have_text([f"#{tag}" for tag in TAGS])
    expect(head.locator(".noted-text").first).to_be_hidden()
    head.get_by_text("4 notes").click()
    expect(head.locator(".noted-text")).to_have_count(4)
    assert "\\x1b[31m" in head.locator(".noted-text").nth(1).inner_text()
    assert head.locator("img").count() == 0
    assert head.locator(".noted-text").nth(2).inner_text() == "third\nwith lines"
    assert watched.overflow() <= 0
    assert barriers(page) == []


def test_words_are_found_in_it(folder, serve, look, expect):
    """A hit says that it is a note, and leads to the session."""
    watched = look(serve(folder), "/?q=fourth")
    hit = watched.page.locator(".hit")

    expect(hit).to_have_count(1)
    expect(hit.locator(".number-of")).to_have_text("Note")
    hit.click()
    expect(watched.page.locator("#head h1")).to_contain_text("The build")


def test_where_texts_are_not_served(folder, serve, look, expect):
    """No name, no tag, no note."""
    page = look(serve(folder, "--redact")).page
    expect(page.locator("#sessions tbody tr")).to_have_count(3)
    assert page.locator("#sessions :is(.star, .tag)").count() == 0
    assert "build" not in page.locator("body").inner_text()
