"""doctor and verify: is everything set up right, and is what was kept sound?"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from session_monitor.base import data_folder
from session_monitor.text import humanize, safe
from session_monitor.upkeep import checks, doctor, verification
from session_monitor.upkeep.checks import FAIL, OK, WARN, Check
from session_monitor.upkeep.session_check import Finding

from .shared import data, failures, output, parsers
from .shared.output import to_json

DEFAULT_LOG = "/var/log/higress/access.log"
_SHOWN = 20
"""So many findings are printed; --json has more."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    about = "check the log, the gateway's settings and the monitor, and say what to do"
    command = parsers.command(
        commands,
        [shared],
        "doctor",
        about,
        "doctor",
        "doctor --log-path /var/log/proxy/access.log --data-dir /var/lib/sessions",
        "doctor --json",
    )
    command.add_argument(
        "--log-path",
        action="append",
        default=[],
        metavar="PATH",
        help=f"access log, as for main.py (default: {DEFAULT_LOG}, or the one that the monitor read last)",
    )
    _add_state_file(command)
    command.add_argument("--deep", action="store_true", help="look through the index even where it is large")
    command.set_defaults(run=_doctor)
    about = "hold session files, index and read positions against each other, changing nothing"
    command = parsers.command(commands, [shared], "verify", about, "verify", "verify --quick", "verify --json")
    _add_state_file(command)
    command.add_argument("--quick", action="store_true", help="read only the first and the last line of each file")
    command.set_defaults(run=_verify)


def _add_state_file(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--state-file", metavar="FILE", help="where main.py keeps its read positions (default: <data-dir>/.state.json)"
    )


def _state_file(options: argparse.Namespace) -> str:
    return options.state_file or data_folder.state_file(options.data_dir)


# -- doctor ------------------------------------------------------------------------------------------------------------


def _doctor(options: argparse.Namespace) -> int:
    state_file = _state_file(options)
    case = checks.Case(
        options.log_path, options.data_dir, state_file, os.environ, time.time(), DEFAULT_LOG, deep=options.deep
    )
    if options.json:
        made = list(doctor.examine(case))
        output.print_json(options, to_json([check._asdict() for check in made]))
    else:
        made = []
        for check in doctor.examine(case):
            made.append(check)
            _print_check(options, check)
        output.tell(options, _summed(made))
    return failures.FAILED if any(check.level == FAIL for check in made) else failures.OK


_SIGNS = {OK: "✅", WARN: "⚠️ ", FAIL: "❌"}
_WORDS = {OK: "fine", WARN: "WARN", FAIL: "FAIL"}


def _print_check(options: argparse.Namespace, check: Check) -> None:
    sign = (_SIGNS if _shows_signs() else _WORDS)[check.level]
    output.tell(options, f"{sign} {check.name}: {safe.cell(check.found)}")
    if check.todo:
        _print_todo(options, check.todo)


def _shows_signs() -> bool:
    return (sys.stdout.encoding or "ascii").lower().startswith("utf")


def _print_todo(options: argparse.Namespace, todo: str) -> None:
    sign = "→" if _shows_signs() else "->"
    output.tell(options, f"     {sign} {safe.cell(todo)}", "       ")


def _summed(made: Sequence[Check]) -> str:
    fine, warned, failed = (sum(check.level == level for check in made) for level in (OK, WARN, FAIL))
    parts = [f"{fine} fine"]
    parts += [f"{warned} to look at"] if warned else []
    parts += [f"{failed} failed"] if failed else []
    return f"{humanize.counted(len(made), 'check')}: {', '.join(parts)}"


# -- verify ------------------------------------------------------------------------------------------------------------


def _verify(options: argparse.Namespace) -> int:
    book, progress = data.book(options.data_dir), functools.partial(output.progress, "verifying")
    try:
        found = verification.verify(options.data_dir, _state_file(options), book, progress, quick=options.quick)
    except FileNotFoundError:
        raise failures.no_folder(options.data_dir) from None
    if options.json:
        counts = {"files": found.files, "rounds": found.rounds, "quick": options.quick, "sound": not found.fault_count}
        findings = {
            "faults": [finding._asdict() for finding in found.faults],
            "notices": [finding._asdict() for finding in found.notices],
        }
        more = {"fault_count": found.fault_count, "notice_count": found.notice_count}
        output.print_json(options, to_json({**counts, **more, **findings}))
    else:
        _print_findings(options, "fault", found.faults, found.fault_count)
        _print_findings(options, "notice", found.notices, found.notice_count)
        looked = f"{humanize.counted(found.files, 'session file')}, {humanize.counted(found.rounds, 'round')}"
        what = f"{humanize.counted(found.fault_count, 'fault')}, {humanize.counted(found.notice_count, 'notice')}"
        output.tell(options, f"{looked}: {what if found.fault_count or found.notice_count else 'all is sound'}")
    return failures.FAILED if found.fault_count else failures.OK


def _print_findings(options: argparse.Namespace, title: str, findings: Sequence[Finding], count: int) -> None:
    for finding in findings[:_SHOWN]:
        output.tell(options, f"{title}: {safe.cell(finding.file)}: {safe.cell(finding.what)}")
        _print_todo(options, finding.todo)
    if count > _SHOWN:
        output.tell(options, f"{title}: and {humanize.count(count - _SHOWN)} more")
