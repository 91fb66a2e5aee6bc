"""Which trace and which span is a call?

Both follow from where the call's line stood in the log, so that a span that is sent again, or by another monitor that reads
the same log, is the same span to whoever keeps them by their ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from session_monitor.base import utf8
from session_monitor.base.hashing import sha256


def trace_id(session_id: str, log: Sequence[Any] | None) -> bytes:
    """The trace of the turn that began with the call whose line stood there; None for a session whose turn is not known."""
    return _hashed("trace", session_id, log)[:16]


def span_id(session_id: str, log: Sequence[Any]) -> bytes:
    """The span of the call whose line stood there: generation, first byte, the one behind the last."""
    return _hashed("span", session_id, log)[:8]


def _hashed(what: str, session_id: str, log: Sequence[Any] | None) -> bytes:
    place = f"{log[0]}:{log[1]}" if log else ""
    return sha256(f"{what}\n{place}\n".encode() + utf8.encoded(session_id)).digest()
