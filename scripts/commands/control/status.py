"""status and recover: how does a session stand, and which were given up?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from commands.shared import currencies, failures, parsers, working
from commands.shared.data import Data, meant
from commands.shared.failures import USAGE, Failure
from commands.shared.output import Output
from session_monitor.asked import problems, standing
from session_monitor.asked.one_session import CURRENT
from session_monitor.base import periods, timestamps
from session_monitor.budgets import wording as budget_words
from session_monitor.budgets.budget_file import BadBudgetsError
from session_monitor.budgets.status import BREACHED, WARNING, BudgetStatus
from session_monitor.notes import notes_file
from session_monitor.reports.selected import states
from session_monitor.reports.selected.filters import ACTIVE_FOR, ENDED, STALE
from session_monitor.reports.sessions import session_status
from session_monitor.reports.sessions.session_status import SessionStatus
from session_monitor.text import humanize, safe
from session_monitor.totals import wording

if TYPE_CHECKING:
    from session_monitor.work.piece import Piece

_ABOUT = """
states: active, a call within 15 minutes; idle; stale, silent for longer than --max-age, or marked by 'recover'; ended, said by
'archive'.  The gateway's log tells of no session that it is over.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    about = "tell how a session stands: its state, rounds, cost and pace, its last error, what is left of budgets"
    examples = ("status", "status last", "status current --json")
    command = parsers.command(commands, (shared, currencies.parser()), "status", about, *examples)
    command.epilog += _ABOUT
    command.add_argument(
        "session_id", nargs="?", default=CURRENT, metavar="SESSION_ID", help=f"{parsers.SESSION} (default: current)"
    )
    _add_max_age(command)
    command.set_defaults(run=_status)
    about = "mark sessions as stale that are silent for long, until they talk again"
    examples = ("recover --max-age 2h --dry-run", "recover --max-age 2h", "list --status stale")
    command = parsers.command(commands, (shared,), "recover", about, *examples)
    _add_max_age(command)
    command.add_argument("--dry-run", action="store_true", help="say how many there are, and mark none")
    command.set_defaults(run=_recover)


def _add_max_age(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--max-age",
        type=parsers.length,
        default=states.MAX_AGE,
        metavar="TIME",
        help="how long a session may be silent: 30m, 12h, 7d (default: 12h)",
    )


def _max_age(options: argparse.Namespace) -> int:
    """In milliseconds.  Raises ``Failure`` for so little that an active session would be meant."""
    if options.max_age < ACTIVE_FOR:
        raise Failure("bad_time", "--max-age is 15m at least: until then a session is active", USAGE)
    return int(options.max_age)


# -- status ------------------------------------------------------------------------------------------------------------


def _status(options: argparse.Namespace, output: Output, data: Data) -> None:
    max_age, report = _max_age(options), data.report()
    silent = working.without_calls(report, options.session_id)
    if silent is not None:
        _tell_of_work(silent, output)
        return
    session_id = meant(report, options.session_id)
    work = working.of_session(data.folder, session_id)
    try:
        found = standing.of(report, session_id, data.notes(), max_age)
    except BadBudgetsError as error:
        raise Failure(*problems.bad_budgets(error)) from None
    except periods.UnknownZoneError as zone:
        raise Failure(*problems.zone_of_budget(zone)) from None
    if found is None:
        raise failures.gone(session_id)
    if output.is_json:
        told = {**found.to_json(), **({} if work is None else {"work": working.brief(work)})}
        output.print_json(output.to_json(told, brief=True), brief=True)
        return
    output.tell(f"{safe.cell(session_id)}: {_state(found.status)}", "  ")
    if work is not None:
        output.tell(f"  {working.headline(work)}", "    ")
    for line in _lines(found.status, found.budgets, output):
        output.tell(f"  {line}", "    ")
    output.tell_rate()


def _tell_of_work(found: Piece, output: Output) -> None:
    """How a piece of work stands whose session has no call yet."""
    if output.is_json:
        told = {"session_id": found.session_id, "state": None, "rounds": 0, "work": working.brief(found)}
        output.print_json(output.to_json(told, brief=True), brief=True)
        return
    output.tell(f"{safe.cell(found.session_id)}: no calls yet", "  ")
    output.tell(f"  {working.headline(found)}", "    ")


def _state(found: SessionStatus) -> str:
    if found.idle is None:
        return f"{found.state}; the log tells no times"
    ago = f"its last call was {humanize.ago(found.idle // 1000)}"
    why = {ENDED: f"archived; {ago}", STALE: f"{ago}, and nobody said that it ended"}.get(found.state, ago)
    return f"{found.state} ({why})"


def _lines(found: SessionStatus, budgets: Sequence[BudgetStatus], output: Output) -> Iterator[str]:
    fields, spent = found.row.fields, found.row.spending
    ran = "" if found.running is None else f"{humanize.duration(found.running // 1000)}, "
    not_well = humanize.bracketed({"failed": fields["failed_count"], "left": fields["left_count"]})
    yield f"{ran}{humanize.counted(fields['messages_count'], 'round')}{not_well}"
    cost = wording.short(spent, output.currency)
    hour = found.last_hour
    pace = "" if hour is None else f"; {_known(wording.short(hour.spending, output.currency))} in its last hour"
    yield f"cost: {_known(cost)}{pace}"
    yield (
        f"tokens: {humanize.count(fields['total_tokens'])}"
        if cost != "-" or fields["total_tokens"]
        else "tokens: not told"
    )
    error = found.last_error
    if error is not None:
        code = str(error.code) if error.code else "no response"
        when = "" if error.at is None else f" @ {timestamps.local_time(timestamps.rfc3339(error.at))}"
        last = ", its last call" if fields["status"] == "error" else ""
        yield f"last error: {code} in round {humanize.count(error.round)}{when}{last}"
    for each in budgets:
        yield f"budget {safe.cell(each.budget.name)}: {_left(each, output)} of {budget_words.limits(each.budget)}"


def _known(cost: str) -> str:
    return "not known" if cost == "-" else cost


def _left(each: BudgetStatus, output: Output) -> str:
    told, sign = [], {WARNING: "⚠ ", BREACHED: "✗ "}.get(each.level, "")
    if each.budget.cost is not None:
        told.append(output.currency.shown(max(0, each.budget.cost - each.spent.sums.spending.pico)))
    if each.budget.tokens is not None:
        told.append(humanize.counted(max(0, each.budget.tokens - each.spent.sums.total_tokens), "token"))
    unseen = f", {humanize.counted(each.unseen_calls, 'call')} not seen" if each.unseen_calls else ""
    return f"{sign}{' and '.join(told)} left ({each.used_percent:.0f} %{unseen})"


# -- recover -----------------------------------------------------------------------------------------------------------


def _recover(options: argparse.Namespace, output: Output, data: Data) -> None:
    max_age, report = _max_age(options), data.report()
    moment = report.now - max_age
    notes = notes_file.read(data.folder)
    known = states.stale_before(notes.stale_before, report.now)
    silent, new = report.ask(
        lambda index: (
            session_status.silent_since(index, moment, notes.archived()),
            session_status.silent_since(index, moment, notes.archived(), known),
        )
    )
    if new and not options.dry_run:
        with failures.of_noting(data.folder), notes_file.changing(data.folder) as changed:
            changed.stale_before = max(moment, changed.stale_before or 0)
    left = working.stale(data, moment)
    if left and not options.dry_run:
        with failures.of_noting(data.folder):
            working.give_up(data.folder, left)
    if output.is_json:
        told = {"before": timestamps.rfc3339(moment), "stale": silent, "marked": new, "dry_run": options.dry_run}
        if left:
            told["work_ended"] = [each.session_id for each in left]
        output.print_json(output.to_json(told))
        return
    length = humanize.duration(max_age // 1000)
    verb = "would be marked" if options.dry_run else "marked"
    some = f"{humanize.count(new)} of them {verb}" if new else "all of them were stale before" if silent else "none"
    output.tell(f"{humanize.counted(silent, 'session')} silent for {length} or longer and not archived: {some}.", "  ")
    verb = "would end" if options.dry_run else "ended"
    for each in left:
        output.tell(f"{safe.cell(each.name)} {verb}: {working.headline(each)}", "  ")
