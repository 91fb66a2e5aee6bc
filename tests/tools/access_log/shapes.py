"""In which shapes does a line reach its file?  One function each: the line's bytes, or more than one line's."""

from __future__ import annotations

import json
from datetime import datetime

from tests.tools.access_log.go import go_map, go_marshal
from tests.tools.access_log.outer_line import OUTER_FIELDS, text_line

TYPED = ("bytes_received", "bytes_sent", "duration", "response_code", "upstream_service_time")
PIECE = 16_384
"""Bytes of a line that a container engine writes at once."""


def text(attrs, values, rng, beside=()):
    """The chart's own template; what stands ``beside`` comes at its end."""
    inner = "-" if attrs is None else go_marshal(go_marshal(go_map(**attrs)))[1:-1]
    line = text_line(inner, values)
    if not beside:
        return line
    more = ",".join(f'"{key}":{go_marshal(value)}' for key, value in dict(beside).items())
    return line[:-2] + b"," + more.encode() + b"}\n"


def separate(attrs, values, rng):
    """``as_separate_log_field``: what was said stands beside ``ai_log``, not in it."""
    moved = {key: attrs[key] for key in ("question", "answer") if isinstance((attrs or {}).get(key), str)}
    return text(attrs and {key: value for key, value in attrs.items() if key not in moved}, values, rng, moved)


def typed(attrs, values, rng):
    """``accessLogEncoding: JSON``: numbers and nulls, keys in any order, ``ai_log`` escaped twice, odd times."""
    outer = {name: values.get(name, "-") for name in OUTER_FIELDS}
    outer = {name: None if value == "-" and name != "response_flags" else value for name, value in outer.items()}
    outer |= {name: int(outer[name]) for name in TYPED if outer[name] is not None}
    outer["ai_log"] = _inner(attrs, rng)
    outer["start_time"] = _odd_time(values["start_time"], rng)
    keys = rng.sample(sorted(outer), len(outer))
    return (go_marshal({key: outer[key] for key in keys}) + "\n").encode()


def _inner(attrs, rng):
    if attrs is None:
        return rng.choice((None, "", "-"))
    inner = go_marshal(go_map(**attrs))
    return go_marshal(inner)[1:-1] if rng.random() < 0.5 else inner


def _odd_time(text, rng):
    if text == "-":
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    return rng.choice((text, int(moment * 1000), moment))


def cri(attrs, values, rng):
    """A container engine's own log: long lines in pieces."""
    line = text(attrs, values, rng)[:-1]
    head = f"{values['written']}456789Z stdout".encode()
    pieces = [line[start : start + PIECE] for start in range(0, len(line), PIECE)]
    marks = [b"P"] * (len(pieces) - 1) + [b"F"]
    return b"".join(b"%s %s %s\n" % (head, mark, piece) for mark, piece in zip(marks, pieces))


def kubectl(attrs, values, rng):
    """``kubectl logs --prefix``."""
    return b"[pod/higress-gateway-7d9f/higress-gateway] " + text(attrs, values, rng)


def docker(attrs, values, rng):
    """docker's json-file: pieces, each in an object of its own, the last with the line's end."""
    line = text(attrs, values, rng).decode()
    pieces = [line[start : start + PIECE // 4] for start in range(0, len(line), PIECE // 4)]
    wrapped = ({"log": piece, "stream": "stdout", "time": values["written"] + "Z"} for piece in pieces)
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in wrapped).encode()


def shipper(attrs, values, rng):
    """A log shipper's wrapper."""
    line = text(attrs, values, rng).decode()[:-1]
    wrapped = {"@timestamp": values["written"] + "Z", "host": {"name": "node-1"}, "message": line}
    return (json.dumps(wrapped, ensure_ascii=False) + "\n").encode()


SHAPES = {each.__name__: each for each in (text, separate, typed, cri, kubectl, docker, shipper)}
