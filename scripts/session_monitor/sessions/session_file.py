"""What stands in one session file?

Valid JSON, one line a round::

    {"session_id":"…","schema_version":1,"rounds":[
    {"round":1,…}
    ,{"round":2,…}
    ],"created_at":"…",…}

The header never changes.  The last line, the footer, holds everything that does, so a round is added by one write
that starts where the footer stood.  Whatever that write leaves behind when it is torn, the lines before it are
whole, and they carry all that the footer sums up.  Each of these lines ends with a checksum: a block of old bytes that
a power failure left in the middle of new ones may read like a part of them.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, NamedTuple

from session_monitor.base import compact_json
from session_monitor.base.compact_json import CHECKSUM, CHECKSUM_SIZE, sealed, unsealed

from . import earlier_facts, message_history, threads
from .summary import PlacedFacts, Summary

if TYPE_CHECKING:
    from .stored_round import LoggedFacts, RoundFacts, StoredRound

SCHEMA_VERSION = 1
_HEADER_START = b'{"session_id":'
_HEADER_END = b',"schema_version":%d,"rounds":[\n' % SCHEMA_VERSION

_FOOTER_MARK = b"\n],"
_FIRST_LOOK = 8192
_FOOTER_END = b'"}\n'
_CONTENT = b',"messages":['
_LONG = 512 << 10  # bytes of a round, less than what may be heavy
_COMMA = b","[0]
_LOG = b',"log":'  # the last key of a round
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # typeshed lacks it; what json.loads comes down to, without looking for encodings and spaces


class NotASessionFileError(ValueError):
    """The file does not even begin like a session file."""


# -- writing -----------------------------------------------------------------------------------------------------------


def header(session_id: str) -> bytes:
    """The first line."""
    return _HEADER_START + _json(session_id) + _HEADER_END


def round_line(facts: RoundFacts, messages: Iterable[bytes], rest: Mapping[str, Any]) -> bytes:
    """One round's line: its facts, its messages as ``message_history.encoded`` gives them, and the rest."""
    start = b"," if facts["round"] > 1 else b""
    return sealed(b"".join((start, _json(facts)[:-1], _CONTENT, b",".join(messages), b"],", _json(rest)[1:-1])))


def footer(summary: Summary, written_from: int, written: bytes) -> bytes:
    """The last line, behind what was ``written`` from byte ``written_from`` on.

    The checksum of the written bytes shows after a power loss whether all of them reached the disk.
    """
    positions = {"applied": summary.positions, "written_from": written_from, "written_crc32": zlib.crc32(written)}
    return sealed(b"]," + _json({**vars(summary), "positions": positions})[1:-1])


_json = compact_json.encoder(allow_nan=False)


# -- reading -----------------------------------------------------------------------------------------------------------


class End(NamedTuple):
    """Where a session file ends: its summary, and the byte at which the next round goes.

    ``dropped`` counts the bytes behind that which belong to no whole line: 0 unless a write was torn.
    """

    summary: Summary
    next_byte: int
    footer: bytes = b""
    dropped: int = 0
    written_from: int = 0
    written_crc32: int | None = None


def read_end(file: BinaryIO) -> End:
    """The end of a session file, from its footer, or from its rounds where the footer is torn.

    Raises ``NotASessionFileError`` where there is no header either.
    """
    return read_footer(file) or recover(file)


def read_footer(file: BinaryIO) -> End | None:
    """The footer of a session file, None where it is torn."""
    size = os.fstat(file.fileno()).st_size
    look = _FIRST_LOOK
    while True:
        start = max(0, size - look)
        file.seek(start)
        block = file.read(look)
        mark = block.rfind(_FOOTER_MARK)
        if mark >= 0:
            return _end(block[mark + 1 :], start + mark + 1)
        if start == 0 or not block.endswith(_FOOTER_END):
            return None
        look *= 4


def _end(line: bytes, start: int) -> End | None:
    """What a whole footer says, or None where it is torn or of another make."""
    body = unsealed(line)
    if body is None:
        return None
    try:
        fields = _scan("{" + body[2:].decode() + "}", 0)[0]
        positions = fields["positions"]
        fields["positions"] = positions["applied"]
        summary = Summary(**fields)
        return End(summary, start, line, 0, positions["written_from"], positions["written_crc32"])
    except (ValueError, TypeError, KeyError, StopIteration):
        return None


def last_write_is_whole(file: BinaryIO, end: End) -> bool:
    """Whether the lines that were written with this footer are all on disk (reads them again)."""
    file.seek(end.written_from)
    checksum, left = 0, end.next_byte - end.written_from
    while left > 0 and (block := file.read(min(left, 1 << 20))):
        checksum = zlib.crc32(block, checksum)
        left -= len(block)
    return checksum == end.written_crc32


def recover(file: BinaryIO) -> End:
    """The end as the whole lines tell it: everything up to the first line that is not."""
    read_header(file)
    summary = Summary()
    last: list[_LastRound] = []
    next_byte = file.tell()
    for stored, messages in message_history.with_full_messages(rounds(file)):
        if stored["round"] != summary.messages_count + 1:
            break
        summary.add(stored, stored["log"])
        summary.heard(stored.get("chat_round"), stored)
        if messages:
            last = message_history.latest(last, _LastRound(stored, messages))
        next_byte = file.tell()
    summary.history = [threads.remembered(each.stored, each.messages) for each in last]
    return End(summary, next_byte, dropped=os.fstat(file.fileno()).st_size - next_byte)


class _LastRound(NamedTuple):
    """The last round of a conversation, and all that its call sent."""

    stored: StoredRound
    messages: list[Any]

    @property
    def thread(self) -> int:
        return message_history.thread_of(self.stored)

    @property
    def length(self) -> int:
        return len(self.messages)


def read_header(file: BinaryIO) -> str:
    """The session id; afterwards the file stands at its first round.  Raises ``NotASessionFileError``."""
    file.seek(0)
    line = file.readline()
    try:
        session_id = _scan(line[len(_HEADER_START) : -len(_HEADER_END)].decode(), 0)[0]
    except (ValueError, StopIteration, RecursionError):
        session_id = None
    if not isinstance(session_id, str) or line != header(session_id):
        raise NotASessionFileError
    return session_id


def is_blank(file: BinaryIO) -> bool:
    """Whether a file's first line was never whole: nothing, a part of it, or that and zeros (after a power loss)."""
    file.seek(0)
    line = file.readline(1 << 20)
    start, zero, _ = line.partition(b"\0")
    return bool(zero or not line.endswith(b"\n")) and start.startswith(_HEADER_START[: len(start)])


def rounds(file: BinaryIO) -> Iterator[StoredRound]:
    """The stored rounds from where the file stands, up to the footer or the first line that is not whole."""
    for line in file:
        stored = round_in(line)
        if stored is None:
            return
        yield stored


def read_facts(file: BinaryIO) -> tuple[list[PlacedFacts], End]:
    """The short facts of all rounds, and the end; what a conversation said is not decoded.

    The file stands at its first round, as ``read_header`` leaves it.
    """
    raws: list[bytes] = []
    places: list[tuple[int, int]] = []
    end: End | None = None
    start = file.tell()
    crc32 = zlib.crc32
    for line in file:
        body = line[:-CHECKSUM_SIZE]
        if line[-CHECKSUM_SIZE:] != CHECKSUM % crc32(body):  # as in ``unsealed``; very many lines come by here
            break
        # No string can hold these bytes: a quote in it would be escaped.
        content = body.find(_CONTENT)
        if content < 0:
            if body.startswith(b"]"):
                end = _end(line, start)
            break
        raws.append(earlier_facts.facts_in(body, content))
        places.append((start, len(line)))
        start += len(line)
    facts = _all_decoded(raws)
    if end is None or len(facts) < len(raws):
        end = read_end(file)
    return [(each, *place) for each, place in zip(facts, places)], end


def _all_decoded(raws: list[bytes]) -> list[RoundFacts]:
    """The facts in these texts, which lack their closing brace, up to the first that holds none; all at once, for speed."""
    try:
        facts = _scan("[" + b"},".join(raws).decode() + "}]", 0)[0] if raws else []
        if len(facts) == len(raws):
            return facts
    except (ValueError, StopIteration, RecursionError):
        pass
    alone = (_decoded(raw) for raw in raws)
    return list(itertools.takewhile(lambda facts: facts is not None, alone))  # type: ignore[arg-type]


def _decoded(raw: bytes) -> RoundFacts | None:
    try:
        return _scan(raw.decode() + "}", 0)[0]  # type: ignore[no-any-return]
    except (ValueError, StopIteration, RecursionError):
        return None


def scan(file: BinaryIO) -> Iterator[tuple[int, int, LoggedFacts | End | None]]:
    """Every line from where the file stands: its first byte, its length, and what it holds.

    That is the short facts of a round and its ``log``, the end for a footer, None for a line that is not whole.
    """
    start = file.tell()
    for line in file:
        body = unsealed(line)
        if body is None:
            yield start, len(line), None
        elif body.startswith(b"]"):
            yield start, len(line), _end(line, start)
        else:
            yield start, len(line), _facts_and_log(body)
        start += len(line)


def _facts_and_log(body: bytes) -> LoggedFacts | None:
    content, start = body.find(_CONTENT), body.rfind(_LOG)
    facts = _decoded(earlier_facts.facts_in(body, content)) if content >= 0 else None
    if facts is None or start < 0:
        return None
    try:
        facts["log"] = _scan(body[start + len(_LOG) :].decode(), 0)[0]  # type: ignore[typeddict-unknown-key]
    except (ValueError, StopIteration):
        return None
    return facts  # type: ignore[return-value]  # with its log, that is what it is now


def crc32_of_line(line: bytes) -> int:
    """The checksum that stands in a whole line; -1 where the line is none."""
    try:
        return int(line[-CHECKSUM_SIZE:][-len(b'00000000"}\n') : -len(b'"}\n')], 16)
    except ValueError:
        return -1


def crc32_before(file: BinaryIO, place: int) -> int:
    """The checksum of the line that ends before this byte; -1 where there is none."""
    if place < CHECKSUM_SIZE:
        return -1
    file.seek(place - CHECKSUM_SIZE)
    return crc32_of_line(file.read(CHECKSUM_SIZE))


def crc32_of(file: BinaryIO, number: int) -> int:
    """The checksum of the line of a round, by its number; -1 where there is none.  Reads the file up to there."""
    file.seek(0)
    return crc32_of_line(next(itertools.islice(file, number, None), b""))


def applied(file: BinaryIO) -> dict[str, int]:
    """Up to which byte each generation of the log was applied, as the whole rounds of a file tell."""
    file.seek(0)
    ends: dict[str, int] = {}
    for line in file:
        body = unsealed(line)
        start = body.rfind(_LOG) if body is not None else -1
        if body is not None and start >= 0:
            generation, _, end = _scan(body[start + len(_LOG) :].decode(), 0)[0]
            ends[sys.intern(generation)] = max(end, ends.get(generation, 0))
    return ends


def rounds_behind(file: BinaryIO, start: int) -> Iterator[StoredRound]:
    """All whole rounds from this byte on, also those behind lines that are not whole."""
    file.seek(start)
    for line in file:
        stored = round_in(line)
        if stored is not None:
            yield stored


def round_in(line: bytes) -> StoredRound | None:
    """The round that is stored in this line, None where the line is not whole."""
    body = unsealed(line)
    if body is None or body.startswith(b"]"):
        return None
    body = body[body.startswith(b",") :] + b"}"
    try:
        return json.loads(body) if len(body) < _LONG else _of_long(body)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return None


def _of_long(body: bytes) -> Any:
    """A round without what is too heavy in it, where it was stored before such values were left out.

    Raises ``ValueError``.
    """
    from session_monitor.calls import heavy_lines  # noqa: PLC0415 -- hardly any round is as long

    if not heavy_lines.may_be_heavy(body):
        return json.loads(body)
    stored = json.loads(heavy_lines.lightened(body) or b"")
    left_out = [word for word, value in stored.items() if value == heavy_lines.MARK]
    for word in left_out:
        if word in _LEFT_OUT:
            stored[word] = _LEFT_OUT[word]()
        else:
            del stored[word]
    return {**stored, "left_out": left_out} if left_out else stored


_LEFT_OUT: dict[str, Callable[[], Any]] = {
    **dict.fromkeys(("messages", "tool_calls"), list),
    **dict.fromkeys(("input_token_details", "output_token_details", "reported"), dict),
    **dict.fromkeys(("question", "answer", "reasoning"), lambda: None),
}
"""What a round always has, and what stands there where it is left out."""
