"""How does a finding follow from the calls that prove it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from session_monitor.text import humanize

from .call import JudgedCall
from .content import AskedTool
from .finding import Finding

MOST_ROUNDS = 20
"""Rounds that a finding names."""


def finding(
    kind: str, severity: str, proof: Sequence[JudgedCall], at_stake: Sequence[JudgedCall] = (), **details: Any
) -> Finding:
    """The finding that these calls prove, from the first of them to the last; what those ``at_stake`` used is what it is about."""
    return Finding(
        kind,
        severity,
        proof[0].number,
        proof[-1].number,
        tuple(call.number for call in proof[:MOST_ROUNDS]),
        proof[-1].at,
        tokens_of(at_stake),
        pico_of(at_stake),
        details=details,
    )


def tokens_of(calls: Sequence[JudgedCall]) -> int | None:
    """The tokens that calls used, as far as that is told; None where it is of none."""
    told = [call.prompt + call.visible + call.reasoning for call in calls if call.has_tokens]
    return sum(told) if told else None


def pico_of(calls: Sequence[JudgedCall]) -> int | None:
    """What calls cost in pico-dollars, as far as that is known; None where it is of none."""
    known = [call.cost.pico for call in calls if call.cost]
    return sum(known) if known else None


MOST_TOOLS = 5
"""Tools that are named: an answer may ask for thousands."""


def tool_names(asked: Sequence[AskedTool]) -> str:
    """The names of the tools of some calls, each once; of many the first, and how many more there are."""
    names = list(dict.fromkeys(each.tool for each in asked))
    more = len(names) - MOST_TOOLS
    return ", ".join(names[:MOST_TOOLS]) + (f" and {humanize.count(more)} more" if more > 0 else "")
