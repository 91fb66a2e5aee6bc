"""pricing set, alias and reset: which prices of one's own count instead of the shipped ones?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data, unknown_model
from commands.shared.failures import Failure
from commands.shared.output import Output
from session_monitor.prices import model_names, own_lists
from session_monitor.prices.price_list import PriceList
from session_monitor.text import safe

from . import own_list
from .showing import today, values

# -- set ---------------------------------------------------------------------------------------------------------------


def add_set(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing set``."""
    about = "state a model's price for a million tokens; it counts instead of the shipped one"
    examples = (
        "pricing set qwen-long 0.07 0.28",
        "pricing set my-model 2.5 10 --cache-read 0.25 --from 2026-05-01",
        "pricing set qwen-plus 0.8 2 --currency CNY --rate 0.14",
    )
    command = parsers.command(commands, (shared,), "set", about, *examples)
    command.add_argument("model", metavar="MODEL")
    command.add_argument("input", metavar="INPUT", type=parsers.price)
    command.add_argument("output", metavar="OUTPUT", type=parsers.price)
    command.add_argument("--cache-read", metavar="PRICE", type=parsers.price, help="for tokens read from a cache")
    command.add_argument("--cache-write", metavar="PRICE", type=parsers.price, help="for tokens written to a cache")
    command.add_argument("--reasoning", metavar="PRICE", type=parsers.price, help="for reasoning (default: as OUTPUT)")
    command.add_argument(
        "--from",
        dest="start",
        metavar="DATE",
        type=parsers.day,
        help="from this day on, UTC; what held before stays (default: since ever)",
    )
    command.add_argument("--provider", metavar="NAME", help="who sells it")
    command.add_argument(
        "--currency", metavar="CODE", default="USD", type=parsers.currency, help="such as CNY (default: USD)"
    )
    command.add_argument(
        "--rate", metavar="USD", type=parsers.price, help="dollars for one unit of the currency, if not stated before"
    )
    command.add_argument(
        "--rate-from", metavar="DATE", type=parsers.day, help="the day from which the rate holds (default: today)"
    )
    own_list.add_place(command)
    command.set_defaults(run=_set)


def _set(options: argparse.Namespace, output: Output, data: Data) -> None:
    own = own_list.read(options, data)
    row: dict[str, Any] = {"from": options.start, "input": options.input, "output": options.output}
    for name in ("cache_read", "cache_write", "reasoning"):
        if getattr(options, name) is not None:
            row[name] = getattr(options, name)
    if options.currency != "USD":
        row["currency"] = options.currency
        own = _with_rate(own, options)
    row["source"] = "own"
    key = model_names.canonical(options.model)
    if not key:
        raise Failure("bad_name", "an empty name can have no price", failures.USAGE)
    book = data.book()
    before = book.find(options.model)
    exact = before if before and before.key == key else None
    own_list.write(options, data, own_lists.with_row(own, options.model, row, options.provider, exact, book.rates()))
    since = f", from {options.start} on" if options.start else ""
    output.tell(f"{safe.cell(key)}: {values(row)} {options.currency} for 1M tokens{since}")


def _with_rate(own: PriceList, options: argparse.Namespace) -> PriceList:
    """The list with the rate of the currency that was given, if any was.  Raises ``Failure`` where none is known."""
    if options.rate is not None:
        return own_lists.with_rate(own, options.currency, options.rate, options.rate_from or today())
    if options.currency not in own.rates:
        text = f"what is one {options.currency} worth? Add --rate with the dollars for it, such as --rate 0.14"
        raise Failure("no_rate", text, failures.USAGE)
    return own


# -- alias -------------------------------------------------------------------------------------------------------------


def add_alias(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing alias``."""
    about = "say that a name, such as a deployment's, stands for a model"
    command = parsers.command(commands, (shared,), "alias", about, "pricing alias my-azure-gpt4o gpt-4o")
    command.add_argument("name", metavar="NAME")
    command.add_argument("model", metavar="MODEL")
    own_list.add_place(command)
    command.set_defaults(run=_alias)


def _alias(options: argparse.Namespace, output: Output, data: Data) -> None:
    book = data.book()
    if model_names.canonical(options.name) in ("", model_names.canonical(options.model)):
        raise Failure("bad_name", "an alias needs a name of its own", failures.USAGE)
    model = book.find(options.model)
    if model is None:
        raise unknown_model(book, options.model)
    own_list.write(options, data, own_lists.with_alias(own_list.read(options, data), options.name, options.model))
    output.tell(f"{safe.cell(options.name)} is priced as {safe.cell(model.key)}")


# -- reset -------------------------------------------------------------------------------------------------------------


def add_reset(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing reset``."""
    about = "forget your own price or alias of a model, or all that you have stated, sellers too"
    command = parsers.command(commands, (shared,), "reset", about, "pricing reset qwen-long", "pricing reset")
    command.add_argument("model", metavar="MODEL", nargs="?")
    own_list.add_place(command)
    command.set_defaults(run=_reset)


def _reset(options: argparse.Namespace, output: Output, data: Data) -> None:
    own = own_list.read(options, data)
    if options.model is None:
        own_list.write(options, data, PriceList(own.path))
        output.tell(f"Your own prices in {safe.cell(own.path)} are gone; the shipped ones count.")
        return
    key = model_names.canonical(options.model)
    if key not in own.models and key not in own.aliases:
        text = f"there is no price of your own for {options.model} in {own.path}"
        raise Failure("model_not_found", text, failures.NOT_FOUND)
    own_list.write(options, data, own_lists.without(own, options.model))
    model = data.book().find(options.model)
    now = f"is priced as {safe.cell(model.key)}" if model else "has no price now"
    output.tell(f"{safe.cell(key)} {now}")
