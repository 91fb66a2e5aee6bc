"""Which messages are too heavy to be sent again with every call, and which stand twice in one list?"""

from __future__ import annotations

from collections.abc import Iterator

from session_monitor.insight.basis.content import RESULT, USER
from session_monitor.insight.basis.finding import ALLOCATED, CRITICAL, INFO, WARNING, Finding
from session_monitor.insight.basis.limits import Limits
from session_monitor.prices import money

from . import windows
from .call_split import Amount
from .carried import Copy, MessageCost
from .context import Context

_MOST_ROUNDS = 20
"""Rounds that are named as proof."""
_PERSON = "the person"


def big_result(context: Context, limits: Limits) -> Iterator[Finding]:
    """Results of tools, and what people pasted, that are long and were sent again often.

    Its tokens and money are those of the calls that sent it again, not of the first.
    """
    calls = {call.number: call for call in context.calls}
    for message in context.messages:
        if message.role not in (RESULT, USER) or message.times <= limits["times"]:
            continue
        window = windows.window_of(calls[message.round].model, limits)
        least = limits["tokens"] if window is None else min(limits["tokens"], window * limits["window_percent"] // 100)
        if message.tokens >= least:
            details = {
                "whose": message.tool or _PERSON,
                "message_tokens": message.tokens,
                "characters": message.characters,
                "times": message.times - 1,
            }
            again = max(0, message.sent_tokens - message.tokens)
            yield _finding("big_result", context, limits, [message], Amount(again, message.again_pico), details)


def duplicate_result(context: Context, limits: Limits) -> Iterator[Finding]:
    """Results of tools that say what stood in the same list already: one finding for each text.

    Its tokens are those of all copies but the first, once; its money is what these came to in all calls that sent them.
    """
    by_text: dict[int, list[Copy]] = {}
    for copy in context.copies:
        if copy.characters >= limits["characters"]:
            by_text.setdefault(copy.exact, []).append(copy)
    for copies in by_text.values():
        if len(copies) + 1 < limits["times"]:
            continue
        worth = Amount(
            sum(_share(copy.message.tokens, copy) for copy in copies),
            sum(_share(copy.message.pico, copy) for copy in copies),
        )
        details = {"tool": copies[0].tool, "times": len(copies) + 1, "characters": copies[0].characters}
        messages = [copy.message for copy in copies]
        found = _finding("duplicate_result", context, limits, messages, worth, details)
        rounds = sorted({copies[0].of, *(message.round for message in messages)})
        yield found._replace(rounds=tuple(rounds[:_MOST_ROUNDS]))


def _share(amount: int, copy: Copy) -> int:
    """What falls to a result of what its message came to."""
    return amount * min(copy.characters, copy.message.characters) // max(1, copy.message.characters)


def _finding(
    kind: str,
    context: Context,
    limits: Limits,
    messages: list[MessageCost],
    worth: Amount,
    details: dict[str, object],
) -> Finding:
    first, last = messages[0].round, max(message.last for message in messages)
    at = next((call.at for call in context.calls if call.number == last), None)
    severity = INFO
    for grave in (WARNING, CRITICAL):
        if worth.pico >= money.of_plain(limits[f"{grave}_usd"]):
            severity = grave
    pico = worth.pico if any(message.priced for message in messages) else None
    return Finding(kind, severity, first, last, (first,), at, worth.tokens, pico, ALLOCATED, details)
