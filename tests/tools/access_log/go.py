"""How does Go write the values that the plugin logs?"""

import dataclasses
import json
import re

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_GO_ESCAPES = re.compile("[<>&\u2028\u2029\udc80-\udcff]")


def _go_escape(match):
    # A lone surrogate stands for a byte that is not UTF-8: Go writes the six characters \ufffd for it.
    return _HTML.get(match.group(), "\\ufffd")


def go_marshal(value):
    """``json.Marshal`` of Go >= 1.22 (maps must already be in sorted order)."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda call: call.to_json())
    return _GO_ESCAPES.sub(_go_escape, text)


def go_map(**items):
    """A Go map: Go marshals and prints maps in key order."""
    return dict(sorted(items.items()))


def go_sprint(value):
    """``fmt.Sprint`` of the kinds of value that can get into an attribute."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + " ".join(map(go_sprint, value)) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_sprint(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, ToolCall):
        return f"{{{value.index} {value.id} {value.type} {{{value.name} {value.arguments}}}}}"
    raise TypeError(f"no Go form for {type(value).__name__}")


def limit_value(value, limit):
    """setAttributeBySource: a value longer than ``limit`` bytes becomes a string with its middle cut out."""
    if limit >= 1 << 20 and not isinstance(value, str):
        # No generated history comes near this limit, and printing it each round would be slow.
        return value
    raw = go_sprint(value).encode("utf-8")
    if len(raw) <= limit:
        return value
    half = limit // 2
    return (raw[:half] + b" [truncated] " + raw[-half:]).decode("utf-8", "surrogateescape")


@dataclasses.dataclass
class ToolCall:
    """The plugin's ToolCall struct (streamed answers only)."""

    index: int
    id: str
    type: str
    name: str
    arguments: str

    def to_json(self):
        """The struct as ``json.Marshal`` sees it: declaration order, zero values left out."""
        fields = {"index": self.index, "id": self.id, "type": self.type}
        function = {"name": self.name, "arguments": self.arguments}
        out = {key: value for key, value in fields.items() if value}
        out["function"] = {key: value for key, value in function.items() if value}
        return out
