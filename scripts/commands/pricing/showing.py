"""pricing list and show: which prices are known, and why did a name get its price?"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from commands.shared import parsers
from commands.shared.data import Data, unknown_model
from commands.shared.output import Output, to_json
from session_monitor.asked import model_prices
from session_monitor.prices import model_names, price_list, sellers
from session_monitor.prices.cost import (
    ALIAS,
    OTHER_SELLER,
    OVERRIDE,
    OWN_MACHINE,
    PATTERN,
    THIRD,
    UNPRICED,
    ModelPrices,
)
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column

if TYPE_CHECKING:
    from session_monitor.reports.selected.unpriced import UnpricedModel

_HOW = {
    model_names.EXACT: "this is its name in the list",
    model_names.UNDATED: "its name in the list, without the date or tag",
    THIRD: "the price of a reseller; the maker publishes none",
    OVERRIDE: "your own price",
    PATTERN: "your own price for every name that this pattern fits",
    ALIAS: "you said that it stands for this model",
}


# -- list --------------------------------------------------------------------------------------------------------------


def add_list(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing list``."""
    about = "list the models with the prices of today, in dollars per million tokens"
    command = parsers.command(
        commands, (shared,), "list", about, "pricing list --search qwen", "pricing list --unpriced"
    )
    command.add_argument("--search", metavar="TEXT", help="only models or vendors whose name contains this")
    command.add_argument("--unpriced", action="store_true", help="the models of your sessions that have no price")
    command.set_defaults(run=_list)


_LIST = (
    Column("Model", least=20),
    Column("Vendor", rank=3),
    Column("Input", ">"),
    Column("Output", ">"),
    Column("Cache read", ">", rank=5),
    Column("Cache write", ">", rank=4),
    Column("From", rank=2),
    Column("Source", rank=1),
)
_UNPRICED = (Column("Model", least=20), Column("Rounds", ">"), Column("Why", rank=1))


def _list(options: argparse.Namespace, output: Output, data: Data) -> None:
    wanted = (options.search or "").lower()
    if options.unpriced:
        _list_unpriced(wanted, output, data)
        return
    book = data.book()
    models = model_prices.with_name(book, wanted)
    if output.is_json:
        output.print_json(to_json(list(map(model_prices.to_json, models))))
    elif not models:
        output.tell(f"No model's name contains {safe.cell(options.search)}.")
    else:
        rows = list(map(_cells, models))
        output.print_table(_LIST, rows)
        if any(row[2].endswith("*") for row in rows):
            output.complain("*: other prices hold for long prompts or at some hours, see 'pricing show MODEL'")
        if book.discounts:
            output.complain("the discounts that you stated go off these prices, see 'pricing show MODEL'")


def _cells(model: ModelPrices) -> list[str]:
    row = model_prices.in_force(model)
    if row is None:
        return [model.key, model.vendor or "-", *"----", f"from {model.entry['prices'][0]['from']}", "-"]
    more = "*" if row.get("tiers") or row.get("windows") else ""
    unit = f" {row['currency']}" if row.get("currency", "USD") != "USD" else ""
    prices = [row[name] + unit + more if name in row else "-" for name in ("input", "output")]
    prices += [row[name] + unit if name in row else "-" for name in ("cache_read", "cache_write")]
    source = "your own" if model.origin != price_list.SHIPPED else str(row.get("source", "-"))
    return [model.key, model.vendor or "-", *prices, row.get("from") or "-", source]


def _list_unpriced(wanted: str, output: Output, data: Data) -> None:
    report = data.report()
    spent = report.overview().sums.spending
    models = [each for each in report.unpriced() if wanted in each.model.lower()] if spent.unpriced_models else []
    if output.is_json:
        output.print_json(to_json([each._asdict() for each in models]))
        return
    if models:
        output.print_table(
            _UNPRICED, [[each.model, humanize.count(each.rounds), _why(each.reasons)] for each in models]
        )
        for reason in dict.fromkeys(reason for each in models for reason in each.reasons):
            output.tell(f"{reason}: {UNPRICED[reason]}")
        output.tell(
            "State a price: pricing set MODEL INPUT OUTPUT (dollars per million tokens); or: pricing alias NAME MODEL"
        )
        for hint in _hints(models):
            output.tell(hint)
    else:
        output.tell("Every model that your sessions used has a price.")
    if spent.without_tokens:
        rounds = humanize.counted(spent.without_tokens, "round")
        output.tell(f"({rounds} told no tokens: the cost is not known.)")
    if spent.partly_told:
        rounds = humanize.counted(spent.partly_told, "round")
        output.tell(f"({rounds} told only a part of the tokens: the cost is not known.)")


def _why(reasons: Mapping[str, int]) -> str:
    """The reasons, with how many rounds have each where there are several."""
    if len(reasons) == 1:
        return next(iter(reasons))
    return ", ".join(f"{reason} {humanize.count(rounds)}" for reason, rounds in reasons.items())


def _hints(models: Iterable[UnpricedModel]) -> Iterator[str]:
    """What can be done of the first model that has a reason of which something more can be said."""
    own = next((each.model for each in models if OWN_MACHINE in each.reasons), None)
    if own:
        by_name = model_names.is_on_own_machine(own)
        name = safe.cell(own if by_name else f"{OWN_MACHINE}/{own}")
        told = (
            "is a model on a machine of your own"
            if by_name
            else "went over a machine of your own, as its cluster or route tells"
        )
        yield f"{safe.cell(own)} {told}; where that costs nothing: pricing set {name} 0 0"
    other = next((each.model for each in models if OTHER_SELLER in each.reasons), None)
    if other:
        yield f"What others take for {safe.cell(other)}: pricing show {safe.cell(other)}; who sold it can be stated: pricing seller"


# -- show --------------------------------------------------------------------------------------------------------------


def add_show(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing show``."""
    about = "show the prices that a model's name stands for, and why"
    command = parsers.command(commands, (shared,), "show", about, "pricing show gpt-4o-2024-08-06")
    command.add_argument("model", metavar="MODEL")
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace, output: Output, data: Data) -> None:
    book = data.book()
    model = book.find(options.model)
    if model is None:
        raise unknown_model(book, options.model)
    others = model_prices.sold_elsewhere(book, model)
    in_force = model_prices.in_force(model)
    discount = book.discount(model, in_force, model_prices.today()) if in_force else None
    if output.is_json:
        told = {"name": options.model, **model_prices.to_json(model), "seller": model.seller, "also_sold_as": others}
        told["discount"] = discount and discount.to_json()
        output.print_json(to_json(told))
        return
    output.tell(f"{safe.cell(options.model)} is priced as {safe.cell(model.key)} ({model.kind}: {_HOW[model.kind]})")
    output.tell(f"Vendor: {safe.cell(model.vendor or '-')}")
    origin = "the list that comes with the monitor" if model.origin == price_list.SHIPPED else model.origin
    output.tell(f"Seller: {_seller(model)}")
    output.tell(f"From:   {safe.cell(origin)}")
    if model.entry.get("note"):
        output.tell(f"Note:   {safe.cell(model.entry['note'])}")
    output.tell("Prices for 1M tokens:")
    for row in model.entry["prices"]:
        for line in _row_lines(row, in_force=row is in_force):
            output.tell(safe.clean(line))
    if discount and discount.factor != 1:
        output.tell(f"Discount: {discount.percent} % of these, as you stated for {sellers.titles()[discount.seller]}")
    if others:
        output.tell("What others take for it:")
    for name in others:
        output.tell(f"  pricing show {safe.cell(name)}")


def _seller(model: ModelPrices) -> str:
    """Who sells a model by that name, in words."""
    if model.seller:
        return sellers.titles()[model.seller]
    if model.kind in (OVERRIDE, PATTERN):
        return "any, as you stated the price"
    return "not told by the name; these prices hold where nothing else tells"


def _row_lines(row: Mapping[str, Any], *, in_force: bool) -> list[str]:
    since = f"from {row['from']}{_dated(row)}" if row.get("from") else "since ever"
    currency = row.get("currency", "USD")
    lines = [f"{'→' if in_force else ' '} {since}: {values(row)} {currency}"]
    lines += [
        f"    prompts above {humanize.count(tier['above'])} tokens: {values(tier)}" for tier in row.get("tiers", ())
    ]
    lines += [
        f"    {window['utc'][0]} to {window['utc'][1]} UTC{_days(window)}: {values(window)}"
        for window in row.get("windows", ())
    ]
    seen = f", seen there on {row['observed']}" if row.get("observed") else ""
    lines += [f"    source: {row['source']}{seen}"] if row.get("source") else []
    lines += [f"    {row[name]}" for name in ("url", "note") if row.get(name)]
    return lines


def _dated(row: Mapping[str, Any]) -> str:
    """In which way a row's date is known; empty for a person's own."""
    if row.get("dated") == "seen":
        after = f"; may hold since any day after {row['after']}" if row.get("after") else ""
        return f" (only seen{after})"
    return f" (the {row['dated']}'s date)" if row.get("dated") else ""


def values(row: Mapping[str, Any]) -> str:
    """The prices of a row in words."""
    return ", ".join(f"{name.replace('_', ' ')} {row[name]}" for name in price_list.PRICES if name in row)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _days(window: Mapping[str, Any]) -> str:
    days = window.get("weekdays")
    return f" on {', '.join(_DAYS[day - 1] for day in days)}" if days else ""
