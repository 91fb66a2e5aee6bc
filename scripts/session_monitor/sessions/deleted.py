"""Up to where in the log are the calls of a session deleted?

``.deleted.json`` keeps the read positions of each session that was deleted, under a digest of its id: its lines before
them are passed over when the logs are read again, and later ones make a new session.  It holds no id and no text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from session_monitor.base import data_folder, files, utf8
from session_monitor.base.hashing import sha256

SCHEMA_VERSION = 1


class DeletedListDamagedError(ValueError):
    """The file cannot be read; the argument says so."""


class Tombstones:
    """What is known of deleted sessions."""

    def __init__(self, generations: Sequence[str] = (), sessions: Mapping[str, list[int]] | None = None) -> None:
        """Sessions by their digests, each as the number of a generation, a position in it, and so on."""
        self._generations = list(generations)
        self._numbers = {generation: number for number, generation in enumerate(generations)}
        self._sessions = dict(sessions or {})

    def __len__(self) -> int:
        return len(self._sessions)

    def positions(self, session_id: str) -> dict[str, int]:
        """Up to which byte of each generation this session's calls are deleted."""
        pairs = self._sessions.get(_digest(session_id), []) if self._sessions else []
        return {self._generations[number]: end for number, end in zip(pairs[::2], pairs[1::2])}

    def add(self, session_id: str, positions: Mapping[str, int]) -> None:
        """This session's calls are deleted up to there."""
        merged = self.positions(session_id)
        for generation, end in positions.items():
            merged[generation] = max(end, merged.get(generation, 0))
        flat = [part for generation, end in merged.items() for part in (self._number(generation), end)]
        if flat:
            self._sessions[_digest(session_id)] = flat

    def _number(self, generation: str) -> int:
        if generation not in self._numbers:
            self._numbers[generation] = len(self._generations)
            self._generations.append(generation)
        return self._numbers[generation]

    def to_json(self) -> dict[str, Any]:
        """As the file keeps it."""
        return {"schema_version": SCHEMA_VERSION, "generations": self._generations, "sessions": self._sessions}


def read(folder: str) -> Tombstones:
    """Those of a folder.  Raises ``DeletedListDamagedError``, and ``OSError`` where the file may not be read."""
    path = os.path.join(folder, data_folder.DELETED)
    try:
        with files.reading(path) as file:
            content = json.loads(file.read())
    except FileNotFoundError:
        return Tombstones()
    except files.OddFileError as odd:
        raise DeletedListDamagedError(str(odd)) from None
    except (ValueError, RecursionError):
        content = None
    if not _is_valid(content):
        raise DeletedListDamagedError(f"{path} is damaged, or was written by another version")
    return Tombstones(content["generations"], content["sessions"])


def write(folder: str, tombstones: Tombstones) -> None:
    """Keep them.  Raises ``OSError``."""
    raw = json.dumps(tombstones.to_json(), separators=(",", ":")).encode()
    files.replace(os.path.join(folder, data_folder.DELETED), raw + b"\n")


def _is_valid(content: Any) -> bool:
    try:
        generations, sessions = content["generations"], content["sessions"]
        return (
            content["schema_version"] == SCHEMA_VERSION
            and all(isinstance(each, str) for each in generations)
            and all(
                len(pairs) % 2 == 0
                and all(type(each) is int and each >= 0 for each in pairs)
                and max(pairs[::2], default=-1) < len(generations)
                for pairs in sessions.values()
            )
        )
    except (TypeError, KeyError, AttributeError):
        return False


def _digest(session_id: str) -> str:
    return sha256(utf8.encoded(session_id)).hexdigest()[:32]
