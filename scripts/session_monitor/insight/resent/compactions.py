"""Where was a conversation's history cut down, what did that save, and what did it cost?

A prompt that is much shorter is no proof: a sub-agent begins with little, and who goes back to an earlier place leaves out what followed.
A history was cut down where behind the cut there stand messages of it, or the answer of the call before, or a message at least as
long as what that call wrote without asking for a tool: its summary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional

from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.content import MODEL, RESULT, SYSTEM, Message
from session_monitor.insight.basis.finding import INFO, MEASURED, Finding
from session_monitor.insight.basis.limits import Limits
from session_monitor.insight.basis.prompts import Prompt


class _Cut(NamedTuple):
    """The last prompt before a cut, the first one behind it, and the call that wrote the summary, None where none is known."""

    before: Prompt
    after: Prompt
    summary: Optional[JudgedCall]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    kept_percent: int


def compaction(prompts: Sequence[Prompt], limits: Limits) -> Iterator[Finding]:
    """The cuts of a session.

    The tokens of each are those that its first prompt had less.  Its money is what it cost: the summary, and what was paid for the new beginning beyond the price of reading
    it from a cache.  The details have what it saved in the calls that followed.
    """
    cuts = list(_cuts(prompts, limits))
    by_thread: dict[int, list[JudgedCall]] = {}
    if cuts:
        for prompt in prompts:
            if prompt.call.prompt:
                by_thread.setdefault(prompt.call.thread, []).append(prompt.call)
    following: list[list[JudgedCall]] = []
    for cut in reversed(cuts):  # of what is left of a conversation all behind its last cut follows that one
        calls, behind = by_thread[cut.after.call.thread], []
        while calls and calls[-1].number >= cut.after.call.number:
            behind.append(calls.pop())
        following.append(behind)
    for cut, calls in zip(cuts, reversed(following)):
        yield _finding(cut, calls)


def _cuts(prompts: Sequence[Prompt], limits: Limits) -> Iterator[_Cut]:
    ends = {prompt.call.thread: prompt.call.number for prompt in prompts}
    lasts: dict[int, Prompt] = {}  # by conversation, those whose size is told
    previous: Prompt | None = None
    for prompt in prompts:
        call = prompt.call
        if call.has_size and call.prompt:
            before = _before(prompt, lasts, ends)
            if before and _is_shorter(before.call, call, limits):
                found = _cut(before, prompt, previous, limits)
                if found:
                    yield found
            lasts.pop(call.thread, None)
            lasts[call.thread] = prompt
            previous = prompt


def _before(prompt: Prompt, lasts: dict[int, Prompt], ends: dict[int, int]) -> Prompt | None:
    """The prompt that one may have been cut from: its conversation's last one, or that of one which never went on."""
    call = prompt.call
    if call.thread in lasts:
        return lasts[call.thread]
    over = {thread: last for thread, last in lasts.items() if ends[thread] < call.number}
    earlier = prompt.before
    while earlier and earlier.call.thread not in lasts:  # of none of these calls the size is told
        earlier = earlier.before
    if earlier:
        return over.get(earlier.call.thread)
    same = [each for each in over.values() if _system(each) == _system(prompt)]
    return same[-1] if same else None


def _system(prompt: Prompt) -> str | None:
    while prompt.kept and prompt.before:
        prompt = prompt.before
    first = prompt.fresh[0] if prompt.fresh else None
    return first.mark if first and first.role == SYSTEM else None


def _is_shorter(before: JudgedCall, now: JudgedCall, limits: Limits) -> bool:
    most = (100 - int(limits["drop_percent"])) * before.prompt
    return before.prompt >= int(limits["tokens"]) and 100 * now.prompt < most


def _cut(before: Prompt, after: Prompt, previous: Prompt | None, limits: Limits) -> _Cut | None:
    earlier, now = before.messages, after.messages
    kept = _common(earlier, now)
    percent = 100 * sum(each.characters for each in now[:kept]) // max(1, before.characters)
    if percent >= limits["kept_percent"]:
        return None
    if _percent_gone(earlier, now) < limits["drop_percent"]:  # other tools, or another system prompt, made it shorter
        return None
    behind = now[kept:]
    gone = {each.mark for each in earlier[kept:]}
    summary = None
    if not any(each.role == MODEL for each in now[:kept]):
        written = (each.call for each in (previous, before) if each)
        summary = next((call for call in written if _is_summary_of(call, behind, limits)), None)
    goes_on = any(each.mark in gone for each in behind) or _is_answer_in(before.call, after.call, behind)
    if summary is None and not goes_on:
        return None
    return _Cut(before, after, summary, percent)


def _percent_gone(earlier: Sequence[Message], now: Sequence[Message]) -> int:
    """How much of what was said, by characters, is not sent any more."""
    said = [each for each in earlier if each.role != SYSTEM]
    left = Counter(each.mark for each in now)
    gone = 0
    for each in said:
        left[each.mark] -= 1
        gone += each.characters if left[each.mark] < 0 else 0
    return 100 * gone // max(1, sum(each.characters for each in said))


def _is_summary_of(call: JudgedCall, behind: Sequence[Message], limits: Limits) -> bool:
    """Whether a call wrote a text, and asked for nothing, that may stand in one of the messages."""
    content = call.content
    if content is None or content.asked or content.answer_characters < limits["summary_characters"]:
        return False
    return any(each.role != RESULT and each.characters >= content.answer_characters for each in behind)


def _is_answer_in(before: JudgedCall, after: JudgedCall, behind: Sequence[Message]) -> bool:
    """Whether there is a message of the model that may be a call's answer: with results of the tools that it asked for, or as long."""
    answer, now = before.content, after.content
    if answer is None or now is None:
        return False
    spoken = [each.characters for each in behind if each.role == MODEL]
    asked = {each.tool for each in answer.asked}
    if asked:
        return bool(spoken) and any(each.tool in asked for each in now.came)
    return answer.answer_characters > 0 and answer.answer_characters in spoken


def _common(before: Sequence[Message], now: Sequence[Message]) -> int:
    for at, (then, here) in enumerate(zip(before, now)):
        if then.mark != here.mark:
            return at
    return min(len(before), len(now))


def _finding(cut: _Cut, following: Sequence[JudgedCall]) -> Finding:
    before, after = cut.before.call, cut.after.call
    dropped = before.prompt - after.prompt
    rewrite = None
    if after.cost:
        paid = after.fresh + after.written
        rewrite = max(0, after.cost.parts[0] + after.cost.parts[2] - paid * after.cost.read_rate)
    summary = cut.summary.cost.pico if cut.summary and cut.summary.cost else 0
    rates = [call.cost.read_rate if call.read else call.cost.fresh_rate for call in following if call.cost]
    rounds = {before.number, after.number, *([cut.summary.number] if cut.summary else [])}
    details = {
        "from_tokens": before.prompt,
        "to_tokens": after.prompt,
        "kept_percent": cut.kept_percent,
        "summary_round": cut.summary.number if cut.summary else None,
        "summary_pico": summary if cut.summary and cut.summary.cost else None,
        "rewrite_pico": rewrite,
        "saved_rounds": len(following),
        "saved_tokens": dropped * len(following),
        "saved_pico": dropped * sum(rates) if rates else None,
    }
    pico = None if rewrite is None else rewrite + summary
    number, proof = after.number, tuple(sorted(rounds))
    return Finding("compaction", INFO, number, number, proof, after.at, dropped, pico, MEASURED, details)
