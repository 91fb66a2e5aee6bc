"""What does a poll tell whoever keeps the index?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from session_monitor.sessions.summary import Written

if TYPE_CHECKING:
    from session_monitor.index.tables.rows import Rows


class IndexKeeper(Protocol):
    """Who keeps the index; none of these raises where it fails."""

    def begin(self) -> None:
        """A poll begins."""

    def before(self) -> None:
        """Session files are about to change."""

    def after(self, written: Sequence[Written], rows: Rows | None = None) -> None:
        """This is what was written to them, and the checkpoint with it; the rows of it, where they are known."""

    def outdated(self) -> None:
        """Others have changed session files."""

    def settle(self) -> None:
        """The pass is over."""


class NoIndex:
    """Keeps none."""

    def begin(self) -> None:
        """Do nothing."""

    def before(self) -> None:
        """Do nothing."""

    def after(self, written: Sequence[Written], rows: Rows | None = None) -> None:
        """Do nothing."""

    def outdated(self) -> None:
        """Do nothing."""

    def settle(self) -> None:
        """Do nothing."""
