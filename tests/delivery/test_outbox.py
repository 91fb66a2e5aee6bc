"""What waits is on disk, once, in its order, and nothing is sent before it is released."""

from __future__ import annotations

import json
import stat

import pytest

from session_monitor.base import files
from session_monitor.delivery import delivery_log
from session_monitor.delivery.outbox import Outbox
from tests.support.alerting import Clock, told

LATER = "2026-11-28T21:00:00.000Z"
LATEST = "2026-11-28T22:00:00.000Z"


@pytest.fixture
def clock():
    """A clock that stands."""
    return Clock()


def opened(folder, clock, **options):
    """The outbox of a folder, as a program that just started has it."""
    return Outbox(str(folder), clock, **options)


def numbers(items):
    """Of which events these are."""
    return [item.event.id.rpartition("/")[2] for item in items]


def test_a_file_for_each_event_and_target(tmp_path, clock):
    """It is there when ``put`` comes back, for its owner alone, and a program that starts finds it."""
    opened(tmp_path, clock).put(told(), ["phone", "ops"])

    paths = sorted((tmp_path / ".alerts" / "outbox").iterdir())
    assert [path.name for path in paths] == ["budget%2Fteam-a%2F1.ops.json", "budget%2Fteam-a%2F1.phone.json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert stat.S_IMODE(paths[0].parent.stat().st_mode) == 0o700
    waiting = opened(tmp_path, clock).waiting()
    assert [(item.target, item.event) for item in waiting] == [("ops", told()), ("phone", told())] or [
        (item.target, item.event) for item in waiting
    ] == [("phone", told()), ("ops", told())]


def test_putting_the_same_again_changes_nothing(tmp_path, clock):
    """Neither the file, nor how often it was tried, also at another time and by another program."""
    outbox = opened(tmp_path, clock)
    outbox.put(told(), ["phone"])
    outbox.put_off([outbox.waiting()[0]._replace(tries=3, next_try=clock() + 5)])
    (path,) = (tmp_path / ".alerts" / "outbox").iterdir()
    before = path.read_bytes(), path.stat().st_mtime_ns
    clock.sleep(60)

    for again in (outbox, opened(tmp_path, clock)):
        again.put(told(), ["phone"])
        again.put(told(at=LATER), ["phone"])

    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert outbox.waiting()[0].tries == 3


def test_nothing_is_sent_before_it_is_released(tmp_path, clock):
    """What is put after the release waits for the next one; a program that starts waits with all."""
    outbox = opened(tmp_path, clock)
    outbox.put(told(1), ["phone"])
    assert outbox.to_send() == {}

    outbox.release()
    outbox.put(told(2), ["phone"])
    assert numbers(outbox.to_send()["phone"]) == ["1"]

    outbox.release()
    assert numbers(outbox.to_send()["phone"]) == ["1", "2"]
    assert opened(tmp_path, clock).to_send() == {}


def test_each_targets_order(tmp_path, clock):
    """By when it happened, then by id, in whatever order they were put."""
    outbox = opened(tmp_path, clock)
    outbox.put(told(3, at=LATER), ["phone"])
    outbox.put(told(2), ["phone", "ops"])
    outbox.put(told(1), ["phone"])
    outbox.release()

    assert {name: numbers(items) for name, items in outbox.to_send().items()} == {
        "phone": ["1", "2", "3"],
        "ops": ["2"],
    }


def test_what_is_over_and_begins_again(tmp_path, clock):
    """Firing and resolved wait side by side; firing again comes after them, so that the last one heard is what is so."""
    outbox = opened(tmp_path, clock)
    outbox.put(told(), ["phone"])
    outbox.put(told(state="resolved", at=LATER), ["phone"])
    assert [item.event.state for item in outbox.waiting()] == ["firing", "resolved"]

    first = outbox.waiting()[0]
    outbox.put(told(at=LATEST), ["phone"])
    assert [(item.event.state, item.event.at) for item in outbox.waiting()] == [("resolved", LATER), ("firing", LATEST)]
    assert opened(tmp_path, clock).waiting() == outbox.waiting()

    outbox.done([first])  # it was being sent when it was told anew
    assert len(outbox.waiting()) == 2
    assert len({item.delivery_id for item in [first, *outbox.waiting()]}) == 3


def test_what_is_done_leaves(tmp_path, clock):
    """Also from the disk, and the same may be told again afterwards."""
    outbox = opened(tmp_path, clock)
    outbox.put(told(), ["phone"])
    outbox.release()
    outbox.done(outbox.waiting())

    assert outbox.waiting() == opened(tmp_path, clock).waiting() == []
    outbox.put(told(at=LATER), ["phone"])
    assert len(outbox.waiting()) == 1
    assert outbox.to_send() == {}


def test_what_the_log_knows_the_end_of(tmp_path, clock):
    """Who was killed between the log and the outbox left the file: it goes, and the same told anew stays."""
    outbox = opened(tmp_path, clock)
    outbox.put(told(1), ["phone", "ops"])
    (ended,) = [item for item in outbox.waiting() if item.target == "phone"]
    delivery_log.append(str(tmp_path), [ended.entry("ntfy", delivery_log.DELIVERED, clock())])

    again = opened(tmp_path, clock)
    again.tidy_up()
    assert [item.target for item in again.waiting()] == ["ops"]

    clock.sleep(1)
    again.put(told(1), ["phone"])
    again.tidy_up()
    assert len(again.waiting()) == 2


def test_more_than_there_is_room_for(tmp_path, clock):
    """The oldest of the least grave goes first, is counted, and the log says so; not what is just being sent."""
    outbox = opened(tmp_path, clock, most=4)
    outbox.put(told(1, severity="critical"), ["phone"])
    outbox.put(told(2, severity="info"), ["phone"])
    outbox.put(told(3, severity="info", at=LATER), ["phone"])
    outbox.put(told(4), ["phone"])
    outbox.take(outbox.waiting()[1:2])

    outbox.put(told(5), ["phone"])
    assert numbers(outbox.waiting()) == ["1", "2", "4", "5"]
    outbox.take([])
    outbox.put(told(6), ["phone"])
    outbox.put(told(7), ["phone"])

    assert sorted(numbers(outbox.waiting())) == ["1", "5", "6", "7"]
    assert outbox.dropped == 3
    outbox.put(told(8, severity="info", at=LATEST), ["phone"])  # it is the least grave itself
    assert sorted(numbers(outbox.waiting())) == ["1", "5", "6", "7"]
    dropped = delivery_log.entries(str(tmp_path))
    assert [(each.event_id[-1], each.outcome, each.reason) for each in dropped] == [
        (number, "dropped", "more than 4 wait") for number in "3248"
    ]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"queued": "x"}', b"\xff", b"[" * 100_000])
def test_a_file_that_is_none(tmp_path, clock, content):
    """It is set aside and counted, and the others are told."""
    outbox = opened(tmp_path, clock)
    outbox.put(told(1), ["phone"])
    outbox.put(told(2), ["phone"])
    folder = tmp_path / ".alerts" / "outbox"
    (folder / "budget%2Fteam-a%2F1.phone.json").write_bytes(content)
    (folder / "half.json.tmp").write_bytes(b"left by a kill")

    again = opened(tmp_path, clock)

    assert numbers(again.waiting()) == ["2"]
    assert again.unreadable == 1
    assert len(list(folder.iterdir())) == 3  # who only looks changes nothing
    again.tidy_up()
    assert not (folder / "half.json.tmp").exists()
    assert (folder / "budget%2Fteam-a%2F1.phone.json.unusable").read_bytes() == content


def test_a_link_in_a_files_place(tmp_path, clock):
    """It is not followed, and nothing waits for it."""
    outbox = opened(tmp_path, clock)
    outbox.put(told(1), ["phone"])
    (path,) = (tmp_path / ".alerts" / "outbox").iterdir()
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    again = opened(tmp_path, clock)
    assert (again.waiting(), again.unreadable) == ([], 1)
    assert path.is_symlink()


def test_odd_ids(tmp_path, clock):
    """An id may hold anything, and be as long as it likes: each has its own file, in this folder."""
    outbox = opened(tmp_path, clock)
    ids = ["../../etc/passwd", "x" * 5000, "x" * 5001, "预算/一", "\ud800", ".", "a.phone", "a"]
    for each in ids:
        outbox.put(told(id=each), ["phone"])

    folder = tmp_path / ".alerts" / "outbox"
    assert len(list(folder.iterdir())) == len(ids)
    assert max(len(path.name) for path in folder.iterdir()) < 240
    assert {item.event.id for item in opened(tmp_path, clock).waiting()} == set(ids)


def test_a_disk_that_is_full(tmp_path, clock, monkeypatch):
    """Who puts is told, and what was not written does not wait."""
    outbox = opened(tmp_path, clock)

    def no_space(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(files, "write_all", no_space)
        with pytest.raises(OSError, match="No space"):
            outbox.put(told(), ["phone"])
    assert outbox.waiting() == []
    outbox.put(told(), ["phone"])
    assert json.loads(next((tmp_path / ".alerts" / "outbox").iterdir()).read_text())["event"]["id"] == told().id
