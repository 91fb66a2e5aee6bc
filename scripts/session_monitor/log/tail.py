"""Which bytes of which file are new?

One look opens every file of the logs, decides which generation each holds, and gives up those that are in none.  The
new lines of a generation are those behind its offset.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Callable, Optional

from . import generation as identity
from . import log_file, matching, rotation
from .checkpoint import LogView
from .generation import Generation
from .log_file import LogFile, NotAFileError, NotReadyError, OutsideError, TruncatedError


class LookAgain(Exception):  # noqa: N818 -- a reason to look again
    """The files changed while they were looked at or read."""


Line = tuple[int, int, Optional[bytes], bool]
"""One line that is new: its first byte, the one behind its last, and its bytes (None for one that is too long).

The last says whether it came behind a line that had been taken without its newline.
"""


class Look:
    """What is there: each generation with its open file, the oldest first; and what a person should hear of."""

    def __init__(self) -> None:
        """Nothing was found yet."""
        self.found: list[tuple[Generation, LogFile]] = []
        self.files: list[LogFile] = []
        self.problems: list[str] = []
        self.notices: list[str] = []
        self.lost_bytes = self.unknown_gaps = 0
        self.complete = True  # whether every file that is there could be opened

    def close(self) -> None:
        """Close the files."""
        for file in self.files:
            file.close()


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
        is_piped: bool = False,
    ) -> None:
        """``allowed`` are the real folders that logs must lie beneath; none given allow all.

        ``elsewhere`` has the generations that other views know and this one does not: a file of theirs has its id there.

        ``is_whole`` says whether a line lacks nothing but its newline; ``clock`` gives monotonic seconds.

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
        self._suspected: set[str] = set()
        self._in_vain = False  # whether nothing that was listed could be opened

    # -- looking -------------------------------------------------------------------------------------------------------

    def look(self, look: Look) -> None:
        """Fill in the look; the view afterwards knows all that are there.  Raises ``LookAgain``: look again."""
        try:
            self._look(look)
        except TruncatedError as error:
            raise LookAgain from error

    def _look(self, look: Look) -> None:
        self._open(look)
        if any(file.has_shrunk() for file in look.files):
            raise LookAgain
        match = matching.match(self._view.generations, look.files, self._has_line)
        for generation, file in match.found:
            if generation.file_state != file.state or generation.gone:
                _lose(look, generation, generation.seen_in(file))
            elif generation.log != file.place.log:
                generation.found_at(file)
        match.found = [pair for pair in match.found if not self._let_go(*pair)]
        missing = [generation for generation in match.missing if not generation.gone]
        expected = list(filter(self._is_expected, missing))
        if look.complete and not self.is_piped:
            self._miss(look, expected)
        if match.new:
            self._begin(match)
        self._view.forget_old({each.gid for each in missing} - {each.gid for each in expected})
        look.found = sorted(match.found, key=lambda pair: pair[0].sequence)

    def _begin(self, match: matching.Match) -> None:
        """The view knows the new ones from now on: those that another view has met by their ids there."""
        others = self._elsewhere()
        named = {file.key: each.gid for each, file in matching.match(others, match.new).found}
        for file in match.new:
            taken = {each.gid for each in (*self._view.generations, *others)}
            generation = identity.new_generation(file, taken, self._view.next_sequence(), named.get(file.key))
            self._view.generations.append(generation)
            match.found.append((generation, file))

    def _open(self, look: Look) -> None:
        """Open every file once."""
        keys = set()
        places = self._places(look)
        for place in places:
            file = self._opened(place, look)
            if file is None:
                continue
            if file.key in keys or not self._is_ready(file):
                # Half a compressed file beside the plain one is on its way; alone, it may be all that there is.
                look.complete = look.complete and (file.key in keys or place.beside_plain)
                file.close()
                continue
            keys.add(file.key)
            look.files.append(file)
        was_in_vain, self._in_vain = self._in_vain, bool(places) and not look.files
        # A rotation may be at work, and all that was listed have other names by now.
        if self._in_vain and not was_in_vain:
            raise LookAgain

    def _places(self, look: Look) -> list[rotation.LogPlace]:
        def unlisted(error: OSError) -> None:
            look.complete = False
            look.problems.append(f"{error.filename} cannot be listed: {error.strerror}")

        known = {each.path: each.log for each in self._view.generations if not each.gone}
        return rotation.find(self._patterns, known, unlisted)

    def _opened(self, place: rotation.LogPlace, look: Look) -> LogFile | None:
        try:
            return LogFile(place, self._allowed)
        except FileNotFoundError:  # renamed just now
            pass
        except OutsideError:
            if not place.is_former:
                look.problems.append(f"{place.path} is outside the folders that --allow-dir permits; it was not read")
            return None  # what is known of it is not missed: see ``_is_expected``
        except NotAFileError:
            look.problems.append(f"{place.path} is no regular file")
        except OSError as error:
            look.problems.append(f"{place.path} cannot be read: {error.strerror}")
        look.complete = False
        return None

    def _is_ready(self, file: LogFile) -> bool:
        """A compressed file is read once it is whole."""
        if any(generation.file_state == file.state for generation in self._view.generations):
            return True
        try:
            return file.size >= 0
        except NotReadyError:
            return False

    def _has_line(self, file: LogFile) -> bool:
        """Whether there is a line to tell it by; a rotated file's only line may lack its newline."""
        if file.line_end(0, 1) is not None:
            return True
        if file.place.is_live and not self.has_ended:
            return False
        return any(self._is_whole(line or b"") for _, _, line in log_file.lines(file, 0, file.size, rest_too=True))

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


def unread(generation: Generation, file: LogFile) -> int:
    """Bytes of the file behind what was read; a compressed file that is known and unchanged is not opened for it."""
    size = generation.size_seen if generation.file_state == file.state else file.size
    return max(0, size - generation.offset)


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
