"""What does the index say of sessions and their rounds?

Rows of plain values, made without the index, so that several processes can make them side by side.
"""

from __future__ import annotations

import collections
import json
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.base import files, timestamps, utf8
from session_monitor.calls.usage import parts_of
from session_monitor.prices.book import Book
from session_monitor.sessions import file_names, message_history, session_file
from session_monitor.sessions.session_file import NotASessionFileError
from session_monitor.sessions.summary import Written
from session_monitor.totals import usage_totals

from . import latencies, schema
from .round_costs import costs, priced_as
from .round_flags import flags_of
from .round_sums import Dearest, Sums, added, sums_of
from .schema import (
    HAS_PARTS,
    TOLD_TOOLS,
    TOOL_CALLS,
    TOOLS_UNKNOWN,
)
from .ways import way_of

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import RoundFacts

SESSION = (
    *("session_id", "file", "size", "mtime", "next_byte"),
    *("created_at", "updated_at", "updated", "total_tokens", "model", "models", "last_flags"),
)
"""The columns of ``session`` that follow from its file; text that strangers wrote as ``utf8.encoded`` gives it.

``last_flags`` is None where no rounds were written: a file may be written for its end alone.
"""
ROUND = (
    *("session", "number", "at", "model", "consumer", "way", "fresh", "read", "written", "visible", "reasoning"),
    *("parts", "flags", "notes", "code", "response_flags", "first_token_ms", "duration_ms", "gateway_ms"),
    *("start", "length", "history", "sent", "thread", "base"),
    *("usd", "pico", "saved_usd", "saved_pico", "stake_usd", "stake_pico"),
)
"""The columns of ``round``."""


SESSIONS_AT_ONCE = 32
"""What goes through all columns at once stays in the processor's cache; with a whole batch it takes half as long again."""


class Rows(NamedTuple):
    """What the index says of some session files, but for tools.

    ``sessions`` are the columns of ``SESSION`` and what the new rounds add up to (``ADDITIVE``).  ``rounds`` are the
    columns of ``ROUND``, each as a list: with the session's position for its number, and with names for the models,
    consumers and ways (``ways.way_of``).  ``told`` has flags of rounds that are not among these, which these tell: the session's position, the round's
    number, and the flags.  ``dearest`` and ``latencies`` say what they
    cost at most and how long they took.
    """

    sessions: list[tuple[Any, ...]]
    rounds: tuple[list[Any], ...]
    sums: Sums
    dearest: Dearest
    latencies: latencies.ByNames
    told: Sequence[tuple[int, int, int]] = ()

    def total(self) -> usage_totals.Sums:
        """What all the rounds add up to."""
        column = dict(zip(ROUND, self.rounds))
        unpriced = collections.Counter(
            model
            for model, usd, flags in zip(column["model"], column["usd"], column["flags"])
            if usd is None and not flags & schema.UNTOLD
        )
        by_notes: dict[int, list[int]] = {}
        for (*_, notes), values in self.sums.items():
            by_notes[notes] = list(map(operator.add, by_notes.get(notes, _NOTHING), values))
        return usage_totals.of_noted(by_notes, unpriced)


def rows_of(batch: Sequence[Written], book: Book) -> Rows:
    """The rows of what was written to session files."""
    spans = (
        range(first, min(first + SESSIONS_AT_ONCE, len(batch))) for first in range(0, len(batch), SESSIONS_AT_ONCE)
    )
    pieces = (_rounds(batch, positions, book) for positions in spans)
    return added_up(map(_session, batch), pieces, _flags_told_of_earlier(batch))


def added_up(
    of_sessions: Iterable[tuple[Any, ...]],
    pieces: Iterable[tuple[list[Any], ...]],
    told: Sequence[tuple[int, int, int]] = (),
) -> Rows:
    """Rows of sessions (``SESSION``) and of their rounds (``ROUND``, column by column, some sessions at a time), with their sums."""
    rounds: tuple[list[Any], ...] = tuple([] for _ in ROUND)
    sums: Sums = {}
    dearest: Dearest = {}
    timed: latencies.ByNames = {}
    for columns in pieces:
        by_name = dict(zip(ROUND, columns))
        more_sums, more_dearest = sums_of(by_name)
        sums.update(more_sums)
        dearest.update(more_dearest)
        latencies.add_rounds(timed, by_name)
        for column, more in zip(rounds, columns):
            column.extend(more)
    by_session: dict[int, list[tuple[int, ...]]] = {}
    for key, each in sums.items():
        by_session.setdefault(key[0], []).append(each)
    sessions = [(*values, *added(by_session.get(position, [_NOTHING]))) for position, values in enumerate(of_sessions)]
    return Rows(sessions, rounds, sums, dearest, timed, told)


def joined(parts: Sequence[Rows], order: Sequence[int]) -> Rows:
    """The rows of several batches of sessions, none of which is in two of them, as those of one batch.

    ``order`` names all sessions in it by their positions in the batches, one behind the other.
    """
    places = [at for at, _ in sorted(enumerate(order), key=operator.itemgetter(1))]
    sessions: list[tuple[Any, ...]] = []
    rounds: tuple[list[Any], ...] = tuple([] for _ in ROUND)
    sums: Sums = {}
    dearest: Dearest = {}
    timed: latencies.ByNames = {}
    told: list[tuple[int, int, int]] = []
    for part in parts:
        place = places[len(sessions) : len(sessions) + len(part.sessions)]
        sessions += part.sessions
        positions, *others = part.rounds
        for column, more in zip(rounds, ([place[each] for each in positions], *others)):
            column.extend(more)
        sums.update(((place[key[0]], *key[1:]), values) for key, values in part.sums.items())
        dearest.update(((place[key[0]], *key[1:]), most) for key, most in part.dearest.items())
        for names, some in part.latencies.items():
            latencies.merge(timed, names, some)
        told += [(place[position], number, flags) for position, number, flags in part.told]
    return Rows([sessions[at] for at in order], rounds, sums, dearest, timed, told)


def read(folder: str, file: str, size: int, mtime: int) -> Written | None:
    """All of one session file, which had that size and time, as if just written; None where it is none any more.

    Raises ``PermissionError`` where this user may not read it.
    """
    try:
        with open(files.opened(file_names.path_of(folder, file)), "rb", _BUFFER) as opened:
            session_id = session_file.read_header(opened)
            facts, end = session_file.read_facts(opened)
    except PermissionError:
        raise
    except (OSError, NotASessionFileError):
        return None
    if _is_copy(folder, file, session_id):
        return None
    return Written(session_id, file, end.summary, size, mtime, end.next_byte, facts)


def _is_copy(folder: str, file: str, session_id: str) -> bool:
    """Whether somebody copied the session's file to this name; its second name is its own where the first is taken."""
    first = file_names.file_name(session_id)
    if file == first or file != file_names.other_name(session_id):
        return file != first
    try:
        with files.reading(file_names.path_of(folder, first)) as opened:
            return session_file.read_header(opened) == session_id
    except (OSError, NotASessionFileError):
        return False


def _session(written: Written) -> tuple[Any, ...]:
    summary = written.summary
    return (
        *(utf8.encoded(written.session_id), utf8.encoded(written.file), written.size, written.mtime, written.next_byte),
        *(summary.created_at, summary.updated_at, timestamps.milliseconds(summary.updated_at), summary.total_tokens),
        *(
            utf8.encoded(summary.model),
            json.dumps(summary.models),
            flags_of(written.rounds[-1][0]) if written.rounds else None,
        ),
    )


def _rounds(batch: Sequence[Written], positions: Iterable[int], book: Book) -> tuple[list[Any], ...]:
    """Column by column, which takes half the time of row by row."""
    places = [(position, *each) for position in positions for each in batch[position].rounds]
    if not places:
        return tuple([] for _ in ROUND)
    sessions, facts, starts, lengths = map(list, zip(*places))
    times = [each["timestamp"] for each in facts]
    models = [each["model"] for each in facts]
    reads = [each["cached_tokens"] for each in facts]
    writes = [each.get("cache_write_tokens", 0) for each in facts]
    reasonings = [each["reasoning_tokens"] for each in facts]
    fresh = [each["input_tokens"] - read - written for each, read, written in zip(facts, reads, writes)]
    visible = [each["output_tokens"] - reasoning for each, reasoning in zip(facts, reasonings)]
    tokens = fresh, reads, writes, visible, reasonings
    flags = list(map(flags_of, facts))
    _add_flags_told_later(places, flags)
    parts = [_parts(each) if flag & HAS_PARTS else None for each, flag in zip(facts, flags)]
    ways = [way_of(each.get("route_name"), each.get("upstream_cluster")) for each in facts]
    consumers = [each.get("consumer") for each in facts]
    *amounts, notes = costs(book, priced_as(book, models, ways, consumers), times, tokens, parts, flags)
    return (
        *(sessions, [each["round"] for each in facts], list(map(timestamps.milliseconds, times))),
        *(models, consumers, ways, *tokens, parts, flags, notes),
        [each.get("response_code") for each in facts],
        _response_flags(facts, flags),
        [each.get("first_token_ms") for each in facts],
        [each.get("duration_ms") for each in facts],
        list(map(latencies.gateway_ms, facts)),
        *(starts, lengths),
        *([each.get(name, 0) for each in facts] for name in ("messages_from_history", "messages_total")),
        *(list(map(message_history.thread_of, facts)), list(map(message_history.base_of, facts))),
        *amounts,
    )


def _response_flags(facts: Sequence[RoundFacts], flags: Sequence[int]) -> list[str | None]:
    """The gateway's flags of the calls that failed, empty where it set none; None where it does not tell, and of all others."""
    told = [each.get("response_flags") if flag & schema.FAILED else None for each, flag in zip(facts, flags)]
    # A gateway writes letters and commas; what else a line may hold there is no text that SQL would take, or very long.
    return [text and text.encode("ascii", "replace").decode()[:_LONGEST_FLAGS] for text in told]


def _parts(facts: RoundFacts) -> str | None:
    """The parts of a round's tokens as they are kept."""
    parts = parts_of(facts)
    return json.dumps(parts.stored()) if parts else None


def _add_flags_told_later(places: Sequence[tuple[int, RoundFacts, int, int]], flags: list[int]) -> None:
    """Add the flags that rounds tell of others among these."""
    told = {(position, number): more for position, number, more in _flags_told(places)}
    if told:
        for at, (position, facts, _, _) in enumerate(places):
            more = told.get((position, facts["round"]))
            if more:
                flags[at] = flags[at] & ~TOOLS_UNKNOWN | more


def _flags_told(places: Iterable[tuple[int, RoundFacts, int, int]]) -> Iterator[tuple[int, int, int]]:
    """What rounds tell of what an earlier one asked for: its session's position, its number, and its flags of that."""
    for position, facts, _, _ in places:
        if "told_tools" in facts:
            number, tools = facts["told_tools"]
            yield position, number, TOLD_TOOLS | (TOOL_CALLS if tools else 0)


def _flags_told_of_earlier(batch: Sequence[Written]) -> list[tuple[int, int, int]]:
    """The flags that rounds tell of others which stand before what was written."""
    return [
        each
        for position, written in enumerate(batch)
        for each in _flags_told((position, *place) for place in written.rounds)
        if each[1] < written.rounds[0][0]["round"]
    ]


_BUFFER = 1 << 16  # most session files are read at once
_LONGEST_FLAGS = 100
_NOTHING = (0,) * len(schema.ADDITIVE)
