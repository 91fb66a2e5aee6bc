"""Which of the agents' files were read before, as they are now?

What was read need not be read again until it changes.  That only saves time: which calls are in the log is told by the
log (``recording.known_calls``), so losing this file adds nothing twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from session_monitor.base import data_folder, files

SCHEMA_VERSION = 1


class ImportProgress:
    """The file of one data folder: for each file of an agent its state when it was read, and what its reader keeps."""

    def __init__(self, folder: str) -> None:
        """Read it; what cannot be understood counts as nothing.  Raises ``OSError``."""
        self._path = os.path.join(folder, data_folder.IMPORTS)
        self._files: dict[str, Any] = {}
        try:
            with files.reading(self._path) as file:
                stored = json.loads(file.read())
            if stored["schema_version"] == SCHEMA_VERSION:
                self._files = dict(stored["files"])
        except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):
            pass
        self._written = json.dumps(self._files)

    def is_read(self, path: str, state: object, *, with_texts: bool) -> bool:
        """Whether the file was read as it is."""
        told = self._files.get(path)
        return isinstance(told, dict) and (told.get("state"), told.get("texts")) == (state, with_texts)

    def done(self, path: str, *, with_texts: bool) -> dict[str, Any]:
        """What the reader of a database kept; nothing where it was read for less than is wanted now."""
        told = self._files.get(path)
        if not isinstance(told, dict) or told.get("texts") != with_texts or not isinstance(told.get("done"), dict):
            return {}
        return dict(told["done"])

    def read(self, path: str, state: object, done: Mapping[str, Any], *, with_texts: bool) -> None:
        """The file was read; with None for its state it will be read again."""
        self._files[path] = {"state": state, "texts": with_texts, **({"done": dict(done)} if done else {})}

    def save(self) -> None:
        """Write it, if anything changed.  Raises ``OSError``."""
        text = json.dumps(self._files)
        if text == self._written:
            return
        document = f'{{"schema_version":{SCHEMA_VERSION},"files":{text}}}\n'
        files.replace(self._path, document.encode("utf-8", "surrogateescape"), is_lasting=False)
        self._written = text
