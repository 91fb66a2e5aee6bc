"""A model has one colour, and no two that are shown together have the same, in a real browser."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.browser import ingested, of_session
from tests.support.calls import line
from tests.support.page_logs import at, written

# Of names of which two would have the same colour, if it followed from the name alone.
MODELS = [f"model-{number}" for number in range(10)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A session of one model today, and one of all models two days ago."""
    path = tmp_path_factory.mktemp("colours")
    now = datetime.now(timezone.utc)
    old = now - timedelta(days=2)
    calls = [
        line("old", ["x"], model=model, start_time=at(old + timedelta(seconds=number)))
        for number, model in enumerate(MODELS)
    ]
    calls.append(line("new", ["x"], model=MODELS[8], start_time=at(now)))
    return ingested(path / "sessions", written(path / "access.log", calls))


def colours_in(box):
    """The colour of each name in there."""
    return dict(
        box.evaluate_all(
            "all => all.map((each) => [each.parentElement.textContent.trim(), [...each.classList].sort().join(' ')])"
        )
    )


def test_no_two_models_of_a_folder_look_alike(folder, serve, look):
    """Seven have colours and three have them in stripes, in the legend, in the tables and in the bars."""
    page = look(serve(folder), "/?range=all&metric=calls").page
    page.locator("#by-models button.all").click()
    found = colours_in(page.locator("#by-models .swatch"))

    assert sorted(found) == MODELS
    assert len(set(found.values())) == len(MODELS)
    assert sum("striped" in each for each in found.values()) == 3
    assert not any("colour-0" in each for each in found.values())
    legend = colours_in(page.locator("#timeline .legend .swatch"))
    assert {name: found.get(name, "colour-0 swatch") for name in legend} == legend
    bars = page.locator("#timeline .fill").evaluate_all("all => all.map((each) => getComputedStyle(each).fill)")
    assert len(set(bars)) > 1


def test_a_model_keeps_its_colour(folder, serve, look, expect):
    """On every page, in every range and beside whichever others; also for who may see one session alone."""
    address = serve(folder)
    page = look(address, "/?range=all").page
    page.locator("#by-models button.all").click()
    colour = colours_in(page.locator("#by-models .swatch"))[MODELS[8]]
    number = re.search(r"colour-\d", colour)[0]
    same = re.compile(rf"(?=.*{number}\b)(?=.*striped)")
    assert "striped" in colour

    for path, box in (
        ("/?range=today", "#by-models .swatch"),
        (f"/compare?range=all&name={MODELS[8]}&name={MODELS[0]}", ".sides .swatch"),
        (of_session("new"), "#head .swatch"),
        (of_session("old"), "#facts th .swatch"),
    ):
        page.goto(address + path)
        expect(page.locator(f"{box}.striped").first).to_be_visible()
        assert colours_in(page.locator(box))[MODELS[8]] == colour
    page.goto(address + "/prices")
    page.locator("#palette").wait_for()  # from then on the keys are listened for
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to anything").fill(MODELS[8])
    expect(page.locator("[role=listbox] .swatch").first).to_have_class(same)
