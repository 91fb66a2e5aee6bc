"""Do arguments fit the schema of a tool?

Schemas say what these words of JSON Schema can: type, properties, required, additionalProperties, enum, minimum, maximum,
minLength, maxLength, items, maxItems, default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_CALLED = {
    "string": "a text",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
}


def mistakes(schema: Schema, value: object, name: str = "arguments") -> Iterator[str]:
    """What is wrong with a value, each as a sentence that says what would be right; nothing where it fits."""
    kind = schema["type"]
    if not _is(kind, value):
        yield f"{name} must be {_CALLED[kind]}"
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{name} must be one of {', '.join(schema['enum'])}"
    elif isinstance(value, dict):
        yield from _of_object(schema, value)
    elif isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            yield f"{name} may have {schema['maxItems']} items at most"
        for at, each in enumerate(value):
            yield from mistakes(schema["items"], each, f"{name}[{at}]")
    elif isinstance(value, str):
        yield from _of_size(name, len(value), schema.get("minLength"), schema.get("maxLength"), " characters")
    elif isinstance(value, (int, float)):
        yield from _of_size(name, value, schema.get("minimum"), schema.get("maximum"), "")


def _is(kind: str, value: object) -> bool:
    if kind == "integer":  # 5.0 is one, by JSON Schema
        return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value % 1 == 0))
    return isinstance(value, _TYPES[kind])


def _of_object(schema: Schema, value: Mapping[str, object]) -> Iterator[str]:
    known = schema["properties"]
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{name} is missing"
    for name, each in value.items():
        if name in known:
            yield from mistakes(known[name], each, name)
        else:
            yield f"there is no argument {name[:60]}; there are {', '.join(known) or 'none'}"


def _of_size(name: str, size: float, least: float | None, most: float | None, unit: str) -> Iterator[str]:
    if least is not None and size < least:
        yield f"{name} must be {least}{unit} at least"
    if most is not None and size > most:
        yield f"{name} must be {most}{unit} at most"


def filled(schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that fit, with the defaults of those that were not given, None where there is none."""
    known: Mapping[str, Schema] = schema["properties"]
    given = {name: int(each) if known[name]["type"] == "integer" else each for name, each in value.items()}
    return {**{name: each.get("default") for name, each in known.items()}, **given}
