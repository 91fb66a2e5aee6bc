"""Where do a person's own prices stand, and how do they change?

Three lists lie over each other: the data folder's, the one in the person's configuration folder, the shipped one.
A model in an upper list hides the whole model of those below.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

from session_monitor.base import data_folder

from . import price_list
from .book import Book
from .cost import ModelPrices
from .price_list import PriceList


def of_folder(data_dir: str) -> str:
    """The path of the data folder's list."""
    return os.path.join(data_dir, data_folder.PRICES)


def of_person(environment: Mapping[str, str]) -> str | None:
    """The path of the list in the configuration folder (XDG Base Directory Specification); None without a home."""
    base = environment.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(base):  # the specification says to ignore it
        home = environment.get("HOME") or os.path.expanduser("~")
        if home == "~":  # of a user whom the system does not know
            return None
        base = os.path.join(home, ".config")
    return os.path.join(base, "agent-session-monitor", "prices.json")


def book(data_dir: str, environment: Mapping[str, str]) -> Book:
    """All prices that hold for a data folder.  Raises BadPriceListError, or OSError where a list cannot be read."""
    of_this_person = of_person(environment)
    general = PriceList(of_this_person or "")
    if of_this_person is not None:
        with contextlib.suppress(PermissionError):  # a service that was started with somebody else's HOME; as git does
            general = _own(of_this_person)
    return Book([_own(of_folder(data_dir)), general, price_list.undecoded()])


def _own(path: str) -> PriceList:
    try:
        os.lstat(path)
    except FileNotFoundError:
        return PriceList(path)
    from . import price_check  # noqa: PLC0415 -- most have no list of their own, and every question would wait for it

    return price_check.read(path)


def state(data_dir: str, environment: Mapping[str, str]) -> tuple[tuple[int, int] | None, ...]:
    """Changes when one of a person's lists does, which asking for costs little."""
    return tuple(map(_state, (of_folder(data_dir), of_person(environment))))


def _state(path: str | None) -> tuple[int, int] | None:
    if path is None:
        return None
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def with_row(
    prices: PriceList,
    name: str,
    row: Mapping[str, Any],
    vendor: str | None = None,
    before: ModelPrices | None = None,
    rates: Mapping[str, list[dict[str, str]]] | None = None,
) -> PriceList:
    """The list with a row for this model.

    A row without a date is all that is known of the model from then on.  One with a date follows what held before:
    the list's own earlier rows, or those of ``before``, which are taken over, with what is in ``rates`` for their
    currencies.
    """
    key = _canonical(name)
    own = prices.models.get(key)
    entry: Mapping[str, Any] = own or (before.entry if before else {})
    start = row.get("from")
    rows = [each for each in entry.get("prices", ()) if start and (each.get("from") or "") < start]
    later = [each for each in own["prices"] if (each.get("from") or "") > start] if own and start else []
    changed: dict[str, Any] = {"vendor": vendor or entry.get("vendor"), "prices": [*rows, dict(row), *later]}
    if not changed["vendor"]:
        del changed["vendor"]
    aliases = {alias: model for alias, model in prices.aliases.items() if alias != key}
    currencies = {each["currency"] for each in rows if "currency" in each}
    taken = {currency: known for currency, known in (rates or {}).items() if currency in currencies}
    return prices._replace(models={**prices.models, key: changed}, aliases=aliases, rates={**taken, **prices.rates})


def with_alias(prices: PriceList, name: str, model: str) -> PriceList:
    """The list in which one name stands for another."""
    models = {key: entry for key, entry in prices.models.items() if key != _canonical(name)}
    return prices._replace(models=models, aliases={**prices.aliases, _canonical(name): model})


def with_rate(prices: PriceList, currency: str, usd: str, day: str) -> PriceList:
    """The list in which one unit of a currency is worth so many dollars from a day on."""
    rows = [rate for rate in prices.rates.get(currency, ()) if rate["from"] != day]
    rows = sorted([*rows, {"from": day, "usd": usd}], key=lambda rate: rate["from"])
    return prices._replace(rates={**prices.rates, currency: rows})


def with_seller(prices: PriceList, pattern: str, seller: str) -> PriceList:
    """The list in which what goes over such clusters or routes is this seller's.

    A pattern that is there keeps its place; a new one comes last, and counts where none before it fits.
    """
    return prices._replace(sellers={**prices.sellers, pattern: seller})


def without_seller(prices: PriceList, pattern: str) -> PriceList:
    """The list without what was said of such clusters or routes."""
    return prices._replace(sellers={each: seller for each, seller in prices.sellers.items() if each != pattern})


def without(prices: PriceList, name: str) -> PriceList:
    """The list without a model or an alias."""
    key = _canonical(name)
    models = {each: entry for each, entry in prices.models.items() if each != key}
    aliases = {alias: model for alias, model in prices.aliases.items() if alias != key}
    return prices._replace(models=models, aliases=aliases)


def _canonical(name: str) -> str:
    from . import model_names  # noqa: PLC0415 -- only who states a price needs it

    return model_names.canonical(name)
