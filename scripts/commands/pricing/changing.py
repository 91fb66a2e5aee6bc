"""pricing alias and reset: what does a name stand for, and what is forgotten again?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data, unknown_model
from commands.shared.failures import Failure
from commands.shared.output import Output
from session_monitor.own_prices import own_lists
from session_monitor.prices import own_words, publishers
from session_monitor.prices.book import Book
from session_monitor.prices.cost import ModelPrices
from session_monitor.prices.price_list import SHIPPED, PriceList
from session_monitor.text import safe

from . import own_list

# -- alias -------------------------------------------------------------------------------------------------------------


def add_alias(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing alias``."""
    about = "say that a name, such as a deployment's, stands for a model, or for what another alias stands for"
    command = parsers.command(commands, (shared,), "alias", about, "pricing alias my-azure-gpt4o gpt-4o")
    command.add_argument("name", metavar="NAME")
    command.add_argument("model", metavar="MODEL")
    own_list.add_place(command)
    command.set_defaults(run=_alias)


def _alias(options: argparse.Namespace, output: Output, data: Data) -> None:
    book = data.book()
    if publishers.own_key(options.name) in ("", publishers.own_key(options.model)):
        raise Failure("bad_name", "an alias needs a name of its own", failures.USAGE)
    if own_words.is_pattern(options.name):
        text = "an alias is of one name; 'pricing set' takes a pattern, and states what all names that fit cost"
        raise Failure("bad_name", text, failures.USAGE)
    changed = own_lists.with_alias(own_list.read(options, data), options.name, options.model)
    _check_ends(options.name, book, changed)
    model = book.find(options.model)
    if model is None:
        raise unknown_model(book, options.model)
    own_list.write(options, data, changed)
    output.tell(f"{safe.cell(options.name)} is priced as {safe.cell(model.key)}")


def _check_ends(name: str, book: Book, changed: PriceList) -> None:
    """Raises ``Failure`` where the name would stand for itself in the end."""
    lists = [changed if prices.path == changed.path else prices for prices in book.own_lists()]
    passed, is_circle = own_words.way(name, lists)
    if is_circle:
        text = f"{' stands for '.join(map(safe.cell, passed))}: an alias must end at a model that has a price"
        raise Failure("circle", text, failures.USAGE)


# -- reset -------------------------------------------------------------------------------------------------------------


def add_reset(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing reset``."""
    about = "forget your own price or alias of a model, a pattern's price, or all that you have stated, sellers, discounts and assumptions too"
    examples = ("pricing reset qwen-long", "pricing reset 'ft:gpt-4o*'", "pricing reset")
    command = parsers.command(commands, (shared,), "reset", about, *examples)
    command.add_argument("model", metavar="MODEL", nargs="?", help="a model, an alias, or a pattern as it was stated")
    own_list.add_place(command)
    command.set_defaults(run=_reset)


def _reset(options: argparse.Namespace, output: Output, data: Data) -> None:
    own = own_list.read(options, data)
    if options.model is None:
        own_list.write(options, data, PriceList(own.path))
        output.tell(f"Your own prices in {safe.cell(own.path)} are gone; the shipped ones count.")
        return
    changed = own_lists.without(own, options.model)
    if changed == own:
        text = f"there is no price of your own for {options.model} in {own.path}"
        raise Failure("model_not_found", text, failures.NOT_FOUND)
    own_list.write(options, data, changed)
    if own_words.is_pattern(options.model):
        output.tell(
            f"{safe.cell(options.model)} has no price any more; names that it fitted have what else holds for them"
        )
        return
    model = data.book().find(options.model)
    now = f"has the price of {safe.cell(model.key)} again, {_whose(model)}" if model else "has no price now"
    output.tell(f"{safe.cell(publishers.own_key(options.model))} {now}")


def _whose(model: ModelPrices) -> str:
    return "the shipped one" if model.origin == SHIPPED else f"from {safe.cell(model.origin)}"
