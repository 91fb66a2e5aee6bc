"""Does an agent go on and on without getting ahead: far longer than usual, with the same words, or with none?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from session_monitor.index.tables.schema import AT_LEAST, CUT, FREE, LEFT_OUT, TOOL_CALLS, TOOLS_UNKNOWN
from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.content import MODEL, RESULT
from session_monitor.insight.basis.evidence import finding, pico_of
from session_monitor.insight.basis.finding import CRITICAL, INFO, WARNING, Finding
from session_monitor.insight.basis.limits import Limits
from session_monitor.insight.basis.prompts import Prompt
from session_monitor.insight.basis.turns import Turn


def runaway(turns: Iterable[Turn], limits: Limits) -> Iterator[Finding]:
    """Far more rounds and money than usual since a person last spoke: information, for a long task may be a good one.

    Nothing is found where it is not known what is usual.
    """
    usual_rounds, usual_pico = limits["usual_rounds"], limits["usual_pico"]
    if usual_rounds is None or usual_pico is None:
        return
    most = max(limits["rounds"], int(limits["rounds_factor"] * usual_rounds))
    for turn in turns:
        calls = [prompt.call for prompt in turn.prompts if not prompt.call.failed]
        if len(calls) > most and (pico_of(calls) or 0) > limits["cost_factor"] * usual_pico:
            yield finding("runaway", INFO, calls, calls[most:], times=len(calls), usual_rounds=usual_rounds)


def monologue(turns: Iterable[Turn], limits: Limits) -> Iterator[Finding]:
    """The same answer again and again, with no call of a tool and nobody speaking between."""
    for turn in turns:
        run: list[Prompt] = []
        for prompt in [*turn.prompts, None]:
            if prompt and prompt.call.failed:
                continue
            if prompt and run and _says_it_again(run[-1], prompt):
                run.append(prompt)
                continue
            if len(run) >= limits["times"]:
                severity = CRITICAL if len(run) >= limits["critical"] else WARNING
                calls = [each.call for each in run]
                yield finding("monologue", severity, calls, calls[1:], times=len(run))
            run = [prompt] if prompt and _answer(prompt) is not None else []


def _says_it_again(before: Prompt, prompt: Prompt) -> bool:
    """Whether a prompt holds the answer before, nothing that a tool said, and is answered the same."""
    roles = {message.role for message in prompt.fresh}
    return MODEL in roles and RESULT not in roles and _answer(prompt) is not None and _answer(before) == _answer(prompt)


def _answer(prompt: Prompt) -> int | None:
    """The mark of a whole answer of words alone; None where it is none."""
    call, content = prompt.call, prompt.call.content
    if content is None or content.asked or call.flags & (TOOL_CALLS | TOOLS_UNKNOWN) or call.left:
        return None
    return content.answer


def no_answer(turns: Iterable[Turn], limits: Limits) -> Iterator[Finding]:
    """Answers without text and without calls of tools, one after the other."""
    for turn in turns:
        run: list[JudgedCall] = []
        for prompt in [*turn.prompts, None]:
            if prompt and prompt.call.failed:
                continue
            if prompt and _says_nothing(prompt.call, limits["tokens"]):
                run.append(prompt.call)
                continue
            if len(run) >= limits["times"]:
                yield finding("no_answer", _severity(run, limits), run, run, times=len(run))
            run = []


def _severity(run: Sequence[JudgedCall], limits: Limits) -> str:
    return CRITICAL if len(run) >= limits["critical"] else WARNING


_UNTOLD = TOOL_CALLS | CUT | LEFT_OUT | FREE | AT_LEAST
_TOO_FEW = 4
"""Tokens that no call of a tool can be told with."""


def _says_nothing(call: JudgedCall, most_tokens: int) -> bool:
    """Whether a call was answered with nothing.  Where more tokens were written than that, the log only lacks them."""
    content = call.content
    if content is None or not call.has_content or call.left or call.flags & _UNTOLD or content.is_partial:
        return False
    if call.flags & TOOLS_UNKNOWN:
        most_tokens = _TOO_FEW if call.has_tokens and call.prompt else -1
    return content.answer is None and not content.asked and call.visible <= most_tokens
