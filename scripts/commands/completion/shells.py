"""What does each shell's script for completion say?

What is the same for every command line stands in the files beside this one, with ``@WORDS@`` where the rest belongs.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from session_monitor.base import data_tables

from .tree import COMPLETE, FILE, FOLDER, ID, TEXT, Node, Option, Value, tree, with_all_below


def script(shell: str, name: str, parser: argparse.ArgumentParser, program: Sequence[str]) -> str:
    """What a shell has to read to complete the command line that is called by this name.

    ``program`` are the words by which the script asks for session ids.
    """
    function = "_" + re.sub(r"\W", "_", name)
    made: str = SCRIPTS[shell](tree(parser))
    ask = shlex.join([*program, COMPLETE])
    return made.replace("@FUNCTION@", function).replace("@NAME@", name).replace("@ASK@", ask)


def _read(name: str) -> str:
    return data_tables.content(os.path.join(os.path.dirname(__file__), name)).decode()


# -- bash --------------------------------------------------------------------------------------------------------------


def _bash(top: Node) -> str:
    cases = (case for node in with_all_below(top) for case in _bash_cases(node))
    return _read("script.bash").replace(
        "@CASES@", "\n".join(_bash_case(asked, known) for asked, known in cases if known)
    )


def _bash_cases(node: Node) -> Iterator[tuple[str, str]]:
    """What the script asks about a command, each with what is known of that."""
    path = "".join(f" {name}" for name in node.path)
    yield f"commands{path}", " ".join(each.path[-1] for each in node.below)
    yield f"options{path}", " ".join(name for option in node.options for name in option.names)
    for option in node.options:
        if option.value:
            yield from ((f"value{path} {name}", _bash_value(option.value)) for name in option.names)
    places = [_bash_value(value) for value in node.places]
    yield from ((f"place{path} {number}", value) for number, value in enumerate(places))
    if node.is_open:
        yield f"place{path} *", places[-1]


def _bash_case(asked: str, known: str) -> str:
    pattern = f"{shlex.quote(asked[:-1])}*" if asked.endswith(" *") else shlex.quote(asked)
    return f"        {pattern}) known={shlex.quote(known)} ;;"


def _bash_value(value: Value) -> str:
    return f"words {' '.join(value.words)}" if value.words else value.kind


# -- zsh ---------------------------------------------------------------------------------------------------------------


def _zsh(top: Node) -> str:
    return _read("script.zsh").replace("@COMMANDS@", "\n".join(map(_zsh_command, with_all_below(top))))


def _zsh_command(node: Node) -> str:
    specs = [spec for option in node.options for spec in _zsh_option(option)]
    specs += [_zsh_value(value) for value in node.places]
    if node.is_open:
        specs[-1] = f"*{specs[-1]}"
    body = _read("group.zsh" if node.below else "command.zsh")
    cases = (f"                {each.path[-1]}) {_zsh_function(each)} ;;" for each in node.below)
    body = body.replace("@CASES@", "\n".join(cases)).replace("@NODE@", _zsh_function(node))
    below = (f"{each.path[-1]}:{each.about}" for each in node.below)
    return body.replace("@SPECS@", _zsh_list(specs, " \\")).replace("@BELOW@", _zsh_list(below, ""))


def _zsh_function(node: Node) -> str:
    return "_".join(["@FUNCTION@", *(name.replace("-", "_") for name in node.path)])


def _zsh_list(words: Iterable[str], end: str) -> str:
    return f"{end}\n        ".join(map(shlex.quote, words))


def _zsh_option(option: Option) -> list[str]:
    others = "*" if option.is_repeated else f"({' '.join(option.names)})" if len(option.names) > 1 else ""
    value = _zsh_value(option.value) if option.value else ""
    joined = "=" if value else ""
    return [f"{others}{name}{joined}[{_zsh_text(option.about)}]{value}" for name in option.names]


def _zsh_value(value: Value) -> str:
    action = f"({' '.join(value.words)})" if value.words else _ZSH_ACTIONS[value.kind]
    return f":{_zsh_text(value.metavar)}:{action}"


def _zsh_text(text: str) -> str:
    return re.sub(r"[]:[\\]", r"\\\g<0>", text)


_ZSH_ACTIONS = {TEXT: " ", FILE: "_files", FOLDER: "_files -/", ID: "@FUNCTION@__ids"}


# -- fish --------------------------------------------------------------------------------------------------------------


def _fish(top: Node) -> str:
    lines = (line for node in with_all_below(top) for line in _fish_lines(node))
    return _read("script.fish").replace("@COMPLETIONS@", "\n".join(lines))


def _fish_lines(node: Node) -> Iterator[str]:
    """For a command: the commands below it, its options, and what its places take."""
    at = f"complete -c @NAME@ -n {_fish_text(' '.join(['@FUNCTION@_at', *node.path]))}"
    within = f"complete -c @NAME@ -n {_fish_text(' '.join(['@FUNCTION@_within', *node.path]))}" if node.path else at
    for each in node.below:
        yield f"{at} -a {each.path[-1]} -d {_fish_text(each.about)}"
    for option in node.options:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
        takes = f" -x {_fish_value(option.value)}".rstrip() if option.value else ""
        yield f"{within} {names}{takes} -d {_fish_text(option.about)}"
    for value in dict.fromkeys(node.places):
        if value.words or value.kind != TEXT:
            yield f"{within} {_fish_value(value)}"


def _fish_value(value: Value) -> str:
    return f"-a {_fish_text(' '.join(value.words))}" if value.words else _FISH_ACTIONS[value.kind]


def _fish_text(text: str) -> str:
    """As fish quotes it, which is not quite as other shells do."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_FISH_ACTIONS = {
    TEXT: "",
    FILE: "-a '(__fish_complete_path (commandline -ct))'",
    FOLDER: "-a '(__fish_complete_directories)'",
    ID: "-k -a '(@FUNCTION@_ids)'",
}


# -- all ---------------------------------------------------------------------------------------------------------------

SCRIPTS = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""What makes each shell's script from a command line."""
