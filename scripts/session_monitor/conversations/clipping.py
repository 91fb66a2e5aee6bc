"""How are long texts in a value cut, so that it stays small, and found again?

A path names a text in a value: keys and numbers from the outside in, with ``/`` between them, as JSON Pointer (RFC 6901)
has them, without its first slash.
"""

from __future__ import annotations

from typing import Any, NamedTuple

LONG, SHOWN = 20_000, 4000
"""A text of more characters than the first is cut to the second."""
DEEPEST = 200
"""Levels of a value; what lies deeper is left out."""


class Clip(NamedTuple):
    """A text that was cut: where it stands, and how long it is."""

    path: str
    characters: int


def clipped(value: Any, path: str = "", *, longest: int = LONG, shown: int = SHOWN) -> tuple[Any, list[Clip]]:
    """The value with its long texts cut, and which these are."""
    clips: list[Clip] = []

    def cut(each: Any, parents: tuple[str, ...]) -> Any:
        if isinstance(each, str):
            if len(each) <= longest:
                return each
            clips.append(Clip("/".join(parents), len(each)))
            return each[:shown]
        if len(parents) > DEEPEST and isinstance(each, (dict, list)):
            return None
        if isinstance(each, dict):
            return {key: cut(inner, (*parents, _escaped(key))) for key, inner in each.items()}
        if isinstance(each, (list, tuple)):
            return [cut(inner, (*parents, str(at))) for at, inner in enumerate(each)]
        return each

    return cut(value, tuple(filter(None, path.split("/")))), clips


def at(value: Any, path: str) -> str | None:
    """The text at this path; None where none stands there."""
    for key in names(path):
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdecimal() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value if isinstance(value, str) else None


def names(path: str) -> list[str]:
    """The keys and numbers of a path, from the outside in."""
    return [name.replace("~1", "/").replace("~0", "~") for name in path.split("/")]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
