"""insights: what goes wrong in sessions, and why do they cost that?"""

from __future__ import annotations

import argparse
import contextlib
import functools
from collections.abc import Sequence
from typing import Any

from commands.shared import currencies, failures, fields, filters, parsers, two_times
from commands.shared.data import Data, meant
from commands.shared.failures import NOT_FOUND, USAGE, Failure
from commands.shared.output import Output
from commands.shared.two_times import Period
from session_monitor.insight import all_findings, own_rules, session_context, session_insights, what_changed
from session_monitor.insight.basis import limits
from session_monitor.insight.basis.finding import SEVERITIES, Finding
from session_monitor.insight.own_rules import DismissedFinding
from session_monitor.insight.session_insights import SessionInsights
from session_monitor.insight.what_changed import WhatChanged
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import MOST_DAYS, START, Selection
from session_monitor.text import safe

from . import insight_rules, insight_words

_DAY = 86_400_000
_DAYS, _FINDINGS, _MESSAGES, _CHANGES = 7, 8, 5, 3


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser(), fields.parser()),
        "insights",
        "tell what goes wrong in sessions and why they cost that: agents that are stuck, caches that are missed, context that is paid again",
        "insights",
        "insights current",
        "insights --days 1 --severity critical --json",
        "insights last --kind cache_missed",
        "insights agent:main:discord:channel:1465367993012981988 --dismiss model_switched@5",
        "insights --rules",
        "insights --set repeat_call times=5",
    )
    command.epilog += _ABOUT
    command.add_argument(
        "session_id",
        nargs="?",
        metavar="SESSION_ID",
        help=f"all of this session: {parsers.SESSION} (default: all sessions)",
    )
    command.add_argument(
        "--days",
        type=parsers.positive,
        metavar="N",
        help=f"what was found in the last N times 24 hours (default: {_DAYS}, without --since)",
    )
    command.add_argument(
        "--kind", action="append", choices=tuple(limits.kinds()), metavar="KIND", help="findings of this kind alone"
    )
    command.add_argument("--severity", action="append", choices=SEVERITIES, help="findings of this severity alone")
    command.add_argument(
        "--limit",
        type=parsers.positive,
        metavar="N",
        help=f"the N gravest and dearest (default: {_FINDINGS}; all of one session)",
    )
    _add_rules(command)
    command.set_defaults(run=_insights)


def _add_rules(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("rules")
    one = group.add_mutually_exclusive_group()
    one.add_argument(
        "--rules", action="store_true", help="show what is looked for, and from which limits on it is told"
    )
    one.add_argument(
        "--set",
        nargs=2,
        metavar=("KIND", "LIMIT=VALUE"),
        help=f"set a limit of a kind; {own_rules.LEAST} usd=0.05 is what any finding has to be worth",
    )
    one.add_argument("--off", metavar="KIND", help="do not look for a kind of finding")
    one.add_argument("--usual", metavar="KIND", help="let the usual limits of a kind hold again")
    one.add_argument(
        "--dismiss",
        type=_place,
        metavar="KIND@ROUND",
        help="do not tell a session's finding of this kind, which begins there, again",
    )
    one.add_argument("--restore", type=_place, metavar="KIND@ROUND", help="tell it again")


_ABOUT = """
Of all sessions it is told what was found in the last 7 days, the gravest and dearest first; of one session all of it, with where its
money went. ~ stands before shares of what the log counts, by characters. Sessions whose content is not in the log are not judged.
What each kind means: docs/INSIGHTS.md.
"""


def _place(text: str) -> tuple[str, int]:
    """A kind and the round where a finding begins, for argparse."""
    kind, _, number = text.partition("@")
    if kind not in limits.kinds() or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no finding: write its kind and its first round, repeat_call@12")
    return kind, int(number)


def _insights(options: argparse.Namespace, output: Output, data: Data) -> None:
    place = options.dismiss or options.restore
    if options.rules:
        insight_rules.show(output, data.folder)
    elif options.set or options.off or options.usual:
        data.check_is_there()
        insight_rules.change(options, output, data.folder)
    elif options.session_id is None:
        if place:
            text = "name the session of the finding: insights SESSION_ID --dismiss KIND@ROUND"
            raise Failure("bad_arguments", text, USAGE)
        _of_all(options, output, data)
    elif place:
        _mark(options, place, output, data)
    else:
        _of_one(options, output, data)


# -- of all sessions ---------------------------------------------------------------------------------------------------


def _of_all(options: argparse.Namespace, output: Output, data: Data) -> None:
    report, selection = data.report(), _with_days(options, filters.selection(options))
    found = all_findings.across(
        report,
        selection,
        kinds=options.kind or (),
        severities=options.severity or (),
        limit=options.limit or _FINDINGS,
        progress=functools.partial(output.progress, "judging sessions"),
    )
    period = Period(selection.since or 0, selection.now if selection.until is None else selection.until)
    if output.is_json:
        told = {"period": two_times.in_json(period), "timezone": options.timezone}
        fields.print_rows(output, {**found.to_json(), **told})
        return
    insight_words.complain_of_mistakes(output, found.mistakes)
    if not found.judged + found.not_judged:
        options.since = options.since or f"{options.days or _DAYS}d"
        output.tell(filters.why_empty(report, options, "sessions"))
        return
    is_usual = options.since is None and options.until is None
    where = filters.zone(options.timezone)
    time = f"the last {options.days or _DAYS} days" if is_usual else two_times.heading(period, where)
    insight_words.tell_all(output, found, time, is_of_some=bool(options.kind or options.severity))


def _with_days(options: argparse.Namespace, wanted: Selection) -> Selection:
    """The selection with where its time begins.  Raises ``Failure``."""
    if options.days and options.since:
        raise Failure("bad_time", "--days and --since exclude each other: both say where it begins", USAGE)
    if wanted.since is not None:
        return wanted
    until = wanted.now if wanted.until is None else wanted.until
    return wanted._replace(since=max(START, until - min(options.days or _DAYS, MOST_DAYS) * _DAY))


# -- of one session ----------------------------------------------------------------------------------------------------


def _of_one(options: argparse.Namespace, output: Output, data: Data) -> None:
    report, session_id = _asked(options, data)
    found = session_insights.of_session(report, session_id)
    context = session_context.of_session(report, session_id, _MESSAGES)
    if found is None or context is None:
        raise failures.gone(session_id)
    wanted = found._replace(findings=tuple(_wanted(options, found.findings)))
    changes = _changes(report, wanted)
    if output.is_json:
        costs = context.to_json()
        del costs["calls"]
        answer = {**wanted.to_json(), "context": costs, "changes": [each.to_json() for each in changes]}
        output.print_json(fields.to_json(output, answer))
        return
    insight_words.complain_of_mistakes(output, found.mistakes)
    insight_words.tell_one(output, wanted, context, changes)


def _asked(options: argparse.Namespace, data: Data) -> tuple[Report, str]:
    """The session that is meant.  Raises ``Failure``."""
    given = filters.in_words(options) + (["--days"] if options.days else [])
    if given:
        text = f"of one session all is told: leave {given[0].split()[0]} out, or the session's id"
        raise Failure("bad_arguments", text, USAGE)
    report = data.report()
    return report, meant(report, options.session_id)


def _wanted(options: argparse.Namespace, findings: Sequence[Finding]) -> list[Finding]:
    meant_ = [
        each
        for each in findings
        if (not options.kind or each.kind in options.kind)
        and (not options.severity or each.severity in options.severity)
    ]
    return meant_[: options.limit]


def _changes(report: Report, found: SessionInsights) -> list[WhatChanged]:
    """Which words of prompts changed where findings say that some did: of the first few."""
    told: dict[tuple[int, int], WhatChanged] = {}
    with contextlib.suppress(FileNotFoundError):  # deleted by now
        for each in found.findings:
            if len(told) < _CHANGES and what_changed.is_behind(each):
                change = what_changed.of_finding(report, found.session_id, each)
                if change is not None:
                    told.setdefault((change.before_round, change.round), change)
    return list(told.values())


def _mark(options: argparse.Namespace, place: tuple[str, int], output: Output, data: Data) -> None:
    """Dismiss a finding, or tell it again.  Raises ``Failure``."""
    report, session_id = _asked(options, data)
    finding = DismissedFinding(session_id, *place)
    found = session_insights.of_session(report, session_id)
    if found is None:
        raise failures.gone(session_id)
    there = found.findings + found.dismissed if options.dismiss else found.dismissed
    if not any((each.kind, each.first) == place for each in there):
        which = "dismissed finding" if options.restore else "finding"
        text = f"{safe.cell(session_id)} has no {which} {place[0]} that begins in round {place[1]}"
        raise Failure("finding_not_found", text, NOT_FOUND)
    with failures.of_noting(data.folder):
        (own_rules.dismiss if options.dismiss else own_rules.restore)(data.folder, finding)
    if output.is_json:
        told = {"session_id": session_id, "kind": place[0], "first_round": place[1]}
        output.print_json(output.to_json({**told, "is_dismissed": bool(options.dismiss)}))
    else:
        said = "is not told again" if options.dismiss else "is told again"
        output.tell(f"{safe.cell(session_id)}: {place[0]} in round {place[1]} {said}.", "  ")
