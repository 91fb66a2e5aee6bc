"""A store is kept equal to a folder: each round is there once, corrected and deleted ones too, whatever ends a run."""

from __future__ import annotations

import contextlib
import json
import os
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_monitor.prices.book import Book
from session_monitor.shipping.replication import differences, ledger
from session_monitor.shipping.replication.ledger import Busy, Ledger
from session_monitor.shipping.replication.store import ROUNDS, TEXTS
from session_monitor.shipping.worker import STUCK_FOR
from tests.support.calls import BOOK
from tests.support.indexes import STEPS, Step
from tests.support.kept_rows import BUSY, LATE, NO_RIGHT, KeptRows, Killed, Shipped

MARCH = 1_772_913_015_000
DAY = 86_400_000


def calls(count, session="a", at=MARCH, **known):
    """So many calls of one session, an hour after each other."""
    return [Step(session=session, at=at + number * 3_600_000, **known) for number in range(count)]


def delete(folder, *sessions):
    """Take session files away, as deleting does."""
    for path in folder.glob("[!.]*"):
        with path.open(encoding="utf-8", errors="replace") as file:
            if any(json.dumps(session) in file.readline() for session in sessions):
                path.unlink()


def test_every_round_is_there_once(shipped):
    """With its tokens, its cost to the last digit, its tools, and no word of what was said."""
    shipped.calls([*calls(3), *calls(2, "会话", tool="exec 'rm'"), *calls(1, "d\udcff", model=None), Step(at=None)])
    assert shipped.ship()
    assert shipped.is_equal()
    assert len(shipped.store.final()) == len(shipped.store.rows[ROUNDS]) == 7
    row = next(row for (session, _), row in shipped.store.final().items() if session == "会话")
    assert (row["tool_name"], row["tool_calls"], row["model"]) == (["exec 'rm'"], [1], "gpt-4o")
    assert {row["month"] for row in shipped.store.rows[ROUNDS]} == {202603, 0}
    assert "secret" not in json.dumps(shipped.store.rows)


def test_what_comes_is_sent_alone(shipped):
    """Rounds that are there are not sent again, in no run."""
    shipped.calls(calls(5))
    assert shipped.ship()
    shipped.calls(calls(2, at=MARCH + DAY))
    shipped.again()
    assert shipped.ship()
    assert shipped.is_equal()
    assert len(shipped.store.rows[ROUNDS]) == 7
    assert shipped.ship()
    assert len(shipped.store.puts) == 2


def test_corrections(shipped):
    """What a round costs by other prices, and what a later one tells of it, comes in a higher version; the rest is not sent again."""
    shipped.calls([*calls(2), *calls(2, "b", model="no-such-model")])
    shipped.ship()
    shipped.book = Book([])
    assert shipped.ship()
    assert shipped.is_equal()
    assert len(shipped.store.rows[ROUNDS]) == 6
    shipped.book = BOOK
    shipped.calls(calls(1, at=MARCH + DAY, tool="read", untold=True))
    shipped.ship()
    shipped.calls(calls(1, at=MARCH + 2 * DAY))  # it tells what the one before asked for
    assert shipped.ship()
    assert shipped.is_equal()


def test_deleted_sessions(shipped):
    """Their rounds are deleted there, what was said in them is erased, and the same id may begin anew in another month."""
    shipped.again(is_with_content=True)
    shipped.calls([*calls(3), *calls(2, "b")])
    shipped.ship()
    assert len(shipped.store.final(TEXTS)) == 5
    delete(shipped.folder, "a")
    assert shipped.ship()
    assert (shipped.is_equal(), len(shipped.store.final()), shipped.store.erased) == (True, 2, ["a"])
    assert {session for session, _ in shipped.store.final(TEXTS)} == {"b"}
    delete(shipped.folder, "b")
    shipped.calls(calls(1, "b", at=MARCH + 60 * DAY))
    assert shipped.ship()
    assert shipped.is_equal()
    assert [row["month"] for row in shipped.store.final().values()] == [202605]
    assert len(shipped.store.final(TEXTS, by_month=True)) == 1


def test_content_where_it_is_asked_for(shipped):
    """What was said is in a table of its own, sent once; asked for later it comes for all rounds."""
    shipped.calls(calls(2))
    shipped.ship()
    assert shipped.store.rows[TEXTS] == []
    shipped.again(is_with_content=True)
    assert shipped.ship()
    texts = shipped.store.final(TEXTS)
    assert [json.loads(texts["a", number]["stored"])["answer"] for number in (1, 2)] == ["a secret answer"] * 2
    assert texts["a", 1]["question"] == "hello secret 0"
    shipped.book = Book([])
    assert shipped.ship()
    assert len(shipped.store.rows[TEXTS]) == 2
    assert shipped.is_equal()


def test_large_amounts(shipped, monkeypatch):
    """What does not fit into one request goes in several, of a long session, too; each month by itself."""
    monkeypatch.setattr(differences, "MOST_ROWS", 4)
    shipped.calls([*calls(11), *calls(3, "b"), *calls(2, "c", at=MARCH + 40 * DAY)])
    assert shipped.ship()
    assert shipped.is_equal()
    assert all(count <= 4 for _, count in shipped.store.puts)
    monkeypatch.setattr(differences, "MOST_BYTES", 900)
    shipped.book = Book([])
    delete(shipped.folder, "a")
    assert shipped.ship()
    assert shipped.is_equal()


@pytest.mark.parametrize("play", [BUSY, LATE, NO_RIGHT])
def test_a_store_that_fails(shipped, play):
    """What was not taken, or perhaps, is sent again after a while, and is there once."""
    shipped.calls(calls(3))
    shipped.store.plays.append(play)
    assert not shipped.ship()
    assert not shipped.ship()  # too early
    assert shipped.state.tries == 1
    is_stuck = play == NO_RIGHT
    assert (shipped.replicator.trouble != "") == is_stuck
    assert (shipped.state.next_try - shipped.time > STUCK_FOR * 900) == is_stuck
    shipped.store.plays.clear()
    shipped.wait()
    assert shipped.ship()
    assert shipped.is_equal()
    assert (shipped.state.tries, shipped.state.reason, shipped.replicator.trouble) == (0, "", "")


def test_rows_that_are_refused(shipped):
    """They are found by halves, set aside and told; the others go on, and they come again once they change."""
    shipped.calls([*calls(9), *calls(1, "b")])
    shipped.store.refuses = lambda row: (row["session"], row["number"]) == ("a", 4)
    assert shipped.ship()
    assert len(shipped.store.final()) == 9
    count, refused = shipped.replicator.ledger.refused(5)
    assert (count, [each[:2] for each in refused]) == (1, [("a", 4)])
    assert "one of them is wrong" in refused[0][3]
    assert shipped.ship()
    shipped.store.refuses = lambda _row: False
    shipped.book = Book([])
    assert shipped.ship()
    assert shipped.is_equal()


def test_a_store_that_refuses_all(shipped):
    """After twenty it is not the rows: nothing more is set aside, and it is told."""
    shipped.calls(calls(40))
    shipped.store.refuses = lambda _row: True
    assert not shipped.ship()
    assert "so it says of every row" in shipped.replicator.trouble
    shipped.store.refuses = lambda _row: False
    shipped.wait()
    assert shipped.ship()
    assert len(shipped.store.final()) >= 20


def test_two_on_one_folder(shipped):
    """One sends, the other is told so; and goes on where the first one ends."""
    shipped.calls(calls(2))
    other = Shipped(shipped.folder, shipped.store)
    shipped.replicator.step()
    with pytest.raises(Busy, match="another program is sending"):
        other.ship()
    shipped.replicator.close()
    shipped.calls(calls(1, "c"))
    assert other.ship()
    assert other.is_equal()
    other.replicator.close()


def test_two_folders_with_one_name(shipped, tmp_path):
    """The second sends nothing before somebody says that it may take over; then what it does not have is deleted."""
    (tmp_path / "other").mkdir()
    other = Shipped(tmp_path / "other", shipped.store)
    shipped.calls(calls(3))
    other.calls(calls(1, "mine"))
    shipped.ship()
    assert not other.ship()
    assert "another folder's" in other.replicator.trouble
    assert shipped.is_equal()
    other.again(takes_over=True)
    other.wait()
    assert other.ship()
    assert other.is_equal()
    other.replicator.close()


def test_a_ledger_that_is_lost(shipped):
    """Rows there are known to be another's, until somebody takes over; then they are equal again, and what was deleted meanwhile is."""
    shipped.calls([*calls(2), *calls(1, "b")])
    shipped.ship()
    shipped.replicator.close()
    for path in (shipped.folder / ".shipping").iterdir():
        path.unlink()
    delete(shipped.folder, "b")
    shipped.again()
    assert not shipped.ship()
    shipped.wait()
    shipped.again(takes_over=True)
    assert shipped.ship()
    assert shipped.is_equal()


@pytest.mark.parametrize("text", [b"", b"no database at all"])
def test_a_ledger_that_is_damaged(shipped, text):
    """It is set aside, or made anew, and nothing else is harmed."""
    shipped.calls(calls(2))
    shipped.ship()
    shipped.replicator.close()
    (path,) = (shipped.folder / ".shipping").glob("*.sqlite3")
    path.write_bytes(text)
    shipped.again(takes_over=True)
    assert shipped.ship()
    assert shipped.is_equal()


def test_a_store_that_lost_rows(shipped):
    """A table that was dropped, or put back from an earlier copy, is filled again."""
    shipped.calls(calls(2))
    shipped.ship()
    before = list(shipped.store.rows[ROUNDS])
    shipped.calls(calls(2, "b"))
    shipped.ship()
    shipped.store.rows[ROUNDS] = before
    shipped.again()
    assert shipped.ship()
    assert shipped.is_equal()
    shipped.store.rows[ROUNDS] = []
    shipped.again()
    assert shipped.ship()
    assert shipped.is_equal()


def test_a_folder_that_was_put_back(shipped, tmp_path):
    """With its ledger, from an earlier copy: what it does not have any more is not there any more."""
    shipped.calls(calls(2))
    shipped.ship()
    shipped.replicator.close()
    (path,) = (shipped.folder / ".shipping").glob("*.sqlite3")
    kept = path.read_bytes()
    shipped.calls(calls(2, "b"))
    shipped.again()
    shipped.ship()
    shipped.replicator.close()
    path.write_bytes(kept)
    for rest in (shipped.folder / ".shipping").glob("*-*"):
        rest.unlink()
    delete(shipped.folder, "b")
    shipped.again()
    assert shipped.ship()
    assert shipped.is_equal()


def test_its_files_are_for_their_owner_alone(shipped):
    """The ledger holds ids of sessions."""
    shipped.calls(calls(1))
    shipped.ship()
    home = shipped.folder / ".shipping"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


def test_a_thread(shipped):
    """It sends what comes, and ends when it is told."""
    shipped.calls(calls(3))
    shipped.replicator.start()
    assert shipped.replicator.stop(60)
    shipped.calls(calls(1, "b"))
    assert shipped.replicator.drain(60)
    assert shipped.is_equal()


# -- kills -------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def killed_at(shipped, point):
    """End the process at one of the moments before and after each request and each commit of the ledger."""
    left = [point]
    keep, put = Ledger._transaction, shipped.store.put

    def moment():
        left[0] -= 1
        if not left[0]:
            raise Killed

    @contextlib.contextmanager
    def transaction(self):
        moment()
        with keep(self):
            yield
        moment()

    def putting(*arguments):
        moment()
        reply = put(*arguments)
        moment()
        return reply

    Ledger._transaction, shipped.store.put = transaction, putting
    try:
        yield
    finally:
        Ledger._transaction, shipped.store.put = keep, put


def test_kills(shipped):
    """At every moment between the first word and the last, with a month that moves and sessions that come and go: equal afterwards, nothing lost and nothing twice."""
    shipped.again(is_with_content=True)
    for point in range(1, 26):
        shipped.calls([*calls(1, f"s{point}"), *calls(1, at=MARCH + point * DAY)])
        delete(shipped.folder, "moving", f"s{point - 2}")
        shipped.calls(calls(2, "moving", at=MARCH + point * 31 * DAY))
        with killed_at(shipped, point), contextlib.suppress(Killed):
            shipped.ship()
        shipped.again()
        if point % 3 == 0:  # what was on its way when it was killed is deleted before anybody sends again
            delete(shipped.folder, f"s{point}")
        assert shipped.ship()
        assert shipped.is_equal()
        assert shipped.store.final(TEXTS).keys() == shipped.store.final().keys()
        assert shipped.store.final(TEXTS, by_month=True).keys() == shipped.store.final().keys()


ACTIONS = st.one_of(
    st.tuples(st.just("store"), st.lists(STEPS, min_size=1, max_size=5)),
    st.tuples(st.just("delete"), st.sampled_from(["a", "b/c", "会话"])),
    st.tuples(st.just("kill"), st.integers(1, 12)),
    st.tuples(st.just("play"), st.sampled_from([BUSY, LATE])),
    st.tuples(st.just("prices"), st.sampled_from([[], None])),
    st.tuples(st.just("index"), st.none()),
    st.tuples(st.just("ship"), st.none()),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(ACTIONS, max_size=10), st.booleans(), st.sampled_from([2, 10_000]))
def test_any_history(tmp_path_factory, actions, is_with_content, most):
    """Whatever comes, goes, is priced anew, fails and is killed, the store is equal once all was sent."""
    folder = tmp_path_factory.mktemp("history")
    shipped = Shipped(folder, KeptRows())
    shipped.again(is_with_content=is_with_content)
    before, differences.MOST_ROWS = differences.MOST_ROWS, most
    try:
        for name, value in actions:
            _act(shipped, name, value)
        shipped.store.plays.clear()
        shipped.wait()
        shipped.again()
        assert shipped.ship()
        assert shipped.is_equal()
        if is_with_content:
            assert shipped.store.final(TEXTS).keys() == shipped.store.final().keys()
    finally:
        differences.MOST_ROWS = before
        shipped.replicator.close()


def _act(shipped, name, value):
    if name == "store":
        shipped.calls(value)
    elif name == "delete":
        delete(shipped.folder, value)
    elif name == "kill":
        with killed_at(shipped, value), contextlib.suppress(Killed):
            shipped.ship()
        shipped.again()
    elif name == "play":
        shipped.store.plays.append(value)
    elif name == "prices":
        shipped.book = BOOK if value is None else Book(value)
    elif name == "index":
        for path in shipped.folder.glob(".index*"):
            os.unlink(path)
    else:
        shipped.ship()
        shipped.wait()


def test_where_ledgers_are(shipped):
    """One for each store and gateway, found without knowing them."""
    one = ledger.place(str(shipped.folder), "clickhouse://h/db", "gw")
    assert one != ledger.place(str(shipped.folder), "clickhouse://h/db", "other")
    assert ledger.all_places(str(shipped.folder)) == []
    shipped.calls(calls(1))
    shipped.ship()
    assert ledger.all_places(str(shipped.folder)) == [ledger.place(str(shipped.folder), "memory:", "gw")]
    assert ledger.is_held(ledger.all_places(str(shipped.folder))[0])
