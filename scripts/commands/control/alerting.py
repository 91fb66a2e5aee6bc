"""alerts list, silence and rule: what was told, what is not told for a while, and what is looked for."""

from __future__ import annotations

import argparse
import re
from typing import Any

from commands.shared import parsers
from commands.shared.data import Data
from commands.shared.failures import NOT_FOUND, USAGE, Failure
from commands.shared.output import Output, to_json
from session_monitor.alerts import raised, rules
from session_monitor.alerts.rules import RuleMistakeError, Silence
from session_monitor.base import data_folder, timestamps
from session_monitor.delivery import targets
from session_monitor.delivery.targets import BadAlertsFileError
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column

# -- list --------------------------------------------------------------------------------------------------------------


def add_list(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``alerts list``."""
    about = "list the alerts that hold now, the gravest first, or all that were told"
    command = parsers.command(commands, (shared,), "list", about, "alerts list", "alerts list --all --json")
    command.add_argument("--all", action="store_true", help="also those that are over")
    command.set_defaults(run=_list)


def _list(options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    state = raised.read(data.folder)
    told = dict(sorted(state.told.items(), key=lambda each: -each[1].since)) if options.all else state.firing()
    silent = rules.of_document(rules.document(data.folder))
    now = timestamps.now()
    rows = [raised.to_json(key, each, is_silent=silent.is_silent(key[0], now)) for key, each in told.items()]
    if output.is_json:
        output.print_json(to_json({"alerts": rows}))
    elif not rows:
        output.tell("No alert was told yet." if options.all else "No alert holds now.")
    else:
        for row in rows:
            signs = {"critical": "✗", "warning": "⚠", "info": "·"}
            over = "" if row["over"] is None else f", over since {timestamps.local_time(row['over'])}"
            silence = ", silent" if row["silent"] else ""
            since = timestamps.local_time(row["since"])
            output.tell(
                f"{signs[row['severity']]} {safe.cell(row['title'])} ({row['severity']}, since {since}{over}{silence})",
                "  ",
            )
            output.tell(f"  {safe.cell(row['text'])}", "  ")


# -- silence -----------------------------------------------------------------------------------------------------------


def add_silence(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``alerts silence``."""
    about = "tell nothing of some rules for a while: they are looked at all the same, and listed"
    examples = ("alerts silence 'budget:*' --for 8h", "alerts silence", "alerts silence 'budget:*' --off")
    command = parsers.command(commands, (shared,), "silence", about, *examples)
    command.add_argument(
        "rule", nargs="?", metavar="RULE", help="a rule or a pattern of some (default: show what is silent)"
    )
    command.add_argument(
        "--for", dest="length", default="1h", metavar="TIME", help="how long: 30m, 8h, 7d (default: 1h)"
    )
    command.add_argument("--off", action="store_true", help="end it")
    command.set_defaults(run=_silence)


def _silence(options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    now = timestamps.now()
    if options.rule is not None:
        with data_folder.changing(data.folder):
            kept = [each for each in _silences(data, now) if each.rule != options.rule]
            if not options.off:
                kept.append(Silence(options.rule, _until(options.length, now)))
            _replace(data, "silences", [each._asdict() for each in kept])
    kept = _silences(data, now)
    if output.is_json:
        output.print_json(to_json({"silences": [each._asdict() for each in kept]}))
    elif not kept:
        output.tell("Nothing is silent.")
    for each in [] if output.is_json else kept:
        output.tell(f"{safe.cell(each.rule)}: silent until {timestamps.local_time(each.until)}")


def _silences(data: Data, now: int) -> list[Silence]:
    return [each for each in rules.of_document(rules.document(data.folder)).silences if not each.is_over(now)]


_LENGTH = re.compile(r"(\d{1,4})([mhdw])", re.ASCII)
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def _until(length: str, now: int) -> str:
    match = _LENGTH.fullmatch(length.strip())
    if match is None:
        raise Failure("bad_time", f"{length!r} is no length of time: write 30m, 8h or 7d", USAGE)
    return timestamps.rfc3339(now + int(match[1]) * _UNITS[match[2]]) or ""


def _replace(data: Data, part: str, value: Any) -> None:
    try:
        targets.replace_part(data.folder, part, value)
    except BadAlertsFileError as mistake:
        raise Failure("bad_alerts", str(mistake)) from None


# -- rule --------------------------------------------------------------------------------------------------------------


def add_rule(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add ``alerts rule``."""
    about = "show what is looked for besides budgets, set its limits, or turn it off"
    examples = (
        "alerts rule",
        "alerts rule failed_share share=10% minutes=30",
        "alerts rule dear_session usd=2",
        "alerts rule unpriced_model --off",
        "alerts rule unpriced_model --usual",
    )
    command = parsers.command(commands, (shared,), "rule", about, *examples)
    command.add_argument("name", nargs="?", metavar="RULE", help="one of those that 'alerts rule' shows")
    command.add_argument("limits", nargs="*", metavar="LIMIT=VALUE", help="its limits")
    command.add_argument("--off", action="store_true", help="look for it no more")
    command.add_argument("--usual", action="store_true", help="with its usual limits again")
    command.set_defaults(run=_rule)


def _rule(options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    if options.name is not None:
        if options.name not in rules.usual():
            known = ", ".join(rules.usual())
            raise Failure("no_such_rule", f"there is no rule {safe.cell(options.name)}; there are {known}", NOT_FOUND)
        if options.limits or options.off or options.usual:
            with data_folder.changing(data.folder):
                _change_rule(options, data)
    watched = rules.of_document({"rules": _own_rules(data)})
    names = [options.name] if options.name else list(rules.usual())
    if output.is_json:
        output.print_json(to_json({"rules": {name: watched.rules.get(name) for name in names}}))
        return
    columns = (Column("Rule"), Column("Looks for", least=16), Column("Limits"))
    output.print_table(columns, [[name, rules.about(name), _in_words(watched.rules.get(name))] for name in names])
    for mistake in watched.mistakes:
        output.complain(f"{mistake}: the usual rule holds")


def _own_rules(data: Data) -> dict[str, Any]:
    return dict(rules.document(data.folder).get("rules") or {})


def _change_rule(options: argparse.Namespace, data: Data) -> None:
    own = _own_rules(data)
    if options.limits or options.off:
        own[options.name] = False if options.off else {**(own.get(options.name) or {}), **_limits(options.limits)}
        _check(options.name, own[options.name])
    else:
        own.pop(options.name, None)
    _replace(data, "rules", own)


def _limits(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if not all(sign for _, sign, _ in pairs):
        raise Failure("bad_rule", "limits are written as name=value, such as share=10%", USAGE)
    return {name: value for name, _, value in pairs}


def _check(name: str, limits: object) -> None:
    try:
        rules.made(name, limits)
    except RuleMistakeError as mistake:
        raise Failure("bad_rule", f"{name}: {mistake}", USAGE) from None


def _in_words(rule: dict[str, Any] | None) -> str:
    if rule is None:
        return "off"
    units = {"share": "{} %", "usd": "${}", "minutes": "{} minutes", "calls": "of {} calls at least"}
    told = [
        units.get(name, f"{{}} {name}").format(humanize.count(value) if isinstance(value, int) else value)
        for name, value in rule.items()
    ]
    return ", ".join(told) or "on"
