"""The folder is looked at when a tool is called: prices that change, an index that has to be made, notes, coverage."""

from __future__ import annotations

import json
import threading

import pytest

from mcp_server.protocol.lanes import CancelledCallError
from session_monitor.prices.price_list import BadPriceListError
from tests.support.command_line import line, sessions
from tests.support.mcp_client import desk_of


def test_prices_are_those_of_now(tmp_path):
    """The same book while nothing changes, another one when the list does; a mistake in it is told until it is mended."""
    desk = desk_of(sessions(tmp_path / "s", line("a", model="mine")))
    book, report = desk.folder.book(), desk.report()
    assert desk.folder.book() is book
    assert desk.report() is report
    (tmp_path / "s" / ".prices.json").write_text(json.dumps({"models": {"mine": {"input": 1, "output": 2}}}))
    try:
        found = desk.folder.book().find("mine")
    except BadPriceListError:
        found = None
    (tmp_path / "s" / ".prices.json").write_text("{")
    with pytest.raises(BadPriceListError):
        desk.report()
    (tmp_path / "s" / ".prices.json").unlink()
    assert desk.report() is not report
    assert found is None or found.key == "mine"


def test_one_thread_makes_the_index(tmp_path):
    """Several that ask at once while there is none get their answers, and it is made once."""
    folder = sessions(tmp_path / "s", *(line(f"s{number}", number) for number in range(20)))
    (folder / ".index.sqlite3").unlink(missing_ok=True)
    desk, told, found = desk_of(folder), [], []

    def ask():
        own = type(desk)(desk.folder)
        own.hear = lambda done, total: told.append((done, total))
        found.append(own.report().overview().sessions)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [20] * 4
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_an_index_is_made_to_its_end(tmp_path):
    """Also where the call that began it was given up: who asks next finds it."""
    folder = sessions(tmp_path / "s", *(line(f"s{number}", number) for number in range(20)))
    (folder / ".index.sqlite3").unlink(missing_ok=True)
    desk, told = desk_of(folder), []

    def given_up(done, total):
        told.append(done)
        raise CancelledCallError

    desk.hear = given_up
    assert desk.report().overview().sessions == 20
    assert told
    desk.hear = lambda *_: told.append("again")
    assert desk.report().overview().sessions == 20
    assert "again" not in told


def test_what_is_not_there_is_none(tmp_path):
    """Without notes and without a monitor's state there are none, and looking makes none."""
    folder = sessions(tmp_path / "s", line("a"))
    (folder / ".state.json").unlink()
    desk = desk_of(folder)
    assert desk.notes() is None
    assert desk.coverage() is None
    assert not (folder / ".notes.json").exists()


def test_coverage(tmp_path):
    """How much of the log was read is told in brief."""
    assert desk_of(sessions(tmp_path / "s", line("a"), line("b", 2))).coverage() == {"lines": 2, "calls": 2}
