#!/usr/bin/env python3
"""Asks about sessions on the command line: data goes to stdout, everything else to stderr."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from commands import common, pricing, sessions, stats
from commands.common import INTERRUPTED, OK, SCHEMA_VERSION, Failure
from session_monitor import __version__, report

_EXAMPLES = """\
examples:
  python3 scripts/cli.py list --limit 10
  python3 scripts/cli.py list --sort-by cost --json
  python3 scripts/cli.py show agent:main:discord:channel:1465367993012981988
  python3 scripts/cli.py show SESSION_ID --messages full --json > session.json
  python3 scripts/cli.py stats-model
  python3 scripts/cli.py whatif SESSION_ID --model gpt-4o --model deepseek-chat
  python3 scripts/cli.py pricing list --unpriced

exit codes: 0 done, 1 it failed, 2 wrong arguments, 3 no such session or model, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    options = parser().parse_args(arguments)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = _run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _run(options: argparse.Namespace) -> int:
    try:
        options.run(options)
    except BrokenPipeError:
        raise
    except OSError as error:
        place = error.filename or options.data_dir
        failure = Failure("unreadable", f"{place}: {error.strerror or error}. See that this user may read it")
    except report.NoSuchFolder:
        failure = common.no_folder(options.data_dir)
    except Failure as known:
        failure = known
    else:
        return OK
    if options.json:
        error_json = common.to_json({"code": failure.code, "message": str(failure)})
        print(f'{{"schema_version": {SCHEMA_VERSION}, "error": {error_json}}}')
    common.complain(str(failure))
    return failure.status


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        description="See what the sessions said, used and cost.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"agent-session-monitor {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    shared = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    shared.add_argument(
        "--data-dir", default="./sessions", metavar="DIR", help="where main.py keeps the sessions (default: ./sessions)"
    )
    shared.add_argument("--json", action="store_true", help="print JSON")
    for group in (sessions, stats, pricing):
        group.add(commands, shared)
    return top


if __name__ == "__main__":
    sys.exit(main())
