"""The machine's own logrotate in all its modes: every line that was on disk is found once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from unittest import mock

import pytest

from session_monitor.base import files
from session_monitor.sessions.store import Store
from tests.campaigns import logrotate_lab
from tests.campaigns.logrotate_lab import Lab
from tests.support import several
from tests.support.needs import need_tool
from tests.support.waiting import until

PATIENCE = 30
XZ = ("compress", "compresscmd xz", "uncompresscmd unxz", "compressext .xz")
BZIP2 = ("compress", "compresscmd bzip2", "uncompresscmd bunzip2", "compressext .bz2")

MODES = {
    "create": ("create",),
    "nocreate": ("nocreate", "missingok"),
    "copytruncate": ("copytruncate",),
    "compress": ("create", "compress"),
    "copytruncate and compress": ("copytruncate", "compress"),
    "delaycompress": ("create", "compress", "delaycompress"),
    "xz": ("create", *XZ),
    "bzip2": ("create", *BZIP2),
    "extension": ("create", "extension .log"),
    "renamecopy": ("create", "renamecopy"),
    "shred": ("create", "shred"),
}
COMPRESSED_AT_ONCE = {"compress", "copytruncate and compress", "xz", "bzip2"}


@pytest.fixture(params=["cron", "daemon", "several"])
def lab(request, tmp_path):
    """Make a lab: a monitor that is new for each poll, one that stays, and one for which several processes read."""
    with several.from_the_first_byte():
        yield from _lab(tmp_path, cron=request.param == "cron", jobs=3 if request.param == "several" else 1)


@pytest.fixture
def cron_lab(tmp_path):
    """Make a lab whose monitor is new for each poll."""
    yield from _lab(tmp_path, cron=True)


def _lab(folder, *, cron, jobs=1):
    made = []
    # What syncing is for cannot be seen here.
    unsynced = [
        mock.patch.object(owner, name, return_value=None)
        for owner, name in ((files, "sync_files"), (files, "sync_folder"), (os, "fsync"))
    ]

    def make(*directives, **more):
        for word in ("xz", "bzip2"):
            if any(each.startswith(f"compresscmd {word}") for each in directives):
                need_tool(word)
        made.append(Lab(folder, need_tool("logrotate"), *directives, cron=cron, jobs=jobs, **more))
        return made[-1]

    with contextlib.ExitStack() as stack:
        for each in unsynced:
            stack.enter_context(each)
        yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("mode", MODES)
def test_poll_then_rotate(lab, mode):
    """With a poll before each rotation, and lines that come between the two, no generation loses a line."""
    lab = lab("rotate 3", *MODES[mode])

    for _ in range(6):
        lab.gateway.write(3)
        lab.poll()
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


@pytest.mark.parametrize("mode", MODES)
def test_rotate_then_poll(lab, mode):
    """With a poll after each rotation, whether the new log is empty or not, no generation loses a line."""
    lab = lab("rotate 3", *MODES[mode])

    for number in range(6):
        lab.gateway.write(5)
        lab.rotate()
        lab.gateway.reopen()
        if number % 2:
            lab.gateway.write(2)
        lab.poll()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


@pytest.mark.parametrize("mode", MODES)
def test_several_rotations_between_two_polls(lab, mode):
    """As long as logrotate keeps the files it does not matter how many rotations come between two polls."""
    lab = lab("rotate 5", *MODES[mode])

    for _ in range(2):
        lab.gateway.write(4)
        lab.poll()
        for _ in range(4):
            lab.gateway.write(3)
            lab.rotate()
            lab.gateway.reopen()
        lab.gateway.write(2)
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in COMPRESSED_AT_ONCE and "copy" not in mode])
def test_late_writes_to_the_renamed_log(lab, mode):
    """What the gateway writes to the renamed file is found, before and after polls, and two rotations later still."""
    lab = lab("rotate 5", *MODES[mode])

    for number in range(8):
        lab.gateway.write(3)
        if number % 3:
            lab.poll()
        lab.rotate()
        lab.gateway.write(2)
        lab.poll()
        lab.gateway.write(2)
        if number % 4 and "delay" not in mode:
            lab.rotate()  # the signal got lost
            lab.gateway.write(1)
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []


def test_late_writes_to_a_file_that_was_compressed_are_nowhere(lab):
    """What is written to a file that was compressed and removed is on no disk; nothing else is lost for it."""
    lab = lab("rotate 5", "create", "compress")

    for _ in range(4):
        lab.gateway.write(3)
        lab.poll()
        lab.gateway.write(3)
        lab.rotate()
        lab.gateway.write(2)
        lab.poll()
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert len(lab.written - lab.found.keys()) == 4 * 2


def test_the_gateways_own_file(lab):
    """Higress' own directives, with a size of 1 MB, through so many generations that inodes and numbers come back."""
    lab = lab(logrotate_lab.higress())

    for number in range(24):
        lab.gateway.write(8, size=100_000)
        if number % 4:
            lab.poll()
        lab.gateway.write(3, size=100_000)
        assert "log needs rotating" in lab.rotate(force=False)
        lab.gateway.write(1)
        if number % 3:
            lab.poll()
        lab.gateway.reopen()
        assert "log does not need rotating" in lab.rotate(force=False)
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written
    assert lab.names() == ["access.log", *(f"access.log.{number}" for number in range(1, 6))]


@pytest.mark.parametrize("compress", [(), ("compress",), ("compress", "delaycompress")], ids=" ".join)
def test_dates_for_numbers(lab, compress):
    """With one rotation a day, named by the day, no line is lost while logrotate removes the oldest ones."""
    lab = lab("rotate 3", "create", "dateext", *compress)

    for number in range(8):
        lab.gateway.write(3)
        if number % 3:
            lab.poll()
        lab.gateway.write(2)
        _a_day_goes_by(lab)
        lab.rotate()
        lab.gateway.reopen()
        lab.poll()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written
    assert len(lab.names()) == 4


def _a_day_goes_by(lab):
    """Rotated logs get yesterday's names."""
    dated = sorted(name for name in lab.names() if name.startswith("access.log-"))
    for name in dated:
        stem, suffix = name[: len("access.log-20260201")], name[len("access.log-20260201") :]
        day = time.mktime(time.strptime(stem[-8:], "%Y%m%d"))
        before = time.strftime("%Y%m%d", time.localtime(day - 12 * 3600))
        (lab.logs / name).rename(lab.logs / f"{stem[:-8]}{before}{suffix}")


@pytest.mark.parametrize("dateformat", ["-%Y%m%d-%s", ".%s", "-%Y-%m-%d-%H:%M:%S"])
def test_several_rotations_a_day(cron_lab, dateformat):
    """Dates with a time keep the rotations of one day apart."""
    lab = cron_lab("rotate 5", "create", "dateext", f"dateformat {dateformat}")

    for _ in range(3):
        lab.gateway.write(3)
        lab.poll()
        lab.gateway.write(2)
        _wait_for_the_next_second()
        lab.rotate()
        lab.gateway.write(1)
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written
    assert len(lab.names()) == 4


def _wait_for_the_next_second():
    """Logrotate names a file by the second, and does not rotate twice to one name."""
    now = time.time()
    time.sleep(int(now) + 1.02 - now)  # the clock that logrotate asks is up to 0.01 s late


@pytest.mark.parametrize("dateformat", ["-%Y%m%d", "-%Y%m%d-%H"])
def test_a_second_rotation_to_the_same_date(lab, dateformat):
    """Where logrotate finds the name taken it leaves the log alone, and the log goes on."""
    lab = lab("rotate 5", "create", "dateext", f"dateformat {dateformat}")
    lab.gateway.write(3)
    lab.rotate()
    lab.gateway.reopen()
    name = next(name for name in lab.names() if name != "access.log")

    for _ in range(3):
        lab.gateway.write(3)
        lab.poll()
        lab.gateway.write(2)
        (lab.logs / lab.names()[-1]).rename(lab.logs / name)
        said = lab.rotate(complains=True)
        assert "already exists, skipping rotation" in said
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def by_number(name):
    """In the order in which the gateway wrote them."""
    return int(name[1:])


@pytest.mark.parametrize("mode", ["create", "copytruncate", "compress", "renamecopy", "extension"])
@pytest.mark.parametrize("pattern", ["access*", "access[.-]*"])
def test_a_folder_for_old_logs(lab, tmp_path, mode, pattern):
    """With olddir the rotated logs are found by their content, and come in their order, given as a second --log-path."""
    patterns = [tmp_path / "logs" / "access.log", tmp_path / "old" / pattern]
    lab = lab("rotate 3", f"olddir {tmp_path / 'old'}", *MODES[mode], patterns=patterns)
    for _ in range(2):  # the monitor comes later
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.reopen()

    for number in range(9):
        lab.gateway.write(3)
        if number % 3:
            lab.poll()
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.reopen()
        if number % 2:
            lab.poll()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written
    assert all(names == sorted(names, key=by_number) for names in logrotate_lab.in_reading_order(lab.out))


def test_copies_of_a_log_that_goes_on(lab):
    """With `copy` the log is never emptied, and none of its copies is read."""
    lab = lab("rotate 4", "copy")

    for number in range(8):
        lab.gateway.write(3)
        if number % 2:
            lab.poll()
        lab.gateway.write(2)
        lab.rotate()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def test_rotate_0_loses_what_nobody_saw(lab):
    """A log that is removed at once loses what came behind the last poll, and a person hears of it."""
    lab = lab("rotate 0", "create")

    for _ in range(5):
        lab.gateway.write(3)
        lab.poll()
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert len(lab.found) == 5 * 3
    assert any("may have come and gone unread" in text for text in lab.notices)


@pytest.mark.parametrize("directives", [("rotate 0", "create"), ("rotate 0", "copytruncate")], ids=" ".join)
def test_what_was_seen_and_lost_is_told(lab, directives):
    """Bytes that a poll saw and could not read before they were removed are told, to the byte."""
    lab = lab(*directives)

    lab.gateway.write(3)
    lab.poll()
    lab.gateway.write(4)
    lab.glance()
    lab.rotate()
    lab.gateway.reopen()
    lab.gateway.write(9)
    lab.finish()

    assert lab.verdict() == []
    gone = [length for name, length in lab.seen.items() if name not in lab.found]
    assert gone
    assert lab.lost_bytes == sum(gone)
    assert any(f"at least {sum(gone)} bytes are lost" in text for text in lab.notices)


def test_maxage(lab):
    """Where rotated logs are removed by their age, what was polled before is not lost, and the others are told."""
    lab = lab("rotate 9", "maxage 3", "create")

    for number in range(8):
        lab.gateway.write(3)
        if number != 4:
            lab.poll()
        lab.gateway.write(2)
        lab.glance()
        for path in lab.logs.glob("access.log.*"):
            day_before = path.stat().st_mtime - 86400
            os.utime(path, (day_before, day_before))
        lab.rotate()
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written
    assert len(lab.names()) < 8


@pytest.mark.parametrize("mode", ["create", "copytruncate", "delaycompress"])
def test_several_logs_with_one_script(lab, tmp_path, mode):
    """With sharedscripts several logs are rotated in one go, and each keeps its own order and lines."""
    told = tmp_path / "told"
    script = f"postrotate\n    echo told >> {told}\nendscript"
    others = ("access2.log", "gateway.log")
    lab = lab("rotate 3", "sharedscripts", *MODES[mode], script, others=others)

    for number in range(8):
        for at, gateway in enumerate(lab.gateways):
            gateway.write(2 + at)
        if number % 3:
            lab.poll()
        lab.rotate()
        lab.gateways[number % 3].write(1)
        for gateway in lab.gateways:
            gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written
    assert len(told.read_text().split()) == 8


@pytest.mark.parametrize("mode", ["create", "copytruncate", "delaycompress"])
def test_a_log_behind_a_link(lab, tmp_path, mode):
    """Where the monitor is given a link to the log, it finds what logrotate leaves beside the log itself."""
    link = tmp_path / "link.log"
    lab = lab("rotate 3", *MODES[mode], patterns=[link])
    link.symlink_to(lab.log)

    for number in range(8):
        lab.gateway.write(3)
        if number % 3:
            lab.poll()
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def test_a_link_that_leads_elsewhere(lab, tmp_path):
    """A link that is set to another log, each time a new one, gives the lines of all that it led to while polled."""
    link = tmp_path / "logs" / "current"
    lab = lab("rotate 3", "create", patterns=[link], others=("b.log", "c.log"))
    link.symlink_to(lab.log)

    for number in range(9):
        gateway = lab.gateways[number % 3]
        (tmp_path / "new").symlink_to(gateway.log)
        os.replace(tmp_path / "new", link)
        gateway.write(3)
        lab.poll(gateway.log)
        gateway.write(2)
        lab.rotate()
        for each in lab.gateways:
            each.reopen()
        lab.poll(gateway.log)
    lab.poll(gateway.log)

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


@pytest.mark.parametrize("mode", ["create", "compress", "extension"])
def test_a_gateway_that_is_taken_away(lab, tmp_path, mode):
    """Where a glob names the log, what its last rotation left is read though the log itself is gone."""
    lab = lab("rotate 3", *MODES[mode], patterns=[tmp_path / "log*" / "access.log"])
    lab.gateway.write(3)
    lab.poll()
    lab.gateway.write(2)
    lab.rotate()
    lab.log.unlink(missing_ok=True)
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written
    assert lab.notices == []


def test_one_file_by_two_names(lab):
    """A second name that somebody gave a log, or a rotated one, changes nothing."""
    lab = lab("rotate 9", "create", "allowhardlink")

    for number in range(8):
        lab.gateway.write(3)
        if number % 3:
            lab.poll()
        os.link(lab.log, lab.logs / f"access.log.{90 + number}")
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.reopen()
        lab.poll()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def test_a_folder_that_comes_and_goes(lab, tmp_path):
    """A folder that is not there yet, or for a while, is no problem, and what it held is known when it is back."""
    lab = lab("rotate 3", "create")
    lab.gateway.write(3)
    lab.logs.rename(tmp_path / "away")
    lab.poll()
    for _ in range(4):
        (tmp_path / "away").rename(lab.logs)
        lab.poll()
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.reopen()
        lab.poll()
        lab.logs.rename(tmp_path / "away")
        lab.poll()
    (tmp_path / "away").rename(lab.logs)
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def test_a_gateway_that_leaves_holes(lab):
    """A writer that does not append goes on at its old place after copytruncate; the hole before it costs no line."""
    lab = lab("rotate 3", "copytruncate")
    lab.gateway.reopen(append=False)

    for number in range(6):
        lab.gateway.write(30)
        if number % 3:
            lab.poll()
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.write(1 + number)
        lab.poll()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def test_a_truncation_while_the_sessions_are_written(lab):
    """Where the log is copied and emptied between reading it and writing down how far, no line is found twice."""
    lab = lab("rotate 3", "copytruncate")
    real = Store.keep_counts

    def rotate_meanwhile(store, counted):
        real(store, counted)
        if lab.log.stat().st_size:
            lab.rotate()

    for _ in range(4):
        lab.gateway.write(3)
        with mock.patch.object(Store, "keep_counts", rotate_meanwhile):
            lab.poll()
        lab.gateway.write(2)
        lab.poll()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def test_copytruncate_regrown(lab):
    """A log that was emptied and is larger again than what was read of it is read from its start, and so is its copy."""
    lab = lab("rotate 3", "copytruncate")

    for number in range(6):
        lab.gateway.write(5)
        lab.poll()
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.write(20 + number)
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


@pytest.mark.parametrize("mode", ["create", "copytruncate", "compress", "delaycompress", "extension"])
def test_a_last_line_without_its_newline(lab, mode):
    """A line that never gets its newline waits until its file is sealed; its other half, where it comes, is awaited."""
    lab = lab("rotate 5", *MODES[mode])
    lab.gateway.write(2)
    lab.poll()
    lab.gateway.raw(lab.gateway.line()[:-1])
    lab.poll()

    lab.rotate()
    lab.gateway.reopen()
    lab.gateway.write(2)
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def test_half_a_line_is_completed_in_the_renamed_log(lab):
    """A line of which one half was written before the rotation and the other after it is one line."""
    lab = lab("rotate 5", "create")

    for _ in range(3):
        lab.gateway.write(1)
        text = lab.gateway.line()
        lab.gateway.raw(text[:40])
        lab.poll()
        lab.rotate()
        lab.poll()
        lab.gateway.raw(text[40:])
        lab.gateway.reopen()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


def test_without_the_state_file(lab):
    """Whenever the state file is lost, all that is still there is read again and nothing counted twice."""
    lab = lab("rotate 5", "create", "compress", "delaycompress")

    for number in range(10):
        lab.gateway.write(3)
        if number % 3:
            lab.poll()
        lab.gateway.write(2)
        lab.rotate()
        lab.gateway.reopen()
        if number % 4 == 3:
            lab.restart()
            (lab.out / ".state.json").unlink()
    lab.finish()

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written


@pytest.mark.parametrize("mode", ["create", "copytruncate", "compress", "dateext"])
def test_the_program_itself(cron_lab, mode):
    """main.py, started by cron each minute, finds what the monitor inside it finds, and has nothing to complain of."""
    lab = cron_lab("rotate 3", *MODES.get(mode, ("create", mode)))
    said = []

    for _ in range(3):
        lab.gateway.write(3)
        said.append(logrotate_lab.main_py(lab.out, lab.log))
        lab.gateway.write(2)
        if mode == "dateext":
            _a_day_goes_by(lab)
        lab.rotate()
        lab.gateway.reopen()
    lab.gateway.write(1)
    lab.must |= lab.visible().keys()
    said.append(logrotate_lab.main_py(lab.out, lab.log))

    assert lab.verdict() == []
    assert lab.found.keys() == lab.written
    assert set(said) == {""}


@pytest.mark.parametrize(("cron", "jobs"), [(True, 1), (False, 1), (False, 3)], ids=["cron", "daemon", "several"])
@pytest.mark.parametrize("mode", ["create", "copytruncate", "delaycompress"])
def test_a_gateway_that_never_rests(tmp_path, mode, cron, jobs):
    """While a gateway writes, logrotate rotates and main.py reads, all at once: no line is lost that logrotate kept."""
    rotate = need_tool("logrotate")
    logs, out = tmp_path / "logs", tmp_path / "out"
    logs.mkdir()
    log = logs / "access.log"

    with logrotate_lab.busy_gateway(log) as (gateway, end):
        script = f"postrotate\n    kill -USR1 {gateway.pid}\nendscript"
        logrotate = logrotate_lab.Logrotate(rotate, tmp_path, [log], "rotate 100", *MODES[mode], script)
        options = ["--once"] if cron else ["--follow", "--refresh-interval", "0.01"]
        command = [*several.command(jobs), "--log-path", log, "--output-dir", out, *options]
        monitor = _start(command)
        for _ in range(6 if cron else 30):
            rotating = subprocess.Popen(logrotate.command(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if cron:
                assert monitor.wait(PATIENCE) == 0
                monitor = _start(command)
            assert rotating.wait(PATIENCE) == 0
            if mode == "delaycompress":  # the next rotation takes the old log away: what still comes there is nobody's
                until(lambda: log.stat().st_size, "the gateway writes to its new log")
        written = end()
    if cron:
        assert monitor.wait(PATIENCE) == 0
    else:
        until((out / ".state.json").exists, "the monitor is at work")
        monitor.send_signal(signal.SIGTERM)
        assert monitor.wait(PATIENCE) == 0
    logrotate_lab.main_py(out, log)

    counts = logrotate_lab.found_in(out)
    assert [name for name, number in counts.items() if number > 1] == []
    assert logrotate_lab.on_disk([logs]).keys() - counts.keys() == set()
    assert counts.keys() - written == set()
    if mode != "copytruncate":
        assert counts.keys() == written


def _start(command):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
