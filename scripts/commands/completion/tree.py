"""Which commands, options and values are there?"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import NamedTuple

HIDDEN = "_"
"""Commands whose names begin so are for scripts of ours, not for people."""
COMPLETE = f"{HIDDEN}_complete"
"""The command by which a shell's script asks for session ids."""

TEXT, FILE, FOLDER, ID = "text", "file", "folder", "id"
"""What a value is, where it is not one of a few words."""
_KINDS = {"FILE": FILE, "PATH": FILE, "DIR": FOLDER, "SESSION_ID": ID, "ID": ID}


class Value(NamedTuple):
    """What an option or a place takes: one of some words, or something of a kind."""

    kind: str
    words: tuple[str, ...]
    metavar: str


class Option(NamedTuple):
    """An option; ``value`` is None where it takes none."""

    names: tuple[str, ...]
    about: str
    value: Value | None
    is_repeated: bool


class Node(NamedTuple):
    """A command, with the commands below it, its options, and what it takes in its places.

    ``path`` holds its names from the top; the last place is taken any number of times where ``is_open``.
    """

    path: tuple[str, ...]
    about: str
    below: tuple[Node, ...]
    options: tuple[Option, ...]
    places: tuple[Value, ...]
    is_open: bool


def tree(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Node:
    """The commands of a command line, without the hidden ones."""
    below: list[Node] = []
    options: list[Option] = []
    places: list[Value] = []
    is_open = False
    for action in parser._actions:  # noqa: SLF001 -- argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            below += [
                tree(command, (*path, name)) for name, command in action.choices.items() if not name.startswith(HIDDEN)
            ]
        elif action.option_strings:
            value = None if action.nargs == 0 else _value(action)
            is_repeated = isinstance(action, argparse._AppendAction)  # noqa: SLF001
            options.append(Option(tuple(action.option_strings), _about(action.help), value, is_repeated))
        else:
            places.append(_value(action))
            is_open = action.nargs in ("*", "+")
    return Node(path, _about(parser.description), tuple(below), tuple(options), tuple(places), is_open)


def _value(action: argparse.Action) -> Value:
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    words = tuple(map(str, action.choices or ()))
    return Value(TEXT if words else _KINDS.get(metavar, TEXT), words, metavar)


def _about(text: str | None) -> str:
    """The first sentence of a help text, on one line."""
    return re.split(r"\.(?=\s|$)", " ".join((text or "").split()), maxsplit=1)[0].replace("%%", "%")


def with_all_below(node: Node) -> Iterator[Node]:
    """A command, and all commands below it."""
    yield node
    for each in node.below:
        yield from with_all_below(each)
