"""compare: how does one time stand beside another, per call, per 1,000 tokens and in speed?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from session_monitor.prices import money
from session_monitor.reports.sums.comparison import Side
from session_monitor.text import humanize
from session_monitor.text.table import Column
from session_monitor.totals import spending, wording
from session_monitor.totals.currency import DisplayCurrency

from .shared import currencies, filters, parsers, two_times
from .shared.data import Data
from .shared.output import Output

_UNKNOWN = "-"


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser()),
        "compare",
        "hold the calls of one time against those of another: cost, tokens, failures, latency",
        "compare --since 7d",
        "compare --since 2026-02-02 --until 2026-02-02 --against 2026-02-01",
        "compare --since today --against yesterday --model 'qwen*' --json",
    )
    two_times.add_against(command)
    command.set_defaults(run=_compare)


def _compare(options: argparse.Namespace, output: Output, data: Data) -> None:
    meant = filters.selection(options)
    periods, report = two_times.periods(options, meant), data.report()
    one, other = report.compared([meant._replace(since=each.since, until=each.until) for each in periods])
    if output.is_json:
        told = [{**two_times.in_json(period), **side.to_json()} for period, side in zip(periods, (one, other))]
        output.print_json(output.to_json(dict(zip(("period", "against"), told))))
        return
    if not (one.sums.calls or other.sums.calls):
        output.tell(filters.why_empty(report, options, "calls"))
        return
    where = filters.zone(options.timezone)
    headings = [two_times.heading(period, where) for period in periods]
    columns = (Column(""), *(Column(heading, ">", least=16) for heading in headings), Column("Change", ">"))
    output.print_table(columns, _rows(one, other, output.currency))
    output.tell_rate()
    both = spending.added(side.sums.spending for side in (one, other))
    for line in (wording.not_in_it(both), wording.unknown_tokens(both)):
        if line:
            output.complain(line)


def _rows(one: Side, other: Side, currency: DisplayCurrency) -> list[list[str]]:
    """A row for each measure: both values, and how the first differs from the second, where both are known."""
    told = [{**side.to_json(), **side.latency.to_json()} for side in (one, other)]
    rows = [
        [heading, *(_shown(each[name], kind, currency) for each in told), _change(*(each[name] for each in told))]
        for heading, name, kind in _MEASURES
    ]
    costs = [wording.short(side.sums.spending, currency) if side.sums.calls else _UNKNOWN for side in (one, other)]
    rows.insert(2, ["Cost", *costs, _change(*(each["cost_usd"] for each in told))])
    return rows


_COUNT, _COST, _SHARE, _TIME, _RATE = "count", "cost", "share", "time", "rate"
_MEASURES: Sequence[tuple[str, str, str]] = (
    ("Sessions", "sessions", _COUNT),
    ("Calls", "calls", _COUNT),
    ("Cost per call", "cost_per_call_usd", _COST),
    ("Cost per 1,000 tokens", "cost_per_1000_tokens_usd", _COST),
    ("Input per call", "input_tokens_per_call", _COUNT),
    ("Output per call", "output_tokens_per_call", _COUNT),
    ("Cached", "cached_share", _SHARE),
    ("Failed", "failed_share", _SHARE),
    ("First token, half", "first_token_p50_ms", _TIME),
    ("First token, 95 %", "first_token_p95_ms", _TIME),
    ("Whole call, half", "duration_p50_ms", _TIME),
    ("Whole call, 95 %", "duration_p95_ms", _TIME),
    ("Tokens a second", "output_tokens_per_second", _RATE),
)


def _shown(value: Any, kind: str, currency: DisplayCurrency) -> str:
    if value is None:
        return _UNKNOWN
    if kind == _COST:
        return currency.shown(money.of_plain(value))
    if kind == _TIME:
        return f"{value / 1000:.2f} s"
    if kind == _RATE:
        return f"{value:.1f}"
    return f"{100 * value:.1f} %" if kind == _SHARE else humanize.count(round(value))


def _change(one: Any, other: Any) -> str:
    if one is None or other is None or not float(other):
        return _UNKNOWN
    return f"{100 * (float(one) - float(other)) / float(other):+.1f} %"
