"""Which calls without any id belong together, by their growing history?

An agent sends its whole history with each call, so all calls of a conversation begin with the same words of a person.  Those,
with the consumer, make the id.  It follows from a call's line alone: a line that is read again goes to the same session, whatever
was read before it.  Conversations that begin with the same words are one session, and are told apart as its conversations.
"""

from __future__ import annotations

from session_monitor.base.hashing import blake2b
from session_monitor.calls import questions
from session_monitor.calls.round import FROM_HISTORY, Round

_PREFIX = "inferred"
_DIGEST_BYTES = 8


def chained(call: Round) -> Round:
    """The call with an id that its history tells; as it is where it has one, or where its line has no messages."""
    if call.session_id is not None or call.from_history:
        return call
    first = questions.first_words(call.messages)
    if not first:
        return call
    digest = blake2b(first.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()
    session_id = ":".join((_PREFIX, *([call.consumer] if call.consumer else []), digest))
    return call._replace(session_id=session_id, session_from=FROM_HISTORY)
