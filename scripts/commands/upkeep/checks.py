"""doctor and verify: is everything set up right, and is what was kept sound?"""

from __future__ import annotations

import argparse
import functools
import os
import shlex
import time
from collections.abc import Mapping, Sequence
from typing import Any

from commands.shared import failures, parsers
from commands.shared.data import Data
from commands.shared.output import Output, holds_unicode, to_json
from session_monitor.base import settings
from session_monitor.log import rotation
from session_monitor.text import humanize, own_names, safe
from session_monitor.upkeep import doctor, log_search, verification
from session_monitor.upkeep.checks import FAIL, OK, WARN, Case, Check
from session_monitor.upkeep.session_check import CheckFinding

_MAIN = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "main.py")
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
        help=f"access log, as for main.py (default: {settings.LOG_PATH.told}, or the one that the monitor read last)",
    )
    command.add_argument(
        "--allow-dir",
        action="append",
        default=[],
        metavar="DIR",
        help=f"look into logs beneath this folder alone, as for main.py (default: ${rotation.ALLOW_VARIABLE}, or any)",
    )
    parsers.add_state_file(command)
    command.add_argument("--deep", action="store_true", help="look through the index even where it is large")
    command.set_defaults(run=_doctor)
    about = "hold session files, index and read positions against each other, changing nothing"
    command = parsers.command(commands, [shared], "verify", about, "verify", "verify --quick", "verify --json")
    parsers.add_state_file(command)
    command.add_argument("--quick", action="store_true", help="read only the first and the last line of each file")
    command.set_defaults(run=_verify)


# -- doctor ------------------------------------------------------------------------------------------------------------


def _doctor(options: argparse.Namespace, output: Output, data: Data) -> int:
    state_file = options.state_file or data.state_file
    known = data.settings()
    case = Case(
        options.log_path or (known["log_path"][0] if "log_path" in known else []),
        data.folder,
        state_file,
        os.environ,
        time.time(),
        settings.LOG_PATH.built_in[0],
        deep=options.deep,
        allowed=rotation.allowed_folders(options.allow_dir, os.environ),
        places=log_search.PLACES,
        monitor=_monitor(),
        settings=_settings(known, {"data_dir": "data_dir" in data.origins, "log_path": not options.log_path}),
    )
    made = []
    for found in doctor.examine(case):
        check = found._replace(
            found=own_names.as_typed(found.found), todo=found.todo and own_names.as_typed(found.todo)
        )
        made.append(check)
        if not output.is_json:
            _tell_check(output, check)
    if output.is_json:
        output.print_json(to_json([check._asdict() for check in made]))
    else:
        output.tell(_summed(made))
    return failures.FAILED if any(check.level == FAIL for check in made) else failures.OK


def _monitor() -> str:
    """How one runs main.py, as one types it in this folder."""
    if own_names.is_installed():
        return own_names.as_typed("main.py")
    path = os.path.normpath(_MAIN)
    relative = os.path.relpath(path)
    return f"python3 {shlex.quote(path if relative.startswith(os.pardir) else relative)}"


def _settings(known: Mapping[str, settings.Found], is_open: Mapping[str, bool]) -> list[str]:
    """Values from the environment or a config file that count here, in words."""
    return [
        f"{name} is {value if isinstance(value, str) else ', '.join(value)} (from {origin})"
        for name, (value, origin) in known.items()
        if is_open.get(name, True)
    ]


_SIGNS = {OK: "✅", WARN: "⚠️ ", FAIL: "❌"}
_WORDS = {OK: "fine", WARN: "WARN", FAIL: "FAIL"}


def _tell_check(output: Output, check: Check) -> None:
    sign = (_SIGNS if holds_unicode() else _WORDS)[check.level]
    output.tell(f"{sign} {check.name}: {safe.cell(check.found)}", "   ")
    if check.todo:
        _tell_todo(output, check.todo)


def _tell_todo(output: Output, todo: str) -> None:
    sign = "→" if holds_unicode() else "->"
    output.tell(f"     {sign} {safe.cell(todo)}", "       ")


def _summed(made: Sequence[Check]) -> str:
    fine, warned, failed = (sum(check.level == level for check in made) for level in (OK, WARN, FAIL))
    parts = [f"{fine} fine"]
    parts += [f"{warned} to look at"] if warned else []
    parts += [f"{failed} failed"] if failed else []
    return f"{humanize.counted(len(made), 'check')}: {', '.join(parts)}"


# -- verify ------------------------------------------------------------------------------------------------------------


def _verify(options: argparse.Namespace, output: Output, data: Data) -> int:
    book, progress = data.book(), functools.partial(output.progress, "verifying")
    state_file = options.state_file or data.state_file
    try:
        result = verification.verify(data.folder, state_file, book, progress, quick=options.quick)
    except FileNotFoundError:
        raise failures.no_folder(data.folder) from None
    if output.is_json:
        counts = {"files": result.files, "rounds": result.rounds, "quick": options.quick}
        totals = {"fault_count": result.fault_count, "notice_count": result.notice_count}
        findings = {
            "faults": [finding._asdict() for finding in result.faults],
            "notices": [finding._asdict() for finding in result.notices],
        }
        output.print_json(to_json({**counts, "sound": not result.fault_count, **totals, **findings}))
    else:
        _tell_findings(output, "fault", result.faults, result.fault_count)
        _tell_findings(output, "notice", result.notices, result.notice_count)
        looked = f"{humanize.counted(result.files, 'session file')}, {humanize.counted(result.rounds, 'round')}"
        faults, notices = humanize.counted(result.fault_count, "fault"), humanize.counted(result.notice_count, "notice")
        is_sound = not (result.fault_count or result.notice_count)
        output.tell(f"{looked}: {'all is sound' if is_sound else f'{faults}, {notices}'}")
    return failures.FAILED if result.fault_count else failures.OK


def _tell_findings(output: Output, title: str, findings: Sequence[CheckFinding], count: int) -> None:
    for finding in findings[:_SHOWN]:
        output.tell(f"{title}: {safe.cell(finding.file)}: {safe.cell(finding.what)}")
        _tell_todo(output, finding.todo)
    if count > _SHOWN:
        output.tell(f"{title}: and {humanize.count(count - _SHOWN)} more")
