"""What does a run show of itself while it works?"""

from __future__ import annotations

import io

import pytest

from session_monitor.calls.coverage import Coverage
from session_monitor.ingest.poll import Poll
from session_monitor.monitor.display import Journal, Pace, Progress, summary
from session_monitor.monitor.voice import Voice
from session_monitor.totals.spending import Spending
from session_monitor.totals.usage_totals import Sums


def poll_of(read=0, to_read=0, *, logs=1, **more):
    """A poll that has read so many bytes, of so many, in files of the log."""
    poll = Poll()
    poll.bytes_read, poll.bytes_to_read, poll.logs_found = read, to_read, logs
    vars(poll).update(more)
    return poll


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


# -- the closing summary -----------------------------------------------------------------------------------------------


def test_the_closing_summary():
    """What was read and found, what it cost and what caches spared, what is not in the sums and what was passed over."""
    spent = Spending(pico=2 * 10**12, rounds=5, saved_pico=10**12)
    poll = poll_of(
        logs=2,
        new_sessions=3,
        sums=Sums(1005, 2, 1, 1000, 500, 30, 20, 10, 0, spent),
        coverage=Coverage(lines=1010, bytes=2_500_000, calls=1005, passed_over={"not_llm": 5}),
    )

    assert summary(poll, 4000, 1.26, priced=True) == [
        "Read 1,010 lines (2.5 MB) of 2 log files in 1.3 s",
        "Sessions: 4,000 (3 new), rounds: 1,005 new (2 failed, 1 left)",
        "Tokens:   1,000 input, of which 30 cached and 20 cache written; 500 output, of which 10 reasoning",
        "Cost:     $2.00; caching saved $1.00",
        "Coverage: 1,005 calls; 5 lines passed over (5 no LLM call)",
    ]


@pytest.mark.parametrize(
    ("spent", "told"),
    [
        (Spending(pico=10**12, rounds=2), "Cost:     $1.00"),
        (Spending(pico=10**12, rounds=2, saved_pico=-(10**12)), "Cost:     $1.00"),  # writing cost more than it spared
        (
            Spending(rounds=3, pico=10**12, unpriced_rounds=2, unpriced_tokens=70, unpriced_models={"m": 2}),
            "Cost:     $1.00 + 2 rounds unpriced (m), 70 tokens in them",
        ),
        (
            Spending(rounds=1, unpriced_rounds=1, unpriced_models={"m": 1}),
            "Cost:     1 round unpriced (m)",
        ),
    ],
)
def test_what_the_summary_says_of_costs(spent, told):
    """What is not in the sum stands beside it, and nothing is told of a saving that is none."""
    lines = summary(poll_of(sums=Sums(3, 0, 0, 0, 0, 0, 0, 0, 0, spent)), 1, 0.0, priced=True)
    assert lines[3] == told


@pytest.mark.parametrize("is_told_by_calls", [False, True])
def test_a_summary_of_what_may_be_more(is_told_by_calls):
    """Where a write failed, all that is new is a lower bound, and told as one once."""
    spent = Spending(pico=10**12, rounds=2, at_least=int(is_told_by_calls))
    poll = poll_of(sums=Sums(2, 0, 0, 7, 5, 0, 0, 0, 0, spent), new_sessions=1, at_least=True)

    told = summary(poll, 3, 0.0, priced=True)

    assert told[1] == "Sessions: 3 (at least 1 new), rounds: at least 2 new"
    assert told[2].startswith("Tokens:   at least 7 input")
    assert told[3] == "Cost:     at least $1.00"


def test_a_summary_without_prices():
    """Where the price list cannot be used, no cost is made up."""
    assert summary(Poll(), 0, 0.0, priced=False)[3] == "Cost:     not known: see the message about the price list"


# -- how far it is -----------------------------------------------------------------------------------------------------


def test_the_pace_of_a_poll():
    """What was read by the time that has passed since it began; how long the rest takes, where that can be told."""
    clock = Clock()
    pace = Pace(clock)
    clock.now += 4

    of = pace.of(poll_of(2000, 8000, coverage=Coverage(lines=40)))

    assert (of.bytes_per_second, of.lines_per_second, of.seconds_left) == (500.0, 10.0, 12.0)
    nothing = pace.of(poll_of(0, 8000))
    assert (nothing.bytes_per_second, nothing.lines_per_second, nothing.seconds_left) == (0.0, 0.0, None)


def test_a_pace_without_time():
    """No time has passed: it is very fast, and no error."""
    assert Pace(Clock()).of(poll_of(1, 1)).bytes_per_second == pytest.approx(1e6)


def test_progress_on_one_line():
    """It says how far a pass is, on the same line again and again, and takes that away in the end."""
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock)
    clock.now += 10

    progress.batch(poll_of(5_000_000, 20_000_000), {})
    assert stream.getvalue() == "\r5 MB of 20 MB, 500 kB/s, 30 s left\x1b[K"
    progress.polled(Poll())
    assert stream.getvalue().endswith("30 s left\x1b[K\r\x1b[K")


def test_no_progress_where_there_is_none_to_tell():
    """A pass that has read all, or has no terminal, writes nothing; nor is then a line taken away."""
    stream = io.StringIO()
    progress = Progress(stream, Clock())
    progress.batch(poll_of(10, 10), {})
    progress.polled(Poll())
    assert stream.getvalue() == ""

    silent = Progress(None, Clock())
    silent.batch(poll_of(5, 10), {})
    silent.polled(Poll())


def test_progress_before_anything_was_read():
    """How long it takes is not known yet."""
    stream = io.StringIO()
    Progress(stream, Clock()).batch(poll_of(0, 10), {})
    assert stream.getvalue() == "\r0 B of 10 B, 0 B/s, 0 s left\x1b[K"


# -- without a terminal ------------------------------------------------------------------------------------------------


def test_a_line_for_each_change_of_state(capsys):
    """Waiting, catching up, up to date: each is told once, and again when something else was the case in between."""
    journal = Journal(["a.log", "b.log"], Voice(quiet=False))

    for _ in range(2):
        journal.polled(poll_of(logs=0))
    for _ in range(2):
        journal.batch(poll_of(5000, 20_000), {})
    journal.batch(poll_of(20_000, 20_000), {})
    for _ in range(2):
        journal.polled(poll_of())
    journal.batch(poll_of(0, 1000), {})

    assert capsys.readouterr().out.splitlines() == [
        "waiting for a.log, b.log: it is not there yet",
        "catching up: 15 kB of a.log, b.log left",
        "up to date with a.log, b.log",
        "catching up: 1 kB of a.log, b.log left",
    ]


def test_a_poll_that_was_stopped_is_not_up_to_date(capsys):
    """An end that is asked for before all is read leaves the state as it was; of a line that is only begun, all is read."""
    journal = Journal(["a.log"], Voice(quiet=False))
    journal.batch(poll_of(5000, 20_000), {})
    journal.polled(poll_of(5000, 20_000, is_stopped=True))
    assert capsys.readouterr().out == "catching up: 15 kB of a.log left\n"

    journal.polled(poll_of(19_990, 20_000))
    assert capsys.readouterr().out == "up to date with a.log\n"


def test_a_state_after_problems_is_told_again(capsys):
    """While there are some it is not up to date; once they are gone it is said that it is."""
    journal = Journal(["a.log"], Voice(quiet=False))
    journal.polled(poll_of())
    for _ in range(2):
        journal.polled(poll_of(problems=["cannot be read"]))
    journal.polled(poll_of())

    told = capsys.readouterr()
    assert told.out.splitlines() == ["up to date with a.log"] * 2
    assert told.err.splitlines() == ["main.py: cannot be read"]


def test_a_quiet_journal(capsys):
    """Only what went wrong is said."""
    journal = Journal(["a.log"], Voice(quiet=True))
    journal.polled(poll_of(problems=["cannot be read"]))
    journal.batch(poll_of(0, 10), {})
    journal.polled(poll_of())

    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "main.py: cannot be read\n")
