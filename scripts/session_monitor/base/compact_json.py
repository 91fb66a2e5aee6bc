"""How is a value written as JSON, with no byte that need not be there?

As ``json.JSONEncoder`` does, which makes an encoder for each value anew; here one is made for all.
"""

from __future__ import annotations

import json
import json.encoder
import zlib
from typing import Any, Callable

CHECKSUM = b',"crc32":"%08x"}\n'
CHECKSUM_SIZE = len(CHECKSUM % 0)
Encode = Callable[[object], bytes]


def encoder(*, allow_nan: bool) -> Encode:
    """What encodes values that came out of JSON, in UTF-8.

    Half a surrogate pair, which a client may send, has no UTF-8: where there is one, all that is not ASCII is escaped.
    Without ``allow_nan`` it raises ``ValueError`` for numbers that not every JSON reader can take.
    """
    text_of = _text_of(allow_nan=allow_nan)

    def encode(value: object) -> bytes:
        try:
            return text_of(value).encode()
        except UnicodeEncodeError:
            return json.dumps(value, separators=(",", ":"), allow_nan=allow_nan).encode()

    return encode


def sealed(body: bytes) -> bytes:
    """A line of this body, which is an object without its end, with its checksum."""
    return body + CHECKSUM % zlib.crc32(body)


def unsealed(line: bytes) -> bytes | None:
    """What the line was made of, or None where it is not whole."""
    body = line[:-CHECKSUM_SIZE]
    return body if line[-CHECKSUM_SIZE:] == CHECKSUM % zlib.crc32(body) else None


def _text_of(*, allow_nan: bool) -> Callable[[object], str]:
    # What was decoded does not go round in circles, and looking for that takes almost half the time.
    every = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=allow_nan, check_circular=False)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python without its own in C
        return every.encode
    parts_of = make(None, every.default, json.encoder.encode_basestring, None, ":", ",", False, False, allow_nan)  # noqa: FBT003
    return lambda value: "".join(parts_of(value, 0))
