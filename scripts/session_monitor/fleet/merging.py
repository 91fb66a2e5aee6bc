"""In which order do the rounds of one session stand that came over several gateways?

Copies of a gateway behind a load balancer each log a part of what one agent says.  Each part keeps its order, and the parts
are put together by time.  Numbers go from 1 without a gap, whatever is missing, and what refers to a number goes with it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .questions import GatewayRound

_NEVER = -(2**63)


class OwnRound(NamedTuple):
    """A round of a gateway, and its ``number``, ``thread`` and ``base`` in the session as a whole."""

    logged: GatewayRound
    number: int
    thread: int
    base: int


def sessions(rounds: Iterable[GatewayRound]) -> Iterator[tuple[str, list[OwnRound]]]:
    """Each session with its rounds in order, from rounds by session, gateway and number."""
    for session_id, of_session in itertools.groupby(rounds, key=lambda each: each.session_id):
        yield session_id, merged(list(of_session))


def merged(rounds: Sequence[GatewayRound]) -> list[OwnRound]:
    """The rounds of one session, which come by gateway and number."""
    if rounds[0].gateway == rounds[-1].gateway and rounds[-1].number == len(rounds):  # as nearly always
        return [OwnRound(each, each.number, each.thread, each.base) for each in rounds]
    parts = [list(part) for _, part in itertools.groupby(rounds, key=lambda each: each.gateway)]
    ordered = rounds if len(parts) < 2 else [each for _, _, _, each in heapq.merge(*map(_timed, parts))]
    numbers = {(each.gateway, each.number): number for number, each in enumerate(ordered, 1)}
    threads = dict(_threads_before(parts))
    return [
        OwnRound(each, number, each.thread + threads[each.gateway], numbers.get((each.gateway, each.base), 0))
        for number, each in enumerate(ordered, 1)
    ]


def _timed(part: Iterable[GatewayRound]) -> Iterator[tuple[int, str, int, GatewayRound]]:
    """Rounds of one gateway with the time that they are sorted by, which never goes back."""
    latest = _NEVER
    for each in part:
        latest = max(latest, _NEVER if each.at is None else each.at)
        yield latest, each.gateway, each.number, each


def _threads_before(parts: Iterable[Sequence[GatewayRound]]) -> Iterator[tuple[str, int]]:
    """How many conversations the gateways before each one have."""
    before = 0
    for part in parts:
        yield part[0].gateway, before
        before += max(each.thread for each in part)
