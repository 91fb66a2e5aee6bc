"""What is one thing that was found in a session?

It holds no text of a conversation: names of tools and models, numbers, and the rounds where it can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

INFO, WARNING, CRITICAL = "info", "warning", "critical"
SEVERITIES = (INFO, WARNING, CRITICAL)
"""From the least on."""
MEASURED, ALLOCATED = "measured", "allocated"
"""Its tokens are counts of the log, or a share of such counts by characters."""


class Finding(NamedTuple):
    """One finding of a ``kind`` of ``rules.json``.

    ``first`` is the round where it begins, ``last`` the newest that belongs to it, and ``rounds`` those that prove it, the first
    ones where they are many.  ``at`` is when its last round began, in milliseconds since 1970, None where that is not told.  ``tokens`` and ``pico``
    (pico-dollars) are at stake, None where they are not known; ``pico`` is never more than these rounds cost.  ``details`` has what its words need, by name.
    """

    kind: str
    severity: str
    first: int
    last: int
    rounds: tuple[int, ...]
    at: Optional[int] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    tokens: Optional[int] = None  # noqa: UP045
    pico: Optional[int] = None  # noqa: UP045
    basis: str = MEASURED
    details: Mapping[str, Any] = {}
