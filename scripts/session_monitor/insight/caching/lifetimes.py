"""For how long is a prompt kept in a provider's cache, as calls have shown?

A sample is a pause before a call whose whole history was still the same: either it was still in the cache, or it was no more.  Samples of many
sessions add up, in any order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional

ENOUGH = 20
"""Samples from which on they count more than what is documented."""
_ENOUGH_MISSED = 3
"""Misses beyond the longest pause that was survived, so that one that has other reasons does not count for a lifetime."""
_STEP = 1.15


class Pauses(NamedTuple):
    """Pauses of about the same length: how many prompts were still in the cache, and how many were not; the longest and the shortest such pause in seconds."""

    hits: int = 0
    misses: int = 0
    longest_hit: Optional[int] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    shortest_miss: Optional[int] = None  # noqa: UP045


Samples = Mapping[int, Pauses]
"""All samples of a model and a way, by the length of the pause in steps of 15 %."""


class Lifetime(NamedTuple):
    """What so many samples have shown: the longest pause that was survived, and the shortest beyond it that was not, in seconds; None where no sample shows it.

    ``missed_beyond`` of the samples are such misses.
    """

    samples: int
    longest_hit: Optional[int]  # noqa: UP045
    shortest_miss: Optional[int]  # noqa: UP045
    missed_beyond: int = 0

    def over(self, alive: int | None, dead: int | None) -> tuple[int | None, int | None]:
        """For how many seconds a prompt is kept at least, and beyond how many it is not, where that is known to be ``alive`` and ``dead`` otherwise.

        That it is kept for less than was promised takes more misses to show.
        """
        if self.longest_hit is None:
            return alive, dead
        if self.shortest_miss is None or (self.shortest_miss < (alive or 0) and self.missed_beyond < ENOUGH):
            return max(alive or 0, self.longest_hit), None if dead is None else max(dead, self.longest_hit)
        is_within = alive is not None and self.longest_hit < alive < self.shortest_miss
        return alive if is_within else self.longest_hit, self.shortest_miss


def with_sample(samples: Samples, seconds: int, *, is_hit: bool) -> dict[int, Pauses]:
    """The samples with one more."""
    one = Pauses(1, 0, seconds, None) if is_hit else Pauses(0, 1, None, seconds)
    return together((samples, {step_of(seconds): one}))


def step_of(seconds: int) -> int:
    """The step that a pause belongs to."""
    return int(math.log(max(1, seconds), _STEP))


def together(parts: Iterable[Samples]) -> dict[int, Pauses]:
    """The samples of all of them."""
    found: dict[int, Pauses] = {}
    for samples in parts:
        for step, each in samples.items():
            found[step] = _sum(found[step], each) if step in found else each
    return found


def _sum(one: Pauses, other: Pauses) -> Pauses:
    return Pauses(
        one.hits + other.hits,
        one.misses + other.misses,
        max((each.longest_hit for each in (one, other) if each.longest_hit is not None), default=None),
        min((each.shortest_miss for each in (one, other) if each.shortest_miss is not None), default=None),
    )


def shown_by(samples: Samples) -> Lifetime | None:
    """What samples show; None while they are too few."""
    number = sum(each.hits + each.misses for each in samples.values())
    if number < ENOUGH:
        return None
    longest = max((each.longest_hit for each in samples.values() if each.longest_hit is not None), default=None)
    beyond = [
        each
        for each in samples.values()
        if each.shortest_miss is not None and (longest is None or each.shortest_miss > longest)
    ]
    missed = sum(each.misses for each in beyond)
    shortest = min((each.shortest_miss or 0 for each in beyond), default=None)
    return Lifetime(number, longest, shortest if missed >= _ENOUGH_MISSED else None, missed)
