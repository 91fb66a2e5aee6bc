"""What does a run show of itself while it works?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Protocol, TextIO

from session_monitor.ingest.poll import Poll
from session_monitor.prices import money
from session_monitor.sessions.summary import Summary
from session_monitor.text import humanize, safe
from session_monitor.totals.spending import Spending

from .voice import Voice


class Show(Protocol):
    """What a run shows of itself while it works."""

    def batch(self, poll: Poll, sessions: dict[str, Summary]) -> None:
        """A batch was committed."""

    def polled(self, poll: Poll) -> None:
        """A poll ended."""


def summary(poll: Poll, sessions: int, seconds: float, *, priced: bool) -> list[str]:
    """The closing summary: what was read, what was found in it, what it cost, what the totals leave out."""
    from session_monitor.totals import wording  # noqa: PLC0415 -- cron's quiet pass every minute tells none

    covered, totals, count = poll.coverage, poll.sums, humanize.count
    least = "at least " if poll.at_least else ""
    not_well = humanize.bracketed({"failed": totals.failed, "left": totals.left})
    read = f"{humanize.counted(covered.lines, 'line')} ({humanize.size(covered.bytes)})"
    return [
        f"Read {read} of {humanize.counted(poll.logs_found, 'log file')} in {seconds:.1f} s",
        f"Sessions: {count(sessions)} ({least}{count(poll.new_sessions)} new), rounds: {least}{count(poll.new_rounds)} new{not_well}",
        f"Tokens:   {least}{wording.tokens(totals)}",
        f"Cost:     {_cost(totals.spending, least) if priced else 'not known: see the message about the price list'}",
        f"Coverage: {'; '.join(covered.in_words())}",
    ]


def _cost(spent: Spending, least: str) -> str:
    from session_monitor.totals import wording  # noqa: PLC0415 -- as above

    tokens = f", {humanize.counted(spent.unpriced_tokens, 'token')} in them" if spent.unpriced_tokens else ""
    saved = f"; caching saved {money.shown(spent.saved_pico)}" if spent.saved_pico > 0 else ""
    return least + wording.shown(spent).removeprefix(least) + tokens + saved


class Progress:
    """One line that says how far a long pass is."""

    def __init__(self, stream: TextIO | None, clock: Callable[[], float]) -> None:
        """The pass begins now; ``stream`` is a terminal, or None to say nothing."""
        self._stream = stream
        self._pace = Pace(clock)
        self._shown = False

    def batch(self, poll: Poll, _sessions: dict[str, Summary]) -> None:
        """Say how far it is."""
        pace = self._pace.of(poll)
        if self._stream and poll.behind:
            left = humanize.duration(pace.seconds_left or 0)
            done = f"{humanize.size(poll.bytes_read)} of {humanize.size(poll.bytes_to_read)}"
            self._stream.write(f"\r{done}, {humanize.size(pace.bytes_per_second)}/s, {left} left\x1b[K")
            self._stream.flush()
            self._shown = True

    def polled(self, _poll: Poll) -> None:
        """Take the line away again."""
        if self._stream and self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


class Journal:
    """Without a terminal: one line for each change of state, fit for a journal."""

    def __init__(self, logs: Sequence[str], say: Voice) -> None:
        """No state has been told yet."""
        self._logs = ", ".join(logs)
        self._say = say
        self._state = ""

    def batch(self, poll: Poll, _sessions: dict[str, Summary]) -> None:
        """A batch was committed."""
        if poll.behind:
            self._enter("catching up", f": {humanize.size(poll.behind)} of {self._logs} left")

    def polled(self, poll: Poll) -> None:
        """A poll ended."""
        self._say.troubles(poll)
        if poll.problems:
            self._state = ""  # to be told again once they are gone
        elif poll.is_stopped and poll.behind:
            return
        elif poll.logs_found:
            self._enter("up to date", f" with {self._logs}")
        else:
            self._enter("waiting", f" for {self._logs}: it is not there yet")

    def _enter(self, state: str, rest: str) -> None:
        if state != self._state and not self._say.quiet:
            print(safe.clean(state + rest), flush=True)
        self._state = state


class Pace:
    """How fast the reading goes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` gives seconds."""
        self._clock = clock
        self._since = clock()
        self.bytes_per_second = self.lines_per_second = 0.0
        self.seconds_left: float | None = None

    def of(self, poll: Poll) -> Pace:
        """Its pace until now."""
        seconds = max(self._clock() - self._since, 1e-6)
        self.bytes_per_second = poll.bytes_read / seconds
        self.lines_per_second = poll.coverage.lines / seconds
        self.seconds_left = poll.behind / self.bytes_per_second if self.bytes_per_second else None
        return self
