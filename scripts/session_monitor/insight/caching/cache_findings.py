"""What do the verdicts on a session's caching come to: findings, and sums?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from session_monitor.insight.basis.finding import ALLOCATED, CRITICAL, INFO, MEASURED, WARNING, Finding
from session_monitor.insight.basis.limits import Limits
from session_monitor.prices import money

from . import cache, lifetimes
from .cache import CacheVerdict, OfCache
from .lifetimes import Pauses

_MOST_ROUNDS = 50
"""Rounds that are told of a finding."""
_CAN_BE_MENDED = (cache.PREFIX, cache.EXPIRED)
"""Causes that whoever writes the agent has in hand; the others are told, and no more."""


# -- findings ----------------------------------------------------------------------------------------------------------


def cache_missed(verdicts: Sequence[CacheVerdict], limits: Limits) -> Iterator[Finding]:
    """What the cache should have had and did not: one finding for each cause, and for each onset of one that had ceased.

    ``limits``: ``apart`` is how many judged calls without a changed prefix end one; from so many ``rounds`` on what can be mended is a warning, of
    pauses only if they cost as much as ``pause_usd``; what costs ``critical_usd`` is critical.
    """
    missed = (each for each in _numbered(verdicts) if each[1].cause in cache.MISSED and each[1].cause != cache.UNMARKED)
    for of_one in _onsets(missed, limits["apart"]):
        yield _missed(of_one, limits)


def unmarked(verdicts: Sequence[CacheVerdict], limits: Limits) -> Iterator[Finding]:
    """Prompts of which nothing, or not all, was marked for a cache that needs marks, from so many ``rounds`` of them on."""
    found = [each for each in verdicts if each.cause == cache.UNMARKED]
    if len(found) >= limits["rounds"]:
        has_none = not any(each.call.read or each.call.written for each in found)
        yield _finding("unmarked", WARNING if has_none else INFO, found, {"is_none": has_none})


def writes_unread(verdicts: Sequence[CacheVerdict], limits: Limits) -> Iterator[Finding]:
    """Writes to a cache that nothing in the session read: at least ``percent`` of all that something could have, in so many ``rounds``.

    What the last call of a longer conversation wrote is not held against it; what a call wrote again because it had missed it is in ``cache_missed``.
    """
    could_be = [*_followed(verdicts), *_alone(verdicts)]
    unread = sorted((each for each in could_be if each[1] > limits["tokens"]), key=lambda each: each[0].call.number)
    written = sum(each.call.written for each, _ in could_be)
    tokens = sum(tokens for _, tokens in unread)
    if len(unread) < limits["rounds"] or tokens * 100 < written * limits["percent"]:
        return
    finding = _finding("writes_unread", INFO, [each for each, _ in unread], {"percent": tokens * 100 // written})
    yield finding._replace(tokens=tokens, pico=_sum(_surcharge(*each) for each in unread), basis=MEASURED)


def _followed(verdicts: Iterable[CacheVerdict]) -> list[tuple[CacheVerdict, int]]:
    """The verdicts on calls that wrote to a cache and whose conversation went on, with how many of these tokens its next call did not read."""
    by_number = {each.call.number: each for each in verdicts}
    seen: dict[int, int] = {}
    for each in by_number.values():
        if each.before is not None and each.unread is not None:
            seen.setdefault(each.before.number, each.unread)
    pairs = ((by_number[number], unread) for number, unread in seen.items() if number in by_number)
    return [(each, max(0, unread - each.missed)) for each, unread in pairs if each.call.written]


def _alone(verdicts: Sequence[CacheVerdict]) -> list[tuple[CacheVerdict, int]]:
    """The same of conversations of one call, against the next conversation that began with the same model and the same way: what they share."""
    went_on = {each.before.number for each in verdicts if each.before is not None}
    found = []
    latest: dict[tuple[str | None, str | None], CacheVerdict] = {}
    for each in verdicts:
        if each.cause == cache.COLD:
            key = each.call.model, each.call.way
            before = latest.get(key)
            if before is not None and before.call.written and before.call.number not in went_on:
                found.append((before, cache.unread_of(before.call, each.call)))
            latest[key] = each
    return found


def _surcharge(verdict: CacheVerdict, tokens: int) -> int | None:
    """What so many tokens cost more because they were written to a cache."""
    cost = verdict.call.cost
    if cost is None:
        return None
    return max(0, min(tokens * (cost.write_rate - cost.fresh_rate), cost.parts.cache_write))


def _numbered(verdicts: Iterable[CacheVerdict]) -> Iterator[tuple[int, CacheVerdict]]:
    """Each verdict with how many calls were judged before it."""
    judged = 0
    for each in verdicts:
        yield judged, each
        judged += each.is_judged


def _onsets(missed: Iterable[tuple[int, CacheVerdict]], apart: int) -> list[list[CacheVerdict]]:
    """The verdicts of each onset, by cause and, of a changed prefix, by whether it is the system prompt."""
    found: list[list[CacheVerdict]] = []
    latest: dict[tuple[str | None, bool], tuple[int, list[CacheVerdict]]] = {}
    for number, each in missed:
        key = each.cause, each.is_system and each.cause == cache.PREFIX
        at, of_one = latest.get(key, (0, []))
        if not of_one or (each.cause == cache.PREFIX and number - at > apart):
            of_one = []
            found.append(of_one)
        of_one.append(each)
        latest[key] = number, of_one
    return found


def _missed(found: list[CacheVerdict], limits: Limits) -> Finding:
    first = found[0]
    details: dict[str, Any] = {"cause": first.cause, "times": len(found)}
    if first.cause == cache.PREFIX:
        details["part"] = "system prompt" if first.is_system else "history"
        details.update({"message": first.message, "before_round": first.before and first.before.number})
    elif first.cause == cache.EXPIRED:
        details["seconds"] = max(each.seconds or 0 for each in found)
        details["kept_seconds"] = first.kept_seconds
        details["is_sure"] = all(each.is_sure for each in found)
    elif first.cause == cache.MODEL and first.before is not None:
        details.update({"model": first.call.model, "model_before": first.before.model})
    finding = _finding("cache_missed", INFO, found, details)
    return finding._replace(severity=_severity(finding, limits))


def _severity(finding: Finding, limits: Limits) -> str:
    cause = finding.details["cause"]
    if cause not in _CAN_BE_MENDED or finding.details["times"] < limits["rounds"]:
        return INFO
    pico = finding.pico or 0
    if cause == cache.EXPIRED:
        return WARNING if pico >= money.of_plain(limits["pause_usd"]) and finding.details["is_sure"] else INFO
    return CRITICAL if pico >= money.of_plain(limits["critical_usd"]) else WARNING


def _finding(kind: str, severity: str, found: Sequence[CacheVerdict], details: dict[str, Any]) -> Finding:
    calls = [each.call for each in found]
    return Finding(
        kind,
        severity,
        calls[0].number,
        calls[-1].number,
        tuple(each.number for each in calls[:_MOST_ROUNDS]),
        calls[-1].at,
        sum(each.missed for each in found),
        _sum(each.pico for each in found),
        MEASURED if all(each.is_measured for each in found) else ALLOCATED,
        {"times": len(found), **details},
    )


def _sum(amounts: Iterable[int | None]) -> int | None:
    """The sum of those that are known; None where none is."""
    known = [each for each in amounts if each is not None]
    return sum(known) if known else None


# -- sums --------------------------------------------------------------------------------------------------------------


def sums(verdicts: Iterable[CacheVerdict]) -> dict[str, int]:
    """What verdicts add up to, over sessions as well.

    ``told`` are the calls that tell what came from the cache, ``input`` and ``read`` their tokens; ``first_told``, ``first_input`` and ``first_read`` those of
    the first one of the session, in which nothing can be in the cache yet; ``untold`` and ``untold_input`` what tells nothing of a cache.  ``judged`` is how many calls have a
    verdict, ``expected`` and ``missed`` their tokens; ``missed_pico`` is what was missed in money, and of each cause ``CAUSE``, ``CAUSE_tokens`` and ``CAUSE_pico`` how many calls, tokens
    and how much money; ``unpriced`` is how many of them have no price.  ``saved_pico`` is what reading from the cache spared, ``written_pico`` what
    writing to it cost more.
    """
    found: Counter[str] = Counter()
    for each in verdicts:
        call = each.call
        if each.cause in (cache.UNTOLD, cache.NOT_REPORTED):
            if each.cause == cache.NOT_REPORTED:
                found.update(untold=1, untold_input=call.prompt)
            continue
        if not found["told"]:
            found.update(first_told=1, first_input=call.prompt, first_read=call.read)
        found.update(told=1, input=call.prompt, read=call.read, written=call.written, judged=each.is_judged)
        if call.cost is not None:
            found["saved_pico"] += call.read * (call.cost.fresh_rate - call.cost.read_rate)
            found["written_pico"] += call.written * (call.cost.write_rate - call.cost.fresh_rate)
        found["expected"] += each.expected or 0
        if each.cause in cache.MISSED:
            found.update(missed=each.missed, missed_pico=each.pico or 0, unpriced=each.pico is None)
            found.update({each.cause: 1, f"{each.cause}_tokens": each.missed, f"{each.cause}_pico": each.pico or 0})
    return dict(found)


def hit_percent(sums_: Mapping[str, int], *, without_first: bool = False) -> float | None:
    """How much of the prompts came from the cache, of 100; ``without_first`` of all but each session's first.  None where nothing tells it."""
    read, all_ = sums_.get("read", 0), sums_.get("input", 0)
    if without_first:
        read, all_ = read - sums_.get("first_read", 0), all_ - sums_.get("first_input", 0)
    return 100 * read / all_ if all_ > 0 else None


# -- samples -----------------------------------------------------------------------------------------------------------


def pauses(verdicts: Iterable[CacheVerdict]) -> dict[OfCache, dict[int, Pauses]]:
    """What verdicts show of how long caches are kept: the samples of each."""
    found: dict[OfCache, dict[int, Pauses]] = {}
    for each in verdicts:
        if each.expected and each.seconds is not None and each.message is None and not each.is_system:
            is_hit = each.cause is None
            if is_hit or each.cause in (cache.EXPIRED, cache.PROVIDER):
                key = cache.of_cache(each.call, each.told_seconds)
                found[key] = lifetimes.with_sample(found.get(key, {}), each.seconds, is_hit=is_hit)
    return found
