"""What happened to a conversation: did it go on from an earlier place, with another system prompt, with another model?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.content import MODEL, SYSTEM, USER, Message
from session_monitor.insight.basis.evidence import finding
from session_monitor.insight.basis.finding import INFO, Finding
from session_monitor.insight.basis.limits import Limits
from session_monitor.insight.basis.prompts import Prompt

from .retries import is_same, is_vain


def fork(prompts: Sequence[Prompt], limits: Limits) -> Iterator[Finding]:  # noqa: ARG001 -- it has none
    """A question that was asked otherwise, or once more, at a place from which the conversation had gone on."""
    for prompt in prompts:
        before = prompt.before
        if before is None or prompt.kept >= before.length:
            continue
        common, dropped = prompt.messages[: prompt.kept], before.messages[prompt.kept :]
        if not any(message.role == MODEL for message in common) or not any(each.role == MODEL for each in dropped):
            continue
        if _is_asked_otherwise(dropped, prompt) or not prompt.fresh:
            yield finding(
                "fork", INFO, [prompt.call], message=prompt.kept, dropped=len(dropped), since=before.call.number
            )


def _is_asked_otherwise(dropped: Sequence[Message], prompt: Prompt) -> bool:
    content = prompt.call.content
    is_asked = content is not None and content.is_asked
    return is_asked and dropped[0].role == USER and len(prompt.fresh) == 1 and prompt.fresh[0].role == USER


def system_changed(prompts: Sequence[Prompt], limits: Limits) -> Iterator[Finding]:  # noqa: ARG001 -- it has none
    """Another system prompt: from one place of a conversation to the next, as long as it changes with each call one finding.

    ``is_varying``: it is the same but for times, ids and numbers in it.
    """
    frames: dict[int, int | None] = {}
    open_runs: dict[int, _Changes] = {}
    for prompt in prompts:
        thread, before = prompt.call.thread, prompt.before
        frame = prompt.call.content.frame if prompt.call.content else None
        old = frames.get(before.call.thread) if before else None
        if frame is None and before:
            frame = old
        frames[thread] = frame
        if before is None or is_same(before, prompt):
            continue
        run = open_runs.pop(before.call.thread, None)
        if _has_other_system(before, prompt):
            run = run or _Changes()
            run.add(prompt, is_varying=frame is not None and frame == old)
            open_runs[thread] = run
        elif run:
            yield run.found()
    for run in open_runs.values():
        yield run.found()


def _has_other_system(before: Prompt, prompt: Prompt) -> bool:
    if prompt.kept or not prompt.fresh:
        return False
    now, then = prompt.fresh[0], before.messages[0]
    return now.role == then.role == SYSTEM and now.mark != then.mark


class _Changes:
    """Changes of one conversation's system prompt, one with each call."""

    def __init__(self) -> None:
        self.calls: list[JudgedCall] = []
        self.is_varying = True
        self.characters = 0

    def add(self, prompt: Prompt, *, is_varying: bool) -> None:
        self.calls.append(prompt.call)
        self.is_varying = self.is_varying and is_varying
        self.characters = prompt.fresh[0].characters

    def found(self) -> Finding:
        return finding(
            "system_changed",
            INFO,
            self.calls,
            times=len(self.calls),
            is_varying=self.is_varying,
            characters=self.characters,
        )


def model_switched(prompts: Sequence[Prompt], limits: Limits) -> Iterator[Finding]:  # noqa: ARG001 -- it has none
    """Another model that went on with a conversation, not for a call that had failed; to and fro between two is one finding."""
    models: dict[int, str | None] = {}
    found: dict[tuple[int, frozenset[str]], list[JudgedCall]] = {}
    words: dict[tuple[int, frozenset[str]], tuple[str, str]] = {}
    for prompt in prompts:
        call, before = prompt.call, prompt.before
        if is_vain(call) or call.model is None:
            continue
        thread = call.thread
        known = models.get(before.call.thread) if before and before.call.thread == thread else None
        models[thread] = call.model
        if known is None or known == call.model or before is None or is_vain(before.call):
            continue
        key = thread, frozenset((known, call.model))
        words.setdefault(key, (known, call.model))
        found.setdefault(key, []).append(call)
    for key, calls in found.items():
        model, other = words[key]
        yield finding("model_switched", INFO, calls, times=len(calls), model=model, to_model=other)
