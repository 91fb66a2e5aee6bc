"""Which words does a stored round have?

First the short facts that sums are made of, behind them what was said and where the call went: whoever wants the facts
alone need not decode the rest.  No key of an object among the facts is written by strangers, see ``session_file``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from session_monitor.calls import tool_results

if TYPE_CHECKING:
    from session_monitor.calls.round import Round

    from .stored_round import RoundFacts

Entry = dict[str, Any]


def entry_of(call: Round, number: int, log: tuple[str, int, int], shared: int) -> tuple[RoundFacts, Entry]:
    """A call as it is stored: the facts, and the rest that stands behind its messages.

    Of these only those after the first ``shared`` are stored; where the call lacks messages of its history, these are
    exactly those that are shared.

    ``log`` is where its line stood: the generation, the first byte and the one behind the last.
    """
    fresh, read, written, visible, reasoning, is_explicit, notes = call.usage
    input_tokens, output_tokens = fresh + read + written, visible + reasoning
    facts: Entry = {
        "round": number,
        "timestamp": call.timestamp,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "reasoning_tokens": reasoning,
        "cached_tokens": read,
        "total_tokens": input_tokens + output_tokens,
        "model": call.model,
        "has_tool_calls": bool(call.tool_calls or "tool_calls" in call.undecoded),
        "response_type": call.response_type,
    }
    for name, value in (
        ("cache_write_tokens", written),
        ("explicit_cache", is_explicit),
        ("no_tokens", not call.has_tokens),
        ("no_content", not call.content_logged),
        ("cut", call.cut),
        ("consumer", call.consumer),
    ):
        if value:
            facts[name] = value
    if call.response_code is not None:  # 0 is one, too
        facts["response_code"] = call.response_code
    if call.first_token_ms:
        facts["first_token_ms"] = call.first_token_ms
    if call.duration_ms:
        facts["duration_ms"] = call.duration_ms
    if call.messages or call.tool_calls:
        facts.update(_of_messages(call, shared))
    rest: Entry = {
        "question": call.question,
        "answer": call.answer,
        "reasoning": call.reasoning,
        "tool_calls": call.tool_calls,
        "input_token_details": call.input_token_details,
        "output_token_details": call.output_token_details,
        "reported": call.reported,
    }
    if notes:
        rest["token_notes"] = notes
    for name in _WHERE_THERE:
        value = getattr(call, name)
        if value:
            rest[name] = value
    rest["log"] = log
    return facts, rest  # type: ignore[return-value]  # a name at a time


_WHERE_THERE = (
    *("system", "undecoded", "error", "api", "chat_id", "chat_round", "request_id", "route_name", "upstream_cluster"),
    "response_flags",
)


def _of_messages(call: Round, shared: int) -> Entry:
    came, fresh = tool_results.came_back(call.messages, shared - call.from_history)
    found = {
        "messages_total": call.from_history + len(call.messages),
        "messages_from_history": shared,
        "tool_results": came,
        "fresh_characters": fresh,
        "tools_called": tool_results.called(call.tool_calls),
    }
    return {key: value for key, value in found.items() if value}
