"""What do rounds add up to?"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from . import schema
from .schema import AT_LEAST, FAILED, LEFT, NO_TOKENS, PARTLY_TOLD

Sums = dict[tuple[int, Optional[int], Optional[str], Optional[str], Optional[str], int], tuple[int, ...]]
"""``ADDITIVE`` by the session's position, slot (None without a time), model, consumer, way and notes."""


def sums_of(column: Mapping[str, list[Any]]) -> Sums:
    """What rounds, which are given by the names of their columns, add up to by session, slot, model, consumer, way and notes; as ``schema.AGGREGATES`` says it in SQL."""
    flags, tokens = column["flags"], [column[kind] for kind in ("fresh", "read", "written", "visible", "reasoning")]
    money_ = [column[name] for name in ("usd", "pico", "saved_usd", "saved_pico")]
    stake = [column[name] for name in ("stake_usd", "stake_pico")]
    unpriced = [int(usd is None) for usd in column["usd"]]
    without: list[list[int]] = [unpriced] * 4
    if any(unpriced):
        money_, stake = ([[each or 0 for each in values] for values in several] for several in (money_, stake))
        without[1] = [is_unpriced * sum(each) for is_unpriced, each in zip(unpriced, zip(*tokens))]
        for at, flag in enumerate((NO_TOKENS, PARTLY_TOLD), 2):
            without[at] = [is_unpriced * (each & flag != 0) for is_unpriced, each in zip(unpriced, flags)]
    there = functools.reduce(operator.or_, flags, 0)
    flagged = [
        [int(each & flag != 0) for each in flags] if there & flag else itertools.repeat(0)
        for flag in (FAILED, LEFT, AT_LEAST)
    ]
    values = list(zip(itertools.repeat(1), *flagged, *tokens, *money_, *without, *stake))
    slots = [None if at is None else at // schema.SLOT for at in column["at"]]
    by_key: dict[Any, list[tuple[int, ...]]] = {}
    of_calls = [column[name] for name in (*schema.OF_CALLS, "notes")]
    for key, each in zip(zip(column["session"], slots, *of_calls), values):
        if key in by_key:
            by_key[key].append(each)
        else:
            by_key[key] = [each]
    return {key: added(several) for key, several in by_key.items()}


def added(several: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Several sums together."""
    return several[0] if len(several) == 1 else tuple(map(sum, zip(*several)))
