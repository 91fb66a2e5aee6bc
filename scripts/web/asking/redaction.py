"""What is left of an answer where texts are not served?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_monitor.calls.usage import PART_WORDS
from web.server.exchange import Refusal

from .questions import Setting

_TEXTS = ("messages", "question", "answer", "reasoning", "system", "error", "undecoded")
"""What is served as null."""
_WITHOUT_TEXTS = (
    *("round", "timestamp", "input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "cache_write_tokens"),
    *(
        "total_tokens",
        "model",
        "has_tool_calls",
        "response_type",
        "outcome",
        "explicit_cache",
        "converted_cache",
        "cache_in_one",
        "cache_untold",
        "no_tokens",
        "partly_told",
    ),
    *PART_WORDS,
    *("at_least", "no_content", "cut", "left_out"),
    *(
        "consumer",
        "response_code",
        "first_token_ms",
        "duration_ms",
        "upstream_ms",
        "messages_total",
        "messages_from_history",
    ),
    *(
        "messages_start",
        "added_tokens",
        "cost_reasons",
        "cost_usd",
        "cost_parts_usd",
        "cache_savings_usd",
        "price",
        "unpriced",
        "cost_notes",
    ),
    *("other_reading_usd", "api"),
    *("request_id", "route_name", "upstream_cluster", "response_flags", "token_notes"),
    *("answered_by", "session_from", "thread", "history_of", "tools_called", "told_tools"),
)
"""What is served of a round where texts are not: nothing that is not named here.  Of tools that is their names."""


def refuse_texts(setting: Setting) -> None:
    """Answer nothing that is made of texts.  Raises ``Refusal`` where they are not served."""
    if setting.redacts:
        raise Refusal(403, "redacted", "this server was started with --redact: it serves no texts")


def without_texts(round_: Mapping[str, Any]) -> dict[str, Any]:
    """A round as it is served without texts; of its tool calls the names, and whether they failed."""
    kept = {name: round_[name] for name in _WITHOUT_TEXTS if name in round_}
    calls = [_call_without_texts(call) for call in round_["tool_calls"]]
    return {**kept, **dict.fromkeys(_TEXTS), "tool_calls": calls, "clipped": []}


def _call_without_texts(call: Mapping[str, Any]) -> dict[str, Any]:
    function, result = call.get("function"), call["result"]
    name = function.get("name") if isinstance(function, dict) else None
    return {
        "function": {"name": name if isinstance(name, str) else None, "arguments": None},
        "result": result and {**result, "content": None},
    }
