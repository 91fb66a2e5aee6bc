"""Which of a round's facts did earlier versions write elsewhere in its line, or not at all?"""

from __future__ import annotations

from session_monitor.base import lazy_regex
from session_monitor.calls.usage import CACHE_NAMES, OPEN_CACHE

_COMMA = b","[0]
_NOTHING_CACHED, _NO_INPUT, _UNTOLD = b'"cached_tokens":0,', b'"input_tokens":0,', b',"cache_untold":true'
_REPORTED, _DETAILS, _NOTES = b',"reported":{', b',"input_token_details":', b',"token_notes":['
_LONGEST_REPORTED = 1000  # numbers under a few names
_OPEN_CACHE = {f'"{note}"'.encode(): f',"{note}":true'.encode() for note in OPEN_CACHE}
_TELLS_CACHE = lazy_regex.lazy(rf'"(?:{"|".join(sorted(CACHE_NAMES))})":(?!null|""|"-")'.encode())
_WAY = b'"upstream_cluster":'
_OLD_WAY = lazy_regex.lazy(rb'((,"(?:route_name|upstream_cluster)":)"(?:[^"\\]|\\.)*")')


def facts_in(body: bytes, content: int) -> bytes:
    """The text of a round's facts, which stand before its content, without the closing brace."""
    facts = body[body[0] == _COMMA : content]
    if _NOTHING_CACHED not in facts:
        facts += _open_cache(body, facts)
    elif _UNTOLD not in facts and _NO_INPUT not in facts and not _tells_cache(body):
        facts += _UNTOLD
    if _WAY in facts:
        return facts
    # They wrote the way that a call went behind what was said in it, where no object is a client's any more.
    found = {key: whole for whole, key in _OLD_WAY.findall(body, max(content, body.rfind(_REPORTED)))}
    return b"".join((facts, *found.values()))


def _open_cache(body: bytes, facts: bytes) -> bytes:
    """What is open of a round's cache, which was told among the notes behind the counts alone."""
    reported = body.rfind(_REPORTED)
    notes = body.find(_NOTES, reported, reported + _LONGEST_REPORTED) if reported >= 0 else -1
    if notes < 0:
        return b""
    told = body[notes : body.find(b"]", notes)]
    return b"".join(fact for note, fact in _OPEN_CACHE.items() if note in told and fact not in facts)


def _tells_cache(body: bytes) -> bool:
    """Whether a round's counts tell of a cache: as ``usage.tells_cache``."""
    reported = body.rfind(_REPORTED)
    start, end = body.rfind(_DETAILS, 0, reported), body.find(b"}", reported)
    return start < 0 or _TELLS_CACHE.search(body, start, end) is not None
