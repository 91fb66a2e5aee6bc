"""How is a budget told in words?"""

from __future__ import annotations

from session_monitor.prices import money
from session_monitor.text import humanize, safe

from .budget import RATE, SESSION, Budget


def limits(budget: Budget) -> str:
    """What may be spent: ``$5.00 and 10,000 tokens daily``, ``$2.00 in any hour``."""
    dollars = [] if budget.cost is None else [dollars_of(budget.cost)]
    tokens = [] if budget.tokens is None else [humanize.counted(budget.tokens, "token")]
    over = {RATE: f"in any {'24 hours' if budget.per == 'd' else 'hour'}", SESSION: "for each session"}
    return f"{' and '.join(dollars + tokens)} {over.get(budget.period, budget.period)}"


def dollars_of(pico: int) -> str:
    """Dollars as a person set them: all decimals that there are, two at least."""
    whole, _, decimals = money.plain(pico).partition(".")
    return f"${int(whole):,}.{decimals.ljust(2, '0')}"


def whose(budget: Budget) -> str:
    """Which calls count, by the patterns of the budget."""
    words = {"consumer": budget.consumer, "model": budget.model, "session": budget.session_id}
    return ", ".join(f"{word} {safe.cell(pattern)}" for word, pattern in words.items() if pattern) or "all calls"
