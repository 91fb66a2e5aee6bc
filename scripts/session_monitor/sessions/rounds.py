"""How is a stored round read where it stands?

Whoever asks the index for places may find that a file has changed since: what stands there no more is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from session_monitor.base import files, mounts

from . import file_names, message_history, session_file

if TYPE_CHECKING:
    from .stored_round import StoredRound


class Place(NamedTuple):
    """Where a round stands: the name of its session file, and the first byte and the length of its line.

    ``history`` says how many of its messages stand in rounds before it, ``base`` in the list of which one; 0 for none, and
    where nobody asked for that.
    """

    file: str
    number: int
    start: int
    length: int
    history: int = 0
    base: int = 0


def open_session(folder: str, file: str) -> BinaryIO:
    """A session file, or what reads like one, by its name in the index.  Raises ``OSError``."""
    behind = mounts.of(folder)
    return behind.session_file(folder, file) if behind else files.reading(file_names.path_of(folder, file))


def all_rounds(file: BinaryIO) -> Iterator[StoredRound]:
    """All rounds of a session file.  Raises ``NotASessionFileError``."""
    session_file.read_header(file)
    yield from session_file.rounds(file)


def round_at(file: BinaryIO, place: Place) -> StoredRound | None:
    """The round at this place; None where it stands there no more."""
    file.seek(place.start)
    stored = session_file.round_in(file.read(place.length))
    return stored if stored and stored["round"] == place.number else None


def rounds_at(file: BinaryIO, places: Iterable[Place]) -> Iterator[StoredRound]:
    """The rounds at these places, which follow each other, up to the first that stands there no more."""
    for place in places:
        stored = round_at(file, place)
        if stored is None:
            return
        yield stored


_LOOK_BACK = 1 << 16
"""Bytes that are read at once, backwards."""


def before(file: BinaryIO, start: int) -> Iterator[StoredRound]:
    """The rounds that stand before this byte, the last first, down to the first or to a line that is not whole."""
    rest = b""
    while start:
        size = min(start, max(_LOOK_BACK, len(rest)))
        start -= size
        file.seek(start)
        lines = (file.read(size) + rest).splitlines(keepends=True)
        rest = lines.pop(0) if start else b""
        for line in reversed(lines):
            stored = session_file.round_in(line)
            if stored is None:
                return
            yield stored


def with_the_one_before(
    file: BinaryIO, places: Iterable[tuple[Place, Place | None]]
) -> Iterator[tuple[StoredRound | None, StoredRound | None]]:
    """The round at each place and the one before it, whose place is given with it; None for what is not there.

    The last few that were read are not read again: of conversations that go on side by side each has its own one before.
    """
    read: dict[tuple[str, int], StoredRound | None] = {}
    for place, place_before in places:
        key = place_before and place_before[:2]
        before = read.get(key) if key in read else place_before and round_at(file, place_before)
        stored = read[place[:2]] = round_at(file, place)
        if len(read) > message_history.MOST_THREADS:
            del read[next(iter(read))]
        yield stored, before


def each_with_the_one_before(stored: Iterable[StoredRound]) -> Iterator[tuple[StoredRound, StoredRound | None]]:
    """All rounds of a session from its first on, each with the one before it in its conversation.

    For one that begins a conversation that is the one before it in the session, None for the first of all.
    """
    kept: list[_LastOfThread] = []
    last: StoredRound | None = None
    for each in stored:
        base = message_history.base_of(each)
        yield each, next((known.stored for known in kept if known.stored["round"] == base), last)
        last = each
        if "messages_total" in each:
            kept = message_history.latest(
                kept, _LastOfThread(message_history.thread_of(each), each["messages_total"], each)
            )


class _LastOfThread(NamedTuple):
    thread: int
    length: int
    stored: StoredRound


def with_all_messages(stored: Iterable[StoredRound]) -> Iterator[StoredRound]:
    """Rounds in order, each with the whole list of messages that its call sent.

    None may be left out that a later one's list goes on from, see ``message_history.base_of``.
    """
    for each, messages in message_history.with_full_messages(stored):
        full: StoredRound = {**each, "messages": messages}
        full.pop("restyled", None)
        yield full
