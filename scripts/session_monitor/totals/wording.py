"""How are sums of costs and tokens told to people, so that none looks whole where a part of it is not known?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from session_monitor.prices import cost
from session_monitor.text import humanize, safe

from .currency import DOLLARS, DisplayCurrency
from .spending import Spending
from .usage_totals import Sums

_NAMED = 3


def shown(spent: Spending, currency: DisplayCurrency = DOLLARS) -> str:
    """``$1.23 + 4 rounds unpriced (qwen-long)``; ``4 rounds unpriced (qwen-long)`` for a sum without any price."""
    if not spent.unpriced_rounds:
        return known(spent, currency)
    rounds = f"{humanize.counted(spent.unpriced_rounds, 'round')} unpriced ({', '.join(unpriced(spent))})"
    return rounds if spent.unpriced_rounds == spent.rounds else f"{known(spent, currency)} + {rounds}"


def known(spent: Spending, currency: DisplayCurrency = DOLLARS) -> str:
    """The part that has a price: ``$1.23``, or ``at least $1.23`` where calls may have used more than is known."""
    return f"{'at least ' if spent.at_least else ''}{currency.shown(spent.pico)}"


def short(spent: Spending, currency: DisplayCurrency = DOLLARS, decimals: int | None = None) -> str:
    """In brief: ``+``: a part is not priced, ``-``: nothing is, ``≥``: it may be more, ``~``: assumed in part."""
    if spent.rounds and spent.unpriced_rounds == spent.rounds:
        return "-"
    marks = f"{'≥' if spent.at_least else ''}{'~' if spent.assumed.rounds else ''}"
    return f"{marks}{currency.shown(spent.pico, decimals)}{'+' if spent.unpriced_rounds else ''}"


def short_column(parts: Iterable[Spending], currency: DisplayCurrency = DOLLARS) -> list[str]:
    """The same of several, to stand below each other on the right: with as many decimals each, digit below digit."""
    parts = list(parts)
    decimals = currency.column_decimals(spent.pico for spent in parts)
    cells = [short(spent, currency, decimals) for spent in parts]
    return beneath(cells)


def beneath(cells: Sequence[str]) -> list[str]:
    """Amounts as ``short`` has them, filled up where others end with a mark, so that their digits stand below each other."""
    if not any(cell.endswith("+") for cell in cells):
        return list(cells)
    return [cell if cell.endswith("+") else f"{cell} " for cell in cells]


def assumed(spent: Spending, currency: DisplayCurrency = DOLLARS) -> list[str]:
    """What share of a sum was assumed (``~`` in a column), and then each note; nothing where it has none."""
    if not spent.noted:
        return []
    calls = spent.assumed
    share = f"~ assumed in part: {currency.shown(calls.pico)} of {known(spent, currency)}, {humanize.counted(calls.rounds, 'round')}"
    return [*([share] if calls.rounds else []), *(f"  {line}" for line in noted(spent, currency))]


def noted(spent: Spending, currency: DisplayCurrency = DOLLARS) -> list[str]:
    """A line for each note on some of the calls: ``assumed in 12 rounds, $0.31: cache writes are priced as input``."""
    return [f"{verb} {text}" for verb, text in notes(spent, currency)]


def notes(spent: Spending, currency: DisplayCurrency = DOLLARS) -> list[tuple[str, str]]:
    """The same as ``assumed`` or ``stated``, and what: the notes on calls that cost most first."""
    return [
        (
            "stated" if note in cost.STATED else "assumed",
            f"in {humanize.counted(calls.rounds, 'round')}, {currency.shown(calls.pico)}: {cost.NOTES[note]}"
            + (f"; {currency.shown(calls.pico + calls.stake)} {cost.OTHER_READINGS[note]}" if calls.stake else ""),
        )
        for note, calls in sorted(spent.noted.items(), key=lambda each: (-each[1].pico, each[0]))
    ]


def not_in_it(spent: Spending) -> str:
    """``4 rounds unpriced, 1,234 tokens (qwen-long)``: what is not in a sum; nothing where it is whole."""
    if not spent.unpriced_rounds:
        return ""
    tokens = f", {humanize.counted(spent.unpriced_tokens, 'token')}" if spent.unpriced_tokens else ""
    return f"{humanize.counted(spent.unpriced_rounds, 'round')} unpriced{tokens} ({', '.join(unpriced(spent))})"


def unknown_tokens(spent: Spending) -> str:
    """Of how many calls the tokens are not told, or only a part of them; nothing where all are known."""
    parts = [f"of {humanize.counted(spent.without_tokens, 'call')} are not told"] if spent.without_tokens else []
    parts += [f"of {humanize.counted(spent.at_least, 'call')} are a lower bound"] if spent.at_least else []
    return f"tokens {', '.join(parts)}" if parts else ""


def token_cells(numbers: Sequence[int | None], spent: Spending) -> list[str]:
    """Tokens of some kinds, for columns: ``-`` where no call told any, and for those that are None."""
    is_told = any(numbers) or not spent.without_tokens
    return ["-" if number is None or not is_told else humanize.count(number) for number in numbers]


def tokens(sums: Sums) -> str:
    """All kinds of tokens, and of how many calls they are not known."""
    told = sums.told_cached_tokens
    cached = (
        f"of which {'it is not told how many were' if told is None else humanize.count(told)} cached and "
        f"{humanize.count(sums.cache_write_tokens)} cache written"
    )
    unknown = unknown_tokens(sums.spending)
    return (
        f"{humanize.count(sums.input_tokens)} input, {cached}; {humanize.count(sums.output_tokens)} output, of which "
        f"{humanize.count(sums.reasoning_tokens)} reasoning{f' ({unknown})' if unknown else ''}"
    )


def unpriced(spent: Spending) -> list[str]:
    """The models without a price, those of most rounds first (a long list is shortened), and what told too few tokens."""
    names = sorted(spent.unpriced_models, key=lambda name: (-spent.unpriced_models[name], name))
    more = [f"{len(names) - _NAMED} more models"] if len(names) > _NAMED + 1 else names[_NAMED:]
    told = [safe.cell(name) for name in [*names[:_NAMED], *more]]
    told += [f"{humanize.count(spent.without_tokens)} without tokens"] if spent.without_tokens else []
    return told + ([f"{humanize.count(spent.partly_told)} with a part of their tokens"] if spent.partly_told else [])
