"""By which version of the protocol is a request answered, and what does that add to the answer?

There are two eras.  Up to 2025-11-25 a client says ``initialize`` once (legacy); from 2026-07-28 on each request names its
version and stands alone (modern).  Both may come on one pipe: each request decides.
"""

from __future__ import annotations

from typing import Any

from session_monitor import __version__

from .messages import INVALID_PARAMS, UNSUPPORTED_VERSION, RefusedError

LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = ("2026-07-28",)
"""The versions of each era, the newest last."""
DISCOVER = "server/discover"
LISTS = (DISCOVER, "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read")
"""Methods whose modern answers say for how long, and for whom, they may be kept."""
UNCHANGING_MS = 3_600_000
"""Milliseconds for which a client may keep what follows from this program alone."""
_OF_DATA = ("resources/list", "resources/read")
_PREFIX = "io.modelcontextprotocol/"
_INFO = {"name": "agent-session-monitor", "title": "Agent session monitor", "version": __version__}


def is_modern(method: str, params: dict[str, Any]) -> bool:
    """Whether a request names its version.  Raises ``RefusedError`` where that is unknown, or something lacks."""
    meta = params.get("_meta", {})
    if not isinstance(meta, dict):
        raise RefusedError(INVALID_PARAMS, "_meta is an object")
    version = meta.get(f"{_PREFIX}protocolVersion")
    if version is None:
        if method == DISCOVER:
            raise RefusedError(INVALID_PARAMS, f"{DISCOVER} needs _meta with {_PREFIX}protocolVersion")
        return False
    if version not in MODERN:
        told = {"supported": list(MODERN), "requested": version}
        raise RefusedError(UNSUPPORTED_VERSION, f"this version is not spoken: {', '.join(MODERN)} is", told)
    if not isinstance(meta.get(f"{_PREFIX}clientCapabilities"), dict):
        raise RefusedError(INVALID_PARAMS, f"_meta needs {_PREFIX}clientCapabilities")
    return True


def initialized(params: dict[str, Any], capabilities: dict[str, Any], instructions: str) -> dict[str, Any]:
    """The answer to ``initialize``: in the version that was asked for, or in the newest of its era."""
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in LEGACY else LEGACY[-1],
        "capabilities": capabilities,
        "serverInfo": _INFO,
        "instructions": instructions,
    }


def discovered(capabilities: dict[str, Any], instructions: str) -> dict[str, Any]:
    """The answer to ``server/discover``, which modern clients ask in the place of ``initialize``."""
    return {"supportedVersions": list(MODERN), "capabilities": capabilities, "instructions": instructions}


def as_modern(method: str, result: dict[str, Any]) -> dict[str, Any]:
    """A result with what modern ones have."""
    kept = {"ttlMs": 0 if method in _OF_DATA else UNCHANGING_MS, "cacheScope": "private"} if method in LISTS else {}
    return {**result, "resultType": "complete", **kept, "_meta": {f"{_PREFIX}serverInfo": _INFO}}
