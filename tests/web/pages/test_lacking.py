"""What lacks is said in a real browser: in few words where there is much of it, by its own name, and never as 0."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.browser import PHONE, barriers, box_of, ingested, of_session
from tests.support.calls import line
from tests.support.page_logs import at, written

LAPTOP = (1366, 768)
UNTOLD = {"input_token": None, "output_token": None, "total_token": None}
SKIPPED = {"ai_log": "-", "method": "POST", "path": "/v1/messages", "response_code": "200", "bytes_sent": "617"}


@pytest.fixture(scope="module")
def address(tmp_path_factory, serve):
    """A server of calls of which much lacks: tokens, a part of them, a price, an id, and calls that were skipped."""
    path = tmp_path_factory.mktemp("lacking")
    now = datetime.now(timezone.utc)

    def call(minutes, session="odd", model="gpt-4o", **more):
        return line(session, ["x"], start_time=at(now - timedelta(minutes=minutes)), model=model, **more)

    calls = [
        call(60, input_token=1500, output_token=70, total_token=1570),
        call(59, model="no-such-model"),
        *[call(50 - number, **UNTOLD) for number in range(15)],
        call(20, code="500", **{**UNTOLD, "input_token": 15}),
        call(19, "total", code="500", **{**UNTOLD, "total_token": 15}),
        call(18, None),
        *[json.dumps(SKIPPED).encode()] * 3,
    ]
    return serve(ingested(path / "sessions", written(path / "access.log", calls)))


def test_several_notices_are_one_line(address, look, expect):
    """The worst is told in words and how many there are; a press shows all; the list begins within a laptop's window."""
    page = look(address, size=LAPTOP).page
    rows = page.locator(".alerts li")

    expect(rows.filter(visible=True)).to_have_count(1)
    expect(rows.first).to_contain_text("3 calls are not in these figures")
    assert box_of(page.locator(".alerts"))["height"] < 40
    assert box_of(page.locator("#sessions tbody tr").first)["y"] < 660
    page.get_by_role("button", name="4 notices").click()
    expect(rows.filter(visible=True)).to_have_count(4)
    expect(page.get_by_role("button", name="4 notices")).to_be_focused()
    page.get_by_role("button", name="24 h", exact=True).click()
    expect(page.locator("#filters [aria-pressed=true]")).to_have_text("24 h")
    expect(rows.filter(visible=True)).to_have_count(4)
    page.get_by_role("button", name="4 notices").press("Enter")
    expect(rows.filter(visible=True)).to_have_count(1)
    assert barriers(page) == []


def test_what_lacks_is_called_by_its_name(address, look, expect):
    """A model that has a price lacks none where its calls tell no tokens."""
    page = look(address, "/prices").page
    lacking = page.locator("#used tr").filter(has_text="gpt-4o").locator(".lacking")

    expect(lacking).to_have_text(
        ["15 calls tell no tokens, so no cost", "2 calls tell only a part of their tokens, so no cost"]
    )
    expect(page.locator("#used tr").filter(has_text="no-such-model").locator(".lacking")).to_have_text(
        "1 call without a price: no price is known for this model"
    )


def test_tokens_that_are_not_told_are_a_dash(address, look, expect):
    """Of a failed call that tells what went in alone, or a total alone, nobody knows what came out."""
    page = look(address, of_session("odd", "#r18")).page
    expect(page.locator("#r18 footer")).to_contain_text("at least 15 in → – out")
    page.goto(address + of_session("total", "#r1"))
    expect(page.locator("#r1 footer")).to_contain_text("15 in all: – in → – out")
    expect(page.locator("#facts")).to_contain_text("15 in · – out")


def test_a_phone_says_when_in_whole_words(address, look, expect):
    """How long ago it was updated stands there whole."""
    page = look(address, size=PHONE).page
    updated = page.locator("#updated")
    expect(updated).to_contain_text("ago")
    assert updated.evaluate("node => node.scrollWidth <= node.clientWidth")
