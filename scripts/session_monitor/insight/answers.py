"""How does a question about findings get an index that is current, and what is kept of it, both in one state?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import Callable, NamedTuple, TypeVar

from session_monitor.base import data_folder
from session_monitor.index import opening, side_database
from session_monitor.index.database import Index, Progress
from session_monitor.index.side_database import SideDatabaseDamagedError
from session_monitor.reports.report import Report, silent

from . import own_rules
from .kept import insights_file, kept_sessions
from .own_rules import OwnRules

Answer = TypeVar("Answer")
Question = Callable[[sqlite3.Connection, Index, OwnRules], Answer]
Meant = Callable[[sqlite3.Connection, Index, OwnRules], str]
"""SQL for the rows of ``session`` that are asked about, in an index; it may look at what is kept."""


def ask(
    report: Report,
    meant: Meant,
    question: Question[Answer],
    progress: Progress = silent,
    *,
    patience: float = side_database.PATIENCE,
) -> Answer:
    """What a question finds in what is kept, where the sessions that are meant are judged; ``progress`` hears of their judging.

    ``patience`` is as ``side_database.opened`` takes it.  Where nothing can be kept, as in a folder that may not be written, they are judged for this
    question alone.
    Raises ``NoSuchFolderError`` as a report does.
    """
    own = own_rules.read(report.folder)

    def ask_with(db: sqlite3.Connection | None) -> Answer:
        return report.ask(lambda index: _answer(db, index, _Asked(own, meant, progress), question))

    # Before the main index is asked: a new file beside the session files makes it look after these once more.
    for anew in (False, True):
        with (
            contextlib.suppress(SideDatabaseDamagedError),
            insights_file.opened(report.folder, anew=anew, patience=patience) as db,
        ):
            return ask_with(db)
    return ask_with(None)


def known(report: Report, question: Question[Answer]) -> Answer | None:
    """What a question finds in what is kept by now: nobody is judged for it, and nobody waits for who just puts something in.

    None where nothing is kept, or it is not to be had just now.  Raises ``NoSuchFolderError``.
    """
    if opening.is_gone(os.path.join(report.folder, data_folder.INSIGHTS)):  # nor is it made
        return None
    own = own_rules.read(report.folder)

    def ask_with(db: sqlite3.Connection, index: Index) -> Answer | None:
        with contextlib.suppress(sqlite3.Error, *insights_file.NOT_TO_BE_READ), side_database.one_state(db):
            if kept_sessions.state(db).made == index.meta("made"):
                return question(db, index, own)
        return None

    damaged = SideDatabaseDamagedError, sqlite3.Error
    with contextlib.suppress(*damaged), insights_file.opened(report.folder, anew=False, patience=0.0) as db:
        return report.ask(lambda index: ask_with(db, index)) if db else None
    return None


class _Asked(NamedTuple):
    own: OwnRules
    meant: Meant
    progress: Progress

    def bring_up_to_date(self, db: sqlite3.Connection, index: Index) -> bool:
        from . import up_to_date  # noqa: PLC0415 -- who only asks what is known by now needs none

        return up_to_date.bring_up_to_date(db, index, self.own.rules, self.meant(db, index, self.own), self.progress)


def _answer(db: sqlite3.Connection | None, index: Index, asked: _Asked, question: Question[Answer]) -> Answer:
    # The numbers of a main index in memory are nobody's but this question's.
    if db and index.db.execute("PRAGMA database_list").fetchone()[2]:
        try:
            if asked.bring_up_to_date(db, index):
                with side_database.one_state(db):
                    if kept_sessions.state(db).made == index.meta("made"):  # unless another question has begun it anew
                        return question(db, index, asked.own)
        except sqlite3.OperationalError:  # no room, not for this user, or another question takes long
            pass
        except (
            sqlite3.DatabaseError,
            *insights_file.NOT_TO_BE_READ,
        ) as error:  # a mistake of the program's own comes up again below
            raise SideDatabaseDamagedError from error
    with insights_file.in_memory() as for_now:
        asked.bring_up_to_date(for_now, index)
        return question(for_now, index, asked.own)
