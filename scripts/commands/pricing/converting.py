"""pricing rate: what is one unit of another currency worth?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output, to_json
from session_monitor.asked import model_prices
from session_monitor.own_prices import own_lists
from session_monitor.text.table import Column

from . import own_list


def add_rate(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``pricing rate``."""
    about = "state what one unit of a currency is worth in dollars, or list what is stated"
    examples = ("pricing rate CNY 0.14", "pricing rate EUR 1.08 --from 2026-01-01 --global", "pricing rate")
    command = parsers.command(commands, (shared,), "rate", about, *examples)
    command.epilog += (
        "\nIt holds for prices in that currency (pricing set --currency), and for costs shown in it (--currency).\n"
    )
    command.add_argument("currency", metavar="CODE", nargs="?", type=parsers.currency, help="such as CNY")
    command.add_argument(
        "usd", metavar="USD", nargs="?", type=parsers.exchange_rate, help="dollars for one unit of the currency"
    )
    command.add_argument(
        "--from", dest="start", metavar="DATE", type=parsers.day, help="from this day on, UTC (default: today)"
    )
    own_list.add_place(command)
    command.set_defaults(run=_rate)


def _rate(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.currency == "USD":
        raise Failure("bad_rate", "prices are in USD: a rate is for another currency", failures.USAGE)
    if options.usd is None:
        _list(options.currency, output, data)
        return
    start = options.start or model_prices.today()
    own = own_list.read(options, data)
    own_list.write(options, data, own_lists.with_rate(own, options.currency, options.usd, start))
    output.tell(f"1 {options.currency} is {options.usd} USD, from {start} on")


_STATED = (Column("Currency"), Column("From"), Column("USD for one", ">"))


def _list(currency: str | None, output: Output, data: Data) -> None:
    rates = {code: rows for code, rows in sorted(data.book().rates().items()) if currency in (None, code)}
    if output.is_json:
        output.print_json(to_json({"rates": rates}))
    elif rates:
        cells = [[code, row["from"], row["usd"]] for code, rows in rates.items() for row in rows]
        output.print_table(_STATED, cells)
    else:
        output.tell(
            f"No rate is stated{f' for {currency}' if currency else ''}: pricing rate {currency or 'CNY'} 0.14 states one."
        )
