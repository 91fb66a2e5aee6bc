"""What has to be known of a round beside what was said in it?

How its call ended where that was not well, why its tokens are a lower bound, who answered, whose session it is.  All in
words of ours: no part of them stands in the log, but for the names of tools.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from session_monitor.calls.outcome import FAILED, LEFT, is_free, outcome_of
from session_monitor.text import safe
from session_monitor.totals.spending import Spending

LEFT_EARLY = "Left: the client left before the end (it may have got everything)"
FAILED_UNTOLD = "Failed: the log does not tell why"
NO_ANSWER = "No answer in the log"
NOT_TOLD = "not told"
LEFT_OUT = "Too complex to be kept"
AT_LEAST = {
    "cut_short": "the stream was cut short, and had told these tokens until then",
    "partly_told": "one of the counts is missing or unreadable",
}
"""Why the tokens of a round are a lower bound, by its ``token_notes``."""
UNKNOWN_SPLIT = "The log tells a total of tokens alone: all of it stands as input, and the cost is not known"
UNCLEAR_COUNTS = "A count of tokens is unreadable, or larger than what it is a part of: the cost is not known"
_BY_GATEWAY = {"cache": "Answered by the gateway's cache", "guard": "Refused by the gateway's guard"}
_SESSION_FROM = {
    "conversation": "Session id taken from the conversation",
    "history": "Session inferred from the history",
}


def of_round(entry: Mapping[str, Any]) -> Iterator[str]:
    """Each of them as a sentence without its full stop; for a usual round there is none."""
    outcome = outcome_of(entry)
    if outcome == LEFT:
        yield LEFT_EARLY
    if outcome == FAILED and not entry.get("error"):
        yield FAILED_UNTOLD
    if "at_least" in entry:
        yield at_least(entry)
    if "unknown_split" in entry.get("token_notes", ()):
        yield UNKNOWN_SPLIT
    if "unclear_counts" in entry.get("token_notes", ()):
        yield UNCLEAR_COUNTS
    if "no_answer" in entry.get("token_notes", ()) and "no_content" not in entry:
        yield NO_ANSWER
    if entry.get("left_out"):
        yield f"{LEFT_OUT}: {', '.join(entry['left_out'])}"
    yield from (words[entry[key]] for key, words in _TELLING if entry.get(key) in words)


_TELLING = (("answered_by", _BY_GATEWAY), ("session_from", _SESSION_FROM))


def at_least(entry: Mapping[str, Any]) -> str:
    """Why the tokens of a round, and so its cost, are a lower bound."""
    why = [AT_LEAST[note] for note in entry.get("token_notes", ()) if note in AT_LEAST]
    return "At least" + (f": {'; '.join(why)}" if why else "")


def why_free(entry: Mapping[str, Any]) -> str | None:
    """Why a round costs nothing whatever its model; None for one that does cost."""
    if not is_free(entry):
        return None
    by = _BY_GATEWAY.get(entry.get("answered_by", ""))
    return by[0].lower() + by[1:] if by else "the call was refused"


def tool_calls(entry: Mapping[str, Any]) -> str:
    """Whether the answer asked for tools: in a word, or that the log does not tell it.

    Where a later round tells it, which tools these were.
    """
    if entry["has_tool_calls"] is None:
        return "the log does not tell"
    if not entry["has_tool_calls"]:
        return "No"
    told = told_later(entry)
    return f"Yes ({named(told)}, as a later round tells)" if told else "Yes"


def told_later(entry: Mapping[str, Any]) -> Sequence[tuple[str, int]]:
    """The tools that a round asked for where only a later round tells them, each with how often."""
    if entry["tool_calls"] or "tool_calls" in entry.get("undecoded", {}):
        return ()
    told: Sequence[tuple[str, int]] = entry.get("tools_called", ())
    return told


def named(tools: Iterable[tuple[str, int]]) -> str:
    """Tools with how often each was asked for."""
    return ", ".join(safe.cell(name) + (f" ×{times}" if times > 1 else "") for name, times in tools)


def are_untold(spent: Spending) -> bool:
    """Whether no round of a session tells any tokens."""
    return bool(spent.rounds) and spent.without_tokens == spent.rounds


def is_output_untold(spent: Spending, row: Mapping[str, Any]) -> bool:
    """Whether no round of a session tells how many tokens were output, though some tell a part of theirs."""
    return bool(spent.partly_told) and not row["total_output_tokens"]


def is_telling(entry: Mapping[str, Any]) -> bool:
    """Whether more is to be said of a round's tool calls than they say themselves; a refused call made none."""
    return (entry["has_tool_calls"] is None and not why_free(entry)) or bool(told_later(entry))


class Conversations:
    """Tells the conversations of one session apart, from where it is seen that there are several."""

    def __init__(self) -> None:
        """Of a session of which no round was seen yet."""
        self._are_several = False

    def behind(self, entry: Mapping[str, Any]) -> str:
        """What stands behind a round's heading, empty where there is but one conversation so far."""
        self._are_several = self._are_several or "thread" in entry
        return f" · conversation {entry.get('thread', 1)}" if self._are_several else ""
