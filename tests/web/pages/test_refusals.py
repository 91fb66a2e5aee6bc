"""What a person sees where there is no answer: a page of the house with a way on, also where no page stands."""

from __future__ import annotations

import re

import pytest

from session_monitor.links import keys
from tests.support.browser import PHONE, Watched, barriers, ingested, of_session
from tests.support.page_logs import long_session, written
from tests.support.webserving import ELSEWHERE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two sessions."""
    place = tmp_path_factory.mktemp("kept")
    lines = [*long_session("one", 3), *long_session("other", 2)]
    return ingested(place / "sessions", written(place / "access.log", lines))


@pytest.fixture
def from_elsewhere(chromium, serve, folder):
    """Opens paths as somebody who is not on this machine."""
    opened = []

    def at(path, *options, **more):
        watched = Watched(chromium, serve(folder, *options), extra_http_headers=ELSEWHERE, **more)
        opened.append(watched)
        watched.page.goto(watched.base + path)
        return watched

    yield at
    for watched in opened:
        watched.close()


def faults(watched):
    """What went wrong, but for the browser's own lines about answers that were refusals."""
    found = watched.faults
    return [each for each in found.pop("errors") if "status of 40" not in each], any(found.values())


@pytest.mark.parametrize("options", [[], ["--base-path", "/monitor"]])
def test_a_key_opens_the_page_that_was_asked_for(from_elsewhere, folder, expect, options):
    """It goes in a header and stays in a cookie: no address that is asked for has it, and a wrong one is told."""
    below = options[-1] if options else ""
    watched = from_elsewhere("/?range=all", *options)
    page, key = watched.page, keys.of_folder(str(folder)).main
    expect(page.get_by_role("heading", level=1)).to_have_text("A key is needed")
    expect(page.get_by_text("url --all --data-dir DIR")).to_be_visible()
    field = page.get_by_label("Key, or the link that has it")
    expect(field).to_be_focused()
    for wrong, why in (("no key at all", "This is no key"), ("x" * 43, "This key is wrong")):
        field.fill(wrong)
        field.press("Enter")
        expect(page.get_by_role("status")).to_contain_text(why)
    field.fill(f" {watched.base}/?key={key} ")
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#sessions tbody tr")).to_have_count(2)

    assert page.url == f"{watched.base}/?range=all"
    assert [each for each in watched.asked if key in each] == []
    (cookie,) = watched.context.cookies()
    assert (cookie["value"], cookie["path"], cookie["httpOnly"]) == (key, below or "/", True)
    assert faults(watched) == ([], False)


def test_the_key_of_a_session(from_elsewhere, folder, expect):
    """It opens that session from the page that asks for a key, and of all sessions it is said that it does not."""
    watched = from_elsewhere(of_session("one"))
    page = watched.page
    page.get_by_label("Key, or the link that has it").fill(keys.of_folder(str(folder)).of_session("one"))
    page.get_by_role("button", name="Open").click()
    page.locator(".round header:visible").first.wait_for()
    expect(page.locator("#toolbar .places")).to_be_visible()
    expect(page.locator("#pages")).to_be_hidden()
    page.goto(watched.base)
    expect(page.get_by_text("This link opens one session only")).to_be_visible()
    page.goto(watched.base + "/nope")
    expect(page.get_by_label("Key, or the link that has it")).to_be_visible()
    assert faults(watched) == ([], False)


@pytest.mark.parametrize("path", ["/nope", "/nope/deep/er", "/api/nope", "/static/", "/session/"])
def test_nothing_there(chromium, serve, folder, expect, path):
    """Whatever address was mistyped: a page that says so, in its own clothes, and leads to all sessions."""
    watched = Watched(chromium, serve(folder))
    answer = watched.page.goto(watched.base + path)
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    assert answer.status == 404
    watched.page.get_by_role("main").get_by_role("link", name="All sessions").click()
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("All sessions")
    assert watched.page.url == watched.base + "/"
    assert faults(watched) == ([], False)
    watched.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_chinese_on_a_phone(from_elsewhere, expect, scheme):
    """The server's words in the reader's language alone; nothing sticks out, and nobody is shut out, nor on a laptop."""
    watched = from_elsewhere("/", locale="zh-CN", size=PHONE, color_scheme=scheme)
    expect(watched.page.get_by_role("heading", level=1)).to_have_text("需要密钥")
    expect(watched.page.locator("#said")).to_have_text(re.compile("^此页面需要密钥"))
    assert watched.overflow() <= 0
    assert barriers(watched.page) == []
    watched.page.set_viewport_size({"width": 1366, "height": 768})
    assert barriers(watched.page) == []
    assert faults(watched) == ([], False)


def test_without_scripts(chromium, serve, folder, expect):
    """What the server says is readable, in both languages."""
    watched = Watched(chromium, serve(folder), extra_http_headers=ELSEWHERE, java_script_enabled=False)
    watched.page.goto(watched.base)
    expect(watched.page.locator("#said p")).to_have_count(2)
    expect(watched.page.get_by_text("A key is needed here")).to_be_visible()
    watched.close()
