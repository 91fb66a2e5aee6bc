"""Can a compressed file be read, and how much of it?  It is found out once, in shares, and told once."""

from __future__ import annotations

import gzip
import json
import os

import pytest

from session_monitor.log import compressed, verdicts
from session_monitor.log.generation import QUIET_SECONDS
from session_monitor.log.log_file import LogFile
from session_monitor.log.rotation import LogPlace
from session_monitor.log.verdicts import Verdicts

TEXT = b"".join(b"line %d\n" % number for number in range(5000))


class Desk:
    """One compressed file, and what is known of it; each judgement is one of a later process, after so many seconds."""

    def __init__(self, folder, *, beside_plain=False):
        self.path = folder / "access.log.1.gz"
        self.place = LogPlace(str(self.path), (0, 1, ""), ".gz", beside_plain)
        self.kept, self.clock = {}, 1000.0

    def judge(self, seconds=0.0):
        """What is to be done with it now."""
        self.clock += seconds
        self.kept = json.loads(json.dumps(self.kept))
        judging = Verdicts(self.kept, lambda: self.clock)
        judging.begin(is_first=False)
        file = LogFile(self.place)
        judgement = judging.judge(file)
        judging.end()
        file.close()
        return judgement


@pytest.fixture
def desk(tmp_path):
    """One for a file of half its length."""
    made = Desk(tmp_path)
    packed = gzip.compress(TEXT)
    made.path.write_bytes(packed[: len(packed) // 2])
    return made


def test_a_whole_file_is_read_at_once_and_never_judged_again(desk, monkeypatch):
    """Not in a later process, and not under another name; but when it was written to."""
    desk.path.write_bytes(gzip.compress(TEXT))
    assert desk.judge().is_readable

    with monkeypatch.context() as patch:
        patch.setattr(compressed.Reading, "read", lambda *_: pytest.fail("it was unpacked"))
        os.rename(desk.path, desk.path.with_name("access.log.2.gz"))
        desk.path = desk.path.with_name("access.log.2.gz")
        desk.place = desk.place._replace(path=str(desk.path))
        again = desk.judge()
    assert (again.is_readable, again.notice) == (True, "")

    desk.path.write_bytes(b"no gzip at all")
    assert not desk.judge().is_readable


def test_half_a_file_waits_until_it_has_rested(desk):
    """Three looks and two minutes; it is told when a second has shown that nobody writes it, and only then."""
    first = desk.judge()
    assert (first.is_readable, first.may_grow, first.notice) == (False, True, "")
    told = desk.judge(2)
    assert str(desk.path) in told.notice
    assert not told.is_readable
    waiting = desk.judge(100)
    assert (waiting.is_readable, waiting.may_grow, waiting.notice) == (False, True, "")
    rested = desk.judge(20)
    assert (rested.is_readable, rested.may_grow, rested.notice) == (True, False, "")


def test_when_a_file_has_rested(desk):
    """It takes three looks however long it was, and two minutes to the second; it is told from the first second on."""
    desk.judge()
    assert not desk.judge(QUIET_SECONDS).is_readable
    assert desk.judge().is_readable

    desk.kept.clear()
    assert desk.judge().notice == ""
    assert desk.judge(0.5).notice == ""
    assert desk.judge(0.5).notice != ""
    assert not desk.judge(QUIET_SECONDS - 1.5).is_readable
    assert desk.judge(0.5).is_readable


def test_what_is_told_of_half_a_file(desk):
    """What can be read of it will be; of one of which nothing can be trusted nothing is, however long it rests."""
    desk.judge()
    assert desk.judge(2).notice.endswith(f"{desk.path} is cut off: {verdicts._TO_COME}")

    desk.path.write_bytes(b"no gzip at all")
    desk.judge()
    assert desk.judge(2).notice.endswith(f"{desk.path} is damaged: {verdicts._NOTHING}")
    assert not desk.judge(QUIET_SECONDS).is_readable
    assert not desk.judge().may_grow


def test_bytes_behind_the_end_are_told_and_passed_over(desk):
    """The file is read at once: what belongs to it is whole."""
    desk.path.write_bytes(gzip.compress(TEXT) + b"garbage")
    first, again = desk.judge(), desk.judge(2)

    assert (first.is_readable, first.may_grow, again.is_readable, again.notice) == (True, False, True, "")
    assert first.notice.startswith(f"{desk.path} has bytes behind its end")


@pytest.mark.parametrize(("limit", "words"), [("LONGEST_TEXT", "holds too much"), ("_FEW", "says the same so often")])
def test_what_must_not_be_unpacked_is_told_and_never_read(desk, monkeypatch, limit, words):
    """Nothing can be waited for."""
    monkeypatch.setattr(compressed, limit, 1000)
    monkeypatch.setattr(compressed, "MOST_EXPANSION", {".gz": 1})
    desk.path.write_bytes(gzip.compress(TEXT))
    looks = [desk.judge(QUIET_SECONDS) for _ in range(4)]

    assert [(look.is_readable, look.is_pending, look.may_grow) for look in looks] == [(False, False, False)] * 4
    assert looks[0].notice.startswith(f"{desk.path} {words}")
    assert [look.notice for look in looks[1:]] == [""] * 3


def test_a_file_without_a_line_is_not_read_again(desk):
    """Once that has been found out, until it is written to."""
    desk.path.write_bytes(gzip.compress(b"half a line"))
    assert desk.judge().is_readable
    judging, file = Verdicts(desk.kept, lambda: 0.0), LogFile(desk.place)
    judging.has_no_line(file)
    file.close()
    judgement = desk.judge()
    assert (judgement.is_readable, judgement.is_pending, judgement.may_grow, judgement.notice) == (
        False,
        False,
        False,
        "",
    )

    desk.path.write_bytes(gzip.compress(TEXT))
    assert desk.judge().is_readable


def test_a_verdict_that_has_proved_wrong(desk):
    """It is forgotten, and found anew; one that nobody had is no matter."""
    desk.path.write_bytes(gzip.compress(TEXT))
    desk.judge()
    judging, file = Verdicts(desk.kept, lambda: 0.0), LogFile(desk.place)
    judging.forget(file)
    judging.forget(file)
    file.close()

    assert desk.kept == {}
    assert desk.judge().is_readable


def test_a_clock_that_goes_back_begins_the_waiting_anew(desk):
    """As after a reboot."""
    desk.judge()
    desk.judge(100)
    desk.judge(-900)
    assert not desk.judge(100).is_readable
    desk.judge(10)
    assert desk.judge(11).is_readable


def test_half_a_file_that_grows_is_not_told(desk):
    """Each time it is another one."""
    packed = gzip.compress(TEXT)
    for size in range(100, 2000, 300):
        desk.path.write_bytes(packed[:size])
        judgement = desk.judge(300)
        assert (judgement.is_readable, judgement.notice) == (False, "")


def test_half_a_file_beside_the_plain_one_is_on_its_way(tmp_path):
    """However long it takes: all of it is in the other."""
    desk = Desk(tmp_path, beside_plain=True)
    desk.path.write_bytes(gzip.compress(TEXT)[:-30])
    for _ in range(5):
        judgement = desk.judge(100)
        assert (judgement.is_readable, judgement.may_grow, judgement.notice) == (False, False, "")


def test_a_large_file_is_judged_in_shares(desk, monkeypatch):
    """In one process, which goes on where it was; by bytes, and by the clock."""
    desk.path.write_bytes(gzip.compress(TEXT))
    monkeypatch.setattr(compressed, "STEP", 1000)
    monkeypatch.setattr(verdicts, "SHARE_BYTES", 10_000)
    judging = Verdicts({}, lambda: 0.0)
    file = LogFile(desk.place)
    looks = 0
    while True:
        judging.begin(is_first=False)
        judgement = judging.judge(file)
        looks += 1
        if not judgement.is_pending:
            break
    assert judgement.is_readable
    assert file.size == len(TEXT)
    assert looks == pytest.approx(len(TEXT) / 10_000, abs=2)

    times = iter(range(1000))
    slow = Verdicts({}, lambda: float(next(times)))
    slow.begin(is_first=False)
    assert slow.judge(file).is_pending
    file.close()


def test_what_is_gone_is_forgotten(desk):
    """The state keeps nothing of files that are not there."""
    desk.judge()
    assert len(desk.kept) == 1
    judging = Verdicts(desk.kept, lambda: 0.0)
    judging.begin(is_first=False)
    judging.end()
    assert desk.kept == {}


def test_what_needs_no_judgement_is_still_there(desk):
    """What is known of it stays, in this look; in the next one it must be met again."""
    desk.judge()
    judging, file = Verdicts(desk.kept, lambda: 0.0), LogFile(desk.place)
    judging.begin(is_first=False)
    judging.keep([file])
    judging.end()
    assert len(desk.kept) == 1
    judging.begin(is_first=False)
    judging.end()
    assert desk.kept == {}
    file.close()


def test_half_a_measurement_of_what_is_gone_is_dropped(desk, monkeypatch):
    """A file that comes back is measured from its beginning: that takes as many looks as the first time."""
    monkeypatch.setattr(compressed, "STEP", 1000)
    monkeypatch.setattr(verdicts, "SHARE_BYTES", 10_000)
    desk.path.write_bytes(gzip.compress(TEXT))

    def looks(judging):
        """How many it takes until the file is judged."""
        for number in range(1, 100):
            file = LogFile(desk.place)
            judging.begin(is_first=False)
            judgement = judging.judge(file)
            judging.end()
            file.close()
            if not judgement.is_pending:
                return number
        return None

    came_back = Verdicts({}, lambda: 0.0)
    came_back.begin(is_first=False)
    assert came_back.judge(LogFile(desk.place)).is_pending
    came_back.begin(is_first=False)
    came_back.end()

    assert looks(came_back) == looks(Verdicts({}, lambda: 0.0)) > 2


@pytest.mark.parametrize(("is_first", "steps"), [(False, 5), (True, 41)])
def test_the_share_of_the_first_look_is_ten_times_as_long(desk, monkeypatch, is_first, steps):
    """A step at least, and more for a second; for ten where nothing is known of the log yet."""
    monkeypatch.setattr(compressed, "STEP", 1000)
    desk.path.write_bytes(gzip.compress(TEXT))
    times, sizes = iter(range(1000)), []
    judging, file = Verdicts({}, lambda: next(times) / 4), LogFile(desk.place)
    judging.begin(is_first=is_first)
    read = compressed.Reading.read
    monkeypatch.setattr(compressed.Reading, "read", lambda *what: sizes.append(what) or read(*what))

    assert judging.judge(file).is_pending
    assert len(sizes) == steps
    file.close()


def test_a_look_that_is_kept_waiting_gets_on_all_the_same(tmp_path):
    """By a step at least, where its share of time is over before it begins; else it would be taken again for ever."""
    path = tmp_path / "access.log.1.gz"
    path.write_bytes(gzip.compress(TEXT))
    times = iter(range(0, 10_000, 10))
    judging = Verdicts({}, lambda: float(next(times)))

    def is_pending():
        judging.begin(is_first=False)
        return judging.judge(LogFile(LogPlace(str(path), (0, 1, ""), ".gz"))).is_pending

    assert [is_pending(), is_pending()] == [True, False]  # a step for the text, and one for its end
