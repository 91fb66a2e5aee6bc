"""What was said in a session, and what did each of its calls cost?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.calls.outcome import has_tokens, outcome_of
from session_monitor.calls.usage import is_cache_untold
from session_monitor.prices import cost
from session_monitor.prices.cost import Outcome
from session_monitor.reports.report import Report
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.sessions.rounds import all_rounds, open_session, rounds_at, with_all_messages

if TYPE_CHECKING:
    from session_monitor.reports.sessions.session_rows import Threads
    from session_monitor.sessions.rounds import Place
    from session_monitor.sessions.stored_round import StoredRound


class Wanted(NamedTuple):
    """Which rounds: from number ``first`` to ``last``, or the ``newest`` so many; None for no limit."""

    first: int | None = None
    last: int | None = None
    newest: int | None = None


ALL, NONE = Wanted(), Wanted(newest=0)


class Conversation(NamedTuple):
    """One session: its row, and its rounds one by one, each with what it cost."""

    row: SessionRow
    rounds: Iterator[tuple[StoredRound, Outcome]]


def wanted(text: str) -> Wanted | None:
    """What a person wrote: ``14``, ``10-20``, ``10-``, ``-20``, ``last``, ``last:5``, ``none``; None where it is none of these."""
    if text == "none":
        return NONE
    last = _LAST.fullmatch(text)
    if last:
        return Wanted(newest=int(last[1] or 1))
    span = _SPAN.fullmatch(text)
    if span is None or text == "-":
        return None
    number, first, end = span.groups()
    if number:
        return Wanted(int(number), int(number))
    return Wanted(int(first) if first else None, int(end) if end else None)


_LAST = re.compile(r"last(?::0*([1-9]\d{0,8}))?", re.ASCII)
_SPAN = re.compile(r"(\d{1,9})|(\d{0,9})-(\d{0,9})", re.ASCII)


def of(sessions: Report, session_id: str, *, full_messages: bool, rounds: Wanted = ALL) -> Conversation | None:
    """The session with this id; None where there is none.

    With ``full_messages`` each round has the whole list that was sent with it, otherwise what was new in it.
    """
    row = sessions.session(session_id)
    if row is None:
        return None
    if rounds == NONE:
        return Conversation(row, iter(()))
    stored = with_what_others_tell(
        _stored(sessions, row, session_id, rounds, full_messages=full_messages), sessions.threads(session_id)
    )
    return Conversation(row, ((each, sessions.book.price(cost.call_of(each))) for each in stored))


def to_json(entry: StoredRound, outcome: Outcome, *, messages: bool = True) -> dict[str, Any]:
    """A round with what it cost, for JSON: how it ended is always told, and tokens are None where they are not known.

    Without ``messages`` there is neither of these, nor what is of use with them alone.
    """
    kept = {name: value for name, value in entry.items() if messages or name not in _OF_MESSAGES}
    unknown: dict[str, Any] = {"cached_tokens": None, "cache_untold": True} if is_cache_untold(entry) else {}
    if not has_tokens(entry):
        unknown = {name: None for name in entry if name in _TOKENS}
    return {**kept, "outcome": outcome_of(entry), **unknown, **cost.to_json(outcome)}


def names() -> list[str]:
    """The names that a round may have in JSON."""
    from session_monitor.sessions.stored_round import StoredRound  # noqa: PLC0415 -- few ask for some of them

    return [*StoredRound.__annotations__, "outcome", *cost.NAMES]


def with_names(shown: dict[str, Any]) -> dict[str, Any]:
    """A round for JSON in which what files keep as lists of values has names."""
    named: dict[str, Any] = {name: _named(_NAMES[name], shown[name]) for name in _NAMES if name in shown}
    if "log" in shown:
        named["log"] = dict(zip(("generation", "start", "end"), shown["log"]))
    if "told_tools" in shown:
        number, told = shown["told_tools"]
        named["told_tools"] = {"round": number, "tools": _named(_NAMES["tools_called"], told)}
    return {**shown, **named}


_NAMES = {
    "tools_called": ("tool", "calls"),
    "tool_results": ("tool", "results", "failed", "characters"),
    "restyled": ("message", "form"),
}


def _named(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row)) for row in rows]


_OF_MESSAGES = ("messages", "messages_from_history", "history_of", "restyled")
_TOKENS = frozenset(
    (
        *("input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "cache_write_tokens"),
        "total_tokens",
    )
)


def _stored(
    report: Report, row: SessionRow, session_id: str, meant: Wanted, *, full_messages: bool
) -> Iterator[StoredRound]:
    if meant == ALL:
        with open_session(report.folder, row.file) as file:
            yield from with_all_messages(all_rounds(file)) if full_messages else all_rounds(file)
        return
    places = report.places(session_id, *meant)
    if not places:
        return
    first = places[0].number
    if full_messages:
        places = _with_bases(report, session_id, places)
    with open_session(report.folder, row.file) as file:
        stored = rounds_at(file, places)
        for each in with_all_messages(stored) if full_messages else stored:
            if each["round"] >= first:
                yield each


def _with_bases(report: Report, session_id: str, places: list[Place]) -> list[Place]:
    """These places and the earlier ones in which the messages stand that their calls sent before."""
    known = {place.number: place for place in places}
    if any(place.history and place.base not in known for place in places):
        known.update((place.number, place) for place in report.places(session_id, None, places[0].number - 1, None))
    needed: set[int] = set()
    for wanted in places:
        place: Place | None = wanted
        while place and place.number not in needed:
            needed.add(place.number)
            place = known.get(place.base) if place.history else None
    return [known[number] for number in sorted(needed)]


def with_what_others_tell(stored: Iterable[StoredRound], threads: Threads) -> Iterator[StoredRound]:
    """Rounds with what others tell of them: which asked for tools; and to which conversation they belong, of several."""
    for each in stored:
        if each["round"] in threads.told_tools:
            told = threads.told_tools[each["round"]]
            each["has_tool_calls"] = bool(told)
            if told:
                each["tools_called"] = told
        if threads.number > 1:
            each.setdefault("thread", 1)
        yield each
