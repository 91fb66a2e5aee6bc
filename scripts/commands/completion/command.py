"""completion: what may come next on the command line, for a shell to offer?"""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import sys
from typing import Any

from commands.shared import parsers
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output, to_json
from session_monitor.reports.report import NoSuchFolderError, Report
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.text import own_names, safe

from .shells import SCRIPTS, script
from .tree import COMPLETE

MOST_IDS = 50
"""Ids that are offered at once."""
_CLI = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))), "cli.py")


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    about = "print what lets a shell complete commands, options and session ids with Tab"
    command = parsers.command(
        commands, (shared,), "completion", about, "completion bash", "completion zsh --name sessions"
    )
    command.epilog += _HOW_TO_LOAD
    command.add_argument("shell", choices=tuple(SCRIPTS), metavar="SHELL", help="bash, zsh or fish")
    command.add_argument(
        "--name",
        type=_name,
        default=own_names.as_typed("cli.py"),
        metavar="NAME",
        help="by what name you call it (default: cli.py)",
    )
    command.set_defaults(run=_completion)
    hidden = commands.add_parser(COMPLETE, parents=[shared])
    hidden.add_argument("what", choices=("ids",))
    hidden.add_argument("prefix", nargs="?", default="")
    hidden.set_defaults(run=_ids)


_HOW_TO_LOAD = """
A shell offers words after a command's own name, not after "python3 …": give this one a name, and load what is printed.

bash, in ~/.bashrc:
  alias sessions='python3 /path/to/scripts/cli.py'
  eval "$(sessions completion bash --name sessions)"
zsh, in ~/.zshrc, after compinit:
  alias sessions='python3 /path/to/scripts/cli.py'
  eval "$(sessions completion zsh --name sessions)"
fish, in ~/.config/fish/config.fish:
  alias sessions='python3 /path/to/scripts/cli.py'
  sessions completion fish --name sessions | source
"""


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a command")
    return text


def _completion(options: argparse.Namespace, output: Output, _data: Data) -> None:
    # The whole command line, of which only this command may have been loaded, comes from above.
    text = script(options.shell, options.name, options.command_line(), [sys.executable, _program()])
    if output.is_json:
        output.print_json(to_json({"shell": options.shell, "name": options.name, "script": text}))
        return
    print(text, end="")


def _program() -> str:
    """The file by which Python runs this program again, from wherever."""
    return os.path.abspath(sys.argv[0]) if own_names.is_installed() else _CLI


def _ids(options: argparse.Namespace, _output: Output, data: Data) -> None:
    """Print the ids that begin so, the latest first; where something is wrong, none: a shell is no place to say what."""
    pattern = re.sub(r"[*?[]", "[\\g<0>]", options.prefix) + "*"
    selection = Selection(sessions=(pattern,)) if options.prefix else ALL
    try:
        sessions = Report(data.folder, data.book()).sessions(selection, limit=MOST_IDS)
    except (Failure, NoSuchFolderError, OSError, sqlite3.Error):
        return
    for row in sessions.rows:
        session_id = row.fields["session_id"]
        if safe.clean(session_id) == session_id:  # others cannot be typed
            print(session_id)
