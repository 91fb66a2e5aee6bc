"""What is new in each round of a session, and what came back from the tools that it asked for?

A round's answer asks for tools; what they said comes with the messages of the next round.  So to read a round, those
beside it are needed as well.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.base import utf8
from session_monitor.calls import tool_results
from session_monitor.calls.messages import call as named_call
from session_monitor.calls.messages import results_of, tool_of
from session_monitor.prices import cost
from session_monitor.prices.book import Book
from session_monitor.reports.report import Report
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.sessions import message_history, title
from session_monitor.sessions.rounds import open_session, round_at, rounds_at

from . import clipping, conversation, reasons
from .clipping import Clip
from .conversation import with_what_others_tell

if TYPE_CHECKING:
    from session_monitor.sessions.rounds import Place
    from session_monitor.sessions.stored_round import StoredRound

MOST_MESSAGES = 100
"""New messages of a round that are given with it: the last ones."""
_LARGE = 60_000
"""Bytes of a round from which on shorter texts are cut, too."""
_FEW = 6
"""Rounds that are read at once for a page, at first."""
_LONG_ARGUMENT, _MOST_ARGUMENTS = 300, 4000
"""Characters of one argument of a call that are given where it is named alone, and of all of them."""
_STEPS = ((2000, 1000), (300, 200), (80, 60))

Round = dict[str, Any]
"""A stored round with what is told of it besides."""


class RoundSpan(NamedTuple):
    """Which rounds: behind ``after``, before ``before``, on both sides of ``around``, or the last; at most so many.

    Or ``these``, those that are wanted most first.
    """

    after: int | None = None
    before: int | None = None
    limit: int = 50
    around: int | None = None
    these: tuple[int, ...] = ()

    def numbers(self, total: int) -> range:
        """Those of a session of so many rounds."""
        if self.around is not None:
            if self.around > total:
                return range(0)
            first = max(1, min(self.around - (self.limit - 1) // 2, total - self.limit + 1))
            return range(first, min(first + self.limit, total + 1))
        if self.after is not None:
            return range(self.after + 1, min(self.after + self.limit, total) + 1)
        end = total + 1 if self.before is None else max(1, min(self.before, total + 1))
        return range(max(1, end - self.limit), end)


def rounds(report: Report, row: SessionRow, span: RoundSpan, most: int) -> list[tuple[Round, list[Clip]]]:
    """Rounds of a session in order, as ``whole`` has them, their long texts cut.

    Fewer where they would take more than about so many bytes, but at least one where there is one: those next to where the
    span begins, on both sides of it where it is around a round, the first of those that are named.
    """
    given: list[tuple[Round, list[Clip]]] = []
    size = 0
    for each in _read(report, row, _nearest_first(span, row.fields["messages_count"])):
        cut, clips, bytes_ = _small(each)
        size += bytes_
        if given and size > most:
            break
        given.append((cut, clips))
    return sorted(given, key=lambda each: int(each[0]["round"]))


def _nearest_first(span: RoundSpan, total: int) -> list[int]:
    """Numbers by how near they are to where a span begins: of two as near to a round that it is around the later one first."""
    if span.these:
        return [number for number in dict.fromkeys(span.these) if 1 <= number <= total]
    numbers = span.numbers(total)
    if span.around is not None:
        around = span.around
        return sorted(numbers, key=lambda number: (abs(number - around), number < around))
    return list(numbers if span.after is not None else reversed(numbers))


def _read(report: Report, row: SessionRow, numbers: list[int]) -> Iterator[Round]:
    """Rounds in the order of these numbers, read a few at a time: of large ones only the first are wanted."""
    at, few = 0, _FEW
    while at < len(numbers):
        wanted = numbers[at : at + few]
        read = {each["round"]: each for first, last in _runs(wanted) for each in _wholes(report, row, first, last)}
        yield from (read[number] for number in wanted if number in read)
        at, few = at + few, 2 * few


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and the last number of each run of numbers that follow each other."""
    for _, run in itertools.groupby(enumerate(sorted(numbers)), lambda each: each[1] - each[0]):
        together = [number for _, number in run]
        yield together[0], together[-1]


def whole(report: Report, row: SessionRow, number: int) -> Round | None:
    """One round: what is stored of it, what it cost, and its tool calls with what came back; None where there is none.

    Of its messages the last new ones; ``messages_start`` says which the first of these is, from 0.
    """
    return next(iter(_wholes(report, row, number, number)), None)


def questions(report: Report, row: SessionRow, places: Iterable[Place]) -> list[tuple[int, str]]:
    """What was asked in the rounds at these places, on one line, by their numbers; one that asks the same again is left out."""
    found: list[tuple[int, str]] = []
    with open_session(report.folder, row.file) as file:
        for stored in rounds_at(file, places):
            # Beside what tools said, what stands there for a person's message may be the agent's own.
            is_agents = not stored["question"] and any(True for _ in _results(stored["messages"]))
            words = None if is_agents else title.of_round(stored)
            if words and not (found and found[-1][1] == words):
                found.append((stored["round"], words))
    return found


def cost_reasons(report: Report, row: SessionRow, numbers: Iterable[int]) -> dict[int, list[Round]]:
    """Why these rounds cost what they did, by their numbers; as ``reasons.of_round`` has it."""
    read = ((number, whole(report, row, number)) for number in numbers)
    return {number: each["cost_reasons"] for number, each in read if each}


def arguments_of(report: Report, row: SessionRow, number: int, tool: str) -> str | None:
    """What a round asked of a tool, long texts cut: of several calls in the one whose result was the longest.

    None where the round tells no such call.
    """
    each = whole(report, row, number)
    asked = [call for call in each["tool_calls"] if tool_of(call) == tool] if each else []
    if not asked:
        return None
    _, arguments = named_call(max(asked, key=lambda call: _size((call["result"] or {}).get("content"))))
    try:
        cut, _ = clipping.clipped(json.loads(arguments), longest=_LONG_ARGUMENT, shown=_LONG_ARGUMENT)
        text = json.dumps(cut, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = arguments
    return text if len(text) <= _MOST_ARGUMENTS else text[:_LONG_ARGUMENT]


def messages(report: Report, row: SessionRow, number: int, first: int, end: int) -> list[Any]:
    """Of all messages that a round sent those from one to before another, counted from 0; read where they were new."""
    places = {place.number: place for place in report.places(row.fields["session_id"], None, number, None)}
    sent: list[Any] = []
    forms: dict[int, Any] = {}
    with open_session(report.folder, row.file) as file:
        place = places.get(number)
        while place and end > first:
            stored = round_at(file, place)
            if stored is None:
                break
            # What later rounds do not go on with is another message there.
            forms = {**{at: form for at, form in stored.get("restyled", ()) if at < end}, **forms}
            if place.history < end:
                sent[:0] = stored["messages"][max(0, first - place.history) : end - place.history]
                end = place.history
            place = places.get(place.base)
    worn = [(at - first, form) for at, form in forms.items() if first <= at < first + len(sent)]
    return message_history.redressed(sent, worn)


def fitting(sent: list[Any], first: int, most: int) -> tuple[list[Any], list[Clip]]:
    """The last of these messages that take no more than about so many bytes, at least one, their long texts cut.

    ``first`` is the number of the first one in its round.
    """
    given: list[Any] = []
    clips: list[Clip] = []
    size = 0
    for number, message in reversed(list(enumerate(sent, first))):
        cut, more = _messages([message], number, clipping.LONG, clipping.SHOWN)
        size += _size(cut)
        if given and size > most:
            break
        given[:0] = cut
        clips[:0] = more
    return given, clips


# -- from the file -----------------------------------------------------------------------------------------------------


def _wholes(report: Report, row: SessionRow, first: int, last: int) -> list[Round]:
    """Rounds from one number to another, each with what those beside it in its conversation tell."""
    session_id = row.fields["session_id"]
    neighbours = report.neighbours(session_id, max(1, first), last)
    places = {place.number: place for each in neighbours for place in each if place}
    with open_session(report.folder, row.file) as file:
        read = rounds_at(file, (places[number] for number in sorted(places)))
        entries = {each["round"]: each for each in with_what_others_tell(read, report.threads(session_id))}

    def entry_at(place: Place | None) -> StoredRound | None:
        return entries.get(place.number) if place else None

    return [
        _whole(entry, entry_at(each.before), entry_at(each.behind), report.book)
        for each in neighbours
        if (entry := entry_at(each.place))
    ]


# -- what is new -------------------------------------------------------------------------------------------------------


def _whole(entry: StoredRound, before: StoredRound | None, behind: StoredRound | None, book: Book) -> Round:
    from_history, sent = _new_messages(entry, before)
    given = sent[-MOST_MESSAGES:]
    total = from_history + len(sent)
    asked = entry["tool_calls"] if isinstance(entry["tool_calls"], list) else []
    results = dict(_results(_new_messages(behind, entry)[1])) if behind else {}
    outcome = book.price(cost.call_of(entry))
    more = {
        "messages_total": total,
        "messages_from_history": from_history,
        "messages_start": total - len(given),
        "messages": given,
        "tool_calls": [_with_result(each, results, behind) for each in asked],
        "added_tokens": _added(entry, behind),
        "cost_reasons": reasons.of_round(entry, before, outcome, _seller(entry, book)),
    }
    return {**conversation.to_json(entry, outcome), **more}


def _seller(entry: StoredRound, book: Book) -> str | None:
    return book.seller_of(entry["model"], entry.get("route_name"), entry.get("upstream_cluster"))


def _added(entry: StoredRound, behind: StoredRound | None) -> int | None:
    """How many tokens more the next round of the conversation sends; None where that is not known, or it sends fewer."""
    told = [each for each in (entry, behind) if each and not _is_untold(each)]
    added = behind["input_tokens"] - entry["input_tokens"] if behind and len(told) == 2 else -1
    return added if added >= 0 else None


def _is_untold(entry: StoredRound) -> bool:
    return not entry["input_tokens"] or entry.get("outcome") == "failed"


def _new_messages(entry: StoredRound, before: StoredRound | None) -> tuple[int, list[Any]]:
    """How many messages were sent before, and those that were not; also of rounds that are kept with all of theirs."""
    sent, known = entry["messages"], entry.get("messages_from_history", 0)
    if before and not known and not before.get("messages_from_history") and before["messages"]:
        known = message_history.common_start(message_history.digests(before["messages"]), message_history.digests(sent))
        return known, sent[known:]
    return known, sent


def _with_result(call: Any, results: Mapping[str, Any], behind: StoredRound | None) -> Round:
    result = None
    if isinstance(call, dict) and behind and isinstance(call.get("id"), str) and call["id"] in results:
        content, is_error = results[call["id"]]
        failed = is_error or tool_results.says_failed(content)
        result = {"content": content, "failed": failed, "round": behind["round"]}
    return {**(call if isinstance(call, dict) else {"call": call}), "result": result}


def _results(sent: Iterable[Any]) -> Iterator[tuple[str, tuple[Any, bool]]]:
    """What tools said, by the ids of the calls, and whether it is marked as an error."""
    for message in sent:
        for result in results_of(message):
            if isinstance(result.call_id, str):
                yield result.call_id, (result.content, result.is_error)


def _small(each: Round) -> tuple[Round, list[Clip], int]:
    """The round with its long texts cut, which these are, and about how many bytes that takes."""
    for longest, shown in ((clipping.LONG, clipping.SHOWN), *_STEPS):
        rest, clips = clipping.clipped({**each, "messages": []}, longest=longest, shown=shown)
        given, more = _messages(each["messages"], each["messages_start"], longest, shown)
        cut = {**rest, "messages": given}
        size = _size(cut)
        if size <= _LARGE:
            break
    return cut, [*clips, *more], size


def _messages(sent: Iterable[Any], first: int, longest: int, shown: int) -> tuple[list[Any], list[Clip]]:
    """Messages with their long texts cut; their paths have the numbers of the messages in their round."""
    given, clips = [], []
    for number, message in enumerate(sent, first):
        cut, more = clipping.clipped(message, f"messages/{number}", longest=longest, shown=shown)
        given.append(cut)
        clips += more
    return given, clips


def _size(value: Any) -> int:
    """About how many bytes a value takes as JSON."""
    if isinstance(value, str):
        return 2 + (len(value) if value.isascii() else len(utf8.encoded(value)))
    if isinstance(value, dict):
        return sum(len(key) + 4 + _size(inner) for key, inner in value.items())
    if isinstance(value, list):
        return sum(map(_size, value)) + 2 * len(value)
    return 5
