"""How is money counted and written?

In pico-dollars (1e-12 USD), as integers: every list price per million tokens with up to six decimals is a whole number
of them per token, so sums are exact in any order.  They become decimal text when they are printed, never a float.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from session_monitor.base import lazy_regex

if TYPE_CHECKING:
    from collections.abc import Iterable
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


def shown(pico: int, decimals: int | None = None) -> str:
    """Dollars for people: two decimals, or as many as show three digits of a smaller amount; never 0 for a little.

    With so many ``decimals`` a little that they do not hold is ``<$0.01``.
    """
    return amount_shown(pico, PICO, decimals, "$")


def amount_shown(amount: int, unit: int, decimals: int | None = None, sign: str = "") -> str:
    """How many units an amount is, in the same way, behind the sign of a currency."""
    size, is_cut = abs(amount) * PICO // unit, decimals is not None
    if decimals is None:
        decimals = 2 if not size or size >= PICO else max(2, min(_MOST_DECIMALS, _decimals(size, 3)))
    steps = nearest(abs(amount) * 10**decimals, unit)
    less = ("<" if amount > 0 else ">") if is_cut and amount and not steps else ""
    whole, rest = divmod(1 if less else steps, 10**decimals)
    return f"{less}{'-' if amount < 0 else ''}{sign}{whole:,}.{rest:0{decimals}d}"


def column_decimals(amounts: Iterable[int], unit: int = PICO) -> int:
    """With how many decimals all of a column are shown, so that they can be compared.

    They hold four digits of the largest amount, and two of the one in the middle; at least two.
    """
    sizes = sorted(abs(amount) * PICO // unit for amount in amounts if amount)
    if not sizes:
        return 2
    wanted = max(_decimals(sizes[-1], 4), _decimals(sizes[len(sizes) // 2], 2))
    return max(2, min(_MOST_DECIMALS, wanted))


_MOST_DECIMALS = 12


def _decimals(size: int, digits: int) -> int:
    """How many decimals hold so many digits of an amount of pico-units."""
    return digits + _MOST_DECIMALS - len(str(size))


def _is_up(amount: int, unit: int) -> bool:
    """Whether what is left of the last decimal rounds it up, halves to the even one."""
    rest = amount % unit
    return 2 * rest > unit or (2 * rest == unit and bool(amount // unit % 2))
