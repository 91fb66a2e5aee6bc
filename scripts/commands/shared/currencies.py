"""In which currency does somebody want to see costs?"""

from __future__ import annotations

import argparse
from datetime import datetime, timezone

from session_monitor.totals.currency import DOLLARS, DisplayCurrency

from .data import Data
from .failures import USAGE, Failure
from .parsers import currency, exchange_rate, parent


def parser() -> argparse.ArgumentParser:
    """What chooses a currency: a parent of the parser of each command that shows costs."""
    chosen = parent()
    group = chosen.add_argument_group("currency")
    group.add_argument(
        "--currency",
        dest="shown_in",
        type=currency,
        metavar="CODE",
        help="show costs in this currency, such as CNY (default: USD)",
    )
    group.add_argument(
        "--rate",
        dest="shown_at",
        type=exchange_rate,
        metavar="USD",
        help="dollars for one unit of it (default: as stated with 'pricing rate')",
    )
    return chosen


def chosen(options: argparse.Namespace, data: Data) -> DisplayCurrency:
    """Take what was chosen out of the options.  Raises ``Failure`` where no rate is known, or one has no meaning."""
    code, usd = (vars(options).pop(name, None) for name in ("shown_in", "shown_at"))
    if code in (None, DOLLARS.code):
        if usd is not None:
            what = "one dollar is one dollar" if code else "of which currency is that the rate? Add --currency CODE"
            raise Failure("bad_rate", f"--rate {usd}: {what}", USAGE)
        return DOLLARS
    usd = usd or data.book().exchange_rate(code, datetime.now(timezone.utc).date().isoformat())
    if usd is None:
        text = (
            f"what is one {code} worth? Add --rate with the dollars for it, such as --rate 0.14, or state it once: "
            f"pricing rate {code} 0.14"
        )
        raise Failure("no_rate", text, USAGE)
    return DisplayCurrency(code, usd)
