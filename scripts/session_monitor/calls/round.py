"""What is one LLM call, in the project's own terms?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from . import long_lines
from .usage import Usage


class Round(NamedTuple):
    """One LLM call, in the project's own terms.

    ``messages`` is the whole history that the client sent (empty where the log has none).  ``cut`` names the values
    whose middle the gateway cut out; ``undecoded`` holds the text of those that are therefore no structure any more.
    ``outer_broken`` says that the line is no JSON as a whole, ``torn`` that another line begins in the middle of it.
    ``error`` says in a few words why a call failed, and is ``None`` for one that did not.

    ``from_history`` is above 0 where ``messages`` lacks so many at its beginning: they are those of the session's last
    call.  ``sent`` says where all of them stand in the line, where that is worth remembering.
    """

    session_id: str | None
    timestamp: str | None
    model: str | None
    usage: Usage
    reported: dict[str, Any]
    response_type: str
    error: str | None
    messages: list[Any]
    question: str | None
    answer: str | None
    reasoning: str | None
    system: str | None
    tool_calls: list[Any]
    input_token_details: dict[str, Any]
    output_token_details: dict[str, Any]
    content_logged: bool
    outer_broken: bool
    torn: bool = False
    cut: tuple[str, ...] = ()
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
    from_history: int = 0
    sent: long_lines.Sent | None = None

    @property
    def group(self) -> str:
        """The id of the session that keeps this round; calls without one are kept by consumer and UTC day."""
        return group_of(self.session_id, self.consumer, self.timestamp)

    @property
    def has_tokens(self) -> bool:
        """Whether the line reports any token count."""
        reported = self.reported
        return "input_token" in reported or "output_token" in reported or "total_token" in reported


def group_of(session_id: str | None, consumer: str | None, timestamp: str | None) -> str:
    """The id of the session that keeps a call."""
    if session_id:
        return session_id
    day = timestamp[:10] if timestamp else "undated"
    return ":".join(("no-session", *([consumer] if consumer else []), day))
