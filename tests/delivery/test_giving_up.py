"""What cannot be told is given up in the end, and the log says why; nothing keeps the others waiting."""

from __future__ import annotations

from session_monitor.base import files
from session_monitor.delivery import delivery_log, sender, transport
from tests.support import vendors
from tests.support.alerting import told, write_targets


def test_given_up_after_fifty_tries(world, webhook):
    """The log says so, with what went wrong last; passes and programs in between change nothing."""
    webhook.plays.extend([503] * 60)
    world.put(told(1))
    for _ in range(10):
        world.begin().outbox.release()
        world.drain(1800)
    assert world.log() == [("1", "failed", 50)]
    assert len(webhook.posts) == 50
    assert world.reasons()[0].startswith("given up: 503 Service Unavailable")
    assert vendors.TOKEN not in world.reasons()[0]


def test_given_up_after_a_day(world, webhook):
    """Also where nobody tried often; what waits for longer still has one try."""
    webhook.plays.extend([503, 503])
    world.put(told(1))
    world.drain(0.5)
    world.clock.sleep(86_400)
    world.begin().outbox.release()
    world.drain(0.5)

    assert world.log() == [("1", "failed", 2)]


def test_a_back_off_is_kept_over_passes(world, webhook):
    """A pass of cron that begins too early tries nothing."""
    webhook.plays.extend([503] * 5)
    world.put(told(1))
    for _ in range(4):
        world.begin().outbox.release()
        world.drain(0)
        world.clock.sleep(0.2)
    assert len(webhook.posts) == 1
    world.drain(10)
    assert len(webhook.posts) == 4  # after 1, 2 and 4 seconds


# -- what is set up ----------------------------------------------------------------------------------------------------


def test_a_target_that_was_removed(world):
    """What waits for it is given up, and the log says why; not while there is a mistake in the file."""
    world.put(told(1), told(2), to=["gone"])
    (world.folder / ".alerts.json").write_text("{")
    world.drain(1)
    assert world.log() == []
    write_targets(world.folder, {"name": "gone", "kind": "slack"})
    world.drain(1)
    assert world.log() == []
    write_targets(world.folder)
    world.drain(1)
    assert world.log() == [("1", "failed", 0), ("2", "failed", 0)]
    assert set(world.reasons()) == {"there is no target of this name any more"}


def test_a_secret_that_comes_later(world, webhook):
    """It is waited for, and said where it was looked for."""
    write_targets(world.folder, webhook.row(url="env:HOOK"))
    world.put(told(1))
    world.drain(2)
    assert "the environment has no HOOK" in world.outbox.waiting()[0].reason
    world.environment["HOOK"] = f"{webhook.url}/x"
    world.drain(60)
    assert [each[:2] for each in world.log()] == [("1", "delivered")]


def test_what_cannot_be_sent_keeps_nobody_waiting(world, webhook):
    """A mistake of ours in one is logged as failed, and the next is sent."""

    def send(target, payload, environment):
        if b"Budget 1" in payload.body:
            raise RuntimeError(vendors.TOKEN)
        return transport.send(target, payload, environment)

    world.begin(send).put(told(1), told(2))
    world.drain()
    assert world.log() == [("1", "failed", 1), ("2", "delivered", 1)]
    assert world.reasons()[0] == "it could not be sent: RuntimeError"


def test_a_full_disk(world, webhook, monkeypatch):
    """What was told is not told for ever because nothing can be written; how many the log lacks is counted."""

    def no_space(*_arguments):
        raise OSError(28, "No space left on device")

    webhook.plays.append(500)
    world.put(told(1))
    monkeypatch.setattr(files, "write_all", no_space)
    world.drain()

    assert len(webhook.taken) == 1
    assert world.sender.unlogged == 1
    assert world.outbox.waiting() == world.begin().outbox.waiting() == []


def test_one_sender_at_a_time(world, webhook):
    """Another program leaves alone what this one sends."""
    world.put(told(1))
    (world.folder / ".alerts" / ".sender.lock").touch()
    with files.lock(str(world.folder / ".alerts" / ".sender.lock"), "7"):
        world.drain()
        assert (webhook.posts, world.sender.trouble) == ([], "another program sends alerts: 7")
    world.drain()
    assert len(webhook.taken) == 1


def test_nothing_waits(world):
    """A pass with nothing to send leaves nothing behind."""
    world.drain()
    assert list(world.folder.iterdir()) == []


def test_sent_and_killed_before_it_left(world, webhook):
    """What the log has as told is not told again."""
    world.put(told(1))
    (item,) = world.outbox.waiting()
    delivery_log.append(str(world.folder), [item.entry("webhook", "delivered", world.clock())])
    world.begin().outbox.release()
    world.drain()
    assert (webhook.posts, world.outbox.waiting()) == ([], [])


def test_a_try(world, webhook):
    """One target is told of one event, past all that waits, and the log has it."""
    from session_monitor.delivery import targets  # noqa: PLC0415

    target = targets.read(str(world.folder)).targets[0]
    world.put(told(1))
    assert sender.try_once(str(world.folder), target, told(2), {}).what == "taken"
    webhook.plays.append(401)
    assert sender.try_once(str(world.folder), target, told(3), {}).what == "stop"
    assert world.log() == [("2", "delivered", 1), ("3", "failed", 1)]
    assert len(world.outbox.waiting()) == 1
