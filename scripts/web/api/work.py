"""What came of the work that a session was begun for: which files, which commits, and line by line?

Git is asked while work is under way, for no longer than it may take; of work that has ended the file of pieces tells.  All of it is
for those alone who may see all sessions, and of nobody where texts are not served.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from session_monitor.reports.report import Report
from session_monitor.work import diffs, life, work_file
from session_monitor.work.piece import Piece
from session_monitor.work.work_file import BadWorkFileError
from web.asking import parameters
from web.asking.questions import HOLDS, Question, Setting, no_session
from web.asking.redaction import refuse_texts
from web.server.exchange import Request


def brief(session_id: str, setting: Setting) -> dict[str, Any] | None:
    """How the work stands that a session was begun for, without its files; None where it is none's, or nobody may know."""
    found = None if setting.redacts or not setting.sees_all else _piece(setting.folder, session_id)
    return found and found.told(setting.since(HOLDS), files=False)


def _piece(folder: str, session_id: str) -> Piece | None:
    """None also where the file has a mistake, which the command line tells."""
    if not work_file.is_there(folder):
        return None
    try:
        return work_file.read(folder).by_id.get(session_id)
    except BadWorkFileError:
        return None


@dataclass(frozen=True)
class WorkQuestion(Question):
    """Which files and commits came of the work of this session?

    ``stamp`` stands for the state of the file of pieces, ``now`` for that of the working tree.
    """

    session_id: str
    stamp: object
    now: int

    has_coverage = False

    @classmethod
    def of(cls, request: Request, setting: Setting) -> WorkQuestion:
        """What a request asks."""
        session_id = parameters.session_id(request)
        return cls(session_id, work_file.stamp(setting.folder), setting.since(HOLDS))

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """``work`` is None where the session is no work's."""
        found = self._found(report, setting)
        if setting.redacts:
            return {"work": None}
        return {"work": None if found is None else life.so_far(found).told(self.now)}

    def _found(self, report: Report, setting: Setting) -> Piece | None:
        """The work; None where the session is no work's.  Raises ``Refusal`` where there is neither."""
        found = _piece(setting.folder, self.session_id)
        if found is None and report.session(self.session_id) is None:
            raise no_session()
        return found


@dataclass(frozen=True)
class WorkDiffQuestion(WorkQuestion):
    """What became of one file of that work, line by line?"""

    file: str = ""

    @classmethod
    def of(cls, request: Request, setting: Setting) -> WorkDiffQuestion:
        """What a request asks."""
        refuse_texts(setting)
        asked = WorkQuestion.of(request, setting)
        return cls(asked.session_id, asked.stamp, asked.now, parameters.needed(request, "file"))

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """The lines as git has them; None, and why, where there is nothing to show."""
        found = self._found(report, setting)
        if found is None:
            return {"text": None, "is_cut": False, "problem": "the session is no work's"}
        return diffs.of_file(life.so_far(found), self.file)._asdict()
