"""How does a table of sums look?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

from commands.shared.output import Output
from session_monitor.base import periods
from session_monitor.reports.sums.breakdown import Breakdown, BreakdownRow, SpanRow
from session_monitor.text import humanize
from session_monitor.text.table import Column
from session_monitor.totals import wording
from session_monitor.totals.currency import DisplayCurrency
from session_monitor.totals.spending import Spending

_COLUMNS = (
    Column("Sessions", ">"),
    Column("Calls", ">", rank=3),
    Column("Failed", ">", rank=1),
    Column("Left", ">", rank=2),
    Column("Input", ">"),
    Column("Cached", ">", rank=5),
    Column("Output", ">"),
    Column("Reasoning", ">", rank=4),
    Column("Cost (USD)", ">"),
)


def sum_columns(currency: DisplayCurrency) -> tuple[Column, ...]:
    """The columns behind a name: sessions, calls, tokens by kind, and the cost, as its currency calls it."""
    return (*_COLUMNS[:-1], _COLUMNS[-1]._replace(heading=f"Cost ({currency.code})"))


def of_unit(unit: str) -> Column:
    """The column of the spans of a unit."""
    return Column(unit.capitalize() if unit != periods.DAY else "Date")


Summed = Union[BreakdownRow, SpanRow, Breakdown]
"""What has sums."""


def rows(named: Sequence[tuple[str, Summed]], output: Output) -> list[list[str]]:
    """The cells of each of these behind its name, with costs that compare."""
    costs = wording.short_column((row.sums.spending for _, row in named), output.currency)
    return [[*_cells(name, row), each] for (name, row), each in zip(named, costs)]


def _cells(name: str, row: Summed) -> list[str]:
    sums = row.sums
    calls = map(humanize.count, (row.sessions, sums.calls, sums.failed, sums.left))
    kinds = (sums.input_tokens, sums.told_cached_tokens, sums.output_tokens, sums.reasoning_tokens)
    return [name, *calls, *wording.token_cells(kinds, sums.spending)]


def tell_unknown(output: Output, spent: Spending) -> None:
    """What is not in the sums, not whole in them, or assumed."""
    unpriced, unknown = wording.not_in_it(spent), wording.unknown_tokens(spent)
    if unpriced:
        output.tell(f"Not in the cost: {unpriced}")
    if unknown:
        output.tell(f"{unknown.capitalize()}.")
    for line in wording.assumed(spent, output.currency):
        output.tell(line)
    output.tell_rate()
