"""What did rounds have to do with tools, and what did that add to their prompts?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.sessions import message_history
from session_monitor.sessions.summary import Written

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import RoundFacts

Before = Mapping[str, Any]
"""What must be known of a round that another goes on from: ``messages_total`` and its tokens."""
Befores = Mapping[tuple[int, int], Before]
"""The same of several, by the session's position and the round's number."""


class ToolUseRow(NamedTuple):
    """What a round had to do with a tool; ``tokens`` are those that its results added, None where that is not known.

    ``session`` is the session's position in the batch.
    """

    session: int
    number: int
    tool: str
    calls: int
    results: int
    failed: int
    tokens: int | None


def of_written(batch: Sequence[Written], before: Befores = MappingProxyType({})) -> Iterator[ToolUseRow]:
    """A row for each round and each tool that it has to do with.

    ``before`` has rounds that stand before what was written, as ``needed_before`` names them.  What a later round tells of
    one of those comes as a row of calls alone, to be added to the one that is there.
    """
    for position, written in enumerate(batch):
        known = {facts["round"]: facts for facts, _, _ in written.rounds}
        told = dict(facts["told_tools"] for facts in known.values() if "told_tools" in facts)
        for number, facts in known.items():
            if "tool_results" in facts or "tools_called" in facts or number in told:
                base = message_history.base_of(facts)
                yield from _of_round(
                    position, facts, known.get(base) or before.get((position, base)), told.get(number, ())
                )
        for number, tools in told.items():
            if number not in known:
                yield from (ToolUseRow(position, number, tool, calls, 0, 0, None) for tool, calls in tools)


def needed_of(written: Written) -> Written:
    """The same with the first round and those that ``of_written`` and ``needed_before`` look at: a copy goes to another process."""
    rounds = written.rounds
    needed = {message_history.base_of(facts) for facts, _, _ in rounds if "tool_results" in facts}
    needed.update(facts["told_tools"][0] for facts, _, _ in rounds if "told_tools" in facts)
    others = [each for each in rounds[1:] if each[0]["round"] in needed or not _OF_TOOLS.isdisjoint(each[0])]
    return written._replace(rounds=[*rounds[:1], *others])


_OF_TOOLS = frozenset(("tool_results", "tools_called", "told_tools"))


def needed_before(batch: Sequence[Written]) -> Iterator[tuple[int, int]]:
    """Rounds that stand before what was written, where what came of tools is told by them: position and number."""
    for position, written in enumerate(batch):
        first = written.rounds[0][0]["round"] if written.rounds else 0
        bases = {message_history.base_of(facts) for facts, _, _ in written.rounds if "tool_results" in facts}
        yield from ((position, base) for base in bases if 0 < base < first)


def _of_round(
    session: int, facts: RoundFacts, before: Before | None, told: Iterable[tuple[str, int]]
) -> Iterator[ToolUseRow]:
    """What a round had to do with each tool; ``told`` is what a later one tells that it asked for.

    The prompt grew by what is new in it and by the answer before it; the results' part of that is taken by their
    characters.  Where the history was rewritten in between, the growth says nothing.
    """
    called, came = (
        {**dict(facts.get("tools_called", ())), **dict(told)},
        {tool: rest for tool, *rest in facts.get("tool_results", ())},
    )
    grown = _growth(before, facts) if came and before else None
    for tool in {**called, **came}:
        results, failed, characters = came.get(tool, (0, 0, 0))
        share = characters / facts["fresh_characters"] if characters else 0
        tokens = None if grown is None or not results else round(grown * share)
        yield ToolUseRow(session, facts["round"], tool, called.get(tool, 0), results, failed, tokens)


_IN_PART = frozenset(("no_tokens", "at_least", "partly_told"))


def _is_counted(facts: Before) -> bool:
    """Whether it is known, and not only in part, how long a round's prompt and answer were."""
    return facts["total_tokens"] != 0 and _IN_PART.isdisjoint(facts)


def _growth(before: Before, facts: RoundFacts) -> int | None:
    """How many tokens longer a prompt is than an earlier one and its answer; None where it is not their sequel."""
    is_sequel = before.get("messages_total", 0) == facts.get("messages_from_history", 0)
    if not is_sequel or not (_is_counted(before) and _is_counted(facts)):
        return None
    answer = before["output_tokens"] - before["reasoning_tokens"]
    return max(0, int(facts["input_tokens"] - before["input_tokens"] - answer))
