"""Which rounds are new to a session, and how do they get into its file?

``add`` puts a round into memory, ``flush`` writes what was added, one write a session, and makes it last.  Each
session file says up to which byte of each generation of the log it has been applied, so a line that is read again
after a crash is recognised and dropped: ``add`` may be called with any line any number of times.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Callable, NamedTuple

from session_monitor.base import data_folder, files
from session_monitor.base.compact_json import sealed

from . import deleted, file_names, message_history, opening, session_file, threads
from .deleted import Tombstones
from .lacking import Lacking
from .opening import InTheWay, OpenSession, SessionOpener, WentBack, file_state
from .record import CHAT_ROUND, entry_of, short_line_of
from .summary import Coming, Written
from .write_lock import Outdated

if TYPE_CHECKING:
    from session_monitor.calls.long_lines import Known, Sent
    from session_monitor.calls.round import Round
    from session_monitor.calls.short_lines import ShortCall

    from .round_counts import RoundCounts
    from .stored_round import RoundFacts
    from .threads import PlacedCall

REMEMBERED = 2048
"""How many sessions' ends are kept in memory between two flushes."""
REMEMBERED_POSITIONS = 6 * REMEMBERED
"""With so many read positions at most: an end takes the more memory the more generations it names."""
MOST_SENT = 32 << 20
"""Bytes of what sessions sent last that are kept; of more of it there are digests."""


class NotAloneError(Exception):
    """Something has to be done to the folder that one process alone may do."""


def _not_alone() -> AbstractContextManager[None]:
    raise NotAloneError


class Flushed(NamedTuple):
    """What was written: how many sessions are new, what is new in each, and what is to be counted of their files.

    ``first_ends`` say of each with which byte of its log the first line of that ended.
    """

    new: int
    written: list[Written]
    counted: list[tuple[bytes, tuple[int, int]]]
    first_ends: list[int]


def count(folder: str) -> int:
    """How many session files there are."""
    with os.scandir(folder) as entries:
        return sum(file_names.is_session(entry.name) for entry in entries)


class Store:
    """The session files of one folder."""

    def __init__(
        self,
        folder: str,
        *,
        full_messages: bool = False,
        lock: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        """Keep sessions in this folder, which must exist; with ``full_messages`` each round holds all of its own.

        ``lock`` keeps others from changing session files, and raises ``Outdated`` where they did since the last time.
        """
        self._folder = folder
        self._full_messages = full_messages
        self._lock = lock
        self._known_counts: RoundCounts | None = None
        self.lacking = Lacking()
        self._opener = SessionOpener(folder, self._counts, self.lacking, self.changing)
        self._deleted: Tombstones | None = None
        self.problem: str | None = None
        """What is wrong with the list of deleted sessions, if anything."""
        self.committed: Mapping[str, int] = {}
        """Up to which byte each generation was read when the checkpoint was last written: all of that was synced."""
        self.read_before: Callable[[str, str], int] = lambda _session_id, _generation: 0
        """Up to which byte a generation had been read for a session when it was last rewound."""
        self.committed_flushes = 0
        """How many flushes the checkpoint knows of."""
        self._sessions: OrderedDict[str, OpenSession] = OrderedDict()
        self._touched: dict[str, OpenSession] = {}
        self.pending_bytes = 0
        self._sent_bytes = 0

    def add(self, call: Round, log: tuple[str, int, int]) -> bool:
        """Take in one call whose line stood at ``log`` (generation, first byte, the one behind the last).

        False where its session has that line already.  Raises ``SetAside``, ``InTheWay``, ``WentBack`` and ``OSError``.
        """
        session = self._lacking(call.group, log)
        if session is None:
            return False
        number = session.summary.messages_count + 1
        if not call.messages:
            facts, rest = entry_of(call, number, log, 0)
            if rest["question"] and session.summary.is_for_tools(call.chat_round, facts):
                rest["question"] = ""
            line = session_file.round_line(facts, (), rest)
        else:
            texts = message_history.encoded(call.messages)
            history, count = session.summary.history, session.summary.threads
            placed = threads.place_of(history, count, call, texts, is_whole=self._full_messages)
            facts, rest = entry_of(call, number, log, placed.shared, placed.place)
            line = session_file.round_line(facts, texts[placed.shared - call.from_history :], rest)
            self._go_on(session, placed, facts, call.sent)
        self._take(call.group, session, facts, line, log)
        session.summary.heard(call.chat_round, facts)
        return True

    def _go_on(self, session: OpenSession, placed: PlacedCall, facts: RoundFacts, sent: Sent | None) -> None:
        """A round is a conversation's last now."""
        conversation = placed.conversation(facts)
        session.summary.history = message_history.latest(session.summary.history, conversation)
        if sent or session.sent:
            self._remember(session, conversation.thread, sent)

    def add_short(self, call: ShortCall, log: tuple[str, int, int]) -> bool:
        """The same for a short one."""
        session = self._lacking(call.group, log)
        if session is None:
            return False
        facts, line = short_line_of(call, session.summary.messages_count + 1, log)
        self._take(call.group, session, facts, sealed(line), log)
        session.summary.heard(int(call.places[CHAT_ROUND] or 0), facts)
        return True

    def _lacking(self, group: str, log: tuple[str, int, int]) -> OpenSession | None:
        """The session of this id, which is going to change; None where it has that line already."""
        session = self._session(group)
        generation, start, _ = log
        if start < session.deleted.get(generation, 0):
            return None
        if start < self._applied(session, generation):
            if session.torn:  # by a run that was killed; nothing new may ever come to mend it
                self._touched[group] = session
            return None
        return session

    @staticmethod
    def _applied(session: OpenSession, generation: str) -> int:
        """Up to which byte a generation is in a session; of one that its end does not name its rounds tell."""
        position = session.summary.positions.get(generation)
        if position is not None:
            return position
        if session.summary.knows_all_positions or not session.next_byte:
            return 0
        if session.applied is None:
            with files.reading(session.path) as file:
                session.applied = session_file.applied(file)
        return session.applied.get(generation, 0)

    def _take(
        self, group: str, session: OpenSession, facts: RoundFacts, line: bytes, log: tuple[str, int, int]
    ) -> None:
        self._touched[group] = session
        session.summary.add(facts, log)
        if session.applied and log[0] not in session.applied:
            session.applied = None  # it names all generations of before, which few lines come from when a new one began
        if session.missing and log[1] < self.read_before(group, log[0]):
            session.missing -= 1
        if not session.pending:
            session.first_end = log[2]
        session.pending.append(line)
        session.facts.append(facts)
        self.pending_bytes += len(line)

    @property
    def known(self) -> Known | None:
        """What tells what conversations sent last; None where each round is to hold all of its messages."""
        return None if self._full_messages else self.sent

    def sent(self, session_id: str) -> Iterable[Sent]:
        """What the last call of each conversation of a session sent, where that is remembered; the latest first."""
        session = self._sessions.get(session_id)
        if not session:
            return ()
        # Of one that is not in the history any more nothing may be left out, if its bytes are still here.
        threads_ = [each.thread for each in session.summary.history]
        return [session.sent[thread] for thread in threads_ if thread in session.sent]

    def _remember(self, session: OpenSession, thread: int, sent: Sent | None) -> None:
        """Keep what was sent, and of the sessions that were quiet for longest digests where lines are too many."""
        known = session.sent
        self._sent_bytes -= len(known.pop(thread).line) if thread in known else 0
        for gone in known.keys() - {each.thread for each in session.summary.history}:
            self._sent_bytes -= len(known.pop(gone).line)
        if sent:
            known[thread] = sent.of_thread(thread)
            self._sent_bytes += len(sent.line)
        if self._sent_bytes > MOST_SENT:
            self._shorten_sent(session)

    def _shorten_sent(self, latest: OpenSession) -> None:
        """Keep digests of what was sent, of the sessions that were quiet for longest first; all of the last call."""
        for session in self._sessions.values():
            for thread, sent in list(session.sent.items()):
                if session is not latest or sent is not next(reversed(session.sent.values())):
                    session.sent[thread] = sent.without_bytes()
                    self._sent_bytes -= len(sent.line)
            if self._sent_bytes <= MOST_SENT // 2:
                return

    def _forget_sent(self, session: OpenSession) -> None:
        self._sent_bytes -= sum(len(sent.line) for sent in session.sent.values())

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """For as long as the block runs, nobody else changes session files.

        Raises ``Outdated`` where somebody did since the last time; then all that was known of them is forgotten, with
        what was added since the last flush.
        """
        try:
            with self._lock():
                yield
        except Outdated:
            self.discard()
            self.lacking.forget()
            self._deleted = None
            self._opener.look_again()
            raise

    def make_way(self, odd: InTheWay) -> str:
        """See ``SessionOpener.make_way``; raises ``Outdated`` as well."""
        return self._opener.make_way(odd)

    @property
    def touched(self) -> int:
        """How many sessions the next flush will write."""
        return len(self._touched)

    def coming(self) -> list[Coming]:
        """What the next flush will write."""
        return [_coming(session_id, each) for session_id, each in self._touched.items() if each.pending]

    def flush(self) -> tuple[int, list[Written]]:
        """Write all that was added and make it last; returns how many sessions are new, and what was written.

        Raises ``Outdated`` where somebody put another file in the place of one that is known.  Then, and on
        ``OSError``, nothing that was added counts as written: call ``discard``, and add it again some time.
        """
        went_back = [
            each for each in self._touched.values() if each.missing is not None and each.summary.messages_count
        ]
        if went_back:  # first, for afterwards nothing else could tell what they lack
            self._counts().begin_flush(self.committed_flushes)
            # Its number first, or after a power failure read positions could follow what is only now going to come.
            self._counts().put(())
            self._counts().put(map(_counted, went_back))
        flushed = self._write_touched()
        self.keep_counts(flushed.counted)
        self._forget_touched()
        return flushed.new, flushed.written

    def write(self) -> Flushed:
        """As ``flush``, but that nothing is counted: that is left to who calls ``keep_counts`` with what this returns."""
        flushed = self._write_touched()
        self._forget_touched()
        return flushed

    def _write_touched(self) -> Flushed:
        touched = {session_id: each for session_id, each in self._touched.items() if each.summary.messages_count}
        new = [session for session in touched.values() if not session.next_byte]
        written = [self._write(session_id, session) for session_id, session in touched.items()]
        files.sync_files(self._folder, [session.path for session in touched.values()])
        if new:
            files.sync_folder(self._folder)
        first_ends = [session.first_end for session in touched.values()]
        return Flushed(len(new), written, list(map(_counted, touched.values())), first_ends)

    def _forget_touched(self) -> None:
        for session_id, session in self._touched.items():
            if session.missing is not None:
                self.lacking.wrote(session_id, os.path.basename(session.path), session.missing)
        self._touched = {}
        self.pending_bytes = 0
        self.close()
        for session in self._sessions.values():
            session.applied = None
        self._forget_ends()

    def keep_counts(self, counted: Sequence[tuple[bytes, tuple[int, int]]]) -> None:
        """Keep how many rounds these files have, by their names, now that they last.  Raises ``OSError``."""
        if counted:
            self._counts().begin_flush(self.committed_flushes)
            self._counts().put(counted)

    def of_a_share(self) -> Store:
        """What another process writes a share of the sessions with, while this one holds the lock and keeps the counts.

        It sets nothing aside and reads nothing again: where that would have to be done, it raises ``NotAloneError``.
        """
        return Store(self._folder, full_messages=self._full_messages, lock=_not_alone)

    def _forget_ends(self) -> None:
        """Of the sessions that were quiet for longest nothing is kept where they are too many."""
        positions = sum(len(session.summary.positions) for session in self._sessions.values())
        while len(self._sessions) > REMEMBERED or positions > REMEMBERED_POSITIONS:
            _, session = self._sessions.popitem(last=False)
            positions -= len(session.summary.positions)
            self._forget_sent(session)

    def close(self) -> None:
        """Let go of what is open; it is opened again when it is needed."""
        if self._known_counts:
            self._known_counts.close()

    # -- what went back ------------------------------------------------------------------------------------------------

    @property
    def flushes(self) -> int:
        """How many flushes this folder has seen.  Raises ``OSError``.  To be followed by ``close``."""
        return self._counts().flushes

    def wait_for(self, lacking: Mapping[str, int | None]) -> None:
        """See ``Lacking.wait_for``; also where no line of theirs comes.  Raises as ``add`` does."""
        self.lacking.wait_for(lacking)
        for session_id in lacking:
            self._session(session_id)

    def settle(self) -> None:
        """See ``Lacking.settle``."""
        self.lacking.settle(self._counts())
        self.close()
        for session in self._sessions.values():
            session.missing = None

    def discard(self) -> None:
        """Forget all that was added since the last flush."""
        self.close()
        self.lacking.discard()
        self._sessions.clear()
        self._sent_bytes = 0
        self._touched = {}
        self.pending_bytes = 0

    def _counts(self) -> RoundCounts:
        """How many rounds files had; most passes need not know."""
        if self._known_counts is None:
            from .round_counts import RoundCounts  # noqa: PLC0415 -- as it says

            self._known_counts = RoundCounts(self._folder)
        return self._known_counts

    # -- one session ---------------------------------------------------------------------------------------------------

    def _session(self, session_id: str) -> OpenSession:
        session = self._sessions.get(session_id)
        if session is None:
            session = self._sessions[session_id] = self._open(session_id)
            # Of a live copy the table may be older than a session's file, and nothing new may ever come to it.
            if session.missing is not None or not session.is_counted:
                self._touched[session_id] = session  # so that what it has is counted anew
        self._sessions.move_to_end(session_id)
        return session

    def _open(self, session_id: str) -> OpenSession:
        if self._counts().flushes < self.committed_flushes and not self.lacking.is_rereading:
            raise WentBack(f"the read positions are newer than {data_folder.ROUND_COUNTS}, which they should follow")
        session = self._opener.open(session_id, self.committed)
        if self._deleted is None:
            self.problem = None
            try:
                self._deleted = deleted.read(self._folder)
            except deleted.DeletedListDamagedError as damaged:
                self._deleted = Tombstones()
                self.problem = f"{damaged}; where logs are read again, what was deleted comes back"
        session.deleted = self._deleted.positions(session_id)
        return session

    def _write(self, session_id: str, session: OpenSession) -> Written:
        header = b"" if session.next_byte else session_file.header(session_id)
        lines = header + b"".join(session.pending)
        footer = session_file.footer(session.summary, session.next_byte, lines)
        state = opening.write_behind(session, lines + footer)
        starts = itertools.accumulate(map(len, session.pending), initial=session.next_byte + len(header))
        facts = [(each, start, len(line)) for each, start, line in zip(session.facts, starts, session.pending)]
        session.next_byte += len(lines)
        session.footer = footer
        session.torn = False
        session.is_counted = True
        session.state = file_state(state)
        session.crc32 = session_file.crc32_of_line(lines) if lines else session.crc32
        session.pending, session.facts = [], []
        self._opener.written(session.path)
        return Written(
            session_id, _name_of(session), session.summary, state.st_size, state.st_mtime_ns, session.next_byte, facts
        )


def _coming(session_id: str, session: OpenSession) -> Coming:
    count = len(session.pending)
    first = session.summary.messages_count - count + 1
    start = session.next_byte or len(session_file.header(session_id))
    return Coming(session_id, _name_of(session), first, count, start)


def _name_of(session: OpenSession) -> str:
    """The name of its file, as rows have it."""
    return os.path.basename(session.path).decode("utf-8", "surrogateescape")


def _counted(session: OpenSession) -> tuple[bytes, tuple[int, int]]:
    """What is to be known of a file when it is written; with what it lacks, until that is known to be lost."""
    rounds = session.summary.messages_count + (session.missing or 0)
    if session.pending:
        session.crc32 = session_file.crc32_of_line(session.pending[-1])
    if session.crc32 is None:
        with files.reading(session.path) as file:
            session.crc32 = session_file.crc32_before(file, session.next_byte)
    return os.path.basename(session.path), (rounds, session.crc32)
