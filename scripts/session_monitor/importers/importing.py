"""What does one import do?

    1 look      which files of an agent are others than before        places, progress
    2 order     the one that begins first goes first: of what several tell it is the one that it was said in
    3 read      calls, each once                                       readers
    4 sift      not those that stand in the log, nor those that a gateway or the proxy logged, nor what may still grow
    5 write     what they are known by, then their lines               recording

Whatever ends the process, the next import goes on: the log tells what it has.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Callable, NamedTuple

from session_monitor.base import data_folder, files
from session_monitor.recording import log_line, recorded_log
from session_monitor.recording.known_calls import KnownCalls
from session_monitor.recording.recorded_call import RecordedCall

from . import places
from .agents import databases, json_lines
from .agents.found import FileReading, FoundCall, moment
from .agents.readers import READERS
from .logged import LoggedCalls
from .places import Agent
from .progress import ImportProgress
from .proxied import ProxiedCalls
from .tally import Tally

QUIET = 60.0
"""Seconds after which a file is taken not to grow any more."""
_BATCH_CALLS, _BATCH_BYTES = 4000, 4 << 20
_AGAIN = frozenset(("not_a_file", "damaged", "compressed", "archived"))
"""What may be read another time, though the file is as it was."""
_HEAD = 64 << 10
_PATIENCE = 2.0
"""Seconds to wait for another import, as one has to that reads what came in the last few seconds."""
_TIME = re.compile(rb'"(?:timestamp|startTime)":\s*"([^"]{10,40})"')


class OtherImportError(Exception):
    """Another import is at work on the data folder."""


class WantedAgent(NamedTuple):
    """What one import is to do: the files of which agent, by the places that are named, or the usual ones."""

    agent: Agent
    named: Sequence[str] = ()


class _Source(NamedTuple):
    """A file that is to be read: where it begins, when it was last written to, and how it is now.

    A fork begins as what it is one of; which goes on no more, as a rule.
    """

    began: int
    written: int
    path: str
    state: Any


class _Pending(NamedTuple):
    """A call that is to be written, its line, and who counts it then."""

    found: FoundCall
    line: bytes
    tally: Tally


class Importing:
    """Imports into one data folder, which is ``held`` meanwhile."""

    def __init__(
        self,
        folder: str,
        *,
        with_texts: bool = False,
        is_dry: bool = False,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
        stop: Callable[[], bool] = lambda: False,
        tell: Callable[[str, int, int], None] = lambda _agent, _done, _total: None,
        session_of: Callable[[RecordedCall], str | None] = lambda call: call.session_id,
    ) -> None:
        """``tell`` hears of which agent how many of how many bytes were read.  With ``is_dry`` nothing is written.

        ``session_of`` says in which session a call is to be.
        """
        self._folder = folder
        self._with_texts = with_texts
        self._is_dry = is_dry
        self._environment = environment
        self._clock = clock
        self._stop = stop
        self._tell = tell
        self._session_of = session_of
        self._logged = LoggedCalls(folder)
        self._proxied = ProxiedCalls(folder)
        self._pending: list[_Pending] = []
        self._keys: dict[str, None] = {}
        self._held: set[str] = set()
        self._shared: dict[str, Any] = {}
        self._bytes = 0

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else imports into the folder until the block ends.  Raises ``OtherImportError`` and ``OSError``."""
        with contextlib.ExitStack() as stack:
            if not self._is_dry:
                data_folder.make(self._folder)
                data_folder.check_whose(self._folder)
                descriptor = files.kept(os.path.join(self._folder, data_folder.IMPORTS_LOCK))
                stack.callback(os.close, descriptor)
                if not files.take(descriptor, _PATIENCE):
                    raise OtherImportError
            self._known = KnownCalls(self._folder)
            if not self._is_dry:
                self._known.catch_up()
            self._progress = ImportProgress(self._folder)
            yield

    def run(self, wanted: Sequence[WantedAgent]) -> dict[str, Tally]:
        """Import once; what each agent's files added, by its name.  Raises ``OSError``."""
        self._held.clear()
        self._shared.clear()
        self._look_again()
        tallies = {each.agent.name: self._agent(each) for each in wanted}
        self._write()
        if not self._is_dry:
            self._known.catch_up()
            self._progress.save()
        return tallies

    def _look_again(self) -> None:
        """Look what others have recorded, and read of the gateway's log."""
        if not self._is_dry:
            self._known.catch_up()
        self._logged.look_again()
        self._proxied.look_again()

    # -- 1 look, 2 order -----------------------------------------------------------------------------------------------

    def _agent(self, wanted: WantedAgent) -> Tally:
        tally, agent = Tally(), wanted.agent
        named = wanted.named or [each for each in places.roots(agent, self._environment) if os.path.isdir(each)]
        walk = places.session_files(agent, named)
        if walk.problems:
            tally.passed_over["not_a_file"] += len(walk.problems)
        sources = sorted(self._changed(walk.files, tally))
        total, done = sum(each.state[0][2] for each in sources), 0
        for source in sources:
            if self._stop():
                break
            self._read(agent, source, walk.files, tally)
            done += source.state[0][2]
            self._tell(agent.name, done, total)
        return tally

    def _changed(self, paths: Sequence[str], tally: Tally) -> Iterator[_Source]:
        for path in paths:
            try:
                state = databases.state(path)
                if state[0] and not self._progress.is_read(path, state, with_texts=self._with_texts):
                    yield _Source(_beginning(path), state[0][3], path, state)
            except OSError:
                tally.passed_over["not_a_file"] += 1

    # -- 3 read, 4 sift ------------------------------------------------------------------------------------------------

    def _read(self, agent: Agent, source: _Source, paths: Sequence[str], tally: Tally) -> None:
        reading = FileReading(with_texts=self._with_texts, files=paths, shared=self._shared)
        reading.done = self._progress.done(source.path, with_texts=self._with_texts)
        is_quiet = self._clock() - source.state[0][3] / 1e9 >= QUIET
        held_back = tally.held_back
        try:
            for each in READERS[agent.name](source.path, reading):
                self._sift(each, tally, is_quiet=is_quiet)
        except OSError:
            reading.passed_over["not_a_file"] += 1
        tally.files += 1
        tally.passed_over.update(reading.passed_over)
        is_whole = tally.held_back == held_back and _AGAIN.isdisjoint(reading.passed_over)
        self._progress.read(source.path, source.state if is_whole else None, reading.done, with_texts=self._with_texts)

    def _sift(self, found: FoundCall, tally: Tally, *, is_quiet: bool) -> None:
        if found.key in self._keys or found.key in self._known:
            tally.repeated += 1
        elif found.key in self._held or (found.may_grow and not is_quiet):
            self._held.add(found.key)
            tally.held_back += 1
        elif self._is_logged(found):
            tally.logged += 1
        else:
            self._take(found, tally)

    def _is_logged(self, found: FoundCall) -> bool:
        if not os.path.isdir(self._folder):
            return False
        if self._proxied.has(found):
            return True
        if found.call.call_id is None:
            return False
        self._logged.look(found.call.moment)
        return found.key in self._logged

    # -- 5 write -------------------------------------------------------------------------------------------------------

    def _take(self, found: FoundCall, tally: Tally) -> None:
        try:
            line = log_line.line(found.call._replace(session_id=self._session_of(found.call)))
        except (ValueError, OverflowError):  # a number that is none, a time that no calendar holds
            tally.passed_over["not_json"] += 1
            return
        self._keys[found.key] = None
        if self._is_dry:
            tally.count(found.call)
            return
        self._pending.append(_Pending(found, line, tally))
        self._bytes += len(line)
        if len(self._pending) >= _BATCH_CALLS or self._bytes >= _BATCH_BYTES:
            self._write()

    def _write(self) -> None:
        if not self._pending:
            return
        self._look_again()  # files were read meanwhile, and so may others have worked
        new = []
        for each in self._pending:
            if each.found.key in self._known:
                each.tally.repeated += 1
            elif self._is_logged(each.found):
                each.tally.logged += 1
            else:
                each.tally.count(each.found.call)
                new.append(each)
        self._known.add([each.found.key for each in new])
        recorded_log.append(self._folder, [each.line for each in new])
        self._known.catch_up()
        self._pending.clear()
        self._keys.clear()
        self._bytes = 0


def _beginning(path: str) -> int:
    """The first moment that a file tells of; a late one where it tells none at its beginning.  Raises ``OSError``."""
    with json_lines.opened(path) as file:
        match = _TIME.search(file.read(_HEAD))
    at = moment(match[1].decode("ascii", "replace")) if match else None
    return 1 << 62 if at is None else at
