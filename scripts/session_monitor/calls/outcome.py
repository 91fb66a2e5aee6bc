"""How did a call end?

Three ways: ``ok``; ``left``, where the client closed before the gateway saw the end, and may have got everything; and
``failed``.  What follows from that for a stored round is told here as well, also for one that was stored before rounds
had an outcome of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

OK, LEFT, FAILED = "ok", "left", "failed"
OUTCOMES = (OK, LEFT, FAILED)

ERROR_CODE = 400
"""The lowest response code that says that a call was refused or failed."""
_TOO_LATE = (408, 499, 504)
"""The codes of calls that somebody gave up to wait for: a provider may have worked on them, and take money for it."""


_LEFT_FLAGS = frozenset(("DC", "DR", "DPE"))
_HARMLESS_FLAGS = frozenset(("DI", "RLSE"))
"""Of Envoy's response flags: the client's connection ended; and a delay on purpose, a limit that could not be asked."""
NO_RESPONSE = "no response"


class Ending(NamedTuple):
    """What a line tells of how its call ended; None for what it does not tell.

    ``sent_bytes`` were sent to the client; ``has_answer``: anything of an answer stands in the line; ``is_empty_stream``: a
    stream was read to its end, and held no event of an answer.
    """

    code: int | None
    flags: str | None
    details: str | None
    sent_bytes: int | None
    has_answer: bool
    is_empty_stream: bool


def ended(end: Ending) -> tuple[str, str | None]:
    """How a call ended, and for one that failed why, in a few words: the gateway's own."""
    if end.code is not None and (end.code == 0 or end.code >= ERROR_CODE):
        reason = end.details or end.flags
        return FAILED, f"{end.code} {reason}" if reason else str(end.code)
    flags = set(end.flags.split(",")) - _HARMLESS_FLAGS if end.flags else set()
    if flags:
        if flags <= _LEFT_FLAGS and end.sent_bytes != 0:
            return LEFT, None
        return FAILED, end.details or end.flags
    if end.is_empty_stream or (end.code is None and not end.has_answer):
        return FAILED, NO_RESPONSE
    return OK, None


def outcome_of(facts: Mapping[str, Any]) -> str:
    """How the call of a stored round ended."""
    told = facts.get("outcome")
    if told is None:
        return FAILED if facts["response_type"] == "error" else OK
    return str(told)


def has_tokens(facts: Mapping[str, Any]) -> bool:
    """Whether it is known what tokens a stored round used.

    Where the gateway answered by itself it used none.  Of all other calls 0 and 0 say that nobody counted.
    """
    return "answered_by" in facts or ("no_tokens" not in facts and facts["total_tokens"] != 0)


def is_free(facts: Mapping[str, Any]) -> bool:
    """Whether the call of a stored round costs nothing, whatever its model.

    The gateway answered it by itself, or it was refused before it used anything.
    """
    if "answered_by" in facts:
        return True
    code = facts.get("response_code") or 0
    was_refused = outcome_of(facts) == FAILED and code >= ERROR_CODE and code not in _TOO_LATE
    return was_refused and not has_tokens(facts)


def untold_counts(entry: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether the log leaves open how many tokens of a round with some were input, and how many output."""
    notes = entry.get("token_notes", ())
    if "unknown_split" in notes:
        return True, True
    reported = entry.get("reported", {})
    given, made = ("partly_told" in notes and count not in reported for count in ("input_token", "output_token"))
    return given, made
