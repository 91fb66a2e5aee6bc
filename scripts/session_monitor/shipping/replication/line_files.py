"""Files of JSON lines, for programs that carry them on (Vector, Kafka, a lake), as a store.

A file comes with all of its lines at once, under a name that ends in ``.jsonl``; put in again it has the same name.  Who
reads them keeps, of lines with the same ``id``, the one with the highest ``version``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence

from session_monitor.base import files
from session_monitor.shipping.replies import AGAIN, TAKEN, Reply

from .store import Claim


class LineFiles:
    """The files in one folder."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.abspath(folder)
        self.shown = f"file:{self._folder}"

    def open(self, gateway: str) -> tuple[Reply, Claim]:  # noqa: ARG002 -- files tell nothing of gateways
        """Make the folder."""
        try:
            files.make_folder(self._folder)
        except OSError as error:
            return _failed(error), Claim("", None)
        return Reply(TAKEN), Claim("", None)

    def claim(self, gateway: str, source: str, version: int) -> Reply:  # noqa: ARG002 -- as above
        """Nobody claims anything here."""
        return Reply(TAKEN)

    def held(self, gateway: str) -> Iterable[tuple[str, int, int]]:  # noqa: ARG002 -- as above
        """Files may have been carried on."""
        return ()

    def put(self, table: str, lines: Sequence[bytes]) -> Reply:
        """Make a file of these lines."""
        data = b"".join(map(_with_id, lines))
        version = json.loads(lines[0])["version"]
        name = f"{table}-{version:015}-{hashlib.sha256(data).hexdigest()[:12]}.jsonl"
        try:
            files.replace(os.path.join(self._folder, name), data)
        except OSError as error:
            return _failed(error)
        return Reply(TAKEN)

    def erase(self, gateway: str, sessions: Sequence[str]) -> Reply:  # noqa: ARG002 -- as above
        """Whoever carries the files on hears of it by the lines that say so."""
        return Reply(TAKEN)

    def close(self) -> None:
        """Nothing stays open."""


def _with_id(line: bytes) -> bytes:
    row = json.loads(line)
    identity = json.dumps([row["gateway"], row["session"], row["number"]], ensure_ascii=False)
    return b'{"id":"%s",' % hashlib.sha256(identity.encode()).hexdigest()[:32].encode() + line[1:]


def _failed(error: OSError) -> Reply:
    return Reply(AGAIN, f"{error.filename or 'the folder'}: {error.strerror or error}")
