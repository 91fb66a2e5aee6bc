"""Under which file name is a session kept?

A session id is a raw request header: it may hold slashes, control characters or 60 KiB of text.  The name stays
readable where it can; what could lead out of the folder, hide a file or confuse a shell or a terminal is
percent-encoded, byte by byte.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from session_monitor.base import lazy_regex, utf8

SUFFIX = ".json"
LONGEST_NAME = 200
"""Bytes of a name before the suffix; file systems allow 255 with it."""

# The last is what makes a shortened name: no id may be spelled like the name of another.
# Fixed ranges, not unicodedata's categories: those change with the interpreter, and a file's name must not.
_UNSAFE = lazy_regex.lazy(
    "^[.-]|[/%\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|~(?=[0-9a-fA-F]{32}\\Z)",
)


def file_name(session_id: str) -> str:
    """The name for this id: always one component, never hidden, at most 200 bytes and ``.json``."""
    name = _UNSAFE.sub(_percent, session_id) or "%"
    if len(name.encode()) > LONGEST_NAME:
        return _shortened(name, session_id)
    return name + SUFFIX


def both_names(session_id: str) -> Iterator[str]:
    """The name for this id, and the one that it has where another id has taken that."""
    yield file_name(session_id)
    yield other_name(session_id)


def is_session(name: str) -> bool:
    """Whether a file of this name, in an output folder, is a session's."""
    return name.endswith(SUFFIX) and not name.startswith(".")


def other_name(session_id: str) -> str:
    """A second name, for an id whose first one is taken by another id (upper and lower case on some systems)."""
    return _shortened(_UNSAFE.sub(_percent, session_id), session_id)


def _shortened(name: str, session_id: str) -> str:
    from session_monitor.base.hashing import sha256  # noqa: PLC0415 -- few ids are that long

    digest = sha256(utf8.encoded(session_id)).hexdigest()[:32]
    start = name.encode()[: LONGEST_NAME - len(digest) - 1].decode("utf-8", "ignore")
    return f"{start}~{digest}{SUFFIX}"


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in utf8.encoded(match.group()))


def listed(name: str) -> str:
    """The name of a file of the folder, as it is on disk, in UTF-8; ``name`` is how the system's locale reads it."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "surrogateescape")


def raw(file: str) -> bytes:
    """The bytes of a name, as ``listed``, on disk."""
    return file.encode("utf-8", "surrogateescape")


def path_of(folder: str, file: str) -> str:
    """Where the file of this name, as ``listed``, is; it may be no UTF-8, and the locale may read it otherwise."""
    return os.path.join(folder, file if file.isascii() else os.fsdecode(raw(file)))
