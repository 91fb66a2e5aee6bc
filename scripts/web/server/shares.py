"""How much may each visitor hold at a time, so that some is left for everybody else?

Whoever came by the key of one session may have passed it on to anybody, so those are bounded by key and all together;
who may see everything is bounded too, and a part is left for this machine's own user alone.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple


class Share(NamedTuple):
    """Whose something is: ``rank`` 0 is this machine's own user, and ``key`` tells visitors of a rank apart."""

    rank: int
    key: str = ""

    @property
    def sees_all(self) -> bool:
        """Whether every session is open to them."""
        return self.rank < _LAST


OWN, OF_ALL = Share(0), Share(1)
"""This machine's own user; whoever has the key that opens everything."""
_QUARTERS = (4, 3, 2)
"""What those of a rank and of the ranks behind it may hold together."""
RANKS = len(_QUARTERS)
_LAST = RANKS - 1


def of_session(key: str) -> Share:
    """Whoever has this key of one session."""
    return Share(_LAST, key)


class Places:
    """A number of places, and who has them.  Not for several threads at once."""

    def __init__(self, most: int) -> None:
        """``most`` places; each rank, and each session's key, may have at least one where it is the only one."""
        self._most = most
        self._taken: Counter[Share] = Counter()

    def take(self, share: Share) -> bool:
        """One more for them; False where they have what they may."""
        is_room = all(self._held(rank) < self._part(_QUARTERS[rank]) for rank in range(share.rank + 1))
        if share.rank == _LAST:
            is_room = is_room and self._taken[share] < self._part(1)
        if is_room:
            self._taken[share] += 1
        return is_room

    def give_back(self, share: Share) -> None:
        """One less for them."""
        self._taken[share] -= 1
        if not self._taken[share]:
            del self._taken[share]

    def __len__(self) -> int:
        """How many are taken."""
        return sum(self._taken.values())

    def _held(self, rank: int) -> int:
        return sum(count for share, count in self._taken.items() if share.rank >= rank)

    def _part(self, quarters: int) -> int:
        return max(self._most * quarters // 4, 1)
