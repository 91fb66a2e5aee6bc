"""What did one poll do, and what do several add up to?"""

from __future__ import annotations

from types import SimpleNamespace

from session_monitor.calls.coverage import Coverage
from session_monitor.ingest import poll as polls
from session_monitor.ingest.poll import Poll
from session_monitor.log.look import Look
from session_monitor.totals.spending import Spending
from session_monitor.totals.usage_totals import Sums


def looked(**more):
    """A look that found these."""
    look = Look()
    vars(look).update(more)
    return look


def unread(size, offset):
    """A file of this size, of which so much was read."""
    file = SimpleNamespace(size=size, state=(1,))
    return SimpleNamespace(offset=offset, file_state=(0,), size_seen=0), file


def test_how_far_it_is_behind():
    """By what was there when it looked last, beside what it had read by then; never less than nothing."""
    poll = Poll()
    poll.bytes_read = 50
    poll.saw(looked(files=[1, 2, 3], unread=[unread(300, 100), unread(40, 30)]))
    assert (poll.logs_found, poll.bytes_to_read, poll.behind) == (3, 260, 210)

    poll.bytes_read = 261
    assert poll.behind == 0


def test_what_a_person_should_hear_of_looks():
    """Losses add up, notices come one by one, a problem once; it is known that logs are among them."""
    poll = Poll()
    for _ in range(2):
        poll.hear(looked(lost_bytes=5, unknown_gaps=1, notices=["n"], problems=["p", "q"]))

    assert (poll.coverage.lost_bytes, poll.coverage.unknown_gaps) == (10, 2)
    assert (poll.notices, poll.problems, poll.lacks_logs) == (["n", "n"], ["p", "q"], True)


def test_a_problem_that_is_none_of_logs():
    """It is noted once as well, and calls for no advice on logs; nor does a look without any."""
    poll = Poll()
    poll.problem("p")
    poll.problem("p")
    poll.hear(looked(notices=["n"]))

    assert (poll.problems, poll.lacks_logs) == (["p"], False)


def some_poll(number):
    """One with all that a poll may have."""
    poll = Poll()
    poll.logs_found, poll.new_sessions = number, number
    poll.sums = Sums(number, 1, 1, 10, 5, 0, 0, 0, 0, Spending(pico=number, rounds=number))
    poll.coverage = Coverage(lines=number, calls=number)
    poll.problems, poll.lacks_logs, poll.notices = [f"p{number}"], bool(number % 2), [f"n{number}"]
    return poll


def test_polls_add_up():
    """What was new is the sum; files, problems and whether logs are among them are those of the last one."""
    total = Poll()
    for number in (3, 4):
        total.add(some_poll(number))

    assert (total.new_sessions, total.new_rounds, total.coverage) == (7, 7, Coverage(lines=7, calls=7))
    assert total.sums == Sums(7, 2, 2, 20, 10, 0, 0, 0, 0, Spending(pico=7, rounds=7))
    assert (total.logs_found, total.problems, total.lacks_logs, total.notices) == (4, ["p4"], False, ["n3", "n4"])


def test_the_latest_notices_are_kept():
    """A monitor that runs for years tells some, and its memory does not grow with them."""
    total = Poll()
    for number in range(polls.MOST_NOTICES + 5):
        total.add(some_poll(number))

    assert total.notices == [f"n{number}" for number in range(5, polls.MOST_NOTICES + 5)]
