"""pricing: which prices are known, why a name got its price, and how one states one's own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from commands.shared import parsers
from commands.shared.parsers import Failure, to_json
from session_monitor.base import files
from session_monitor.prices import book as prices
from session_monitor.prices import model_names, money, own_lists, price_check, price_list
from session_monitor.prices.book import Found
from session_monitor.prices.price_list import BadPriceList, PriceList
from session_monitor.text import humanize, safe
from session_monitor.text.safe import Column

_HOW = {
    model_names.EXACT: "this is its name in the list",
    model_names.UNDATED: "its name in the list, without the date or tag",
    prices.THIRD: "the price of a reseller; the maker publishes none",
    prices.OVERRIDE: "your own price",
    prices.ALIAS: "you said that it stands for this model",
}


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command with its own commands."""
    about = "see which prices are known, and state your own"
    examples = (
        "pricing list --search qwen",
        "pricing list --unpriced",
        "pricing show gpt-4o-2024-08-06",
        "pricing set qwen-long 0.5 2 --currency CNY --rate 0.14",
        "pricing alias my-deployment gpt-4o",
        "pricing reset qwen-long",
    )
    top = parsers.command(commands, (), "pricing", about, *examples)
    of_pricing = top.add_subparsers(metavar="COMMAND", required=True)
    _add_list(of_pricing, shared)
    _add_show(of_pricing, shared)
    _add_set(of_pricing, shared)
    _add_alias(of_pricing, shared)
    _add_reset(of_pricing, shared)


# -- list --------------------------------------------------------------------------------------------------------------


def _add_list(commands: Any, shared: argparse.ArgumentParser) -> None:
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
    book = parsers.book(options.data_dir)
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
        parsers.print_json(options, to_json([_model_json(found) for found in models]))
        return
    if not models:
        parsers.tell(options, f"No model's name contains {safe.cell(options.search)}.")
        return
    rows = [_list_row(found) for found in models]
    parsers.print_table(options, _LIST, rows)


def _list_row(found: Found) -> list[str]:
    row = _in_force(found)
    if row is None:
        return [found.key, found.vendor or "-", *"----", f"from {found.entry['prices'][0]['from']}", "-"]
    more = "*" if row.get("tiers") or row.get("windows") else ""
    unit = f" {row['currency']}" if row.get("currency", "USD") != "USD" else ""
    values = [row[name] + unit + more if name in row else "-" for name in ("input", "output")]
    values += [row[name] + unit if name in row else "-" for name in ("cache_read", "cache_write")]
    return [found.key, found.vendor or "-", *values, row.get("from") or "-", _source(found, row)]


def _source(found: Found, row: Mapping[str, Any]) -> str:
    return "your own" if found.kind == prices.OVERRIDE else str(row.get("source", "-"))


def _in_force(found: Found) -> Mapping[str, Any] | None:
    today = _today()
    rows = [row for row in found.entry["prices"] if (row.get("from") or "") <= today]
    return rows[-1] if rows else None


def _today() -> str:
    return datetime.now(timezone.utc).date().isoformat()


def _list_unpriced(options: argparse.Namespace) -> None:
    spent = parsers.sessions_of(options.data_dir).overview().sums.spending
    wanted = (options.search or "").lower()
    models = {name: rounds for name, rounds in spent.unpriced_models.items() if wanted in name.lower()}
    by_rounds = sorted(models.items(), key=lambda pair: (-pair[1], pair[0]))
    if options.json:
        found = [{"model": name, "rounds": rounds} for name, rounds in by_rounds]
        parsers.print_json(options, to_json(found))
        return
    if by_rounds:
        rows = [[name, humanize.count(rounds)] for name, rounds in by_rounds]
        parsers.print_table(options, _UNPRICED, rows)
        parsers.tell(
            options,
            "State a price: pricing set MODEL INPUT OUTPUT (dollars per million tokens); or: pricing alias NAME MODEL",
        )
    else:
        parsers.tell(options, "Every model that your sessions used has a price.")
    if spent.without_tokens:
        parsers.tell(
            options, f"({humanize.counted(spent.without_tokens, 'round')} told no tokens, so their cost is not known.)"
        )


# -- show --------------------------------------------------------------------------------------------------------------


def _add_show(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "show the prices that a model's name stands for, and why"
    command = parsers.command(commands, (shared,), "show", about, "pricing show gpt-4o-2024-08-06")
    command.add_argument("model", metavar="MODEL")
    command.set_defaults(run=_show)


def _model_json(found: Found) -> dict[str, Any]:
    return {
        "model": found.key,
        "match": found.kind,
        "vendor": found.vendor,
        "origin": found.origin if found.kind == prices.OVERRIDE else "shipped",
        "note": found.entry.get("note"),
        "prices": found.entry["prices"],
    }


def _show(options: argparse.Namespace) -> None:
    book = parsers.book(options.data_dir)
    found = book.find(options.model)
    if found is None:
        raise parsers.unknown_model(book, options.model)
    if options.json:
        parsers.print_json(options, to_json({"name": options.model, **_model_json(found)}))
        return
    parsers.tell(
        options,
        f"{safe.cell(options.model)} is priced as {safe.cell(found.key)} ({found.kind}: {_HOW[found.kind]})",
    )
    parsers.tell(options, f"Vendor: {safe.cell(found.vendor or '-')}")
    origin = "the list that comes with the monitor" if found.origin == price_list.SHIPPED else found.origin
    parsers.tell(options, f"From:   {safe.cell(origin)}")
    if found.entry.get("note"):
        parsers.tell(options, f"Note:   {safe.cell(found.entry['note'])}")
    today = _in_force(found)
    parsers.tell(options, "Prices for 1M tokens:")
    for row in found.entry["prices"]:
        for line in _row_lines(row, in_force=row is today):
            parsers.tell(options, safe.clean(line))


def _row_lines(row: Mapping[str, Any], *, in_force: bool) -> list[str]:
    since = f"from {row['from']}" if row.get("from") else "since ever"
    currency = row.get("currency", "USD")
    lines = [f"{'→' if in_force else ' '} {since}: {_values(row)} {currency}"]
    lines += [
        f"    prompts above {humanize.count(tier['above'])} tokens: {_values(tier)}" for tier in row.get("tiers", ())
    ]
    lines += [
        f"    {window['utc'][0]} to {window['utc'][1]} UTC{_days(window)}: {_values(window)}"
        for window in row.get("windows", ())
    ]
    seen = f", seen there on {row['observed']}" if row.get("observed") else ""
    lines += [f"    source: {row['source']}{seen}"] if row.get("source") else []
    lines += [f"    {row[name]}" for name in ("url", "note") if row.get(name)]
    return lines


def _values(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {row[name]}" for name in price_list.PRICES if name in row)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _days(window: Mapping[str, Any]) -> str:
    days = window.get("weekdays")
    return f" on {', '.join(_DAYS[day - 1] for day in days)}" if days else ""


# -- set, alias, reset -------------------------------------------------------------------------------------------------


def _add_place(command: Any) -> None:
    command.add_argument(
        "--global",
        dest="everywhere",
        action="store_true",
        help="for all data folders of yours, in your configuration folder (default: for --data-dir alone)",
    )


def _add_set(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "state a model's price for a million tokens; it counts instead of the shipped one"
    examples = (
        "pricing set qwen-long 0.07 0.28",
        "pricing set my-model 2.5 10 --cache-read 0.25 --from 2026-05-01",
        "pricing set qwen-plus 0.8 2 --currency CNY --rate 0.14",
    )
    command = parsers.command(commands, (shared,), "set", about, *examples)
    command.add_argument("model", metavar="MODEL")
    command.add_argument("input", metavar="INPUT", type=_price)
    command.add_argument("output", metavar="OUTPUT", type=_price)
    command.add_argument("--cache-read", metavar="PRICE", type=_price, help="for tokens read from a cache")
    command.add_argument("--cache-write", metavar="PRICE", type=_price, help="for tokens written to a cache")
    command.add_argument("--reasoning", metavar="PRICE", type=_price, help="for reasoning (default: as OUTPUT)")
    command.add_argument(
        "--from",
        dest="start",
        metavar="DATE",
        type=_date,
        help="from this day on, UTC; what held before stays (default: since ever)",
    )
    command.add_argument("--provider", metavar="NAME", help="who sells it")
    command.add_argument("--currency", metavar="CODE", default="USD", type=_currency, help="such as CNY (default: USD)")
    command.add_argument(
        "--rate", metavar="USD", type=_price, help="dollars for one unit of the currency, if not stated before"
    )
    command.add_argument(
        "--rate-from", metavar="DATE", type=_date, help="the day from which the rate holds (default: today)"
    )
    _add_place(command)
    command.set_defaults(run=_set)


def _set(options: argparse.Namespace) -> None:
    own = _own(options)
    row: dict[str, Any] = {"from": options.start, "input": options.input, "output": options.output}
    for name in ("cache_read", "cache_write", "reasoning"):
        if getattr(options, name) is not None:
            row[name] = getattr(options, name)
    if options.currency != "USD":
        row["currency"] = options.currency
        if options.rate is not None:
            own = own_lists.with_rate(own, options.currency, options.rate, options.rate_from or _today())
        elif options.currency not in own.rates:
            raise Failure(
                "no_rate",
                f"what is one {options.currency} worth? Add --rate with the dollars for it, such as --rate 0.14",
                parsers.USAGE,
            )
    row["source"] = "own"
    key = model_names.canonical(options.model)
    if not key:
        raise Failure("bad_name", "an empty name can have no price", parsers.USAGE)
    book = parsers.book(options.data_dir)
    before = book.find(options.model)
    exact = before if before and before.key == key else None
    _write(options, own_lists.with_row(own, options.model, row, options.provider, exact, book.rates()))
    parsers.tell(options, f"{safe.cell(key)}: {_values(row)} {options.currency} for 1M tokens" + _since(options.start))


def _since(start: str | None) -> str:
    return f", from {start} on" if start else ""


def _add_alias(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "say that a name, such as a deployment's, stands for a model"
    command = parsers.command(commands, (shared,), "alias", about, "pricing alias my-azure-gpt4o gpt-4o")
    command.add_argument("name", metavar="NAME")
    command.add_argument("model", metavar="MODEL")
    _add_place(command)
    command.set_defaults(run=_alias)


def _alias(options: argparse.Namespace) -> None:
    book = parsers.book(options.data_dir)
    if model_names.canonical(options.name) in ("", model_names.canonical(options.model)):
        raise Failure("bad_name", "an alias needs a name of its own", parsers.USAGE)
    found = book.find(options.model)
    if found is None:
        raise parsers.unknown_model(book, options.model)
    _write(options, own_lists.with_alias(_own(options), options.name, options.model))
    parsers.tell(options, f"{safe.cell(options.name)} is priced as {safe.cell(found.key)}")


def _add_reset(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "forget your own price or alias of a model, or all of them"
    command = parsers.command(commands, (shared,), "reset", about, "pricing reset qwen-long", "pricing reset")
    command.add_argument("model", metavar="MODEL", nargs="?")
    _add_place(command)
    command.set_defaults(run=_reset)


def _reset(options: argparse.Namespace) -> None:
    own = _own(options)
    if options.model is None:
        _write(options, PriceList(own.path))
        parsers.tell(options, f"Your own prices in {safe.cell(own.path)} are gone; the shipped ones count.")
        return
    key = model_names.canonical(options.model)
    if key not in own.models and key not in own.aliases:
        raise Failure(
            "model_not_found", f"there is no price of your own for {options.model} in {own.path}", parsers.NOT_FOUND
        )
    _write(options, own_lists.without(own, options.model))
    found = parsers.book(options.data_dir).find(options.model)
    now = f"is priced as {safe.cell(found.key)}" if found else "has no price now"
    parsers.tell(options, f"{safe.cell(key)} {now}")


def _own(options: argparse.Namespace) -> PriceList:
    try:
        return price_check.read(
            own_lists.of_person(os.environ) if options.everywhere else own_lists.of_folder(options.data_dir)
        )
    except BadPriceList as error:
        raise parsers.bad_prices(error) from None


def _write(options: argparse.Namespace, changed: PriceList) -> None:
    if not options.everywhere and not os.path.isdir(options.data_dir):
        raise parsers.no_folder(options.data_dir)
    files.make_folder(os.path.dirname(changed.path))
    price_list.write(changed)


def _price(text: str) -> str:
    """A price as it is written down: `2.50` is 2.5, `1e-2` is 0.01."""
    try:
        plain = format(Decimal(text).normalize(), "f")
        money.per_token(plain)
    except (InvalidOperation, ValueError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no price for a million tokens: a number from 0 on, with at most {money.DECIMALS} decimals"
        ) from None
    return plain


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-01") from None


def _currency(text: str) -> str:
    code = text.upper()
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise argparse.ArgumentTypeError(f"{text!r} is no currency's three letters, such as CNY")
    return code
