"""Do the session files, the index and the read positions agree?

Nothing is changed.  A monitor may be at work meanwhile: what does not agree while it writes is looked at once more,
and then left out.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from session_monitor.base import data_folder, files
from session_monitor.index import opening
from session_monitor.index.check import Compared, IndexCheck
from session_monitor.index.database import Index, Progress
from session_monitor.log import checkpoint
from session_monitor.prices.book import Book
from session_monitor.sessions import file_names
from session_monitor.sessions.round_counts import RoundCounts

from . import session_check
from .session_check import CheckFinding, Looked

ROUNDS_AT_ONCE = 5000
FILES_AT_ONCE = 200
MOST_FINDINGS = 1000
"""So many faults and so many notices are kept; all are counted."""

_ANEW = f"take {data_folder.INDEX} away: the next question makes it anew from the session files"
_NEXT = "the next question brings it up to date"
_TOUCHED = "nothing is lost; it is brought up to date when next a session file comes or goes"
_AGAIN = "the next run of main.py reads the logs from their beginning; nothing is counted twice"
_LEFTOVER = re.compile(
    rf"{re.escape(files.TEMPORARY)}\Z|{re.escape(data_folder.SET_ASIDE)}\d+\Z|{re.escape(data_folder.UNUSABLE)}\Z"
)
_KEPT = "a file that was set aside; take it away when nothing in it is missed"
_INPUT = "left by a run on standard input that was killed; the next run of main.py takes it away, and so does 'repair'"
_TMP = "left by a write that was interrupted; take it away"


@dataclass
class Result:
    """What was found.  Of more than ``MOST_FINDINGS`` the rest is only counted."""

    files: int = 0
    rounds: int = 0
    fault_count: int = 0
    notice_count: int = 0
    faults: list[CheckFinding] = field(default_factory=list)
    notices: list[CheckFinding] = field(default_factory=list)

    def fault(self, finding: CheckFinding) -> None:
        """Take in what is wrong."""
        self.fault_count += 1
        if len(self.faults) < MOST_FINDINGS:
            self.faults.append(finding)

    def notice(self, finding: CheckFinding) -> None:
        """Take in what should be known and is not wrong."""
        self.notice_count += 1
        if len(self.notices) < MOST_FINDINGS:
            self.notices.append(finding)


def verify(folder: str, state_file: str, book: Book, progress: Progress, *, quick: bool = False) -> Result:
    """Look at everything; ``quick`` reads of each session file only its header and its footer.

    ``progress`` hears of bytes.  Raises ``OSError`` where there is no such folder.
    """
    run = _Run(folder, book, quick=quick)
    with run.index_open():
        again = run.look(sorted(_listed(folder)), progress, FILES_AT_ONCE)
        # By now a monitor may have got on; one file at a time leaves it the least room to change anything meanwhile.
        for name, _ in run.look(again, _silent, 1, is_last=True):
            run.result.notice(CheckFinding(name, "changed while it was looked at, and was left out", "verify again"))
        run.look_at_index()
    run.close()
    run.look_at_state(state_file)
    told = {fault.file for fault in run.result.faults}
    for odd in data_folder.odd_things(folder):
        name = os.path.basename(odd.filename)
        if name not in told:
            run.result.fault(CheckFinding(name, odd.what, "take it away"))
    for finding in _leftovers(folder):
        run.result.notice(finding)
    return run.result


Listed = list[tuple[str, int]]
"""Names of files with their sizes."""


def _listed(folder: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if file_names.is_session(entry.name):
                with contextlib.suppress(FileNotFoundError):
                    yield file_names.listed(entry.name), entry.stat(follow_symlinks=False).st_size


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def _leftovers(folder: str) -> Iterator[CheckFinding]:
    """What interrupted writes and set-aside files have left."""
    for name in sorted(filter(_LEFTOVER.search, os.listdir(folder))):
        if os.path.lexists(os.path.join(folder, name)):  # a monitor at work has such files for a moment
            what, todo = ("is a leftover", _TMP) if name.endswith(files.TEMPORARY) else ("was set aside", _KEPT)
            yield CheckFinding(name, what, todo)
    if os.path.lexists(data_folder.input_file(folder)) and not data_folder.is_monitor_at_work(folder):
        yield CheckFinding(data_folder.STDIN, "is a leftover", _INPUT)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


class _Run:
    """One look at a folder."""

    def __init__(self, folder: str, book: Book, *, quick: bool) -> None:
        self.result = Result()
        self._folder = folder
        self._book = book
        self._quick = quick
        self._counts = RoundCounts(folder, to_write=False)
        self._index: IndexCheck | None = None
        self._is_complete = self._is_writing = False
        self._behind = 0
        self._applied: dict[str, tuple[int, str]] = {}  # how far each generation is in the sessions, and in which most

    def close(self) -> None:
        """Hold the session files against nothing more."""
        self._counts.close()

    def _at_work(self) -> bool:
        return data_folder.is_monitor_at_work(self._folder)

    # -- the session files ---------------------------------------------------------------------------------------------

    def look(self, listed: Listed, progress: Progress, at_once: int, *, is_last: bool = False) -> Listed:
        """Look at these files; returns those that changed meanwhile, or that a monitor may just be writing to."""
        total, done = sum(size for _, size in listed), 0
        again: Listed = []
        batch: list[Looked] = []
        rounds = 0
        for name, size in listed:
            batch.append(session_check.look(self._folder, name, quick=self._quick, counts=self._counts))
            rounds += len(batch[-1].written.rounds) if batch[-1].written else 0
            done += size
            if rounds >= ROUNDS_AT_ONCE or len(batch) >= at_once:
                again += self._settle(batch, is_last=is_last)
                batch, rounds = [], 0
                progress(done, total)
        again += self._settle(batch, is_last=is_last)
        progress(done, total)
        return again

    def _settle(self, batch: list[Looked], *, is_last: bool) -> Listed:
        at_work = self._at_work()
        again = []
        compared = self._compared(batch)
        for looked in batch:
            answer = compared.get(looked.file)
            is_wrong = bool(looked.faults or (answer and answer.differing))
            has_changed = session_check.state_now(self._folder, looked.file) != looked.state
            may_be_changing = self._is_writing if is_last else is_wrong
            if has_changed or (at_work and is_wrong and may_be_changing):
                again.append((looked.file, 0))
            elif looked.state:
                self._take(looked, answer)
        return again

    def _take(self, looked: Looked, answer: Compared | None) -> None:
        """What was found of a file holds."""
        self.result.files += 1
        for fault in looked.faults:
            self.result.fault(fault)
        if looked.written:
            self.result.rounds += looked.written.summary.messages_count
            for generation, end in looked.written.summary.positions.items():
                self._applied[generation] = max(self._applied.get(generation, (0, "")), (end, looked.file))
        if answer is None:
            return
        if answer.is_behind and not self._is_complete:
            self._behind += 1
        elif answer.is_touched:
            what = "has another time than in the index, and nothing else in it differs"
            self.result.notice(CheckFinding(looked.file, what, _TOUCHED))
        else:
            for what in answer.differing:
                self.result.fault(CheckFinding(looked.file, f"differs from the index: {what}", _ANEW))

    # -- the index -----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def index_open(self) -> Iterator[None]:
        """Have the index open in the block, if there is one that can be used."""
        path = os.path.join(self._folder, data_folder.INDEX)
        with contextlib.ExitStack() as stack:
            if not os.path.lexists(path):
                self.result.notice(CheckFinding(data_folder.INDEX, "there is none", "the next question makes it"))
            elif any(odd.filename == path for odd in data_folder.odd_things(self._folder)):
                pass  # told as what it is
            else:
                with self._guarded():
                    db = stack.enter_context(contextlib.closing(opening.read_only(path)))
                    found = Index(db, self._folder, self._book)
                    if found.is_known():
                        self._index = IndexCheck(found)
                    else:
                        what = "is another version's"
                        self.result.notice(CheckFinding(data_folder.INDEX, what, "the next question makes it anew"))
            yield

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except opening.NoIndexError:
            what = "is a copy, or a part of it was taken away or replaced; it was left out"
            self.result.notice(CheckFinding(data_folder.INDEX, what, "the next question makes it anew"))
        except opening.DAMAGE as error:
            self._index = None
            if isinstance(error, sqlite3.OperationalError):
                self.result.fault(CheckFinding(data_folder.INDEX, f"cannot be read: {error}", _ANEW))
            else:
                self.result.fault(CheckFinding(data_folder.INDEX, "is damaged", _ANEW))

    def _compared(self, batch: list[Looked]) -> dict[str, Compared]:
        """What one state of the index says of these files."""
        compared = {}
        with self._guarded():
            if self._index:
                self._begin(self._index)
                for looked in batch:
                    if looked.written and not looked.faults:
                        compared[looked.file] = self._index.compare(looked.written, quick=self._quick)
        return compared

    def _begin(self, check: IndexCheck) -> None:
        check.snapshot()
        self._is_complete = check.index.is_complete()
        self._is_writing = bool(check.index.meta("writing"))

    def look_at_index(self) -> None:
        """Whether the index agrees with itself, and has no rows too many."""
        with self._guarded():
            if not self._index:
                return
            self._begin(self._index)
            for what in self._index.contradictions(quick=self._quick):
                self.result.fault(CheckFinding(data_folder.INDEX, what, _ANEW))
            gone = list(self._index.without_file())
            if self._is_complete and self._index.index.is_complete():  # still, after all files were looked for
                for file in gone:
                    self.result.fault(CheckFinding(file, "has a row in the index and is not there", _ANEW))
            elif self._is_writing and not self._at_work():
                what = "a monitor was ended while it wrote; it may lack what that wrote last"
                self.result.notice(CheckFinding(data_folder.INDEX, what, _NEXT))
            elif (self._behind or gone) and not self._at_work():
                what = f"is behind the session files by {self._behind + len(gone)} of them"
                self.result.notice(CheckFinding(data_folder.INDEX, what, _NEXT))
            if not self._index.index.is_priced():
                what = "holds the costs of other prices; they were not compared"
                self.result.notice(CheckFinding(data_folder.INDEX, what, "the next question prices it anew"))

    # -- the read positions --------------------------------------------------------------------------------------------

    def look_at_state(self, state_file: str) -> None:
        """Whether the read positions are as far as the sessions."""
        name = os.path.basename(state_file)
        at_work = self._at_work()
        try:
            state = checkpoint.read(state_file, self._folder)
        except checkpoint.UnusableStateError as unusable:
            self.result.fault(CheckFinding(name, str(unusable), _AGAIN))
            return
        if state is None:
            self.result.notice(CheckFinding(name, "there is none", _AGAIN))
            return
        committed: dict[str, int] = {}
        there: dict[str, int] = {}
        for view in state.views.values():
            for generation in view.generations:
                committed[generation.gid] = max(generation.known_to, committed.get(generation.gid, 0))
                size = 0 if generation.gone else _size(generation.path)
                there[generation.gid] = max(size, there.get(generation.gid, 0))
        for gid, (end, file) in self._applied.items():
            if gid in committed and committed[gid] < end and not at_work:
                what = f"is behind: the log {gid} was read up to byte {committed[gid]}, and {file} has it up to {end}"
                todo = "the next run of main.py reads it again from there; nothing is lost or counted twice"
                # Where a lost state was made anew from a copy that ends early, no run gets as far as the sessions are.
                tell = self.result.notice if self._is_writing or there[gid] < end else self.result.fault
                tell(CheckFinding(name, what, todo))
