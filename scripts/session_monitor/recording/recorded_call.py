"""What is known of one call that no gateway logged?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from session_monitor.calls.usage import Usage


class CallTexts(NamedTuple):
    """What was said in a call, of those who want it kept; nothing of it otherwise.

    ``messages`` are all that were sent, in the form of the call's API.
    """

    question: str | None = None
    answer: str | None = None
    reasoning: str | None = None
    system: Any = None
    messages: list[Any] | None = None
    tool_calls: list[Any] | None = None


class RecordedCall(NamedTuple):
    """One call.  What is not known is None.

    ``session_id`` is the session's, ``moment`` when the call began, in milliseconds since 1970; ``path`` is that of its API,
    such as ``/v1/messages``, ``host`` whose API that is.  ``usage`` is None where no tokens were told.  ``call_id`` is what
    the provider calls its answer: the same call that a gateway logged, too, is known by it.  ``status`` is the HTTP status,
    0 where there was no answer; ``flags`` say what broke off, in the gateway's words (``DC``: the client has gone,
    ``UC``: the provider's connection broke, ``UF``: there was none, ``UT``: it took too long).  ``source`` says who recorded
    it, ``agent`` whose call it is.  ``more`` are further attributes.
    """

    session_id: str | None
    moment: int
    path: str
    source: str
    agent: str | None = None
    model: str | None = None
    host: str | None = None
    call_id: str | None = None
    request_id: str | None = None
    usage: Usage | None = None
    is_streamed: bool | None = None
    status: int = 200
    flags: str | None = None
    error: str | None = None
    first_token_ms: int | None = None
    answered_ms: int | None = None
    duration_ms: int | None = None
    said: CallTexts | None = None
    more: Mapping[str, Any] = {}
