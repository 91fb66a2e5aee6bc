#!/usr/bin/env python3
"""Answers agents about sessions by the Model Context Protocol, on its standard input and output."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence

if sys.version_info < (3, 9):  # noqa: UP036 -- in words, before an older one fails at what it does not know
    sys.exit(f"mcpserver.py: this is Python {sys.version.split()[0]}: run it with Python 3.9 or newer")

if __name__ == "__main__":
    gc.disable()  # until all is loaded, as in cli.py

from mcp_server.methods import Methods
from mcp_server.protocol import messages
from mcp_server.server import McpServer, writer
from mcp_server.tools.folder import DataFolder
from session_monitor import __version__
from session_monitor.base import mounts, settings, signals
from session_monitor.text.help import HelpFormatter

_EXAMPLES = """\
examples:
  claude mcp add sessions -- python3 /path/to/scripts/mcpserver.py --data-dir /var/lib/sessions
  codex mcp add sessions -- python3 /path/to/scripts/mcpserver.py --data-dir /var/lib/sessions
  python3 scripts/mcpserver.py --data-dir /var/lib/sessions --allow-notes

An agent's host starts it and talks to it: there is nothing to type. It only reads, and listens nowhere.

exit codes: 0 the host ended it, 2 wrong arguments
"""


_ENDS = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer until the input ends; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings.settle(vars(options), os.environ)
    except (settings.BadConfigError, OSError) as mistake:
        _parser().error(str(mistake))
    output = _only_messages()
    folder = DataFolder(_mounted(options.data_dir), os.environ, options.timezone)
    server = McpServer(folder, Methods(allows_notes=options.allow_notes), writer(output, _leave))
    with open(0, "rb", closefd=False) as stream, signals.waking(dict.fromkeys(_ENDS, _leave)) as wake:
        threading.Thread(target=_leave_when_told, args=(wake,), daemon=True).start()
        if not server.serve(messages.lines(stream)):
            _leave()  # nobody waits for what is still being worked out
    return 0


def _mounted(data_dir: str) -> str:
    """The folder that is meant, or that stands for the database that is."""
    if not mounts.is_elsewhere(data_dir):
        return data_dir
    from session_monitor.fleet import home  # noqa: PLC0415 -- most tell of a folder

    try:
        return home.mounted(data_dir, os.environ)
    except (ValueError, OSError) as mistake:
        return str(_parser().error(str(mistake)))


def _only_messages() -> int:
    """Where messages go: what else is printed to standard output would break them, and goes to stderr from now on."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # it was started without: a data file must not be opened in its place
            os.open(os.devnull, os.O_RDWR)
    output = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 -- until the end
    return output


def _leave_when_told(wake: int) -> None:
    """As soon as a signal says so: the main thread waits for input, and hears of none that another one was given."""
    with contextlib.suppress(OSError):  # closed: the input has ended
        while not _ENDS.intersection(os.read(wake, 1024)):
            pass
        _leave()


def _leave(*_signal: object) -> None:
    """End at once: what is still being worked out is nobody's any more, and all that is written is written whole."""
    os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Answer agents about sessions by the Model Context Protocol (MCP), on standard input and output.",
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"agent-session-monitor {__version__}")
    parser.add_argument(
        "--data-dir",
        default=settings.DATA_DIR,
        metavar="DIR",
        help=f"where main.py keeps the sessions (default: {settings.DATA_DIR.told})",
    )
    parser.add_argument(
        "--timezone",
        default=settings.TIMEZONE,
        metavar="ZONE",
        help=f"whose days, such as Asia/Shanghai, +08:00 or UTC (default: {settings.TIMEZONE.told})",
    )
    parser.add_argument("--allow-notes", action="store_true", help="let agents add notes and tags to sessions")
    return parser


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    sys.exit(main())
