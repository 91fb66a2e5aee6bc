"""Which folder stands for a database of many gateways' calls?

It lies among the person's own data and is private: its index can be made anew at any time, but what people note of
sessions, budgets and prices of one's own stand there, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from session_monitor.base import data_folder, files, mounts
from session_monitor.base.hashing import sha256
from session_monitor.clickhouse import address as addresses
from session_monitor.clickhouse.address import Address

from .mount import FleetMount

_ODD = re.compile(r"[^A-Za-z0-9.-]+")


class NoHomeError(OSError):
    """There is no folder for what belongs to a person."""


def mounted(address: str, environment: Mapping[str, str]) -> str:
    """The folder that stands for a database from now on, in this process.  Raises ``BadAddressError`` and ``OSError``."""
    found = addresses.of(address)
    folder = folder_of(found, environment)
    data_folder.make(folder)
    files.close_to_others(folder)
    mounts.mount(folder, FleetMount(found, environment))
    return folder


def folder_of(address: Address, environment: Mapping[str, str]) -> str:
    """Where it lies (XDG Base Directory Specification).  Raises ``NoHomeError``."""
    base = environment.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):  # the specification says to ignore it
        home = environment.get("HOME") or os.path.expanduser("~")
        if home == "~":
            raise NoHomeError("there is no home folder for what is kept of a database: set XDG_DATA_HOME")
        base = os.path.join(home, ".local", "share")
    name = _ODD.sub("_", f"{address.host}-{address.database}")[:80]
    digest = sha256(address.shown.encode()).hexdigest()[:12]
    return os.path.join(base, "agent-session-monitor", "fleet", f"{name}-{digest}")
