"""alerts: who is to be told, whether that works, and what became of each that was told."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output, to_json
from session_monitor.base import data_folder, timestamps
from session_monitor.delivery import answers, delivery_log, event, sender, targets
from session_monitor.delivery.outbox import Outbox
from session_monitor.delivery.targets import BadAlertsFileError, BadTargetError, Target
from session_monitor.text import safe
from session_monitor.text.table import Column

from . import alerting

_ABOUT = "say who is to be told, try it, and see what became of each that was told"
_ABOUT_ADD = """
KIND is one of {kinds}. Which options it has, docs/ALERTS.md
says with an example each, and a wrong one is answered with those that there are. Where a secret is wanted, env:NAME takes it
from the environment of whoever sends, and file:/whole/path from a file, so that it stands neither here nor in the history
of your shell.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command with its own commands."""
    examples = (
        "alerts list",
        "alerts target add phone ntfy topic=env:NTFY_TOPIC",
        "alerts rule dear_session usd=2",
        "alerts silence 'budget:*' --for 8h",
        "alerts target list",
        "alerts test phone",
        "alerts log --limit 10",
    )
    top = parsers.command(commands, (), "alerts", _ABOUT, *examples)
    of_alerts = top.add_subparsers(metavar="COMMAND", required=True, parser_class=parsers.Parser)
    alerting.add_list(of_alerts, shared)
    alerting.add_rule(of_alerts, shared)
    alerting.add_silence(of_alerts, shared)
    _add_target(of_alerts, shared)
    _add_test(of_alerts, shared)
    _add_log(of_alerts, shared)


# -- alerts target -----------------------------------------------------------------------------------------------------


def _add_target(of_alerts: Any, shared: argparse.ArgumentParser) -> None:
    examples = ("alerts target list", "alerts target remove phone")
    top = parsers.command(of_alerts, (), "target", "add, remove or list who is to be told", *examples)
    below = top.add_subparsers(metavar="ACTION", required=True, parser_class=parsers.Parser)
    ways = (
        "alerts target add phone ntfy topic=env:NTFY_TOPIC",
        "alerts target add ops slack url=file:/etc/monitor/slack-url",
        "alerts target add script command argv='/usr/local/bin/notify --urgent'",
    )
    adding = parsers.command(below, (shared,), "add", "add one who is to be told, or change it", *ways)
    adding.epilog += _ABOUT_ADD.format(kinds=", ".join(targets.kinds()))
    adding.add_argument("name", metavar="NAME", help="what you call it: letters, digits, _ and -")
    adding.add_argument("kind", metavar="KIND", choices=targets.kinds(), help="what it is")
    adding.add_argument("options", metavar="OPTION=VALUE", nargs="*", help="what that kind needs, and may have")
    removing = parsers.command(below, (shared,), "remove", "tell it nothing any more", "alerts target remove phone")
    removing.add_argument("name", metavar="NAME", help="what you call it")
    listing = parsers.command(below, (shared,), "list", "list who is to be told", "alerts target list --json")
    for each, run in ((adding, _add), (removing, _remove), (listing, _list)):
        each.set_defaults(run=run)


def _add(options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    try:
        target = targets.of_words(options.name, options.kind, options.options)
    except BadTargetError as mistake:
        raise Failure("bad_target", str(mistake), failures.USAGE) from None
    with _changing(data):
        was_there = targets.add(data.folder, target)
    if output.is_json:
        output.print_json(to_json(target.to_json()))
    else:
        output.tell(
            f"{target.name} {'is changed' if was_there else 'is told from now on'}: {safe.cell(target.where())}"
        )
    written = target.typed_secrets()
    if written:
        file = targets.file_of(data.folder)
        output.complain(
            f"{', '.join(written)} stands in {file} as it is; env:NAME or file:PATH would keep it elsewhere"
        )


def _remove(options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    with _changing(data):
        was_there = targets.remove(data.folder, options.name)
    if not was_there:
        raise _unknown(options.name)
    if output.is_json:
        output.print_json(to_json({"name": options.name}))
    else:
        output.tell(f"{safe.cell(options.name)} is told nothing any more")


def _unknown(name: str) -> Failure:
    text = f"there is no target {safe.cell(name)}; 'alerts target list' shows those that are"
    return Failure("target_not_found", text, failures.NOT_FOUND)


@contextlib.contextmanager
def _changing(data: Data) -> Iterator[None]:
    try:
        with data_folder.changing(data.folder):
            yield
    except BadAlertsFileError as mistake:
        raise Failure("bad_alerts", str(mistake)) from None


_TARGETS = (Column("Target"), Column("Kind"), Column("Where", least=20))


def _list(_options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    known = targets.read(data.folder)
    if output.is_json:
        output.print_json(to_json({"targets": [each.to_json() for each in known.targets], "mistakes": known.mistakes}))
    elif known.targets:
        output.print_table(_TARGETS, [[each.name, each.kind, each.where()] for each in known.targets])
    else:
        output.tell("Nobody is told anything: 'alerts target add' names somebody.")
    for mistake in known.mistakes:
        output.complain(mistake)


# -- alerts test ------------------------------------------------------------------------------------------------------


def _add_test(of_alerts: Any, shared: argparse.ArgumentParser) -> None:
    about = "tell one target, or all, something that means nothing, and show whether it was taken"
    test = parsers.command(of_alerts, (shared,), "test", about, "alerts test phone", "alerts test --json")
    test.epilog += "\nIt goes past what waits, and is in the log. Exit code 1 where one did not take it.\n"
    test.add_argument("name", metavar="TARGET", nargs="?", help="one of 'alerts target list' (default: all)")
    test.set_defaults(run=_test)


def _test(options: argparse.Namespace, output: Output, data: Data) -> int:
    data.check_is_there()
    known = targets.read(data.folder)
    asked = [each for each in known.targets if options.name in (None, each.name)]
    for mistake in known.mistakes:
        output.complain(mistake)
    if not asked:
        text = "there is nobody to be told: 'alerts target add' names somebody"
        raise Failure("no_target", text, failures.NOT_FOUND) if options.name is None else _unknown(options.name)
    rows = [_tried(each, data) for each in asked]
    if output.is_json:
        output.print_json(to_json(rows))
    for row in [] if output.is_json else rows:
        reason = f": {row['reason']}" if row["reason"] else ""
        output.tell(f"{row['target']}: {row['outcome']} in {row['ms']} ms{reason}", "  ")
    is_fine = all(row["outcome"] == delivery_log.DELIVERED for row in rows) and not (
        known.mistakes and options.name is None
    )
    return failures.OK if is_fine else failures.FAILED


def _tried(target: Target, data: Data) -> dict[str, Any]:
    begun = time.monotonic()
    told = event.for_a_try(timestamps.rfc3339(timestamps.now()), socket.gethostname())
    verdict = sender.try_once(data.folder, target, told, os.environ)
    outcome = delivery_log.DELIVERED if verdict.what == answers.TAKEN else delivery_log.FAILED
    passed = round((time.monotonic() - begun) * 1000)
    return {
        "target": target.name,
        "kind": target.kind,
        "outcome": outcome,
        "ms": passed,
        "reason": verdict.reason or None,
    }


# -- alerts log --------------------------------------------------------------------------------------------------------


def _add_log(of_alerts: Any, shared: argparse.ArgumentParser) -> None:
    about = "show what became of each that was to be told, the latest first, and what waits"
    log = parsers.command(of_alerts, (shared,), "log", about, "alerts log", "alerts log --limit 5 --json")
    log.add_argument("--limit", type=parsers.positive, default=20, metavar="N", help="how many at most (default: 20)")
    log.set_defaults(run=_log)


_LOG = (
    *(Column("When"), Column("Target"), Column("Outcome"), Column("Severity", rank=2), Column("Alert", least=20)),
    *(Column("Tries", ">", rank=1), Column("Why", least=16, rank=3)),
)


def _log(options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    waiting = [each.to_json() for each in Outbox(data.folder).waiting()]
    ended = [each.to_json() for each in reversed(delivery_log.entries(data.folder))]
    rows = [*waiting, *ended][: options.limit]
    if output.is_json:
        output.print_json(to_json(rows))
        return
    if not rows:
        output.tell("Nothing was told yet, and nothing waits.")
        return
    output.print_table(_LOG, [_cells(row) for row in rows])
    left = len(waiting) + len(ended) - len(rows)
    if left:
        output.tell(f"({left} more: --limit)")


def _cells(row: dict[str, Any]) -> list[str]:
    title = f"{row['title']}{' (resolved)' if row['state'] == 'resolved' else ''}"
    told = [timestamps.local_time(row["at"]), row["target"], row["outcome"], row["severity"], title]
    return [*told, str(row["tries"]), row["reason"] or ""]
