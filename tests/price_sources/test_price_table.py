"""Can the shipped prices be relied on?

In prices/data, model-names.txt holds names as gateways see them; those behind a ! must stay unknown. spot-prices.json
holds prices that were looked up once and must not change by a refresh.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from session_monitor.own_prices import price_check
from session_monitor.prices import money, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.model_names import canonical

DATA = Path(__file__).parent.parent / "prices" / "data"
SPOTS = json.loads((DATA / "spot-prices.json").read_text(encoding="utf-8"))
LINES = (DATA / "model-names.txt").read_text(encoding="utf-8").splitlines()
NAMES = [line for line in LINES if line and not line.startswith("#")]
MATCHED_AT_LEAST = 170


@pytest.fixture(scope="module")
def document():
    """The shipped file, decoded."""
    return json.loads(Path(price_list.SHIPPED).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def models(document):
    """The shipped models."""
    return document["models"]


def rows(models):
    """All rows, with their models' keys."""
    return [(key, row) for key, entry in models.items() for row in entry["prices"]]


@pytest.fixture(scope="module")
def book():
    """The shipped models, to be asked by name."""
    return Book([price_list.shipped()])


def entry_of(book, name):
    """The entry that the name leads to; None where there is none."""
    found = book.find(name)
    return found and found.entry


def test_it_is_a_price_list(document):
    """The shipped list passes the check that a person's own has to pass, although it is not checked when it is read."""
    price_check.check(document)


def test_its_text_is_as_the_refresh_writes_it(document):
    """One model a line, in order, so that the diff of a refresh can be read."""
    header = {name: value for name, value in document.items() if name != "models"}
    assert Path(price_list.SHIPPED).read_bytes() == price_list.dumped(header, document["models"])


def test_it_is_small():
    """It is read by every command, in a millisecond: 850 kB are the limit."""
    assert Path(price_list.SHIPPED).stat().st_size < 850_000


def test_keys_are_canonical(models, book):
    """A key is what the look-up makes of it, and a model's names lead to it."""
    for key, entry in models.items():
        assert key == canonical(key)
        assert entry_of(book, entry["names"][0]) == entry, key


def test_who_sells_others_models_has_them_under_its_own_key(models):
    """A seller's row stands under its word, and its key leads to that alone; a model of a maker's stands under the bare key."""
    for key, entry in models.items():
        seller, slash, _ = key.rpartition("/")
        assert not slash or entry["vendor"] == seller, key


def test_at_makers_price_are_models_that_have_one_and_no_row_of_the_sellers(models, document):
    """What is told of a seller's price is told once, and of a price that somebody has."""
    for seller, keys in document["at_makers_price"].items():
        for key in keys:
            assert key in models, key
            assert f"{seller}/{key}" not in models
            assert models[key]["vendor"] not in {seller, *price_list.THIRD_PARTY}
            assert models[key]["prices"][-1]["input"] != "0"


def test_free_models_are_free_at_their_makers_alone(models):
    """No one else gives a model away, but OpenRouter by the routes that say so."""
    free = {key for key, row in rows(models) if row["input"] == "0"}

    assert {key for key in free if "/" in key and not key.endswith(":free")} == set()


def test_every_price_is_exact_and_below_what_any_model_costs(models):
    """All prices are whole pico-dollars a token, and none above $1000 a million."""
    for _, row in rows(models):
        for each in (row, *row.get("tiers", ()), *row.get("windows", ())):
            for name in price_list.PRICES:
                assert money.per_token(each.get(name, "0")) <= money.per_token("1000")


def test_every_row_says_where_it_is_from(models, document):
    """A row names its source and the day; what was settled by hand names a page, and sources are in the header."""
    for key, row in rows(models):
        assert row["observed"] <= "2100", key
        assert row["source"] in {*document["sources"], "manual"}, key
        assert (row["source"] == "manual") == ("url" in row), key


def test_every_date_says_where_it_is_from(models):
    """A row with a date says who states it; where nobody does, after which day it is."""
    for key, row in rows(models):
        assert ("dated" in row) == (row["from"] is not None), key
        assert ("after" in row) == (row.get("dated") == "seen"), key
        assert row.get("after", "") < (row["from"] or "9999"), key


def test_price_of_a_maker_holds_since_a_day_that_somebody_states(models):
    """Few dates are only seen: aliases that move, and models that others' answer for."""
    seen = [key for key, row in rows(models) if row.get("dated") == "seen"]

    assert len(seen) <= 25, seen


def test_every_model_is_priced_since_ever(models):
    """The first row has no beginning, so that a round of any age has a price."""
    assert {key for key, entry in models.items() if entry["prices"][0]["from"] is not None} == set()


def test_licences_of_the_sources_come_along(document):
    """The notices of the packages that the prices are from lie beside the table."""
    notice = (Path(price_list.SHIPPED).parent / document["notice"]).read_text(encoding="utf-8")
    for name in document["sources"]:
        assert f"## {name}\n" in notice
    assert notice.count("Permission is hereby granted, free of charge") == len(document["sources"])


def test_names_that_gateways_see_are_matched(book):
    """At least 170 of 199 realistic names have a price, and the rest is known by name here."""
    priced = [name for name in NAMES if not name.startswith("!")]
    matched = [name for name in priced if entry_of(book, name)]
    assert len(matched) >= MATCHED_AT_LEAST, sorted(set(priced) - set(matched))


@pytest.mark.parametrize("name", [name[1:] for name in NAMES if name.startswith("!")])
def test_name_that_means_no_known_model_has_no_price(book, name):
    """Deployments, families, fine-tunes and local builds have no list price."""
    assert entry_of(book, name) is None


@pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: f"{spot['model']}@{spot['at']}")
def test_spot_prices(book, spot):
    """These prices held on these days."""
    entry = entry_of(book, spot["model"])
    assert entry is not None
    row = next(row for row in reversed(entry["prices"]) if (row["from"] or "") <= spot["at"])
    assert spot["vendor"] == entry["vendor"]
    assert spot["prices"] == {name: row[name] for name in spot["prices"]}
