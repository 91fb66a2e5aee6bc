"""What are the prices of now, and while there is a mistake in them, those of before?"""

from __future__ import annotations

from collections.abc import Mapping

from session_monitor.prices.book import Book
from session_monitor.prices.price_list import BadPriceListError

from . import own_lists


class CurrentBook:
    """The prices of a data folder, which a person may change at any time."""

    def __init__(self, folder: str, environment: Mapping[str, str]) -> None:
        """Looks once; what is wrong then is told by ``mistake``."""
        self.mistake: BadPriceListError | OSError | None = None
        """What is wrong with the lists as they are now."""
        self._folder = folder
        self._environment = environment
        self._book: Book | None = None
        self._state: object = None
        self.look()

    @property
    def state(self) -> object:
        """Changes when the lists do."""
        return self._state

    @property
    def book(self) -> Book:
        """The prices as they were when nothing was wrong with them.  Raises ``mistake`` where that was never so."""
        if self._book is None:
            raise self.mistake or LookupError(self._folder)
        return self._book

    def look(self) -> bool:
        """Whether the lists have changed since the last look, which takes hardly any time where they have not."""
        state = own_lists.state(self._folder, self._environment)
        if state == self._state:
            return False
        self._state = state
        self.mistake = None
        try:
            self._book = own_lists.book(self._folder, self._environment)
        except (BadPriceListError, OSError) as mistake:
            self.mistake = mistake
        return True
