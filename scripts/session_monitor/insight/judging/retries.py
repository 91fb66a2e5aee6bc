"""Are calls tried again and again, answered another way, or paid for in vain?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.evidence import finding, pico_of
from session_monitor.insight.basis.finding import CRITICAL, INFO, WARNING, Finding
from session_monitor.insight.basis.limits import Limits
from session_monitor.insight.basis.prompts import Prompt
from session_monitor.insight.basis.turns import Turn
from session_monitor.prices import money


def retry_storm(turns: Iterable[Turn], limits: Limits) -> Iterator[Finding]:
    """One list of messages that was sent again and again, each time in vain; an SDK by itself does so two times more."""
    for turn in turns:
        for attempts in _attempts(turn.prompts):
            vain = [prompt.call for prompt in attempts if is_vain(prompt.call)]
            if len(vain) >= limits["times"]:
                severity = CRITICAL if len(vain) >= limits["critical"] else WARNING
                codes = sorted({call.code for call in vain if call.code is not None})
                yield finding("retry_storm", severity, vain, vain[1:], times=len(vain), codes=codes)


def failover(turns: Iterable[Turn], limits: Limits) -> Iterator[Finding]:  # noqa: ARG001 -- it has none
    """What failed and was answered by another model or over another way; the same change again is the same finding."""
    found: dict[tuple[str | None, ...], list[tuple[JudgedCall, JudgedCall]]] = {}
    for turn in turns:
        for attempts in _attempts(turn.prompts):
            for before, after in zip(attempts, attempts[1:]):
                if is_vain(before.call) and not is_vain(after.call) and _is_other(before.call, after.call):
                    change = before.call.model, before.call.way, after.call.model, after.call.way
                    found.setdefault(change, []).append((before.call, after.call))
    for (model, way, other, other_way), pairs in found.items():
        proof = [call for pair in pairs for call in pair]
        yield finding(
            "failover",
            INFO,
            proof,
            [failed for failed, _ in pairs],
            times=len(pairs),
            model=model,
            to_model=other,
            way=way,
            to_way=other_way,
            by=other if other != model else other_way,
        )


def paid_and_lost(calls: Sequence[JudgedCall], limits: Limits) -> Iterator[Finding]:
    """Calls that cost something and reached nobody in full: they failed, or their client had gone."""
    for outcome in ("failed", "left"):
        lost = [call for call in calls if getattr(call, outcome) and call.pico]
        if lost:
            is_much = (pico_of(lost) or 0) >= money.of_plain(limits["warning_usd"])
            yield finding("paid_and_lost", WARNING if is_much else INFO, lost, lost, times=len(lost), outcome=outcome)


def is_vain(call: JudgedCall) -> bool:
    """Whether a call brought no whole answer."""
    return call.failed or call.left


def _is_other(before: JudgedCall, after: JudgedCall) -> bool:
    """Whether another model answered, or over another way; what of a failed call is not told is not another."""
    return (before.model is not None and before.model != after.model) or (
        before.way is not None and before.way != after.way
    )


def _attempts(prompts: Sequence[Prompt]) -> Iterator[list[Prompt]]:
    """The prompts in groups: those that sent the very same, one after the other."""
    group: list[Prompt] = []
    for prompt in prompts:
        if group and not is_same(group[-1], prompt):
            yield group
            group = []
        group.append(prompt)
    if group:
        yield group


def is_same(before: Prompt, prompt: Prompt) -> bool:
    """Whether a prompt is the one before once more."""
    return prompt.before is before and not prompt.fresh and prompt.kept == before.length
