"""Whoever raises and sends alerts may be killed at any line; ``python3 -m tests.campaigns.alert_kills`` does so more often."""

from __future__ import annotations

from session_monitor.delivery.outbox import Outbox
from tests.campaigns.alert_kills import child
from tests.campaigns.alert_kills.kills import kills
from tests.support.alerting import Clock


def test_nothing_is_lost_and_nothing_twice(tmp_path):
    """Killed at lines from the first to the last, and told again: each event is in the log once, and its receiver has it.

    The receiver answers 500 twice to each; what was sent and not yet in the log when the kill came may be sent once more.
    """
    found = kills(tmp_path, 10)

    assert found.wrong == []
    assert found.kills >= 10
    assert found.lines > 1000


def test_a_mistake_is_noticed(tmp_path, monkeypatch):
    """Events that were put and are gone, and such as never came, are in the account."""
    monkeypatch.setattr(child, "FOR_PROGRAMS", 4)  # of the account alone: who raises is another process
    assert any("the webhook was told of" in each for each in kills(tmp_path, 1).wrong)


def test_the_state_alone_is_a_loss(tmp_path):
    """What the state has, and neither the outbox nor the log, is lost."""
    from tests.campaigns.alert_kills import kills as account  # noqa: PLC0415

    outbox = Outbox(str(tmp_path), Clock())
    (event, target), *_ = child.events()
    outbox.put(event, [target])
    (tmp_path / "raised.json").write_text(f'["{child.name(event, target)}", "another"]')
    assert account._lost(tmp_path) == ["another is lost"]
