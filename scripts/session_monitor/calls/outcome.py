"""How did a call end?

Three ways: ``ok``; ``left``, where the client closed before the gateway saw the end, and may have got everything; and
``failed``.  What follows from that for a stored round is told here as well, also for one that was stored before rounds
had an outcome of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OK, LEFT, FAILED = "ok", "left", "failed"
OUTCOMES = (OK, LEFT, FAILED)

ERROR_CODE = 400
"""The lowest response code that says that a call was refused or failed."""


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
    was_refused = outcome_of(facts) == FAILED and (facts.get("response_code") or 0) >= ERROR_CODE
    return was_refused and not has_tokens(facts)
