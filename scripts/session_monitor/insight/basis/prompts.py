"""Which messages did each call of a session send, and which of them had the call before sent?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from session_monitor.sessions import message_history

from .call import JudgedCall
from .content import MODEL, SYSTEM, Content, Message


class Prompt:
    """What a call sent.

    ``before`` is the call that it goes on from, None where it begins: its conversation's last one, or for a list of messages
    that begins otherwise the one whose messages it mostly has.  Of its ``length`` messages the first ``kept`` stood in the
    same place in that one's list, the others are ``fresh``; ``characters`` and ``kept_characters`` are those of all, and of the
    kept ones; ``ends`` how many there are up to the end of each fresh one.  A system prompt with a place of its own is the first message.
    """

    __slots__ = ("before", "call", "characters", "ends", "fresh", "kept", "kept_characters", "length")

    def __init__(self, call: JudgedCall, before: Prompt | None, kept: int, fresh: Sequence[Message]) -> None:
        self.call = call
        self.before = before
        self.kept = kept
        self.fresh = fresh
        self.length = kept + len(fresh)
        self.kept_characters = total = before.characters_of_first(kept) if before and kept else 0
        self.ends = []
        for message in fresh:
            total += message.characters
            self.ends.append(total)
        self.characters = total

    @property
    def messages(self) -> list[Message]:
        """All that it sent, as a list that is made anew each time: ask for it where ``fresh`` is not enough."""
        parts: list[Sequence[Message]] = []
        each: Prompt | None = self
        wanted = self.length
        while each is not None and wanted:
            if wanted > each.kept:
                parts.append(each.fresh[: wanted - each.kept])
                wanted = each.kept
            each = each.before
        return [message for part in reversed(parts) for message in part]

    def characters_of_first(self, number: int) -> int:
        """Characters of the first so many messages, of which it has at least so many."""
        each = self
        while number <= each.kept:
            if number == each.kept or each.before is None:
                return each.kept_characters
            each = each.before
        return each.ends[number - each.kept - 1]


_LEAST_SHARED = 0.5
"""Of the messages of either list, so that one which begins otherwise goes on from the other."""
_FEWEST_SHARED = 2


def prompts(calls: Iterable[JudgedCall]) -> Iterator[Prompt]:
    """What each of a session's calls sent, in order; those without content are left out."""
    latest: list[_Last] = []
    for call in calls:
        if call.content is None or not call.sent:
            continue
        yield (prompt := _prompt(call, call.content, latest))
        latest = message_history.latest(latest, _Last(prompt))


class _Last:
    """The last call of a conversation."""

    def __init__(self, prompt: Prompt) -> None:
        self.prompt = prompt
        self.thread = prompt.call.thread
        self.length = prompt.length
        self._marks: set[str] | None = None

    @property
    def marks(self) -> set[str]:
        """The marks of all messages that it sent."""
        if self._marks is None:
            self._marks = {each.mark for each in self.prompt.messages}
        return self._marks


def _prompt(call: JudgedCall, content: Content, known: Sequence[_Last]) -> Prompt:
    start = [content.system] if content.system else []
    base = next((each.prompt for each in known if each.prompt.call.number == call.base), None) if call.history else None
    if base is None:
        return _without_base(call, [*start, *content.messages], known)
    before = base.call.content.system if base.call.content else None
    if (before and before.mark) == (content.system and content.system.mark):
        return Prompt(call, base, min(len(start) + call.history, base.length), content.messages)
    of_base = base.messages[1 if before else 0 :][: call.history]
    return Prompt(call, base, 0, [*start, *of_base, *content.messages])


def _without_base(call: JudgedCall, messages: list[Message], known: Sequence[_Last]) -> Prompt:
    """The prompt of a list that begins otherwise than those before it."""
    before = _alike(messages, known)
    kept = _common(before.messages, messages) if before else 0
    return Prompt(call, before, kept, messages[kept:])


def _alike(messages: list[Message], known: Sequence[_Last]) -> Prompt | None:
    """The call whose messages these mostly are, the latest of several; None where none has enough of them."""
    marks = {each.mark for each in messages}
    for each in known:
        shared = len(marks & each.marks)
        if shared >= _FEWEST_SHARED and shared >= _LEAST_SHARED * min(len(marks), len(each.marks)):
            return each.prompt
        if shared and _is_first_with_other_system(each.prompt, messages):
            return each.prompt
    return None


def _is_first_with_other_system(first: Prompt, messages: list[Message]) -> bool:
    """Whether a call sent a system prompt and a question alone, and these are another one, that question, and an answer to it."""
    if first.length != _FEWEST_SHARED or len(messages) <= _FEWEST_SHARED:
        return False
    system, question = first.messages
    is_of_system = system.role == messages[0].role == SYSTEM
    return is_of_system and question.mark == messages[1].mark and messages[2].role == MODEL


def _common(before: Sequence[Message], now: Sequence[Message]) -> int:
    for at, (then, here) in enumerate(zip(before, now)):
        if then.mark != here.mark:
            return at
    return min(len(before), len(now))
