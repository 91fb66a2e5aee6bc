"""man: the same help as a manual page."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any

from session_monitor import __version__
from session_monitor.text import own_names

from .shared import parsers
from .shared.data import Data
from .shared.output import Output

_HIDDEN = "_"
"""Commands whose names begin so are for scripts of ours."""


def add(commands: Any, _shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "print this help, of all commands, as a manual page"
    command = parsers.command(commands, (), "man", about, "man > session-monitor-cli.1")
    command.epilog += "\nRead it with: man ./session-monitor-cli.1\n"
    command.set_defaults(run=_man, **parsers.NOTHING_SHARED)


def _man(options: argparse.Namespace, _output: Output, _data: Data) -> None:
    top = options.command_line()
    title = own_names.as_typed("cli.py") if own_names.is_installed() else "session-monitor-cli"
    print(f'.TH "{title.upper()}" 1 "" "agent-session-monitor {__version__}" "User Commands"')
    print(f".SH NAME\n{_text(title)} \\- {_text(_sentence(top.description))}")
    print(f".SH SYNOPSIS\n{_verbatim(_usage(top))}")
    print(f".SH DESCRIPTION\n{_text(_sentence(top.description, end='.'))}")
    print("\n".join(_options(top)))
    print(".SH COMMANDS")
    for name, command in _below(top):
        print("\n".join(_section([name], command)))
    print("\n".join(_epilog(top, ".SH")))


def _section(path: list[str], command: argparse.ArgumentParser) -> Iterator[str]:
    """One command, and those below it."""
    yield f".SS {_text(' '.join(path))}"
    yield _text(_sentence(command.description, end="."))
    yield _verbatim(_usage(command))
    yield from _options(command)
    yield from _epilog(command, ".P")
    for name, each in _below(command):
        yield from _section([*path, name], each)


def _below(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    groups = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001
    return [(name, each) for group in groups for name, each in group.choices.items() if not name.startswith(_HIDDEN)]


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """What a command takes, each with its help."""
    formatter = parser.formatter_class(prog=parser.prog)
    for action in parser._actions:  # noqa: SLF001 -- argparse has no other way to ask
        is_known = isinstance(action, (argparse._SubParsersAction, argparse._HelpAction))  # noqa: SLF001
        if is_known or action.help == argparse.SUPPRESS:
            continue
        called = formatter._format_action_invocation(action)  # noqa: SLF001
        yield f".TP\n\\fB{_text(called)}\\fR"
        yield _text(" ".join(formatter._expand_help(action).split()) if action.help else "see below")  # noqa: SLF001


def _usage(parser: argparse.ArgumentParser) -> str:
    return re.sub(r"^usage: ", "", parser.format_usage()).rstrip("\n")


def _epilog(parser: argparse.ArgumentParser, heading: str) -> Iterator[str]:
    """What stands below the options: examples and remarks, as they are."""
    if parser.epilog:
        yield ".SH NOTES" if heading == ".SH" else ".P"
        yield _verbatim(parser.epilog.replace("%(prog)s", parser.prog))


def _sentence(text: str | None, end: str = "") -> str:
    return " ".join((text or "").split()).rstrip(".") + end


def _verbatim(text: str) -> str:
    return ".nf\n" + "\n".join(map(_text, text.strip("\n").split("\n"))) + "\n.fi"


def _text(text: str) -> str:
    """A line as roff takes it: nothing in it is a command, hyphens can be copied, and letters are any reader's."""
    escaped = own_names.as_typed(text).replace("\\", "\\e").replace("-", "\\-")
    escaped = re.sub(r"[^\x00-\x7f]", lambda letter: f"\\[u{ord(letter[0]):04X}]", escaped)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
