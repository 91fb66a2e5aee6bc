"""pricing discount: how much less than the shipped prices does a seller take?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output, to_json
from session_monitor.own_prices import own_lists
from session_monitor.prices import discounts, sellers
from session_monitor.prices.discounts import Discount
from session_monitor.text import safe
from session_monitor.text.table import Column

from . import own_list, typed

_ABOUT = "say that a seller takes so many percent less than the shipped prices, or list what is said"
_MORE = """
It holds for what SELLER sold, as the name, the cluster, the route or 'pricing seller' tells; where nothing tells who sold
a call, for its maker's. It holds for shipped prices alone, not for those that you set. One discount counts: the one with
the most specific --model, then the one that began last, then that of --data-dir before --global, then the newest.
"""


def add_discount(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing discount``."""
    examples = (
        "pricing discount OpenAI 15",
        "pricing discount Azure 7.5 --model 'gpt-4o*' --from 2026-05-01 --until 2026-12-31",
        "pricing discount OpenAI --remove",
        "pricing discount",
    )
    command = parsers.command(commands, (shared,), "discount", _ABOUT, *examples)
    command.epilog += _MORE
    command.add_argument("seller", metavar="SELLER", nargs="?", help="such as OpenAI, Azure or Bedrock")
    command.add_argument(
        "percent",
        metavar="PERCENT",
        nargs="?",
        type=typed.percent,
        help="from -100 (a surcharge: twice the price) to 100 (free); 0 takes these models out of another discount",
    )
    command.add_argument("--model", metavar="PATTERN", help="only models with such names (default: all)")
    command.add_argument(
        "--from", dest="start", metavar="DATE", type=parsers.day, help="from this day on, UTC (default: since ever)"
    )
    command.add_argument("--until", metavar="DATE", type=parsers.day, help="the last day, UTC (default: none)")
    command.add_argument(
        "--remove", action="store_true", help="forget the discounts of SELLER, or those of --model or --from"
    )
    own_list.add_place(command)
    command.set_defaults(run=_discount)


def _discount(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.seller is None and not options.remove:
        _list(output, data)
        return
    if options.seller is None or (options.remove and (options.percent is not None or options.until)):
        raise Failure("bad_discount", "--remove takes a SELLER, and perhaps --model and --from", failures.USAGE)
    seller = sellers.meant(options.seller)
    if seller is None or seller not in discounts.sellers_known():
        known = ", ".join(sellers.titles()[each] for each in discounts.sellers_known())
        raise Failure(
            "bad_seller", f"there is no seller {safe.clean(options.seller)}; known are {known}", failures.USAGE
        )
    if options.remove:
        _remove(seller, options, output, data)
    else:
        _say(seller, options, output, data)


def _say(seller: str, options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.percent is None:
        raise Failure("bad_discount", "how much less? Name PERCENT after the seller, or --remove", failures.USAGE)
    if options.model is not None and not options.model.strip():
        raise Failure("bad_name", "an empty pattern fits no model", failures.USAGE)
    if options.until and options.start and options.until < options.start:
        raise Failure("bad_dates", "--until is the last day, and must not be before --from", failures.USAGE)
    own = own_list.read(options, data)
    stated = Discount(seller, options.percent, options.start, options.until, options.model, own.path)
    row = {name: value for name, value in stated.to_json().items() if name != "origin" and value is not None}
    own_list.write(options, data, own_lists.with_discount(own, row))
    models = f" for {safe.cell(options.model)}" if options.model else ""
    output.tell(f"{sellers.titles()[seller]}{models}: {_percent(stated)}, {_when(stated)}")


def _percent(discount: Discount) -> str:
    """In words."""
    if discount.percent.startswith("-"):
        return f"{discount.percent[1:]} % more than the shipped prices"
    return f"{discount.percent} % less than the shipped prices" if discount.factor != 1 else "no discount"


def _when(discount: Discount) -> str:
    since = f"from {discount.start} on" if discount.start else "since ever"
    return f"{since}, until {discount.until}" if discount.until else since


def _remove(seller: str, options: argparse.Namespace, output: Output, data: Data) -> None:
    own = own_list.read(options, data)
    changed = own_lists.without_discounts(own, seller, options.model, options.start)
    title = sellers.titles()[seller]
    if len(changed.discounts) == len(own.discounts):
        text = f"there is no such discount of {title} in {own.path}; 'pricing discount' lists those that there are"
        raise Failure("discount_not_found", text, failures.NOT_FOUND)
    own_list.write(options, data, changed)
    output.tell(f"{title}: {len(own.discounts) - len(changed.discounts)} forgotten")


_LIST = (
    Column("Seller"),
    Column("Percent", ">"),
    Column("Models", least=10),
    Column("From", rank=2),
    Column("Until", rank=3),
    Column("Stated in", rank=1),
)


def _list(output: Output, data: Data) -> None:
    stated = data.book().discounts
    if output.is_json:
        output.print_json(to_json([each.to_json() for each in stated]))
    elif stated:
        rows = [
            [
                sellers.titles()[each.seller],
                each.percent,
                each.model or "all",
                each.start or "-",
                each.until or "-",
                each.origin,
            ]
            for each in stated
        ]
        output.print_table(_LIST, rows)
    else:
        output.tell("No discount is stated: the shipped prices count as they are.")
