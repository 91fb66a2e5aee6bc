"""What waits is sent, as fast as its receiver takes it, until it is taken or given up; and the log says what became of it."""

from __future__ import annotations

import json

import pytest

from session_monitor.delivery import delivery_log, sender, transport
from session_monitor.outgoing import posting
from tests.support import receivers, vendors
from tests.support.alerting import told, write_targets
from tests.support.receivers import StandIn
from tests.support.vendors import Setup

PEOPLE = ("slack", "discord", "dingtalk", "feishu", "wecom", "telegram", "ntfy", "teams")


def now(world, kind):
    """A stand-in's setup: it has the time of that world."""
    return Setup(now=world.clock() / 1000, secret="SEC0" if kind in ("dingtalk", "feishu") else None)


@pytest.mark.parametrize("kind", vendors.ALL)
def test_each_kind(world, kind):
    """What fails twice is told all the same: to the very end, over HTTP, as the vendor checks it."""
    setup = now(world, kind)
    with StandIn(kind, setup) as stand_in:
        write_targets(world.folder, stand_in.row(**({"secret": setup.secret} if setup.secret else {})))
        stand_in.plays.extend([500, 503])
        world.put(told(1))
        world.drain()

    assert world.log() == [("1", "delivered", 3)]
    assert world.outbox.waiting() == []
    assert (len(stand_in.posts), len(stand_in.taken)) == (3, 1)
    assert world.clock.slept[0] >= 1
    assert sum(world.clock.slept) < 20


@pytest.mark.parametrize("kind", [kind for kind in vendors.ALL if kind not in ("alertmanager", "pagerduty")])
def test_too_fast(world, kind):
    """As long as the receiver asks for, in its way, nothing is sent to it; and then it is."""
    asked = {"dingtalk": 600, "feishu": 60, "wecom": 60, "discord": 7.5}.get(kind, 7)
    with StandIn(kind, Setup(now=world.clock() / 1000)) as stand_in:
        write_targets(world.folder, stand_in.row())
        stand_in.plays.append(receivers.TOO_FAST)
        world.put(told(1), told(2))
        world.drain()

    assert world.log() == [("1", "delivered", 2), ("2", "delivered", 1)]
    assert world.clock.slept[0] == asked


@pytest.mark.parametrize("kind", receivers.IN_BODY)
def test_a_200_with_an_error_in_it(world, kind):
    """It is none: it stops at once, and the log says why."""
    with StandIn(kind) as stand_in:
        write_targets(world.folder, stand_in.row())
        stand_in.plays.append(receivers.ERROR_IN_BODY)
        world.put(told(1))
        world.drain()

    assert world.log() == [("1", "failed", 1)]
    assert len(stand_in.posts) == 1
    assert world.outbox.waiting() == []
    assert world.reasons()[0]


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_a_wrong_secret(world, kind):
    """The vendor's own check of the signature says so, and the log says what to look at."""
    with StandIn(kind, now(world, kind)) as stand_in:
        write_targets(world.folder, stand_in.row(secret="SEC1"))
        world.put(told(1))
        world.drain()

    assert world.log() == [("1", "failed", 1)]
    assert "check the clock" in world.reasons()[0]


@pytest.mark.parametrize("play", [400, 403, 404, 410, receivers.REDIRECT])
def test_what_stays_wrong(world, webhook, play):
    """One try, and the next event has its own."""
    webhook.plays.append(play)
    world.put(told(1), told(2))
    world.drain()

    assert world.log() == [("1", "failed", 1), ("2", "delivered", 1)]
    assert vendors.TOKEN not in "".join(map(str, world.reasons()))


def test_order_is_kept(world, webhook):
    """What came later waits for what has to wait."""
    webhook.plays.extend([500, 500])
    world.put(told(2, title="b"), told(1, title="a"), told(3, title="c"))
    world.drain()

    assert webhook.titles() == ["a", "b", "c"]


def test_what_happened_earlier_and_comes_later(world, webhook):
    """It goes first, and not before what the receiver asked to wait for."""
    webhook.plays.append(receivers.TOO_FAST)
    world.put(told(2, title="b"))
    world.drain(1)
    world.put(told(1, title="a", at="2026-11-28T20:00:00.000Z"))
    world.drain(2)
    assert len(webhook.posts) == 1
    world.drain(60)
    assert webhook.titles() == ["a", "b"]


def test_what_is_being_sent_is_not_dropped(world, webhook):
    """However many are raised meanwhile: it is in the log once, as delivered."""

    def send(target, payload, environment):
        if not webhook.posts:
            world.put(told(2, severity="critical"), told(3, severity="critical"))
        return transport.send(target, payload, environment)

    world.begin(send)
    world.outbox._most = 2
    world.put(told(1, severity="info"))
    world.drain()
    assert sorted(world.log()) == [("1", "delivered", 1), ("2", "dropped", 0), ("3", "delivered", 1)]


def test_the_same_key_at_each_try(world, webhook):
    """By which a receiver drops what it has already."""
    webhook.plays.extend([500, receivers.CUT_BODY])
    world.put(told(1), told(1, state="resolved", at="2026-11-28T20:03:25.000Z"))
    world.drain()

    keys = [posted.headers["idempotency-key"] for posted in webhook.posts]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(("kind", "tries"), [("slack", 2), ("webhook", 4)])
def test_nobody_knows_whether_it_was_taken(world, kind, tries, monkeypatch):
    """A person is not told again and again; a program, which knows the id, is."""
    monkeypatch.setattr(posting, "TIME_OUT", 0.2)
    with StandIn(kind) as stand_in:
        write_targets(world.folder, stand_in.row())
        stand_in.plays.extend([receivers.CUT] * 3)
        world.put(told(1))
        world.drain()

    assert world.log() == [("1", "failed" if kind == "slack" else "delivered", tries)]
    if kind == "slack":
        assert "it may have arrived" in world.reasons()[0]


def test_a_chat_that_has_moved(world):
    """It is told by its new name at once, and the log says to change it."""
    moved = {"ok": False, "error_code": 400, "description": "up", "parameters": {"migrate_to_chat_id": vendors.CHAT}}
    with StandIn("telegram") as stand_in:
        write_targets(world.folder, {**stand_in.row(), "chat_id": "-1"})
        stand_in.plays.append(vendors.Answer(400, json.dumps(moved).encode()))
        world.put(told(1), told(2))
        world.drain()

    assert [each[:2] for each in world.log()] == [("1", "delivered"), ("2", "delivered")]
    assert world.reasons()[0] == f"the chat is called {vendors.CHAT} now: change it there"
    assert len(stand_in.posts) == 3


def test_a_chat_that_keeps_moving_to_where_it_is(world):
    """It is told once more at once, and then as any that failed."""
    moved = {"ok": False, "error_code": 400, "description": "up", "parameters": {"migrate_to_chat_id": vendors.CHAT}}
    with StandIn("telegram") as stand_in:
        write_targets(world.folder, stand_in.row())
        stand_in.plays.extend([vendors.Answer(400, json.dumps(moved).encode())] * 3)
        world.put(told(1))
        world.drain(0)
        assert len(stand_in.posts) == 2
        world.clock.sleep(4)
        world.drain(0)
        assert len(stand_in.posts) == 3


def test_a_receiver_that_wants_no_wait(world, webhook):
    """It has a second all the same."""
    webhook.plays.append(vendors.Answer(503, headers=(("Retry-After", "0"),)))
    world.put(told(1))
    world.drain()
    assert world.clock.slept == [1]


# -- many at once ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "posts"), [(3, 3), (4, 1), (7, 1), (100, 1), (101, 2)])
def test_digest(world, number, posts):
    """More than three that wait for one who reads are one message; each is in the log."""
    with StandIn("ntfy") as stand_in:
        write_targets(world.folder, stand_in.row())
        world.put(*map(told, range(number)))
        world.drain()

    assert len(stand_in.posts) == posts
    entries = delivery_log.entries(str(world.folder))
    assert {each.outcome for each in entries} == {"delivered"}
    assert len(entries) == number
    if number > 3:
        assert entries[0].together == min(number, 100)
        assert f"{min(number, 100)} alerts: " in stand_in.taken[0][1].seen


def test_programs_get_each(world, webhook):
    """A webhook is told of each event by itself; Alertmanager, and who takes its posts, of all in one list."""
    world.put(*map(told, range(7)))
    world.drain()
    assert len(webhook.taken) == 7

    for kind, more in (("alertmanager", {}), ("webhook", {"format": "alertmanager"})):
        world.clock.sleep(1)
        with StandIn(kind) as stand_in:
            write_targets(world.folder, stand_in.row(**more))
            world.put(*(told(number, at="2026-11-28T23:00:00.000Z") for number in range(7)))
            world.begin().outbox.release()
            world.drain()
            assert len(stand_in.posts) == 1


@pytest.mark.parametrize("kind", PEOPLE)
def test_never_faster_than_the_receiver(world, kind):
    """A receiver that is told again and again for ten minutes never has more than its limit."""
    times = []

    def send(target, payload, environment):
        times.append(world.clock())
        return transport.send(target, payload, environment)

    with StandIn(kind, Setup(now=world.clock() / 1000)) as stand_in:
        write_targets(world.folder, stand_in.row())
        world.begin(send)
        for number in range(120):
            world.put(told(number))
            world.drain(5)
        limits = sender.receivers.all_kinds()[kind].vendor
    for most, seconds in limits:
        assert all(sum(start <= each < start + seconds * 1000 for each in times) <= most for start in times)
    assert stand_in.posts
