"""What is so now, and is to be told?"""

from __future__ import annotations

from typing import NamedTuple, Optional


class Condition(NamedTuple):
    """Something of one ``rule`` in one ``period``, which is told once for each severity.

    ``severity`` is one of ``event.SEVERITIES``; None where it is not so any more and not far from it, so that what was told
    of it still holds.  ``happened`` is what is over as soon as it is told, and is never told to be over.  The rest is as an
    ``Event`` has it; title and text hold no text of conversations.
    """

    rule: str
    period: str
    severity: Optional[str]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    kind: str
    title: str
    text: str
    value: Optional[str] = None  # noqa: UP045
    limit: Optional[str] = None  # noqa: UP045
    unit: Optional[str] = None  # noqa: UP045
    consumer: Optional[str] = None  # noqa: UP045
    model: Optional[str] = None  # noqa: UP045
    session: Optional[str] = None  # noqa: UP045
    happened: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What it is about."""
        return self.rule, self.period
