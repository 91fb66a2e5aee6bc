"""What does the index say of sessions and their rounds?

Rows of plain values, made without the index, so that several processes can make them side by side.
"""

from __future__ import annotations

import collections
import functools
import itertools
import json
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from session_monitor.base import files, timestamps, utf8
from session_monitor.calls import outcome, usage
from session_monitor.calls.usage import OPEN_CACHE, PART_WORDS, TokenParts, Usage, open_cache_of, parts_of
from session_monitor.prices import money, usage_totals
from session_monitor.prices.book import Book
from session_monitor.prices.cost import USUAL, Call, CallColumns, Traits, bits_of
from session_monitor.sessions import file_names, message_history, session_file
from session_monitor.sessions.session_file import NotASessionFileError
from session_monitor.sessions.summary import Written

from . import schema
from .schema import (
    AT_LEAST,
    CACHE_OPEN,
    CUT,
    EXPLICIT_CACHE,
    FAILED,
    FREE,
    HAS_PARTS,
    LEFT,
    LEFT_OUT,
    NO_CONTENT,
    NO_TOKENS,
    PARTLY_TOLD,
    TOLD_TOOLS,
    TOOL_CALLS,
    TOOLS_UNKNOWN,
)
from .ways import route_and_cluster, way_of

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
    *("parts", "flags", "notes", "code", "first_token_ms", "duration_ms"),
    *("start", "length", "history", "sent", "thread", "base"),
    *("usd", "pico", "saved_usd", "saved_pico", "stake_usd", "stake_pico"),
)
"""The columns of ``round``."""
PRICED = ("usd", "pico", "saved_usd", "saved_pico", "stake_usd", "stake_pico", "notes")
"""Those of them that ``costs`` gives, in its order."""


Sums = dict[tuple[int, Optional[int], Optional[str], Optional[str], Optional[str], int], tuple[int, ...]]
"""``ADDITIVE`` by the session's position, slot (None without a time), model, consumer, way and notes."""


class Rows(NamedTuple):
    """What the index says of some session files, but for tools.

    ``sessions`` are the columns of ``SESSION`` and what the new rounds add up to (``ADDITIVE``).  ``rounds`` are the
    columns of ``ROUND``, each as a list: with the session's position for its number, and with names for the models,
    consumers and ways (``ways.way_of``).  ``told`` has flags of rounds that are not among these, which these tell: the session's position, the round's
    number, and the flags.
    """

    sessions: list[tuple[Any, ...]]
    rounds: tuple[list[Any], ...]
    sums: Sums
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
    rounds: tuple[list[Any], ...] = tuple([] for _ in ROUND)
    added: Sums = {}
    for first in range(0, len(batch), _SESSIONS_AT_ONCE):
        columns = _rounds(batch, range(first, min(first + _SESSIONS_AT_ONCE, len(batch))), book)
        added.update(_sums(columns))
        for column, more in zip(rounds, columns):
            column.extend(more)
    of_sessions: dict[int, list[tuple[int, ...]]] = {}
    for key, each in added.items():
        of_sessions.setdefault(key[0], []).append(each)
    sessions = [
        (*_session(written), *_added(of_sessions.get(position, [_NOTHING]))) for position, written in enumerate(batch)
    ]
    return Rows(sessions, rounds, added, _flags_told_of_earlier(batch))


def read(folder: str, file: str, size: int, mtime: int) -> Written | None:
    """All of one session file, which had that size and time, as if just written; None where it is none any more."""
    try:
        with open(files.opened(file_names.path_of(folder, file)), "rb", _BUFFER) as opened:
            session_id = session_file.read_header(opened)
            facts, end = session_file.read_facts(opened)
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
        *([each.get(name) for each in facts] for name in ("response_code", "first_token_ms", "duration_ms")),
        *(starts, lengths),
        *([each.get(name, 0) for each in facts] for name in ("messages_from_history", "messages_total")),
        *(list(map(message_history.thread_of, facts)), list(map(message_history.base_of, facts))),
        *amounts,
    )


def _parts(facts: RoundFacts) -> str | None:
    """The parts of a round's tokens as they are kept."""
    parts = parts_of(facts)
    return json.dumps(parts.stored()) if parts else None


def parts_kept(parts: str | None) -> TokenParts | None:
    """The parts of a round's tokens, as the index keeps them."""
    return parts_of(json.loads(parts)) if parts else None


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


# What goes through all columns at once stays in the processor's cache; with a whole batch it takes half as long again.
_SESSIONS_AT_ONCE = 32
_BUFFER = 1 << 16  # most session files are read at once
_NOTHING = (0,) * len(schema.ADDITIVE)


def _sums(rounds: tuple[list[Any], ...]) -> Sums:
    """What rounds add up to by session, slot, model, consumer, way and notes; as ``schema.AGGREGATES`` says it in SQL."""
    column = dict(zip(ROUND, rounds))
    flags, tokens = column["flags"], [column[kind] for kind in ("fresh", "read", "written", "visible", "reasoning")]
    money_ = [column[name] for name in ("usd", "pico", "saved_usd", "saved_pico")]
    stake = [column[name] for name in ("stake_usd", "stake_pico")]
    unpriced = [int(usd is None) for usd in column["usd"]]
    without: list[list[int]] = [unpriced] * 4
    if any(unpriced):
        money_, stake = ([[each or 0 for each in values] for values in several] for several in (money_, stake))
        without[1] = [is_unpriced * sum(each) for is_unpriced, each in zip(unpriced, zip(*tokens))]
        for at, flag in enumerate((NO_TOKENS, PARTLY_TOLD), 2):
            without[at] = [is_unpriced * (each & flag != 0) for is_unpriced, each in zip(unpriced, flags)]
    there = functools.reduce(operator.or_, flags, 0)
    flagged = [
        [int(each & flag != 0) for each in flags] if there & flag else itertools.repeat(0)
        for flag in (FAILED, LEFT, AT_LEAST)
    ]
    values = list(zip(itertools.repeat(1), *flagged, *tokens, *money_, *without, *stake))
    slots = [None if at is None else at // schema.SLOT for at in column["at"]]
    by_key: dict[Any, list[tuple[int, ...]]] = {}
    of_calls = [column[name] for name in (*schema.OF_CALLS, "notes")]
    for key, added in zip(zip(column["session"], slots, *of_calls), values):
        if key in by_key:
            by_key[key].append(added)
        else:
            by_key[key] = [added]
    return {key: _added(several) for key, several in by_key.items()}


def _added(several: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return several[0] if len(several) == 1 else tuple(map(sum, zip(*several)))


def flags_of(facts: RoundFacts) -> int:
    """A round's flags."""
    asked = facts["has_tool_calls"]
    flags = TOOL_CALLS if asked else TOOLS_UNKNOWN if asked is None else 0
    if "no_content" in facts:
        flags |= NO_CONTENT
    if facts.get("outcome") == outcome.OK and facts["total_tokens"] and _NOTABLE.isdisjoint(facts):  # as nearly always
        return flags
    return flags | _notable_flags(facts)


_NOTABLE = frozenset(
    (
        *("no_tokens", "answered_by", "at_least", "partly_told", "explicit_cache", "cut", "left_out"),
        *(*OPEN_CACHE, *PART_WORDS),
    )
)


def _notable_flags(facts: RoundFacts) -> int:
    """The flags of a round of which something has to be told."""
    flags = _OF_OUTCOME.get(outcome.outcome_of(facts), 0)
    if not outcome.has_tokens(facts):
        flags |= NO_TOKENS
    if outcome.is_free(facts):
        flags |= FREE
    if "at_least" in facts:
        flags |= AT_LEAST
    if "partly_told" in facts:
        flags |= PARTLY_TOLD
    if "explicit_cache" in facts:
        flags |= EXPLICIT_CACHE
    if "cut" in facts:
        flags |= CUT
    if "left_out" in facts:
        flags |= LEFT_OUT
    for note in open_cache_of(facts):
        flags |= _OF_OPEN_CACHE[note]
    return flags if parts_of(facts) is None else flags | HAS_PARTS


_OF_OPEN_CACHE = {usage.CONVERTED_CACHE: schema.CONVERTED_CACHE, usage.CACHE_IN_ONE: schema.CACHE_IN_ONE}
_OF_OUTCOME = {outcome.FAILED: FAILED, outcome.LEFT: LEFT}


def outcome_of(flags: int) -> str:
    """How a row's call ended."""
    return next((name for name, flag in _OF_OUTCOME.items() if flags & flag), outcome.OK)


def named(book: Book, models: Iterable[str | None], ways: Iterable[str | None]) -> Iterator[str | None]:
    """The models' names with who sold what went these ways."""
    known: dict[tuple[str | None, str | None], str | None] = {}
    for key in zip(models, ways):
        if key not in known:
            model, way = key
            known[key] = book.named(model, *route_and_cluster(way))
        yield known[key]


def priced_as(
    book: Book, models: Iterable[str | None], ways: Iterable[str | None], consumers: Iterable[str | None]
) -> Iterator[str | None]:
    """The same with what is stated of caches for these consumers, for ``costs``."""
    if not book.assumptions:  # then nothing depends on who called
        yield from named(book, models, ways)
        return
    known: dict[tuple[str | None, str | None, str | None], str | None] = {}
    for key in zip(models, ways, consumers):
        if key not in known:
            model, way, consumer = key
            known[key] = book.priced_as(model, *route_and_cluster(way), consumer)
        yield known[key]


def call_of(
    model: str | None,
    way: str | None,
    at: int | None,
    tokens: tuple[int, int, int, int, int],
    parts: str | None,
    flags: int,
    consumer: str | None,
) -> Call:
    """A row's call, as far as its price depends on it."""
    route, cluster = route_and_cluster(way)
    is_explicit, open_cache, has_tokens, is_free, partly_told = _traits(flags)
    used = Usage(*tokens, is_explicit, parts_kept(parts), open_cache)
    timestamp = None if at is None else timestamps.rfc3339(at)
    told = has_tokens, is_free, partly_told, bool(flags & AT_LEAST)
    return Call(model, timestamp, used, *told, route, cluster, consumer)


def costs(
    book: Book,
    models: Iterable[str | None],
    times: Iterable[str | None],
    tokens: Sequence[list[int]],
    parts: Sequence[str | None],
    flags: Sequence[int],
) -> tuple[list[Any], ...]:
    """What calls of these models, which are named as ``priced_as`` does, cost, as it is kept, column by column.

    That is dollars in millionths, the rest in 1e-12, the same for what was saved and for what is at stake (all None where
    a call has no price), and the notes.
    """
    kept = map(parts_kept, parts) if any(parts) else itertools.repeat(None)
    fresh, read, written, visible, reasoning = tokens
    traits = [_TRAITS[each & _UNUSUAL] for each in flags]
    calls = CallColumns(models, times, fresh, read, written, visible, reasoning, kept, traits)
    micro = money.MICRO
    rows: list[tuple[Any, ...]] = []
    for pico, saved, notes, at_stake in book.amounts(calls):
        if pico is None:
            rows.append(_UNPRICED)
        else:
            usd, saved_usd = pico // micro, saved // micro if saved else 0
            rest = saved - saved_usd * micro if saved else 0
            stake_usd = at_stake // micro if at_stake else 0
            stake_rest = at_stake - stake_usd * micro if at_stake else 0
            rows.append((usd, pico - usd * micro, saved_usd, rest, stake_usd, stake_rest, _bits(notes) if notes else 0))
    return tuple(map(list, zip(*rows)))


_UNPRICED = (None, None, None, None, None, None, 0)


class _TraitsByFlags(dict[int, Optional[Traits]]):
    """Traits by the flags of ``_UNUSUAL``: a call each would ask for them."""

    def __missing__(self, flags: int) -> Traits | None:
        traits = _traits(flags)
        self[flags] = None if traits == USUAL else traits
        return self[flags]


def _traits(flags: int) -> Traits:
    return Traits(
        explicit_cache=bool(flags & EXPLICIT_CACHE),
        open_cache=tuple(note for note, flag in _OF_OPEN_CACHE.items() if flags & flag),
        has_tokens=not flags & NO_TOKENS,
        is_free=bool(flags & FREE),
        partly_told=bool(flags & PARTLY_TOLD),
    )


_UNUSUAL = EXPLICIT_CACHE | CACHE_OPEN | NO_TOKENS | FREE | PARTLY_TOLD
_TRAITS = _TraitsByFlags()


@functools.lru_cache(1024)
def _bits(notes: tuple[str, ...]) -> int:
    return bits_of(notes)
