"""How much of a call's prompt had earlier calls of its conversation sent, so that a provider may have it in its cache?

What they had sent from the beginning on is counted: the tokens of the longest of their prompts that this one begins with.  What stands behind a
message that has changed is a share of their tokens by characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Optional

from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.content import SYSTEM, Message
from session_monitor.insight.basis.prompts import Prompt
from session_monitor.sessions import message_history


class SentBefore(NamedTuple):
    """What of a prompt was sent before.

    ``call`` is the newest of its conversation's calls whose prompt a provider may have cached, ``last`` when it last went on, ``kept_seconds`` for how long what was written
    is kept, None where that is not told.  ``kept`` are the tokens of the prompt's beginning that were sent before, ``behind`` those that
    were, too, but stand behind something that changed.  ``message`` is that, counted from 0, None where nothing did, and for a system
    prompt with a place of its own; ``is_system``: it is a system prompt.  ``is_compacted``: the history was cut down.  ``fresh`` is how many messages come behind what is kept.
    ``about`` are the tokens of the beginning that both have in common, by characters, where no more than the newest messages of ``call`` are others by now, as
    with an agent that puts a frame behind them each time; 0 where more are.
    """

    call: JudgedCall
    last: JudgedCall
    kept_seconds: Optional[int]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    kept: int
    behind: int
    message: Optional[int]  # noqa: UP045
    is_system: bool
    is_compacted: bool
    fresh: int
    about: int = 0


class CachedPrompts:
    """The prompts of a session that a provider may have cached: of the conversations that went on last, as many as a session remembers."""

    def __init__(self) -> None:
        """Of a session that begins."""
        self._conversations: list[_Conversation] = []

    def before(self, prompt: Prompt) -> SentBefore | None:
        """What of a prompt was sent before; None where its conversation begins with it."""
        known = self._known(prompt)
        if known is None or known.newest is None:
            return None
        newest = known.newest
        at = _kept(known.sent, prompt.kept)
        behind, is_changed = 0, prompt.before is not None and prompt.kept < prompt.before.length
        if prompt.before and is_changed and newest.characters:
            again = _sent_again(prompt.before.messages[prompt.kept :], prompt.fresh)
            behind = newest.call.prompt * min(again, newest.characters) // newest.characters
        return SentBefore(
            newest.call,
            known.last or newest.call,
            known.kept_seconds,
            known.sent[at - 1].call.prompt if at else 0,
            behind,
            _place(prompt) if is_changed else None,
            is_changed and any(each.role == SYSTEM for each in prompt.fresh[:1]),
            _is_compacted(prompt, newest),
            len(prompt.fresh),
            _about(prompt, newest),
        )

    def add(self, prompt: Prompt) -> None:
        """The next prompt was sent."""
        call, known = prompt.call, self._known(prompt)
        if known is not None and known.thread == call.thread:
            now = known
            del now.sent[_kept(now.sent, prompt.kept) :]
        else:
            sent = known.sent[: _kept(known.sent, prompt.kept)] if known else []
            now = _Conversation(call.thread, sent, known.kept_seconds if known and sent else None)
        now.length = prompt.length
        if not call.failed:
            now.last = call
            if call.has_size:
                now.newest = _Sent(prompt.length, prompt.characters, call)
                now.sent.append(now.newest)
        if call.written:
            now.kept_seconds = call.kept_seconds
        self._conversations = message_history.latest(self._conversations, now)

    def _known(self, prompt: Prompt) -> _Conversation | None:
        """The conversation that a prompt goes on from."""
        thread = prompt.before and prompt.before.call.thread
        return next((each for each in self._conversations if each.thread == thread), None)


class _Sent(NamedTuple):
    """A prompt that a provider may have cached: how many messages and characters it had, and whose it was."""

    messages: int
    characters: int
    call: JudgedCall


class _Conversation:
    """What is remembered of a conversation: those of its prompts that the newest one begins with, the shortest first, and the newest one."""

    def __init__(self, thread: int, sent: list[_Sent], kept_seconds: int | None) -> None:
        self.thread = thread
        self.sent = sent
        self.length = 0
        self.kept_seconds = kept_seconds
        self.newest = sent[-1] if sent else None
        self.last: JudgedCall | None = None


def _kept(sent: list[_Sent], messages: int) -> int:
    """How many of these prompts are among the first so many messages of another, which begins as the last of them does."""
    at = len(sent)
    while at and sent[at - 1].messages > messages:
        at -= 1
    return at


_LAST_FEW = 2
"""Messages at the end of a list that may be others the next time: agents put a frame round what is newest."""


def _about(prompt: Prompt, newest: _Sent) -> int:
    """Tokens of what a prompt has in common with the one before, where that is all but its last few messages.

    What no log shows of a prompt, such as its tools, stands in front, so that they are rather more.
    """
    before = prompt.before
    if before is None or before.call is not newest.call or before.call.thread != prompt.call.thread:
        return 0
    if before.length - prompt.kept > _LAST_FEW or not newest.characters:
        return 0
    return newest.call.prompt * prompt.kept_characters // newest.characters


def _sent_again(before: Sequence[Message], now: Sequence[Message]) -> int:
    """Characters of those of these messages that the call before had sent, too, behind the first that is not the same.

    Where that first one has hardly become longer or shorter, it is the same but for a date or a number in it.
    """
    left = Counter(each.mark for each in before)
    found = 0
    for each in now:
        if left[each.mark] > 0:
            left[each.mark] -= 1
            found += each.characters
    return found + (now[0].characters if found and before and now and _hardly_differ(before[0], now[0]) else 0)


def _hardly_differ(before: Message, now: Message) -> bool:
    return before.mark != now.mark and before.role == now.role and are_as_long(before.characters, now.characters)


def are_as_long(before: int, now: int) -> bool:
    """Whether two texts of so many characters are as long as each other, but for a date or a number."""
    return abs(before - now) <= max(_FEW, now // 50)


_FEW = 32
"""Characters by which a date or a number makes a message longer."""


def _place(prompt: Prompt) -> int | None:
    """Which of a call's messages is the first behind those that are kept; None for a system prompt that has a place of its own."""
    shift = 1 if prompt.call.content and prompt.call.content.system else 0
    return prompt.kept - shift if prompt.kept >= shift else None


def _is_compacted(prompt: Prompt, before: _Sent) -> bool:
    """Whether the history was cut down: the prompt is much shorter, and less than half of the one before stands where it stood."""
    is_shorter = prompt.call.prompt * 100 < before.call.prompt * _COMPACTED_PERCENT
    return is_shorter and prompt.kept_characters * 2 < before.characters


_COMPACTED_PERCENT = 70
