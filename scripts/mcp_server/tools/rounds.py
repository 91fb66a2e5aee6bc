"""What happened in rounds of a session?

All that is asked for is told where it fits; else its texts are cut shorter and shorter, and then there are fewer rounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from session_monitor.calls import messages
from session_monitor.conversations import clipping, conversation, round_pages
from session_monitor.conversations.clipping import Clip
from session_monitor.conversations.round_pages import Round, RoundSpan
from session_monitor.reports.sessions.session_rows import SessionRow

from . import answers, asked
from .answers import UNTRUSTED, Answer, ToolMistakeError
from .folder import FolderDesk

_MOST, _LEAST_BYTES = 50, 180
"""Rounds of one answer, and bytes that each takes at least."""
_STEPS = (
    (50_000, 100),
    (20_000, 100),
    (4000, 100),
    (1500, 30),
    (700, 10),
    (350, 8),
    (200, 5),
    (120, 3),
    (60, 2),
    (30, 1),
)
"""Characters of each text, and calls of tools and messages of a round, by turns."""
_READ = 400_000
"""Bytes of rounds that are read for one answer, about."""


def get_rounds(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """As many of the rounds as fit, those that were asked for first, and which ones are left out."""
    wanted = conversation.wanted(arguments["rounds"])
    if wanted is None or wanted == conversation.NONE:
        text = f"rounds {arguments['rounds']!r} names no rounds: write 14, 10-20, 10-, last or last:5"
        raise ToolMistakeError("bad_arguments", text)
    report = desk.report()
    session_id = asked.session_id(desk, report, arguments["session"])
    row = report.session(session_id)
    if row is None:
        raise asked.gone(session_id)
    total = row.fields["messages_count"]
    numbers = _numbers(wanted, total)
    if not numbers:
        raise ToolMistakeError("bad_arguments", f"there is no such round: the session has 1 to {total}")
    is_newest = wanted.newest is not None
    most = max(1, min(_MOST, arguments["max_bytes"] // _LEAST_BYTES))
    few = numbers[-most:] if is_newest else numbers[:most]
    read = _read(desk, row, list(reversed(few)) if is_newest else list(few))
    head: Answer = {"untrusted": UNTRUSTED, "session_id": session_id, "total_rounds": total}
    return _fitted(head, read, numbers, arguments, is_newest=is_newest)


def _numbers(wanted: conversation.Wanted, total: int) -> range:
    if wanted.newest is not None:
        return range(max(1, total - wanted.newest + 1), total + 1)
    first, last = (1 if wanted.first is None else wanted.first), (total if wanted.last is None else wanted.last)
    return range(max(1, first), min(total, last) + 1)


def _read(desk: FolderDesk, row: SessionRow, numbers: Sequence[int]) -> list[Round]:
    """The rounds with these numbers, in order, those that come first here in any case; of one alone all its texts."""
    report = desk.report()
    if len(numbers) == 1:
        whole = round_pages.whole(report, row, numbers[0])
        return [whole] if whole else []
    page = round_pages.rounds(report, row, RoundSpan(these=tuple(numbers)), _READ)
    return [_marked(each, clips) for each, clips in page]


def _marked(each: Round, clips: Sequence[Clip]) -> Round:
    """A round in which each text that was cut says how much more there is of it."""
    for path, characters in clips:
        keys = clipping.names(path)
        if keys[0] == "messages":  # whose numbers are among all that the round sent
            keys[1] = str(int(keys[1]) - each["messages_start"])
        *parents, last = keys
        holder: Any = each
        for name in parents:
            holder = holder[int(name)] if isinstance(holder, list) else holder[name]
        key = int(last) if isinstance(holder, list) else last
        holder[key] += answers.more(characters - len(holder[key]))
    return each


def _fitted(
    head: Answer, read: Sequence[Round], numbers: range, arguments: dict[str, Any], *, is_newest: bool
) -> Answer:
    parts, most = set(arguments["parts"] or _PARTS), arguments["max_bytes"]
    for longest, items in _STEPS:
        answer = _answer(head, [_told(each, parts, longest, items) for each in read], numbers)
        if answers.size(answer) <= most:
            return answer
    rounds = answer["rounds"]
    while len(rounds) > 1 and answers.size(answer) > most:
        rounds = rounds[1:] if is_newest else rounds[:-1]
        answer = _answer(head, rounds, numbers)
    return answer


def _answer(head: Answer, rounds: Sequence[Answer], numbers: range) -> Answer:
    """With those that are left out as one asks for them: before the first that is told, and behind the last."""
    told = [each["round"] for each in rounds]
    first, last = (told[0], told[-1]) if told else (numbers[-1] + 1, numbers[-1])
    left_out = [_span(numbers[0], first - 1), _span(last + 1, numbers[-1])]
    return {**head, "left_out": [each for each in left_out if each], "rounds": list(rounds)}


def _span(first: int, last: int) -> str | None:
    return None if first > last else str(first) if first == last else f"{first}-{last}"


# -- one round ---------------------------------------------------------------------------------------------------------

_PARTS = ("question", "answer", "tool_calls")
"""What is told of a round unless something else is asked for."""


def _told(each: Round, parts: set[str], longest: int, items: int) -> Answer:
    """A round with its texts cut, and so many calls of tools and new messages."""
    known = {
        "round": each["round"],
        "at": each["timestamp"],
        "model": each["model"],
        "outcome": each["outcome"],
        "response_code": each.get("response_code"),
        **{name: each[name] for name in ("input_tokens", "cached_tokens", "output_tokens")},
        "cost_usd": each["cost_usd"],
        "why": [reason["code"] for reason in each["cost_reasons"]],
    }
    texts = {name: answers.cut(each[name], longest) for name in ("question", "answer", "reasoning") if name in parts}
    told = {**known, **{name: text for name, text in texts.items() if text}}
    if "tool_calls" in parts and each["tool_calls"]:
        told["tool_calls"] = [_call(call, longest) for call in each["tool_calls"][:items]]
        told["more_tool_calls"] = max(0, len(each["tool_calls"]) - items)
    if "messages" in parts:
        told["messages"] = list(_messages(each["messages"][-items:], longest))
        told["earlier_messages"] = max(0, each["messages_total"] - len(told["messages"]))
    if each.get("no_content"):
        told["no_content"] = True
    return told


def _call(call: dict[str, Any], longest: int) -> Answer:
    name, arguments = messages.call(call)
    result = call["result"]
    content = None if result is None else messages.spoken(result["content"])
    return {
        "tool": answers.cut(name, 80),
        "arguments": answers.cut(arguments, longest),
        "result": answers.cut(content, longest),
        "failed": None if result is None else result["failed"],
    }


def _messages(sent: Sequence[Any], longest: int) -> Iterator[Answer]:
    for message in sent:
        role = messages.role_of(message)
        yield {"role": role if isinstance(role, str) else None, "text": answers.cut(messages.text_of(message), longest)}
