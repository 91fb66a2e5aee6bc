"""How is money counted and written?

In pico-dollars (1e-12 USD), as integers: every list price per million tokens with up to six decimals is a whole number
of them per token, so sums are exact in any order.  They become decimal text when they are printed, never a float.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from session_monitor.base import lazy_regex

if TYPE_CHECKING:
    from fractions import Fraction

PICO = 10**12
"""Pico-dollars in a dollar."""
MICRO = 10**6
"""Pico-dollars in a millionth of a dollar."""
DECIMALS = 6
"""Decimals of a price per million tokens, at most."""

_AMOUNT = lazy_regex.lazy(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)


def per_token(price: str) -> int:
    """Pico-dollars per token for dollars per million tokens: ``2.5`` is 2,500,000.

    Raises ValueError for anything but plain decimal text with at most six decimals.
    """
    if not isinstance(price, str) or not _AMOUNT.fullmatch(price):
        raise ValueError(
            f'{price!r} is no price: it must be text like "2.5", below a million, with at most {DECIMALS} decimals'
        )
    whole, _, decimals = price.partition(".")
    return int(whole + decimals.ljust(DECIMALS, "0"))


def times(amount: int, factor: str) -> int:
    """An amount times a plain decimal number, the nearest whole number, halves to the even one."""
    whole, _, decimals = factor.partition(".")
    product, unit = amount * int(whole + decimals), int(10 ** len(decimals))
    return product // unit + _is_up(product, unit)


def nearest(amount: int, unit: int) -> int:
    """How many units an amount is, the nearest whole number, halves to the even one."""
    return amount // unit + _is_up(amount, unit)


def fraction(text: str) -> Fraction:
    """The exact value of decimal text."""
    from fractions import Fraction  # noqa: PLC0415 -- few questions convert prices, and all would wait for it

    return Fraction(text)


def rounded(amount: Fraction) -> int:
    """The nearest whole number, halves to the even one."""
    return round(amount)


def plain(pico: int) -> str:
    """Dollars as exact decimal text without exponent or trailing zeros: ``0.01976``, ``12``, ``-0.5``."""
    whole, rest = divmod(abs(pico), PICO)
    sign = "-" if pico < 0 else ""
    return f"{sign}{whole}.{rest:012d}".rstrip("0").rstrip(".")


def of_plain(text: str) -> int:
    """Pico-dollars of what ``plain`` gave."""
    whole, _, decimals = text.lstrip("-").partition(".")
    amount = int(whole + decimals.ljust(12, "0"))
    return -amount if text.startswith("-") else amount


def shown(pico: int) -> str:
    """Dollars for people: two decimals, or as many as show three digits of a smaller amount; never 0 for a little."""
    return f"{'-' if pico < 0 else ''}${digits(abs(pico), PICO)}"


def digits(amount: int, unit: int) -> str:
    """How many units an amount is, from 0 on, in the same way."""
    size = amount * PICO // unit
    decimals = 2 if not size or size >= PICO else max(2, min(12, 15 - len(str(size))))
    whole, rest = divmod(nearest(amount * 10**decimals, unit), 10**decimals)
    return f"{whole:,}.{rest:0{decimals}d}"


def _is_up(amount: int, unit: int) -> bool:
    """Whether what is left of the last decimal rounds it up, halves to the even one."""
    rest = amount % unit
    return 2 * rest > unit or (2 * rest == unit and bool(amount // unit % 2))
