"""In which rounds was something said?

The words are looked up in ``word_index``; what is told of a hit is read from its session file.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from typing import Callable, NamedTuple

from session_monitor.base import timestamps
from session_monitor.index.database import Index, Progress
from session_monitor.reports import breakdown
from session_monitor.reports.report import Report, silent
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.sessions.rounds import open_session, round_at

from . import word_index
from .texts import said
from .word_index import SearchIndexDamagedError
from .words import Finder, Word

LIMIT = 20
FEW = 100_000
"""Up to so many rounds that are meant are listed; of more one is soon found."""


class Query(NamedTuple):
    """Rounds that have all of these words, in one of ``texts.COLUMNS`` or wherever."""

    words: tuple[Word, ...]
    column: str | None = None


class Hit(NamedTuple):
    """A round in which something was found: where, and a part of it with the spans that match.

    ``where`` is the one of ``texts.COLUMNS`` in which most of the words stand.
    """

    session_id: str
    round: int
    timestamp: str | None
    model: str | None
    where: str
    excerpt: str
    matches: list[tuple[int, int]]


class SearchResults(NamedTuple):
    """Hits, the latest first, and whether there are more.

    ``is_kept`` says whether there is a search index now that the next search can use, ``looked_through`` which part of all
    rounds is in it: those that are not are older, and are found by a search that goes on.  Where there is no hit, ``rounds``
    and ``unlogged`` say how many rounds there are, and of how many of them the log holds no content.
    """

    hits: list[Hit]
    has_more: bool
    is_kept: bool
    rounds: int = 0
    unlogged: int = 0
    looked_through: float = 1.0

    @property
    def is_complete(self) -> bool:
        """Whether all was looked through."""
        return self.looked_through == 1.0


def never() -> bool:
    """Nobody has waited long enough."""
    return False


def within(seconds: float, clock: Callable[[], float] = time.monotonic) -> Callable[[], bool]:
    """What says whether so many seconds are over, on a clock."""
    end = clock() + seconds
    return lambda: clock() >= end


def search(
    sessions: Report,
    query: Query,
    meant: Selection = ALL,
    *,
    limit: int = LIMIT,
    of_each: int | None = None,
    progress: Progress = silent,
    is_enough: Callable[[], bool] = never,
) -> SearchResults:
    """The latest rounds that match, among those that are meant; ``of_each`` session so many at most, where that is given.

    ``progress`` hears of the making of the search index, how many rounds of how many are in.  That ends before all are in
    once there are more hits than are wanted, or where it ``is_enough``, which is asked after each piece.  Raises ``NoSuchFolderError`` as a report does, and
    ``NoFullTextError``.
    """

    def ask(db: sqlite3.Connection | None) -> SearchResults:
        def question(index: Index) -> SearchResults:
            where = SelectionSql(index, meant).rounds(meant.since, meant.until)
            return _answer(db, index, _Asked(query, where, limit, of_each, Counter()), progress, is_enough)

        return sessions.ask(question)

    # Before the main index is asked: a new file beside the session files makes it look after these once more.
    for anew in (False, True):
        with contextlib.suppress(SearchIndexDamagedError), word_index.opened(sessions.folder, anew=anew) as db:
            return ask(db)
    return ask(None)


_MOST_PASSED_BY = 50_000
"""Rounds of sessions that have their hits: after so many, others are not looked for any more."""


class _Asked(NamedTuple):
    """What is looked for, in which rows of the main index's ``round``, and how many hits are wanted, in all and of a session.

    ``taken`` counts those that there are already, by session.
    """

    query: Query
    where: str
    limit: int
    of_each: int | None
    taken: Counter[int]


def _answer(
    db: sqlite3.Connection | None, index: Index, asked: _Asked, progress: Progress, is_enough: Callable[[], bool]
) -> SearchResults:
    answer = None
    # The numbers of a main index in memory are nobody's but this search's.
    is_on_disk = index.db.execute("PRAGMA database_list").fetchone()[2] != ""
    if db and is_on_disk:
        try:
            answer = _found(db, index, asked, progress, is_enough)
        except sqlite3.OperationalError:  # no room, not for this user, or another search takes long
            pass
        except sqlite3.DatabaseError as error:
            raise SearchIndexDamagedError from error
    answer = answer or _piecemeal(index, asked, progress)
    if answer.hits:
        return answer
    rounds, unlogged = breakdown.without_content(index)
    return answer._replace(rounds=rounds, unlogged=unlogged)


def _found(
    db: sqlite3.Connection, index: Index, asked: _Asked, progress: Progress, is_enough: Callable[[], bool]
) -> SearchResults | None:
    """What is found in a search index, which is gone on with before; None where another search has begun it anew."""
    if not word_index.is_current(db, index):
        (total,) = index.db.execute("SELECT coalesce(sum(calls), 0) FROM total").fetchone()
        for _ in word_index.bring_up_to_date(db, index):
            progress(min(word_index.rounds(db), total), total)
            if is_enough() or _has_enough(db, index, asked):
                break
    with word_index.one_state(db):
        if not word_index.is_of(db, index):
            return None
        hits, has_more = _hits(db, index, asked)
        if word_index.is_current(db, index):
            return SearchResults(hits, has_more, is_kept=True)
        # Less than all, however little is missing.
        share = min(word_index.share(db, index), 0.9999)
        return SearchResults(hits, has_more, is_kept=True, looked_through=share)


def _has_enough(db: sqlite3.Connection, index: Index, asked: _Asked) -> bool:
    """Whether what is in has more hits than are wanted, and none that is missing is later than they are."""
    with word_index.one_state(db):
        if not word_index.has_latest(db, index) or word_index.is_current(db, index):
            return False
        hits, are_more = _hits(db, index, asked._replace(taken=Counter()))
        return are_more and len(hits) == asked.limit


def _hits(db: sqlite3.Connection, index: Index, asked: _Asked) -> tuple[list[Hit], bool]:
    """The hits in a search index, the latest first, and whether there are more."""
    (words, column), where, limit, of_each, taken = asked
    finder = Finder(words)
    hits: list[Hit] = []
    passed_by = 0
    for session, number in _meant(index, where, word_index.matching(db, words, column)):
        if of_each is not None and taken[session] >= of_each:
            passed_by += 1
            if passed_by > _MOST_PASSED_BY:
                break
            continue
        hit = _hit(index, session, number, finder, column)
        if hit and len(hits) == limit:
            return _sorted(hits), True
        if hit:
            hits.append(hit)
            taken[session] += 1
    return _sorted(hits), passed_by > 0


def _meant(index: Index, where: str, rounds: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Those of the rounds that are meant: nearly all may match, and few be meant."""
    if where == "true":
        return rounds
    few = set(index.db.execute(f"SELECT session, number FROM round WHERE {where} LIMIT {FEW + 1}"))
    if len(few) <= FEW:
        return (each for each in rounds if each in few)
    sql = f"SELECT 1 FROM round WHERE session = ? AND number = ? AND {where}"
    return (each for each in rounds if index.db.execute(sql, each).fetchone())


def _sorted(hits: list[Hit]) -> list[Hit]:
    """The latest first; they come in the order in which they became known."""
    return sorted(hits, key=lambda hit: timestamps.milliseconds(hit.timestamp) or 0, reverse=True)


def _hit(index: Index, session: int, number: int, finder: Finder, column: str | None) -> Hit | None:
    """What to tell of a round; None where it is not there any more."""
    indexed = word_index.indexed_round(index, session, number)
    if indexed is None:
        return None
    try:
        with open_session(index.folder, indexed.place.file) as file:
            before = indexed.before and round_at(file, indexed.before)
            stored = round_at(file, indexed.place)
    except OSError:
        return None
    texts = said(stored, before)._asdict() if stored else {}
    excerpts = {name: finder.excerpt(text) for name, text in texts.items() if text and column in (None, name)}
    if not stored or not excerpts:
        return None
    best = max(excerpts, key=lambda name: excerpts[name].words)
    excerpt = excerpts[best]
    return Hit(
        index.session_id(session), number, stored["timestamp"], stored["model"], best, excerpt.text, excerpt.matches
    )


def _piecemeal(index: Index, asked: _Asked, progress: Progress) -> SearchResults:
    """The hits without a search index that is kept: from one of a piece at a time in memory, the latest first."""
    hits: list[Hit] = []
    has_more, done = False, 0
    (total,) = index.db.execute("SELECT coalesce(sum(calls), 0) FROM total").fetchone()
    with word_index.in_memory() as db:
        for piece, _ in word_index.older(index, word_index.NEVER):
            word_index.put(db, list(word_index.texts(index.folder, reversed(piece))))
            more, are_more = _hits(db, index, asked._replace(limit=asked.limit - len(hits)))
            hits += more
            has_more |= are_more
            if are_more and len(hits) == asked.limit:
                break
            word_index.clear(db)
            done += len(piece)
            progress(done, total)
    progress(total, total)
    return SearchResults(_sorted(hits), has_more, is_kept=False)
