"""What comes of judging a session?

Apart from how that is done: who only asks what is known by now loads no rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Optional

from session_monitor.insight.basis.finding import Finding

if TYPE_CHECKING:
    from session_monitor.insight.caching.cache import OfCache
    from session_monitor.insight.caching.lifetimes import Samples

VERSION = 1
"""Another one has all sessions judged anew: it is another whenever rules, or what they make of the same calls, are."""
Sums = Mapping[str, int]
"""Whole numbers by name, which add up over sessions."""


class Usual(NamedTuple):
    """What is usual for sessions of a consumer: how many rounds 95 of 100 have at most, and what the one in the middle cost (pico-dollars).

    None where too few are known.
    """

    rounds: Optional[int] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    pico: Optional[int] = None  # noqa: UP045


class SessionJudgement(NamedTuple):
    """What was found in a session, the gravest first; and what its calls add up to, by name: ``context`` (``ContextSums.numbers``) and ``cache`` (``cache_findings.sums``).

    Of ``not_judged`` of its ``rounds`` it is not logged what was sent.  ``pauses`` are the samples of how long caches are kept;
    ``continued`` the conversations that go on from another one, each as ``Continuation`` has it.
    """

    findings: tuple[Finding, ...]
    rounds: int
    not_judged: int
    sums: Mapping[str, Sums]
    pauses: Mapping[OfCache, Samples]
    continued: Sequence[tuple[int, int, int]] = ()
