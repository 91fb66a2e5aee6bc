"""What did a conversation do since a person last spoke in it?

A session's conversations (its sub-agents among them) are told apart: what one does says nothing of another.  The log shows
what tools do only by what they say, so a step of an agent is a call's tools together with what came back from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .call import JudgedCall
from .content import MODEL, USER, AskedTool, CameBack, Content
from .prompts import Prompt

CARRIED_OVER = 16
"""Steps that a conversation takes with it where it goes on with another list of messages."""


class Step:
    """What one answer, that of ``call``, asked tools for, all at once and in no order, and what came back from them.

    One without tools stands where it is not known what was done, or where nothing was.  ``results`` are the marks of what came back,
    whichever came first; ``error`` those of the errors, None where anything else came back.  Two steps that did the same with the same
    results have the same ``done``, None where there are no tools.
    """

    __slots__ = ("asked", "call", "came", "done", "error", "results")

    def __init__(self, call: JudgedCall, asked: tuple[AskedTool, ...], came: tuple[CameBack, ...]) -> None:
        self.call = call
        self.asked = asked
        self.came = came
        self.results = (came[0].mark,) if len(came) == 1 else tuple(sorted([each.mark for each in came]))
        errors = frozenset([each.error for each in came if each.error is not None])
        self.error = errors if errors and all(each.error is not None for each in came) else None
        self.done = (asked, self.results) if asked else None


class Turn:
    """What one conversation sent since a person last spoke, in order, and the steps that are known to the end.

    Of the ``steps`` the first ``carried`` are those of the list that it goes on from.
    """

    def __init__(self, carried: Sequence[Step] = ()) -> None:
        self.prompts: list[Prompt] = []
        self.steps: list[Step] = list(carried)
        self.carried = len(carried)


def turns(prompts: Iterable[Prompt]) -> list[Turn]:
    """The turns of all conversations of a session, in the order in which they begin.

    One that begins as another did goes on from it only where that one is over: else they are agents side by side.
    """
    found: list[Turn] = []
    sent = list(prompts)
    ends = {prompt.call.thread: prompt.call.number for prompt in sent}
    running: dict[int, _Conversation] = {}
    for prompt in sent:
        content = prompt.call.content
        if content is None:
            continue
        thread, before = prompt.call.thread, prompt.before
        conversation = running.get(thread)
        if conversation is None or before is None or before.call.thread != thread:
            is_over = before is not None and ends[before.call.thread] < prompt.call.number
            of_before = running.get(before.call.thread) if before and is_over else None
            conversation = running[thread] = _Conversation(found, of_before)
        conversation.take(prompt, content)
    return found


def _is_asked_once_more(prompt: Prompt) -> bool:
    """Whether a conversation is back at a question that had been answered: a person, or their timer, asks it anew."""
    before = prompt.before
    if before is None or prompt.fresh or not 0 < prompt.kept < before.length:
        return False
    return prompt.messages[-1].role == USER


class _Conversation:
    """One conversation as it goes on: the turn that it is in, and the last call that was answered."""

    def __init__(self, found: list[Turn], before: _Conversation | None) -> None:
        self.found = found
        self.answered: JudgedCall | None = before.answered if before else None
        self.turn: Turn = Turn(before.turn.steps[-CARRIED_OVER:] if before else ())
        found.append(self.turn)

    def take(self, prompt: Prompt, content: Content) -> None:
        if content.messages:
            self.turn.steps.append(self._step(prompt.call, content))
        if content.is_asked or _is_asked_once_more(prompt):
            if self.turn.prompts:
                self.turn = Turn()
                self.found.append(self.turn)
            else:  # what was carried over is of another question
                self.turn.steps.clear()
                self.turn.carried = 0
        self.turn.prompts.append(prompt)
        if not prompt.call.failed:
            self.answered = prompt.call

    def _step(self, call: JudgedCall, content: Content) -> Step:
        """The step of the last answer, whose results come with this call.

        A list that begins otherwise sends older results again: only those behind the model's last message are new.
        """
        messages = content.messages
        answer = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].role == MODEL), -1)
        came = tuple([each for each in content.came if each.place > answer])
        asker = self.answered
        asked = (asker.content.asked if asker and asker.content else ()) or content.told
        return Step(asker, asked, came) if asker and asked and came else Step(call, (), ())
