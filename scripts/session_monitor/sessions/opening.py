"""How does a session file end, may that be trusted, and what is set aside?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, BinaryIO, Callable

from session_monitor.base import files

from . import file_names, session_file
from .session_file import End, NotASessionFileError
from .summary import Summary
from .write_lock import Outdated

if TYPE_CHECKING:
    from session_monitor.calls.long_lines import Sent

    from .lacking import Lacking
    from .round_counts import RoundCounts
    from .stored_round import RoundFacts


class SetAside(Exception):  # noqa: N818 -- the file is kept, under the name in the argument
    """A session file could not be read, or not to its end; what it held must come from the log again.

    Its copy was made first, and the file itself is only written over together with the first of those rounds: so
    nothing is lost where the process ends before the log is read again.
    """


class InTheWay(Exception):  # noqa: N818 -- the thing is kept, and so is the session
    """What has a session file's name is none, or not for this user: see ``SessionOpener.make_way``.

    First the logs must be known as not read, on disk as well: what the file held may have to come from them again.
    """

    def __init__(self, path: bytes, what: str) -> None:
        super().__init__(f"{os.fsdecode(path)} {what}")
        self.path = path


class WentBack(Exception):  # noqa: N818 -- nothing is wrong with the files as they are
    """What session files had is there no more: they were put back from a backup, or are a copy of a live folder.

    The argument says so.  It must come from the logs again; nothing was written.
    """


class OpenSession:
    """One session's end as the next flush will write it."""

    def __init__(
        self, path: bytes, summary: Summary, *, next_byte: int = 0, footer: bytes = b"", torn: bool = False
    ) -> None:
        self.path = path
        self.summary = summary
        self.next_byte = next_byte  # where the next round goes; 0 for a file that is still to be made
        self.footer = footer  # as it stands on disk
        self.torn = torn
        self.state: FileState | None = (
            None  # of the file, as it was last written or opened; None where it is to be made
        )
        self.crc32: int | None = None  # of the last round's line, where that is known
        self.missing: int | None = None  # rounds that the file had once; None where it went not back
        self.is_counted = True  # whether it is known how many rounds the file has, should it go back
        self.deleted: Mapping[str, int] = {}  # up to where its calls were deleted
        # Up to where generations were applied, also those that the summary does not name any more; None until asked.
        self.applied: Mapping[str, int] | None = None
        self.pending: list[bytes] = []
        self.facts: list[RoundFacts] = []  # of the pending rounds
        self.first_end = 0  # the byte of its log with which the first of them ended
        self.sent: dict[int, Sent] = {}  # what conversations sent last, as its bytes in the log; the latest last


FileState = tuple[int, int, int]


def file_state(stat: os.stat_result) -> FileState:
    """What is equal while nobody else has written to a file or put another one in its place."""
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


class SessionOpener:
    """One SessionOpener finds the ends of one folder's sessions.

    ``committed`` says up to which byte each generation of the log was read for good: all of that was synced.
    """

    def __init__(
        self,
        folder: str,
        counts: Callable[[], RoundCounts],
        lacking: Lacking,
        changing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """``changing`` keeps others from changing session files while one is copied."""
        self._lacking = lacking
        self._counts = counts
        self._folder = folder
        self._start_of_paths = os.path.join(os.fsencode(folder), b"")
        self._changing = changing
        self._damaged: set[bytes] = set()  # files that were set aside and are to be written over
        self._immovable: set[bytes] = set()  # names of what is in the way and stays there

    def open(self, session_id: str, committed: Mapping[str, int]) -> OpenSession:
        """The end of a session, or that of one without rounds where there is no file.

        Raises ``SetAside``, ``InTheWay``, ``WentBack``, and ``OSError`` where the disk fails or others have both its
        names.
        """
        free = odd = None
        for name in file_names.both_names(session_id):
            path = self._start_of_paths + name.encode()
            try:
                session = self._at(path, session_id, committed)
            except FileNotFoundError:  # or the other id that had this name was deleted
                free = free or path
                continue
            except InTheWay as error:
                odd = odd or error
                continue
            if session:
                return session
        if odd and odd.path not in self._immovable:
            raise odd
        if free is None:
            raise OSError(f"other sessions or things have both file names of {file_names.file_name(session_id)}")
        return OpenSession(free, Summary())

    def _at(self, path: bytes, session_id: str, committed: Mapping[str, int]) -> OpenSession | None:
        """The session as a file of this name ends; None where it is another id's."""
        if path in self._damaged:
            return self._without_rounds(path, session_id)
        try:
            return self._read(path, session_id, committed)
        except files.OddFileError as error:
            raise InTheWay(path, error.what) from None
        except PermissionError:
            raise InTheWay(path, "is not for this user to read and write") from None
        except NotASessionFileError:
            with files.reading(path) as file:
                if session_file.is_blank(file) and not _has_committed(file, 0, committed):
                    return self._without_rounds(path, session_id)
            raise self._set_aside(path) from None

    def written(self, path: bytes) -> None:
        """A file was written, and is sound if it was not before."""
        self._damaged.discard(path)

    def look_again(self) -> None:
        """Others changed files: those that are there no more are not to be written over."""
        self._damaged = {path for path in self._damaged if os.path.exists(path)}

    def _read(self, path: bytes, session_id: str, committed: Mapping[str, int]) -> OpenSession | None:
        """What this file holds; None where it is another id's, on a system where their names are the same."""
        # Most that are asked for are new, and to open in vain takes five times as long as to ask.
        if not os.path.lexists(path):
            raise FileNotFoundError(path)
        with open(files.opened(path, os.O_RDWR), "rb") as file:  # one that cannot be written to is of no use either
            state = file_state(os.fstat(file.fileno()))
            if session_file.read_header(file) != session_id:
                return None
            end = session_file.read_end(file)
            if _is_doubtful(end, committed):
                if end.footer and not session_file.last_write_is_whole(file, end):
                    end = session_file.recover(file)
                if not end.footer and _has_committed(file, end.next_byte, committed):
                    raise self._set_aside(path)
                # Lines that are dropped because the file has them must be there to stay.
                files.sync_files(self._folder, [path])
                files.sync_folder(self._folder)
            if end.summary.messages_count == 0:  # torn before its first round was whole
                return self._without_rounds(path, session_id)
            missing = self._counts().missing(os.path.basename(path), file, end)
            lags = self._counts().lags(os.path.basename(path), end.summary.messages_count)
        session = OpenSession(path, end.summary, next_byte=end.next_byte, footer=end.footer, torn=not end.footer)
        session.state = state
        session.is_counted = not lags
        return self._compared(session, session_id, missing)

    def _without_rounds(self, path: bytes, session_id: str) -> OpenSession:
        """The end of a file that is to be written over."""
        session = OpenSession(path, Summary(), torn=True)
        session.state = file_state(os.stat(path))
        counted = self._counts().of(os.path.basename(path))
        return self._compared(session, session_id, counted.rounds if counted else None)

    def _compared(self, session: OpenSession, session_id: str, missing: int | None) -> OpenSession:
        """A session with what it lacks, which is only right while that is read again."""
        if missing is not None and not self._lacking.comes(session_id, missing):
            rounds = session.summary.messages_count
            lacks = f"has {rounds} of the {rounds + missing} rounds" if missing else "does not have the rounds"
            raise WentBack(f"{os.fsdecode(os.path.basename(session.path))} {lacks} that were written to it")
        session.missing = missing
        return session

    def _set_aside(self, path: bytes) -> SetAside:
        """Copy a damaged file to a name of its own."""
        with self._changing():  # or the copy could come while the session is deleted, and stay
            aside = _free_name_beside(path)
            files.copy(path, aside)
        self._damaged.add(path)
        return SetAside(os.fsdecode(aside))

    def make_way(self, odd: InTheWay) -> str:
        """Rename what is in the way of a session; where that cannot be done, the session gets its second name.

        Returns what was done, in words.  Raises what ``changing`` does.
        """
        with self._changing():
            aside = _free_name_beside(odd.path)
            try:
                os.rename(odd.path, aside)
                files.sync_folder(self._folder)
            except FileNotFoundError:
                pass
            except OSError as error:
                self._immovable.add(odd.path)
                return f"{odd} and cannot be set aside ({error.strerror}); its session is kept under another name"
        return f"{odd} and was set aside as {os.fsdecode(aside)}"


def _free_name_beside(path: bytes) -> bytes:
    number = 1
    while os.path.lexists(aside := path + b".corrupt-%d" % number):
        number += 1
    return aside


def _is_doubtful(end: End, committed: Mapping[str, int]) -> bool:
    """Whether a file's last write may never have been synced: its process was killed, or the power failed."""
    known = [
        end_byte <= committed[generation]
        for generation, end_byte in end.summary.positions.items()
        if generation in committed
    ]
    return not (end.footer and known and all(known))


def _has_committed(file: BinaryIO, start: int, committed: Mapping[str, int]) -> bool:
    """Whether there are rounds behind this byte, where a file is damaged, that nobody would read again.

    Then more than a last write was hit, and what is whole in the file may be the only copy.
    """
    logs = (each["log"] for each in session_file.rounds_behind(file, start))
    return any(end <= committed.get(generation, 0) for generation, _, end in logs)


# -- writing on where a file ends -------------------------------------------------------------------------------------------


def write_behind(session: OpenSession, data: bytes) -> os.stat_result:
    """Write from where the session's next round goes, into a new file where there is none; its state afterwards."""
    is_new = not session.next_byte and not session.torn
    flags = os.O_WRONLY | (os.O_CREAT | os.O_EXCL if is_new else 0)
    descriptor = files.opened(session.path, flags)
    try:
        if not is_new and file_state(os.fstat(descriptor)) != session.state:
            raise Outdated
        _append(descriptor, session, data)
        return os.fstat(descriptor)
    except OSError:
        if is_new:
            with contextlib.suppress(OSError):
                os.unlink(session.path)
        raise
    finally:
        os.close(descriptor)


def _append(descriptor: int, session: OpenSession, data: bytes) -> None:
    """One write over the old footer; where it fails, the old footer is put back."""
    try:
        files.write_all(descriptor, data, session.next_byte)
        if session.torn or len(data) < len(session.footer):
            os.ftruncate(descriptor, session.next_byte + len(data))
    except OSError:
        if session.footer:
            with contextlib.suppress(OSError):
                files.write_all(descriptor, session.footer, session.next_byte)
                os.ftruncate(descriptor, session.next_byte + len(session.footer))
        raise
