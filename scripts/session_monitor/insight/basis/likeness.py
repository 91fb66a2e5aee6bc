"""When do two texts say the same?

Each text has a mark: a number that two have that say the same.  What differs each time by nature is left out first: of results
the time of now, how long something took, process numbers, random ids; of arguments what was only made so that no two are
alike.  All else counts, to the last character: hashing a part of a text takes what is not the same for the same.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any, Callable

from session_monitor.base import data_tables
from session_monitor.base.hashing import blake2b
from session_monitor.base.lazy_regex import lazy
from session_monitor.base.timestamps import DAY, HOUR, MINUTE, rfc3339
from session_monitor.calls import messages as said

_BYTES = 7  # of a mark: a number that JSON's readers keep whole


# -- arguments ---------------------------------------------------------------------------------------------------------


def mark_of_arguments(arguments: str, at: int | None = None) -> int:
    """The mark of a call's arguments, made ``at`` this moment in milliseconds since 1970.

    The order of keys, spaces between them and how a number is written make no other; nor what a nonce says, nor a moment that is now.
    """
    try:
        decoded = json.loads(arguments, parse_float=_number)
    except (ValueError, RecursionError):
        return _mark(" ".join(arguments.split()))
    near = at is not None and _may_be_now(arguments, at)
    if near or _NONCE.search(arguments):
        decoded = _without_nonces(decoded, at if near else None)
    return _mark(json.dumps(decoded, sort_keys=True, separators=(",", ":")))


def are_waiting(arguments: str) -> bool:
    """Whether a call's arguments are those of somebody who waits: ``sleep``, the end of a log, no input at all."""
    return len(arguments) <= _COMMAND and _waiting().search(arguments) is not None


_COMMAND = 2_000
"""Characters of arguments that may be a command that waits."""
_NONCE = lazy(r'(?i)"(?:nonce|request_?id|trace_?id|correlation_?id|idempotency_?key|cache_?buster|_t?)"\s*:')
_EPOCH = lazy(r"\b1[5-9]\d{8}(?:\d{3})?\b")
_MOMENT = lazy(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_NOW = 2 * MINUTE


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _may_be_now(arguments: str, at: int) -> bool:
    return str(at // 1_000_000_000) in arguments or rfc3339(at)[:8] in arguments


def _without_nonces(value: Any, at: int | None) -> Any:
    if isinstance(value, dict):
        return {key: "~" if _NONCE.match(f'"{key}":') else _without_nonces(each, at) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_nonces(each, at) for each in value]
    if at is None or isinstance(value, bool) or not isinstance(value, (str, int)):
        return value
    text = str(value)
    found = _MOMENT.sub(lambda match: "~" if _is_now(match[0], at) else match[0], text)
    found = _EPOCH.sub(lambda match: "~" if _is_near(match[0], at, _NOW) else match[0], found)
    return value if found == text else found


def _is_now(moment: str, at: int) -> bool:
    """Whether a moment as text is that of a call, whatever the time zone: to the minute, and to an hour's quarter off."""
    return any(rfc3339(at + minutes * MINUTE)[14:16] == moment[14:16] for minutes in (-1, 0, 1)) and _is_day(moment, at)


def _is_day(moment: str, at: int) -> bool:
    return moment[:10] in _days(at // HOUR)


@functools.lru_cache(64)
def _days(hour: int) -> tuple[str, ...]:
    """The days that it may be somewhere on earth, in this hour since 1970."""
    return tuple({rfc3339(hour * HOUR + hours * HOUR)[:10] for hours in (-12, 0, 14)})


def _is_near(epoch: str, at: int, most: int) -> bool:
    whole = epoch.partition(".")[0]
    moment = int(whole) if len(whole) > 10 else int(whole) * 1000
    return abs(moment - at) <= most


@functools.lru_cache(1)
def _waiting() -> re.Pattern[str]:
    return re.compile("|".join(data_tables.beside(__file__, "waiting.json")["arguments"]))


# -- results -----------------------------------------------------------------------------------------------------------


def text_of_result(content: object) -> str:
    """What a tool said, as text."""
    return said.spoken(content) or ""


def beside_text(content: object) -> str:
    """What a tool gave that is no text, such as an image, with all its data; empty where all is text."""
    parts = content if isinstance(content, list) else ()
    others = [part for part in parts if isinstance(part, dict) and not isinstance(part.get("text"), str)]
    return json.dumps(others, sort_keys=True) if others else ""


def mark_of_result(text: str, at: int | None = None, beside: str = "") -> int:
    """The mark of what a tool said, to a call ``at`` this moment in milliseconds since 1970, with what it gave ``beside`` that.

    Times of now are left out, of other days they are what is said; without ``at`` all are.
    """
    return _mark(_without_varying(text, at) + beside)


def mark_of_error(text: str, at: int | None = None) -> int:
    """The mark of an error, whatever line it is about."""
    return _mark(_LINE.sub(":#", _without_varying(text, at)).lower())


def says_why(text: str) -> bool:
    """Whether an error says more than that it is one: an exit code alone, such as of a search that found nothing, is no reason."""
    text = text.strip()
    if text.startswith("{"):
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            return True
        return any(each and not isinstance(each, (bool, int, float)) for each in fields.values())
    return _MUTE.fullmatch(text) is None


_MUTE = lazy(
    r"(?i)(?:error:?|command failed|process exited)?(?: with| failed with)?\s*(?:exit (?:code|status))?[:\s]*\d*\W*"
)


def mark_of_text(text: str) -> int:
    """The mark of an answer's text; spaces, numbers and capitals make no other."""
    return _mark(_at_both_ends(text, _plain_words))


def mark_of_frame(text: str) -> int:
    """The mark of a text without any time, id and number in it: what stands around these."""
    return _mark(_at_both_ends(text, lambda end: _NUMBER.sub("#", _left_out(end, None, at_any_cost=True))))


def exact_mark(text: str) -> str:
    """A mark that is another where a single character is."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()


def exact_number(text: str) -> int:
    """The same as a number."""
    return _mark(text)


_END = 4_000
"""Characters at either end of a text in which what varies is left out; what stands between counts as it is."""
_FEWEST_LETTERS = 20
"""What says less than that beside random ids is a list of ids, and counts as it is."""
_NUMBER = lazy(r"\d+")
_LINE = lazy(r":\d+(?::\d+)?\b|\b[Ll]ines? \d+(?:-\d+)?")
# Each begins with one character of a kind, behind none of a word: where there is none, nothing else is tried.  The whole text
# is gone through, and most of it is neither.
_TIMED = lazy(
    r"""
    [0-9](?<![0-9A-Za-z_.][0-9])(?:
        (?P<moment>\d{3}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)
        |\d:\d\d:\d\d(?:[.,]\d+)?\b                                                   # a time of day
        |(?P<epoch>(?<=1)[5-9]\d{8}(?:\d{3})?(?:\.\d+)?\b)                             # a moment as seconds or milliseconds
        |x[0-9a-fA-F]{4,}\b                                                             # an address
        |(?<=\([0-9])\d*(?:\.\d+)?\s?(?:ms|s|sec)(?=\))                                # how long it took: (0.31s), in 3 ms
        |(?:(?<=\b[Ii]n\s[0-9])|(?<=\b[Tt]ook\s[0-9])|(?<=\b[Aa]fter\s[0-9])|(?<=\b[Dd]uration\s[0-9])|(?<=\b[Dd]uration:\s[0-9])|(?<=\b[Tt]ime:\s[0-9]))
            \d*(?:\.\d+)?\s?(?:ns|us|µs|ms|s|secs?|seconds?|minutes?)\b
        |(?:(?<=_ms":[0-9])|(?<=_ms":\s[0-9]))\d*(?:\.\d+)?
        |(?:(?<=\bpid[ =:][0-9])|(?<=\bPID[ =:][0-9])|(?<=\bPID:\s[0-9])|(?<=\bprocess\s[0-9]))\d*  # a process
        |\d*(?:\.\d+)?\s?(?:ms|s|secs?|seconds?|min|minutes?)(?=\s(?:elapsed|ago)\b)
    )""",
    re.VERBOSE,
)
_RANDOM = lazy(
    r"[0-9a-fA-F](?<![0-9A-Za-z_][0-9a-fA-F])[0-9a-fA-F]{7,}(?:-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})?(?![\w-])"
)


def _without_varying(text: str, at: int | None) -> str:
    """A text without what differs each time by nature."""
    return _at_both_ends(text, lambda end: _left_out(end, at))


def _at_both_ends(text: str, change: Callable[[str], str]) -> str:
    if len(text) > 2 * _END:
        return change(text[:_END]) + text[_END:-_END] + change(text[-_END:])
    return change(text)


def _plain_words(text: str) -> str:
    return " ".join(_NUMBER.sub("#", text).lower().split())


def _left_out(text: str, at: int | None, *, at_any_cost: bool = False) -> str:
    taken = 0

    def timed(match: re.Match[str]) -> str:
        found, kind = match[0], match.lastgroup
        is_other = (
            at is not None and kind and not (_is_day(found, at) if kind == "moment" else _is_near(found, at, DAY))
        )
        return found if is_other else "~"

    def random(match: re.Match[str]) -> str:
        nonlocal taken
        found = match[0]
        if found.isdigit() or found.isalpha():
            return found
        taken += len(found)
        return "~"

    shorter = _RANDOM.sub(random, _TIMED.sub(timed, text))
    says_little = 2 * taken > len(text) and sum(map(str.isalpha, shorter)) < _FEWEST_LETTERS
    return text if says_little and not at_any_cost else shorter


def _mark(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest(), "big")
