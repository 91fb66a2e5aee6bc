"""Which conversation of its session does a call go on with, and what does that tell of the call before?

Sub-agents, calls for a title and others send the same session id: several conversations grow side by side in one
session.  A call is held against the last round of each of those that went on last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.calls import tool_results
from session_monitor.calls.messages import ASSISTANT, role_of
from session_monitor.calls.outcome import FAILED, outcome_of

from . import message_forms, message_history
from .message_history import DIGEST, Marks

if TYPE_CHECKING:
    from session_monitor.calls.round import Round

    from .message_forms import Form
    from .stored_round import RoundFacts, StoredRound

_LAST_FEW = 2
"""Messages at the end of a list that may be others the next time: agents put a frame round what is newest."""


class RememberedThread(NamedTuple):
    """What is remembered of a conversation's last round, ``round``.

    ``has_tool_calls`` is what its own line told, True where nothing more can be told; ``last_answer`` says which of its messages was the last one of the
    model, -1 where none was.
    """

    thread: int
    round: int
    has_tool_calls: bool | None
    last_answer: int
    digests: str
    forms: str

    @property
    def length(self) -> int:
        """How many messages it sent."""
        return len(self.digests) // DIGEST


class ThreadPlace(NamedTuple):
    """Where a round belongs.

    ``base`` is the round whose messages its list begins with, 0 for none; ``restyled`` are those of them that wear
    something else now; ``told`` is what the list tells of the tools that an earlier round asked for.
    """

    thread: int = 1
    base: int | None = None
    restyled: Sequence[tuple[int, Form]] = ()
    told: tuple[int, list[tuple[str, int]]] | None = None


class PlacedCall(NamedTuple):
    """A call placed in its session: where it belongs, how many messages are not stored again, what is remembered of it."""

    place: ThreadPlace
    shared: int
    marks: Marks
    last_answer: int

    def conversation(self, facts: RoundFacts) -> RememberedThread:
        """What is remembered of it once it is stored with these facts."""
        return RememberedThread(self.place.thread, facts["round"], _asked(facts), self.last_answer, *self.marks)


def place_of(
    history: Sequence[RememberedThread], threads: int, call: Round, texts: Sequence[bytes], *, is_whole: bool
) -> PlacedCall:
    """Where a call with messages, which are ``texts`` as JSON, belongs in a session of so many conversations.

    With ``is_whole`` all of its messages are to be stored, whatever was sent before.
    """
    digests, forms = message_history.marks_of(call.messages, texts)
    sent = _of_thread(history, call.from_thread) if call.from_history else None
    if sent:
        digests, forms = sent.digests + digests, sent.forms + forms
        if len(history) == 1:  # most sessions have one conversation, which goes on
            told = None if sent.has_tool_calls else _told(sent, call, sent.length)
            return PlacedCall(
                ThreadPlace(sent.thread, sent.round, (), told), sent.length, (digests, forms), _last_answer(call, sent)
            )
    base, shared = _longest(history, digests)
    restyled = message_history.otherwise_dressed(base.forms, forms, shared) if base else []
    if sent and restyled and restyled[0] < call.from_history:  # of these the form is not at hand
        base, shared, restyled = sent, sent.length, []
    before = base if base and _goes_on(base, shared) else None
    place = ThreadPlace(
        before.thread if before else threads + 1 if history else 1,
        base.round if base else 0,
        () if is_whole or not restyled else [(at, _form(call.messages[at - call.from_history])) for at in restyled],
        before and _told(before, call, shared),
    )
    return PlacedCall(place, 0 if is_whole else shared, (digests, forms), _last_answer(call, sent))


def _form(message: object) -> Form:
    return message_forms.undressed(message)[1]


def _of_thread(history: Iterable[RememberedThread], thread: int) -> RememberedThread | None:
    for each in history:
        if each.thread == thread:
            return each
    return None


def _longest(history: Iterable[RememberedThread], digests: str) -> tuple[RememberedThread | None, int]:
    """The conversation with the longest common start, the latest of several; None where no message is shared."""
    longest, most = None, 0
    first = digests[:DIGEST]
    for each in history:
        theirs = each.digests
        if len(theirs) > most * DIGEST and theirs.startswith(first):
            shared = message_history.common_start(theirs, digests)
            if shared > most:
                longest, most = each, shared
    return longest, most


def _goes_on(before: RememberedThread, shared: int) -> bool:
    """Whether a list that begins with so many of a conversation's messages is its next."""
    return 2 * shared >= before.length or shared >= before.length - _LAST_FEW


def last_answer(messages: Sequence[Any]) -> int:
    """Which of the messages is the last one of the model, -1 where none is."""
    for at in range(len(messages) - 1, -1, -1):
        if role_of(messages[at]) == ASSISTANT:
            return at
    return -1


def remembered(stored: StoredRound, messages: Sequence[Any]) -> RememberedThread:
    """What is remembered of a conversation whose last round is this one, with all of its messages."""
    marks = message_history.marks_of(messages, message_history.encoded(messages))
    thread = message_history.thread_of(stored)
    return RememberedThread(thread, stored["round"], _asked(stored), last_answer(messages), *marks)


def _asked(facts: RoundFacts) -> bool | None:
    """Whether a round asked for tools, as its own line tells; True also of a failed one that surely asked for nothing.

    What an agent then goes on with is another's answer.
    """
    asked = facts["has_tool_calls"]
    is_told = "tools_called" in facts or (asked is False and outcome_of(facts) == FAILED)
    return True if is_told else asked


def _last_answer(call: Round, sent: RememberedThread | None) -> int:
    at = last_answer(call.messages)
    if at < 0:
        return sent.last_answer if sent else -1
    return call.from_history + at


def _told(before: RememberedThread, call: Round, shared: int) -> tuple[int, list[tuple[str, int]]] | None:
    """What the answer to a conversation's last round asked for, where its own line did not tell and the list does."""
    if before.has_tool_calls or before.last_answer >= shared:
        return None
    fresh = call.messages[shared - call.from_history :]
    answer = next((each for each in fresh if role_of(each) == ASSISTANT), None)
    asked = tool_results.called_in(answer) if answer else []
    return (before.round, asked) if asked or (answer and before.has_tool_calls is None) else None
