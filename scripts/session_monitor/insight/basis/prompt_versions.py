"""Under which system prompt was each call of a session made?

A prompt is known by the mark of its text without the times, ids and numbers in it (``Content.frame``): one that tells today's date is
the same tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional

from .call import JudgedCall

NO_PROMPT = 0
"""The mark of none: what was sent has no system prompt."""


class PromptRun(NamedTuple):
    """Rounds of a session that follow each other, from the ``first`` to the ``last``, under the prompt with this mark.

    ``stands_in`` is the round whose messages have it, where there is one.  Without a mark (None) it is not known, since no content is logged, or not all.
    """

    first: int
    last: int
    mark: Optional[int]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    stands_in: int


def prompt_runs(calls: Sequence[JudgedCall]) -> list[PromptRun]:
    """The runs of all of a session's calls, which are in order."""
    found: list[PromptRun] = []
    for number, mark, stands_in in _prompts(calls):
        last = found[-1] if found else None
        is_same = last and last.mark == mark and (last.stands_in == stands_in or not mark)
        if last and is_same and last.last == number - 1:
            found[-1] = last._replace(last=number)
        else:
            found.append(PromptRun(number, number, mark, stands_in))
    return found


def _prompts(calls: Iterable[JudgedCall]) -> Iterable[tuple[int, int | None, int]]:
    """Each call's number, the mark of its prompt, and the first round of those with it on which it goes on."""
    known: dict[int, tuple[int | None, int]] = {}
    for call in calls:
        before = known.get(call.base) if call.history else None
        content = call.content
        if content is None:
            here: tuple[int | None, int] = None, call.number
        elif content.frame is not None:
            same = before or known.get(call.base)
            here = same if same and same[0] == content.frame else (content.frame, call.number)
        elif before is not None:
            here = before
        else:
            is_whole = call.sent and not content.is_partial
            here = NO_PROMPT if is_whole else None, call.number
        known[call.number] = here
        yield (call.number, *here)
