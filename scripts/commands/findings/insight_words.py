"""How do findings read on a terminal?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from commands.shared.output import Output
from session_monitor.insight import what_changed, wording
from session_monitor.insight.all_findings import FoundList
from session_monitor.insight.basis.finding import ALLOCATED, MEASURED, Finding
from session_monitor.insight.cache_totals import CacheTotals
from session_monitor.insight.resent.call_split import Amount
from session_monitor.insight.resent.carried import MessageCost
from session_monitor.insight.session_context import SessionContext
from session_monitor.insight.session_insights import SessionInsights
from session_monitor.insight.what_changed import WhatChanged
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column

_ABOUT = "~"
"""Stands before a share of what the log counts."""


def complain_of_mistakes(output: Output, mistakes: Iterable[str]) -> None:
    """Say what is wrong in a person's own rules: in its place the usual holds."""
    for each in mistakes:
        output.complain(f"own rules: {each}; in its place the usual holds")


def tell_findings(output: Output, findings: Iterable[tuple[Finding, str]]) -> None:
    """Tell findings, each with what stands behind its rounds, and then what to do about them."""
    advice: dict[str, dict[str, None]] = {}
    for each, of_what in findings:
        output.tell(f"{wording.SIGNS[each.severity]} {each.kind}{_worth(output, each)}, {_rounds(each)}{of_what}", "  ")
        output.tell(f"  {safe.cell(wording.words(each))}.", "  ")
        todo = wording.advice(each)
        if todo:
            advice.setdefault(safe.cell(todo), {})[each.kind] = None
    if advice:
        print()
        output.tell("What to do")
    for todo, kinds in advice.items():
        output.tell(f"  {', '.join(kinds)}: {todo}.", "    ")


def _worth(output: Output, finding: Finding) -> str:
    """What a finding is about: money, where that is not known tokens, and of what costs nothing by nature nothing."""
    if finding.pico:
        return f" {_about(finding.basis)}{output.currency.shown(finding.pico)}"
    if finding.pico is None and finding.tokens:
        return f" {_about(finding.basis)}{humanize.counted(finding.tokens, 'token')}"
    return ""


def _rounds(finding: Finding) -> str:
    return f"round {finding.first}" if finding.first == finding.last else f"rounds {finding.first} to {finding.last}"


def _about(basis: str) -> str:
    return _ABOUT if basis == ALLOCATED else ""


# -- of all sessions ---------------------------------------------------------------------------------------------------


def tell_all(output: Output, found: FoundList, time: str, *, is_of_some: bool) -> None:
    """Tell the findings of all sessions that are meant; ``is_of_some`` says that only some kinds or severities were asked for."""
    at_stake = f", at most {output.currency.shown(found.pico)} at stake" if found.pico else ""
    counts = wording.counts(found.by_severity) or ("none of that kind" if is_of_some else "nothing found")
    sessions = humanize.counted(found.judged, "session")
    output.tell(f"🔎 {counts[0].upper()}{counts[1:]} in {sessions} of {time}{at_stake}", "   ")
    if found.not_judged:
        there = humanize.counted(found.not_judged, "session")
        output.tell(f"   not judged: {there} without content in the log", "   ")
    if not found.rows:
        return
    print()
    tell_findings(output, ((row.finding, f" of {safe.cell(row.session_id)}") for row in found.rows))
    more = found.total - len(found.rows)
    if more:
        output.tell(f"\n{humanize.count(more)} more: --limit {found.total} tells all of them.")
    output.tell_rate()


# -- of one session ----------------------------------------------------------------------------------------------------


def tell_one(output: Output, found: SessionInsights, context: SessionContext, changes: Sequence[WhatChanged]) -> None:
    """Tell what is found in a session, what changed in its prompts, and where its money went."""
    counts = wording.counts(found.by_severity) or "nothing found"
    output.tell(f"🔎 {counts[0].upper()}{counts[1:]}: {safe.cell(found.session_id)}", "   ")
    for line in _facts(found):
        output.tell(f"   {line}", "   ")
    if found.findings:
        print()
        tell_findings(output, ((each, "") for each in found.findings))
    if changes:
        print()
        output.tell("What changed in its prompts")
        for change in changes:
            output.tell(f"  {safe.cell(what_changed.in_words(change))}.", "    ")
    print()
    _tell_context(output, context)
    for line in _of_cache(output, found.cache):
        output.tell(line, "  ")
    output.tell_rate()


def _facts(found: SessionInsights) -> Iterator[str]:
    rounds = humanize.counted(found.rounds, "round")
    if found.not_judged == found.rounds:
        yield f"{rounds}, not judged: the log holds no content of them"
    elif found.not_judged:
        yield f"{rounds}, of which {humanize.count(found.not_judged)} are not judged: the log holds no content of them"
    else:
        yield rounds
    if found.dismissed:
        told = ", ".join(f"{each.kind}@{each.first}" for each in found.dismissed)
        yield f"dismissed: {told}"


_PARTS = (
    ("resent_read", "Sent again, from a cache", MEASURED),
    ("resent_paid", "Sent again, paid anew", ALLOCATED),
    ("new", "New in prompts", ALLOCATED),
    ("unjudged", "Prompts without content", MEASURED),
    ("visible", "Answers", MEASURED),
    ("reasoning", "Reasoning", MEASURED),
)
_MONEY = (Column("Where it went", least=24), Column("Tokens", ">"), Column("Cost", ">"))
_MESSAGES = (
    Column("Dearest messages", least=24),
    Column("Tokens", ">", rank=2),
    Column("Calls", ">", rank=1),
    Column("Cost", ">"),
)


def _tell_context(output: Output, context: SessionContext) -> None:
    sums = context.sums
    rows = [(label, getattr(sums, name), basis) for name, label, basis in _PARTS if getattr(sums, name) != (0, 0)]
    decimals = output.currency.column_decimals([amount.pico for _, amount, _ in rows] + [sums.total.pico])

    def cells(label: str, amount: Amount, basis: str) -> list[str]:
        about = _about(basis)
        return [
            label,
            f"{about}{humanize.count(amount.tokens)}",
            f"{about}{output.currency.shown(amount.pico, decimals)}" if sums.is_priced else "-",
        ]

    output.print_table(_MONEY, [cells(*row) for row in rows], cells("TOTAL", sums.total, MEASURED))
    if sums.unpriced:
        output.tell(f"Not in it: what {humanize.counted(sums.unpriced, 'call')} without a price cost.", "  ")
    if sums.resent_percent is not None:
        full = f"; without a cache they would cost {output.currency.shown(sums.full_price)}" if sums.is_priced else ""
        output.tell(f"{sums.resent_percent} % of the prompts had been sent before{full}.", "  ")
    if context.dearest.messages:
        print()
        output.print_table(_MESSAGES, [_message(each, output) for each in context.dearest.messages])
    output.tell(f"({_ABOUT} is a share of what the log counts, by characters.)", "  ")


def _message(each: MessageCost, output: Output) -> list[str]:
    whose = f"{each.tool or each.role}, round {each.round}"
    cost = f"{_ABOUT}{output.currency.shown(each.pico)}" if each.priced else "-"
    return [safe.cell(whose), f"{_ABOUT}{humanize.count(each.tokens)}", humanize.count(each.times), cost]


def _of_cache(output: Output, cache: CacheTotals) -> Iterator[str]:
    shown = output.currency.shown
    if cache.hit_percent is None:
        yield "What came from a cache is not told."
        return
    later = "" if cache.later_hit_percent is None else f" ({cache.later_hit_percent:.1f} % without the first prompt)"
    saved = f"; that saved {shown(cache.saved_pico)}" if cache.saved_pico > 0 else ""
    wrote = f", and writing to it cost {shown(cache.written_pico)} more" if cache.written_pico > 0 else ""
    yield f"{cache.hit_percent:.1f} % of the prompts came from a cache{later}{saved}{wrote}."
    if cache.causes:
        causes = "; ".join(
            f"{each.cause} {humanize.count(each.tokens)} tokens in {humanize.counted(each.calls, 'call')}"
            for each in cache.causes
        )
        money = "" if cache.is_unpriced else f", {shown(cache.missed_pico)}"
        yield f"It should have had {humanize.count(cache.missed)} tokens more{money}: {causes}."
