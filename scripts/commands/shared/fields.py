"""Which fields of an answer does somebody want?"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from session_monitor.text import safe

from .failures import USAGE, Failure
from .output import Output
from .output import to_json as json_of
from .parsers import parent

Fields = dict[str, Any]
"""Names in their order, each with the fields that are wanted of it, none for all of it."""


def parser() -> argparse.ArgumentParser:
    """What chooses fields: a parent of the parser of each command whose JSON has many."""
    chosen = parent()
    chosen.add_argument(
        "--fields",
        type=fields,
        metavar="NAMES",
        help="with --json: these fields alone, in this order, such as session_id,cost_usd; a.b is field b of a",
    )
    return chosen


def fields(text: str) -> Fields:
    """What was typed, for argparse: names between commas, with a dot before one of what is inside."""
    found: Fields = {}
    for name in filter(None, (each.strip() for each in text.split(","))):
        *outer, last = name.split(".")
        inside = found
        for part in outer:
            if inside.get(part) == {}:
                break  # all of it is wanted
            inside = inside.setdefault(part, {})
        else:
            inside[last] = {}
    if not found:
        raise argparse.ArgumentTypeError("name fields, with commas between them, such as session_id,cost_usd")
    return found


def asked(options: argparse.Namespace, output: Output) -> Fields | None:
    """Take the fields that were named out of the options; None where all are wanted.  Raises ``Failure`` without JSON."""
    chosen: Fields | None = vars(options).pop("fields", None)
    if chosen is not None and not output.is_json:
        raise Failure("bad_fields", "--fields chooses what JSON has: add --json", USAGE)
    return chosen


def to_json(output: Output, value: Any) -> str:
    """JSON of an answer with what is wanted of it alone.  Raises ``Failure``."""
    if output.fields is None:
        return output.to_json(value)
    return json_of(of(output.currency.beside(value), output.fields))


def print_rows(output: Output, answer: dict[str, Any]) -> None:
    """Print rows, which come first, and their ``total``, with the fields that are wanted of both.  Raises ``Failure``."""
    wanted, shown = output.fields, output.currency.beside(answer)
    if wanted is not None:
        name, rows = next(iter(answer.items()))
        shown[name] = of(shown[name], wanted)
        if rows and "total" in shown:
            shown["total"] = of_one(shown["total"], wanted, list(wanted))
    output.print_json(json_of(shown))


def of(value: Any, wanted: Fields) -> Any:
    """What is wanted of an object, or of each in a list; a field that one of them lacks is left out of it.

    Raises ``Failure`` for a name that none of them has.
    """
    _check([value], wanted)
    return _of(value, wanted)


def of_one(value: Mapping[str, Any], wanted: Fields, known: Sequence[str]) -> Any:
    """The same of one of many that come one by one, and may have these names."""
    for name in wanted:
        if name not in value and name not in known:
            raise _unknown(name, dict.fromkeys((*value, *known)))
    return _of(value, wanted)


def _of(value: Any, wanted: Fields) -> Any:
    if isinstance(value, list):
        return [_of(each, wanted) for each in value]
    if not wanted or not isinstance(value, Mapping):
        return value
    return {name: _of(value[name], inside) for name, inside in wanted.items() if name in value}


def _check(values: list[Any], wanted: Fields, path: str = "") -> None:
    objects = list(_objects(values))
    there = dict.fromkeys(name for each in objects for name in each)
    if not wanted or not there:
        return
    for name, inside in wanted.items():
        if name not in there:
            raise _unknown(path + name, there)
        _check([each[name] for each in objects if name in each], inside, f"{path}{name}.")


def _unknown(name: str, there: Iterable[str]) -> Failure:
    return Failure("bad_fields", f"there is no field {safe.cell(name)}; there are {', '.join(there)}", USAGE)


def _objects(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for value in values:
        if isinstance(value, list):
            yield from _objects(value)
        elif isinstance(value, Mapping):
            yield value
