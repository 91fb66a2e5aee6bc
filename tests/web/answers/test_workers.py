"""Who is worked for first, and that nobody's questions keep the others' from being answered."""

from __future__ import annotations

import threading

import pytest

from tests.support.waiting import until
from web.answers.workers import MOST_WAITING, Job, Jobs, Workers
from web.server.shares import OF_ALL, OWN, of_session

PATIENCE = 60
ONE, OTHER = of_session("one"), of_session("other")


@pytest.fixture
def order():
    """What was worked on, in order."""
    return []


@pytest.fixture
def held():
    """One thread, or several, which first work on something for others until they are let go."""
    made = []

    def make(threads, busy):
        workers, go = Workers(threads), threading.Event()
        made.append((workers, go))
        begun = threading.Semaphore(0)

        def work():
            begun.release()
            assert go.wait(PATIENCE)

        for _ in range(busy):
            workers.put(Job(work), ONE)
            assert begun.acquire(timeout=PATIENCE)
        return workers, go

    yield make
    for workers, go in made:
        go.set()
        workers.end(PATIENCE)


def test_who_is_before_whom(held, order):
    """The own user first, then the main key, then the keys of sessions by turns; each one's own in order."""
    workers, go = held(1, 1)
    for share, name in (
        (ONE, "a1"),
        (ONE, "a2"),
        (ONE, "a3"),
        (OTHER, "b1"),
        (OTHER, "b2"),
        (OF_ALL, "all"),
        (OWN, "own"),
    ):
        assert workers.put(Job(lambda name=name: order.append(name)), share)
    go.set()
    workers.end(PATIENCE)
    assert order == ["own", "all", "a1", "b1", "a2", "b2", "a3"]


def test_one_is_kept_for_the_own_user(held, order):
    """However much others ask, what the own user asks is begun at once."""
    workers, go = held(3, 2)
    workers.put(Job(lambda: order.append("another's")), OTHER)
    own = Job(lambda: order.append("own"))
    workers.put(own)
    assert own.is_done(PATIENCE)
    assert order == ["own"]
    go.set()
    until(lambda: order == ["own", "another's"], "the others' turn came")


def test_so_much_may_wait_for_a_key(held):
    """Beyond that it is refused, for this key alone; the own user's always waits."""
    workers, _ = held(1, 1)
    assert [workers.put(Job(int), ONE) for _ in range(MOST_WAITING + 1)] == [True] * MOST_WAITING + [False]
    assert workers.put(Job(int), OTHER)
    assert all(workers.put(Job(int)) for _ in range(MOST_WAITING + 1))
    jobs = Jobs()
    assert jobs.join("key", int, workers, ONE) is None
    assert jobs.join("key", int, workers, OTHER) is not None


def test_what_fails_does_not_end_the_worker(held, order):
    """Whoever waits for it gets the error, and the next one its turn."""
    workers, go = held(1, 1)
    failing = Job(lambda: 1 / 0)
    workers.put(failing, ONE)
    workers.put(Job(lambda: order.append("next")), ONE)
    go.set()
    workers.end(PATIENCE)
    assert order == ["next"]
    with pytest.raises(ZeroDivisionError):
        failing.value()
