"""How does the API of a protocol say that a call is refused?"""

from __future__ import annotations

import json
from typing import Any

from .apis import GEMINI, MESSAGES

BAD_REQUEST, FORBIDDEN, NOT_FOUND, TOO_LARGE, NO_UPGRADE = 400, 403, 404, 413, 426
UNAVAILABLE, BUSY, TIMED_OUT = 502, 503, 504
"""The statuses of what the proxy answers by itself."""
_OVER_BUDGET = 402

_ANTHROPIC = {
    400: "invalid_request_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
}
_GOOGLE = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    413: "INVALID_ARGUMENT",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_OPENAI = {402: "insufficient_quota", 400: "invalid_request_error", 404: "invalid_request_error"}


def over_budget(protocol: str | None) -> int:
    """The status of a call that is not made because it costs too much: one that SDKs do not try again."""
    return FORBIDDEN if protocol == GEMINI else _OVER_BUDGET


def refusal(protocol: str | None, status: int, message: str, code: str) -> bytes:
    """The body of an error, in JSON."""
    told: dict[str, Any]
    if protocol == MESSAGES:
        told = {"type": "error", "error": {"type": _ANTHROPIC.get(status, "api_error"), "message": message}}
    elif protocol == GEMINI:
        told = {"error": {"code": status, "message": message, "status": _GOOGLE.get(status, "UNAVAILABLE")}}
    else:
        told = {"error": {"message": message, "type": _OPENAI.get(status, "api_error"), "param": None, "code": code}}
    return json.dumps(told).encode()
