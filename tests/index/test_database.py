"""What is an index, and is it sound and current?"""

from __future__ import annotations

import pytest

from session_monitor.base import data_folder, files, utf8
from session_monitor.index.tables import schema
from tests.support.indexes import Agent, Step, caught_up, opened


def test_slots_hold_half_hours():
    """A slot is half an hour: days of nearly all time zones begin with one."""
    assert schema.SLOT == 30 * 60 * 1000


def test_what_is_being_written_is_current_while_its_writer_lives(tmp_path):
    """A marked index is current as long as somebody holds the monitor's lock, and complete only without a mark."""
    with opened(tmp_path) as found:
        caught_up(found)
        with files.lock(str(tmp_path / data_folder.LOCK), "a monitor at work"):
            found.settle()
            assert (found.is_complete(), found.is_current()) == (True, True)
            found.mark()
            assert (found.is_complete(), found.is_current()) == (False, True)
        assert (found.is_complete(), found.is_current()) == (False, False)


def test_a_file_that_somebody_adds_is_noticed(tmp_path):
    """An index is not complete any more when a session file came or went without it."""
    with opened(tmp_path) as found:
        caught_up(found)
        Agent(tmp_path).store([Step("a")])
        assert not found.is_complete()
        assert caught_up(found).is_complete()


def test_another_version_is_not_known(tmp_path):
    """Only tables of this version are taken for an index."""
    with opened(tmp_path) as found:
        assert found.is_known()
        found.db.execute("PRAGMA user_version = 1")
        assert not found.is_known()


def test_values_about_itself(tmp_path):
    """A value that was kept comes back, and one that was not is None."""
    with opened(tmp_path) as found:
        found.set_meta(something="text", other=7)

        assert (found.meta("something"), found.meta("other"), found.meta("none")) == ("text", 7, None)


@pytest.mark.parametrize("text", ["\ud83d", "a\udcffb", "\udc80\ud800", "会话", "a\0b", ""])
def test_half_characters_come_back(tmp_path, text):
    """Text that UTF-8 has no bytes for is kept as it is, is found again, and stays apart from other text."""
    with opened(tmp_path) as found:
        found.db.execute("INSERT INTO model(name) VALUES (CAST(? AS TEXT))", (utf8.encoded(text),))

        sql = "SELECT name FROM model WHERE name = CAST(? AS TEXT)"
        assert found.db.execute(sql, (utf8.encoded(text),)).fetchall() == [(text,)]
        assert found.db.execute(sql, (utf8.encoded(text + "?"),)).fetchall() == []


@pytest.mark.parametrize("session_id", ["a", "A", "d\udcff", "会话", "x" * 5000])
def test_a_number_stands_for_one_session(tmp_path, session_id):
    """A session has a number and a number its session, however the id is spelled; one that is not there has none."""
    Agent(tmp_path).store([Step("other"), Step(session_id)])
    with opened(tmp_path) as index:
        caught_up(index)
        number = index.session_number(session_id)
        assert index.session_id(number) == session_id
        assert index.session_number(session_id + "?") is None


def test_when_an_index_can_be_asked(tmp_path):
    """Where it is of this version, current, and priced with the prices of now; each of these can lack."""
    with opened(tmp_path) as found:
        caught_up(found)
        assert found.is_ready()
        found.set_meta(prices="others")
        assert not found.is_ready()
        found.set_meta(prices=found.book.fingerprint, writing=1)
        assert not found.is_ready()
        found.set_meta(writing=0)
        found.db.execute("PRAGMA user_version = 1")
        assert not found.is_ready()
