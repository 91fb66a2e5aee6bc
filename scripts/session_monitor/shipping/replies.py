"""What does the answer to a request with spans or metrics mean?"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import NamedTuple, Optional

from session_monitor.outgoing import retrying, secrets
from session_monitor.outgoing.posting import Outcome

from .otlp import otlp_json, protobuf

TAKEN, AGAIN, REFUSED, STUCK = "taken", "again", "refused", "stuck"
"""It was taken; it was not, and may be later; what came is wrong; nothing is taken before a person changes something."""
_PASSING = (408, 425, 429)
_WRONG = (400, 413, 422)
_PAGE = re.compile(rb"<|\s*<(!doctype|html|\?xml)", re.IGNORECASE)
"""How a page for people begins, such as one to sign in; neither protobuf nor JSON begins so."""
_ADVICE = {
    401: "see that OTEL_EXPORTER_OTLP_HEADERS has the key",
    403: "see that OTEL_EXPORTER_OTLP_HEADERS has the key",
    404: "see that the address is that of an OTLP/HTTP receiver, mostly port 4318",
    405: "see that the address is that of an OTLP/HTTP receiver, mostly port 4318",
    415: "it takes the other encoding alone: see --otlp-encoding, or OTEL_EXPORTER_OTLP_PROTOCOL",
}


class Reply(NamedTuple):
    """What came of one request: ``wait`` are seconds that the receiver asks for; of what it took it ``refused`` so many."""

    what: str
    reason: str = ""
    wait: Optional[float] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    refused: int = 0


def judged(outcome: Outcome, now: int, known: tuple[str, ...]) -> Reply:
    """What came of a request; in the reason there are none of the known secrets."""
    status = outcome.status
    if status is None:
        return Reply(STUCK if outcome.is_final else AGAIN, secrets.without(outcome.trouble, known))
    if 200 <= status < 300 and _PAGE.match(outcome.body):
        return Reply(STUCK, f"{_named(status)}, with a web page ({_ADVICE[404]})")
    if 200 <= status < 300:
        count, why = otlp_json.refused(outcome.body) if outcome.body[:1] == b"{" else protobuf.refused(outcome.body)
        return Reply(TAKEN, secrets.without(why, known), refused=count)
    said = outcome.body.decode("utf-8", "replace").strip()
    reason = secrets.without(
        f"{_named(status)}{': ' if said.isprintable() and said else ''}{said if said.isprintable() else ''}", known
    )
    if status in _PASSING or status >= 500:
        wait = None if outcome.retry_after is None else retrying.asked_wait(outcome.retry_after, now)
        return Reply(AGAIN, reason, None if wait is None else min(wait, retrying.LONGEST_WAIT))
    if status in _WRONG:
        return Reply(REFUSED, reason)
    advice = _ADVICE.get(status, "see that the address is exact")
    return Reply(STUCK, f"{reason} ({advice})")


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
