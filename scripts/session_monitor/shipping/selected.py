"""Which spans are there of the calls that somebody chose?"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from session_monitor.index.database import Index
from session_monitor.prices.book import Book
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection
from session_monitor.sessions import session_file
from session_monitor.sessions.rounds import Place, open_session, round_at

from .otlp import spans
from .turns import Turns

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound
    from session_monitor.sessions.summary import Coming

    from .otlp.telemetry import Span

_COUNT = "SELECT count(*) FROM round WHERE {}"
_ROUNDS = (
    "SELECT session.session_id, session.file, number, start, length FROM session "
    "CROSS JOIN (SELECT * FROM round WHERE {}) AS meant ON meant.session = session.id ORDER BY session.session_id, number"
)


class Chosen(NamedTuple):
    """A call that was chosen: its session, where its round stands, and its span.

    None where it stands there no more, or where the log does not tell when it was.
    """

    session_id: str
    place: Place
    span: Span | None


def count(index: Index, meant: Selection) -> int:
    """How many calls are meant."""
    where = SelectionSql(index, meant).rounds(meant.since, meant.until)
    return int(index.db.execute(_COUNT.format(where)).fetchone()[0])


def of_index(index: Index, meant: Selection, *, is_with_content: bool) -> Iterator[Chosen]:
    """The calls that are meant, session by session, read as they are taken."""
    where = SelectionSql(index, meant).rounds(meant.since, meant.until)
    rows = index.db.execute(_ROUNDS.format(where))
    for (session_id, file), each in itertools.groupby(rows, lambda row: (row[0], row[1])):
        places = (Place(file, *rest) for _, _, *rest in each)
        yield from of_places(index.folder, session_id, places, index.book, is_with_content=is_with_content)


def of_places(
    folder: str, session_id: str, places: Iterable[Place], book: Book, *, is_with_content: bool = False
) -> Iterator[Chosen]:
    """The calls of one session whose rounds stand at these places of one file, in their order."""
    with contextlib.ExitStack() as stack:
        file = turns = None
        for place in places:
            if turns is None or file is None:
                try:
                    file = stack.enter_context(open_session(folder, place.file))
                except OSError:  # it was deleted meanwhile
                    yield Chosen(session_id, place, None)
                    continue
                turns = Turns(file)
            stored = round_at(file, place)
            if stored is None:
                yield Chosen(session_id, place, None)
                continue
            span = _span(session_id, stored, turns, place.start, book, is_with_content=is_with_content)
            yield Chosen(session_id, place, span)


def _span(
    session_id: str, stored: StoredRound, turns: Turns, start: int, book: Book, *, is_with_content: bool = False
) -> Span | None:
    try:
        return spans.of_round(session_id, stored, turns.began(stored, start), book, is_with_content=is_with_content)
    except Exception:  # noqa: BLE001 -- one that cannot be told, whatever its log made of it, must not keep the others waiting
        return None


def that_came(folder: str, coming: Coming, over: int, book: Book) -> Iterator[tuple[int, Span | None]]:
    """The numbers and the spans of rounds that came together, without the first so many; None as in ``Chosen``."""
    numbers = range(coming.first + over, coming.first + coming.rounds)
    with contextlib.ExitStack() as stack:
        file = _opened(stack, folder, coming)
        if file is None:
            yield from ((number, None) for number in numbers)
            return
        turns = Turns(file)
        place = _begin(file, coming, over)
        for number in numbers:
            file.seek(place)
            line = file.readline()
            stored = session_file.round_in(line)
            if stored is None or stored["round"] != number:
                yield number, None
            else:
                yield number, _span(coming.session_id, stored, turns, place, book)
            place += len(line)


def _opened(stack: contextlib.ExitStack, folder: str, coming: Coming) -> BinaryIO | None:
    """The session's file; None where it was deleted meanwhile, or another session has its name."""
    with contextlib.suppress(OSError, session_file.NotASessionFileError):
        file = stack.enter_context(open_session(folder, coming.file))
        if session_file.read_header(file) == coming.session_id:
            return file
    return None


def _begin(file: BinaryIO, coming: Coming, over: int) -> int:
    """Where the first round that is not over stands: each is a line behind the one before."""
    file.seek(coming.start)
    for _ in range(over):
        file.readline()
    return file.tell()
