"""top: which rounds cost most, and which results of tools were the largest?"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from commands.shared import currencies, fields, filters, parsers
from commands.shared.data import Data, meant
from commands.shared.failures import USAGE, Failure
from commands.shared.output import Output
from session_monitor.base import settings
from session_monitor.links import addresses
from session_monitor.prices import cost
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection, literally
from session_monitor.reports.sums.largest import DearRound, LargeToolResult
from session_monitor.text import humanize
from session_monitor.text.table import Column
from session_monitor.totals import wording

Reasons = dict[tuple[str, int], list[dict[str, Any]]]
"""Why rounds cost what they did, by their sessions and numbers."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser(), fields.parser()),
        "top",
        "show the dearest rounds, with why they were dear, and the largest results of tools, of one session or of all",
        "top",
        "top last --limit 3",
        "top --since 7d --model 'gpt-*'",
        "top --json --fields rounds.session_id,rounds.round,rounds.cost_usd",
    )
    command.epilog += _ABOUT
    command.add_argument(
        "session_id", nargs="?", metavar="SESSION_ID", help=f"of one session alone: {parsers.SESSION} (default: of all)"
    )
    command.add_argument(
        "--limit", type=parsers.positive, default=10, metavar="N", help="show N of each at most (default: 10)"
    )
    command.add_argument(
        "--base",
        default=settings.BASE_URL,
        metavar="URL",
        help="where webserver.py is reached, for a link to each round (default: no links, unless that is configured)",
    )
    command.set_defaults(run=_top)


_ABOUT = """
Costs are those of every other command: by your own prices, assumptions and discounts before the shipped ones; '~' marks
what rests on an assumption. Rounds whose cost is not known, and results whose size is not, cannot be among them.
"""


def _top(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    base = None if data.origins.get("base") == settings.BUILT_IN else parsers.base(options.base)
    selection = _selection(options, report)
    rounds = report.dearest(selection, options.limit)
    results = report.largest_results(selection, options.limit)
    why = _reasons(report, rounds)
    spent = report.overview(selection).sums.spending
    if output.is_json:
        answer = {
            "rounds": [
                {**each.to_json(), "cost_reasons": why.get(each[:2]), "url": _link(base, each)} for each in rounds
            ],
            "tool_results": [{**each.to_json(), "url": _link(base, each)} for each in results],
            "unpriced_rounds": spent.unpriced_rounds,
        }
        output.print_json(fields.to_json(output, answer))
        return
    if not spent.rounds:
        output.tell(filters.why_empty(report, options, "calls"))
        return
    table = _Tables(output, filters.zone(options.timezone), base, is_of_one=bool(options.session_id))
    table.print_rounds(rounds, why)
    print()
    table.print_results(results)
    output.tell_rate()
    for line in (wording.not_in_it(spent), "~: assumed in part" if any(map(_is_assumed, rounds)) else ""):
        if line:
            output.complain(line)


def _selection(options: argparse.Namespace, report: Report) -> Selection:
    """What the filters mean, and the session that was named beside them.  Raises ``Failure``."""
    selection = filters.selection(options)
    if options.session_id is None:
        return selection
    if options.session:
        raise Failure("bad_session", "name a session, or say which with --session: not both", USAGE)
    return selection._replace(sessions=(literally(meant(report, options.session_id)),))


def _reasons(report: Report, rounds: Sequence[DearRound]) -> Reasons:
    """Why these rounds cost what they did, of those that are there yet."""
    from session_monitor.conversations import round_pages  # noqa: PLC0415 -- an answer without a round need not wait

    found: Reasons = {}
    for session_id in dict.fromkeys(each.session_id for each in rounds):
        row = report.session(session_id)
        if row is None:
            continue
        numbers = [each.round for each in rounds if each.session_id == session_id]
        with contextlib.suppress(FileNotFoundError):  # somebody deletes it just now
            reasons = round_pages.cost_reasons(report, row, numbers)
            found.update(((session_id, number), each) for number, each in reasons.items())
    return found


def _link(base: str | None, each: DearRound | LargeToolResult) -> str | None:
    """The address of a round on its session's page, for who needs no key; None where no page is known."""
    return None if base is None else f"{addresses.of_session(base, each.session_id)}#r{each.round}"


def _is_assumed(each: DearRound) -> bool:
    return any(note not in cost.STATED for note in each.notes)


_SESSION, _LINK = Column("Session ID", least=24), Column("Link", rank=1)
_ROUNDS = (
    Column("Round", ">"),
    Column("When", rank=4),
    Column("Model", rank=5, least=12),
    Column("Input", ">", rank=2),
    Column("Output", ">", rank=3),
    Column("Cost", ">"),
    Column("Why", least=24),
)
_RESULTS = (
    Column("Round", ">"),
    Column("When", rank=4),
    Column("Tool", least=12),
    Column("Tokens", ">"),
    Column("Failed", ">", rank=3),
)


class _Tables:
    """Prints both answers, without the session where it is one, and without links where no page is known."""

    def __init__(self, output: Output, where: tzinfo | None, base: str | None, *, is_of_one: bool) -> None:
        self._output = output
        self._where = where
        self._base = base
        self._is_of_one = is_of_one

    def print_rounds(self, rounds: Sequence[DearRound], why: Reasons) -> None:
        """A row a round."""
        if not rounds:
            self._output.tell("No round here has a cost that is known and above 0.")
            return
        self._output.tell("📊 Dearest Rounds")
        decimals = self._output.currency.column_decimals(each.pico for each in rounds)
        costs = [f"{_marks(each)}{self._output.currency.shown(each.pico, decimals)}" for each in rounds]
        cells = (
            [*_cells(each, self._time(each.at)), known, _in_words(why, each)] for each, known in zip(rounds, costs)
        )
        self._print(_ROUNDS, rounds, cells)

    def print_results(self, results: Sequence[LargeToolResult]) -> None:
        """A row for what a tool said to a round."""
        if not results:
            self._output.tell("No results of tools here whose size is known.")
            return
        self._output.tell("📊 Largest Tool Results")
        rows = (
            [str(each.round), self._time(each.at), each.tool, humanize.count(each.tokens), humanize.count(each.failed)]
            for each in results
        )
        self._print(_RESULTS, results, rows)

    def _print(
        self, columns: Sequence[Column], told: Sequence[DearRound | LargeToolResult], rows: Iterator[list[str]]
    ) -> None:
        before = () if self._is_of_one else (_SESSION,)
        behind = () if self._base is None else (_LINK,)
        cells = [
            [*([each.session_id] if before else []), *row, *([_link(self._base, each) or ""] if behind else [])]
            for each, row in zip(told, rows)
        ]
        self._output.print_table([*before, *columns, *behind], cells)

    def _time(self, at: int | None) -> str:
        try:
            return "-" if at is None else f"{datetime.fromtimestamp(at / 1000, self._where):%Y-%m-%d %H:%M}"
        except (OverflowError, ValueError, OSError):  # beyond this machine's calendar
            return "-"


def _cells(each: DearRound, time: str) -> list[str]:
    tokens = ["-" if number is None else humanize.count(number) for number in (each.input_tokens, each.output_tokens)]
    return [str(each.round), time, each.model or "(not named)", *tokens]


def _marks(each: DearRound) -> str:
    """As sums of costs have them: it may be more, a part is assumed."""
    return f"{'≥' if each.at_least else ''}{'~' if _is_assumed(each) else ''}"


def _in_words(why: Reasons, each: DearRound) -> str:
    from session_monitor.conversations import reasons  # noqa: PLC0415 -- as above

    return reasons.in_words(why.get((each.session_id, each.round), ()))
