"""Which words does a stored round have?

Short facts first, what was said behind them: whoever wants to know the facts alone need not decode the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from . import tools
from .ai_log import Round


def entry_of(call: Round, number: int, log: tuple[str, int, int], shared: int) -> dict[str, Any]:
    """A call as it is stored; of its messages only those behind the first ``shared``.

    ``log`` is where its line stood: the generation, the first byte and the one behind the last.
    """
    tokens = call.usage
    came, fresh = tools.came_back(call.messages, shared)
    facts: dict[str, Any] = {
        "round": number,
        "timestamp": call.timestamp,
        "input_tokens": tokens.input_tokens,
        "output_tokens": tokens.output_tokens,
        "reasoning_tokens": tokens.reasoning,
        "cached_tokens": tokens.cache_read,
        "total_tokens": tokens.total_tokens,
        "model": call.model,
        "has_tool_calls": bool(call.tool_calls or "tool_calls" in call.undecoded),
        "response_type": call.response_type,
    }
    more_facts: dict[str, Any] = {
        "messages_total": len(call.messages),
        "messages_from_history": shared,
        "tools_called": tools.called(call.tool_calls),
        "tool_results": came,
        "fresh_characters": fresh,
        "cache_write_tokens": tokens.cache_write,
        "explicit_cache": tokens.explicit_cache,
        "no_tokens": not call.has_tokens,
        "no_content": not call.content_logged,
        "error": call.error,
        "cut": call.cut,
        "consumer": call.consumer,
        "api": call.api,
        "chat_id": call.chat_id,
        "chat_round": call.chat_round,
        "request_id": call.request_id,
        "route_name": call.route_name,
        "upstream_cluster": call.upstream_cluster,
        "response_code": call.response_code,
        "response_flags": call.response_flags,
        "first_token_ms": call.first_token_ms,
        "duration_ms": call.duration_ms,
    }
    content: dict[str, Any] = {
        "messages": call.messages[shared:],
        "question": call.question,
        "answer": call.answer,
        "reasoning": call.reasoning,
        "tool_calls": call.tool_calls,
        "input_token_details": call.input_token_details,
        "output_token_details": call.output_token_details,
        "reported": call.reported,
    }
    more_content: dict[str, Any] = {
        "token_notes": tokens.notes,
        "system": call.system,
        "undecoded": call.undecoded,
    }
    return {**facts, **_present(more_facts), **content, **_present(more_content), "log": log}


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value or (value == 0 and key == "response_code")}


def facts_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The short facts of a round."""
    return dict(itertools.takewhile(lambda item: item[0] != "messages", entry.items()))
