"""How do rounds of the index read as rows of a store?

As they stand in the index, with names in place of its numbers: tokens by kind, money in millionths of a dollar and the rest
in 1e-12, ``flags`` (``index.tables.schema``), and what a round had to do with tools.  ``at_ms`` and durations are milliseconds.
What is unknown is null.  Nothing of it was said by anybody.
"""

from __future__ import annotations

import functools
import hashlib
import json
import zlib
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple, Optional

from session_monitor.base import timestamps
from session_monitor.clickhouse import row_text
from session_monitor.index.database import Index

from .ledger import NO_TEXT, PERHAPS_TEXT

_NUMBERS = (
    *(
        "at",
        "fresh",
        "read",
        "written",
        "visible",
        "reasoning",
        "flags",
        "notes",
        "code",
        "first_token_ms",
        "duration_ms",
        "gateway_ms",
    ),
    *("history", "sent", "thread", "base"),
    *("usd", "pico", "saved_usd", "saved_pico", "stake_usd", "stake_pico"),
)
_NAMED = {"at": "at_ms", "read": "cached", "written": "cache_written"}
"""Columns that a store has by other names: as they are they would be functions there, or say little."""
NUMBERS = tuple(_NAMED.get(name, name) for name in _NUMBERS)
NAMES = ("model", "consumer", "way")
TOOLS = ("name", "calls", "results", "failed", "tokens")
"""Of each tool of a round, side by side in ``tool_name``, ``tool_calls`` …"""
_FORM = ",".join(f'"{name}":%s' for name in NUMBERS)
_TOLD = f"printf('{_FORM}', {', '.join(f'ifnull({name}, NULL_TEXT)' for name in _NUMBERS)})".replace(
    "NULL_TEXT", "'null'"
)
"""SQLite puts a row together in half the time that Python takes."""
_SQL = f"SELECT number, at, start, length, model, consumer, way, parts, response_flags, {_TOLD} FROM round WHERE session = ? ORDER BY number"
_COUNTS = ", ".join(f"ifnull({name}, 'null')" for name in TOOLS[1:])
_TOOL_SQL = (
    f"SELECT number, name, {_COUNTS} "
    "FROM tool JOIN tool_name ON tool_name.id = tool.tool WHERE session = ? ORDER BY number, tool"
)
_FIRST_YEAR = 2000
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = (date(year, 1, 1).toordinal() - _EPOCH for year in (_FIRST_YEAR, 2200))


class RoundRow(NamedTuple):
    """A round as a row: ``body`` is the inside of a JSON object, to which ``frame`` is the beginning; ``mark`` is the ledger's once row and text were taken."""

    session_id: str
    number: int
    month: int
    body: bytes
    mark: bytes


class Names:
    """What the index's numbers for models, consumers and ways stand for, as they read in a row."""

    def __init__(self, index: Index) -> None:
        self.model, self.consumer, self.way = (
            {
                0: "null",
                **{id_: row_text.quoted(name) for id_, name in index.db.execute(f"SELECT id, name FROM {table}")},
            }
            for table in NAMES
        )


TextPlace = tuple[int, int, int, Optional[int]]
"""Where in its session file a round stands: its number, the first byte and the length; and when the call was, in milliseconds since 1970, if that is known."""


FoundRow = tuple[int, int, bytes, bytes, TextPlace]
"""A round of the index: number, month, the ``body`` of its row, the beginning of its mark, and where its text is."""


def text_mark(place: TextPlace) -> bytes:
    """The end of a round's mark once its text was taken."""
    found = zlib.crc32(repr(place).encode()).to_bytes(4, "big")
    return b"text" if found in (NO_TEXT, PERHAPS_TEXT) else found


def of_session(index: Index, names: Names, session: int, session_id: str) -> Iterator[FoundRow]:
    """The rounds of one session, in their order."""
    before = f'"session":{row_text.quoted(session_id)},"number":'
    tools = _tools(index, session)
    models, consumers, ways = names.model, names.consumer, names.way
    for number, at, start, length, model, consumer, way, parts, response_flags, told in index.db.execute(
        _SQL, (session,)
    ):
        month = month_of(at)
        kept, set_ = ("null" if each is None else json.dumps(each) for each in (parts, response_flags))
        body = (
            f'{before}{number},"month":{yyyymm(month)},"model":{models[model]},"consumer":{consumers[consumer]},'
            f'"way":{ways[way]},"parts":{kept},"response_flags":{set_},{told}{tools.get(number, "")}'
        ).encode()
        yield number, month, body, mark_of(month, body), (number, start, length, at)


def mark_of(month: int, body: bytes) -> bytes:
    """The beginning of a mark, without what was taken of the text."""
    return month.to_bytes(2, "big") + hashlib.blake2b(body, digest_size=6).digest()


def _tools(index: Index, session: int) -> dict[int, str]:
    """What each round had to do with tools, as the rest of its row."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for number, *tool in index.db.execute(_TOOL_SQL, (session,)):
        found.setdefault(number, []).append(tuple(tool))
    told = {}
    for number, tools in found.items():
        names, *counts = zip(*tools)
        columns = [",".join(map(row_text.quoted, names)), *(",".join(map(str, each)) for each in counts)]
        told[number] = "".join(f',"tool_{name}":[{column}]' for name, column in zip(TOOLS, columns))
    return told


def frame(gateway: str, version: int, prices: str | None) -> bytes:
    """The beginning of a row, before its ``body`` and ``}``: who sends it, its version, and, of a round, the fingerprint of the prices that its costs are by."""
    priced = "" if prices is None else f'"prices":{row_text.quoted(prices)},'
    return f'{{"gateway":{row_text.quoted(gateway)},"version":{version},{priced}"is_deleted":0,'.encode()


def tombstone(gateway: str, version: int, session_id: str, number: int, month: int) -> bytes:
    """The row that says of a round that it is there no more, or no more in this month."""
    row = {"gateway": row_text.written(gateway), "version": version, "is_deleted": 1}
    row.update(session=row_text.written(session_id), number=number, month=yyyymm(month))
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


# -- months ------------------------------------------------------------------------------------------------------------


def month_of(at: Optional[int]) -> int:  # noqa: UP045 -- as in others
    """The month (UTC) of a moment, counted from January 2000 as 1; 0 where it is not known, or in no year from 2000 to 2199."""
    return 0 if at is None else _month_of_day(at // timestamps.DAY)


@functools.lru_cache(4096)
def _month_of_day(day: int) -> int:
    if not _FIRST_DAY <= day <= _LAST_DAY - 1:
        return 0
    when = date.fromordinal(_EPOCH + day)
    return (when.year - _FIRST_YEAR) * 12 + when.month


@functools.lru_cache(4096)
def yyyymm(month: int) -> int:
    """A month as a number that people read: 202612; 0 for none."""
    return (_FIRST_YEAR + (month - 1) // 12) * 100 + (month - 1) % 12 + 1 if month else 0


def of_yyyymm(number: int) -> int:
    """The month of such a number."""
    return (number // 100 - _FIRST_YEAR) * 12 + number % 100 if number else 0
