"""What is typed as a tier or percent, and what is it written down as?"""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation
from typing import Any

from commands.shared import parsers
from session_monitor.calls.usage import LARGEST_COUNT
from session_monitor.own_prices import price_check

_OF_TIER = ("input", "output", "cache_read", "cache_write")


def tier(text: str) -> dict[str, Any]:
    """The prices of long prompts: `200000:5:15:0.5`."""
    above, *prices = text.split(":")
    is_size = above.isascii() and above.isdigit() and 0 < float(above) < LARGEST_COUNT
    if not is_size or not 2 <= len(prices) <= len(_OF_TIER):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no tier like 200000:5:15: above so many tokens, input, output, and perhaps cache reads and writes"
        )
    return {"above": int(above), **dict(zip(_OF_TIER, map(parsers.price, prices)))}


def percent(text: str) -> str:
    """A discount as it is written down; below 0 it is a surcharge."""
    try:
        plain = format(Decimal(text.rstrip("%")).normalize(), "f")
    except InvalidOperation:
        plain = ""
    if not price_check.is_percent(plain):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no discount in percent: a number from -100 (twice the price) to 100 (free), with at most 4 decimals"
        )
    return plain
