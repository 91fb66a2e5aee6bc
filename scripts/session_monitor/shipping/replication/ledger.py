"""What was sent of which rounds to one store?

A SQLite file a store, in ``.shipping/`` of the data folder: for each session a mark of each of its rounds, in their order.  A
mark has the month that its row is in, what of the row was taken, and what of its text.  While something is on its way
its mark says ``PERHAPS``: a run that is ended then sends it again, and knows what it may have to delete.

One program at a time may send to a store: it holds the lock beside the ledger.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import struct
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from session_monitor.base import data_folder, files, utf8

_MARK = struct.Struct(">H6s4s")
SIZE = _MARK.size
"""Bytes of a mark."""
MONTH, HEAD = 2, 8
"""The first of them are the month, and what was taken of the row behind it."""
PERHAPS = b"\0" * 6
"""In place of what was taken of a row: it may be there, or another one of the same round."""
NO_TEXT, PERHAPS_TEXT = b"\0" * 4, b"\xff" * 4
"""Of a text: it was never sent, and it may be there."""
_TABLES = """
CREATE TABLE state(value TEXT);
CREATE TABLE session(session_id TEXT PRIMARY KEY, marks BLOB) WITHOUT ROWID;
CREATE TABLE refused(session_id TEXT, number INTEGER, at INTEGER, reason TEXT, PRIMARY KEY(session_id, number)) WITHOUT ROWID;
PRAGMA user_version = 1;
"""
_VERSION = 1
_LEDGER = ".sqlite3"


class RoundMark(NamedTuple):
    """What was sent of a round: the month of its row (``round_rows.MONTHS``), and what was taken of row and text."""

    month: int
    row: bytes
    text: bytes = NO_TEXT


class Busy(OSError):  # noqa: N818 -- it is a state rather than a mistake
    """Another program is sending to this store from this folder."""


class LedgerError(Exception):
    """A ledger that fails; the argument says how."""


class LedgerState(NamedTuple):
    """How far sending is, and how it went.

    ``source`` is this folder for the store, which may have others'; ``version`` is the highest that may have been sent,
    and ``confirmed`` the highest that was taken.  Up to ``change`` and the session numbered ``session`` the index that was
    ``made`` so, with these ``prices``, has been compared.  ``tries`` failed one after the other, the last for that ``reason``;
    the next is at ``next_try``.  ``sent`` rows were taken, the last ``at``, and ``deleted`` ones deleted.  Times are milliseconds since 1970.
    """

    to: str = ""
    gateway: str = ""
    source: str = ""
    version: int = 0
    confirmed: int = 0
    made: str = ""
    prices: str = ""
    change: int = -1
    session: int = 0
    sent: int = 0
    deleted: int = 0
    at: int = 0
    tries: int = 0
    next_try: int = 0
    reason: str = ""
    refused_in_row: int = 0
    is_with_content: bool = False


def place(folder: str, to: str, gateway: str) -> str:
    """Where the ledger is of what a folder sends to a store (its ``shown`` address) as this gateway."""
    name = hashlib.sha256(json.dumps([to, gateway]).encode()).hexdigest()[:16]
    return os.path.join(folder, data_folder.SHIPPING_FOLDER, f"{name}{_LEDGER}")


def all_places(folder: str) -> list[str]:
    """The ledgers that a folder has."""
    home = os.path.join(folder, data_folder.SHIPPING_FOLDER)
    try:
        names = sorted(os.listdir(home))
    except FileNotFoundError:
        return []
    return [os.path.join(home, name) for name in names if name.endswith(_LEDGER)]


def is_held(path: str) -> bool:
    """Whether a program is sending by this ledger."""
    return files.is_locked(f"{path}.lock")


def forget(path: str) -> None:
    """Take a ledger away: what was sent stays there, and is compared again by who sends to there.  Raises ``Busy`` and ``OSError``."""
    with _locked(path, 0.0):
        # The lock stays: somebody else may just be opening it.
        for ending in ("", "-wal", "-shm"):
            files.remove(f"{path}{ending}")


class Ledger:
    """An open ledger.  Methods raise LedgerError where the file fails."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.isolation_level = None
        row = db.execute("SELECT value FROM state").fetchone()
        self.state = _state(row[0] if row else "{}")

    def keep(self, **changes: Any) -> None:
        """Change the state, and keep it."""
        self.state = self.state._replace(**changes)
        with self._transaction():
            self._write_state()

    # -- marks ---------------------------------------------------------------------------------------------------------

    def marks(self, session_id: str) -> bytes:
        """The marks of a session's rounds, from the first on."""
        row = self._asked("SELECT marks FROM session WHERE session_id = CAST(? AS TEXT)", _key(session_id)).fetchone()
        return row[0] if row else b""

    def sessions(self) -> Iterator[tuple[str, bytes]]:
        """All sessions with their marks."""
        for session_id, marks in self._asked("SELECT CAST(session_id AS BLOB), marks FROM session"):
            yield utf8.decoded(session_id), marks

    def count(self) -> int:
        """How many sessions there are."""
        return int(self._asked("SELECT count(*) FROM session").fetchone()[0])

    def rounds(self) -> int:
        """How many rounds there are."""
        return int(self._asked("SELECT coalesce(sum(length(marks)), 0) FROM session").fetchone()[0]) // SIZE

    def put(self, marks: Mapping[str, Sequence[tuple[int, bytes]]], **changes: Any) -> None:
        """Marks of rounds by session, beside their numbers, and a change of the state with them, which last when this comes back."""
        with self._transaction():
            for session_id, numbered in marks.items():
                known = bytearray(self.marks(session_id))
                lacking = max(numbered)[0] * SIZE - len(known)
                if lacking > 0:
                    known += bytes(lacking)
                for number, mark in numbered:
                    known[(number - 1) * SIZE : number * SIZE] = mark
                self._write(session_id, known)
            self._change(changes)

    def cut(self, lengths: Mapping[str, int], **changes: Any) -> None:
        """Sessions have so many rounds from now on; those without any are forgotten."""
        with self._transaction():
            for session_id, length in lengths.items():
                if length:
                    self._write(session_id, self.marks(session_id)[: length * SIZE])
                else:
                    self._db.execute("DELETE FROM session WHERE session_id = CAST(? AS TEXT)", _key(session_id))
                self._db.execute(
                    "DELETE FROM refused WHERE session_id = CAST(? AS TEXT) AND number > ?", (*_key(session_id), length)
                )
            self._change(changes)

    def begin_anew(self, held: Iterable[tuple[str, int, int]], **changes: Any) -> None:
        """What a store says that it has: sessions, numbers and months, sorted; of each row and text it is not known which."""
        with self._transaction():
            self._db.execute("DELETE FROM session")
            marks: dict[str, dict[int, RoundMark]] = {}
            for session_id, number, month in held:
                if session_id not in marks:
                    self._write_all(marks)
                    marks = {session_id: {}}
                marks[session_id][number] = RoundMark(month, PERHAPS, PERHAPS_TEXT)
            self._write_all(marks)
            self._change(changes)

    def _write_all(self, marks: Mapping[str, Mapping[int, RoundMark]]) -> None:
        for session_id, by_number in marks.items():
            lacking = RoundMark(0, PERHAPS)
            data = b"".join(_MARK.pack(*by_number.get(number, lacking)) for number in range(1, max(by_number) + 1))
            self._write(session_id, data)

    def _write(self, session_id: str, marks: bytes | bytearray) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO session VALUES (CAST(? AS TEXT), ?)", (*_key(session_id), bytes(marks))
        )

    # -- what was refused ----------------------------------------------------------------------------------------------

    def set_aside(self, session_id: str, number: int, now: int, reason: str) -> None:
        """A round was refused: it is not sent again before it changes."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO refused VALUES (CAST(? AS TEXT), ?, ?, ?)",
                (*_key(session_id), number, now, reason),
            )

    def retry_refused(self) -> int:
        """Rounds that were refused are sent again, with what was said in them; how many they are."""
        rows = self._asked("SELECT CAST(session_id AS BLOB), number FROM refused").fetchall()
        with self._transaction():
            for key, number in rows:
                session_id = utf8.decoded(key)
                marks = self.marks(session_id)
                place = (number - 1) * SIZE
                if len(marks) < place + SIZE:  # all is compared anew, and sent
                    continue
                month, _, text = _MARK.unpack_from(marks, place)
                mark = _MARK.pack(month, PERHAPS, text if text == NO_TEXT else PERHAPS_TEXT)
                self._write(session_id, marks[:place] + mark + marks[place + SIZE :])
            self._db.execute("DELETE FROM refused")
            if rows:
                self._change({"change": -1, "session": 0, "refused_in_row": 0, "tries": 0})
        return len(rows)

    def refused(self, most: int) -> tuple[int, list[tuple[str, int, int, str]]]:
        """How many rounds were refused, and the last of them: session, number, when and why."""
        (count,) = self._asked("SELECT count(*) FROM refused").fetchone()
        rows = self._asked(
            "SELECT CAST(session_id AS BLOB), number, at, reason FROM refused ORDER BY at DESC LIMIT ?", (most,)
        )
        return count, [(utf8.decoded(session_id), *rest) for session_id, *rest in rows]

    # -- the file ------------------------------------------------------------------------------------------------------

    def _asked(self, question: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(question, values)
        except sqlite3.Error as error:  # not to be taken for the index's, beside which it is asked
            raise LedgerError(str(error)) from None

    def _change(self, changes: Mapping[str, Any]) -> None:
        if changes:
            self.state = self.state._replace(**changes)
            self._write_state()

    def _write_state(self) -> None:
        self._db.execute("DELETE FROM state")
        self._db.execute("INSERT INTO state VALUES (?)", (json.dumps(self.state._asdict()),))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        before = self.state
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            self.state = before
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise LedgerError(str(error)) from None
            raise


def unpacked(marks: bytes) -> list[RoundMark]:
    """Marks one by one."""
    return [RoundMark(*each) for each in _MARK.iter_unpack(marks)]


@contextlib.contextmanager
def held(path: str, patience: float = 0.0) -> Iterator[Ledger]:
    """The ledger for who sends, made where there is none; one that cannot be read is set aside.

    Raises ``Busy`` where another program has it, and ``OSError``.
    """
    files.make_folder_within(os.path.dirname(path))
    with _locked(path, patience), _opened(path) as ledger:
        yield ledger


@contextlib.contextmanager
def _locked(path: str, patience: float) -> Iterator[None]:
    lock = files.kept(f"{path}.lock")
    try:
        if not files.take(lock, patience):
            raise Busy(None, "another program is sending from this folder to there")
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Ledger]:
    for is_last in (False, True):
        os.close(files.kept(path))
        db = sqlite3.connect(path, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                db.executescript(f"BEGIN; {_TABLES} COMMIT;")
            ledger = Ledger(db)
        except sqlite3.DatabaseError as error:
            db.close()
            if is_last or isinstance(error, sqlite3.OperationalError):  # no room, or not for this user
                raise OSError(None, str(error), path) from None
            _set_aside(path)
            continue
        break
    try:
        yield ledger
    finally:
        db.close()


def _set_aside(path: str) -> None:
    os.replace(path, f"{path}{data_folder.UNUSABLE}-{time.time_ns()}")
    for ending in ("-wal", "-shm"):
        files.remove(f"{path}{ending}")


@contextlib.contextmanager
def reading(path: str) -> Iterator[Optional[Ledger]]:  # noqa: UP045 -- as in others
    """The ledger as it is, for who looks; None where it cannot be read."""
    ledger = None
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(sqlite3.Error, OSError):
            files.check(path)
            db = stack.enter_context(contextlib.closing(sqlite3.connect(f"file:{_quoted(path)}?mode=ro", uri=True)))
            ledger = Ledger(db)
        yield ledger


def _quoted(path: str) -> str:
    import urllib.parse  # noqa: PLC0415 -- for who looks alone

    return urllib.parse.quote(os.fsencode(path))


def _key(session_id: str) -> tuple[bytes]:
    return (utf8.encoded(session_id),)


def _state(text: str) -> LedgerState:
    """The state as it was kept; what is not understood of it is as in a new one."""
    usual = LedgerState()
    known = json.loads(text)
    kept = {name: known[name] for name in usual._fields if type(known.get(name)) is type(getattr(usual, name))}
    return usual._replace(**kept)
