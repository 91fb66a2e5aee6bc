"""What do rounds add up to?"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from . import schema
from .schema import AT_LEAST, CACHE_UNTOLD, FAILED, LEFT, NO_TOKENS, PARTLY_TOLD

Sums = dict[tuple[int, Optional[int], Optional[str], Optional[str], Optional[str], int], tuple[int, ...]]
"""``ADDITIVE`` by the session's position, slot (None without a time), model, consumer, way and notes."""


Dearest = dict[tuple[int, Optional[int], Optional[str], Optional[str], Optional[str], int], int]
"""What the dearest of the calls cost (``schema.DEAREST``), by the same."""


def sums_of(column: Mapping[str, list[Any]]) -> tuple[Sums, Dearest]:
    """What rounds, which are given by the names of their columns, add up to by session, slot, model, consumer, way and notes; as ``schema.AGGREGATES`` and ``schema.DEAREST`` say it in SQL."""
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
    prompts_untold: Iterable[int] = itertools.repeat(0)
    if there & CACHE_UNTOLD:
        prompts_untold = [sum(each) * (flag & CACHE_UNTOLD != 0) for flag, each in zip(flags, zip(*tokens[:3]))]
    values = list(zip(itertools.repeat(1), *flagged, *tokens, prompts_untold, *money_, *without, *stake))
    slots = [None if at is None else at // schema.SLOT for at in column["at"]]
    by_key: dict[Any, list[tuple[int, ...]]] = {}
    of_calls = [column[name] for name in (*schema.OF_CALLS, "notes")]
    for key, each in zip(zip(column["session"], slots, *of_calls), values):
        if key in by_key:
            by_key[key].append(each)
        else:
            by_key[key] = [each]
    dearest = {
        key: several[0][_USD] + (several[0][_PICO] > 0)
        if len(several) == 1
        else max([each[_USD] + (each[_PICO] > 0) for each in several])
        for key, several in by_key.items()
    }
    return {key: added(several) for key, several in by_key.items()}, dearest


_USD, _PICO = map(schema.ADDITIVE.index, ("usd", "pico"))


def added(several: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Several sums together."""
    return several[0] if len(several) == 1 else tuple(map(sum, zip(*several)))
