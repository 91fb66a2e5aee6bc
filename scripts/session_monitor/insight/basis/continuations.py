"""Which of a session's conversations go on from another one, and did one go on after a call?

A list of messages that begins otherwise, as behind a compaction or with another system prompt, is a conversation of its own in the index.
It goes on from another one where it holds what the model or a tool said in that; a sub-agent has the beginning alone in common with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .content import MODEL, RESULT
from .prompts import Prompt


class Continuation(NamedTuple):
    """The conversation that a session's round ``first`` begins, and the one that it goes on from, by their numbers in the index."""

    first: int
    thread: int
    of: int


def continuations(prompts: Iterable[Prompt], cuts: Iterable[tuple[int, int]] = ()) -> list[Continuation]:
    """The conversations of a session that go on from another one, in the order in which they begin.

    ``cuts`` are the rounds before and behind each compaction, of whose messages none may be those before.
    """
    before = {after: number for number, after in cuts}
    threads: dict[int, int] = {}
    begun: set[int] = set()
    found: list[Continuation] = []
    for prompt in prompts:
        number, thread = prompt.call.number, prompt.call.thread
        threads[number] = thread
        if thread not in begun:
            begun.add(thread)
            of = threads.get(before.get(number, 0))
            if of is None and prompt.before and _holds_answers(prompt.before, prompt):
                of = prompt.before.call.thread
            if of is not None and of != thread:
                found.append(Continuation(number, thread, of))
    return found


def _holds_answers(before: Prompt, prompt: Prompt) -> bool:
    answers = {each.mark for each in before.messages if each.role in {MODEL, RESULT}}
    return any(each.mark in answers for each in prompt.messages)


def later(rounds: Sequence[tuple[int, int]], last: int, thread: int, known: Iterable[tuple[int, int, int]]) -> int:
    """How many of a session's rounds, each its number and its conversation's, went on from round ``last`` of a conversation.

    ``rounds`` are all behind that one, in order; ``known`` is what ``continuations`` gave.  What began beside a conversation
    that itself went on afterwards, as a sub-agent does, went on from nothing.
    """
    ends = {each: number for number, each in rounds}
    heirs = {thread}
    for first, begun, of in known:
        if first > last and of in heirs and ends.get(of, 0) < first:
            heirs.add(begun)
    return sum(each in heirs for _, each in rounds)
