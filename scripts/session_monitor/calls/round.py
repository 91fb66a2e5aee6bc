"""What is one LLM call, in the project's own terms?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from . import long_lines
from .usage import AT_LEAST, IN_PART, Usage

FROM_CONVERSATION, FROM_HISTORY = "conversation", "history"
"""Where a session's id is from, if not from the gateway: the agent's own words, or a history that goes on."""


class Round(NamedTuple):
    """One LLM call, in the project's own terms.

    ``messages`` is the whole history that the client sent (empty where the log has none).  ``cut`` names the values
    whose middle the gateway cut out; ``undecoded`` holds the text of those that are therefore no structure any more.
    ``left_out`` names the values that were too heavy to be taken.  ``outer_broken`` says that the line is no JSON as a
    whole, ``torn`` that another line begins in the middle of it. ``outcome`` says how it ended, ``error`` in a few
    words why it failed, ``None`` where it did not.  ``response_type`` is ``error`` then; otherwise, and
    ``has_tool_calls`` always, ``None`` where the line does not tell.  ``has_tokens`` says whether the line tells any
    tokens, ``cache_untold`` that it tells a prompt and not what of that came from a cache, ``answered_by`` which of the gateway's own plugins answered instead of a model, and ``session_from`` where
    the session's id was taken from, if not from the gateway.

    ``response_flags`` are the gateway's own words for what went wrong on the way: empty for a call that failed where it says that
    nothing did, so that the answer itself tells a failure.  ``upstream_ms`` is how long the upstream took to begin its answer, once the
    gateway had the whole request: tries before the last one are in it.

    ``from_history`` is above 0 where ``messages`` lacks so many at its beginning: they are all those that the last call of
    the session's conversation ``from_thread`` sent.  ``sent`` says where all of them stand in the line, where that is worth remembering.
    """

    session_id: str | None
    timestamp: str | None
    model: str | None
    usage: Usage
    reported: dict[str, Any]
    has_tokens: bool
    cache_untold: bool
    response_type: str | None
    outcome: str
    error: str | None
    has_tool_calls: bool | None
    messages: list[Any]
    question: str | None
    answer: str | None
    reasoning: str | None
    system: str | None
    tool_calls: list[Any]
    input_token_details: Mapping[str, Any]
    output_token_details: Mapping[str, Any]
    content_logged: bool
    outer_broken: bool
    torn: bool = False
    cut: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    undecoded: Mapping[str, str] = {}
    consumer: str | None = None
    api: str | None = None
    chat_id: str | None = None
    chat_round: int | None = None
    request_id: str | None = None
    route_name: str | None = None
    upstream_cluster: str | None = None
    response_code: int | None = None
    response_flags: str | None = None
    first_token_ms: int | None = None
    duration_ms: int | None = None
    upstream_ms: int | None = None
    answered_by: str | None = None
    session_from: str | None = None
    from_history: int = 0
    from_thread: int = 0
    sent: long_lines.Sent | None = None

    @property
    def group(self) -> str:
        """The id of the session that keeps this round; calls without one are kept by consumer and UTC day."""
        return group_of(self.session_id, self.consumer, self.timestamp)

    @property
    def at_least(self) -> bool:
        """Whether there may be more tokens than are told."""
        return not AT_LEAST.isdisjoint(self.usage.notes)

    @property
    def partly_told(self) -> bool:
        """Whether too little is told of the tokens for a cost."""
        return not IN_PART.isdisjoint(self.usage.notes)


def group_of(session_id: str | None, consumer: str | None, timestamp: str | None) -> str:
    """The id of the session that keeps a call."""
    if session_id:
        return session_id
    day = timestamp[:10] if timestamp else "undated"
    return ":".join(("no-session", *([consumer] if consumer else []), day))
