"""pricing set: which price of one's own counts for a model, or for all names that a pattern fits?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output
from session_monitor.asked import model_prices
from session_monitor.own_prices import own_lists
from session_monitor.own_prices.own_lists import NothingAfterError
from session_monitor.prices import own_words
from session_monitor.prices.book import Book
from session_monitor.prices.cost import PATTERN, ModelPrices
from session_monitor.prices.price_list import PRICES, PriceList
from session_monitor.text import humanize, safe

from . import dropping, own_list, typed
from .showing import values

_ABOUT = "state a model's price for a million tokens; it counts instead of the shipped one"
_MORE = """
MODEL may be a pattern with * or ?, in quotes: it holds for every name that fits, as it is logged or as 'pricing show' has
it, in capitals or not, and hides the shipped prices. A price or an alias for the very name goes before it; of several
patterns the one with the most characters that are no wildcards counts. Discounts do not hold for your own prices.
"""
_EXAMPLES = (
    "pricing set qwen-long 0.07 0.28",
    "pricing set 'ft:gpt-4o*' 3.75 15 --cache-read 1.875",
    "pricing set gpt-4o 2 8 --cache-read 1 --from 2026-05-01 --until 2026-05-31",
    "pricing set my-model 1.25 10 --tier 200000:2.5:15",
    "pricing set qwen-plus 0.8 2 --currency CNY --rate 0.14",
)
_PARTS = {
    "cache_read": "for tokens read from a cache",
    "cache_read_explicit": "for those from a cache that the caller asked for (default: as --cache-read)",
    "cache_write": "for tokens written to a cache",
    "cache_write_1h": "for those that it keeps for an hour (default: as --cache-write)",
    "reasoning": "for reasoning (default: as OUTPUT)",
    "audio_input": "for audio (default: as INPUT)",
    "audio_output": "for audio (default: as OUTPUT)",
    "image_input": "for images (default: as INPUT)",
    "image_output": "for images (default: as OUTPUT)",
}


def add_set(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing set``."""
    command = parsers.command(commands, (shared,), "set", _ABOUT, *_EXAMPLES)
    command.epilog += _MORE
    command.add_argument("model", metavar="MODEL")
    command.add_argument("input", metavar="INPUT", type=parsers.price)
    command.add_argument("output", metavar="OUTPUT", type=parsers.price)
    for name, about in _PARTS.items():
        command.add_argument(f"--{name.replace('_', '-')}", metavar="PRICE", type=parsers.price, help=about)
    command.add_argument(
        "--tier",
        dest="tiers",
        metavar="ABOVE:INPUT:OUTPUT[:CACHE_READ[:CACHE_WRITE]]",
        type=typed.tier,
        action="append",
        help="for prompts above so many tokens; several times",
    )
    command.add_argument(
        "--from",
        dest="start",
        metavar="DATE",
        type=parsers.day,
        help="from this day on, UTC; what held before stays (default: since ever)",
    )
    command.add_argument(
        "--until",
        metavar="DATE",
        type=parsers.day,
        help="the last day, UTC; then what held before goes on (default: none)",
    )
    command.add_argument("--provider", metavar="NAME", help="who sells it")
    command.add_argument(
        "--currency", metavar="CODE", default="USD", type=parsers.currency, help="such as CNY (default: USD)"
    )
    command.add_argument(
        "--rate",
        metavar="USD",
        type=parsers.exchange_rate,
        help="dollars for one unit of the currency, if not stated before",
    )
    command.add_argument(
        "--rate-from", metavar="DATE", type=parsers.day, help="the day from which the rate holds (default: today)"
    )
    own_list.add_place(command)
    command.set_defaults(run=_set)


def _set(options: argparse.Namespace, output: Output, data: Data) -> None:
    own = own_list.read(options, data)
    row = _row(options)
    own = _with_rate(own, options)
    part, key = own_lists.place_of(own, options.model)
    if not key:
        raise Failure("bad_name", "an empty name can have no price", failures.USAGE)
    book = data.book()
    before = _before(book, options.model, key)
    try:
        own = own_lists.with_row(own, options.model, row, options.provider, before, book.rates(), options.until)
    except NothingAfterError as error:
        text = f"no price of {safe.cell(key)} is known that could hold from {error} on; leave --until out, or state that one first"
        raise Failure("nothing_after", text, failures.USAGE) from None
    own_list.write(options, data, own)
    output.tell(f"{safe.cell(key)}: {values(row)} {options.currency} for 1M tokens{_when(options)}")
    for tier in row.get("tiers", ()):
        output.tell(f"prompts above {humanize.count(tier['above'])} tokens: {values(tier)}", "  ")
    if part == "patterns" and options.start and before is None:
        output.complain(
            f"{key} hides shipped prices before {options.start}, too: calls of then are unpriced until you state a price"
        )
    if part == "models" and "[" in options.model:
        output.complain(f"{key} is a name as it stands; a pattern has a * or a ?")
    vendor = (own.patterns if part == "patterns" else own.models)[key].get("vendor")
    dropped = dropping.sentence(
        dropping.Stated(key, row, vendor),
        book,
        options.start or min(model_prices.today(), options.until or model_prices.today()),
    )
    if dropped:
        output.complain(dropped)


def _row(options: argparse.Namespace) -> dict[str, Any]:
    """The row as it goes into the list.  Raises ``Failure``."""
    if options.until and options.start and options.until < options.start:
        raise Failure("bad_dates", "--until is the last day, and must not be before --from", failures.USAGE)
    row: dict[str, Any] = {"from": options.start}
    row.update({name: getattr(options, name) for name in PRICES if getattr(options, name) is not None})
    if options.tiers:
        row["tiers"] = sorted(options.tiers, key=lambda tier: int(tier["above"]))
        if len({tier["above"] for tier in row["tiers"]}) < len(row["tiers"]):
            raise Failure("bad_tier", "each --tier needs a number of tokens of its own", failures.USAGE)
    if options.currency != "USD":
        row["currency"] = options.currency
    return {**row, "source": "own"}


def _with_rate(own: PriceList, options: argparse.Namespace) -> PriceList:
    """The list with the rate of the currency that was given, if any was.  Raises ``Failure`` where none is known."""
    if options.currency == "USD":
        if options.rate is not None or options.rate_from is not None:
            text = (
                "USD needs no rate: costs are in dollars. Name another currency with --currency, or leave the rate out"
            )
            raise Failure("bad_rate", text, failures.USAGE)
        return own
    if options.rate is not None:
        return own_lists.with_rate(own, options.currency, options.rate, options.rate_from or model_prices.today())
    if options.currency not in own.rates:
        text = f"what is one {options.currency} worth? Add --rate with the dollars for it, such as --rate 0.14"
        raise Failure("no_rate", text, failures.USAGE)
    return own


def _before(book: Book, name: str, key: str) -> ModelPrices | None:
    """What held for the very name, or for the very pattern, by whatever list."""
    if own_words.is_pattern(name):
        return next((each for each in book.patterns() if each.key.lower() == key.lower()), None)
    found = book.find(name)
    return found if found and (found.key == key or found.kind == PATTERN) else None


def _when(options: argparse.Namespace) -> str:
    since = f", from {options.start} on" if options.start else ""
    return f"{since}, until {options.until}; then what held before goes on" if options.until else since
