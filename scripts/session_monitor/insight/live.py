"""What is found in the sessions that are at work right now?

It is asked after each poll of a monitor, so it judges no more at once than takes a moment, and a long session again only after a while.
"""

from __future__ import annotations

import bisect
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple, Optional

from session_monitor.index.database import Index
from session_monitor.reports.report import Report, silent

from . import answers, own_rules
from .basis import continuations
from .basis.finding import Finding
from .kept import kept_sessions
from .own_rules import DismissedFinding, OwnRules

MOST = 200
"""Sessions that are looked at, those that talked last."""
MOST_ROUNDS = 20_000
"""Rounds that are judged at once, about a second's work; a longer session is left to who asks about it."""
MOST_NEW = 200
"""Of them those that have to be read for it, a tenth of a second's work: who reads a log of a day hardly waits for it."""
PACE = 2
"""Milliseconds for each round of a session, after which it is judged again: some fifty times as long as that takes."""
PATIENCE = 2.0
"""Seconds to wait for a question that is just putting something in."""


class LiveFinding(NamedTuple):
    """What is found in a session, and how many calls have gone on from it since, in its conversation or one that continues it.

    ``later`` is None where it is older than what is looked at.
    """

    session_id: str
    finding: Finding
    later: Optional[int] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too


class LiveFindings(NamedTuple):
    """What is found in sessions at work, but for what somebody dismissed.

    ``unjudged`` are the ids of those of which nothing is known; ``again`` is when to look again though nothing more comes, in
    milliseconds since 1970, None where there is no need.
    """

    rows: tuple[LiveFinding, ...] = ()
    unjudged: frozenset[str] = frozenset()
    again: Optional[int] = None  # noqa: UP045


class _Row(NamedTuple):
    number: int
    session_id: str
    calls: int
    change: int
    upto: int = 0

    @property
    def new(self) -> int:
        """How many of its rounds have to be read to judge it."""
        return max(0, self.calls - self.upto)


class _Turns(NamedTuple):
    """Which sessions are judged now, by their numbers; when others are; and when each was judged that was, by their ids."""

    numbers: tuple[int, ...]
    again: Optional[int]  # noqa: UP045
    judged: dict[str, int]


class LiveJudge:
    """One LiveJudge looks for one run of a monitor, and remembers when it judged what."""

    def __init__(self) -> None:
        """Nothing was judged yet: what is kept of before is not judged again."""
        self._judged: dict[str, int] = {}

    def look(self, report: Report, since: int, now: int) -> LiveFindings:
        """What is found in the sessions that talked since then; both are in milliseconds since 1970.  Raises ``NoSuchFolderError``."""
        turns = _Turns((), None, {})

        def meant(db: sqlite3.Connection, index: Index, own: OwnRules) -> str:
            nonlocal turns  # a question that begins anew has others
            turns = self._turns(_waiting(db, index, own, since), now)
            return f"id IN ({', '.join(map(str, turns.numbers))})" if turns.numbers else "false"

        def question(db: sqlite3.Connection, index: Index, own: OwnRules) -> LiveFindings:
            return _found(db, index, own, since)

        found = answers.ask(report, meant, question, silent, patience=PATIENCE)
        judged = turns.judged.items()
        self._judged = {key: at for key, at in judged if since <= at <= now and key not in found.unjudged}
        return found._replace(again=turns.again)

    def _turns(self, rows: list[_Row], now: int) -> _Turns:
        """Whose turn it is."""
        numbers: list[int] = []
        again: list[int] = []
        judged = dict(self._judged)
        rounds = new = 0
        for row in rows:
            before = self._judged.get(row.session_id)
            due = before + row.calls * PACE if before is not None and before <= now else now
            is_room = rounds + row.calls <= MOST_ROUNDS and new + row.new <= MOST_NEW
            if due <= now and (is_room or not numbers):
                rounds += row.calls
                new += row.new
                numbers.append(row.number)
                judged[row.session_id] = now
            else:
                again.append(max(due, now + 1))
        return _Turns(tuple(numbers), min(again, default=None), judged)


_ROWS = "SELECT id, calls, change FROM session WHERE updated >= ? ORDER BY updated DESC, id DESC LIMIT ?"


def _rows(index: Index, since: int) -> list[_Row]:
    found = index.db.execute(_ROWS, (since, MOST))
    return [_Row(number, index.session_id(number), calls, change) for number, calls, change in found]


def _waiting(db: sqlite3.Connection, index: Index, own: OwnRules, since: int) -> list[_Row]:
    """The sessions that have to be judged and are not too long: first those that never were, the newest first, then those that were longest ago."""
    rows = [row for row in _rows(index, since) if row.calls <= MOST_ROUNDS]
    if kept_sessions.state(db).made != index.meta("made"):
        return rows
    name = own_rules.fingerprint(own.rules, index.book)
    waiting: list[tuple[int, _Row]] = []
    for row in rows:
        kept = kept_sessions.session(db, row.number)
        if kept is None:
            waiting.append((-1, row))
        elif (kept.change, kept.judged_by) != (row.change, name):
            waiting.append((kept.change, row._replace(upto=kept.upto)))
    return [row for _, row in sorted(waiting, key=lambda each: each[0])]


_BEHIND = "SELECT number, thread FROM round WHERE session = ? AND number >= ? ORDER BY number"


def _found(db: sqlite3.Connection, index: Index, own: OwnRules, since: int) -> LiveFindings:
    found: list[LiveFinding] = []
    unjudged: set[str] = set()
    for row in _rows(index, since):
        judged = kept_sessions.judgement(db, row.number)
        if judged is None:
            unjudged.add(row.session_id)
            continue
        told = [
            each
            for each in judged.findings
            if DismissedFinding(row.session_id, each.kind, each.first) not in own.dismissed
        ]
        lasts = [each.last for each in told if _is_recent(each, since)]
        behind = index.db.execute(_BEHIND, (row.number, min(lasts))).fetchall() if lasts else []
        for each in told:
            later = _later(behind, each.last, judged.continued) if _is_recent(each, since) else None
            found.append(LiveFinding(row.session_id, each, later))
    return LiveFindings(tuple(found), frozenset(unjudged))


def _is_recent(found: Finding, since: int) -> bool:
    return found.at is not None and found.at >= since


def _later(behind: Sequence[tuple[int, int]], last: int, known: Sequence[tuple[int, int, int]]) -> int | None:
    """How many rounds went on from the last one of a finding, which is the first of those, or among them."""
    at = bisect.bisect_left(behind, (last,))
    if at == len(behind) or behind[at][0] != last:
        return None  # the session's file is another one by now
    return continuations.later(behind[at + 1 :], last, behind[at][1], known)
