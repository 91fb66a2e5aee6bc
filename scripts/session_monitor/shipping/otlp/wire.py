"""How are protobuf's fields written, and read again?

A field is its number and its kind, and behind them a varint, eight bytes, or a length and so many bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

_VARINT, _EIGHT_BYTES, _DELIMITED, _FOUR_BYTES = 0, 1, 2, 5
_pack_fixed = struct.Struct("<Q").pack
_pack_double = struct.Struct("<d").pack
_pack_signed = struct.Struct("<q").pack


class BadMessageError(ValueError):
    """Bytes that are no protobuf message."""


def varint(number: int) -> bytes:
    """A number of 64 bits, in seven bits a byte; one below 0 as its complement."""
    if 0 <= number < 0x80:
        return bytes((number,))
    number &= 0xFFFF_FFFF_FFFF_FFFF
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def number(field: int, value: int) -> bytes:
    """A field that holds an integer, a flag or a constant."""
    return varint(field << 3) + varint(value)


def fixed(field: int, value: int) -> bytes:
    """A field of eight bytes that holds an integer from 0 on."""
    return varint(field << 3 | _EIGHT_BYTES) + _pack_fixed(value)


def signed(field: int, value: int) -> bytes:
    """A field of eight bytes that holds an integer."""
    return varint(field << 3 | _EIGHT_BYTES) + _pack_signed(value)


def double(field: int, value: float) -> bytes:
    """A field that holds a floating point number."""
    return varint(field << 3 | _EIGHT_BYTES) + _pack_double(value)


def delimited(field: int, data: bytes) -> bytes:
    """A field that holds bytes, or another message."""
    return varint(field << 3 | _DELIMITED) + varint(len(data)) + data


def text(field: int, value: str) -> bytes:
    """A field that holds a text, which has UTF-8."""
    return delimited(field, value.encode())


def packed_fixed(field: int, values: Iterable[int]) -> bytes:
    """A field of many integers from 0 on, of eight bytes each."""
    return delimited(field, b"".join(map(_pack_fixed, values)))


def packed_doubles(field: int, values: Iterable[float]) -> bytes:
    """A field of many floating point numbers."""
    return delimited(field, b"".join(map(_pack_double, values)))


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: their numbers, with a varint's value or the bytes of any other.  Raises BadMessageError."""
    place = 0
    while place < len(message):
        key, place = _varint_at(message, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint_at(message, place)
            yield key >> 3, value
            continue
        if kind == _DELIMITED:
            length, place = _varint_at(message, place)
        else:
            length = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}.get(kind, -1)
        if length < 0 or place + length > len(message):
            raise BadMessageError
        yield key >> 3, message[place : place + length]
        place += length


def _varint_at(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    for end in range(place, min(place + 10, len(message))):
        value |= (message[end] & 0x7F) << shift
        if message[end] < 0x80:
            return value, end + 1
        shift += 7
    raise BadMessageError
