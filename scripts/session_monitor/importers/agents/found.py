"""What does a reader of an agent's files give, and what is it given?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, Protocol

from session_monitor.base import timestamps
from session_monitor.calls import usage
from session_monitor.calls.usage import Usage
from session_monitor.recording import known_calls
from session_monitor.recording.recorded_call import RecordedCall

SOURCE = "import"
"""Who recorded an imported call."""


class FoundCall(NamedTuple):
    """A call, and what it is known by; whether its file may still tell more of it: it is the newest there."""

    key: str
    call: RecordedCall
    may_grow: bool = False


class FileReading:
    """One FileReading is a look at the files of an agent: what is wanted of them, and what there was beside calls.

    ``with_texts`` says whether what was said is wanted; ``files`` are all files of the agent.  ``passed_over`` counts what
    could not be read, by a word of ``PASSED_OVER``.  ``done`` is for readers of databases: what of this one was read
    before, for each session, by a mark of the reader's own.
    """

    def __init__(
        self, *, with_texts: bool = False, files: Sequence[str] = (), shared: MutableMapping[str, Any] | None = None
    ) -> None:
        """``shared`` is for what a reader wants to know of several files."""
        self.with_texts = with_texts
        self.files = files
        self.shared = {} if shared is None else shared
        self.passed_over: Counter[str] = Counter()
        self.done: MutableMapping[str, Any] = {}


PASSED_OVER = {
    "not_json": "lines that are no JSON",
    "too_long": "lines that are too long",
    "too_complex": "lines that are too complex",
    "not_a_file": "files that are none, or cannot be read",
    "no_counts": "sessions that tell no tokens",
    "compressed": "events that are compressed (install zstd to read them)",
    "archived": "archived sessions that cannot be read",
    "damaged": "databases that cannot be read",
    "undated": "calls without a time",
}
"""What is passed over, in words."""


class Reader(Protocol):
    """A room that reads the files of one agent."""

    def __call__(self, path: str, reading: FileReading) -> Iterator[FoundCall]:
        """The calls of one file.  Raises ``OSError``."""


def found(agent: str, native: str, call: RecordedCall, *, may_grow: bool = False) -> FoundCall:
    """A call that is known by its provider's id, or else by what the agent itself calls it (``native``).

    An id that another call may have tells it only together with when that was: copies keep both.
    """
    if call.call_id is not None and not known_calls.is_unique(call.call_id):
        native = f"{call.call_id}@{call.moment}"
    elif call.call_id is not None:
        return FoundCall(known_calls.of_provider(call.call_id), call, may_grow)
    key = f"{agent}:{native}"
    return FoundCall(key, call._replace(more={**call.more, known_calls.KEY: key}), may_grow)


def moment(value: object) -> int | None:
    """A moment in milliseconds since 1970 of a text or a number of an agent's file; None where it is none."""
    return timestamps.milliseconds(timestamps.utc(value))


def text(value: object) -> str | None:
    """A text that says something; None for anything else."""
    return value if isinstance(value, str) and value else None


def mapping(value: object) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def number(counts: Mapping[str, Any], *names: str) -> int:
    """The first of these counts that there is; 0 where there is none."""
    for name in names:
        value = usage.count(counts.get(name))
        if value is not None:
            return value
    return 0


def tells(counts: Mapping[str, Any], *names: str) -> bool:
    """Whether one of these counts is there."""
    return any(usage.count(counts.get(name)) is not None for name in names)


def inside(whole: int, read: int, written: int, output: int, reasoning: int) -> Usage:
    """The tokens of a call whose input holds what came from a cache and went to one, and whose output its reasoning."""
    read = min(read, whole)
    written = min(written, whole - read)
    reasoning = min(reasoning, output)
    return Usage(whole - read - written, read, written, output - reasoning, reasoning)


def tool_call(call_id: object, name: object, arguments: object) -> dict[str, Any]:
    """A call of a tool as OpenAI writes it; arguments are a text of JSON there."""
    if not isinstance(arguments, str):
        import json  # noqa: PLC0415 -- only who wants texts

        arguments = json.dumps(arguments, ensure_ascii=False, sort_keys=True)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
