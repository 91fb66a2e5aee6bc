"""Which words does a stored round have?

First the short facts that sums are made of, behind them what was said and where the call went: whoever wants the facts
alone need not decode the rest.  No key of an object among the facts is written by strangers, see ``session_file``.
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
        "cache_write_tokens": tokens.cache_write,
        "explicit_cache": tokens.explicit_cache,
        "no_tokens": not call.has_tokens,
        "no_content": not call.content_logged,
        "cut": call.cut,
        "consumer": call.consumer,
        "response_code": call.response_code,
        "first_token_ms": call.first_token_ms,
        "duration_ms": call.duration_ms,
        "messages_total": len(call.messages),
        "messages_from_history": shared,
        "tools_called": tools.called(call.tool_calls),
        "tool_results": came,
        "fresh_characters": fresh,
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
        "error": call.error,
        "api": call.api,
        "chat_id": call.chat_id,
        "chat_round": call.chat_round,
        "request_id": call.request_id,
        "route_name": call.route_name,
        "upstream_cluster": call.upstream_cluster,
        "response_flags": call.response_flags,
    }
    return {**facts, **_present(more_facts), **content, **_present(more_content), "log": log}


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value or (value == 0 and key == "response_code")}


def facts_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a round that stand before what was said."""
    return dict(itertools.takewhile(lambda item: item[0] != "messages", entry.items()))
