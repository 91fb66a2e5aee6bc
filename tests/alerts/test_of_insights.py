"""An agent that is stuck is told while it is, once for each beginning and level, whoever is killed; caches that break are told from a limit on."""

from __future__ import annotations

import json

import pytest

from session_monitor.alerts import rules
from session_monitor.alerts.watch import AlertWatch
from session_monitor.base import data_folder
from session_monitor.delivery.outbox import Outbox
from session_monitor.reports.report import Report
from tests.support import scripted_sessions
from tests.support.alerting import write_targets
from tests.support.calls import BOOK
from tests.support.judged import ingested

MINUTE = 60_000
START = 1_793_610_000_000
"""2026-11-02T09:00:00Z, when sessions begin."""
SECRET = "a-text-that-nobody-else-may-see"
LOOP = {"ask": [["read", {"path": SECRET}]], "get": [f"{SECRET} is not there."], "say": SECRET}
WORKS = [
    {"ask": [["write", {"path": "b"}]], "get": ["Written."]},
    {"ask": [["run", {"line": "make"}]], "get": ["Made."]},
    {"say": "Done."},
]
STUCK = "stuck_agent/s/repeat_call/2"


class Watched:
    """An agent's session, which goes on step by step, and a watch that is told of it."""

    def __init__(self, home, **own):
        self.home, self.steps, self.read = home, [{"user": SECRET, "say": "Yes."}], 0
        self.folder = home / "sessions"
        self.folder.mkdir()
        off = dict.fromkeys(rules.usual(), False)
        write_targets(
            self.folder, {"name": "one", "kind": "command", "argv": ["true"]}, rules={**off, "stuck_agent": {}, **own}
        )
        self.begin()

    def begin(self):
        """As a run that is started anew."""
        self.watch = AlertWatch(str(self.folder), Outbox(str(self.folder)), "here")

    def goes_on(self, *steps):
        """The agent does this."""
        self.steps += steps
        lines = scripted_sessions.lines({"steps": self.steps}, "s")
        ingested(self.home, lines[self.read :])
        self.read = len(lines)

    def told(self, minutes=3):
        """What is told so many minutes after the session began."""
        now = START + round(minutes * MINUTE)
        report = Report(str(self.folder), BOOK, now=now)
        self.room = self.watch.look(report, {"lost_bytes": 0, "is_stuck": False}, now)
        return [(each.id, each.state) for each in self.watch.told]


@pytest.fixture
def agent(tmp_path):
    """An agent that is watched."""
    return Watched(tmp_path)


def test_an_agent_that_is_stuck_and_goes_on(agent):
    """A warning, then that it is grave, once each; over once it does something else."""
    agent.goes_on(LOOP, LOOP)
    assert agent.told(2.9) == []
    agent.goes_on(LOOP, LOOP)
    assert agent.told() == [(f"{STUCK}/warning", "firing")]
    agent.goes_on(LOOP)
    assert agent.told(3.1) == []
    agent.goes_on(LOOP, LOOP)
    assert agent.told(3.2) == [(f"{STUCK}/critical", "firing")]
    agent.goes_on(WORKS[0])
    assert agent.told(3.3) == []
    agent.goes_on(*WORKS[1:])
    assert agent.told(3.4) == [(f"{STUCK}/critical", "resolved"), (f"{STUCK}/warning", "resolved")]
    assert agent.told(3.5) == []


def test_an_agent_that_goes_on_with_another_system_prompt(agent):
    """That begins its list of messages anew, and is as good as if it had not; a sub-agent's calls are another's."""
    agent.goes_on(*[LOOP] * 4)
    agent.told()
    agent.goes_on(*[{"thread": "sub", **WORKS[0], "user": "{n}"}] * 3)
    assert agent.told(3.1) == []
    agent.goes_on({"system": "Be brief."}, *WORKS)
    assert agent.told(3.2) == [(f"{STUCK}/warning", "resolved")]


def test_what_is_told(agent):
    """Which session, what of it, since when it cost how much, and what to do; nothing of what was said."""
    agent.goes_on(*[LOOP] * 4)
    agent.told()
    (event,) = agent.watch.told

    assert (event.kind, event.severity, event.session, event.unit) == ("finding", "warning", "s", "USD")
    assert float(event.value) > 0
    assert event.title == "An agent is stuck: the same calls of tools, answered the same, again and again"
    assert event.text.startswith("Session s: The same calls of read came 3 times in a row")
    assert "since then. Stop the agent" in event.text
    assert SECRET not in json.dumps(event.to_json())


def test_over_restarts_and_a_lost_file(agent):
    """Whoever is started anew, or finds nothing of what was kept of sessions, tells nothing twice."""
    agent.goes_on(*[LOOP] * 4)
    agent.told()
    agent.begin()
    assert agent.told(3.1) == []
    (agent.folder / data_folder.INSIGHTS).unlink()
    agent.begin()
    assert agent.told(3.2) == []


def test_a_session_that_goes_quiet(agent):
    """It is over then: nobody knows of it any more than that; and till then it is looked at from time to time."""
    agent.goes_on(*[LOOP] * 4)
    agent.told()
    assert agent.room.until == START + 8 * MINUTE
    assert agent.told(14) == []
    assert agent.told(20) == [(f"{STUCK}/warning", "resolved")]


def test_an_old_log_has_nobody_judged(agent):
    """Whoever is stuck in it was stuck then, and nothing is made of it."""
    agent.goes_on(*[LOOP] * 9)

    assert agent.told(600) == []
    assert not (agent.folder / data_folder.INSIGHTS).exists()


def test_what_is_dismissed_is_silent(agent):
    """It is over for who heard of it, and does not come back."""
    agent.goes_on(*[LOOP] * 4)
    agent.told()
    dismissed = [{"session": "s", "kind": "repeat_call", "first": 2}]
    document = {"schema_version": 1, "dismissed": dismissed}
    (agent.folder / data_folder.INSIGHT_RULES).write_text(json.dumps(document))
    assert agent.told(3.1) == [(f"{STUCK}/warning", "resolved")]
    agent.goes_on(*[LOOP] * 4)
    assert agent.told(3.2) == []


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"severity": "critical"}, []),
        ({"severity": "warning"}, [(f"{STUCK}/warning", "firing")]),
        ({"minutes": 1}, []),
        (False, []),
    ],
)
def test_limits_of_ones_own(tmp_path, own, told):
    """Only what is grave, only for so long, or nothing at all."""
    agent = Watched(tmp_path, stuck_agent=own)
    agent.goes_on(*[LOOP] * 4)

    assert agent.told(4) == told


def test_a_session_of_which_nothing_is_known_by_now(agent, monkeypatch):
    """What was told of it still holds, while it waits for its turn."""
    agent.goes_on(*[LOOP] * 4)
    agent.told()
    (agent.folder / data_folder.INSIGHTS).unlink()
    agent.begin()
    with monkeypatch.context() as patched:
        patched.setattr("session_monitor.insight.live.MOST_ROUNDS", 1)
        assert agent.told(3.1) == []
    agent.goes_on(*WORKS)
    assert agent.told(3.2) == [(f"{STUCK}/warning", "resolved")]


def test_a_cache_that_is_missed(tmp_path):
    """From so much money on, once; off unless somebody sets how much."""
    agent = Watched(tmp_path, stuck_agent=False, cache_broken={"usd": "0.05"})
    long = {"user": "Again {n}", "say": "Yes, {n}.", "wait": 8}
    agent.goes_on(*[long, {"system": "It is {time}."}] * 8)
    assert agent.told(4) == [("cache_broken/s/warning", "firing")]
    (event,) = agent.watch.told
    assert "for what a cache should have had; the limit is $0.05" in event.text
    agent.goes_on(long)
    assert agent.told(5) == []
    assert agent.told(60) == []
