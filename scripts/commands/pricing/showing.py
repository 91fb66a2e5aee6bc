"""pricing list and show: which prices are known, and why did a name get its price?"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from commands.shared import data, output, parsers
from commands.shared.output import to_json
from session_monitor.prices import book as prices
from session_monitor.prices import model_names, price_list
from session_monitor.prices.cost import FoundPrices
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column

_HOW = {
    model_names.EXACT: "this is its name in the list",
    model_names.UNDATED: "its name in the list, without the date or tag",
    prices.THIRD: "the price of a reseller; the maker publishes none",
    prices.OVERRIDE: "your own price",
    prices.ALIAS: "you said that it stands for this model",
}


# -- list --------------------------------------------------------------------------------------------------------------


def add_list(commands: Any, shared: argparse.ArgumentParser) -> None:
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
_UNPRICED = (Column("Model", least=20), Column("Rounds", ">"))


def _list(options: argparse.Namespace) -> None:
    book = data.book(options.data_dir)
    if options.unpriced:
        _list_unpriced(options)
        return
    wanted = (options.search or "").lower()
    models = [
        found
        for found in book.models()
        if any(wanted in name.lower() for name in (found.key, found.vendor or "", *found.entry.get("names", ())))
    ]
    if options.json:
        output.print_json(options, to_json([_model_json(found) for found in models]))
        return
    if not models:
        output.tell(options, f"No model's name contains {safe.cell(options.search)}.")
        return
    rows = [_list_row(found) for found in models]
    output.print_table(options, _LIST, rows)


def _list_row(found: FoundPrices) -> list[str]:
    row = _in_force(found)
    if row is None:
        return [found.key, found.vendor or "-", *"----", f"from {found.entry['prices'][0]['from']}", "-"]
    more = "*" if row.get("tiers") or row.get("windows") else ""
    unit = f" {row['currency']}" if row.get("currency", "USD") != "USD" else ""
    values = [row[name] + unit + more if name in row else "-" for name in ("input", "output")]
    values += [row[name] + unit if name in row else "-" for name in ("cache_read", "cache_write")]
    return [found.key, found.vendor or "-", *values, row.get("from") or "-", _source(found, row)]


def _source(found: FoundPrices, row: Mapping[str, Any]) -> str:
    return "your own" if found.kind == prices.OVERRIDE else str(row.get("source", "-"))


def _in_force(found: FoundPrices) -> Mapping[str, Any] | None:
    day = today()
    rows = [row for row in found.entry["prices"] if (row.get("from") or "") <= day]
    return rows[-1] if rows else None


def today() -> str:
    return datetime.now(timezone.utc).date().isoformat()


def _list_unpriced(options: argparse.Namespace) -> None:
    spent = data.sessions_of(options.data_dir).overview().sums.spending
    wanted = (options.search or "").lower()
    models = {name: rounds for name, rounds in spent.unpriced_models.items() if wanted in name.lower()}
    by_rounds = sorted(models.items(), key=lambda pair: (-pair[1], pair[0]))
    if options.json:
        found = [{"model": name, "rounds": rounds} for name, rounds in by_rounds]
        output.print_json(options, to_json(found))
        return
    if by_rounds:
        rows = [[name, humanize.count(rounds)] for name, rounds in by_rounds]
        output.print_table(options, _UNPRICED, rows)
        output.tell(
            options,
            "State a price: pricing set MODEL INPUT OUTPUT (dollars per million tokens); or: pricing alias NAME MODEL",
        )
    else:
        output.tell(options, "Every model that your sessions used has a price.")
    if spent.without_tokens:
        output.tell(
            options, f"({humanize.counted(spent.without_tokens, 'round')} told no tokens, so their cost is not known.)"
        )


# -- show --------------------------------------------------------------------------------------------------------------


def add_show(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "show the prices that a model's name stands for, and why"
    command = parsers.command(commands, (shared,), "show", about, "pricing show gpt-4o-2024-08-06")
    command.add_argument("model", metavar="MODEL")
    command.set_defaults(run=_show)


def _model_json(found: FoundPrices) -> dict[str, Any]:
    return {
        "model": found.key,
        "match": found.kind,
        "vendor": found.vendor,
        "origin": found.origin if found.kind == prices.OVERRIDE else "shipped",
        "note": found.entry.get("note"),
        "prices": found.entry["prices"],
    }


def _show(options: argparse.Namespace) -> None:
    book = data.book(options.data_dir)
    found = book.find(options.model)
    if found is None:
        raise data.unknown_model(book, options.model)
    if options.json:
        output.print_json(options, to_json({"name": options.model, **_model_json(found)}))
        return
    output.tell(
        options,
        f"{safe.cell(options.model)} is priced as {safe.cell(found.key)} ({found.kind}: {_HOW[found.kind]})",
    )
    output.tell(options, f"Vendor: {safe.cell(found.vendor or '-')}")
    origin = "the list that comes with the monitor" if found.origin == price_list.SHIPPED else found.origin
    output.tell(options, f"From:   {safe.cell(origin)}")
    if found.entry.get("note"):
        output.tell(options, f"Note:   {safe.cell(found.entry['note'])}")
    in_force = _in_force(found)
    output.tell(options, "Prices for 1M tokens:")
    for row in found.entry["prices"]:
        for line in _row_lines(row, in_force=row is in_force):
            output.tell(options, safe.clean(line))


def _row_lines(row: Mapping[str, Any], *, in_force: bool) -> list[str]:
    since = f"from {row['from']}" if row.get("from") else "since ever"
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


def values(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {row[name]}" for name in price_list.PRICES if name in row)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _days(window: Mapping[str, Any]) -> str:
    days = window.get("weekdays")
    return f" on {', '.join(_DAYS[day - 1] for day in days)}" if days else ""


# -- set, alias, reset -------------------------------------------------------------------------------------------------
