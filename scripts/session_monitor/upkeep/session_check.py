"""Is one session file sound?

Sound is: its header, a name that fits its id, whole lines, rounds numbered without a gap, and a footer that says what
they add up to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from session_monitor.base import files
from session_monitor.sessions import file_names, message_history, session_file
from session_monitor.sessions.round_counts import RoundCounts
from session_monitor.sessions.session_file import End, NotASessionFileError
from session_monitor.sessions.summary import MOST_POSITIONS, PlacedFacts, Summary, Written

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import LoggedFacts, StoredRound

TORN = "'repair' mends it, and so does the monitor when it next writes to this session"
DAMAGED = (
    "its whole rounds can be read, and it goes on; to have all of them from the logs that are still there, take it and "
    ".state.json out of the folder while no monitor runs"
)
MISNAMED = "give it the name back that its id has; what the monitor writes meanwhile goes to a file of that name"
NO_SESSION = "take it out of the folder if it is not the monitor's; if it is, the monitor sets it aside when the session calls again"
UNREADABLE = "ask as the user who may read it"
ODD = (
    "take it out of the folder, and put the file itself in its place if it was a session's; if that session calls first, "
    "the monitor sets this aside"
)
WENT_BACK = (
    "perhaps a backup was put back; 'repair' has the next run of main.py read the logs again, and so has the session's "
    "next call"
)
_MOST_NAMED = 3


class CheckFinding(NamedTuple):
    """Something about a file of the folder: what was found, and what to do."""

    file: str
    what: str
    todo: str


State = tuple[int, int, int, int]


@dataclass
class Looked:
    """What one look at a file found; ``written`` is what it says, None where it says nothing whole.

    ``state`` is equal only while nothing about the file has changed.
    """

    file: str
    state: State | None = None
    written: Written | None = None
    faults: list[CheckFinding] = field(default_factory=list)

    def fault(self, what: str, todo: str) -> None:
        """Note what is wrong."""
        self.faults.append(CheckFinding(self.file, what, todo))


def look(folder: str, name: str, *, quick: bool, counts: RoundCounts | None = None) -> Looked:
    """Read a session file once; with ``quick`` no more than its header and its footer.

    With ``counts`` it is also held against what was written to it.
    """
    looked = Looked(name)
    try:
        with files.reading(file_names.path_of(folder, name)) as file:
            looked.state = _state(os.fstat(file.fileno()))
            end = _read(file, looked, quick=quick)
            if end and counts:
                _hold_against(counts, file, end, looked)
    except FileNotFoundError:
        pass  # gone meanwhile, which shows in its state
    except NotASessionFileError:
        looked.fault("does not begin like a session file", NO_SESSION)
    except files.OddFileError as odd:
        looked.state = state_now(folder, name)
        looked.fault(odd.what, ODD)
    except OSError as error:
        looked.state = state_now(folder, name)
        looked.fault(f"cannot be read: {error.strerror}", UNREADABLE)
    return looked


def state_now(folder: str, name: str) -> State | None:
    """The state of a file now; None where it is not there."""
    try:
        return _state(os.lstat(file_names.path_of(folder, name)))
    except OSError:
        return None


def _state(stat: os.stat_result) -> State:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _hold_against(counts: RoundCounts, file: BinaryIO, end: End, look: Looked) -> None:
    missing = counts.missing(file_names.raw(look.file), file, end)
    if missing is not None:
        rounds = end.summary.messages_count
        has = f"{rounds} of the {rounds + missing}" if missing else "others than the"
        look.fault(f"has {has} rounds that were written to it", WENT_BACK)


def _read(file: BinaryIO, look: Looked, *, quick: bool) -> End | None:
    session_id = session_file.read_header(file)
    own_names = file_names.file_name(session_id), file_names.other_name(session_id)
    if look.file not in own_names:
        look.fault(f"holds the session whose file is {own_names[0]}", MISNAMED)
    rounds: list[PlacedFacts] = []
    end = _footer(file, look) if quick else _rounds(file, look, rounds)
    if end is None:
        return None
    size, mtime = look.state[1:3] if look.state else (0, 0)
    if end.next_byte + len(end.footer) != size:
        look.fault("has more behind its footer", TORN)
        return None
    look.written = Written(session_id, look.file, end.summary, size, mtime, end.next_byte, rounds)
    return end


def _footer(file: BinaryIO, look: Looked) -> End | None:
    end = session_file.read_footer(file)
    if end is None:
        look.fault("has no whole footer", TORN)
    return end


def _rounds(file: BinaryIO, look: Looked, rounds: list[PlacedFacts]) -> End | None:
    """Take the rounds in; the footer, or None where a line before it is not whole."""
    summary = Summary()
    applied: dict[str, int] = {}
    lasts: list[_LastRound] = []
    for start, length, line in session_file.scan(file):
        if isinstance(line, End):
            said = line.summary.positions
            if not said.items() <= applied.items() or len(said) < min(len(applied), MOST_POSITIONS):
                look.fault("its footer's positions are not what its rounds add up to", DAMAGED)
            _compare(look, line, summary, lasts)
            if not session_file.last_write_is_whole(file, line):
                look.fault("the lines of its last write are not those that its footer was made for", DAMAGED)
            return line
        number = len(rounds) + 1
        if line is None or not _counted(line, summary):
            _not_whole(look, number, start, session_file.rounds_behind(file, start + length))
            return None
        generation, _, behind = line["log"]
        applied[generation] = max(behind, applied.get(generation, 0))
        if line["round"] != number:
            look.fault(f"round {number} is numbered {line['round']}", DAMAGED)
        rounds.append((line, start, length))
        if "messages_total" in line:
            last = _LastRound(message_history.thread_of(line), line["round"], line["messages_total"])
            lasts = message_history.latest(lasts, last)
    look.fault("has no whole footer", TORN)
    return None


def _counted(line: LoggedFacts, summary: Summary) -> bool:
    """Count a round in; False where it lacks what every round has."""
    try:
        summary.add(line, line["log"])
        return isinstance(line["round"], int)
    except (KeyError, TypeError, ValueError):
        return False


def _not_whole(look: Looked, number: int, start: int, behind: Iterator[StoredRound]) -> None:
    if next(behind, None) is None:
        look.fault(f"line {number + 1} (from byte {start}) is not whole, and no round follows", TORN)
    else:
        look.fault(f"line {number + 1} (round {number}, from byte {start}) is not whole, and rounds follow", DAMAGED)


class _LastRound(NamedTuple):
    """The last round of a conversation, and how many messages it sent."""

    thread: int
    round: int
    length: int


_NOT_IN_FACTS = ("history", "may_have_asked", "positions")


def _compare(look: Looked, end: End, summary: Summary, lasts: Sequence[_LastRound]) -> None:
    """Hold what the footer says against what the rounds add up to, and to which ones the conversations have come."""
    said, added = vars(end.summary), vars(summary)
    differing = [name for name, value in added.items() if name not in _NOT_IN_FACTS and said[name] != value]
    for name in differing[:_MOST_NAMED]:
        numbers = f": {said[name]}, not {added[name]}" if isinstance(added[name], int) else ""
        look.fault(f"its footer's {name} is not what its rounds add up to{numbers}", DAMAGED)
    remembered = [_LastRound(each.thread, each.round, each.length) for each in end.summary.history]
    # Before conversations were told apart, a call without messages ended the one that there was.
    is_over = not remembered and summary.threads == 1 and lasts and lasts[0].round < summary.messages_count
    if lasts and remembered != lasts and not is_over:
        look.fault("its footer's history is not that of its conversations' last rounds", DAMAGED)
