"""Does the index hold what the session files hold?"""

from __future__ import annotations

import contextlib
import json
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor import index, moments, names, price_list, prices, session_file
from session_monitor.index import ADDITIVE, Index
from session_monitor.price_list import PriceList
from session_monitor.prices import Book, Cost
from session_monitor.store import Store
from tests import calls
from tests.calls import BOOK

DEARER = Book(
    [
        PriceList("own", {"gpt-4o": {"prices": [{"from": None, "input": "7", "output": "9"}]}}, digest="dearer"),
        price_list.shipped(),
    ]
)
MODELS = ("gpt-4o", "qwen3-max", "no-such-model", None)


@contextlib.contextmanager
def opened(folder, book=BOOK):
    """An index in memory, empty."""
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        found = Index(db, str(folder), book)
        found.create()
        yield found


def caught_up(folder, found):
    """The index brought up to date."""
    found.catch_up(lambda _done, _total: None)
    return found


def contents(found):
    """All that it holds, with names in place of their numbers, which depend on the order of arrival."""
    of_session = dict(found.db.execute("SELECT id, session_id FROM session"))
    of_model = {0: None, **dict(found.db.execute("SELECT id, name FROM model"))}
    of_consumer = {0: None, **dict(found.db.execute("SELECT id, name FROM consumer"))}
    read = {}
    for table in ("session", "round", "total", "slot", "part", "active"):
        cursor = found.db.execute(f"SELECT * FROM {table}")
        columns = [column[0] for column in cursor.description]
        rows = []
        for values in cursor:
            row = dict(zip(columns, values))
            if table in ("total", "slot") and not row["calls"]:
                continue  # a sum that was taken off again
            row.pop("id", None)
            row.pop("mtime", None)
            for column, known in (("session", of_session), ("consumer", of_consumer)):
                if column in row:
                    row[column] = known[row[column]]
            if table != "session":
                row["model"] = of_model[row["model"]]
            rows.append(sorted(row.items(), key=lambda item: item[0]))
        read[table] = sorted(rows, key=str)
    return read


def fill(folder, batches, found=None):
    """Store calls, batch by batch, and keep the index with each."""
    store = Store(str(folder))
    place = 0
    for batch in batches:
        for call in batch:
            store.add(call, ("g", place, place + 10))
            place += 10
        if found:
            found.mark()
        _, written = store.flush()
        if found:
            found.add(written)


def call_of(number, session, model, consumer, minute, *, failed=False, tokens=True, cached=0):
    """A call with these traits."""
    counts = {"input_token": 100 + number, "output_token": 5, "total_token": 105 + number} if tokens else {}
    counts = counts or {"input_token": None, "output_token": None, "total_token": None}
    more = {"consumer": consumer} if consumer else {}
    time = f"2026-02-0{1 + minute // 1440}T{minute // 60 % 24:02}:{minute % 60:02}:15.5Z"
    return calls.call(
        session,
        ["hello secret"],
        start_time=time,
        code="500" if failed else "200",
        model=model,
        cached_tokens=min(cached, 90),
        answer="a secret answer",
        **counts,
        **more,
    )


CALLS = st.lists(
    st.builds(
        call_of,
        st.integers(0, 50),
        st.sampled_from(["a", "b/c", "d\udcff", "会话"]),
        st.sampled_from(MODELS),
        st.sampled_from([None, "team-1", "团队"]),
        st.integers(0, 2 * 1440),
        failed=st.booleans(),
        tokens=st.booleans(),
        cached=st.integers(0, 90),
    ),
    max_size=8,
)


def counted(folder, book):
    """What the session files add up to, counted round by round: by model, and by session."""
    by_model, by_session = {}, {}
    for path in folder.glob("*.json"):
        with open(path, "rb") as file:
            session_id = session_file.read_header(file)
            for entry in session_file.entries(file):
                outcome = book.price(prices.call_of(entry))
                for sums, key in ((by_model, entry["model"]), (by_session, session_id)):
                    row = sums.setdefault(key, dict.fromkeys(("calls", "failed", "input", "pico", "unpriced"), 0))
                    row["calls"] += 1
                    row["failed"] += entry["response_type"] == "error"
                    row["input"] += entry["input_tokens"]
                    row["pico"] += outcome.pico if isinstance(outcome, Cost) else 0
                    row["unpriced"] += not isinstance(outcome, Cost)
    return by_model, by_session


SUMS = "sum(calls), sum(failed), sum(fresh + read + written), sum(usd) * 1000000 + sum(pico), sum(unpriced)"


@settings(max_examples=40, deadline=None)
@given(st.lists(CALLS, max_size=5))
def test_it_adds_up_to_what_the_files_hold(tmp_path_factory, batches):
    """Kept batch by batch or made anew, it holds the same, and its sums are those of the rounds in the files."""
    folder = tmp_path_factory.mktemp("sessions")
    with opened(folder) as kept, opened(folder) as anew:
        caught_up(folder, kept)
        fill(folder, batches, kept)
        caught_up(folder, anew)

        assert contents(kept) == contents(anew)
        by_model, by_session = counted(folder, BOOK)
        totals = anew.db.execute(
            f"SELECT name, {SUMS} FROM total LEFT JOIN model ON model.id = total.model GROUP BY model"
        )
        assert {name: sums for name, *sums in totals} == {name: [*row.values()] for name, row in by_model.items()}
        sessions = anew.db.execute(f"SELECT session_id, {SUMS} FROM session GROUP BY id")
        assert {name: sums for name, *sums in sessions} == {name: [*row.values()] for name, row in by_session.items()}


@settings(max_examples=25, deadline=None)
@given(st.lists(CALLS, min_size=1, max_size=3), CALLS, st.integers(0, 3))
def test_files_that_changed_come_and_went(tmp_path_factory, batches, more, gone):
    """Files that were added, grew or were taken away without it are taken in, as if it had been made anew."""
    folder = tmp_path_factory.mktemp("sessions")
    with opened(folder) as found, opened(folder) as anew:
        fill(folder, batches)
        caught_up(folder, found)
        fill(folder, [[], more])  # the store drops what it has: only the later calls are new
        for path in sorted(folder.glob("*.json"))[:gone]:
            path.unlink()

        assert contents(caught_up(folder, found)) == contents(caught_up(folder, anew))


def test_other_prices_need_no_session_file(tmp_path):
    """With another price list all costs are those that it would have had from the beginning."""
    fill(tmp_path, [[call_of(n, "s", MODELS[n % 4], None, n * 40, cached=n) for n in range(40)]])
    with opened(tmp_path) as found, opened(tmp_path, DEARER) as anew:
        caught_up(tmp_path, found)
        caught_up(tmp_path, anew)
        for path in tmp_path.glob("*.json"):
            path.rename(path.with_suffix(".away"))

        assert not Index(found.db, str(tmp_path), DEARER).is_priced()
        dearer = Index(found.db, str(tmp_path), DEARER)
        dearer.reprice(lambda _done, _total: None)

        assert dearer.is_priced()
        assert contents(dearer) == contents(anew)


def test_rounds_added_at_other_prices_are_noticed(tmp_path):
    """What a monitor adds with prices that are not the index's leaves it unpriced for everybody."""
    with opened(tmp_path) as found:
        caught_up(tmp_path, found)
        fill(tmp_path, [[call_of(1, "s", "gpt-4o", None, 1)]], Index(found.db, str(tmp_path), DEARER))

        assert not found.is_priced()
        assert not Index(found.db, str(tmp_path), DEARER).is_priced()


def test_no_text_of_a_conversation_is_in_it(tmp_path):
    """The file holds numbers, ids and models, and nothing that was said."""
    path = tmp_path / "index"
    with contextlib.closing(sqlite3.connect(path)) as db:
        found = Index(db, str(tmp_path), BOOK)
        found.create()
        fill(tmp_path, [[call_of(1, "session-one", "gpt-4o", "team", 1)]], found)

    data = path.read_bytes()
    assert b"session-one" in data
    assert b"secret" not in data


def test_a_rounds_place_is_its_line(tmp_path):
    """The bytes that a round's row names are the line of that round."""
    with opened(tmp_path) as found:
        caught_up(tmp_path, found)
        fill(
            tmp_path, [[call_of(n, "s", "gpt-4o", None, n) for n in range(batch, batch + 3)] for batch in (0, 3)], found
        )

        data = (tmp_path / names.file_name("s")).read_bytes()
        places = found.db.execute("SELECT number, start, length FROM round").fetchall()

    lines = {number: data[start : start + length] for number, start, length in places}
    assert {number: json.loads(line.lstrip(b","))["round"] for number, line in lines.items()} == {n: n for n in lines}
    assert len(lines) == 6


def test_a_mark_stays_until_the_rows_are_there(tmp_path):
    """A monitor that ended between writing a session and telling the index leaves a mark; catching up takes it away."""
    with opened(tmp_path) as found:
        caught_up(tmp_path, found)
        assert found.is_complete()
        found.mark()
        fill(tmp_path, [[call_of(1, "s", "gpt-4o", None, 1)]])
        assert not found.is_complete()
        caught_up(tmp_path, found)
        assert found.is_complete()
        assert found.db.execute("SELECT count(*) FROM round").fetchone() == (1,)


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
    with opened(tmp_path, book) as found:
        caught_up(tmp_path, found)
        fill(tmp_path, [many], found)

        (usd, pico) = found.db.execute("SELECT sum(usd), sum(pico) FROM total").fetchone()

    assert usd * 10**6 + pico == 21 * 2 * 10**10 * 999_999_999_999


def test_what_fails_leaves_no_half(tmp_path):
    """A batch that cannot be taken in is not there at all."""
    with opened(tmp_path) as found:
        caught_up(tmp_path, found)
        store = Store(str(tmp_path))
        store.add(call_of(1, "s", "gpt-4o", None, 1), ("g", 0, 1))
        _, (written,) = store.flush()
        broken = written._replace(session_id="t", rounds=[({"round": 1}, 0, 1)])

        with pytest.raises(KeyError):
            found.add([written, broken])

        assert found.db.execute("SELECT count(*) FROM session").fetchone() == (0,)
        assert found.db.execute("SELECT count(*) FROM round").fetchone() == (0,)
        found.add([written])
        assert found.db.execute(f"SELECT {', '.join(ADDITIVE[:3])} FROM session").fetchone() == (1, 0, 101)


@given(st.datetimes())
def test_a_moment_comes_back(time):
    """Milliseconds of a log's time and back give that time, at every edge of the calendar."""
    text = time.strftime("%m-%dT%H:%M:%S")
    text = f"{time.year:04d}-{text}.{time.microsecond // 1000:03d}Z"

    assert moments.rfc3339(moments.milliseconds(text)) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.5Z", 500),
        ("1970-01-02T00:00:01.123456789Z", 86_401_123),
        ("1969-12-31T23:59:59.999Z", -1),
        (None, None),
    ],
)
def test_moments(text, moment):
    """Fractions of any length count to the millisecond; no time stays none."""
    assert moments.milliseconds(text) == moment


def test_slots_hold_half_hours():
    """A slot is half an hour: days of nearly all time zones begin with one."""
    assert index.SLOT == 30 * 60 * 1000
