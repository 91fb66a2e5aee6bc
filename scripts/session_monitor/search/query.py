"""In which rounds was something said?

The words are looked up in ``word_index``; what is told of a hit is read from its session file.
"""

from __future__ import annotations

import contextlib
import functools
import heapq
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from typing import Callable, NamedTuple

from session_monitor.index import side_database
from session_monitor.index.database import Index, Progress
from session_monitor.index.side_database import SideDatabaseDamagedError
from session_monitor.reports.report import Report, silent
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.sums import breakdown
from session_monitor.sessions.rounds import open_session, round_at

from . import indexed_rounds, word_index
from .texts import said
from .word_index import RoundMatch
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
        with contextlib.suppress(SideDatabaseDamagedError), word_index.opened(sessions.folder, anew=anew) as db:
            return ask(db)
    return ask(None)


_Batches = Iterator[tuple[list[RoundMatch], int]]
"""Rounds that match, and when one that follows is at the latest."""

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
        except (sqlite3.DatabaseError, *side_database.NOT_TO_BE_READ) as error:
            raise SideDatabaseDamagedError from error  # a mistake of the program's own comes up again without it
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
    with side_database.one_state(db):
        if not word_index.is_of(db, index):
            return None
        hits, has_more = _hits(index, asked, _matching(db, asked))
        if word_index.is_current(db, index):
            return SearchResults(hits, has_more, is_kept=True)
        # Less than all, however little is missing.
        share = min(word_index.share(db, index), 0.9999)
        return SearchResults(hits, has_more, is_kept=True, looked_through=share)


def _has_enough(db: sqlite3.Connection, index: Index, asked: _Asked) -> bool:
    """Whether what is in has more hits than are wanted, and none that is missing is later than they are."""
    with side_database.one_state(db):
        if not word_index.has_latest(db, index) or word_index.is_current(db, index):
            return False
        missing = word_index.latest_missing(db)
        hits, are_more = _hits(index, asked._replace(taken=Counter()), _matching(db, asked), after=missing)
        return are_more and len(hits) == asked.limit


def _matching(db: sqlite3.Connection, asked: _Asked) -> _Batches:
    return word_index.matching(db, asked.query.words, asked.query.column)


def _hits(index: Index, asked: _Asked, batches: _Batches, after: int | None = None) -> tuple[list[Hit], bool]:
    """The latest hits, and whether there are more; only those from behind a moment, where one is given."""
    (words, column), where, limit, of_each, taken = asked
    finder = Finder(words)
    hits: list[Hit] = []
    passed_by = 0
    for session, number, at in _latest_first(index, _meant(index, where, batches)):
        if after is not None and at <= after:
            break
        if of_each is not None and taken[session] >= of_each:
            passed_by += 1
            if passed_by > _MOST_PASSED_BY:
                break
            continue
        hit = _hit(index, session, number, finder, column)
        if hit and len(hits) == limit:
            return hits, True
        if hit:
            hits.append(hit)
            taken[session] += 1
    return hits, passed_by > 0


def _meant(index: Index, where: str, batches: _Batches) -> _Batches:
    """Those of the rounds that are meant: nearly all may match, and few be meant."""
    if where == "true":
        return batches
    few = set(index.db.execute(f"SELECT session, number FROM round WHERE {where} LIMIT {FEW + 1}"))
    sql = f"SELECT 1 FROM round WHERE session = ? AND number = ? AND {where}"

    def is_meant(match: RoundMatch) -> bool:
        return match[:2] in few if len(few) <= FEW else bool(index.db.execute(sql, match[:2]).fetchone())

    return ((list(filter(is_meant, matches)), latest) for matches, latest in batches)


def _latest_first(index: Index, batches: _Batches) -> Iterator[RoundMatch]:
    """Rounds of sessions that are there: the latest first, those of one moment by their sessions' ids, of one session the last first.

    So they come alike, in whichever order they became known.
    """
    id_of = functools.lru_cache(maxsize=10_000)(lambda number: index.db.execute(_ID, (number,)).fetchone())
    waiting: list[tuple[int, str, int, RoundMatch]] = []
    for matches, latest in batches:
        for match in matches:
            if named := id_of(match.session):
                heapq.heappush(waiting, (-match.at, named[0], -match.number, match))
        while waiting and -waiting[0][0] > latest:
            yield heapq.heappop(waiting)[-1]
    while waiting:
        yield heapq.heappop(waiting)[-1]


_ID = "SELECT session_id FROM session WHERE id = ?"


def _hit(index: Index, session: int, number: int, finder: Finder, column: str | None) -> Hit | None:
    """What to tell of a round; None where it is not there any more."""
    indexed = indexed_rounds.indexed_round(index, session, number)
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
    (total,) = index.db.execute("SELECT coalesce(sum(calls), 0) FROM total").fetchone()
    hits, has_more = _hits(index, asked, _by_pieces(index, asked, progress, total))
    progress(total, total)
    return SearchResults(hits, has_more, is_kept=False)


def _by_pieces(index: Index, asked: _Asked, progress: Progress, total: int) -> _Batches:
    """What matches in each piece, one after the other."""
    done = 0
    with word_index.in_memory() as db:
        for piece, slot in indexed_rounds.older(index, indexed_rounds.NEVER):
            word_index.put(db, word_index.texts(index.folder, reversed(piece)))
            matches = [match for several, _ in _matching(db, asked) for match in several]
            yield matches, indexed_rounds.latest_before(slot)
            word_index.clear(db)
            done += len(piece)
            progress(done, total)
