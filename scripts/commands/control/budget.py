"""budget: what may calls cost, and what is left of it?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from commands.shared import currencies, parsers
from commands.shared.data import Data
from commands.shared.failures import BREACHED, NOT_FOUND, USAGE, Failure
from commands.shared.output import Output, to_json
from session_monitor.asked import problems
from session_monitor.base import data_folder, settings
from session_monitor.budgets import budget as one_budget
from session_monitor.budgets import budget_file, status
from session_monitor.budgets import wording as budget_words
from session_monitor.budgets.budget import PERIODS, Budget, BudgetMistakeError
from session_monitor.budgets.budget_file import BadBudgetsError, Budgets
from session_monitor.budgets.status import BudgetStatus
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column
from session_monitor.totals import wording

_PERIOD_HELP = {
    "daily": ("USD", "dollars a day"),
    "weekly": ("USD", "dollars a week, from Monday on"),
    "monthly": ("USD", "dollars a month"),
    "total": ("USD", "dollars in all"),
    "session": ("USD", "dollars for each session by itself"),
    "rate": ("USD/h", "dollars in any hour, or in any 24 hours: 1/h, 20/d"),
}
_ABOUT = """
A budget warns at a share of its limit, and is breached where that is used up. Calls without a price or without tokens
count in none, and are told beside each.

exit codes of check: 0 all is well or near a limit, 4 a budget is breached, 3 there is none of that name
"""


_NONE = "There are no budgets: 'budget set all --daily 5' sets one."


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command with its own commands."""
    about = "say what calls may cost, and see what is spent, left and to be expected"
    examples = (
        "budget set all --daily 5",
        "budget set team-a --monthly 200 --consumer 'team-a-*' --timezone Asia/Shanghai",
        "budget set runaway --rate 2/h --warn 50%",
        "budget set each --session 2 --model 'claude-*'",
        "budget status",
        "budget check all --json",
        "budget remove all",
    )
    top = parsers.command(commands, (), "budget", about, *examples)
    top.epilog += _ABOUT
    below = top.add_subparsers(metavar="COMMAND", required=True, parser_class=parsers.Parser)
    _add_set(below, shared)
    listed = parsers.command(below, (shared,), "list", "list the budgets that are set", "budget list --json")
    listed.set_defaults(run=_list)
    removed = parsers.command(below, (shared,), "remove", "forget a budget", "budget remove all")
    removed.add_argument("name", metavar="NAME")
    removed.set_defaults(run=_remove)
    both = (shared, currencies.parser())
    check = parsers.command(
        below,
        both,
        "check",
        "fail with exit code 4 where a budget is breached: for cron, and before a costly step",
        "budget check",
        "budget check all runaway --json",
    )
    check.add_argument("names", nargs="*", metavar="NAME", help="budgets (default: all)")
    check.set_defaults(run=_check)
    shown = parsers.command(
        below,
        both,
        "status",
        "tell what is spent and left of each budget, and where its period ends at the pace of the last hour, day and week",
        "budget status --json",
    )
    shown.add_argument("names", nargs="*", metavar="NAME", help="budgets (default: all)")
    shown.set_defaults(run=_status)


# -- setting -----------------------------------------------------------------------------------------------------------


def _add_set(below: Any, shared: argparse.ArgumentParser) -> None:
    about = "set a budget, in the place of one of that name"
    examples = ("budget set all --daily 5", "budget set tokens --weekly --tokens 10000000 --warn 90%")
    command = parsers.command(below, (shared,), "set", about, *examples)
    command.add_argument("name", metavar="NAME", help="how it is called: letters, digits, dots, dashes, underscores")
    period = command.add_mutually_exclusive_group(required=True)
    for name in PERIODS:
        shape, told = _PERIOD_HELP[name]
        period.add_argument(f"--{name}", nargs="?", const="", metavar=shape, help=told)
    command.add_argument("--tokens", metavar="N", help="so many tokens of all kinds, beside dollars or in their place")
    command.add_argument("--consumer", metavar="PATTERN", help="calls of these consumers alone (default: all)")
    command.add_argument("--model", metavar="PATTERN", help="calls of these models alone")
    command.add_argument("--session-id", metavar="PATTERN", help="calls of these sessions alone")
    command.add_argument("--warn", default="80%", metavar="SHARE", help="when to warn (default: 80%%)")
    command.add_argument(
        "--timezone",
        default=settings.TIMEZONE,
        metavar="ZONE",
        help="whose days, weeks and months are meant: an IANA name or +08:00 (default: this machine's)",
    )
    command.set_defaults(run=_set)


def _set(options: argparse.Namespace, output: Output, data: Data) -> None:
    period = next(name for name in PERIODS if getattr(options, name) is not None)
    try:
        new = one_budget.made(
            period,
            getattr(options, period) or None,
            options.tokens,
            options.warn,
            name=options.name,
            consumer=options.consumer,
            model=options.model,
            session_id=options.session_id,
            timezone=options.timezone,
        )
    except BudgetMistakeError as mistake:
        raise Failure("bad_budget", str(mistake), USAGE) from None
    data.check_is_there()
    with data_folder.changing(data.folder):
        budget_file.write(_read(data).put(new))
    if output.is_json:
        output.print_json(to_json(new.to_json()))
        return
    output.tell(f"{safe.cell(new.name)}: {budget_words.limits(new)}; it warns at {new.warn} %. See 'budget status'.")


def _read(data: Data) -> Budgets:
    try:
        return budget_file.read(data.folder)
    except BadBudgetsError as error:
        raise Failure(*problems.bad_budgets(error)) from None


def _remove(options: argparse.Namespace, output: Output, data: Data) -> None:
    budgets = _read(data)
    if budgets.find(options.name) is None:
        raise _unknown(options.name, budgets)
    with data_folder.changing(data.folder):
        budget_file.write(_read(data).without(options.name))
    if output.is_json:
        output.print_json(to_json({"removed": options.name}))
        return
    output.tell(f"{safe.cell(options.name)} is no budget any more.")


def _unknown(name: str, budgets: Budgets) -> Failure:
    known = ", ".join(safe.cell(each.name) for each in budgets.budgets) or "none: 'budget set' sets one"
    return Failure("no_such_budget", f"there is no budget {safe.cell(name)}; there are {known}", NOT_FOUND)


# -- showing -----------------------------------------------------------------------------------------------------------


def _list(_options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    budgets = _read(data).budgets
    if output.is_json:
        output.print_json(to_json({"budgets": [each.to_json() for each in budgets]}))
    elif not budgets:
        output.tell(_NONE)
    else:
        columns = (Column("Budget"), Column("Limit"), Column("Of", least=16), Column("Warns at", ">"), Column("Zone"))
        rows = [
            [each.name, budget_words.limits(each), budget_words.whose(each), f"{each.warn} %", each.zone]
            for each in budgets
        ]
        output.print_table(columns, rows)


def _asked(
    options: argparse.Namespace, data: Data, *, is_projected: bool
) -> tuple[Sequence[Budget], list[BudgetStatus]]:
    data.check_is_there()
    budgets = _read(data)
    for name in options.names:
        if budgets.find(name) is None:
            raise _unknown(name, budgets)
    meant = [each for each in budgets.budgets if not options.names or each.name in options.names]
    report = data.report()
    found = report.ask(lambda index: status.statuses(index, meant, report.now, is_projected=is_projected))
    return meant, found


def _check(options: argparse.Namespace, output: Output, data: Data) -> int:
    meant, found = _asked(options, data, is_projected=False)
    worst = max((status.LEVELS.index(each.level) for each in found), default=0)
    if output.is_json:
        told = [each.to_json() for each in found]
        output.print_json(output.to_json({"level": status.LEVELS[worst], "budgets": told}))
    elif not meant:
        output.tell(_NONE)
    else:
        for each in found:
            if each.level != status.OK:
                output.tell(_in_words(each, output), "  ")
        if not worst:
            output.tell(f"{humanize.counted(len(meant), 'budget')}: none is near its limit.")
    return BREACHED if status.LEVELS[worst] == status.BREACHED else 0


def _status(options: argparse.Namespace, output: Output, data: Data) -> None:
    meant, found = _asked(options, data, is_projected=True)
    if output.is_json:
        output.print_json(output.to_json({"budgets": [each.to_json() for each in found]}))
        return
    if not meant:
        output.tell(_NONE)
        return
    for budget in meant:
        own = [each for each in found if each.budget is budget]
        if not own:
            output.tell(
                f"✓ {safe.cell(budget.name)}: no session of the last 24 hours is near {budget_words.limits(budget)}"
            )
        for each in own:
            output.tell(_in_words(each, output), "  ")
            for line in _more(each, output):
                output.tell(f"    {line}", "    ")
    output.tell_rate()


_SIGNS = {status.OK: "✓", status.WARNING: "⚠", status.BREACHED: "✗"}


def _in_words(each: BudgetStatus, output: Output) -> str:
    budget, spent = each.budget, each.spent
    of_dollars = wording.short(spent.sums.spending, output.currency) if budget.cost is not None else ""
    of_tokens = humanize.counted(spent.sums.total_tokens, "token") if budget.tokens is not None else ""
    over = f" in {spent.span.name}" if spent.span else ""
    of_session = f", session {safe.cell(spent.session)}" if spent.session else ""
    used = " and ".join(filter(None, (of_dollars, of_tokens)))
    said = {status.OK: "", status.WARNING: ", near its limit", status.BREACHED: ", used up"}[each.level]
    return (
        f"{_SIGNS[each.level]} {safe.cell(budget.name)}{of_session}: {used}{over} of {budget_words.limits(budget)} "
        f"({each.used_percent:.0f} %{said})"
    )


def _more(each: BudgetStatus, output: Output) -> Iterator[str]:
    budget, currency = each.budget, output.currency
    if budget.cost is not None:
        left = budget.cost - each.spent.sums.spending.pico
        yield (
            f"left: {currency.shown(left)}"
            if left > 0
            else f"over by {currency.shown(-left)}"
            if left
            else "left: nothing"
        )
    if each.unseen_calls:
        yield f"does not see {wording.not_in_it(each.spent.sums.spending)}"
    if each.projections:
        told = [
            currency.shown(one.pico) if budget.cost is not None else humanize.counted(one.tokens, "token")
            for one in each.projections
        ]
        paces = [f"{amount} at the pace of the last {one.pace}" for amount, one in zip(told, each.projections)]
        yield f"by the end of {each.spent.span.name if each.spent.span else 'it'}: {'; '.join(paces)}"
