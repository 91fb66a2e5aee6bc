r"""What of a line would take too much room once it is decoded, and how does it read without that?

Ten megabytes of ``{},{},{}`` become a gigabyte of objects.  Where a line may hold too many values it is not decoded,
but gone through as bytes, in blocks, so that neither its size nor what stands in it makes much of a difference: the
values of each member of its objects are counted, and a member that has too many is left out; ``MARK`` stands in its
place.  What is left is a line like any other, and read as such.  Of ``ai_log``, which is an object in a string, the
members are looked at one by one.

A quote that stands in a string of a string has more backslashes before it, see ``_Quoting``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from session_monitor.base import lazy_regex

LIGHT = 512 << 10
"""Bytes of which nothing too heavy can come."""
MOST_VALUES = 200_000
"""So many values are decoded of a line; the conversations of agents have some thousands."""
MARK = os.urandom(16).hex()
"""What stands in the place of what was left out; nobody can have written it into a log."""

_MOST_MEMBERS = 1000
_SMALLEST, _LARGEST = 64, 256 << 10
"""Bytes of the blocks that are gone through; small ones where a value is small, or ends."""


class _Quoting(NamedTuple):
    """How quotes look in JSON that stands in as many strings one within the other as ``_QUOTINGS`` has before it.

    ``around`` stands around a string, ``within`` is a quote in one, and ``slashes`` are a backslash in one.
    """

    around: bytes
    within: bytes
    slashes: bytes


_QUOTINGS = [
    _Quoting(b"\\" * (2**depth - 1) + b'"', b"\\" * (2 ** (depth + 1) - 1) + b'"', b"\\" * 2 ** (depth + 1))
    for depth in range(4)
]

_SPACES = lazy_regex.lazy(rb"[ \t\r\n]*")
_BACKSLASHES = lazy_regex.lazy(rb"\\*")
_COLON = lazy_regex.lazy(rb"[ \t\r\n]*:[ \t\r\n]*")
_PLAIN = lazy_regex.lazy(rb"[\w.+-]+")
_STRUCTURE = lazy_regex.lazy(rb'["\[\]{}]')
_AI_LOG = b"ai_log"
_JSON_IN_STRINGS = frozenset(
    (b"messages", b"tool_calls", b"system", b"question", b"input_token_details", b"output_token_details")
)
"""Members of which a string may be decoded once more."""

_NO_STRUCTURE = bytes(range(256)).translate(None, b'"[]{},')
_BRACKETS = bytes.maketrans(b"[]{}", b"()()")
_STEPS = bytes.maketrans(b"()", b"\x01\xff")
_NESTED = [b"(" * deep + b")" * deep for deep in (256, 32, 4, 1)]
_ROUNDS = 3


class NotWholeError(ValueError):
    """Here stands no JSON object, or one of too many members."""


class Member(NamedTuple):
    """A member of an object: its key, where its value stands, and how many values that holds."""

    key: bytes
    start: int
    end: int
    values: int


class _Cut(NamedTuple):
    """What is left out: where it stands, and what stands around a string there."""

    start: int
    end: int
    quote: bytes


def may_be_heavy(raw: bytes) -> bool:
    """Whether there may be too many values in it; commas and brackets in texts are not told from others."""
    return len(raw) > LIGHT and raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MOST_VALUES


def lightened(raw: bytes, longest: int | None = None) -> bytes | None:
    """A JSON object, or a line that merely looks like one, without what is too heavy in it; itself where nothing is.

    With ``longest`` every member of more bytes counts as too heavy.

    Where a line is broken behind what could be gone through, not much of the rest of it stays.  None where it cannot be
    told what is to be left out.
    """
    look = _Look(raw, len(raw) if longest is None else longest)
    start = _SPACES.match(raw).end()  # type: ignore[union-attr]  # it matches nothing, too
    if raw[start : start + 1] != b"{":
        return None
    try:
        look.go_through(start + 1, len(raw), 0, 0)
        end = len(raw)
    except NotWholeError:
        if not look.has_ai_log:
            return None
        end = min(len(raw), look.end + LIGHT)
    return look.rest(end)


class _Look:
    """One look through a line."""

    def __init__(self, raw: bytes, longest: int) -> None:
        self._raw = raw
        self._longest = longest
        self._cuts: list[_Cut] = []
        self._left = MOST_VALUES
        self.has_ai_log = False
        self.end = 0
        """Up to where the outermost object could be gone through."""

    def rest(self, end: int) -> bytes:
        """The line up to there, with what is too heavy left out."""
        if not self._cuts and end == len(self._raw):
            return self._raw
        kept: list[bytes | memoryview] = []
        at = 0
        for start, behind, quote in self._cuts:
            kept += [memoryview(self._raw)[at:start], quote, MARK.encode(), quote]
            at = behind
        return b"".join([*kept, memoryview(self._raw)[at:end]])

    def go_through(self, start: int, end: int, strings: int, depth: int) -> None:
        """The members of an object in so many strings and objects, which begin here."""
        quote = len(_QUOTINGS[strings].around)
        for member in members(self._raw, start, end, strings):
            values = member.values
            if values == 1 and member.key in _JSON_IN_STRINGS and member.end - member.start > LIGHT:
                values = _values(self._raw, member.start + quote, member.end - quote, strings + 1)
            if member.key == _AI_LOG:
                self._go_through_ai_log(member, strings, depth)
                self.has_ai_log = True
            elif values <= self._left and member.end - member.start <= self._longest:
                self._left -= values
            elif (
                depth == 0 and self._raw[member.start : member.start + 1] == b"{"
            ):  # a shipper may have decoded the line
                self.go_through(member.start + 1, member.end, strings, depth + 1)
            else:
                self._leave_out(member, strings)
            if depth == 0:
                self.end = member.end

    def _go_through_ai_log(self, member: Member, strings: int, depth: int) -> None:
        if self._raw[member.start : member.start + 1] == b"{":
            self.go_through(member.start + 1, member.end, strings, depth + 1)
            return
        start = member.start + len(_QUOTINGS[strings].around)
        for deeper in range(strings + 1, len(_QUOTINGS)):  # some formats escape it twice
            if self._raw.startswith(b"{" + _QUOTINGS[deeper].around, start):
                self.go_through(start + 1, member.end - len(_QUOTINGS[strings].around), deeper, depth + 1)
                break
        else:
            if member.values > self._left or member.end - member.start > LIGHT:
                self._leave_out(member, strings)

    def _leave_out(self, member: Member, strings: int) -> None:
        self._cuts.append(_Cut(member.start, member.end, _QUOTINGS[strings].around))


# -- the members of an object ------------------------------------------------------------------------------------------


def members(raw: bytes, at: int, end: int, strings: int = 0) -> Iterator[Member]:
    """The members of an object, the first of which begins here, in so many strings one within the other.

    Nothing is decoded.  Raises ``NotWholeError``.
    """
    quote = _QUOTINGS[strings].around
    for _ in range(_MOST_MEMBERS):
        at = _behind_spaces(raw, at, end)
        if not raw.startswith(quote, at):
            if raw[at : at + 1] == b"}" and at < end:
                return
            raise NotWholeError
        key_end = _string_end(raw, at, end, strings)
        colon = _COLON.match(raw, key_end, end)
        if not colon:
            raise NotWholeError
        start = colon.end()
        value_end, values = _value_end(raw, start, end, strings)
        yield Member(raw[at + len(quote) : key_end - len(quote)], start, value_end, values)
        at = _behind_spaces(raw, value_end, end)
        if raw[at : at + 1] == b",":
            at += 1
    raise NotWholeError


def _behind_spaces(raw: bytes, at: int, end: int) -> int:
    return _SPACES.match(raw, at, end).end()  # type: ignore[union-attr]  # as above


def _value_end(raw: bytes, start: int, end: int, strings: int) -> tuple[int, int]:
    """The byte behind a value, and how many values it holds.  Raises ``NotWholeError``."""
    if raw.startswith(_QUOTINGS[strings].around, start):
        return _string_end(raw, start, end, strings), 1
    if raw[start : start + 1] in (b"[", b"{"):
        return _nested_end(raw, start + 1, end, strings)
    plain = _PLAIN.match(raw, start, end)
    if not plain:
        raise NotWholeError
    return plain.end(), 1


def _string_end(raw: bytes, start: int, end: int, strings: int) -> int:
    """The byte behind a string.  Raises ``NotWholeError``."""
    at, size = start + len(_QUOTINGS[strings].around), _SMALLEST
    while at < end:
        behind = _block_end(raw, at, end, size)
        found = _masked(raw[at:behind], strings).find(b'"')
        if found >= 0:
            return at + found + 1
        at, size = behind, min(4 * size, _LARGEST)
    raise NotWholeError


def _nested_end(raw: bytes, at: int, end: int, strings: int) -> tuple[int, int]:
    """The byte behind an array or object whose inside begins here, and how many values it holds."""
    depth, values, inside, size = 1, 1, False, _SMALLEST
    while at < end:
        behind = _block_end(raw, at, end, size)
        block = _profile(_masked(raw[at:behind], strings), inside=inside)
        if block.closing < depth:
            at, size = behind, min(4 * size, _LARGEST)
            depth += block.opening - block.closing
            values += block.values
            inside = block.ends_inside
        elif size > _SMALLEST:  # it ends somewhere in this block
            size //= 8
        else:
            masked = _masked(raw[at:behind], strings)
            last = _closing(masked, depth, inside=inside)
            return at + last, values + _profile(masked[:last], inside=inside).values
    raise NotWholeError


def _values(raw: bytes, at: int, end: int, strings: int) -> int:
    """How many values there are in this range of JSON, or of several."""
    values, inside = 1, False
    while at < end:
        behind = _block_end(raw, at, end, _LARGEST)
        block = _profile(_masked(raw[at:behind], strings), inside=inside)
        at, values, inside = behind, values + block.values, block.ends_inside
    return values


def _closing(masked: bytes, depth: int, *, inside: bool) -> int:
    """The byte of a block behind the bracket that closes the outermost of so many open ones."""
    for match in _STRUCTURE.finditer(masked):
        char = match.group()
        if char == b'"':
            inside = not inside
        elif not inside:
            depth += 1 if char in b"[{" else -1
            if depth == 0:
                return match.end()
    raise NotWholeError


# -- blocks ------------------------------------------------------------------------------------------------------------


def _block_end(raw: bytes, start: int, end: int, size: int) -> int:
    """The end of a block of about this size, which is not between a backslash and what it stands before."""
    behind = start + size
    if behind >= end:
        return end
    if raw[behind - 1 : behind] == b"\\":
        behind = _BACKSLASHES.match(raw, behind, end).end() + 1  # type: ignore[union-attr]  # as above
    return min(behind, end)


def _masked(block: bytes, strings: int) -> bytes:
    """A block of equal length in which a quote stands around each string, and no other does."""
    around, within, slashes = _QUOTINGS[strings]
    if b"\\" in block:
        for what in (slashes, within):
            block = block.replace(what, b"." * len(what))
        if strings:
            block = block.replace(around, b"." * (len(around) - 1) + b'"')
    return block


class _Profile(NamedTuple):
    """What a block does: it closes so many brackets that were open before it, opens others, and has so many values."""

    closing: int
    opening: int
    values: int
    ends_inside: bool


def _profile(masked: bytes, *, inside: bool) -> _Profile:
    """What a block does that begins ``inside`` a string or not."""
    # Two quotes with nothing between them change nothing of what is in a string and what is not.
    structure = masked.translate(None, _NO_STRUCTURE).replace(b'""', b"")
    pieces = structure.split(b'"')
    plain = b"".join(pieces[inside::2])
    values = plain.count(b",") + plain.count(b"[") + plain.count(b"{")
    return _Profile(*_unmatched(plain.replace(b",", b"")), values, inside ^ (len(pieces) % 2 == 0))


def _unmatched(brackets: bytes) -> tuple[int, int]:
    """How many brackets close what stands before them, and how many stay open."""
    left = brackets.translate(_BRACKETS)
    for _ in range(_ROUNDS):  # most are gone by that
        before = len(left)
        for nested in _NESTED:
            left = left.replace(nested, b"")
        if len(left) == before:
            return left.count(b")"), left.count(b"(")
    from array import array  # noqa: PLC0415 -- hardly ever is anything nested as deep

    steps = array("b", left.translate(_STEPS))
    closing = max(0, -min(accumulate(steps), default=0))
    return closing, sum(steps) + closing
