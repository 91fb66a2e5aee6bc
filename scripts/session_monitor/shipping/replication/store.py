"""What does a store elsewhere have to be able to, so that it can be kept equal?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional, Protocol

from session_monitor.shipping.replies import Reply

ROUNDS, TEXTS = "rounds", "texts"
"""Its tables."""


class Claim(NamedTuple):
    """What a store says of a gateway's rows.

    ``source`` is whose they are, empty where nobody sent any; ``version`` the highest of them, None where the store cannot
    tell it.
    """

    source: str
    version: Optional[int]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too


class RowStore(Protocol):
    """A store of rows, of which it keeps those with the highest version for each gateway, session and number."""

    shown: str
    """Where it is, without what may be secret."""

    def open(self, gateway: str) -> tuple[Reply, Claim]:
        """Make what it lacks, and say what is known of a gateway there."""

    def claim(self, gateway: str, source: str, version: int) -> Reply:
        """The gateway's rows are this folder's from now on."""

    def held(self, gateway: str) -> Iterable[tuple[str, int, int]]:
        """Session, number and month of all rows of a gateway that are not deleted, sorted.  Raises ``NotHeldError``."""

    def put(self, table: str, lines: Sequence[bytes]) -> Reply:
        """Rows of one month, as lines of JSON: all of them are taken, or none.  Taken again they are the same."""

    def erase(self, gateway: str, sessions: Sequence[str]) -> Reply:
        """Nothing that was said in sessions may stay anywhere."""

    def close(self) -> None:
        """Let go of what it holds open; it may be asked again."""


class NotHeldError(Exception):
    """A store does not tell what it holds: the argument is its reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.reason)
        self.reply = reply
