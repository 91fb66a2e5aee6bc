"""What is kept of sessions: which of them are judged, what of their rounds matters, what was found?

Functions take what ``kept`` opens.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from session_monitor.base import utf8
from session_monitor.index.side_database import transaction
from session_monitor.insight.basis import limits
from session_monitor.insight.basis.finding import SEVERITIES, Finding
from session_monitor.insight.judging.judgement import SessionJudgement
from session_monitor.prices.money import MICRO

if TYPE_CHECKING:
    from session_monitor.insight.basis.prompt_versions import PromptRun
    from session_monitor.insight.caching.cache import OfCache
    from session_monitor.insight.caching.lifetimes import Pauses

EVERY = "true"
"""SQL for all sessions."""
ORDER = "severity DESC, usd DESC, pico DESC, at DESC, session, first, kind"
"""SQL for the gravest first, as ``finding_order`` has them."""
COLUMNS = "kind, severity, first, last, rounds, at, tokens, usd, pico, basis, details"


class KeptSession(NamedTuple):
    """What is kept of a session: up to which round, the tools' names by the calls' ids, and its judgement's circumstances."""

    upto: int
    names: bytes
    change: int
    judged_by: str


class JudgedSession(NamedTuple):
    """What is new of a session: its number and id, what was kept before (None: nothing), and what is to be.

    ``chunks`` are the new ones, and the one that they go on from.
    """

    number: int
    session_id: str
    before: Optional[KeptSession]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    now: KeptSession
    chunks: Sequence[tuple[int, bytes]]
    judgement: SessionJudgement
    prompts: Sequence[PromptRun]


class KeptState(NamedTuple):
    """Of which making of the main index the numbers are, and how often something was removed."""

    made: str
    removals: int


def state(db: sqlite3.Connection) -> KeptState:
    """What has to be the same still when something is put in."""
    return KeptState(*db.execute("SELECT made, removals FROM meta").fetchone())


def begin_for(db: sqlite3.Connection, made: str) -> None:
    """See that what is in is of this making of the main index: else nothing is."""
    if state(db).made == made:
        return
    with transaction(db):
        if state(db).made != made:  # another question may have been first
            for table in ("session", "chunk", "prompt", "finding"):
                db.execute(f"DELETE FROM {table}")
            db.execute("UPDATE meta SET made = ?, removals = removals + 1, change = -1, usual = ''", (made,))


def change_of(db: sqlite3.Connection, by: str) -> int:
    """Up to which change of the main index all sessions are judged by this; -1 where none has to be."""
    change, judged_by = db.execute("SELECT change, judged_by FROM meta").fetchone()
    return int(change) if judged_by == by else -1


def all_are_in(db: sqlite3.Connection, made: str, change: int, by: str) -> None:
    """All sessions of this making of the main index are judged by this, up to a change of it."""
    if db.execute("SELECT change, judged_by FROM meta").fetchone() != (change, by):
        with transaction(db):
            db.execute("UPDATE meta SET change = ?, judged_by = ? WHERE made = ?", (change, by, made))


def judged(db: sqlite3.Connection, by: str, numbers: Iterable[int] | None) -> dict[int, int]:
    """Up to which change each session is judged by this; ``numbers``: those alone, None for all."""
    sql = "SELECT id, change FROM session WHERE judged_by = ?"
    if numbers is None:
        return dict(db.execute(sql, (by,)))
    return dict(row for each in numbers for row in db.execute(f"{sql} AND id = ?", (by, each)))


def numbers(db: sqlite3.Connection) -> set[int]:
    """The numbers of all sessions of which anything is kept."""
    return {number for (number,) in db.execute("SELECT id FROM session")}


def numbers_of(db: sqlite3.Connection, session_ids: Iterable[str]) -> set[int]:
    """The numbers of those of these sessions of which anything is kept."""
    by_id = "SELECT id FROM session WHERE session_id = CAST(? AS TEXT)"
    return {number for each in session_ids for (number,) in db.execute(by_id, (utf8.encoded(each),))}


def pauses(db: sqlite3.Connection) -> Iterator[dict[OfCache, dict[int, Pauses]]]:
    """The samples of all sessions that have any, of how long caches are kept."""
    from . import contents  # noqa: PLC0415 -- who only asks what is known by now needs none

    return (contents.unpacked_pauses(text) for (text,) in db.execute("SELECT pauses FROM session WHERE pauses <> ''"))


def usual(db: sqlite3.Connection) -> tuple[int, str]:
    """What was usual when that was last looked at, and of how many sessions; empty where it never was."""
    count, text = db.execute("SELECT usual_of, usual FROM meta").fetchone()
    return count, text


def put_usual(db: sqlite3.Connection, count: int, text: str) -> None:
    """This is usual of so many sessions."""
    with transaction(db):
        db.execute("UPDATE meta SET usual_of = ?, usual = ?", (count, text))


def session(db: sqlite3.Connection, number: int) -> KeptSession | None:
    """What is kept of a session; None where nothing is."""
    row = db.execute("SELECT upto, names, change, judged_by FROM session WHERE id = ?", (number,)).fetchone()
    return row and KeptSession(*row)


def chunks(db: sqlite3.Connection, number: int) -> list[bytes]:
    """The contents of a session's rounds, in order."""
    return [data for (data,) in db.execute("SELECT data FROM chunk WHERE session = ? ORDER BY first", (number,))]


def judgement(db: sqlite3.Connection, number: int) -> SessionJudgement | None:
    """A session's judgement, without the samples in it; None where there is none."""
    row = db.execute("SELECT rounds, not_judged, sums, continued FROM session WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    rounds, not_judged, sums, continued = row
    sql = f"SELECT {COLUMNS} FROM finding WHERE session = ? ORDER BY {ORDER}"
    found = tuple(finding_of(*columns) for columns in db.execute(sql, (number,)))
    return SessionJudgement(found, rounds, not_judged, json.loads(sums), {}, json.loads(continued) if continued else ())


def prompt_runs(db: sqlite3.Connection) -> Iterator[tuple[int, int, int, int | None, int]]:
    """The runs of all sessions under their system prompts, each behind its session's number."""
    return db.execute("SELECT session, first, last, mark, stands_in FROM prompt")


def finding_of(*columns: Any) -> Finding:
    """A finding of the columns of its row.  Raises ``LookupError`` where there is no such kind, among others."""
    kind, severity, first, last, rounds, at, tokens, usd, rest, basis, details = columns
    pico = None if usd is None else usd * MICRO + rest
    severity_name = SEVERITIES[severity]
    if kind not in limits.kinds():
        raise LookupError(kind)
    return Finding(
        kind, severity_name, first, last, tuple(json.loads(rounds)), at, tokens, pico, basis, json.loads(details)
    )


def put(db: sqlite3.Connection, begun: KeptState, new: Iterable[JudgedSession]) -> int | None:
    """Put in sessions that were judged, and say how many; those that another question put in meanwhile are left out.

    None where nothing is put in, as sessions were removed since it was ``begun``, or their numbers mean others now.
    """
    count = 0
    with transaction(db):
        if state(db) != begun:
            return None
        for each in new:
            if session(db, each.number) == each.before:
                _put(db, each)
                count += 1
    return count


def _put(db: sqlite3.Connection, each: JudgedSession) -> None:
    from . import contents  # noqa: PLC0415 -- as above

    judged, number = each.judgement, each.number
    sums, pauses_ = json.dumps(judged.sums, separators=(",", ":")), contents.packed_pauses(judged.pauses)
    continued = json.dumps(judged.continued, separators=(",", ":")) if judged.continued else ""
    row = number, utf8.encoded(each.session_id), *each.now, judged.rounds, judged.not_judged, sums, pauses_, continued
    db.execute("INSERT OR REPLACE INTO session VALUES (?, CAST(? AS TEXT), ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    db.executemany("INSERT OR REPLACE INTO chunk VALUES (?, ?, ?)", ((number, *chunk) for chunk in each.chunks))
    db.execute("DELETE FROM prompt WHERE session = ?", (number,))
    db.executemany("INSERT INTO prompt VALUES (?, ?, ?, ?, ?)", ((number, *run) for run in each.prompts))
    db.execute("DELETE FROM finding WHERE session = ?", (number,))
    db.executemany(
        "INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (_row(number, found) for found in judged.findings),
    )


def _row(number: int, found: Finding) -> tuple[Any, ...]:
    usd, rest = (None, None) if found.pico is None else divmod(found.pico, MICRO)
    details = json.dumps(found.details, separators=(",", ":"))
    return (
        *(
            number,
            found.kind,
            SEVERITIES.index(found.severity),
            found.first,
            found.last,
            found.at,
            found.tokens,
            usd,
            rest,
        ),
        *(found.basis, json.dumps(found.rounds), details),
    )


# -- taking out --------------------------------------------------------------------------------------------------------


def take_out(db: sqlite3.Connection, gone: Collection[int]) -> None:
    """Take out sessions that are not there any more."""
    with transaction(db):
        for table, column in (("session", "id"), ("chunk", "session"), ("prompt", "session"), ("finding", "session")):
            db.executemany(f"DELETE FROM {table} WHERE {column} = ?", ((number,) for number in gone))
        db.execute("UPDATE meta SET removals = removals + 1")
