"""Is a request a call to a model?

Not every request that passes a gateway is one, and neither is every line in which one of its plugins wrote something: lists
of models, checks of health, counts of tokens and calls of tools go the same way.  A call that the plugin did not look at is
one all the same.  Which paths are which stands in ``requests.json``.

Sources: the API references of the makers named there, and lines of a real gateway.
"""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Iterable, Mapping
from typing import Any

from session_monitor.base import data_tables

from .attributes import STATISTICS

NOT_LLM = "not_llm"
SKIPPED_CALL = "skipped_calls"
OTHER_METHOD = "other_method"
OTHER_PATH = "other_path"
OTHER_PLUGINS = "other_plugins"
MCP = "mcp"

_TOKENS = ("input_token", "output_token", "total_token")
_OF_A_CALL = ("chat_round", "chat_id", "model", "messages", "question", "answer", "tool_calls", "reasoning")
"""What a line has of any call to a model, if it failed as well; the number of questions is 0 where there were none."""
_REMEMBERED = 128
"""Paths and names of which it is remembered what they are: a client may send very long ones, and each time others."""
_NO_COUNT: tuple[object, ...] = (None, "", "-", 0, "0", [])


def reason_against(attributes: Mapping[str, Any], method: str | None, path: str | None) -> str | None:
    """Why a request is no call, or not one that could be read; None for a call.

    ``attributes`` are those of ``ai_log``; the method and the path None where the line does not tell them.
    """
    total = attributes.get("total_token")
    if method == "POST" and type(total) is int and total > 0:  # as nearly always
        return None
    api = kind_of(path) if path else None
    if not attributes:
        return SKIPPED_CALL if api == CALL and method == "POST" else NOT_LLM
    if method not in (None, "POST"):
        return OTHER_METHOD if api in (None, CALL) else api
    if any(attributes.get(key) not in _NO_COUNT for key in _TOKENS):
        return None  # where tokens were used, a model was called, whatever the path
    return _reason_without_tokens(attributes, path, api)


def _reason_without_tokens(attributes: Mapping[str, Any], path: str | None, api: str | None) -> str | None:
    """The same where the line tells no tokens, as it does of calls that failed, and of much that is none."""
    if any(key.startswith(_of_mcp()) for key in attributes):
        return MCP
    if STATISTICS.isdisjoint(attributes):
        return OTHER_PLUGINS
    if api is None and path and all(attributes.get(key) in _NO_COUNT for key in _OF_A_CALL):
        return OTHER_PATH  # the plugin was told to look at all paths, and found nothing of a model at this one
    return None if api == CALL else api


CALL = "call"


def kind_of(path: str) -> str | None:
    """``CALL`` for the path of a known API of models, the reason where it is known to be something else, else None."""
    return _kind_of(bare(path))


def without_query(path: str) -> str:
    """A path without what was asked of it: some clients send their key there."""
    return path.partition("?")[0].partition("#")[0]


def bare(path: str) -> str:
    """The same without a slash at its end."""
    return without_query(path).rstrip("/")


@functools.lru_cache(_REMEMBERED)
def _kind_of(path: str) -> str | None:
    if any(_is_like(path, row["paths"]) for row in _table()["calls"]):
        return CALL
    return next((str(row["reason"]) for row in _table()["others"] if _is_like(path, row["paths"])), None)


def _is_like(path: str, patterns: Iterable[str]) -> bool:
    # To make a pattern of each takes far longer than to see that its words are not there.
    return any(
        all(words in path for words in pattern.replace("?", "*").split("*")) and fnmatch.fnmatchcase(path, pattern)
        for pattern in patterns
    )


@functools.lru_cache(_REMEMBERED)
def has_input_alone(name: str | None) -> bool:
    """Whether what has this path or model makes no text, so that all of its tokens are input."""
    return name is not None and any(word in bare(name).lower() for word in _table()["input_alone"])


@functools.lru_cache(_REMEMBERED)
def has_no_words(path: str | None) -> bool:
    """Whether what answers at this path says nothing that a log could hold."""
    return path is not None and any(word in bare(path) for word in _table()["wordless"])


@functools.lru_cache(_REMEMBERED)
def logs_no_tools(path: str) -> bool:
    """Whether of what answers at this path the plugin writes tokens, and never which tools it asked for."""
    return bare(path).endswith(tuple(_table()["tools_unlogged"]))


@functools.lru_cache(1)
def _table() -> dict[str, Any]:
    return data_tables.beside(__file__, "requests.json")  # type: ignore[no-any-return]


@functools.lru_cache(1)
def _of_mcp() -> tuple[str, ...]:
    return tuple(_table()["mcp"])
