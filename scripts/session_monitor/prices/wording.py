"""How is a sum of costs told to people, so that it never looks whole where a part of it is not known?"""

from __future__ import annotations

from session_monitor.text import humanize, safe

from . import money
from .spending import Spending

_NAMED = 3


def shown(spent: Spending) -> str:
    """``$1.23 + 4 rounds unpriced (qwen-long)``; ``4 rounds unpriced (qwen-long)`` for a sum without any price."""
    if not spent.unpriced_rounds:
        return money.shown(spent.pico)
    rounds = f"{humanize.counted(spent.unpriced_rounds, 'round')} unpriced ({', '.join(unpriced(spent))})"
    return rounds if spent.unpriced_rounds == spent.rounds else f"{money.shown(spent.pico)} + {rounds}"


def short(spent: Spending) -> str:
    """For a column: a ``+`` says that a part is not priced, ``-`` that nothing is."""
    if spent.rounds and spent.unpriced_rounds == spent.rounds:
        return "-"
    return money.shown(spent.pico) + ("+" if spent.unpriced_rounds else "")


def unpriced(spent: Spending) -> list[str]:
    """The models without a price, those of most rounds first (a long list is shortened), and what told no tokens."""
    names = sorted(spent.unpriced_models, key=lambda name: (-spent.unpriced_models[name], name))
    more = [f"{len(names) - _NAMED} more models"] if len(names) > _NAMED + 1 else names[_NAMED:]
    told = [safe.cell(name) for name in [*names[:_NAMED], *more]]
    return [*told, *([f"{humanize.count(spent.without_tokens)} without tokens"] if spent.without_tokens else [])]
