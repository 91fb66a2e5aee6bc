"""Is this a price list?  If not, what is wrong, and where?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from session_monitor.prices import assumptions, discounts, money, own_words, price_list, sellers
from session_monitor.prices.price_list import (
    CACHE_PRICES,
    DATE_ORIGINS,
    PRICES,
    SCHEMA,
    UNIT,
    BadPriceListError,
    PriceList,
)
from session_monitor.prices.publishers import own_key

_ROW_KEYS = {*PRICES, "from", "dated", "after", "observed", "source", "url", "note", "currency", "tiers", "windows"}
_MODEL_KEYS = {"vendor", "names", "note", "prices"}
_LIST_KEYS = {
    *("schema", "currency", "unit", "generated", "sources", "notice"),
    *("vendor_defaults", "at_makers_price", "models", "aliases", "rates", "sellers", "assume", "patterns", "discounts"),
}
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
_PERCENT = re.compile(r"-?(?:\d{1,2}(?:\.\d{1,4})?|100(?:\.0{1,4})?)", re.ASCII)
_FACTOR = re.compile(r"\d{1,3}(?:\.\d{1,4})?x", re.ASCII)


class PriceMistakeError(ValueError):
    """What is wrong in a list, and the way to it: keys, and places in lists from 0 on."""

    def __init__(self, what: str, *path: str | int) -> None:
        told = path[1:] if path[0] in ("models", "patterns") and path[1:] else path
        names = [each for each in told[:-1] if isinstance(each, str) and each != "prices"]
        super().__init__(": ".join([*names, *(each for each in told[-1:] if isinstance(each, str)), what]))
        self.path = path


def read(path: str) -> PriceList:
    """The list in a file, checked; an empty one where there is no such file.

    Raises BadPriceListError for one with a mistake in it, OSError for one that cannot be read.
    """
    try:
        text = price_list.own_text_of(path)
    except FileNotFoundError:
        return PriceList(path)
    document = price_list.document_of(path, text)
    _check_text(path, text, document)
    return _by_key(document, path, text)


def _by_key(document: dict[str, Any], path: str = "", text: str = "") -> PriceList:
    models = {own_key(name): entry for name, entry in document.get("models", {}).items()}
    aliases = {own_key(name): model for name, model in document.get("aliases", {}).items()}
    return price_list.of_document(path, text, document, models, aliases)


def check(document: dict[str, Any]) -> None:
    """Raises PriceMistakeError for the first one in a list."""
    if document.get("schema") != SCHEMA:
        raise PriceMistakeError(f"must be {SCHEMA}: this version knows no other", "schema")
    _known(document, _LIST_KEYS)
    for name, expected in (("currency", "USD"), ("unit", UNIT)):
        if document.get(name, expected) != expected:
            raise PriceMistakeError(f"must be {expected}", name)
    for name in ("models", "aliases", "rates", "vendor_defaults", "patterns"):
        _object(document.get(name, {}), name)
    _check_models("models", document.get("models", {}), document.get("rates", {}))
    _check_models("patterns", document.get("patterns", {}), document.get("rates", {}))
    _check_patterns(document.get("patterns", {}))
    for name, model in document.get("aliases", {}).items():
        if not isinstance(model, str) or not own_key(model):
            raise PriceMistakeError("must be the name of a model", "aliases", name)
    _check_distinct([(part, name) for part in ("models", "aliases") for name in document.get(part, {})])
    for currency, rows in document.get("rates", {}).items():
        _check_rates(currency, rows)
    for vendor, factors in document.get("vendor_defaults", {}).items():
        _check_factors(vendor, factors)
    _check_at_makers_price(document.get("at_makers_price", {}))
    _check_sellers(document.get("sellers", {}))
    _check_discounts(document.get("discounts", []))
    _check_assumptions(document.get("assume", []))
    _check_circles(_by_key(document))


def _check_patterns(patterns: dict[str, Any]) -> None:
    seen: dict[str, str] = {}
    for pattern in patterns:
        if not own_words.is_pattern(pattern):
            raise PriceMistakeError("is no pattern: it has no * and no ?; a name stands in models", "patterns", pattern)
        same = seen.setdefault(pattern.strip().lower(), pattern)
        if same != pattern:
            raise PriceMistakeError(f"is the same pattern as {same}", "patterns", pattern)


def _check_discounts(rows: object) -> None:
    for number, row in enumerate(_objects(rows, "discounts")):
        path = ("discounts", number)
        _known(row, {"seller", "percent", "from", "until", "model"}, *path)
        _check_texts(row, ("model",), *path)
        if row.get("model") == "":
            raise PriceMistakeError("is no model's name and no pattern", *path, "model")
        if row.get("seller") not in discounts.sellers_known():
            known = ", ".join(discounts.sellers_known())
            raise PriceMistakeError(f"there is no such seller (known are {known})", *path, "seller")
        if not is_percent(row.get("percent")):
            raise PriceMistakeError('must be text like "15", from -100 to 100', *path, "percent")
        for each in ("from", "until"):
            if row.get(each) is not None:
                _check_date(row[each], *path, each)
        if (row.get("until") or "9999") < (row.get("from") or ""):
            raise PriceMistakeError("must not be before the day from which it holds", *path, "until")


def is_percent(text: object) -> bool:
    """Whether this is a discount in percent: at most all of a price, or as much again."""
    return isinstance(text, str) and _PERCENT.fullmatch(text) is not None


def check_together(lists: Sequence[PriceList]) -> None:
    """Raises BadPriceListError where second names in lists over each other go in a circle; each alone does not."""
    if sum(bool(prices.aliases) for prices in lists) < 2:
        return
    for prices in lists:
        try:
            _check_circles(prices, lists)
        except PriceMistakeError as mistake:
            text = price_list.own_text_of(prices.path)
            at = (at for place, at in _places(text) if place[:1] == ("aliases",) and _is_at(place, mistake.path))
            line = text.count("\n", 0, next(at, 0)) + 1
            raise BadPriceListError(prices.path, line, str(mistake)) from None


def _is_at(place: tuple[str | int, ...], path: tuple[str | int, ...]) -> bool:
    """Whether this is where an alias stands, which is known by its key."""
    return len(place) == 2 and own_key(str(place[1])) == path[1]


def _check_circles(prices: PriceList, lists: Sequence[PriceList] = ()) -> None:
    for name in prices.aliases:
        passed, is_circle = own_words.way(name, lists or [prices])
        if is_circle:
            told = " -> ".join(passed)
            raise PriceMistakeError(f"goes in a circle ({told}) and ends at no model", "aliases", name)


def _check_sellers(patterns: object) -> None:
    for pattern, seller in _object(patterns, "sellers").items():
        if not pattern.strip():
            raise PriceMistakeError("is no pattern of a cluster or a route", "sellers", pattern)
        if not isinstance(seller, str) or seller not in sellers.titles():
            known = ", ".join(sellers.titles())
            raise PriceMistakeError(f"there is no such seller (known are {known})", "sellers", pattern)


def _check_assumptions(rules: object) -> None:
    settings = assumptions.CHOICES
    for number, rule in enumerate(_objects(rules, "assume")):
        path = ("assume", number)
        _known(rule, {*settings, *assumptions.SELECTORS}, *path)
        if rule.keys().isdisjoint(settings):
            raise PriceMistakeError(f"states nothing: it needs {' or '.join(settings)}", *path)
        for setting, values in settings.items():
            if rule.get(setting, values[0]) not in values:
                raise PriceMistakeError(f"must be {' or '.join(values)}", *path, setting)
        for selector in assumptions.SELECTORS:
            if selector in rule and not (isinstance(rule[selector], str) and rule[selector].strip()):
                raise PriceMistakeError(f"is no pattern of a {selector}", *path, selector)


def _check_at_makers_price(by_seller: object) -> None:
    for seller, keys in _object(by_seller, "at_makers_price").items():
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise PriceMistakeError("must be a list of models", "at_makers_price", seller)


def _check_factors(vendor: str, factors: object) -> None:
    for name, factor in _object(factors, "vendor_defaults", vendor).items():
        if name not in CACHE_PRICES or not isinstance(factor, str) or not _FACTOR.fullmatch(factor):
            raise PriceMistakeError('must be a factor of the input price, like "0.2x"', "vendor_defaults", vendor, name)


def _check_distinct(paths: list[tuple[str, str]]) -> None:
    """No two names may mean the same model."""
    seen: dict[str, str] = {}
    for part, name in paths:
        key = own_key(name)
        if not key:
            raise PriceMistakeError("is no model's name", part, name)
        if key in seen:
            raise PriceMistakeError(f"means the same model as {seen[key]}", part, name)
        seen[key] = name


def _check_models(part: str, models: dict[str, Any], rates: dict[str, Any]) -> None:
    for name, model in models.items():
        path = (part, name)
        _known(_object(model, *path), _MODEL_KEYS, *path)
        _check_texts(model, ("vendor", "note"), *path)
        names = model.get("names", [])
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise PriceMistakeError("must be a list of names", *path, "names")
        rows = model.get("prices")
        if not isinstance(rows, list) or not rows:
            raise PriceMistakeError("must be a list of rows", *path, "prices")
        last = ""
        for number, row in enumerate(rows):
            row_path = (*path, "prices", number)
            _check_row(_object(row, *row_path), rates, *row_path)
            start = row.get("from")
            if start is None and number:
                raise PriceMistakeError("only the first row may hold since ever (from: null)", *row_path)
            if start is not None and start <= last:
                raise PriceMistakeError("rows must be ordered by their dates, each with one of its own", *row_path)
            last = start or ""


def _check_row(row: dict[str, Any], rates: dict[str, Any], *path: str | int) -> None:
    _known(row, _ROW_KEYS, *path)
    _check_texts(row, ("source", "url", "note"), *path)
    for each in ("from", "after", "observed"):
        if row.get(each) is not None:
            _check_date(row[each], *path, each)
    if row.get("dated", DATE_ORIGINS[0]) not in DATE_ORIGINS:
        raise PriceMistakeError(f"must be one of {', '.join(DATE_ORIGINS)}", *path, "dated")
    if row.get("after", "") >= (row.get("from") or "9999"):
        raise PriceMistakeError("must be a day before the one from which the row holds", *path, "after")
    for each in ("input", "output"):
        if each not in row:
            raise PriceMistakeError(f'has no price for {each} (free is "0")', *path)
    _check_prices(row, *path)
    currency = row.get("currency", "USD")
    if currency != "USD" and (not isinstance(currency, str) or currency not in rates):
        raise PriceMistakeError(f"there is no rate for {currency}: state one under rates", *path, "currency")
    _check_tiers(row, *path)
    for number, window in enumerate(_objects(row.get("windows", []), *path, "windows")):
        _check_window(window, *path, "windows", number)


def _check_tiers(row: dict[str, Any], *path: str | int) -> None:
    above = 0
    for number, tier in enumerate(_objects(row.get("tiers", []), *path, "tiers")):
        tier_path = (*path, "tiers", number)
        _known(tier, {"above", *PRICES}, *tier_path)
        if type(tier.get("above")) is not int or tier["above"] <= above:
            raise PriceMistakeError("must be a number of tokens, each larger than the one before", *tier_path, "above")
        above = tier["above"]
        _check_prices(tier, *tier_path)


def _check_window(window: dict[str, Any], *path: str | int) -> None:
    _known(window, {"utc", "weekdays", *PRICES}, *path)
    hours, days = window.get("utc"), window.get("weekdays", [1])
    if not _are_hours(hours):
        raise PriceMistakeError('must be two times of one day, like ["01:00", "04:00"]', *path, "utc")
    if not isinstance(days, list) or not days or not all(type(day) is int and 1 <= day <= 7 for day in days):
        raise PriceMistakeError("must be days from 1 (Monday) to 7", *path, "weekdays")
    _check_prices(window, *path)


def _are_hours(hours: object) -> bool:
    if not isinstance(hours, list) or len(hours) != 2:
        return False
    return all(isinstance(each, str) and _TIME.fullmatch(each) for each in hours) and hours[0] < hours[1]


def _check_prices(row: dict[str, Any], *path: str | int) -> None:
    for each in PRICES:
        if each in row:
            try:
                money.per_token(row[each])
            except ValueError as error:
                raise PriceMistakeError(str(error), *path, each) from None


def _check_rates(currency: str, rows: object) -> None:
    path = ("rates", currency)
    if currency == "USD":
        raise PriceMistakeError("prices are in dollars already: USD needs no rate", *path)
    if not _CURRENCY.fullmatch(currency):
        raise PriceMistakeError("must be a currency's three letters, other than USD", *path)
    last = ""
    for number, row in enumerate(_objects(rows, *path)):
        row_path = (*path, number)
        _known(row, {"from", "usd"}, *row_path)
        _check_date(row.get("from"), *row_path)
        if row["from"] <= last:
            raise PriceMistakeError("rates must be ordered by their dates", *row_path)
        last = row["from"]
        try:
            worth = money.per_token(row.get("usd"))  # type: ignore[arg-type]
        except ValueError:
            worth = 0
        if not worth:
            raise PriceMistakeError('must be text like "0.14": the dollars for one of it', *row_path, "usd")
    if not last:
        raise PriceMistakeError("has no rows", *path)


def _check_texts(value: dict[str, Any], keys: Iterable[str], *path: str | int) -> None:
    for each in keys:
        if not isinstance(value.get(each, ""), str):
            raise PriceMistakeError("must be text", *path, each)


def _check_date(value: object, *path: str | int) -> None:
    try:
        if date.fromisoformat(value).isoformat() == value:  # type: ignore[arg-type]
            return
    except (TypeError, ValueError):
        pass
    raise PriceMistakeError(f"{value!r} is no date like 2026-05-01", *path)


def _known(value: dict[str, Any], known: Iterable[str], *path: str | int) -> None:
    for name in value:
        if name not in known:
            raise PriceMistakeError(f"there is no such key (known are {', '.join(sorted(known))})", *path, name)


def _object(value: object, *path: str | int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PriceMistakeError("must be a JSON object", *path)
    return value


def _objects(value: object, *path: str | int) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise PriceMistakeError("must be a list", *path)
    return [_object(each, *path, number) for number, each in enumerate(value)]


# -- where a mistake stands ----------------------------------------------------------------------------------------------


def _check_text(path: str, text: str, document: dict[str, Any]) -> None:
    lines: dict[tuple[str | int, ...], int] = {}
    try:
        for place, position in _places(text):
            line = text.count("\n", 0, position) + 1
            if place in lines:
                raise BadPriceListError(path, line, f"{place[-1]} is there twice")
            lines[place] = line
        check(document)
    except PriceMistakeError as mistake:
        known = (mistake.path[:length] for length in range(len(mistake.path), 0, -1))
        line_of = next((lines[place] for place in known if place in lines), None)
        raise BadPriceListError(path, line_of, str(mistake)) from None


def _places(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Where in JSON text each key and each place of a list stands, with the way to it."""
    way: list[str | int] = []
    is_key = False
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece in "}]":
            way.pop()
        elif piece == "{":
            way.append("")
        elif piece == "[":
            way.append(0)
            yield tuple(way), _SPACE.match(text, match.end()).end()  # type: ignore[union-attr]
        elif piece == ",":
            if isinstance(way[-1], int):
                way[-1] += 1
                yield tuple(way), _SPACE.match(text, match.end()).end()  # type: ignore[union-attr]
        elif is_key:
            way[-1] = json.loads(piece)
            yield tuple(way), match.start()
        is_key = piece == "{" or (piece == "," and isinstance(way[-1], str))


_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]')
