"""Which bytes of which file are new?

One look finds every file of the logs, decides which generation each holds, and gives up those that are in none.  The
new lines of a generation are those behind its offset.

A file that nothing was done to since its content was proved, and that was read to its end, is not opened for that.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Callable, Optional

from . import generation as identity
from . import log_file, matching, rotation
from .checkpoint import LogView
from .generation import Generation
from .log_file import TOO_MANY, Descriptors, LogFile, NotAFileError, OutsideError, TruncatedError, state_of
from .look import Look

if TYPE_CHECKING:
    from .verdicts import Verdicts


class LookAgain(Exception):  # noqa: N818 -- a reason to look again
    """The files changed while they were looked at or read."""


Line = tuple[int, int, Optional[bytes], bool]
"""One line that is new: its first byte, the one behind its last, and its bytes (None for one that is too long).

The last says whether it came behind a line that had been taken without its newline.
"""


class Tail:
    """The logs that these patterns name, as far as ``view`` knows them."""

    def __init__(
        self,
        patterns: Sequence[str],
        view: LogView,
        *,
        elsewhere: Callable[[], Sequence[Generation]] = tuple,
        allowed: Sequence[str] = (),
        is_whole: Callable[[bytes], bool] = lambda _line: False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], int] = time.time_ns,
        is_piped: bool = False,
    ) -> None:
        """``allowed`` are the real folders that logs must lie beneath; none given allow all.

        ``elsewhere`` has the generations that other views know and this one does not: a file of theirs has its id
        there.

        ``is_whole`` says whether a line lacks nothing but its newline; ``clock`` gives monotonic seconds, ``now``
        nanoseconds since 1970, as files have them.

        With ``is_piped`` the log is what came in on standard input: it is none of those that were read before, which are
        not missed therefore; and nothing is expected any more once it ``has_ended``.
        """
        self.is_piped = is_piped
        self.has_ended = False
        self._patterns = list(patterns)
        self._is_named = rotation.named_by(patterns)
        self._view = view
        self._elsewhere = elsewhere
        self._allowed = allowed
        self._is_whole = is_whole
        self._clock = clock
        self._now = now
        self._descriptors = Descriptors()
        self._verdicts: Verdicts | None = None
        self._judged: set[str] = set()  # names that ``allowed`` was held against
        self._passed_over: set[str] = set()
        self._last: Look | None = None
        self._suspected: set[str] = set()
        self._in_vain = False  # whether nothing that was listed could be opened

    # -- looking -------------------------------------------------------------------------------------------------------

    def read_also(self, pattern: str) -> None:
        """One more log is named from now on."""
        self._patterns.append(pattern)
        self._is_named = rotation.named_by(self._patterns)
        self._last = None

    def begin(self) -> None:
        """A poll begins: files that were passed over in the last one are tried again."""
        self._passed_over.clear()

    def look(self, look: Look) -> None:
        """Fill in the look; the view afterwards knows all that are there.  Raises ``LookAgain``: look again.

        An ``OSError`` with the name of a file says that this cannot be read: see ``pass_over``.
        """
        self._descriptors.close_all()
        look.began, look.folders = self._now(), self._folders()
        if not self._is_as_before(look):
            self._find(look)
            look.known = self._known()
            self._last = None if self.is_piped else look

    def _folders(self) -> list[tuple[str, os.stat_result]]:
        """The logs, each with what its folder is now; none where it takes a search to know."""
        try:
            return [(log, os.stat(folder)) for log, folder in rotation.searched(self._patterns) or ()]
        except OSError:
            return []

    def _is_as_before(self, look: Look) -> bool:
        """Whether nothing has changed since the last look, which this one goes on with then."""
        last, self._last = self._last, None
        if last is None or last.known != self._known() or not last.still_holds(look.folders):
            return False
        look.found, look.files, look.is_as_before, self._last = last.found, last.files, True, last
        return True

    def _known(self) -> tuple[int, ...]:
        """How many generations are known, how many of them are gone, and how much was read of all."""
        known = self._view.generations
        return len(known), sum(each.gone for each in known), sum(each.offset for each in known)

    def _find(self, look: Look) -> None:
        """Look at all files and decide."""
        self._open(look)
        if any(file.has_shrunk() for file in look.files):
            raise LookAgain
        match = matching.match(self._view.generations, look.files, self._has_line)
        for generation, file in match.found:
            is_same = generation.file_state == file.state and generation.rested >= file.rested
            if generation.gone or not is_same:
                _lose(look, generation, generation.seen_in(file))
            elif generation.log != file.place.log:
                generation.found_at(file)
        match.found = [pair for pair in match.found if not self._let_go(*pair)]
        missing = [generation for generation in match.missing if not generation.gone]
        expected = list(filter(self._is_expected, missing))
        if look.complete and not self.is_piped:
            self._miss(look, [each for each in expected if not any(_may_hold(file, each) for file in look.unfinished)])
        if match.new:
            self._begin(match)
        self._view.forget_old({each.gid for each in missing} - {each.gid for each in expected})
        look.found = sorted(match.found, key=lambda pair: pair[0].sequence)
        look.unread = [pair for pair in look.found if unread(*pair)]

    def _begin(self, match: matching.Match) -> None:
        """The view knows the new ones from now on: those that another view has met by their ids there."""
        others = self._elsewhere()
        named = {file.key: each.gid for each, file in matching.match(others, match.new).found}
        taken = {each.gid for each in (*self._view.generations, *others)}
        for sequence, file in enumerate(match.new, self._view.next_sequence()):
            generation = identity.new_generation(file, taken, sequence, named.get(file.key))
            taken.add(generation.gid)
            self._view.generations.append(generation)
            match.found.append((generation, file))

    def pass_over(self, look: Look, path: str) -> bool:
        """Do without this file until the next poll, which could not be read; False where it is none of the look's."""
        for file in look.files:
            if file.place.path == path:
                self._passed_over.add(path)
                return True
        return False

    def changed(self, look: Look, path: str) -> None:
        """The file of this name was written to while it was read; where rotation compressed it, nobody should."""
        for file in look.files:
            if file.place.compressed and file.place.path == path:
                self._last = None
                self._passed_over.add(path)
                if self._verdicts:
                    self._verdicts.forget(file)
                for generation in self._view.generations:
                    if generation.file_state == file.state:
                        generation.file_state = ()

    def _open(self, look: Look) -> None:
        """Find every file once."""
        keys = set()
        look.places = self._places(look)
        known = {each.file_state: each for each in self._view.generations if not each.gone}
        opened = [file for file in (self._opened(place, look, known) for place in look.places) if file]
        packed = []
        for file in opened:
            if file.key in keys:
                file.close()
                continue
            keys.add(file.key)
            if file.place.compressed:
                packed.append(file)
            look.files.append(file)
        unready = self._unready(packed, known, look) if packed else set()
        look.files = [file for file in look.files if file not in unready]
        was_in_vain, self._in_vain = self._in_vain, bool(look.places) and not look.files
        # A rotation may be at work, and all that was listed have other names by now.
        if self._in_vain and not was_in_vain:
            raise LookAgain

    def _unready(self, packed: list[LogFile], known: dict[tuple[int, ...], Generation], look: Look) -> set[LogFile]:
        """Those of these compressed files that cannot be read, or not yet."""
        from .verdicts import Verdicts  # noqa: PLC0415 -- where nothing is compressed, a pass does without

        if self._verdicts is None:
            self._verdicts = Verdicts(self._view.verdicts, self._clock)
        self._verdicts.begin(is_first=not self._view.generations)
        unready = set()
        for file in packed:
            generation = known.get(file.state)
            if generation:
                file.has_text(generation.size_seen, {})
                self._verdicts.keep([file])
                continue
            try:
                judgement = self._verdicts.judge(file)
            except TruncatedError:  # renamed just now
                look.complete = False
                unready.add(file)
                continue
            if judgement.notice:
                look.notices.append(judgement.notice)
            if judgement.is_pending:
                look.complete = look.is_measured = False
            if judgement.may_grow:
                look.unfinished.append(file)
            if not judgement.is_readable:
                file.close()
                unready.add(file)
        if look.complete:
            self._verdicts.end()
        return unready

    def _places(self, look: Look) -> list[rotation.LogPlace]:
        def unlisted(error: OSError) -> None:
            look.complete = False
            look.problems.append(f"{error.filename} cannot be listed: {error.strerror}")

        known = {each.path: each.log for each in self._view.generations if not each.gone}
        return rotation.find(self._patterns, known, unlisted)

    def _opened(self, place: rotation.LogPlace, look: Look, known: dict[tuple[int, ...], Generation]) -> LogFile | None:
        """The file, None where it cannot be had; one that needs no look is not opened yet."""
        if place.path in self._passed_over:
            look.complete = False
            return None
        try:
            if not self._allowed or place.path in self._judged:
                found = os.stat(place.path)
                state = state_of(found)
                if _is_done(known.get(state), place):
                    look.states[place.path] = state
                    return LogFile(place, self._allowed, self._descriptors, seen=found, now=look.began)
            file = LogFile(place, self._allowed, self._descriptors, now=look.began)
        except (NotAFileError, OSError) as error:
            look.complete = not _may_hide_one(look, place, error) and look.complete
            return None
        self._judged.add(place.path)
        look.states[place.path] = file.state
        return file

    def _has_line(self, file: LogFile) -> bool:
        """Whether there is a line to tell it by; a rotated file's only line may lack its newline."""
        if file.line_end(0, 1) is not None:
            return True
        if file.place.is_live and not self.has_ended:
            return False
        lines = log_file.lines(file, 0, file.size, rest_too=True)
        has_line = any(self._is_whole(line or b"") for _, _, line in lines)
        if file.place.compressed and self._verdicts and not has_line:
            self._verdicts.has_no_line(file)
        return has_line

    def _is_expected(self, generation: Generation) -> bool:
        """Whether a look finds it if it is there: these patterns name its log, and it may be opened."""
        is_named = self._is_named(generation.log or generation.path)
        if not is_named or not self._allowed:
            return is_named
        from .beneath import is_beneath  # noqa: PLC0415 -- few name folders

        return is_beneath(generation.path, self._allowed)

    def _let_go(self, generation: Generation, file: LogFile) -> bool:
        """Whether nothing more is to be expected of a file that no pattern leads to any more; then it is left alone."""
        if not file.place.is_former:
            return False
        if generation.has_rested(file):
            generation.release()
            return True
        if file.place.compressed or not unread(generation, file):
            generation.rests(file, self._clock())  # for the others that is asked when they are read
        return False

    def _miss(self, look: Look, missing: list[Generation]) -> None:
        """Give up what is in no file; after a second look, since names that change meanwhile can escape the first."""
        names = {generation.gid for generation in missing}
        if names - self._suspected:
            self._suspected |= names
            raise LookAgain
        self._suspected = set()
        known = [each for each in self._view.generations if not each.gone]
        if missing and len(missing) == sum(map(self._is_expected, known)):
            missing[0].coverage.unknown_gaps += 1
            look.unknown_gaps += 1
            look.notices.append(
                f"none of the files known until now is there any more (the last was {missing[-1].path}): "
                "others may have come and gone unread in between"
            )
        for generation in missing:
            _give_up(look, generation)

    # -- reading -------------------------------------------------------------------------------------------------------

    def is_sealed(self, generation: Generation, file: LogFile) -> bool:
        """Whether nothing more is to be expected in this file.  To be asked once a look: that a file rests takes several."""
        return generation.is_sealed(file, self._clock()) or self.has_ended

    def lines(self, generation: Generation, file: LogFile, *, sealed: bool) -> Iterator[Line]:
        """The lines of this generation behind its offset, as far as they are whole."""
        for start, end, data in log_file.lines(file, generation.offset, file.size, rest_too=sealed):
            if sealed and end == file.size and data and file.read(1, end - 1) != b"\n" and not self._is_whole(data):
                return  # cut off for good; it stays unread, and is lost when its file goes
            yield start, end, data, generation.unterminated and start == generation.offset


def _is_done(generation: Generation | None, place: rotation.LogPlace) -> bool:
    """Whether a file that is as it was when this generation was found in it needs no look."""
    if generation is None or generation.offset < generation.size_seen:
        return False
    return bool(place.compressed) or generation.rested


def _may_hold(file: LogFile, generation: Generation) -> bool:
    """Whether a compressed file of which more may come may be the generation's: it begins so, or cannot be read yet."""
    return file.line_end(0, 1) is None or identity.begins(generation, file)


def unreadable(path: str, error: OSError) -> str:
    """What the system says of a file that cannot be read, and what helps if it is not the file's fault."""
    more = "; let this process have more files open (ulimit -n, LimitNOFILE)" if error.errno in TOO_MANY else ""
    return f"{path} cannot be read: {error.strerror}{more}"


def unread(generation: Generation, file: LogFile) -> int:
    """Bytes of the file behind what was read; a compressed file that is known and unchanged is not opened for it."""
    size = generation.size_seen if generation.file_state == file.state else file.size
    return max(0, size - generation.offset)


def _may_hide_one(look: Look, place: rotation.LogPlace, error: NotAFileError | OSError) -> bool:
    """Tell why this cannot be opened; whether a generation may be in it all the same, and is not to be given up now."""
    if isinstance(error, FileNotFoundError):  # renamed just now, unless it is a link to nothing
        return place.is_live or not os.path.islink(place.path)
    if isinstance(error, OutsideError):
        if not place.is_former:
            look.problems.append(f"{place.path} is outside the folders that --allow-dir permits; it was not read")
        return False  # what is known of it is not missed: see ``_is_expected``
    if isinstance(error, NotAFileError):
        look.problems.append(f"{place.path} is no regular file")
        return False
    look.problems.append(unreadable(place.path, error))
    return error.errno != errno.ELOOP


def _give_up(look: Look, generation: Generation) -> None:
    """Its file is gone, and what was seen of it and not read with it."""
    generation.gone = True
    _lose(look, generation, generation.size_seen - generation.known_to)


def _lose(look: Look, generation: Generation, lost: int) -> None:
    """What can't be had is told."""
    if lost > 0:
        generation.coverage.lost_bytes += lost
        look.lost_bytes += lost
        look.notices.append(f"at least {lost} bytes are lost: {generation.path} was removed before they were read")
