"""How is a stored round read where it stands?

Whoever asks the index for places may find that a file has changed since: what stands there no more is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from . import file_names, message_history, session_file

if TYPE_CHECKING:
    from .stored_round import StoredRound


class Place(NamedTuple):
    """Where a round stands: the name of its session file, and the first byte and the length of its line.

    ``history`` says how many of its messages stand in rounds before it; 0 also where nobody asked for that.
    """

    file: str
    number: int
    start: int
    length: int
    history: int = 0


def open_session(folder: str, file: str) -> BinaryIO:
    """A session file, by its name in the index.  Raises ``OSError``."""
    return open(file_names.path_of(folder, file), "rb")


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


def with_the_one_before(
    file: BinaryIO, places: Iterable[tuple[Place, Place | None]]
) -> Iterator[tuple[StoredRound | None, StoredRound | None]]:
    """The round at each place and the one before it, whose place is given with it; None for what is not there.

    What was read last is not read again where it is the one before.
    """
    last: tuple[Place | None, StoredRound | None] = (None, None)
    for place, place_before in places:
        before = last[1] if place_before == last[0] else place_before and round_at(file, place_before)
        last = place, round_at(file, place)
        yield last[1], before


def with_all_messages(stored: Iterable[StoredRound]) -> Iterator[StoredRound]:
    """Rounds that follow each other, each with the whole list of messages that its call sent.

    The first has to be one that holds all of its own.
    """
    for each, messages in message_history.with_full_messages(stored):
        full: StoredRound = {**each, "messages": messages}
        full.pop("messages_from_history", None)
        yield full
