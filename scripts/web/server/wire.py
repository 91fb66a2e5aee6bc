"""How do heads of answers read, and what do clients take?"""

from __future__ import annotations

import email.utils
import os
import traceback
from collections.abc import Sequence
from http import HTTPStatus

from .exchange import SAFETY, Content

_SERVER = "agent-session-monitor"


def _head(status: int, headers: Sequence[tuple[str, str]], content: Content | None = None) -> bytes:
    """The lines before a body.  Raises ``ValueError`` for a header that would be two."""
    given = {name.lower() for name, _ in headers}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Server: {_SERVER}"]
    lines.append(f"Date: {email.utils.formatdate(usegmt=True)}")
    lines += [f"{name}: {value}" for name, value in SAFETY if name.lower() not in given]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Type: {content.kind}"] if content and status != 304 else []
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or "\0" in text:
        raise ValueError("a header with a line end in it")
    return text.encode("latin-1") + b"\r\n\r\n"


def marks(text: str) -> set[str]:
    """The marks that a cache has, without what says how they were sent."""
    return {each.strip().removeprefix("W/").strip('"').replace("-gzip", "") for each in text.split(",") if each}


def takes_gzip(text: str) -> bool:
    for each in text.lower().split(","):
        name, _, weight = each.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def where(error: BaseException) -> str:
    """Of what kind an error is and where it happened; what it says may be a part of a conversation."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
