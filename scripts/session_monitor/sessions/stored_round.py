"""What stands in a round that is stored?

Types alone, for plain dicts as JSON has them: imported where types are checked, so that no run pays for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from .message_forms import Form


class _AlwaysKnown(TypedDict):
    round: int
    timestamp: str | None
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    total_tokens: int
    model: str | None
    has_tool_calls: bool | None
    response_type: str | None


class RoundFacts(_AlwaysKnown, total=False):
    """The short facts that sums are made of; what was said in the round stands behind them in its line.

    Tokens of the kinds of ``usage.TokenParts`` are there where they are above 0, and counted in what they are a part of.

    The flags are there where they are true.  ``tools_called`` has names and calls, ``tool_results`` names, results, how
    many of them failed, and their characters.

    ``thread`` is the number of its conversation in the session, absent for 1; ``history_of`` the number of the round whose
    messages the first ``messages_from_history`` are, absent for the round before, 0 for none.  ``told_tools`` has the number
    of an earlier round and what that asked for, as ``tools_called``: the log of it does not tell, these messages do.
    """

    outcome: str
    cache_write_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    cache_write_mixed_tokens: int
    audio_input_tokens: int
    image_input_tokens: int
    audio_output_tokens: int
    image_output_tokens: int
    explicit_cache: bool
    converted_cache: bool
    cache_in_one: bool
    cache_untold: bool
    no_tokens: bool
    at_least: bool
    partly_told: bool
    answered_by: str
    no_content: bool
    cut: Sequence[str]
    left_out: Sequence[str]
    consumer: str
    route_name: str
    upstream_cluster: str
    response_code: int
    response_flags: str
    first_token_ms: int
    duration_ms: int
    upstream_ms: int
    messages_total: int
    messages_from_history: int
    tool_results: Sequence[tuple[str, int, int, int]]
    fresh_characters: int
    tools_called: Sequence[tuple[str, int]]
    thread: int
    history_of: int
    told_tools: tuple[int, Sequence[tuple[str, int]]]


class LoggedFacts(RoundFacts):
    """The short facts, and where the round's line stood in the log: generation, first byte, the one behind the last."""

    log: tuple[str, int, int]


class _AlwaysStored(LoggedFacts):
    messages: list[Any]
    question: str | None
    answer: str | None
    reasoning: str | None
    tool_calls: list[Any]
    input_token_details: dict[str, Any]
    output_token_details: dict[str, Any]
    reported: dict[str, Any]


class StoredRound(_AlwaysStored, total=False):
    """A whole round; of its ``messages`` those that came with it first, behind ``messages_from_history`` others.

    ``restyled`` says which of those others wear something else here (``message_forms``): their places, and what they wear.
    """

    token_notes: Sequence[str]
    session_from: str
    restyled: Sequence[tuple[int, Form]]
    system: str
    undecoded: dict[str, str]
    error: str
    api: str
    chat_id: str
    chat_round: int
    request_id: str
