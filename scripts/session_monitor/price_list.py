"""Which prices are known?

A price list is a JSON file with one model a line::

    {"schema": 1, "currency": "USD", "unit": "1M tokens", …
    "vendor_defaults": {"dashscope": {"cache_read": "0.2x", …}},
    "models": {
    "o3": {"vendor": "openai", "names": ["o3"], "prices": [{"from": null, "input": "10", …}, {"from": "2025-06-10", …}]},
    …
    }}

A key is a canonical name.  A row of prices holds from its date on (``null``: since ever) until the next row's, in UTC.
Prices are text, in dollars per million tokens: ``input`` and ``output``, and where they differ from these
``cache_read``, ``cache_read_explicit`` (from a cache that the caller asked for), ``cache_write`` (kept five minutes),
``cache_write_1h`` and ``reasoning``.  ``tiers`` replace prices for prompts ``above`` so many tokens, ``windows`` at
some hours of some days (``utc``: from and to, ``weekdays``: 1 is Monday).  Each row names its ``source`` and the day
when it was ``observed`` there.

A person's own list has the same form with only what differs, and may have ``aliases`` (name to name), rows in another
``currency``, and ``rates`` for it: ``{"CNY": [{"from": "2026-01-01", "usd": "0.14"}]}``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import files, price_check
from .model_names import canonical
from .price_check import SCHEMA, UNIT, Mistake

THIRD_PARTY = ("openrouter", "groq")
"""Vendors that sell others' models; their price says little of what another seller takes."""
SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "prices.json")


class BadPriceList(ValueError):  # noqa: N818
    """A price list that cannot be used: the file, the line where known, and what is wrong there."""

    def __init__(self, path: str, line: int | None, what: str) -> None:
        """``line`` counts from 1."""
        place = f"{path}, line {line}" if line else path
        super().__init__(f"{place}: {what}")


@dataclass(frozen=True)
class PriceList:
    """One file's prices; all keys are canonical, the rows as they stand in the file.

    ``digest`` changes with the file's text.
    """

    path: str = ""
    models: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, list[dict[str, str]]] = field(default_factory=dict)
    vendor_defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    digest: str = field(default="", compare=False)


def shipped() -> PriceList:
    """The list that comes with the monitor; it is not checked again.  Raises BadPriceList where it is no JSON."""
    text = _text(SHIPPED)
    document = _document(SHIPPED, text)
    return _list(SHIPPED, text, document, document["models"], document.get("aliases", {}))


def read(path: str) -> PriceList:
    """The list in a file, checked; an empty one where there is no such file.

    Raises BadPriceList for one with a mistake in it, OSError for one that cannot be read.
    """
    try:
        text = _text(path)
    except FileNotFoundError:
        return PriceList(path)
    document = _document(path, text)
    _check(path, text, document)
    models = {canonical(name): entry for name, entry in document.get("models", {}).items()}
    aliases = {canonical(name): model for name, model in document.get("aliases", {}).items()}
    return _list(path, text, document, models, aliases)


def _list(
    path: str, text: str, document: Mapping[str, Any], models: dict[str, Any], aliases: dict[str, str]
) -> PriceList:
    return PriceList(
        path,
        models,
        aliases,
        document.get("rates", {}),
        document.get("vendor_defaults", {}),
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest(),
    )


def write(prices: PriceList) -> None:
    """Put a person's list in its file's place, one model a line; an empty one takes the file away."""
    if not (prices.models or prices.aliases or prices.rates or prices.vendor_defaults):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(prices.path)
        return
    document = {"schema": SCHEMA, "currency": "USD", "unit": UNIT}
    for name in ("vendor_defaults", "rates", "aliases"):
        if getattr(prices, name):
            document[name] = dict(sorted(getattr(prices, name).items()))
    files.replace(prices.path, dumped(document, prices.models))


def dumped(document: Mapping[str, Any], models: Mapping[str, Any]) -> bytes:
    """A list's text: the document's own keys a line each, then one line a model, so that a diff can be read."""
    lines = [f"{_json(name)}: {_json(value)}" for name, value in document.items()]
    rows = ",\n".join(f"{_json(key)}: {_json(models[key])}" for key in sorted(models))
    return ("{" + ",\n".join([*lines, f'"models": {{\n{rows}\n}}']) + "}\n").encode(
        errors="backslashreplace"  # half a surrogate pair: written as JSON's own escape
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- reading ----------------------------------------------------------------------------------------------


def _text(path: str) -> str:
    with open(path, "rb") as file:
        return file.read().decode("utf-8", "replace").lstrip("\ufeff")


def _document(path: str, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadPriceList(path, error.lineno, f"not JSON: {error.msg}") from None
    except (RecursionError, ValueError):  # thousands of brackets, or of digits
        raise BadPriceList(path, None, "not a price list") from None
    if not isinstance(document, dict):
        raise BadPriceList(path, 1, "a price list is a JSON object")
    return document


def _check(path: str, text: str, document: dict[str, Any]) -> None:
    lines: dict[tuple[str | int, ...], int] = {}
    try:
        for place, position in _places(text):
            line = text.count("\n", 0, position) + 1
            if place in lines:
                raise BadPriceList(path, line, f"{place[-1]} is there twice")
            lines[place] = line
        price_check.check(document)
    except Mistake as mistake:
        known = (mistake.path[:length] for length in range(len(mistake.path), 0, -1))
        line_of = next((lines[place] for place in known if place in lines), None)
        raise BadPriceList(path, line_of, str(mistake)) from None


def _places(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Where in JSON text each key and each place of a list stands, with the way to it."""
    way: list[str | int] = []
    is_key = False
    for match in _TOKEN.finditer(text):
        found = match[0]
        if found in "}]":
            way.pop()
        elif found == "{":
            way.append("")
        elif found == "[":
            way.append(0)
            yield tuple(way), _SPACE.match(text, match.end()).end()  # type: ignore[union-attr]
        elif found == ",":
            if isinstance(way[-1], int):
                way[-1] += 1
                yield tuple(way), _SPACE.match(text, match.end()).end()  # type: ignore[union-attr]
        elif is_key:
            way[-1] = json.loads(found)
            yield tuple(way), match.start()
        is_key = found == "{" or (found == "," and isinstance(way[-1], str))


_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]')
