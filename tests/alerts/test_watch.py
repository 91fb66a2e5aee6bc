"""After a poll all that is new is in the outbox before anybody remembers that it was told: whatever ends a run between, nothing is lost, and nothing waits twice."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from session_monitor.alerts import raised
from session_monitor.alerts.watch import AlertWatch
from session_monitor.base import files
from session_monitor.budgets import budget, budget_file
from session_monitor.budgets.budget_file import Budgets
from session_monitor.delivery.outbox import Outbox
from session_monitor.index.keeper import Keeper
from session_monitor.reports.report import Report
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step, silent

NOW = 20_000 * 86_400_000
DAY = "2024-10-04"
QUIET = {"lost_bytes": 0, "is_stuck": False}


class Run:
    """A monitor's run as far as alerts go: its calls, its watch, its outbox."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.agent = Agent(folder)
        self.begin()

    def begin(self):
        """As a run that is started anew."""
        self.outbox = Outbox(self.folder, now=lambda: NOW)
        self.watch = AlertWatch(self.folder, self.outbox, "here")

    def spend(self, tokens, at=NOW, session="a"):
        """One call of that many tokens."""
        self._call(Step(session, at, tokens=tokens))

    def fail(self, at):
        """One call that fails."""
        self._call(Step("a", at, failed=True))

    def _call(self, step):
        with contextlib.closing(Keeper(self.folder, BOOK, silent)) as keeper:
            keeper.before()
            keeper.after(self.agent.store([step]))
            keeper.settle()

    def look(self, now=NOW, **poll):
        """What was told then."""
        report = Report(self.folder, BOOK, now=now)
        self.room = self.watch.look(report, {**QUIET, **poll}, now)
        return [(each.id, each.state) for each in self.watch.told]

    def waiting(self):
        """What waits to be sent, and may be."""
        return sorted((item.event.id, item.event.state) for items in self.outbox.to_send().values() for item in items)


def set_budgets(folder, *budgets):
    """These alone are set."""
    budget_file.write(Budgets(budget_file.path_of(str(folder)), budgets))


def set_alerts(folder, **parts):
    """Who is to be told, and what is looked for."""
    target = {"name": "hook", "kind": "command", "argv": ["true"]}
    (folder / ".alerts.json").write_text(json.dumps({"schema_version": 1, "targets": [target], **parts}))


DAILY = budget.made("daily", "0.01", None, "80%", name="all", timezone="UTC")
"""4,000 tokens cost as much: the price of the calls that are made here is 2.50 for a million."""


@pytest.fixture
def run(tmp_path):
    """A run with a budget and somebody to be told."""
    set_budgets(tmp_path, DAILY)
    set_alerts(tmp_path)
    return Run(tmp_path)


def test_a_budget_that_is_crossed(run):
    """One warning, one breach, once each; over, once the next day begins."""
    run.spend(100)
    assert run.look() == []
    run.spend(3300)
    assert run.look() == [(f"budget:all/{DAY}/warning", "firing")]
    assert run.look() == []
    run.spend(2000)
    assert run.look() == [(f"budget:all/{DAY}/critical", "firing")]
    run.spend(9000)
    assert run.look() == []
    assert run.waiting() == [(f"budget:all/{DAY}/critical", "firing"), (f"budget:all/{DAY}/warning", "firing")]

    run.begin()
    assert run.look() == []
    both = [(f"budget:all/{DAY}/{severity}", "resolved") for severity in ("critical", "warning")]
    assert run.look(NOW + 86_400_000) == both


class Killed(BaseException):
    """As if the process had been killed."""


def killing(number, *, is_after):
    """``files.replace`` as one sees it that dies at a write, before it is done or after."""
    replace, left = files.replace, [number]

    def dies(path, *rest):
        left[0] -= 1
        if left[0] == 0 and not is_after:
            raise Killed
        replace(path, *rest)
        if left[0] == 0:
            raise Killed

    return dies


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_run_that_is_killed_anywhere(run, monkeypatch, number, is_after):
    """At each write: what waits in the end is what would wait had nothing happened, and nothing may be sent that nobody remembers."""
    budget_file.write(budget_file.read(run.folder).put(DAILY._replace(name="other")))
    run.spend(9000)
    with monkeypatch.context() as patched:
        patched.setattr(files, "replace", killing(number, is_after=is_after))
        with pytest.raises(Killed):
            run.look()
    assert run.waiting() == []
    told = raised.read(run.folder).told
    assert bool(told) == (number == 3 and is_after)

    run.begin()
    run.look()
    both = [(f"budget:{name}/{DAY}/critical", "firing") for name in ("all", "other")]
    assert run.waiting() == both
    run.look()
    assert run.waiting() == both


def test_what_a_killed_run_put_there_and_is_so_no_more(run):
    """Nobody remembers that it was told, so it is not: the outbox is emptied of it."""
    run.spend(9000)
    run.look()
    (Path(run.folder) / ".alerts" / "state.json").unlink()
    set_budgets(run.folder)

    run.begin()
    assert run.look() == []
    assert run.waiting() == []


def test_a_change_of_what_is_set_is_seen(run):
    """A budget that is raised is crossed no more; one with a mistake in its file is told, and forgets nothing that other rules say."""
    run.spend(9000)
    run.look()
    set_budgets(run.folder, DAILY._replace(cost=10**12))
    assert run.look() == [(f"budget:all/{DAY}/critical", "resolved")]

    (Path(run.folder) / ".budgets.json").write_text('{"schema_version": 1, "budgets": [{"name": "all", "dayly": "5"}]}')
    run.look()
    assert "budgets[0]: 'dayly' is no word of a budget" in run.watch.problem


def test_a_mistake_in_the_budgets_ends_nothing(run):
    """What was told of a budget is not over because its file cannot be read."""
    run.spend(9000)
    run.look()
    (Path(run.folder) / ".budgets.json").write_text("{")

    assert run.look() == []


def test_what_is_silent_is_not_told(run):
    """It is remembered, and listed, and looked at again until it is heard."""
    set_alerts(Path(run.folder), silences=[{"rule": "budget:*", "until": "2999-01-01T00:00:00Z"}])
    run.spend(9000)

    run.look()
    assert run.waiting() == []
    assert [rule for rule, _ in run.watch.state.firing()] == ["budget:all"]
    assert run.room.until == NOW + 300_000
    set_alerts(Path(run.folder))
    assert run.look(NOW + 300_000) == [(f"budget:all/{DAY}/critical", "firing")]


def test_who_has_a_mistake_is_told_once_it_is_mended(run):
    """What is raised meanwhile waits for them."""
    path = Path(run.folder) / ".alerts.json"
    path.write_text(json.dumps({"targets": [{"name": "hook", "kind": "comand", "argv": ["true"]}]}))
    run.spend(9000)
    run.look()

    assert "kind must be one of" in run.watch.problem
    assert run.waiting() == [(f"budget:all/{DAY}/critical", "firing")]


def test_how_reading_goes(run):
    """Calls that were lost are told once, also over a restart; a log that grows unread after its minutes."""
    assert run.look(lost_bytes=99) == [("lost_calls/99/critical", "firing")]
    run.begin()
    assert run.look(lost_bytes=99) == []
    assert run.look(lost_bytes=99, is_stuck=True) == []
    assert run.look(NOW + 15 * 60_000, lost_bytes=99, is_stuck=True) == [("unread_log/ever/critical", "firing")]
    assert run.look(NOW + 16 * 60_000, lost_bytes=99) == [("unread_log/ever/critical", "resolved")]


def test_it_looks_again_where_time_alone_may_bring_something(run):
    """A share of calls that fail grows as the others grow old, and a gateway's clock may be ahead of this one."""
    run.spend(100)
    run.look()
    assert run.room.until is None
    run.spend(100, at=NOW + 600_000)
    run.look(NOW + 10)
    assert run.room.until == NOW + 300_010
    run.look(NOW + 600_000)
    assert run.room.until is None
    run.fail(NOW + 600_001)
    run.look(NOW + 600_001)
    assert run.room.until == NOW + 900_001


@pytest.mark.parametrize("text", ["", "{", "[]", '{"targets": 5}', "[" * 100_000])
def test_what_is_so_while_nobody_knows_who_is_to_be_told_is_told_later(run, tmp_path, text):
    """It is not remembered as told, nor is what was told before over; the mistake is said."""
    (tmp_path / ".alerts.json").write_text(text)
    run.spend(9000)
    assert run.look() == []
    assert ".alerts.json" in run.watch.problem
    assert run.room.until is not None
    set_alerts(tmp_path)
    run.begin()
    assert run.look() == [(f"budget:all/{DAY}/critical", "firing")]
    assert run.watch.problem is None
    assert run.waiting() == [(f"budget:all/{DAY}/critical", "firing")]
    (tmp_path / ".alerts.json").write_text(text)
    assert run.look(NOW + 86_400_000) == []
    set_alerts(tmp_path)
    assert run.look(NOW + 86_400_000) == [(f"budget:all/{DAY}/critical", "resolved")]


def test_who_cannot_be_told_is_said(run, tmp_path):
    """The others are told; what they do not hear waits for them."""
    targets = [{"name": "hook", "kind": "command", "argv": ["true"]}, {"name": "phone", "kind": "no-such"}]
    set_alerts(tmp_path, targets=targets)
    run.spend(9000)
    assert run.look() == [(f"budget:all/{DAY}/critical", "firing")]
    assert "target phone: kind must be" in run.watch.problem
    assert len(run.waiting()) == 2
