#!/usr/bin/env python3
"""Asks about sessions on the command line: data goes to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence

if sys.version_info < (3, 9):  # noqa: UP036 -- in words, before an older one fails at what it does not know
    sys.exit(f"cli.py: this is Python {sys.version.split()[0]}: run it with Python 3.9 or newer")

if __name__ == "__main__":
    gc.disable()  # until all is loaded: none of that is garbage, and looking for some takes a tenth as long as loading it

from commands.shared import currencies, failures, fields, parsers
from commands.shared.failures import FAILED, INTERRUPTED, OK, Failure
from commands.shared.output import Output
from session_monitor import __version__
from session_monitor.base import files, mounts
from session_monitor.reports.report import NoSuchFolderError
from session_monitor.text.help import HelpFormatter

COMMANDS = {
    "list": "list",
    "show": "show",
    "cost": "cost",
    "whatif": "whatif",
    "compare": "compare",
    "top": "findings.top",
    "drivers": "findings.drivers",
    "insights": "findings.insights",
    "statusline": "statusline",
    "search": "search",
    "url": "url",
    "export": "export",
    "ship": "ship",
    **dict.fromkeys(("stats-model", "stats-consumer", "stats-vendor", "stats-seller", "stats-route"), "stats.names"),
    "stats-gateway": "stats.names",
    **dict.fromkeys(("stats-agent", "summary"), "stats.names"),
    "stats-date": "stats.dates",
    "stats-latency": "stats.latency",
    "stats-prompt": "stats.prompts",
    "metrics": "stats.metrics",
    "stats-tool": "findings.tools",
    "stats-errors": "findings.errors",
    "watch": "watch",
    "tail": "tail",
    "pricing": "pricing.command",
    "budget": "control.budget",
    "alerts": "control.alerts",
    **dict.fromkeys(("note", "tag", "star", "archive", "name"), "control.notes"),
    **dict.fromkeys(("status", "recover"), "control.status"),
    "import": "agents.imports",
    **dict.fromkeys(("start", "end"), "agents.work"),
    "proxy": "agents.proxy",
    "today": "agents.today",
    "log-ai": "agents.logged",
    "auto-log": "agents.hook",
    "run": "agents.run",
    "config": "config",
    **dict.fromkeys(("doctor", "verify"), "upkeep.checks"),
    **dict.fromkeys(("delete", "prune"), "upkeep.delete"),
    "repair": "upkeep.repair",
    "man": "man",
    **dict.fromkeys(("completion", "__complete"), "completion.command"),
}
"""In which module of ``commands`` each command stands: only the one that is asked for is loaded."""
_VERSION = "--version"
_OF_FILES = frozenset(
    (
        *("tail", "stats.metrics", "control.alerts", "upkeep.checks", "upkeep.delete", "upkeep.repair", "ship"),
        *(f"agents.{name}" for name in ("imports", "work", "proxy", "today", "logged", "hook", "run")),
    )
)
"""Those that are of a folder with session files, and cannot be of a database."""

_EXAMPLES = """\
examples:
  python3 scripts/cli.py list --limit 10
  python3 scripts/cli.py list --sort-by cost --since 7d --json
  python3 scripts/cli.py show last
  python3 scripts/cli.py show agent:main:discord:channel:1465367993012981988 --rounds last:5
  python3 scripts/cli.py stats-date --by week --timezone Asia/Shanghai

exit codes: 0 done, 1 it failed, 2 wrong arguments, 3 no such session or model, 4 a budget is breached,
129, 130 or 143 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = parsers.command_first(sys.argv[1:] if arguments is None else arguments)
    # A service may be started without them; a data file must not be opened in their place.
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        options = parser(words).parse_args(words)
    except parsers.BadArgumentsError as mistake:
        if parsers.is_json_asked(words):
            Output(is_json=True).print_error("bad_arguments", mistake.text)
        raise
    try:
        status = _run(options, COMMANDS.get(words[0]))
        sys.stdout.flush()
    except BrokenPipeError:
        _stop_telling()  # the reader has seen enough
        return OK
    except OSError as error:
        _stop_telling()
        Output.complain(error.strerror or str(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _stop_telling() -> None:
    """Nobody reads stdout any more; Python would complain about that once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(options: argparse.Namespace, command: str | None = None) -> int:
    output, folder = parsers.output(options), ""
    try:
        data = parsers.data(options, os.environ)
        if data.is_elsewhere and command in _OF_FILES:
            raise failures.of_files()
        output.coverage, folder = data.coverage, data.folder
        output.currency, output.fields = currencies.chosen(options, data), fields.asked(options, output)
        return int(options.run(options, output, data) or OK)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno == errno.ENOSPC and not error.filename:  # where the answer goes, which is no folder's fault
            raise
        failure = failures.unreadable(error.filename or folder, error)
    except NoSuchFolderError:
        failure = failures.no_folder(folder)
    except mounts.UnreachableDataError as why:
        failure = Failure(why.code, str(why))
    except files.MistakeInFileError as mistake:
        failure = failures.mistake_in_file(mistake)
    except Failure as known:
        failure = known
    if output.is_json:
        output.print_error(failure.code, str(failure))
    output.complain(str(failure))
    return failure.status


def parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The command line; where the first word is a command, of that command alone."""
    top = parsers.Parser(
        description="See what the sessions said, used and cost.",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    top.set_defaults(command_line=parser)
    top.add_argument(_VERSION, action="version", version=f"agent-session-monitor {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True, parser_class=parsers.Parser)
    shared = parsers.shared_options()
    asked = COMMANDS.get(words[0]) if words else None
    needed = [asked] if asked else [] if words[:1] == [_VERSION] else dict.fromkeys(COMMANDS.values())
    for name in needed:
        importlib.import_module(f"commands.{name}").add(commands, shared)
    return top


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    sys.exit(main())
