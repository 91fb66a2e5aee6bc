"""Which words does a stored round have?

First the short facts that sums are made of, behind them what was said and where the call went: whoever wants the facts
alone need not decode the rest.  No key of an object among the facts is written by strangers, see ``session_file``.

Of a ``Round`` the words come as values, which ``session_file`` encodes.  Of a ``ShortCall``, of which there are very many,
the line is put together here, and is the same as if it were encoded.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from session_monitor.base import compact_json
from session_monitor.calls import tool_results
from session_monitor.calls.usage import OPEN_CACHE

from .threads import ThreadPlace

if TYPE_CHECKING:
    from session_monitor.calls.round import Round
    from session_monitor.calls.short_lines import ShortCall
    from session_monitor.calls.usage import TokenParts

    from .stored_round import RoundFacts

Entry = dict[str, Any]

_SAID: Entry = {"question": None, "answer": None, "reasoning": None, "tool_calls": []}  # where the log holds no content
_COUNTED = ("input_token_details", "output_token_details", "reported")
_TEXT, _NUMBER = '"', ""
PLACES = {
    "api": _TEXT,
    "chat_id": _TEXT,
    "chat_round": _NUMBER,
    "request_id": _TEXT,
    "route_name": _TEXT,
    "upstream_cluster": _TEXT,
    "response_flags": _TEXT,
}
"""Where a call went: the words of ``ai_log.PLACES``, with what stands around such a value in JSON."""
CHAT_ROUND = tuple(PLACES).index("chat_round")
"""Which of a short call's places that is."""
_WAY = ("route_name", "upstream_cluster")
"""Those of them that the price depends on."""
_AMONG_FACTS = (*_WAY, "response_flags")
_ALWAYS = (*_SAID, *_COUNTED)
_FIRST = ThreadPlace()
_WHERE_THERE = (
    *("session_from", "system", "undecoded", "error"),
    *(word for word in PLACES if word not in _AMONG_FACTS),
)


def entry_of(
    call: Round, number: int, log: tuple[str, int, int], shared: int, place: ThreadPlace = _FIRST
) -> tuple[RoundFacts, Entry]:
    """A call as it is stored: the facts, and the rest that stands behind its messages.

    Of these only those after the first ``shared`` are stored; where the call lacks messages of its history, these are
    among those that are shared.

    ``log`` is where its line stood: the generation, the first byte and the one behind the last.
    """
    facts = _facts(call, number)
    if call.usage.notes:
        facts.update(_of_tokens(call))  # type: ignore[typeddict-item]  # those that are there
    if call.left_out:
        facts["left_out"] = call.left_out
    if call.answered_by:
        facts["answered_by"] = call.answered_by
    if call.messages or call.tool_calls:
        facts.update(_of_messages(call, shared))  # type: ignore[typeddict-item]  # those that are there
    facts.update(_of_thread(place, number))  # type: ignore[typeddict-item]  # as above
    rest: Entry = {word: getattr(call, word) for word in _ALWAYS}
    if call.usage.notes:
        rest["token_notes"] = call.usage.notes
    for word in _WHERE_THERE:
        value = getattr(call, word)
        if value:
            rest[word] = value
    if place.restyled:
        rest["restyled"] = place.restyled
    rest["log"] = log
    return facts, rest


def short_line_of(call: ShortCall, number: int, log: tuple[str, int, int]) -> tuple[RoundFacts, bytes]:
    """The facts of a short call as it is stored, and the whole line without its checksum."""
    facts = _facts(call, number)
    shape = tuple(facts), call.timestamp is None, call.model is None
    template = _TEMPLATES.get(shape)
    if template is None:
        template = _TEMPLATES[shape] = _template_of(facts)
    generation, start, end = log
    notes = call.usage[-1]
    noted = f',"token_notes":{_json(notes).decode()}' if notes else ""
    places = [f"{before}{call.places[at]}{behind}" for at, before, behind in _AROUND_PLACES if call.places[at]]
    line = template % (*facts.values(), *call.counted, noted, "".join(places), _quoted(generation), start, end)
    return facts, (line if number == 1 else f",{line}").encode()


_TEMPLATES: dict[tuple[tuple[str, ...], bool, bool], str] = {}
_AROUND_PLACES = [
    (at, f',"{word}":{quote}', quote) for at, (word, quote) in enumerate(PLACES.items()) if word not in _AMONG_FACTS
]
_json = compact_json.encoder(allow_nan=False)


def _template_of(facts: RoundFacts) -> str:
    """What the lines of short calls have in common that have the same facts as this one."""
    said = [f'"{word}":{_json(value).decode()}' for word, value in {"messages": [], **_SAID}.items()]
    words = [
        *(f'"{word}":{_way_of(value)}' for word, value in facts.items()),
        *said,
        *(f'"{word}":%s' for word in _COUNTED),
    ]
    return f'{{{",".join(words)}%s%s,"log":[%s,%s,%s]'


def _way_of(value: object) -> str:
    """How a value of this kind is written.  Of a flag, which all of these calls have alike, nothing is taken in."""
    if value is None or isinstance(value, bool):
        return f"{_json(value).decode()}%.0s"
    return '"%s"' if isinstance(value, str) else "%s"


@functools.lru_cache(16)
def _quoted(generation: str) -> str:
    """A JSON string of a generation's id, which is read from a file."""
    return _json(generation).decode()


# -- the facts ---------------------------------------------------------------------------------------------------------


def _facts(call: Round | ShortCall, number: int) -> RoundFacts:
    fresh, read, written, visible, reasoning, is_explicit, parts, notes = call.usage
    input_tokens, output_tokens = fresh + read + written, visible + reasoning
    facts: RoundFacts = {
        "round": number,
        "timestamp": call.timestamp,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "reasoning_tokens": reasoning,
        "cached_tokens": read,
        "total_tokens": input_tokens + output_tokens,
        "model": call.model,
        "has_tool_calls": call.has_tool_calls,
        "response_type": call.response_type,
        "outcome": call.outcome,
    }
    if written:
        facts["cache_write_tokens"] = written
    if is_explicit or parts or call.cache_untold:
        facts.update(_of_kinds(parts, explicit_cache=is_explicit, cache_untold=call.cache_untold))  # type: ignore[typeddict-item]  # those that are there
    if notes:
        facts.update({note: True for note in OPEN_CACHE if note in notes})  # type: ignore[typeddict-item]  # as above
    if not call.has_tokens:
        facts["no_tokens"] = True
    if not call.content_logged:
        facts["no_content"] = True
    if call.cut:
        facts["cut"] = call.cut
    if call.consumer:
        facts["consumer"] = call.consumer
    if call.route_name or call.upstream_cluster:
        facts.update(_of_way(call))  # type: ignore[typeddict-item]  # as above
    facts.update(_of_end(call))  # type: ignore[typeddict-item]  # as above
    return facts


def _of_end(call: Round | ShortCall) -> Entry:
    """How it ended and how long it took: a code and a time of the upstream's may be 0, flags may be an empty text."""
    words = {
        "response_code": call.response_code,
        "response_flags": call.response_flags,
        "first_token_ms": call.first_token_ms or None,
        "duration_ms": call.duration_ms or None,
        "upstream_ms": call.upstream_ms,
    }
    return {word: value for word, value in words.items() if value is not None}


def _of_way(call: Round | ShortCall) -> Entry:
    words = {word: getattr(call, word) for word in _WAY}
    return {word: value for word, value in words.items() if value}


def _of_kinds(parts: TokenParts | None, **flags: bool) -> Entry:
    return {**(parts.stored() if parts else {}), **{word: True for word, is_so in flags.items() if is_so}}


def _of_tokens(call: Round) -> Entry:
    flags = {"at_least": call.at_least, "partly_told": call.partly_told}
    return {word: True for word, is_so in flags.items() if is_so}


def _of_messages(call: Round, shared: int) -> Entry:
    came, fresh = tool_results.came_back(call.messages, shared - call.from_history)
    words = {
        "messages_total": call.from_history + len(call.messages),
        "messages_from_history": shared,
        "tool_results": came,
        "fresh_characters": fresh,
        "tools_called": tool_results.called(call.tool_calls),
    }
    return {word: value for word, value in words.items() if value}


def _of_thread(place: ThreadPlace, number: int) -> Entry:
    """What goes without saying is left out: the first conversation, which goes on from the round before."""
    words: Entry = {"thread": place.thread} if place.thread > 1 else {}
    if place.base is not None and place.base != number - 1:
        words["history_of"] = place.base
    if place.told:
        words["told_tools"] = place.told
    return words
