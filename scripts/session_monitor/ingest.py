"""What does one poll do?

    1 look      which generation is in which file                       siblings, identity
    2 read      the whole lines behind each generation's offset         log_file
    3 take      line -> call -> its session, in memory                  ai_log, store
    4 commit    session files first, synced; then the read positions    store, checkpoint

A batch of lines goes through 2 to 4 together, so memory stays bounded and a stop loses nothing.  Whatever ends the
process between two steps, the next poll reads from the last commit, and the session files drop what they have.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Callable

from . import ai_log, identity, log_file, siblings
from .checkpoint import Checkpoint
from .coverage import Coverage
from .identity import Generation
from .log_file import LogFile, NotAFile, NotReady
from .session_file import Summary
from .store import SetAside, Store
from .usage import Usage

BATCH_LOG_BYTES = 32 << 20
BATCH_SESSION_BYTES = 8 << 20
BATCH_SESSIONS = 4096
LINES_BETWEEN_LOOKS = 500
MOST_NOTICES = 20
TRIES = 10
"""How often one poll looks again when the files change while they are read."""


@dataclass
class Tokens:
    """Tokens by kind, summed over rounds."""

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0

    def count(self, usage: Usage) -> None:
        """Count one call in."""
        self.input += usage.input_tokens
        self.output += usage.output_tokens
        self.cached += usage.cache_read
        self.cache_write += usage.cache_write
        self.reasoning += usage.reasoning

    def add(self, other: Tokens) -> None:
        """Count other rounds in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Poll:
    """What one poll did: what was new, what it read, and what a person should hear of.

    ``problems`` are what keeps the result from being complete: a log that may not be read, a session file that had
    to be set aside; ``notices`` are what it can do nothing about.  ``behind`` are the bytes still to be read (a
    stopped poll leaves some).
    """

    logs_found: int = 0
    new_sessions: int = 0
    new_rounds: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    coverage: Coverage = field(default_factory=Coverage)
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    bytes_to_read: int = 0
    bytes_read: int = 0

    def problem(self, text: str) -> None:
        """Note a problem, once."""
        if text not in self.problems:
            self.problems.append(text)

    def add(self, other: Poll) -> None:
        """Count another poll in; problems are those of the last one."""
        self.logs_found = other.logs_found
        self.new_sessions += other.new_sessions
        self.new_rounds += other.new_rounds
        self.tokens.add(other.tokens)
        self.coverage.add(other.coverage)
        self.problems = other.problems
        self.notices = [*self.notices, *other.notices][-MOST_NOTICES:]

    @property
    def behind(self) -> int:
        """Bytes that were there when the poll began and are still unread."""
        return max(0, self.bytes_to_read - self.bytes_read)


@dataclass
class _Batch:
    """Lines that were taken and not committed yet."""

    ends: dict[str, tuple[Generation, LogFile, int]] = field(default_factory=dict)
    coverage: dict[str, Coverage] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    rounds: int = 0
    bytes: int = 0


class _Changed(Exception):  # noqa: N818
    """A file was truncated while it was read; what was read of it may be of two generations."""


class Ingest:
    """The way from logs to session files, one poll at a time."""

    def __init__(
        self,
        patterns: Sequence[str],
        store: Store,
        checkpoint: Checkpoint,
        *,
        session_key: str | None = None,
        allowed: Sequence[str] = (),
        stop: Callable[[], bool] = lambda: False,
        on_commit: Callable[[Poll, dict[str, Summary]], None] = lambda _poll, _sessions: None,
    ) -> None:
        """``stop`` is asked between lines; ``on_commit`` hears of each batch, with the sessions that it wrote."""
        self._patterns = list(patterns)
        self._store = store
        self._checkpoint = checkpoint
        self._view = checkpoint.view(session_key)
        self._session_key = session_key
        self._allowed = [os.path.realpath(folder) for folder in allowed]
        self._stop = stop
        self._on_commit = on_commit
        self._batch = _Batch()

    @property
    def coverage(self) -> Coverage:
        """All that was ever read with this filter."""
        return self._view.coverage

    def poll(self) -> Poll:
        """Read all that is there now.  Raises ``OSError`` where the output folder fails."""
        poll = Poll()
        for _ in range(TRIES):
            if self._pass(poll):
                break
        return poll

    def _pass(self, poll: Poll) -> bool:
        """One look and all that it finds; False where another look is needed."""
        opened: list[LogFile] = []
        try:
            certain = self._open(poll, opened)
            found = self._look(poll, opened, certain=certain)
            poll.logs_found = len(opened)
            poll.bytes_to_read = poll.bytes_read + sum(_unread(*pair) for pair in found)
            self._checkpoint.save()  # new generations are known before their first line is applied
            self._read_all(poll, found)
        except _Changed:
            self._drop_batch()
            return False
        except SetAside as aside:
            self._drop_batch()
            for generation in self._view.generations:
                generation.rewind()
            poll.problem(
                f"a session file could not be read and was set aside as {aside}; "
                "its rounds are read again from the logs that are still there"
            )
            return False
        except OSError:
            self._drop_batch()
            raise
        finally:
            for file in opened:
                file.close()
        return True

    # -- 1 look --------------------------------------------------------------------------------------------------------

    def _open(self, poll: Poll, opened: list[LogFile]) -> bool:
        """Open every file of the logs once; False where one that is there could not be."""
        certain = True
        keys = set()
        try:
            places = siblings.find(self._patterns)
        except OSError as error:
            poll.problem(f"{error.filename} cannot be listed: {error.strerror}")
            return False
        for place in places:
            if self._allowed and not siblings.is_under(place.path, self._allowed):
                poll.problem(f"{place.path} is outside the folders that --allow-dir permits; it was not read")
                continue
            try:
                file = LogFile(place)
            except FileNotFoundError:  # renamed just now
                certain = False
                continue
            except (OSError, NotAFile) as error:
                certain = False
                reason = "is no regular file" if isinstance(error, NotAFile) else f"cannot be read: {error.strerror}"
                poll.problem(f"{place.path} {reason}")
                continue
            if file.key in keys or not self._is_ready(file):
                certain = certain and file.key in keys
                file.close()
                continue
            keys.add(file.key)
            opened.append(file)
        return certain

    def _is_ready(self, file: LogFile) -> bool:
        """A compressed file is read once it is whole."""
        if any(generation.file_state == file.state for generation in self._view.generations):
            return True
        try:
            return file.size >= 0
        except NotReady:
            return False

    def _look(self, poll: Poll, opened: list[LogFile], *, certain: bool) -> list[tuple[Generation, LogFile]]:
        """Each generation with its file, oldest first; the view afterwards knows all that are there."""
        view = self._view
        match = identity.match(view.generations, opened)
        for generation, file in match.found:
            if generation.file_state != file.state or generation.gone:
                generation.seen_in(file)
        for generation in match.missing:
            if certain and not generation.gone:
                _give_up(poll, generation)
        for file in match.new:
            taken = {generation.gid for generation in view.generations}
            generation_or_none = identity.new_generation(file, taken, view.next_sequence())
            if generation_or_none:
                view.generations.append(generation_or_none)
                match.found.append((generation_or_none, file))
        view.forget_old()
        self._store.committed = {generation.gid: generation.offset for generation in view.generations}
        return sorted(match.found, key=lambda pair: pair[0].sequence)

    # -- 2 read --------------------------------------------------------------------------------------------------------

    def _read_all(self, poll: Poll, found: list[tuple[Generation, LogFile]]) -> None:
        for generation, file in found:
            if _unread(generation, file):
                self._read(poll, generation, file)
            if self._stop():
                break
        self._commit(poll)

    def _read(self, poll: Poll, generation: Generation, file: LogFile) -> None:
        last = generation.offset
        for number, (start, end, line) in enumerate(log_file.lines(file, last, file.size), 1):
            coverage = self._batch.coverage.setdefault(generation.gid, Coverage())
            coverage.lines += 1
            coverage.bytes += end - start
            self._take(line, (generation.gid, start, end), coverage)
            self._batch.ends[generation.gid] = generation, file, end
            self._batch.bytes += end - start
            if self._is_full():
                self._commit(poll)
            if number % LINES_BETWEEN_LOOKS == 0 and self._stop():
                break

    # -- 3 take --------------------------------------------------------------------------------------------------------

    def _take(self, line: bytes | None, log: tuple[str, int, int], coverage: Coverage) -> None:
        if line is None:
            coverage.skip("too_long")
            return
        stripped = line.strip(b"\0")  # a truncated file that was written on at its old offset begins with a hole
        call = ai_log.parse(stripped)
        if isinstance(call, ai_log.Skipped):
            coverage.skip("nul_bytes" if line and not stripped else call.reason)
            return
        if self._session_key is not None and not _matches(call.group, self._session_key):
            coverage.skip("other_session")
            return
        coverage.calls += 1
        coverage.failed += call.error is not None
        coverage.without_session_id += call.session_id is None
        coverage.without_tokens += not call.has_tokens
        coverage.content_cut += bool(call.cut)
        coverage.outer_broken += call.outer_broken
        if self._store.add(call, log):
            self._batch.rounds += 1
            self._batch.tokens.count(call.usage)

    # -- 4 commit ------------------------------------------------------------------------------------------------------

    def _is_full(self) -> bool:
        return (
            self._batch.bytes >= BATCH_LOG_BYTES
            or self._store.pending_bytes >= BATCH_SESSION_BYTES
            or self._store.touched >= BATCH_SESSIONS
        )

    def _commit(self, poll: Poll) -> None:
        batch = self._batch
        if not batch.ends:
            return
        for generation, file, end in batch.ends.values():
            if file.current_size() < end or not identity.begins(generation, file):
                raise _Changed
        new, sessions = self._store.flush()
        for generation, file, end in batch.ends.values():
            generation.advance(file, end)
            generation.coverage.add(batch.coverage[generation.gid])
            poll.coverage.add(batch.coverage[generation.gid])
        self._batch = _Batch()
        self._checkpoint.save()
        self._store.committed = {generation.gid: generation.offset for generation in self._view.generations}
        poll.bytes_read += batch.bytes
        poll.new_sessions += new
        poll.new_rounds += batch.rounds
        poll.tokens.add(batch.tokens)
        self._on_commit(poll, sessions)

    def _drop_batch(self) -> None:
        self._batch = _Batch()
        self._store.discard()


def _give_up(poll: Poll, generation: Generation) -> None:
    """Its file is gone; what was seen of it and not read is lost, and is said to be."""
    lost = generation.size_seen - generation.offset
    generation.gone = True
    if lost:
        generation.coverage.lost_bytes = lost
        poll.coverage.lost_bytes += lost
        poll.notices.append(f"at least {lost} bytes are lost: {generation.path} was removed before they were read")


def _unread(generation: Generation, file: LogFile) -> int:
    """Bytes of the file behind what was read; a compressed file that is known and unchanged is not opened for it."""
    size = generation.size_seen if generation.file_state == file.state else file.size
    return max(0, size - generation.offset)


def _matches(session_id: str, session_key: str) -> bool:
    return session_id == session_key or fnmatch.fnmatchcase(session_id, session_key)
