"""An index that follows a database says what the indexes of the gateways' own folders do, to the last digit."""

from __future__ import annotations

import contextlib
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from session_monitor.base import data_folder, mounts
from session_monitor.base.mounts import UnreachableDataError
from session_monitor.fleet import home, mirror
from session_monitor.index.access import Access
from session_monitor.index.tables.schema import NO_CONTENT
from session_monitor.prices.book import Book
from tests.support import fleets
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, Agent, Step, caught_up, contents, opened, silent

NOW = 1_770_000_000_000
_OF_FILES = ("size", "mtime", "next_byte", "start", "length", "file")


def told(found, gateway=None):
    """All that an index holds but for where rounds stand; of one of files with its gateway in each way, and as if nothing was said."""
    read = contents(found)
    return {table: _plain(rows, gateway) if table != "before" else rows for table, rows in read.items()}


def _plain(rows, gateway):
    plain = Counter()
    for row, number in rows.items():
        kept = {name: value for name, value in row if name not in _OF_FILES}
        if gateway and "flags" in kept:
            kept["flags"] |= NO_CONTENT
        if gateway and "last_flags" in kept:
            kept["last_flags"] |= NO_CONTENT
        if gateway and "way" in kept:
            kept["way"] = f"{kept['way'] or chr(10)}\n{gateway}"
        plain[tuple(kept.items())] += number
    return plain


def asked(folder, question, book=BOOK):
    """What a question finds after a look at the database."""
    mounts.of(folder).follow(folder, book)
    with contextlib.closing(Access(folder, book, silent)) as access:
        return access.ask(question)


def session_ids(index):
    """The sessions that there are."""
    return {session_id for (session_id,) in index.db.execute("SELECT session_id FROM session")}


@settings(max_examples=15)
@given(BATCHES)
def test_it_says_what_the_folder_says(batches):
    """Whatever comes, corrected and in any order: after each look, the mirror of one gateway is its folder's index."""
    with fleets.standing_in() as fleet, TemporaryDirectory() as temporary, opened(temporary) as own:
        agent = Agent(temporary)
        folder = home.mounted(fleet.address, {"XDG_DATA_HOME": str(Path(temporary, "data"))})
        for version, steps in enumerate(batches, 1):
            agent.store(steps)
            caught_up(own)
            fleet.put(*fleets.rows_of(own, "gw", version))
            assert asked(folder, told) == told(own, "gw")


def test_a_look_that_finds_nothing_reads_no_round(tmp_path, fleet, environment):
    """What has not changed is not fetched again, and the index is left as it is."""
    with opened(tmp_path) as own:
        Agent(tmp_path).store([Step("a", NOW), Step("b", NOW)])
        fleet.put(*fleets.rows_of(caught_up(own), "gw"))
    folder = home.mounted(fleet.address, environment)
    before = asked(folder, lambda index: index.meta("change"))
    fleet.asked.clear()
    assert asked(folder, lambda index: index.meta("change")) == before
    assert not any("model" in sql for sql in fleet.asked)


def test_what_is_deleted_or_dropped_goes(tmp_path, fleet, environment, monkeypatch):
    """A session that a gateway deletes goes with the next look; rows that the database drops by itself, with the next comparison."""
    with opened(tmp_path) as own:
        Agent(tmp_path).store([Step("a", NOW), Step("b", NOW), Step("c", NOW), Step("b", NOW + 1)])
        rows, _ = fleets.rows_of(caught_up(own), "gw")
    fleet.put(rows)
    folder = home.mounted(fleet.address, environment)
    assert asked(folder, session_ids) == {"a", "b", "c"}
    fleet.put(fleets.gone([row for row in rows if row["session"] == "a" or row["number"] == 2], 2))
    assert asked(folder, session_ids) == {"b", "c"}
    assert asked(folder, lambda index: index.db.execute("SELECT sum(calls) FROM total").fetchone()) == (2,)
    fleet.handler.db.execute("DELETE FROM rounds WHERE session = 'c'")
    assert asked(folder, session_ids) == {"b", "c"}
    monkeypatch.setattr(mirror, "COMPARED", 0)
    assert asked(folder, session_ids) == {"b"}


def test_a_session_over_two_gateways_is_one(tmp_path, fleet, environment):
    """What one agent says by way of two copies of a gateway is one session, in the order of time, and each call has its gateway."""
    with opened(tmp_path) as own:
        Agent(tmp_path).store([Step("a", NOW + at) for at in (0, 2000, 4000)])
        fleet.put(fleets.rows_of(caught_up(own), "east")[0])
        rows, _ = fleets.rows_of(own, "west")
        fleet.put([{**row, "at_ms": row["at_ms"] + 1000} for row in rows])
    folder = home.mounted(fleet.address, environment)
    sql = "SELECT round.number, at, way.name, base, thread FROM round JOIN way ON way.id = way ORDER BY number"
    found = asked(folder, lambda index: index.db.execute(sql).fetchall())
    assert [(number, at - NOW, way.split("\n")[2]) for number, at, way, *_ in found] == [
        (1, 0, "east"),
        (2, 1000, "west"),
        (3, 2000, "east"),
        (4, 3000, "west"),
        (5, 4000, "east"),
        (6, 5000, "west"),
    ]
    assert [(base, thread) for *_, base, thread in found] == [(0, 1), (0, 2), (1, 1), (2, 2), (3, 1), (4, 2)]
    one = home.mounted(f"{fleet.address}?gateway=west", environment)
    assert one != folder
    assert asked(one, lambda index: index.db.execute("SELECT sum(calls) FROM session").fetchone()) == (3,)


def test_since_keeps_whole_sessions(tmp_path, fleet, environment, monkeypatch):
    """Of sessions that talked within a time all calls are there, of others none."""
    day = 86_400_000
    with opened(tmp_path) as own:
        Agent(tmp_path).store(
            [Step("old", NOW - 9 * day), Step("long", NOW - 9 * day), Step("long", NOW), Step("no", None)]
        )
        fleet.put(*fleets.rows_of(caught_up(own), "gw"))
    monkeypatch.setattr(mirror.timestamps, "now", lambda: NOW + 1)
    folder = home.mounted(f"{fleet.address}?since=7d", environment)
    calls = asked(folder, lambda index: index.db.execute("SELECT session_id, calls FROM session").fetchall())
    assert calls == [("long", 2)]


def test_a_look_that_fails_changes_nothing(tmp_path, fleet, environment):
    """Whoever asks hears why there is no answer; what was there is there when the database answers again."""
    with opened(tmp_path) as own:
        Agent(tmp_path).store([Step("a", NOW)])
        fleet.put(*fleets.rows_of(caught_up(own), "gw"))
        folder = home.mounted(fleet.address, environment)
        before = asked(folder, told)
        fleet.handler.refusal = (
            500,
            b"Code: 241. DB::Exception: Memory limit (for query) exceeded: secret (MEMORY_LIMIT_EXCEEDED)",
        )
        with pytest.raises(UnreachableDataError, match=r"error 241 \(MEMORY_LIMIT_EXCEEDED\)") as refused:
            asked(folder, told)
        assert "secret" not in str(refused.value)
        fleet.handler.refusal = None
        assert asked(folder, told) == before


def test_it_is_priced_as_the_reader_says(tmp_path, fleet, environment):
    """Costs are by the prices of whoever asks, also when these change."""
    with opened(tmp_path) as own:
        Agent(tmp_path).store([Step("a", NOW)])
        fleet.put(*fleets.rows_of(caught_up(own), "gw"))
    folder = home.mounted(fleet.address, environment)
    cost = "SELECT usd, unpriced FROM total"
    assert asked(folder, lambda index: index.db.execute(cost).fetchone())[1] == 0
    assert asked(folder, lambda index: index.db.execute(cost).fetchone(), Book([])) == (0, 1)


def test_the_folder_is_private(fleet, environment):
    """What stands for a database is for its user alone."""
    folder = Path(home.mounted(fleet.address, environment))
    assert folder.stat().st_mode & 0o077 == 0
    asked(str(folder), session_ids)
    assert (folder / data_folder.INDEX).stat().st_mode & 0o077 == 0
