"""Where does each agent keep its sessions?"""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from session_monitor.base.data_tables import beside


class Agent(NamedTuple):
    """One agent: its name, and as people write it; which variables name its folder, which are usual, and what lies there.

    ``folders`` are those of sessions in it, ``names`` the patterns of their files.
    """

    name: str
    title: str
    variables: Sequence[str]
    homes: Sequence[str]
    folders: Sequence[str]
    names: Sequence[str]


AGENTS: Mapping[str, Agent] = {name: Agent(name, **told) for name, told in beside(__file__, "places.json").items()}


class Walk(NamedTuple):
    """The session files below some folders, sorted, and what there cannot be looked at: its path, and why."""

    files: list[str]
    problems: list[tuple[str, str]]


def roots(agent: Agent, environment: Mapping[str, str]) -> list[str]:
    """The agent's folders, whether they are there or not: those that its variables name, else the usual ones."""
    for variable in agent.variables:
        if environment.get(variable):
            return [os.path.expanduser(each.strip()) for each in environment[variable].split(",") if each.strip()]
    home = environment.get("HOME") or os.path.expanduser("~")
    data = environment.get("XDG_DATA_HOME") or os.path.join(home, ".local/share")
    places = [each.replace("$XDG_DATA_HOME", data) for each in agent.homes]
    return list(dict.fromkeys(os.path.join(home, each[2:]) if each.startswith("~/") else each for each in places))


def session_files(agent: Agent, named: Sequence[str]) -> Walk:
    """The agent's session files at these places: a file, or a folder of the agent or within.  Links below them are left."""
    walk = Walk([], [])
    for each in named:
        path = os.path.realpath(each)
        try:
            is_file = stat.S_ISREG(os.stat(path).st_mode)
        except OSError as error:
            walk.problems.append((path, error.strerror or str(error)))
            continue
        if is_file:
            walk.files.append(path)
            continue
        within = [folder for folder in agent.folders if os.path.isdir(os.path.join(path, folder))]
        for folder in within or ["."]:
            _look_below(agent, os.path.normpath(os.path.join(path, folder)), walk)
    return Walk(sorted(set(walk.files)), walk.problems)


def _look_below(agent: Agent, top: str, walk: Walk) -> None:
    def tell(error: OSError) -> None:
        walk.problems.append((str(error.filename), error.strerror or str(error)))

    for folder, _, names in os.walk(top, onerror=tell):
        for name in names:
            path = os.path.join(folder, name)
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in agent.names) and _is_file(path):
                walk.files.append(path)


def _is_file(path: str) -> bool:
    """Whether it is a file, and no link to one: who may write there must not have others read what they name."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False
