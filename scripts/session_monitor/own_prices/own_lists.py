"""Where do a person's own prices stand, and how do they change?

Three lists lie over each other: the data folder's, the one in the person's configuration folder, the shipped one.
A model in an upper list hides the whole model of those below.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from session_monitor.base import data_folder, settings
from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import ModelPrices
from session_monitor.prices.price_list import PriceList


def of_folder(data_dir: str) -> str:
    """The path of the data folder's list."""
    return os.path.join(data_dir, data_folder.PRICES)


def of_person(environment: Mapping[str, str]) -> str | None:
    """The path of the list in the configuration folder; None without a home."""
    folder = settings.config_folder(environment)
    return os.path.join(folder, "prices.json") if folder else None


def book(data_dir: str, environment: Mapping[str, str]) -> Book:
    """All prices that hold for a data folder.  Raises BadPriceListError, or OSError where a list cannot be read."""
    of_this_person = of_person(environment)
    general = PriceList(of_this_person or "")
    if of_this_person is not None:
        with contextlib.suppress(PermissionError):  # a service that was started with somebody else's HOME; as git does
            general = _own(of_this_person)
    lists = [_own(of_folder(data_dir)), general]
    if all(prices.aliases for prices in lists):
        from . import price_check  # noqa: PLC0415 -- as below

        price_check.check_together(lists)
    return Book([*lists, price_list.undecoded()])


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


class NothingAfterError(ValueError):
    """A price was to end on a day, and no other is known that could hold from then on."""


def with_row(
    prices: PriceList,
    name: str,
    row: Mapping[str, Any],
    vendor: str | None = None,
    before: ModelPrices | None = None,
    rates: Mapping[str, list[dict[str, str]]] | None = None,
    until: str | None = None,
) -> PriceList:
    """The list with a row for this model, or for the models of this pattern.

    A row without a date is all that is known of the model from then on.  One with a date follows what held before:
    the list's own earlier rows, or those of ``before``, which are taken over, with what is in ``rates`` for their
    currencies.  After the day ``until``, what would have held without the row does so.  Raises NothingAfterError where
    that is nothing.
    """
    part, key = place_of(prices, name)
    own = (prices.patterns if part == "patterns" else prices.models).get(key)
    entry: Mapping[str, Any] = own or (before.entry if before else {})
    known = entry.get("prices", [])
    start = row.get("from")
    rows = [each for each in known if start and (each.get("from") or "") < start]
    if until:
        later = _going_on(known, until)
    else:
        later = [each for each in known if (each.get("from") or "") > start] if own and start else []
    changed: dict[str, Any] = {"vendor": vendor or entry.get("vendor"), "prices": [*rows, dict(row), *later]}
    if not changed["vendor"]:
        del changed["vendor"]
    currencies = {each["currency"] for each in (*rows, *later) if "currency" in each}
    taken = {currency: rows for currency, rows in (rates or {}).items() if currency in currencies}
    cleared = without(prices, name) if own is None else prices
    cleared = cleared._replace(rates={**taken, **prices.rates})
    if part == "patterns":
        return cleared._replace(patterns={**cleared.patterns, key: changed})
    return cleared._replace(models={**cleared.models, key: changed})


def _going_on(known: Sequence[Mapping[str, Any]], until: str) -> list[Mapping[str, Any]]:
    """What holds after a day: from the next one on the row that was in force then, and those that come later."""
    following = (date.fromisoformat(until) + timedelta(1)).isoformat()
    in_force = [each for each in known if (each.get("from") or "") <= following]
    if not in_force:
        raise NothingAfterError(following)
    again = {name: value for name, value in in_force[-1].items() if name not in ("dated", "after")}
    return [{**again, "from": following}, *(each for each in known if (each.get("from") or "") > following)]


def place_of(prices: PriceList, name: str) -> tuple[str, str]:
    """The part of a list that a name or a pattern stands in, and the key that it has there, or would have."""
    from session_monitor.prices import own_words  # noqa: PLC0415 -- as below

    if not own_words.is_pattern(name):
        return "models", _key(name)
    pattern = name.strip()
    return "patterns", next((each for each in prices.patterns if each.lower() == pattern.lower()), pattern)


def with_alias(prices: PriceList, name: str, model: str) -> PriceList:
    """The list in which one name stands for another."""
    models = {key: entry for key, entry in prices.models.items() if key != _key(name)}
    return prices._replace(models=models, aliases={**prices.aliases, _key(name): model})


def with_rate(prices: PriceList, currency: str, usd: str, day: str) -> PriceList:
    """The list in which one unit of a currency is worth so many dollars from a day on."""
    rows = [rate for rate in prices.rates.get(currency, ()) if rate["from"] != day]
    rows = sorted([*rows, {"from": day, "usd": usd}], key=lambda rate: rate["from"])
    return prices._replace(rates={**prices.rates, currency: rows})


def with_seller(prices: PriceList, pattern: str, seller: str) -> PriceList:
    """The list in which what goes over such clusters or routes is this seller's.

    A pattern that is there keeps its place; a new one comes last, and counts where none before it fits.  Where one fits
    all that it does, it comes before that one, as it would never count.
    """
    wider = wider_than(prices, pattern)
    if wider is None:
        return prices._replace(sellers={**prices.sellers, pattern: seller})
    sellers: dict[str, str] = {}
    for each, said in prices.sellers.items():
        sellers.update({pattern: seller, each: said} if each == wider else {each: said})
    return prices._replace(sellers=sellers)


def wider_than(prices: PriceList, pattern: str) -> str | None:
    """The first pattern of clusters and routes in a list that fits all that a new one does; None where there is none."""
    from session_monitor.prices import own_words  # noqa: PLC0415 -- as below

    if pattern in prices.sellers:
        return None
    return next((each for each in prices.sellers if own_words.covers(each, pattern)), None)


def without_seller(prices: PriceList, pattern: str) -> PriceList:
    """The list without what was said of such clusters or routes."""
    return prices._replace(sellers={each: seller for each, seller in prices.sellers.items() if each != pattern})


def with_discount(prices: PriceList, discount: Mapping[str, str]) -> PriceList:
    """The list with a discount, in the place of one for the same seller and models from the same day on."""
    same = [_of_discount(each) for each in prices.discounts]
    others = [each for each, key in zip(prices.discounts, same) if key != _of_discount(discount)]
    return prices._replace(discounts=[*others, discount])


def _of_discount(discount: Mapping[str, str]) -> tuple[str, str | None, str | None]:
    model = discount.get("model")
    return discount["seller"], model and model.strip().lower(), discount.get("from")


def without_discounts(prices: PriceList, seller: str, model: str | None, start: str | None) -> PriceList:
    """The list without a seller's discounts: all of them, or those for these models, or from this day on."""
    wanted = _of_discount(
        {"seller": seller, **({"model": model} if model else {}), **({"from": start} if start else {})}
    )
    kept = [
        each
        for each in prices.discounts
        if any(mine is not None and mine != its for mine, its in zip(wanted, _of_discount(each)))
    ]
    return prices._replace(discounts=kept)


def with_assumption(
    prices: PriceList, setting: str, value: str, model: str | None = None, consumer: str | None = None
) -> PriceList:
    """The list in which this is stated for calls of such models and consumers (None: of all), before all other rules."""
    rule = {setting: value, **_selectors(model, consumer)}
    rest = without_assumptions(prices, {setting: None}, model, consumer).assume
    return prices._replace(assume=(rule, *rest))


def without_assumptions(
    prices: PriceList, settings: Mapping[str, str | None], model: str | None = None, consumer: str | None = None
) -> PriceList:
    """The list without what is stated by these very patterns of these settings; of one with a value only where it is that."""
    kept: list[Mapping[str, str]] = []
    for rule in prices.assume:
        if {name: rule[name] for name in _SELECTORS if name in rule} == _selectors(model, consumer):
            rest = {
                name: each for name, each in rule.items() if name not in settings or settings[name] not in (None, each)
            }
            kept += [rest] if rest.keys() - set(_SELECTORS) else []
        else:
            kept.append(rule)
    return prices._replace(assume=tuple(kept))


_SELECTORS = ("model", "consumer")


def _selectors(model: str | None, consumer: str | None) -> dict[str, str]:
    return {name: pattern for name, pattern in zip(_SELECTORS, (model, consumer)) if pattern is not None}


def without(prices: PriceList, name: str) -> PriceList:
    """The list without a model, a pattern or an alias."""
    part, key = place_of(prices, name)
    plain = _key(name)  # as earlier versions kept a pattern, too
    models = {each: entry for each, entry in prices.models.items() if each != plain}
    aliases = {alias: model for alias, model in prices.aliases.items() if alias != plain}
    patterns = {each: entry for each, entry in prices.patterns.items() if part == "models" or each != key}
    return prices._replace(models=models, aliases=aliases, patterns=patterns)


def _key(name: str) -> str:
    from session_monitor.prices import publishers  # noqa: PLC0415 -- only who states a price needs it

    return publishers.own_key(name)
