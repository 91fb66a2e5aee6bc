"""How are the contents of a session's rounds kept in little room, so that a longer session costs what is new?"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence

from session_monitor.insight.basis import content
from session_monitor.insight.basis.content import Content
from session_monitor.insight.caching.cache import OfCache
from session_monitor.insight.caching.lifetimes import Pauses, Samples
from session_monitor.sessions.rounds import Place, open_session, round_at

AT_ONCE = 64
"""Rounds whose contents are kept together: those with the numbers 1 to 64, and so on."""
_LEVEL = 1


def unpacked(chunks: Iterable[bytes]) -> dict[int, Content]:
    """The contents that are kept, by the numbers of their rounds."""
    found: dict[int, Content] = {}
    for chunk in chunks:
        for number, *row in json.loads(zlib.decompress(chunk)):
            found[number] = content.of_row(row)
    return found


def packed(contents: Mapping[int, Content], first: int) -> list[tuple[int, bytes]]:
    """Chunks with all contents from the one on that round ``first`` is in, each with the number of its first round."""
    begin = _begin(first)
    by_chunk: dict[int, list[tuple[object, ...]]] = {}
    for number, each in contents.items():
        if number >= begin:
            by_chunk.setdefault(_begin(number), []).append((number, *each))
    return [(begin, zlib.compress(_encoded(rows), _LEVEL)) for begin, rows in by_chunk.items()]


def _begin(number: int) -> int:
    return number - (number - 1) % AT_ONCE


def _encoded(rows: Sequence[object]) -> bytes:
    return json.dumps(rows, separators=(",", ":")).encode()


def read(folder: str, places: Sequence[Place], names: dict[str, str]) -> dict[int, Content]:
    """The contents of these rounds of one session file, in order, as far as they stand there; ``names`` as ``content.of_round`` has them.

    Raises ``OSError`` where there is no such file.
    """
    found: dict[int, Content] = {}
    if not places:
        return found
    with open_session(folder, places[0].file) as file:
        for place in places:
            stored = round_at(file, place)
            of_round = content.of_round(stored, names) if stored else None
            if of_round is not None:
                found[place.number] = of_round
    return found


def packed_names(names: Mapping[str, str]) -> bytes:
    """Names of tools by the ids of calls, as they are kept."""
    return zlib.compress(json.dumps(names).encode(), _LEVEL) if names else b""


def unpacked_names(raw: bytes) -> dict[str, str]:
    """What ``packed_names`` gave."""
    return json.loads(zlib.decompress(raw)) if raw else {}


def packed_pauses(pauses: Mapping[OfCache, Samples]) -> str:
    """Samples of how long caches are kept, as text; empty where there are none."""
    rows = [(*key, [(step, *each) for step, each in samples.items()]) for key, samples in pauses.items()]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def unpacked_pauses(text: str) -> dict[OfCache, dict[int, Pauses]]:
    """What ``packed_pauses`` gave."""
    rows = json.loads(text) if text else []
    return {
        (model, way, seconds): {step: Pauses(*each) for step, *each in steps} for model, way, seconds, steps in rows
    }
