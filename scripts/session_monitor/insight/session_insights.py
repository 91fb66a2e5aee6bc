"""What is found in one session, and what do its calls add up to?"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.index.database import Index
from session_monitor.reports.report import Report

from . import answers, wording
from .basis.finding import SEVERITIES, Finding
from .judging.judgement import Sums
from .kept import kept_sessions
from .own_rules import DismissedFinding, OwnRules

if TYPE_CHECKING:
    from .cache_totals import CacheTotals


class SessionInsights(NamedTuple):
    """What is found in a session, the gravest first, but for what somebody ``dismissed``.

    ``sums`` are those of ``SessionJudgement``.  Of its ``rounds`` so many are ``not_judged``: the log
    does not hold what they sent.  ``mistakes`` are those in a person's own rules, in words.
    """

    session_id: str
    findings: tuple[Finding, ...]
    dismissed: tuple[Finding, ...]
    rounds: int
    not_judged: int
    sums: Mapping[str, Sums]
    mistakes: tuple[str, ...] = ()

    @property
    def by_severity(self) -> dict[str, int]:
        """How many findings there are of each severity, the gravest first."""
        return {each: sum(found.severity == each for found in self.findings) for each in reversed(SEVERITIES)}

    @property
    def cache(self) -> CacheTotals:
        """What its caching comes to."""
        from . import cache_totals  # noqa: PLC0415 -- who only asks for findings needs none

        return cache_totals.of_sums(self.sums["cache"])

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "session_id": self.session_id,
            "findings": list(map(wording.to_json, self.findings)),
            "dismissed": list(map(wording.to_json, self.dismissed)),
            "rounds": self.rounds,
            "not_judged": self.not_judged,
            "cache": self.cache.to_json(),
            "mistakes": list(self.mistakes),
        }


def of_session(report: Report, session_id: str) -> SessionInsights | None:
    """What is found in the session with this id; None where there is none.  Raises ``NoSuchFolderError``."""

    def meant(_db: sqlite3.Connection, index: Index, _own: OwnRules) -> str:
        number = index.session_number(session_id)
        return "false" if number is None else f"id = {number}"

    return answers.ask(report, meant, _question(session_id))


def known(report: Report, session_id: str) -> SessionInsights | None:
    """The same of what is judged by now: its ``rounds`` may be fewer than there are.  None where nothing is, or it is not to be had just now.

    Raises ``NoSuchFolderError``.
    """
    return answers.known(report, _question(session_id))


def _question(session_id: str) -> answers.Question[SessionInsights | None]:
    def question(db: sqlite3.Connection, index: Index, own: OwnRules) -> SessionInsights | None:
        number = index.session_number(session_id)
        judged = None if number is None else kept_sessions.judgement(db, number)
        if judged is None:
            return None
        gone = [
            each for each in judged.findings if DismissedFinding(session_id, each.kind, each.first) in own.dismissed
        ]
        told = tuple(each for each in judged.findings if each not in gone)
        return SessionInsights(
            session_id, told, tuple(gone), judged.rounds, judged.not_judged, judged.sums, own.mistakes
        )

    return question
