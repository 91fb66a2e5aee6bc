"""What is known of an answer by now?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from session_monitor.calls.usage import Reported

_NO_NAME = re.compile(r"[^\w.:/ -]+")
_LONGEST_NAME = 80


class AnswerSoFar:
    """What an answer told until now.  One for each API knows its events and its whole answers.

    ``has_ended``: it said that it is over; ``error`` is the provider's name for what went wrong.  What was said stays empty
    unless it ``keeps_texts``.
    """

    def __init__(self, *, keeps_texts: bool) -> None:
        self.model: str | None = None
        self.call_id: str | None = None
        self.reported: Reported | None = None
        self.error: str | None = None
        self.has_ended = False
        self.keeps_texts = keeps_texts
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._calls: dict[str, dict[str, Any]] = {}

    def take_event(self, event: Mapping[str, Any]) -> None:
        """Take in an event of a stream."""
        raise NotImplementedError

    def take_whole(self, whole: Mapping[str, Any]) -> None:
        """Take in an answer that is no stream."""
        raise NotImplementedError

    # -- what was said -------------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What was answered."""
        return "".join(self._texts)

    @property
    def reasoning(self) -> str:
        """What the model told of its reasoning."""
        return "".join(self._thoughts)

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """The tools that were asked for, as chat completions have them."""
        return [
            {
                "index": index,
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": "".join(call["arguments"])},
            }
            for index, call in enumerate(self._calls.values())
        ]

    def _say(self, text: object) -> None:
        if self.keeps_texts and isinstance(text, str):
            self._texts.append(text)

    def _think(self, text: object) -> None:
        if self.keeps_texts and isinstance(text, str):
            self._thoughts.append(text)

    def _call(self, key: object, call_id: object = None, name: object = None, arguments: object = None) -> None:
        """A piece of a call of a tool; the key tells which one it belongs to."""
        if not self.keeps_texts:
            return
        call = self._calls.setdefault(str(key), {"id": None, "name": None, "arguments": []})
        call["id"] = call["id"] or call_id
        call["name"] = call["name"] or name
        if isinstance(arguments, str):
            call["arguments"].append(arguments)

    # -- what it was ---------------------------------------------------------------------------------------------------

    def _name(self, call_id: object, model: object) -> None:
        if isinstance(call_id, str) and call_id:
            self.call_id = call_id
        if isinstance(model, str) and model:
            self.model = model

    def take_error(self, error: object) -> None:
        """Keep what an error is called.  Its message is not kept: it may hold a part of a key, or of what was said."""
        names: tuple[object, ...] = (error,)
        if isinstance(error, dict):
            names = (error.get("type"), error.get("status"), error.get("code"))
        told = [name for name in map(_error_name, names) if name]
        self.error = next((name for name in told if not name.isdigit()), told[0] if told else "error")


def _error_name(name: object) -> str:
    if isinstance(name, int) and not isinstance(name, bool):
        return str(name)
    return _NO_NAME.sub(" ", name)[:_LONGEST_NAME].strip() if isinstance(name, str) else ""


def mapping(value: object) -> Mapping[str, Any]:
    """What stands there, where it is an object; an empty one otherwise."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects in what should be a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
