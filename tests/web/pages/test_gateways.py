"""The overview in a real browser over a database of several gateways."""

from __future__ import annotations

import pytest

from tests.support import fleets
from tests.support.browser import server
from tests.support.indexes import Agent, Step, caught_up, opened

NOW = 1_770_000_000_000


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Puts a session into a database, by the name of its gateway; ``put.address`` is a server of it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with fleets.standing_in() as fleet:

        def logged(gateway):
            folder = tmp_path / gateway
            folder.mkdir()
            with opened(folder) as index:
                Agent(folder).store([Step(f"of {gateway}", NOW), Step(f"of {gateway}", NOW + 1)])
                fleet.put(*fleets.rows_of(caught_up(index), gateway))

        logged("east")
        with server(fleet.address) as logged.address:
            yield logged


def test_gateways_are_chosen_among_several(put, look, expect):
    """With one gateway there is nothing to choose; once there are two, one of them narrows everything down, in the address."""
    page = look(put.address, "/?range=all").page
    expect(page.locator("#sessions tbody tr")).to_have_count(1)
    box = page.get_by_label("Gateway", exact=True)
    expect(box).to_be_hidden()

    put("west")
    expect(page.locator("#sessions tbody tr")).to_have_count(2)
    expect(box).to_be_visible()
    box.select_option("west")
    expect(page.locator("#sessions tbody tr")).to_have_count(1)
    expect(page.locator("#sessions .id")).to_have_text("of west")
    assert "gateway=west" in page.url
    page.get_by_role("button", name="Clear filters").first.click()
    expect(page.locator("#sessions tbody tr")).to_have_count(2)


def test_findings_are_of_the_gateway_that_was_chosen(put, look, expect):
    """On their own page it is among the filters, and can be taken off; without one there is no such filter."""
    page = look(put.address, "/insights?range=all&gateway=east").page
    box = page.get_by_label("Gateway", exact=True)
    expect(box).to_have_value("east")
    box.select_option("")
    expect(box).to_have_count(0)
    assert "gateway" not in page.url
