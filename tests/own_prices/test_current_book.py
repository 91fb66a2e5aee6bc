"""What are the prices of now, and while there is a mistake in them, those of before?"""

from __future__ import annotations

import json

import pytest

from session_monitor.calls.usage import Usage
from session_monitor.own_prices.current_book import CurrentBook
from session_monitor.prices import money
from session_monitor.prices.cost import Call
from session_monitor.prices.price_list import BadPriceListError

MINE = Call("mine", None, Usage(1_000_000))


@pytest.fixture
def own(tmp_path):
    """A data folder's own list, which is not there yet."""
    return tmp_path / ".prices.json"


@pytest.fixture
def prices(own):
    """The prices of that folder."""
    return CurrentBook(str(own.parent), {"HOME": str(own.parent / "home")})


def write(path, price):
    """State a price."""
    row = {"from": None, "input": price, "output": "0"}
    path.write_text(json.dumps({"schema": 1, "models": {"mine": {"prices": [row]}}}), encoding="utf-8")


def price_of_mine(prices):
    """What a million tokens cost; None where that is not known."""
    outcome = prices.book.price(MINE)
    return money.plain(outcome.pico) if hasattr(outcome, "pico") else None


def test_changed_lists_count_from_the_next_look_on(prices, own):
    """A look tells whether anything changed; the same book stays where nothing did."""
    before = prices.book
    assert not prices.look()
    assert prices.book is before
    assert price_of_mine(prices) is None

    write(own, "2.5")
    assert prices.book is before
    assert prices.look()
    assert price_of_mine(prices) == "2.5"
    assert not prices.look()

    own.unlink()
    assert prices.look()
    assert price_of_mine(prices) is None


def test_a_mistake_leaves_the_prices_as_they_were(prices, own):
    """While a list cannot be used its mistake is told, once by each change, and the book is that of before."""
    write(own, "2.5")
    prices.look()
    assert prices.mistake is None

    own.write_text("{", encoding="utf-8")
    assert prices.look()
    assert isinstance(prices.mistake, BadPriceListError)
    assert str(own) in str(prices.mistake)
    assert price_of_mine(prices) == "2.5"
    assert not prices.look()
    assert prices.mistake

    own.write_text("[]", encoding="utf-8")
    assert prices.look()
    assert "a price list is a JSON object" in str(prices.mistake)
    assert price_of_mine(prices) == "2.5"

    write(own, "30")
    assert prices.look()
    assert prices.mistake is None
    assert price_of_mine(prices) == "30"


def test_a_list_that_cannot_be_read_is_a_mistake(prices, own):
    """Also where the system says so: whoever asks decides what that means."""
    own.mkdir()
    assert prices.look()
    assert str(prices.mistake) == f"{own} is a folder: take it away"
    assert price_of_mine(prices) is None


def test_a_mistake_from_the_beginning_leaves_no_prices(own):
    """Nothing is told of prices that were never known, and once they can be read there are some."""
    own.write_text("{", encoding="utf-8")
    prices = CurrentBook(str(own.parent), {})
    assert isinstance(prices.mistake, BadPriceListError)
    with pytest.raises(BadPriceListError):
        _ = prices.book

    write(own, "30")
    assert prices.look()
    assert price_of_mine(prices) == "30"
