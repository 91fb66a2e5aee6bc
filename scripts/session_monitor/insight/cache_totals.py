"""What does the caching of prompts come to?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from session_monitor.prices import money

from .caching import cache, cache_findings


class MissedCache(NamedTuple):
    """What was missed for one ``cause`` of ``cache.MISSED``: in how many calls, tokens, and pico-dollars."""

    cause: str
    calls: int
    tokens: int
    pico: int


class CacheTotals(NamedTuple):
    """What the caching of some calls comes to, in tokens and pico-dollars.

    ``hit_percent`` is how much of the prompts came from a cache, ``later_hit_percent`` of all but the first prompt of each session, both of those ``told``
    calls that say so; None where none does.  ``untold`` calls say nothing of a cache.  Of ``judged`` calls it is known what the cache should have had: ``expected`` tokens,
    of which ``missed`` did not come from it.  ``unpriced`` of the calls that missed something have no price: what these lost is in no sum.
    ``saved_pico`` is what reading from the cache spared, ``written_pico`` what writing to it cost more than plain input.
    """

    hit_percent: Optional[float]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    later_hit_percent: Optional[float]  # noqa: UP045
    told: int
    untold: int
    judged: int
    expected: int
    missed: int
    missed_pico: int
    unpriced: int
    saved_pico: int
    written_pico: int
    causes: tuple[MissedCache, ...]

    @property
    def is_unpriced(self) -> bool:
        """Whether something was missed of which it is not known at all what it would have cost."""
        return 0 < self.unpriced == sum(each.calls for each in self.causes)

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "hit_percent": _rounded(self.hit_percent),
            "later_hit_percent": _rounded(self.later_hit_percent),
            "told_calls": self.told,
            "untold_calls": self.untold,
            "judged_calls": self.judged,
            "expected_tokens": self.expected,
            "missed_tokens": self.missed,
            "missed_usd": None if self.is_unpriced else money.plain(self.missed_pico),
            "unpriced_calls": self.unpriced,
            "saved_usd": money.plain(self.saved_pico),
            "written_usd": money.plain(self.written_pico),
            "causes": [
                {
                    "cause": each.cause,
                    "calls": each.calls,
                    "missed_tokens": each.tokens,
                    "missed_usd": None if self.is_unpriced else money.plain(each.pico),
                }
                for each in self.causes
            ],
        }


def of_sums(sums: Mapping[str, int]) -> CacheTotals:
    """The totals of what ``cache_findings.sums`` gave, or of the sums of several such; the cause that cost most first."""
    causes = (
        MissedCache(each, sums[each], sums.get(f"{each}_tokens", 0), sums.get(f"{each}_pico", 0))
        for each in cache.MISSED
        if sums.get(each)
    )
    names = "told", "untold", "judged", "expected", "missed", "missed_pico", "unpriced", "saved_pico", "written_pico"
    return CacheTotals(
        cache_findings.hit_percent(sums),
        cache_findings.hit_percent(sums, without_first=True),
        **{name: sums.get(name, 0) for name in names},
        causes=tuple(sorted(causes, key=lambda each: (-each.pico, -each.tokens))),
    )


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)
