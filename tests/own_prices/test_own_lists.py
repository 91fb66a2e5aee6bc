"""Where do a person's own prices stand, and how do they change?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls.usage import Usage
from session_monitor.own_prices import own_lists, price_check
from session_monitor.prices import money, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, ModelPrices
from session_monitor.prices.price_list import BadPriceListError, PriceList

DATA = Path(__file__).parent.parent / "prices" / "data"
SMALL = price_check.read(str(DATA / "small.json"))
DAYS = ["2026-01-01", "2026-02-01", "2026-03-01"]


@pytest.fixture
def data_dir(tmp_path):
    """An empty data folder."""
    folder = tmp_path / "data"
    folder.mkdir()
    return str(folder)


@pytest.fixture
def environment(tmp_path):
    """An environment with a configuration folder."""
    base = tmp_path / "config"
    (base / "agent-session-monitor").mkdir(parents=True)
    return {"XDG_CONFIG_HOME": str(base)}


def row(start, price="1", **more):
    """A row from a day on."""
    return {"from": start, "input": price, "output": "0", **more}


def with_rows(*rows):
    """A list with one model of these rows, put in one by one."""
    prices = PriceList("own.json")
    for each in rows:
        prices = own_lists.with_row(prices, "m-1", each, None, None)
    return prices


def prices_of(key, prices=SMALL):
    """A model as a book finds it."""
    return Book([prices]).find(key)


def cost(book, model, at=None):
    """What a million tokens of input cost."""
    return money.plain(book.price(Call(model, at, Usage(10**6))).pico)


# --- Places -----------------------------------------------------------------------------------------------------------


def test_folders_list_is_a_dotfile():
    """The data folder's list cannot be taken for a session's file, whatever sessions are called."""
    assert own_lists.of_folder("data") == os.path.join("data", ".prices.json")


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"XDG_CONFIG_HOME": "/etc/xdg", "HOME": "/home/me"}, "/etc/xdg/agent-session-monitor/prices.json"),
        ({"HOME": "/home/me"}, "/home/me/.config/agent-session-monitor/prices.json"),
        ({"XDG_CONFIG_HOME": "", "HOME": "/home/me"}, "/home/me/.config/agent-session-monitor/prices.json"),
        ({"XDG_CONFIG_HOME": "etc/xdg", "HOME": "/home/me"}, "/home/me/.config/agent-session-monitor/prices.json"),
        ({"XDG_CONFIG_HOME": "./xdg", "HOME": "/home/me"}, "/home/me/.config/agent-session-monitor/prices.json"),
    ],
)
def test_persons_list_stands_in_the_configuration_folder(environment, path):
    """The person's own list is where the XDG Base Directory Specification says."""
    assert own_lists.of_person(environment) == path


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}])
def test_persons_list_is_found_without_a_home(environment, monkeypatch):
    """Where the environment names no home, the system's own idea of it counts."""
    monkeypatch.setenv("HOME", "/home/you")

    assert own_lists.of_person(environment) == "/home/you/.config/agent-session-monitor/prices.json"


def test_who_has_no_home_has_no_list_of_all_folders(data_dir, monkeypatch):
    """A user whom the system does not know has the folder's list and the shipped one; none is looked for in `./~`."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    price_list.write(own_lists.with_row(PriceList(own_lists.of_folder(data_dir)), "o1", row(None, "9"), None, None))

    assert own_lists.of_person({}) is None
    assert own_lists.of_person({"XDG_CONFIG_HOME": "xdg"}) is None
    assert [cost(own_lists.book(data_dir, {}), name) for name in ("gpt-4o", "o1")] == ["2.5", "9"]
    assert own_lists.state(data_dir, {})[1] is None


def test_lists_lie_over_each_other(data_dir, environment):
    """The data folder's list counts before the person's, and both before the shipped one."""
    person = PriceList(own_lists.of_person(environment))
    person = own_lists.with_row(person, "gpt-4o", row(None, "8"), None, None)
    price_list.write(own_lists.with_row(person, "o1", row(None, "8"), None, None))
    folder = PriceList(own_lists.of_folder(data_dir))
    price_list.write(own_lists.with_row(folder, "gpt-4o", row(None, "9"), None, None))
    book = own_lists.book(data_dir, environment)

    assert [cost(book, name) for name in ("gpt-4o", "o1", "o1-pro")] == ["9", "8", "150"]


def test_without_lists_of_ones_own_the_shipped_one_counts(tmp_path):
    """Neither folder need exist."""
    book = own_lists.book(str(tmp_path / "none"), {"XDG_CONFIG_HOME": str(tmp_path / "none")})

    assert cost(book, "gpt-4o") == "2.5"
    assert {each.origin for each in book.models()} == {price_list.SHIPPED}


@pytest.mark.parametrize("whose", ["folder", "person"])
def test_list_with_a_mistake_is_not_passed_over(whose, data_dir, environment):
    """Nothing is priced by the lists below one that is broken: a person would not learn that theirs does not count."""
    path = {"folder": own_lists.of_folder(data_dir), "person": own_lists.of_person(environment)}[whose]
    Path(path).write_text('{"schema": 1,\n"models": []}')

    with pytest.raises(BadPriceListError, match=f"{path}, line 2: models"):
        own_lists.book(data_dir, environment)


# --- A price ----------------------------------------------------------------------------------------------------------


def test_row_without_date_is_all_that_is_known():
    """A price that is stated without a date replaces the model's rows, one's own as well as those below."""
    prices = with_rows(row("2026-01-01"), row("2026-02-01"), row(None, "7"))
    assert prices.models == {"m-1": {"prices": [row(None, "7")]}}

    prices = own_lists.with_row(PriceList(), "o3", row(None, "7"), None, prices_of("o3"))
    assert prices.models == {"o3": {"vendor": "openai", "prices": [row(None, "7")]}}


def test_row_with_date_follows_what_held_before():
    """A price from a day on leaves the days before as they were: the lower list's rows are taken over."""
    old = prices_of("deepseek-chat")
    prices = own_lists.with_row(PriceList("own.json"), "DeepSeek-Chat", row("2026-05-01", "7"), None, old)
    book = Book([prices, SMALL])

    assert list(prices.models) == ["deepseek-chat"]
    assert cost(book, "deepseek-chat", "2025-03-01T00:00:00Z") == "0.27"
    assert cost(book, "deepseek-chat", "2026-04-30T23:59:59Z") == "0.28"
    assert cost(book, "deepseek-chat", "2026-05-01T00:00:00Z") == "7"
    assert prices.models["deepseek-chat"]["vendor"] == "deepseek"


def test_row_with_date_replaces_what_comes_later_below():
    """Rows of a lower list from that day on are not taken over: the new price holds from then on."""
    prices = own_lists.with_row(PriceList(), "deepseek-chat", row("2025-12-01", "7"), None, prices_of("deepseek-chat"))

    assert [each["from"] for each in prices.models["deepseek-chat"]["prices"]] == ["2025-02-08", "2025-12-01"]
    assert prices.models["deepseek-chat"]["prices"][1]["input"] == "7"


def test_own_later_rows_stay():
    """A price put in between one's own rows ends where the next of them begins."""
    prices = with_rows(row(None, "1"), row("2026-03-01", "3"), row("2026-02-01", "2"))

    assert [(each["from"], each["input"]) for each in prices.models["m-1"]["prices"]] == [
        (None, "1"),
        ("2026-02-01", "2"),
        ("2026-03-01", "3"),
    ]


def test_row_of_the_same_day_is_replaced():
    """Stating a day's price again corrects it."""
    prices = with_rows(row("2026-02-01", "1"), row("2026-03-01", "3"), row("2026-02-01", "2"))

    assert [each["input"] for each in prices.models["m-1"]["prices"]] == ["2", "3"]


def test_row_of_a_new_model_with_a_date_holds_from_then_on():
    """Where nothing was known before, nothing is known of the days before."""
    assert with_rows(row("2026-02-01")).models == {"m-1": {"prices": [row("2026-02-01")]}}


@pytest.mark.parametrize(("said", "kept"), [(None, "somebody"), ("another", "another")])
def test_vendor_is_kept_until_another_is_named(said, kept):
    """Whose price it is stays known, for a vendor's rules hang on it."""
    prices = own_lists.with_row(PriceList(), "m-1", row(None), "somebody", None)
    prices = own_lists.with_row(prices, "m-1", row("2026-01-01"), said, None)

    assert prices.models["m-1"]["vendor"] == kept


def test_price_takes_an_alias_away():
    """A name that stood for another model has a price of its own now."""
    prices = own_lists.with_alias(PriceList(), "mine", "gpt-4o")
    prices = own_lists.with_row(prices, "Mine", row(None), None, None)

    assert (prices.aliases, list(prices.models)) == ({}, ["mine"])


@given(st.lists(st.tuples(st.none() | st.sampled_from(DAYS), st.integers(1, 9)), min_size=1, max_size=6), st.booleans())
def test_stated_price_holds_from_its_day(tmp_path_factory, stated, known):
    """Whatever was stated before: the list is a good one, and the last price stated holds on its day and the day after."""
    prices = PriceList(str(tmp_path_factory.getbasetemp() / "stated.json"))
    for start, price in stated:
        before = prices_of("deepseek-chat") if known else None
        prices = own_lists.with_row(prices, "deepseek-chat", row(start, str(price)), None, before)
    price_list.write(prices)
    start, price = stated[-1]

    assert price_check.read(prices.path)._replace(digest="") == prices
    assert cost(Book([prices]), "deepseek-chat", f"{start or '2020-01-01'}T00:00:00Z") == str(price)
    assert prices.models["deepseek-chat"]["prices"].count(row(start, str(price))) == 1


# --- Aliases, rates, and back -----------------------------------------------------------------------------------------


def test_alias_takes_a_price_away():
    """A name with a price of its own that becomes another's has that one's."""
    prices = own_lists.with_alias(with_rows(row(None)), "M-1", "gpt-4o")

    assert (prices.models, prices.aliases) == ({}, {"m-1": "gpt-4o"})
    assert cost(Book([prices, SMALL]), "m-1") == "2.5"


def test_alias_can_be_stated_again():
    """The last model that a name was said to stand for counts."""
    prices = own_lists.with_alias(own_lists.with_alias(PriceList(), "mine", "gpt-4o"), "MINE", "o1")

    assert prices.aliases == {"mine": "o1"}


def test_sellers_keep_their_order():
    """A pattern stated again keeps its place, a new one comes last, or before one that fits all it does; each can be taken back."""
    prices = PriceList()
    for pattern, seller in (("*eu*", "azure"), ("*", "bedrock"), ("*eu*", "vertex"), ("gpu", "own_machine")):
        prices = own_lists.with_seller(prices, pattern, seller)

    assert list(prices.sellers.items()) == [("*eu*", "vertex"), ("gpu", "own_machine"), ("*", "bedrock")]
    assert own_lists.without_seller(prices, "*").sellers == {"*eu*": "vertex", "gpu": "own_machine"}
    assert own_lists.without_seller(prices, "none") == prices


def test_what_is_said_of_the_folder_counts_first(data_dir, environment):
    """A pattern of the data folder's list counts before those for all folders, and hides the same one there."""
    person = PriceList(own_lists.of_person(environment), sellers={"*": "azure", "a": "bedrock"})
    folder = PriceList(own_lists.of_folder(data_dir), sellers={"b": "vertex", "*": "together"})
    for prices in (person, folder):
        price_list.write(prices)

    assert own_lists.book(data_dir, environment).said_sellers() == [
        ("b", "vertex", folder.path),
        ("*", "together", folder.path),
        ("a", "bedrock", person.path),
    ]


def test_rates_stand_by_date():
    """Rates may be stated in any order, and again; other currencies keep theirs."""
    prices = PriceList(rates={"EUR": [{"from": "2026-01-01", "usd": "1.1"}]})
    for usd, day in (("0.15", "2026-02-01"), ("0.1", "2026-01-01"), ("0.16", "2026-03-01"), ("0.14", "2026-01-01")):
        prices = own_lists.with_rate(prices, "CNY", usd, day)

    assert prices.rates == {
        "EUR": [{"from": "2026-01-01", "usd": "1.1"}],
        "CNY": [
            {"from": "2026-01-01", "usd": "0.14"},
            {"from": "2026-02-01", "usd": "0.15"},
            {"from": "2026-03-01", "usd": "0.16"},
        ],
    }


def test_taking_back_leaves_the_rest():
    """A model or an alias can be taken back by any of its names; the others stay."""
    prices = with_rows(row(None))._replace(
        aliases={"mine": "gpt-4o"}, rates={"CNY": [{"from": "2026-01-01", "usd": "1"}]}
    )

    assert own_lists.without(prices, "provider/M-1") == prices._replace(models={})
    assert own_lists.without(prices, "Mine") == prices._replace(aliases={})
    assert own_lists.without(prices, "no-such-model") == prices


def test_lists_are_changed_by_making_new_ones():
    """A list that was read stays as it was, so that nothing half changed can be written."""
    prices = with_rows(row(None))._replace(
        aliases={"mine": "gpt-4o"}, rates={"CNY": [{"from": "2026-01-01", "usd": "1"}]}
    )
    before = repr(prices)
    old = ModelPrices("m-1", "m-1", "exact", prices.models["m-1"], "")
    own_lists.with_row(prices, "m-1", row("2026-01-01"), "x", old)
    own_lists.with_alias(prices, "m-1", "o3")
    own_lists.with_rate(prices, "CNY", "2", "2026-01-02")
    own_lists.without(prices, "m-1")

    assert repr(prices) == before


def test_rows_in_another_currency_bring_their_rate(tmp_path):
    """Rows that are taken over from another list come with what their currency is worth, so the list can be read."""
    general = PriceList("general.json", rates={"CNY": [{"from": "2026-01-01", "usd": "0.14"}]})
    general = own_lists.with_row(general, "m-1", {**row(None, "5"), "currency": "CNY"})
    book = Book([general])
    path = str(tmp_path / "own.json")

    changed = own_lists.with_row(PriceList(path), "m-1", row("2026-06-01", "1"), None, book.find("m-1"), book.rates())
    price_list.write(changed)

    assert price_check.read(path)._replace(digest="") == changed
    assert changed.rates == general.rates
