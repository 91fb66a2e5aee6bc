"""statusline: one session in one line, for a shell's prompt or an agent's status hook."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from session_monitor.asked.one_session import CURRENT
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.text import humanize
from session_monitor.totals import wording
from session_monitor.totals.currency import DisplayCurrency

from .shared import currencies, parsers
from .shared.data import Data, meant
from .shared.failures import USAGE, Failure, gone
from .shared.output import Output

_MOST_INPUT = 1 << 20


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, currencies.parser()),
        "statusline",
        "print one session in one line: cost, rounds, failures, cached share, size of the last prompt",
        "statusline",
        "statusline last --json",
    )
    command.epilog += _ABOUT
    command.add_argument(
        "session_id", nargs="?", default=CURRENT, metavar="SESSION_ID", help=f"{parsers.SESSION} (default: current)"
    )
    command.add_argument(
        "--hook", action="store_true", help="the session that the JSON on standard input names as its session_id"
    )
    command.set_defaults(run=_statusline)


_ABOUT = """
In a prompt of bash:        PS1='$(python3 /path/to/scripts/cli.py statusline 2>/dev/null) \\$ '
In Claude Code's settings:  "statusLine": {"type": "command", "command": "python3 /path/to/scripts/cli.py statusline --hook"}
"""


def _statusline(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    session_id = meant(report, _of_hook() if options.hook else options.session_id)
    row = report.session(session_id)
    if row is None:
        raise gone(session_id)
    prompt = report.last_prompt(session_id)
    if output.is_json:
        output.print_json(output.to_json(_told(row, prompt)))
    else:
        print(" · ".join(_parts(row, prompt, output.currency)))


def _of_hook() -> str:
    """The session that is named on standard input.  Raises ``Failure``."""
    try:
        session_id = json.loads(sys.stdin.read(_MOST_INPUT))["session_id"]
    except (ValueError, TypeError, KeyError):
        session_id = None
    if not isinstance(session_id, str) or not session_id:
        text = 'standard input holds no JSON with a session_id, such as {"session_id": "…"}'
        raise Failure("bad_hook", text, USAGE)
    return session_id


def _told(row: SessionRow, prompt: int | None) -> dict[str, object]:
    fields = row.fields
    spent = row.spending.to_json()
    return {
        **{name: fields[name] for name in ("session_id", "messages_count", "failed_count", "left_count", "updated_at")},
        **{name: spent[name] for name in ("cost_usd", "at_least", "unpriced_rounds", "assumed_rounds")},
        "cached_share": row.fields["cached_share"],
        "last_prompt_tokens": prompt,
    }


def _parts(row: SessionRow, prompt: int | None, currency: DisplayCurrency) -> list[str]:
    """What is told, the cost first; what is not known is left out but for the cost."""
    fields, cached = row.fields, row.fields["cached_share"]
    cost = wording.short(row.spending, currency)
    return [
        "cost not known" if cost == "-" else cost,
        humanize.counted(fields["messages_count"], "round"),
        *([f"{humanize.count(fields['failed_count'])} failed"] if fields["failed_count"] else []),
        *([f"{100 * cached:.0f} % cached"] if cached is not None else []),
        *([f"prompt {humanize.count(prompt)}"] if prompt is not None else []),
    ]
