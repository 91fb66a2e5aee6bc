"""How is nothing left of sessions that are deleted?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Collection

from session_monitor.base import data_folder
from session_monitor.index import opening
from session_monitor.index.side_database import SideDatabaseDamagedError

from . import own_rules
from .kept import insights_file, kept_sessions

PATIENCE = 5.0
"""Seconds to wait for who is just putting something in."""


def forget(folder: str, session_ids: Collection[str]) -> None:
    """Leave nothing of these sessions in what was found, nor of what somebody dismissed of them.

    Where they cannot be taken out of what is kept all of that is removed: it is made anew when somebody asks.  A person's
    own file that cannot be used stays as it is.  Raises ``OSError``.
    """
    with contextlib.suppress(own_rules.BadInsightRulesError):
        own_rules.forget(folder, session_ids)
    path = os.path.join(folder, data_folder.INSIGHTS)
    if opening.is_gone(path):
        return
    try:
        with insights_file.opened(folder, anew=False, patience=PATIENCE) as db:
            if db:
                kept_sessions.take_out(db, kept_sessions.numbers_of(db, session_ids))
                return
    except (sqlite3.Error, SideDatabaseDamagedError):
        pass
    opening.remove(path)
