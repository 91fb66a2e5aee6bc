"""pricing seller: who sells what goes over a cluster or a route?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output, to_json
from session_monitor.own_prices import own_lists
from session_monitor.prices import own_words, sellers
from session_monitor.text import safe
from session_monitor.text.table import Column

from . import own_list

_ABOUT = """\
say who sells what goes over a cluster or a route, or list what is said and which sellers there are"""
_ORDER = """
PATTERN is a shell pattern of a whole name, as in upstream_cluster or route_name of a round. The first that fits counts,
those of --data-dir before those of --global; a new one comes last, or before one that fits all that it does. They count before what the names of models
(bedrock/…, …@default), clusters and routes tell by themselves.
"""


def add_seller(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing seller``."""
    examples = (
        "pricing seller '*llm-eu.internal*' azure",
        "pricing seller my-gpu-route own_machine",
        "pricing seller my-gpu-route --remove",
        "pricing seller",
    )
    command = parsers.command(commands, (shared,), "seller", _ABOUT, *examples)
    command.epilog += _ORDER
    command.add_argument("pattern", metavar="PATTERN", nargs="?", help="of the names of clusters or routes")
    command.add_argument(
        *("seller",),
        metavar="SELLER",
        nargs="?",
        type=lambda text: sellers.meant(text) or text,
        choices=tuple(sellers.titles()),
        help="the seller's word or name, or own_machine where nobody sells it",
    )
    command.add_argument("--remove", action="store_true", help="forget what was said of PATTERN")
    own_list.add_place(command)
    command.set_defaults(run=_seller)


def _seller(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.remove:
        _remove(options, output, data)
    elif options.pattern is None:
        _list(output, data)
    else:
        _say(options, output, data)


def _say(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.seller is None:
        raise Failure("bad_seller", "who sells it? Name a SELLER after the pattern, or --remove", failures.USAGE)
    if not options.pattern.strip():
        raise Failure("bad_name", "an empty pattern fits no cluster and no route", failures.USAGE)
    own = own_list.read(options, data)
    own_list.write(options, data, own_lists.with_seller(own, options.pattern, options.seller))
    output.tell(f"what goes over {safe.cell(options.pattern)}: {sellers.titles()[options.seller]}")
    wider = own_lists.wider_than(own, options.pattern)
    if wider is not None:
        output.complain(f"{options.pattern} is put before {wider}, which fits all that it does")
    _warn_of_hidden(options, own.path, output, data)


def _warn_of_hidden(options: argparse.Namespace, path: str, output: Output, data: Data) -> None:
    """Say where the data folder's own list leaves nothing for a pattern for all folders."""
    for said in data.book().said_sellers():
        if said.origin == path:
            return
        if own_words.covers(said.pattern, options.pattern):
            output.complain(
                f"it does not count in {data.folder}: {said.pattern} is stated there, and fits all that it does"
            )
            return


def _remove(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.pattern is None or options.seller is not None:
        raise Failure("bad_seller", "--remove takes a PATTERN alone", failures.USAGE)
    own = own_list.read(options, data)
    if options.pattern not in own.sellers:
        text = f"nothing is said of {safe.cell(options.pattern)} in {own.path}; 'pricing seller' lists what is"
        raise Failure("pattern_not_found", text, failures.NOT_FOUND)
    own_list.write(options, data, own_lists.without_seller(own, options.pattern))
    output.tell(f"nothing is said of {safe.cell(options.pattern)} any more")


# -- what is said ------------------------------------------------------------------------------------------------------

_SAID = (Column("Cluster or route", least=20), Column("Seller"), Column("Stated in", rank=1))
_SELLERS = (Column("Seller"), Column("Name"))


def _list(output: Output, data: Data) -> None:
    said = data.book().said_sellers()
    titles = sellers.titles()
    if output.is_json:
        known = [{"seller": word, "name": title} for word, title in titles.items()]
        output.print_json(to_json({"patterns": [each._asdict() for each in said], "sellers": known}))
        return
    if said:
        output.print_table(_SAID, list(map(list, said)))
    else:
        output.tell("Nothing is said: what names of models, clusters and routes tell by themselves counts.")
    output.tell("\nThe sellers that there are:")
    output.print_table(_SELLERS, [[word, title] for word, title in titles.items()])
