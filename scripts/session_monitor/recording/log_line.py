"""How does a recorded call read as a line of an access log?

As one of the gateway's: ``ai_log`` first, an object in a JSON string, with its keys in order; then the outer fields, all of
them texts, ``-`` for what is absent.  Token counts are written with one meaning, which no reader has to guess: the input holds
what was read from a cache and written to one, the output its reasoning.

Source: the access-log format of Higress' helm chart, and its ai-statistics plugin, as ``calls.ai_log`` reads them.
"""

from __future__ import annotations

from typing import Any

from session_monitor.base import compact_json
from session_monitor.base.timestamps import rfc3339
from session_monitor.calls.usage import TokenParts, Usage

from .recorded_call import CallTexts, RecordedCall

_ABSENT = "-"
_NO_PARTS = TokenParts()
_encoded = compact_json.encoder(allow_nan=False)


def line(call: RecordedCall) -> bytes:
    """The line, with its newline.  The same call gives the same bytes.

    Raises ``ValueError`` for what no JSON holds, such as a number that is none.
    """
    inner = {name: value for name, value in sorted(_attributes(call).items()) if value is not None}
    outer = {name: _ABSENT if value is None else str(value) for name, value in sorted(_outer(call).items())}
    return _encoded({"ai_log": _encoded(inner).decode(), **outer}) + b"\n"


def _attributes(call: RecordedCall) -> dict[str, Any]:
    response_type = None if call.is_streamed is None else "stream" if call.is_streamed else "normal"
    return {
        **call.more,
        **({} if call.usage is None else _tokens(call.usage)),
        **({} if call.said is None else _said(call.said)),
        "session_id": call.session_id,
        "model": call.model,
        "chat_id": call.call_id,
        "consumer": call.agent,
        "recorded_by": call.source,
        "error": call.error,
        "response_type": response_type,
        "llm_first_token_duration": call.first_token_ms,
        "llm_service_duration": call.answered_ms,
    }


def _outer(call: RecordedCall) -> dict[str, str | int | None]:
    return {
        "authority": call.host,
        "duration": call.duration_ms,
        "method": "POST",
        "path": call.path,
        "protocol": "HTTP/1.1",
        "request_id": call.request_id,
        "response_code": call.status,
        "response_flags": call.flags,
        **({} if call.error is None else {"response_code_details": call.error}),
        "route_name": call.source,
        "start_time": rfc3339(call.moment),
        "upstream_cluster": call.host,
    }


def _said(said: CallTexts) -> dict[str, Any]:
    return {name: value for name, value in said._asdict().items() if value is not None}


def _tokens(used: Usage) -> dict[str, Any]:
    """The counts, and the details that tell of parts; whether the caller asked for the cache is told as Alibaba does."""
    parts = used.parts or _NO_PARTS
    inputs = {
        "cached_tokens": used.cache_read,
        "cache_write_tokens": used.cache_write or None,
        "ephemeral_5m_input_tokens": parts.cache_write_5m or None,
        "ephemeral_1h_input_tokens": parts.cache_write_1h or None,
        "audio_tokens": parts.audio_input or None,
        "image_tokens": parts.image_input or None,
        "cache_type": "ephemeral" if used.explicit_cache else None,
    }
    outputs = {
        "reasoning_tokens": used.reasoning,
        "audio_tokens": parts.audio_output or None,
        "image_tokens": parts.image_output or None,
    }
    return {
        "input_token": used.input_tokens,
        "output_token": used.output_tokens,
        "total_token": used.total_tokens,
        "cached_tokens": used.cache_read,
        "reasoning_tokens": used.reasoning,
        "input_token_details": _told(inputs),
        "output_token_details": _told(outputs),
    }


def _told(details: dict[str, Any]) -> str:
    return _encoded({name: value for name, value in details.items() if value is not None}).decode()
