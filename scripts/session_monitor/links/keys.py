"""Which keys are there, and what does each of them open?

One key opens everything; it stands in the data folder and is made when it is needed first.  From it follows a key for
each session, which opens that session alone and leads back to nothing else.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import re
import secrets
import threading
from typing import Callable

from session_monitor.base import data_folder, files, utf8

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_FIRST, _SECOND = 16, 8
"""Bytes of a session's key: of the part for its id, and of the part by which it is known without its id."""


class BadKeyFileError(Exception):
    """The file with the key cannot be used; the argument says why, and what to do."""


class Keys:
    """All keys that follow from one secret."""

    def __init__(self, secret: str) -> None:
        """``secret`` is the key that opens everything."""
        self.main = secret
        self._mac_key = hmac.new(secret.encode(), b"sessions", hashlib.sha256).digest()

    def of_session(self, session_id: str) -> str:
        """The key that opens this session."""
        first = self._mac(b"session\0" + utf8.encoded(session_id))[:_FIRST]
        return base64.urlsafe_b64encode(first + self._second(first)).decode()

    def opens_all(self, given: str) -> bool:
        """Whether this is the key that opens everything; takes as long whatever it is."""
        return _is_same(given, self.main)

    def opens(self, given: str, session_id: str) -> bool:
        """Whether this is the session's key."""
        return _is_same(given, self.of_session(session_id))

    def is_of_some_session(self, given: str) -> bool:
        """Whether this is the key of some session, whichever."""
        try:
            raw = base64.urlsafe_b64decode(given.encode())
        except ValueError:
            return False
        if len(raw) != _FIRST + _SECOND or base64.urlsafe_b64encode(raw).decode() != given:
            return False  # there is one way to write a key: whoever has one does not have many
        return hmac.compare_digest(raw[_FIRST:], self._second(raw[:_FIRST]))

    def _second(self, first: bytes) -> bytes:
        return self._mac(b"made here\0" + first)[:_SECOND]

    def _mac(self, text: bytes) -> bytes:
        return hmac.new(self._mac_key, text, hashlib.sha256).digest()


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(utf8.encoded(one), other.encode())


# -- where the secret stands -------------------------------------------------------------------------------------------


def passing() -> Keys:
    """New keys, which are kept nowhere."""
    return Keys(secrets.token_urlsafe(32))


def of_folder(folder: str, first: Keys | None = None) -> Keys:
    """The keys of a data folder; where it has none yet, ``first`` or new ones from now on.

    Raises ``BadKeyFileError``, and ``OSError`` where nothing can be kept.
    """
    path = os.path.join(folder, data_folder.WEB_KEY)
    with contextlib.suppress(FileNotFoundError):
        return _read(path)
    _make(path, first or passing())
    return _read(path)


def _read(path: str) -> Keys:
    try:
        with files.reading(path) as file:
            if files.is_open(os.fstat(file.fileno()).st_mode, os.stat(os.path.dirname(path) or os.curdir).st_mode):
                todo = "run 'chmod 600' on it, or take it away for a new key"
                raise BadKeyFileError(f"{path} can be read by others: {todo}")
            text = file.read(1000).decode("ascii", "replace").strip()
    except files.OddFileError as odd:
        raise BadKeyFileError(f"{odd}, and a new key is made") from None
    except PermissionError:
        raise BadKeyFileError(f"{path} cannot be read by this user: run this as the user who made it") from None
    if not _SECRET.fullmatch(text):
        raise BadKeyFileError(
            f"{path} holds no key: take it away, and a new one is made; links with the old one then end"
        )
    return Keys(text)


def _make(path: str, made: Keys) -> None:
    """Put their secret there, wholly or not at all; one that somebody else put there meanwhile stays."""
    temporary = f"{path}.{os.getpid()}.{secrets.token_hex(4)}{files.TEMPORARY}"
    descriptor = files.opened(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        try:
            files.write_all(descriptor, made.main.encode() + b"\n", 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)
    files.sync_folder(os.path.dirname(path) or ".")


class KeptKeys:
    """The keys of a data folder, kept there as soon as it is there; until then they last as long as the server."""

    def __init__(self, folder: str, say: Callable[[str], None]) -> None:
        """``say`` hears where keys cannot be kept."""
        self._folder = folder
        self._say = say
        self._passing: Keys | None = None
        self._kept: Keys | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Keys:
        """The keys of now.  Raises ``BadKeyFileError``, but not after there have been some."""
        with self._lock:
            if self._kept is None and (self._passing is None or os.path.isdir(self._folder)):
                self._kept = self._of_folder()
            keys = self._kept or self._passing
            if keys is None:
                keys = self._passing = passing()
            return keys

    def _of_folder(self) -> Keys | None:
        try:
            return of_folder(self._folder, self._passing)  # links that were printed meanwhile hold
        except FileNotFoundError:
            return None
        except BadKeyFileError as error:
            if self._passing is None:
                raise
            # The folder has come with it, while people are asking.
            self._say(f"{error}. Until the server starts anew, the link that it printed holds, and no other")
        except OSError as error:
            self._say(f"no key can be kept in {self._folder} ({error.strerror}): links hold until the server ends")
        return self._passing or passing()
