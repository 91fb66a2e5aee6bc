"""What became of each is written so that it lasts, and read whatever a kill left there."""

from __future__ import annotations

import fcntl
import os
import stat
import threading

from session_monitor.delivery import delivery_log
from session_monitor.delivery.outbox import Waiting
from tests.support.alerting import NOW, told


def entry(number=1, outcome=delivery_log.DELIVERED):
    """What became of one event."""
    return Waiting("phone", told(number), NOW, tries=number).entry("ntfy", outcome, NOW, "why")


def test_there_and_back(tmp_path):
    """All that is written can be read, the earliest first; nobody else may."""
    delivery_log.append(str(tmp_path), [entry(1), entry(2)])
    delivery_log.append(str(tmp_path), [entry(3)])

    assert delivery_log.entries(str(tmp_path)) == [entry(1), entry(2), entry(3)]
    assert stat.S_IMODE((tmp_path / ".alerts").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / ".alerts" / "log.jsonl").stat().st_mode) == 0o600


def test_nothing_yet(tmp_path):
    """Where nothing was told there is nothing."""
    assert delivery_log.entries(str(tmp_path)) == []


def test_a_line_that_was_cut_off(tmp_path):
    """It is passed over, and what comes after it is not spoiled; so is what is no line of ours."""
    delivery_log.append(str(tmp_path), [entry(1), entry(2)])
    file = tmp_path / ".alerts" / "log.jsonl"
    whole = file.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first + 1, len(whole) - 1, 7):
        file.write_bytes(whole[:cut])
        delivery_log.append(str(tmp_path), [entry(3)])
        assert delivery_log.entries(str(tmp_path)) == [entry(1), entry(3)]
    file.write_bytes(b'[]\n{}\n\xff\n{"at": 1}\n' + whole)
    assert delivery_log.entries(str(tmp_path)) == [entry(1), entry(2)]


def test_it_does_not_grow_for_ever(tmp_path, monkeypatch):
    """Once it is large it is put aside, and what was put aside before goes."""
    monkeypatch.setattr(delivery_log, "MOST", 2000)
    for number in range(1, 30):
        delivery_log.append(str(tmp_path), [entry(number)])

    numbers = [each.tries for each in delivery_log.entries(str(tmp_path))]
    sizes = [path.stat().st_size for path in (tmp_path / ".alerts").iterdir()]
    assert numbers == list(range(numbers[0], 30))
    assert len(numbers) > 4
    assert max(sizes) < 2600
    assert sorted(os.listdir(tmp_path / ".alerts")) in (["log.jsonl", "log.jsonl.1"], ["log.jsonl.1"])


def test_two_who_write(tmp_path):
    """Who tries a target while a monitor sends: no line is lost or torn."""
    numbers = range(1, 40)
    threads = [
        threading.Thread(
            target=lambda start=start: [delivery_log.append(str(tmp_path), [entry(start + each)]) for each in numbers]
        )
        for start in (0, 100, 200)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [each.tries for each in delivery_log.entries(str(tmp_path))]
    assert sorted(found) == sorted(start + each for start in (0, 100, 200) for each in numbers)


def test_who_writes_is_waited_for(tmp_path):
    """A line is written after that of who is writing; not for ever, where that one was stopped."""
    delivery_log.append(str(tmp_path), [entry(1)])
    with (tmp_path / ".alerts" / "log.jsonl").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        writing = threading.Thread(target=delivery_log.append, args=(str(tmp_path), [entry(2)]))
        writing.start()
        writing.join(0.2)
        assert writing.is_alive()
        assert len(delivery_log.entries(str(tmp_path))) == 1
        writing.join(10)
    assert len(delivery_log.entries(str(tmp_path))) == 2
