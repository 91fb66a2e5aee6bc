"""Does the index follow the session files and the price lists?"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import data_folder, files
from session_monitor.index import writer
from session_monitor.index.tables import schema
from session_monitor.index.writer import IndexWriter
from session_monitor.prices import cost, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Cost
from session_monitor.prices.price_list import PriceList
from session_monitor.sessions import file_names, session_file
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, HALF_HOUR, MODELS, STEPS, Agent, Step, caught_up, contents, opened, silent
from tests.support.stores import put

DEARER = Book(
    [
        PriceList("own", {"gpt-4o": {"prices": [{"from": None, "input": "7", "output": "9"}]}}, digest="dearer"),
        price_list.shipped(),
    ]
)


def counted(folder, book):
    """What the session files add up to, counted round by round: by model, and by session."""
    by_model, by_session = {}, {}
    for path in folder.glob("*.json"):
        with open(path, "rb") as file:
            session_id = session_file.read_header(file)
            for entry in session_file.rounds(file):
                outcome = book.price(cost.call_of(entry))
                for sums, key in ((by_model, entry["model"]), (by_session, session_id)):
                    row = sums.setdefault(key, dict.fromkeys(("calls", "failed", "input", "pico", "unpriced"), 0))
                    row["calls"] += 1
                    row["failed"] += entry["response_type"] == "error"
                    row["input"] += entry["input_tokens"]
                    row["pico"] += outcome.pico if isinstance(outcome, Cost) else 0
                    row["unpriced"] += not isinstance(outcome, Cost)
    return by_model, by_session


SUMS = "sum(calls), sum(failed), sum(fresh + read + written), sum(usd) * 1000000 + sum(pico), sum(unpriced)"


# -- kept or made anew: the same ---------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(BATCHES)
def test_it_adds_up_to_what_the_files_hold(tmp_path_factory, batches):
    """Kept batch by batch or made anew, it holds the same, and its sums are those of the rounds in the files."""
    folder = tmp_path_factory.mktemp("sessions")
    agent = Agent(folder)
    with opened(folder) as kept, opened(folder) as anew:
        caught_up(kept)
        for batch in batches:
            agent.store(batch, kept)
        caught_up(anew)

        assert contents(kept) == contents(anew)
        by_model, by_session = counted(folder, BOOK)
        totals = anew.db.execute(
            f"SELECT name, {SUMS} FROM total LEFT JOIN model ON model.id = total.model GROUP BY model"
        )
        assert {name: sums for name, *sums in totals} == {name: [*row.values()] for name, row in by_model.items()}
        sessions = anew.db.execute(f"SELECT session_id, {SUMS} FROM session GROUP BY id")
        assert {name: sums for name, *sums in sessions} == {name: [*row.values()] for name, row in by_session.items()}


@settings(max_examples=25)
@given(BATCHES, st.lists(STEPS, max_size=8), st.integers(0, 3), st.lists(STEPS, max_size=4))
def test_files_that_changed_come_and_went(tmp_path_factory, batches, more, gone, last):
    """Files that were added, grew or were taken away without it are taken in, as if it had been made anew."""
    folder = tmp_path_factory.mktemp("sessions")
    agent = Agent(folder)
    with opened(folder) as found, opened(folder) as anew:
        for batch in batches:
            agent.store(batch, found)
        agent.store(more, found, is_told=False)
        for path in sorted(folder.glob("*.json"))[:gone]:
            path.unlink()
        (folder / "junk.json").write_text("{}", encoding="utf-8")
        caught_up(found)
        agent.store(last, found)

        assert contents(found) == contents(caught_up(anew))


def test_a_file_that_was_written_for_its_end_alone(tmp_path):
    """A session without new rounds, as one that is only counted, is as it was: how its last call ended, too."""
    written = Agent(tmp_path).store([Step("a"), Step("a", failed=True)])
    with opened(tmp_path) as found:
        found.add(written)
        before = contents(found), found.db.execute("SELECT session_id, last_flags FROM session").fetchall()

        found.add([each._replace(rounds=[]) for each in written])

        assert (contents(found), found.db.execute("SELECT session_id, last_flags FROM session").fetchall()) == before
        assert before[1][0][1] & schema.FAILED
        found.add([written[0]._replace(session_id="b", file="b.json", rounds=[])])
        assert found.db.execute("SELECT last_flags FROM session WHERE session_id = 'b'").fetchone() == (0,)


def test_a_late_call_changes_what_was_before(tmp_path):
    """A call that comes late stands before newer ones: each half hour of a session names the one before it."""
    agent = Agent(tmp_path)
    with opened(tmp_path) as found:
        for slot in (5, 9, 7, 1, 7):
            agent.store([Step("a", slot * HALF_HOUR), Step("b", (slot + 1) * HALF_HOUR)], found)

        rows = found.db.execute("SELECT session, slot, before FROM active ORDER BY session, slot").fetchall()

    never = rows[0][2]
    assert never < -(10**9)
    assert rows == [
        *[(1, 1, never), (1, 5, 1), (1, 7, 5), (1, 9, 7)],
        *[(2, 2, never), (2, 6, 2), (2, 8, 6), (2, 10, 8)],
    ]


def test_a_session_that_is_taken_away_leaves_nothing(tmp_path):
    """After its file went, no table has a row of a session or counts it."""
    agent = Agent(tmp_path)
    with opened(tmp_path) as found, opened(tmp_path) as empty:
        agent.store([Step("a", n, tool="read", consumer="c") for n in range(3)], found)
        (tmp_path / "a.json").unlink()

        assert contents(caught_up(found)) == contents(caught_up(empty))


@pytest.mark.parametrize("few", [0, 1, 2, 500])
def test_sessions_that_are_deleted_leave_nothing(tmp_path, monkeypatch, few):
    """Few are taken off the sums one by one; where there are more these are made anew.  Both leave what others hold."""
    monkeypatch.setattr(writer, "_FEW", few)
    agent = Agent(tmp_path)
    steps = [Step(name, n, "gpt-4o", name, tool=name) for n, name in enumerate("abcab")]
    with opened(tmp_path) as found, opened(tmp_path) as anew:
        caught_up(found)
        agent.store([*steps, Step("c", None), Step("a", None)], found)
        change = found.meta("change")
        found.mark()
        for name in "ab":
            (tmp_path / f"{name}.json").unlink()
        found.take_out({name: f"{name}.json" for name in ("a", "b", "never there")}, is_complete=True)

        assert found.is_complete()
        assert found.meta("change") == change + 1
        assert contents(found) == contents(caught_up(anew))
        for table in ("model", "consumer", "tool_name"):
            names = [{name for (name,) in each.db.execute(f"SELECT name FROM {table}")} for each in (found, anew)]
            assert names[0] == names[1]


def test_names_of_ways_that_only_deleted_sessions_have(tmp_path):
    """Routes and clusters are not named any more where no call went over them; those of other sessions are."""
    went = [calls.call(name)._replace(route_name=f"route {name}", upstream_cluster=f"cluster {name}") for name in "ab"]
    put(tmp_path, calls.in_log(went))
    with opened(tmp_path) as found:
        caught_up(found)
        assert {name for (name,) in found.db.execute("SELECT name FROM way")} == {
            "route a\ncluster a",
            "route b\ncluster b",
        }
        found.mark()
        (tmp_path / "a.json").unlink()
        found.take_out({"a": "a.json"}, is_complete=True)

        assert found.db.execute("SELECT name FROM way").fetchall() == [("route b\ncluster b",)]


def test_an_index_that_lacked_something_before_sessions_are_deleted(tmp_path):
    """It is not called complete afterwards."""
    with opened(tmp_path) as found:
        caught_up(found)
        Agent(tmp_path).store([Step("a"), Step("b")], found)
        found.mark()
        (tmp_path / "a.json").unlink()
        found.take_out({"a": "a.json"}, is_complete=False)
        assert not found.is_complete()


def test_a_file_that_is_deleted_is_none_of_the_damaged(tmp_path):
    """Others are still known as such."""
    with opened(tmp_path) as found:
        for name in ("a.json", "b.json"):
            (tmp_path / name).write_bytes(b"junk")
        caught_up(found)
        (tmp_path / "a.json").unlink()
        found.take_out({"a": "a.json"}, is_complete=True)
        assert found.db.execute("SELECT file FROM damaged").fetchall() == [("b.json",)]


def test_no_session_file_is_read_twice(tmp_path):
    """Catching up reads the files that are new or changed, and no others."""
    agent = Agent(tmp_path)
    with opened(tmp_path) as found:
        agent.store([Step("a"), Step("b")])
        caught_up(found)
        agent.store([Step("c")])
        read = []
        found.catch_up(lambda _done, total: read.append(total))

        assert read == [(tmp_path / "c.json").stat().st_size]


def test_sessions_say_when_they_changed(tmp_path):
    """Each batch has a number higher than all before, and the sessions in it have that."""
    agent = Agent(tmp_path)
    with opened(tmp_path) as found:
        seen = []
        for batch in ([Step("a"), Step("b")], [Step("b")], [Step("c")]):
            agent.store(batch, found)
            seen.append(dict(found.db.execute("SELECT session_id, change FROM session")))

    assert seen == [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}]


# -- prices ------------------------------------------------------------------------------------------------------------


def test_other_prices_need_no_session_file(tmp_path):
    """With another price list all costs are those that it would have had from the beginning."""
    Agent(tmp_path).store([Step("s", n * HALF_HOUR, MODELS[n % 4], cached=n) for n in range(40)])
    with opened(tmp_path) as found, opened(tmp_path, DEARER) as anew:
        caught_up(found)
        caught_up(anew)
        for path in tmp_path.glob("*.json"):
            path.rename(path.with_suffix(".away"))

        dearer = IndexWriter(found.db, str(tmp_path), DEARER)
        assert not dearer.is_priced()
        dearer.reprice(silent)

        assert dearer.is_priced()
        assert contents(dearer) == contents(anew)


def test_other_prices_hold_for_audio_and_writes_for_an_hour_too(tmp_path):
    """The index keeps these kinds of tokens, and so needs no session file for them either."""
    details = {"ephemeral_1h_input_tokens": 3, "audio_tokens": 2}
    agent = Agent(tmp_path)
    agent.call = lambda _: calls.call("s", model="gpt-4o", input_token_details=details)
    price = {"from": None, "input": "7", "output": "9", "audio_input": "100", "cache_write_1h": "1000"}
    with opened(tmp_path) as found:
        caught_up(found)
        agent.store([None], found)
        (path,) = tmp_path.glob("*.json")
        path.unlink()

        own = IndexWriter(found.db, str(tmp_path), Book([PriceList("own", {"gpt-4o": {"prices": [price]}})]))
        own.reprice(silent)

        assert own.db.execute("SELECT usd, pico FROM round").fetchall() == [(8 * 7 + 2 * 100 + 3 * 1000 + 5 * 9, 0)]


def test_what_a_person_says_of_caches_needs_no_session_file(tmp_path):
    """What is stated for some consumers prices their rounds anew, and where it is taken back they are as before."""
    kinds = {"cache_read_input_tokens": 100}, {"cache_read_input_tokens": 100, "cache_creation_input_tokens": 50}
    told = {"model": "claude-sonnet-4-5", "input_token": 1000, "output_token": 10}
    steps = [calls.call("s", input_token_details=each, **told) for each in kinds for _ in "ab"]
    agent, consumers = Agent(tmp_path), itertools.cycle("ab")
    agent.call = lambda at: steps[at]._replace(consumer=next(consumers))
    rules = {"cache_write": "1h", "consumer": "a"}, {"cache": "beside", "consumer": "a"}
    stated = Book([PriceList("own", assume=rules, digest="x"), price_list.shipped()])
    with opened(tmp_path) as found, opened(tmp_path, stated) as anew:
        agent.store(range(4), found)
        before = contents(found)
        caught_up(anew)
        own = IndexWriter(found.db, str(tmp_path), stated)
        own.reprice(silent)
        assert contents(own) == contents(anew) != before
        stakes = own.db.execute("SELECT stake_usd * 1000000 + stake_pico FROM round ORDER BY number").fetchall()
        assert [stake != 0 for (stake,) in stakes] == [False, True, False, True]

        found.reprice(silent)
        assert contents(found) == before


def test_rounds_added_at_other_prices_are_noticed(tmp_path):
    """What a monitor adds with prices that are not the index's leaves it unpriced for everybody."""
    with opened(tmp_path) as found:
        caught_up(found)
        dearer = IndexWriter(found.db, str(tmp_path), DEARER)
        Agent(tmp_path).store([Step("s")], dearer)

        assert not found.is_priced()
        assert not dearer.is_priced()


def test_the_largest_numbers_of_a_log(tmp_path):
    """Counts that no model ever reported, at the highest price that can be stated, are summed up like others."""
    price = {"from": None, "input": "999999.999999", "output": "999999.999999"}
    book = Book([PriceList("own", {"gpt-4o": {"prices": [price]}}, digest="high"), price_list.shipped()])
    attributes = {
        "input_token": 10**10,
        "output_token": 10**10,
        "total_token": 2 * 10**10,
        "llm_service_duration": 10**30,
    }
    many = [calls.call("s", model="gpt-4o", start_time=f"9999-12-31T23:59:{n:02}Z", **attributes) for n in range(20)]
    many.append(calls.call("s", model="gpt-4o", start_time="0001-01-01T00:00:00Z", code="9" * 30, **attributes))
    agent = Agent(tmp_path)
    agent.call = lambda call: call
    with opened(tmp_path, book) as found:
        caught_up(found)
        agent.store(many, found)

        (usd, pico) = found.db.execute("SELECT sum(usd), sum(pico) FROM total").fetchone()

    assert usd * 10**6 + pico == 21 * 2 * 10**10 * 999_999_999_999


# -- what stands in it -------------------------------------------------------------------------------------------------


def test_no_text_of_a_conversation_is_in_it(tmp_path):
    """The file holds numbers, ids and models, and nothing that was said."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    path = tmp_path / "index"
    with contextlib.closing(sqlite3.connect(path)) as db:
        found = IndexWriter(db, str(folder), BOOK)
        found.create()
        Agent(folder).store([Step("session-one", tool="read"), Step("session-one")], found)

    data = path.read_bytes()
    assert b"session-one" in data
    assert b"secret" not in data


def test_a_rounds_place_is_its_line(tmp_path):
    """The bytes that a round's row names are the line of that round."""
    agent = Agent(tmp_path)
    with opened(tmp_path) as found:
        caught_up(found)
        for first in (0, 3):
            agent.store([Step("s", n, tool="read") for n in range(first, first + 3)], found)

        data = (tmp_path / file_names.file_name("s")).read_bytes()
        places = found.db.execute("SELECT number, start, length FROM round").fetchall()

    lines = {number: data[start : start + length] for number, start, length in places}
    assert {number: json.loads(line.lstrip(b","))["round"] for number, line in lines.items()} == {n: n for n in lines}
    assert len(lines) == 6


# -- marks and failures ------------------------------------------------------------------------------------------------


def test_a_mark_stays_until_the_rows_are_there(tmp_path):
    """A monitor that ended between writing a session and telling the index leaves a mark; catching up takes it away."""
    with opened(tmp_path) as found:
        caught_up(found)
        assert found.is_complete()
        Agent(tmp_path).store([Step("s")], found, is_told=False)
        assert not found.is_complete()
        caught_up(found)
        assert found.is_complete()
        assert found.db.execute("SELECT count(*) FROM round").fetchone() == (1,)


def test_the_end_of_a_pass_takes_back_no_mark_of_its_own(tmp_path):
    """Session files that changed are told with their rows; only the mark of who caught up meanwhile is taken back."""
    with opened(tmp_path) as found:
        caught_up(found)
        found.mark()
        found.settle()
        assert not found.is_complete()

        with files.lock(str(tmp_path / data_folder.LOCK), "a monitor at work"):
            found.catch_up(silent, is_monitors=False)
            assert not found.is_complete()
            found.settle()
            assert found.is_complete()
            found.mark()
            found.catch_up(silent)
            assert found.is_complete()
        found.catch_up(silent, is_monitors=False)
        assert found.is_complete()


def test_the_folders_time_is_taken_over(tmp_path):
    """What the monitor itself does to the folder, beside session files, makes the index no less complete."""
    with opened(tmp_path) as found:
        caught_up(found)
        os.utime(tmp_path, ns=(1, 1))
        assert not found.is_complete()
        found.settle()
        assert found.is_complete()


def test_what_fails_leaves_no_half(tmp_path):
    """A batch that cannot be taken in is not there at all, and neither is a name that came with it."""
    with opened(tmp_path) as found:
        caught_up(found)
        (written,) = Agent(tmp_path).store([Step("s")])
        broken = written._replace(session_id="t", rounds=[({"round": 1}, 0, 1)])

        with pytest.raises(KeyError, match="timestamp"):
            found.add([written, broken])

        assert found.db.execute("SELECT count(*) FROM session").fetchone() == (0,)
        assert found.db.execute("SELECT count(*) FROM round").fetchone() == (0,)
        found.add([written])
        assert found.db.execute("SELECT calls, failed, fresh FROM session").fetchone() == (1, 0, 120)
        assert found.db.execute("SELECT name FROM round JOIN model ON model.id = model").fetchall() == [("gpt-4o",)]
