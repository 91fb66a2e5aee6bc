"""stats-latency: how quickly and how reliably were calls answered?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import currencies, fields, filters, parsers
from commands.shared.data import Data
from commands.shared.output import Output
from session_monitor.reports.sums import reliability
from session_monitor.reports.sums.reliability import ReliabilityRow
from session_monitor.text import humanize
from session_monitor.text.table import Column


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser(), fields.parser()),
        "stats-latency",
        "tell how quickly calls were answered, how many failed with which code, and what was paid for and lost",
        "stats-latency --since 7d",
        "stats-latency --by upstream --since 24h --json",
        "stats-latency --by hour --timezone Asia/Shanghai",
    )
    command.epilog += _ABOUT
    command.add_argument(
        "--by",
        choices=reliability.GROUPS,
        default=reliability.MODEL,
        help="what a row is; an hour is one of the day (default: model)",
    )
    command.set_defaults(run=_by_latency)


_ABOUT = """
Times are of the calls that ended well: until the first token, and until the end; half took no longer than p50, 95 of a
hundred no longer than p95. Tokens/s: those behind the first one over the time from it to the end. Elsewhere: calls that failed,
and that the session sent again so that another upstream or model answered. Lost: tokens that were paid for in calls that failed, or that
clients left. Which upstreams a gateway tried before is not told.
Gateway: the time until the first token, or until the end of what is not streamed, without the wait for the upstream to begin its
answer. The gateway itself cannot have taken more; the transfer of request and answer is in it, and so is what the upstream
took between the head of its answer and the first piece. It begins with the gateway's statistics plugin: what runs before that one is not in it.
Flags: how the gateway says that calls failed (UF: no connection, UT: timeout, UPE: broken answer; none: the answer itself was an error).
"""

_COLUMNS = (
    Column("Calls", ">"),
    Column("Failed", ">"),
    Column("Left", ">", rank=6),
    Column("First p50", ">", rank=7),
    Column("First p95", ">", rank=8),
    Column("First max", ">", rank=1),
    Column("Whole p50", ">"),
    Column("Whole p95", ">"),
    Column("Whole max", ">", rank=2),
    Column("Tokens/s", ">", rank=10),
    Column("Gateway p50", ">", rank=5),
    Column("Gateway p95", ">", rank=4),
    Column("Codes", rank=11, least=6),
    Column("Flags", rank=9, least=6),
    Column("Elsewhere", ">", rank=3),
    Column("Lost", ">", rank=12),
    Column("Lost cost", ">", rank=13),
)


def _by_latency(options: argparse.Namespace, output: Output, data: Data) -> None:
    report, where = data.report(), filters.zone(options.timezone)
    found = report.reliability(options.by, where, filters.selection(options))
    if output.is_json:
        fields.print_rows(output, {**found.to_json(options.by), "timezone": options.timezone})
    elif not found.rows:
        output.tell(filters.why_empty(report, options, "calls"))
    else:
        output.tell(f"📊 Latency and Reliability by {options.by.capitalize()}")
        name = Column(options.by.capitalize(), least=5 if options.by == reliability.HOUR else 20)
        rows = [_cells(row, _shown(row.name, options.by), output) for row in found.rows]
        output.print_table((name, *_COLUMNS), rows, _cells(found.total, "TOTAL", output))
        output.tell_rate()
        unpriced = found.total.lost.unpriced
        if unpriced:
            output.complain(f"Of {humanize.counted(unpriced, 'call')} that were lost it is not known what they cost.")


def _shown(name: str | None, by: str) -> str:
    return name if name is not None else "(no time)" if by == reliability.HOUR else "(not named)"


def _cells(row: ReliabilityRow, name: str, output: Output) -> list[str]:
    first, whole, _, speed, gateway = row.latency
    times = [_seconds(each) for one in (first, whole) for each in (one.p50, one.p95, one.longest)]
    codes = ", ".join(f"{'not told' if code is None else code}: {number}" for code, number in row.codes.items())
    flags = ", ".join(
        f"{'not told' if each is None else each or 'none'}: {number}" for each, number in row.response_flags.items()
    )
    cost = output.currency.shown(row.lost.pico) if row.lost.calls > row.lost.unpriced else "-"
    return [
        name,
        *map(humanize.count, (row.calls, row.failed, row.left)),
        *times,
        "-" if speed.per_second is None else f"{speed.per_second:.1f}",
        _seconds(gateway.p50),
        _seconds(gateway.p95),
        codes or "-",
        flags or "-",
        humanize.count(row.failed_over),
        humanize.count(row.lost.tokens),
        cost,
    ]


def _seconds(milliseconds: int | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds / 1000:.2f} s"
