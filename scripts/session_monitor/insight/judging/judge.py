"""What is found in a session, by all rules, and what do its calls add up to?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable

from session_monitor.insight.basis import limits as known_limits
from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.continuations import continuations
from session_monitor.insight.basis.finding import SEVERITIES, Finding
from session_monitor.insight.basis.limits import Limits, Rules
from session_monitor.insight.basis.prompts import Prompt, prompts
from session_monitor.insight.basis.turns import Turn, turns
from session_monitor.insight.caching import cache, cache_findings
from session_monitor.insight.caching.cache import CacheVerdict, Lifetimes
from session_monitor.insight.resent import compactions, context, heavy_messages, windows
from session_monitor.insight.resent.context import Context

from . import events, idling, repeats, retries
from .judgement import SessionJudgement, Usual

OfCalls = Callable[[Sequence[JudgedCall], Limits], Iterable[Finding]]
OfPrompts = Callable[[Sequence[Prompt], Limits], Iterable[Finding]]
OfVerdicts = Callable[[Sequence[CacheVerdict], Limits], Iterable[Finding]]
OfContext = Callable[[Context, Limits], Iterable[Finding]]
OfTurns = Callable[[Sequence[Turn], Limits], Iterable[Finding]]

OF_CALLS: dict[str, OfCalls] = {"near_window": windows.near_window, "paid_and_lost": retries.paid_and_lost}
"""The rules that look at calls, failed ones and those without content among them, by the kind that they find."""
OF_PROMPTS: dict[str, OfPrompts] = {
    "compaction": compactions.compaction,
    "fork": events.fork,
    "system_changed": events.system_changed,
    "model_switched": events.model_switched,
}
"""The rules that look at what calls sent."""
OF_VERDICTS: dict[str, OfVerdicts] = {
    "cache_missed": cache_findings.cache_missed,
    "unmarked": cache_findings.unmarked,
    "writes_unread": cache_findings.writes_unread,
}
"""The rules that look at the verdicts on caching."""
OF_CONTEXT: dict[str, OfContext] = {
    "big_result": heavy_messages.big_result,
    "duplicate_result": heavy_messages.duplicate_result,
}
"""The rules that look at what messages cost."""
OF_TURNS: dict[str, OfTurns] = {
    "repeat_call": repeats.repeat_call,
    "repeat_error": repeats.repeat_error,
    "cycle": repeats.cycle,
    "retry_storm": retries.retry_storm,
    "failover": retries.failover,
    "runaway": idling.runaway,
    "monologue": idling.monologue,
    "no_answer": idling.no_answer,
}
"""The rules that look at what each conversation did since a person last spoke."""


def judge(
    calls: Sequence[JudgedCall],
    rules: Rules,
    usual: Usual = Usual(),  # noqa: B008 -- it never changes
    lifetimes: Lifetimes = {},  # noqa: B006 -- it is not changed
) -> SessionJudgement:
    """Judge all calls of a session, in order.

    A rule that finds ``usual`` among its limits gets what is usual there, as ``usual_rounds`` and ``usual_pico``.  ``lifetimes`` is what calls of all
    sessions have shown of caches.
    """
    sent = list(prompts(calls))
    of_caches = rules.of("cache_missed") or known_limits.usual().limits["cache_missed"]
    verdicts = list(cache.verdicts(calls, sent, rules.caches, of_caches, lifetimes))
    in_context = context.of_session(calls, sent, least_copy(rules))
    of_turns = turns(sent)
    found: list[Finding] = []
    for kind, limits in rules.limits.items():
        with_usual = {**limits, "usual_rounds": usual.rounds, "usual_pico": usual.pico}
        if kind in OF_CALLS:
            found.extend(OF_CALLS[kind](calls, with_usual))
        if kind in OF_PROMPTS:
            found.extend(OF_PROMPTS[kind](sent, with_usual))
        if kind in OF_VERDICTS:
            found.extend(OF_VERDICTS[kind](verdicts, with_usual))
        if kind in OF_CONTEXT:
            found.extend(OF_CONTEXT[kind](in_context, with_usual))
        if kind in OF_TURNS:
            found.extend(OF_TURNS[kind](of_turns, with_usual))
    told = [each for each in found if is_told(each, rules)]
    sums = {"context": in_context.sums.numbers(), "cache": cache_findings.sums(verdicts)}
    not_judged = len(calls) - len(sent)
    cuts = [(min(each.rounds), each.first) for each in found if each.kind == "compaction"]
    in_order, pauses = tuple(sorted(told, key=gravity)), cache_findings.pauses(verdicts)
    return SessionJudgement(in_order, len(calls), not_judged, sums, pauses, continuations(sent, cuts))


def least_copy(rules: Rules) -> int:
    """Characters of a result from which on it is held against the others."""
    limits = rules.of("duplicate_result")
    return int(limits["characters"]) if limits else context.LEAST_COPY


def is_told(finding: Finding, rules: Rules) -> bool:
    """Whether a finding is worth telling; of one whose worth is not known at all it is."""
    limits = rules.of(finding.kind)
    if limits is None:
        return False
    if limits.get("is_always_told") or (finding.pico is None and finding.tokens is None):
        return True
    return (finding.pico or 0) >= rules.least_pico or (finding.tokens or 0) >= rules.least_tokens


def gravity(finding: Finding) -> tuple[Any, ...]:
    """Sorts findings: the gravest first, the dearest of these, and the earliest."""
    order = list(known_limits.kinds())
    return -SEVERITIES.index(finding.severity), -(finding.pico or 0), finding.first, order.index(finding.kind)
