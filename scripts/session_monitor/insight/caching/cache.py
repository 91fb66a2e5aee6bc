"""What of each prompt should the provider's cache have had, what did it have, and why not all of it?

Only a call that tells what came from the cache is judged, and only against calls whose content is logged; no more is expected of a
provider than what is known of its cache (``cache_rules``).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Optional

from session_monitor.index.tables import ways
from session_monitor.index.tables.schema import EXPLICIT_CACHE
from session_monitor.insight.basis import cache_rules
from session_monitor.insight.basis.cache_rules import CacheRule, CacheRules
from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.limits import Limits
from session_monitor.insight.basis.prompts import Prompt
from session_monitor.prices import model_names

from .cached_prompts import CachedPrompts, SentBefore
from .lifetimes import Lifetime

NOT_REPORTED, UNTOLD, NO_CONTENT = "not_reported", "untold", "no_content"
UNKNOWN_CACHE = "unknown_cache"
NOT_JUDGED = (NOT_REPORTED, UNTOLD, NO_CONTENT, UNKNOWN_CACHE)
"""Why a call is not judged: it is not told what came from the cache, or how long its prompt was; none of its content is logged; or nothing is known of the
provider's cache, nor has it shown any."""
TOO_SHORT, COLD = "too_short", "cold"
"""Why nothing is expected: the prompt is shorter than what is cached, or a conversation begins."""
MODEL, UPSTREAM, PREFIX, COMPACTED = "model_changed", "upstream_changed", "prefix_changed", "compacted"
EXPIRED, PARALLEL, UNMARKED, PROVIDER = "expired", "parallel", "unmarked", "provider"
MISSED = (MODEL, UPSTREAM, PREFIX, COMPACTED, EXPIRED, PARALLEL, UNMARKED, PROVIDER)
"""Why less came from the cache than expected.  ``PROVIDER``: all that is logged was the same: the provider, or settings of the request that are not logged."""


class CacheVerdict(NamedTuple):
    """The verdict on one call.

    ``cause`` is one of ``NOT_JUDGED``, ``TOO_SHORT``, ``COLD`` or ``MISSED``; None where what was expected came from the cache.  ``expected`` (None: not judged)
    and ``missed`` are tokens, ``pico`` what the missed ones cost more than from the cache, None where that is not known.  ``before`` is the
    call whose prompt it is held against.  ``message`` and ``is_system`` are as in ``SentBefore``.  ``seconds`` is the pause, ``kept_seconds`` for how long the cache is kept, ``is_sure`` whether that decides it.  ``is_measured``: the
    tokens are counts, no share of them.  ``unread`` of the tokens that ``before`` wrote to a cache were not read by this call, None where that is not told.
    ``told_seconds`` is for how long the log says that the cache is kept.
    """

    call: JudgedCall
    cause: Optional[str]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    expected: Optional[int] = None  # noqa: UP045
    missed: int = 0
    pico: Optional[int] = 0  # noqa: UP045
    before: Optional[JudgedCall] = None  # noqa: UP045
    message: Optional[int] = None  # noqa: UP045
    is_system: bool = False
    seconds: Optional[int] = None  # noqa: UP045
    kept_seconds: Optional[int] = None  # noqa: UP045
    is_sure: bool = True
    is_measured: bool = True
    unread: Optional[int] = None  # noqa: UP045
    told_seconds: Optional[int] = None  # noqa: UP045

    @property
    def is_judged(self) -> bool:
        """Whether anything could have been missed, as far as it is known."""
        return self.expected is not None


OfCache = tuple[Optional[str], Optional[str], Optional[int]]
"""What lifetimes are told apart by: the model's name, the way, and for how long the log says that it is kept."""
Lifetimes = Mapping[OfCache, Lifetime]


def of_cache(call: JudgedCall, kept_seconds: int | None) -> OfCache:
    """Which lifetime is a call's."""
    return call.model and _key_of(call.model), call.way, kept_seconds


_key_of = functools.lru_cache(1024)(model_names.model_key)


def verdicts(
    calls: Iterable[JudgedCall],
    prompts: Iterable[Prompt],
    rules: CacheRules,
    limits: Limits,
    lifetimes: Lifetimes = {},  # noqa: B006 -- it is not changed
) -> Iterator[CacheVerdict]:
    """The verdict on each of a session's calls, in their order.

    ``prompts`` are those of these calls, ``limits`` from how many ``tokens`` and ``percent`` of what was expected on it counts as missed;
    ``lifetimes`` what calls have shown of caches.
    """
    judge = CacheJudge(rules, limits, lifetimes)
    ahead = iter(prompts)
    prompt = next(ahead, None)
    for call in calls:
        is_its = prompt is not None and prompt.call.number == call.number
        yield judge.verdict(call, prompt if is_its else None)
        if is_its:
            prompt = next(ahead, None)


def cost_of_missed(call: JudgedCall, missed: int) -> int | None:
    """What so many tokens of a call's prompt cost more than if they had been read from the cache, in pico-dollars; None where it has no price.

    What it wrote to a cache is what was missed first: that stands in front of what is new.
    """
    if call.cost is None:
        return None
    written = min(missed, call.written)
    fresh = min(missed - written, call.fresh)
    more = fresh * (call.cost.fresh_rate - call.cost.read_rate) + written * (call.cost.write_rate - call.cost.read_rate)
    return max(0, min(more, call.cost.parts.fresh_input + call.cost.parts.cache_write))


def unread_of(before: JudgedCall, call: JudgedCall) -> int:
    """Tokens that a call wrote to a cache and that the next one did not read there."""
    return max(0, min(before.written, before.read + before.written - call.read))


class _Shown:
    """What the calls of one model and way have shown: that anything was read from a cache, or written to one."""

    def __init__(self) -> None:
        self.read = self.written = False

    def add(self, call: JudgedCall) -> None:
        self.read = self.read or call.read > 0
        self.written = self.written or call.written > 0


class CacheJudge:
    """Judges the calls of a session, one after the other."""

    def __init__(self, rules: CacheRules, limits: Limits, lifetimes: Lifetimes = {}) -> None:  # noqa: B006 -- it is not changed
        """As ``verdicts`` has them."""
        self._rules, self._limits, self._lifetimes = rules, limits, lifetimes
        self._prompts = CachedPrompts()
        self._shown: dict[tuple[str | None, str | None], _Shown] = {}

    def verdict(self, call: JudgedCall, prompt: Prompt | None) -> CacheVerdict:
        """The verdict on the next call; ``prompt`` is what it sent, None where no content is logged."""
        self.see(call)
        why_not = _why_not_judged(call, prompt)
        if why_not or prompt is None:
            found = CacheVerdict(call, why_not)
        else:
            found = self.against(call, self._prompts.before(prompt))
        if prompt:
            self._prompts.add(prompt)
        return found

    def see(self, call: JudgedCall) -> None:
        """Remember what a call shows of its provider's cache, without judging it."""
        self._shown_by(call).add(call)

    def _shown_by(self, call: JudgedCall) -> _Shown:
        return self._shown.setdefault((call.model, call.way), _Shown())

    def against(self, call: JudgedCall, before: SentBefore | None) -> CacheVerdict:
        """The verdict on a call that was seen and tells what came from the cache, against what of its prompt was sent before."""
        shown = self._shown_by(call)
        rule = self._rules.of_call(call.model, call.seller, is_explicit=bool(call.flags & EXPLICIT_CACHE))
        if call.prompt < rule.least:
            return CacheVerdict(call, TOO_SHORT, 0)
        if before is None:
            return CacheVerdict(call, COLD, 0)
        if rule.policy == cache_rules.UNKNOWN and not shown.read:
            return CacheVerdict(call, UNKNOWN_CACHE)
        kept = max(before.kept, before.about) if rule.policy == cache_rules.PREFIX else before.kept
        expected = _cacheable(min(kept + before.behind, before.call.prompt, call.prompt), rule)
        missed = max(0, expected - call.read)
        pause = _Pause(_seconds(call, before.last, rule.clock), *self._life(call, before.kept_seconds, rule))
        found = CacheVerdict(
            call,
            None,
            expected,
            before=before.call,
            message=before.message,
            is_system=before.is_system,
            seconds=pause.seconds,
            kept_seconds=pause.alive or pause.dead,
            unread=unread_of(before.call, call),
            told_seconds=before.kept_seconds,
        )
        if not self._counts(missed, expected):
            return found
        case = _Missed(call, before, rule, shown, missed, self._counts(_held(before.call, call), expected))
        return found._replace(
            cause=_cause(case, pause),
            missed=missed,
            pico=cost_of_missed(call, missed),
            is_sure=pause.is_over,
            is_measured=not before.behind and kept == before.kept,
        )

    def _counts(self, missed: int, expected: int) -> bool:
        """Whether so many tokens count as missed."""
        return bool(missed > self._limits["tokens"] and missed * 100 > expected * self._limits["percent"])

    def _life(self, call: JudgedCall, told_seconds: int | None, rule: CacheRule) -> tuple[int | None, int | None]:
        """For how many seconds a prompt is kept at least, and beyond how many it is not; None where it is not known."""
        alive, dead = (told_seconds, told_seconds) if told_seconds else (rule.seconds, rule.most_seconds)
        measured = self._lifetimes.get(of_cache(call, told_seconds)) if self._lifetimes else None
        return measured.over(alive, dead) if measured else (alive, dead)


def _why_not_judged(call: JudgedCall, prompt: Prompt | None) -> str | None:
    if call.failed or not call.has_size or not call.prompt:
        return UNTOLD
    if not call.tells_cache:
        return NOT_REPORTED
    return NO_CONTENT if prompt is None else None


def _cacheable(tokens: int, rule: CacheRule) -> int:
    tokens -= tokens % rule.step
    return tokens if tokens >= rule.least else 0


def _held(before: JudgedCall, call: JudgedCall) -> int:
    """Tokens that the call before had in the cache or wrote to it, and that the next one did not read there."""
    return max(0, before.read + before.written - call.read)


# -- why it was missed -------------------------------------------------------------------------------------------------


class _Missed(NamedTuple):
    """A call that missed so many tokens; ``is_held``: the call before had had as many of them in the cache as count."""

    call: JudgedCall
    before: SentBefore
    rule: CacheRule
    shown: _Shown
    missed: int
    is_held: bool

    @property
    def is_marked(self) -> bool:
        """Whether its provider caches what its client marks, and no more."""
        return self.rule.policy == cache_rules.MARKS


class _Pause(NamedTuple):
    """A pause of so many seconds, and for how many a prompt is kept at least, and beyond how many it is not; each None where it is not known."""

    seconds: Optional[int]  # noqa: UP045
    alive: Optional[int]  # noqa: UP045
    dead: Optional[int]  # noqa: UP045

    @property
    def is_over(self) -> bool:
        """Whether nothing is kept for as long."""
        return None not in (self.seconds, self.dead) and (self.seconds or 0) * 10 > (self.dead or 0) * 11

    @property
    def may_be_over(self) -> bool:
        """Whether it need not be kept for as long."""
        border = self.dead if self.alive is None else self.alive
        return None not in (self.seconds, border) and (self.seconds or 0) * 10 > (border or 0) * 9


def _cause(case: _Missed, pause: _Pause) -> str:
    """The first cause that fits."""
    call, before = case.call, case.before
    causes = (
        (MODEL, _are_other_models(call.model, before.call.model)),
        (UPSTREAM, _are_other_ways(call.way, before.call.way)),
        # Of what is not marked nothing is cached, whatever changes.
        (UNMARKED, case.is_marked and not (case.shown.read or case.shown.written)),
        (COMPACTED if before.is_compacted else PREFIX, before.behind * 2 >= case.missed),
        (UNMARKED, case.is_marked and case.shown.written and not case.is_held),
        (EXPIRED, pause.is_over or pause.may_be_over),
        (PARALLEL, _began_before_answered(call, before.call)),
        (UNMARKED, case.is_marked and bool(case.rule.look_back) and before.fresh > (case.rule.look_back or 0)),
    )
    return next((cause for cause, fits in causes if fits), PROVIDER)


def _are_other_models(now: str | None, before: str | None) -> bool:
    return bool(now and before and now != before and model_names.canonical(now) != model_names.canonical(before))


def _are_other_ways(now: str | None, before: str | None) -> bool:
    """Whether both tell a route or a cluster, and not the same one."""
    told = zip(ways.route_and_cluster(now), ways.route_and_cluster(before))
    return any(one and other and one != other for one, other in told)


def _seconds(call: JudgedCall, last: JudgedCall, clock: str) -> int | None:
    """Seconds since the conversation last went on; None where that is not told."""
    began = last.at if clock == cache_rules.REQUEST or last.end is None else last.end
    return (call.at - began) // 1000 if call.at is not None and began is not None and call.at >= began else None


def _began_before_answered(call: JudgedCall, before: JudgedCall) -> bool:
    """Whether a call began before the answer of the one before did, with which a cache is written."""
    waited = before.duration_ms if before.first_token_ms is None else before.first_token_ms
    return None not in (call.at, before.at) and (call.at or 0) < (before.at or 0) + (waited or 0)
