"""What did a model answer, and does the line tell?

Calls of tools are the part that is told least.  Streamed with the rule to append, they stand there as the pieces of the stream,
one list behind the other; streamed by Claude, their arguments begin with the empty ones that the stream begins with; and of
answers that Claude did not stream, and of other protocols, there are none at all.

Source: lines that the gateway's own plugin wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import attributes, requests
from .messages import TOOL_USE, function_of

FROM_CACHE, FROM_GUARD = "cache", "guard"
_OF_GATEWAY = {"from-cache": FROM_CACHE, "from-security-guard": FROM_GUARD}
"""What the gateway's own plugins write for the model of what they answered themselves."""
_NO_MODEL = ("UNKNOWN", "unknown")
_EMPTY = "{}"


def who_answered(name: str | None) -> tuple[str | None, str | None]:
    """The model of this name, which may be none; or which of the gateway's own plugins answered instead of one.

    The gateway's plugins have words for no model, and for what they answered themselves.
    """
    return (name, None) if is_model(name) else (None, _OF_GATEWAY.get(name or ""))


def is_model(name: str | None) -> bool:
    """Whether a model could have this name; also for none."""
    return name not in _NO_MODELS


_NO_MODELS = frozenset((*_NO_MODEL, *_OF_GATEWAY))


# -- calls of tools ----------------------------------------------------------------------------------------------------


def joined(text: str) -> list[Any] | None:
    """The calls of a stream's pieces, ``[…][…][…]``, joined by their index as clients do; None where it is something else."""
    pieces: list[Any] = []
    at = 0
    try:
        while at < len(text):
            piece, at = attributes.scan(text, at)
            if not isinstance(piece, list):
                return None
            pieces += piece
    except (ValueError, StopIteration, RecursionError):
        return None
    return _joined(pieces) if attributes.are_plain({"": pieces}) else None


def _joined(pieces: list[Any]) -> list[Any]:
    calls: list[Any] = []
    at_index: dict[str, _Pieces] = {}
    for piece in pieces:
        if not isinstance(piece, dict):
            calls.append(piece)
            continue
        index = str(piece.get("index", 0))
        call = at_index.get(index)
        if call is None or call.is_another(piece.get("id")):
            call = at_index[index] = _Pieces()
            calls.append(call)
        call.add(piece)
    return [each.joined() if isinstance(each, _Pieces) else each for each in calls]


class _Pieces:
    """The pieces of one call: texts of its function go on, of all else what was said last stays."""

    def __init__(self) -> None:
        self._call: dict[str, Any] = {}
        self._function: dict[str, list[Any]] = {}  # what was said of each key; a stream has very many pieces

    def is_another(self, call_id: object) -> bool:
        """Whether what has this id is a piece of another call."""
        return bool(call_id) and self._call.get("id") not in (None, "", call_id)

    def add(self, piece: Mapping[str, Any]) -> None:
        for key, value in piece.items():
            if key != "function":
                self._call[key] = value if value not in (None, "") else self._call.get(key, value)
        function = piece.get("function")
        if isinstance(function, dict):
            self._call.setdefault("function", {})
            for key, value in function.items():
                self._function.setdefault(key, []).append(value)

    def joined(self) -> dict[str, Any]:
        for key, values in self._function.items():
            told = [value for value in values if value is not None]
            are_texts = all(isinstance(value, str) for value in told)
            self._call["function"][key] = "".join(told) if told and are_texts else told[-1] if told else None
        return self._call


def whole_call(call: Any) -> Any:
    """A call as it was asked for: with its index, of which 0 is left out, and without the ``{}`` of Claude's stream."""
    if not isinstance(call, dict):
        return call
    call = {"index": 0, **call}
    function = function_of(call)
    arguments = function.get("arguments") if function else None
    if not function or not isinstance(arguments, str) or call.get("type") != TOOL_USE:
        return call
    if arguments.startswith(_EMPTY) and arguments != _EMPTY:
        call["function"] = {**function, "arguments": arguments[len(_EMPTY) :]}
    return call


# -- whether there is more than the line tells -------------------------------------------------------------------------


def has_tool_calls(path: str, *, has_calls: bool, has_text: bool, lists_calls: bool) -> bool | None:
    """Whether an answer that came asked for tools; None where the line does not tell.

    ``has_calls`` and ``has_text`` say what of the answer stands in the line, ``lists_calls`` that it has a place for calls.
    """
    if has_calls:
        return True
    if not lists_calls or requests.logs_no_tools(path):
        return None
    # Without a word either, the plugin may have read nothing of it: Claude's whole answers, streams by another name.
    return False if has_text else None
