"""How is a program pointed to the proxy?

Most take the address of their provider from a variable of the environment, some from an argument alone; ``clients.json`` has both.
"""

from __future__ import annotations

import functools
import os
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

from session_monitor.base import data_tables

_HERE = "127.0.0.1,localhost"
_SPARED = ("NO_PROXY", "no_proxy")


@functools.lru_cache(1)
def _table() -> dict[str, Any]:
    table: dict[str, Any] = data_tables.beside(__file__, "clients.json")
    return table


def variables(port: int, session_id: str | None = None) -> dict[str, str]:
    """The variables that point programs to the proxy on this port; with a session in their paths, where one is named."""
    url = address(port, session_id)
    return {name: url + each["path"] for name, each in _table()["variables"].items()}


def address(port: int, session_id: str | None = None) -> str:
    """Where the proxy is."""
    return f"http://127.0.0.1:{port}" + (f"/s/{urllib.parse.quote(session_id, safe='')}" if session_id else "")


def upstreams_in(environment: Mapping[str, str]) -> list[str]:
    """The providers that somebody has set by these variables, as ``NAME=URL``: they stay those that are meant."""
    found: dict[str, str] = {}
    for name, each in _table()["variables"].items():
        if environment.get(name):
            found.setdefault(each["provider"], environment[name])
    return [f"{provider}={url}" for provider, url in found.items()]


def environment_for(environment: Mapping[str, str], port: int) -> dict[str, str]:
    """The same environment for a program that is to use the proxy; no other proxy stands before that one."""
    spared = next((environment[name] for name in _SPARED if environment.get(name)), "")
    no_proxy = f"{spared},{_HERE}" if spared else _HERE
    return {**environment, **variables(port), **dict.fromkeys(_SPARED, no_proxy)}


def command_for(command: Sequence[str], port: int) -> list[str]:
    """The same command; with arguments behind its program, where that reads no such variable."""
    program = os.path.basename(command[0])
    for row in _table()["arguments"]:
        if row["program"] == program:
            return [command[0], *(each.replace("{url}", address(port)) for each in row["arguments"]), *command[1:]]
    return list(command)
