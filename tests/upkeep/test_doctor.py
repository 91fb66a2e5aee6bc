"""Does the doctor find what keeps the answers from being right, say what to do, and change nothing?"""

from __future__ import annotations

import gzip
import json
import os
import platform
import shutil
import sqlite3
from unittest import mock

import pytest

from session_monitor.base import data_folder, files
from session_monitor.base.data_folder import LOCK
from session_monitor.index.keeper import Keeper
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store
from session_monitor.upkeep import call_checks, doctor, log_checks, sample
from session_monitor.upkeep import checks as upkeep_checks
from session_monitor.upkeep.checks import FAIL, OK, WARN
from session_monitor.upkeep.sample import Sample
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.indexes import in_file, taken_for_the_same

NOW = 1_769_938_300.0
"""2026-02-01, a minute and a half after the calls that are made here."""


@pytest.fixture
def log(tmp_path):
    """A log of a gateway that is set up right."""
    path = tmp_path / "logs" / "access.log"
    path.parent.mkdir()
    write(path, *[calls.line("s", ["hello"])] * 3)
    return path


@pytest.fixture
def folder(tmp_path, log):
    """A data folder in which all of it was read."""
    path = tmp_path / "sessions"
    path.mkdir(mode=0o700)
    read(log, path)
    return path


def write(log, *lines):
    """Add lines to a log."""
    with open(log, "ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def read(log, folder):
    """One pass of a monitor."""
    kept = Keeper(str(folder), BOOK, lambda _done, _total: None)
    Ingest([str(log)], Store(str(folder)), Checkpoint(state(folder), str(folder)), index=kept).poll()
    kept.close()


def state(folder):
    """The state file of a folder."""
    return str(folder / ".state.json")


def examined(folder, *logs, **more):
    """All checks by name; the default log is not there."""
    environment, default = {"HOME": str(folder.parent)}, str(folder / "none")
    case = upkeep_checks.Case([str(log) for log in logs], str(folder), state(folder), environment, NOW, default, **more)
    found = list(doctor.examine(case))
    assert all(check.found for check in found)
    assert all(check.todo for check in found if check.level != OK), found
    return {check.name: check for check in found}


def levels(checks):
    """The checks that are not fine."""
    return {name: check.level for name, check in checks.items() if check.level != OK}


def times(folder):
    """When what is in the folder was changed, and the folder itself."""
    found = {path.name: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]}
    found.pop(f"{data_folder.INDEX}-shm", None)  # what SQLite's readers share
    return found


def test_a_sqlite_without_full_text_search(monkeypatch):
    """It is tried out."""
    assert doctor._has_full_text()
    db = mock.Mock()
    db.execute.side_effect = sqlite3.OperationalError("no such module: fts5")
    monkeypatch.setattr(sqlite3, "connect", lambda _path: db)
    assert not doctor._has_full_text()
    db.close.assert_called_once()


def test_where_all_is_well(folder, log):
    """A gateway and a monitor that are set up right pass every check, and nothing is changed by looking."""
    before = times(folder)

    checks = examined(folder, log, deep=True)

    assert levels(checks) == {}
    assert checks["Python"].found == f"Python {platform.python_version()}"
    assert list(checks) == [
        *("Python", "SQLite", "log", "rotation", "calls", "skipped calls", "session ids", "session names", "content"),
        *("cut values", "tokens", "left calls", "cut streams", "failures", "times", "prices", "clock"),
        *("data folder", "monitor", "unread", "state file", "index", "price lists", "disk"),
    ]
    assert times(folder) == before


# -- the machine -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "level"),
    [
        (doctor.python((3, 8, 10)), FAIL),
        (doctor.python((3, 9, 0)), OK),
        (doctor.python((3, 14, 0)), OK),
        (doctor.sqlite((3, 22, 0), has_full_text=True), FAIL),
        (doctor.sqlite((3, 23, 1), has_full_text=True), FAIL),
        (doctor.sqlite((3, 24), has_full_text=True), OK),
        (doctor.sqlite((3, 40, 1), has_full_text=False), WARN),
        (doctor.disk("d", 1 << 40), OK),
        (doctor.disk("d", 100 << 20), WARN),
        (doctor.disk("d", 1 << 20), FAIL),
        (doctor.disk("d", 1 << 30), OK),
        (doctor.disk("d", (1 << 30) - 1), WARN),
        (doctor.disk("d", 50 << 20), WARN),
        (doctor.disk("d", (50 << 20) - 1), FAIL),
    ],
    ids=lambda value: getattr(value, "found", None),
)
def test_the_machine(check, level):
    """What is too old, or too full, is told from what will do."""
    assert (check.level, bool(check.todo)) == (level, level != OK)


# -- the logs ----------------------------------------------------------------------------------------------------------


def test_no_log_at_all(tmp_path):
    """Without a log, and without data, it fails and says how one is named."""
    check = examined(tmp_path)["log"]
    assert check.level == FAIL
    assert "--log-path" in check.todo


def test_the_log_that_the_monitor_read(folder, log):
    """Where the default is not there the logs of the state file are looked at; without it that is a warning."""
    log.rename(f"{log}.1")
    write(log, calls.line("s", ["more"]))
    read(log, folder)

    checks = examined(folder)

    assert levels(checks) == {}
    assert str(log) in checks["log"].found
    assert "1 rotated file beside" in checks["rotation"].found

    os.unlink(state(folder))
    assert examined(folder)["log"].level == WARN


def test_each_log_is_looked_at(folder, log):
    """One that is not there keeps no other from being looked at."""
    case = upkeep_checks.Case([f"{folder}/none", str(log)], str(folder), state(folder), {}, NOW, "")
    looks = [(check.level, check.found) for check in doctor.examine(case) if check.name == "log"]
    assert looks[0] == (FAIL, f"there is no {folder}/none")
    assert [level for level, _ in looks] == [FAIL, OK]


def test_a_session_that_is_deleted_during_the_look(folder, log, monkeypatch):
    """It is no fault, and hides no other one."""
    real = os.listdir
    (folder / "s.json").chmod(0o644)
    monkeypatch.setattr(os, "listdir", lambda place: ["gone.json", *real(place)])
    check = examined(folder, log)["data folder"]
    assert (check.level, check.found) == (WARN, f"{folder}: others may look into s.json")


def test_a_log_that_is_none(folder):
    """A path where there is nothing, and one where there is a folder, fail."""
    assert examined(folder, folder / "none")["log"].level == FAIL
    assert examined(folder, folder)["log"].level == FAIL


def test_a_log_outside_the_allowed_folders(folder, log, tmp_path):
    """It is not opened: it fails, and nothing is said of what it holds."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "access.log").symlink_to(log)

    checks = examined(folder, elsewhere / "access.log", allowed=[str(elsewhere)])

    assert checks["log"].level == FAIL
    assert "outside the folders that --allow-dir permits" in checks["log"].found
    assert not checks.keys() & {"calls", "prices", "unread"}
    assert examined(folder, log, allowed=[str(log.parent)])["log"].level == OK


ROTATED = {
    "numbered": ([".1", ".2"], OK, "2 rotated files beside LOG, numbered, none compressed"),
    "dated": (["-20260131", "-20260130.gz"], OK, "2 rotated files beside LOG, dated, 1 compressed"),
    "both": ([".1", "-20260131"], OK, "2 rotated files beside LOG, numbered and dated, none compressed"),
    "compressed at once": ([".1.gz", ".2.gz"], WARN, "the newest of them too"),
    "delayed": ([".1", ".2.gz"], OK, "1 compressed"),
    "just being compressed": ([".1", ".1.gz", ".2.gz"], OK, "2 compressed"),
    "not known": ([".1", ".2.zst"], WARN, "access.log.2.zst"),
    "ISO basic times": (["-20261128T100000Z"], WARN, "access.log-20261128T100000Z"),
    "weeks": (["-2026W48", "-2026W47.gz"], WARN, "access.log-2026W47.gz, access.log-2026W48"),
    "old": ([".old"], WARN, "access.log.old"),
    "a copy": ([".bak", "-orig"], WARN, "access.log-orig, access.log.bak"),
    "packed": ([".zst"], WARN, "access.log.zst"),
    "other files": ([".lock", ".pos", "-errors", ".offset.swp"], OK, "no rotated files"),
}


@pytest.mark.parametrize("style", ROTATED)
def test_rotation(folder, log, style):
    """What rotation leaves is recognised, and what loses lines or cannot be read is told."""
    names, level, text = ROTATED[style]
    for name in names:
        data = calls.line("old", [name]) + b"\n"
        (log.parent / f"access.log{name}").write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    check = examined(folder, log)["rotation"]

    assert check.level == level
    assert text in check.found.replace(str(log), "LOG")


@pytest.mark.parametrize("name", ["access-2026-11-28T10-00-00.000.log", "access-2026-11-28T10-00-00.000.log.gz"])
def test_what_lumberjack_leaves(folder, log, name):
    """Its names are told, and what to do: files beside the log that are no log of this name are not."""
    for each in (name, "access-admin.log", "other-2026-11-28T10-00-00.000.log"):
        (log.parent / each).write_bytes(b"x\n")

    check = examined(folder, log)["rotation"]

    assert check.level == WARN
    assert check.found.endswith(f"are not read: {name}")
    assert "--log-path" in check.todo


def test_an_empty_log(folder, log):
    """It is no success, unless it was rotated just now."""
    data = log.read_bytes()
    log.write_bytes(b"")
    check = examined(folder, log)["log"]
    assert (check.level, "empty" in check.found) == (WARN, True)

    (log.parent / "access.log.1").write_bytes(data)
    assert examined(folder, log)["log"].level == OK


def test_a_damaged_compressed_file(folder, log):
    """Half of a compressed file, with no plain one beside it, is told."""
    (log.parent / "access.log.1").write_bytes(b"x\n")
    (log.parent / "access.log.2.gz").write_bytes(gzip.compress(os.urandom(5000))[:2000])
    check = examined(folder, log)["rotation"]
    assert check.level == WARN
    assert "is cut off" in check.found


def test_a_damaged_file_beside_one_that_is_not_read(folder, log):
    """One fault of the rotated files does not hide the other: both are told, each with what to do."""
    (log.parent / "access.log.2.gz").write_bytes(gzip.compress(os.urandom(5000))[:2000])
    (log.parent / "access.log.old").write_bytes(b"x\n")
    check = examined(folder, log)["rotation"]
    assert check.level == WARN
    assert "access.log.2.gz is cut off" in check.found
    assert check.found.endswith("are not read: access.log.old")
    assert "disk was full" in check.todo
    assert "--log-path" in check.todo


# -- the calls ---------------------------------------------------------------------------------------------------------

NO_CALL = b'{"ai_log":"-","method":"GET"}'


def outer(line, **fields):
    """A line with these fields beside ``ai_log``."""
    return json.dumps({**json.loads(line), **fields}).encode()


def skipped(path, agent="codex_cli_rs/0.171.0"):
    """The line of a call that the plugin skipped."""
    return outer(b'{"ai_log":"-"}', method="POST", path=path, response_code="200", user_agent=agent)


def anonymous(agent):
    """The line of a call without a session id."""
    return outer(calls.line(None, ["x"]), user_agent=agent)


PIECES = [json.dumps({"log": text, "stream": "stdout", "time": "T"}).encode()
          for line in [calls.line("s", ["x"]).decode()] for text in (line[:90], f"{line[90:]}\n")]  # fmt: skip
LIGHT = json.dumps({"ai_log": json.dumps({"session_id": "s", "model": "gpt-4", "input_token": 1, "output_token": 1}),
                    "start_time": "2026-02-01T09:30:15Z", "response_code": "200"}).encode()  # fmt: skip
NO_TOKENS = calls.line("s", ["x"], input_token=None, output_token=None, total_token=None)
CUT = calls.line("s", messages="[map[content:" + "x" * 20 + " [truncated] " + "x" * 20 + " role:user]]")
GOOD = calls.line("s", ["x"])
LEFT = outer(NO_TOKENS, response_flags="DC", bytes_sent="500", response_type="-")
CUT_SHORT = outer(
    calls.line("s", ["x"], response_type="stream"), response_flags="UT", response_code_details="response_timeout"
)
ID_ALONE = calls.line("s", ["x"], input_token=None, output_token=None, total_token=None, model=None, chat_id="c")
SAMPLES = {
    "no lines": ([], {"calls": WARN}, "look again"),
    "no calls": ([NO_CALL], {"calls": WARN}, "enable_path_suffixes"),
    "lines of somebody else": ([b"hello"], {"calls": FAIL}, "%FILTER_STATE(wasm.ai_log:PLAIN)%"),
    "lines that were cut into pieces": (PIECES * 9, {}, ""),
    "broken lines": ([GOOD, GOOD[:90]], {"calls": WARN}, "disk"),
    "all calls skipped": ([skipped("/v1/responses")], {"calls": WARN, "skipped calls": FAIL}, "enable_path_suffixes"),
    "skipped calls": ([GOOD, skipped("/v1/responses")], {"skipped calls": WARN}, "[/completions, /messages, /responses]"),
    "no session ids": ([calls.line(None, ["x"])], {"session ids": FAIL}, "session_id_header"),
    "no session ids of an agent": ([anonymous("claude-cli/2.1")], {"session ids": FAIL}, "x-claude-code-session-id"),
    "no values": ([calls.line("undefined", ["x"]), GOOD], {"session names": WARN}, "variable"),
    "usage switched off": ([ID_ALONE], {"tokens": FAIL}, "disable_openai_usage"),
    "left calls": ([GOOD, LEFT], {"left calls": WARN}, "include_usage"),
    "cut streams": ([GOOD, CUT_SHORT], {"cut streams": WARN}, "time-out"),
    "few session ids": ([GOOD, calls.line(None, ["x"])], {"session ids": WARN}, "session_id_header"),
    "nearly all session ids": ([GOOD] * 30 + [calls.line(None, ["x"])], {}, ""),
    "light mode": ([LIGHT], {"content": WARN}, "use_default_attributes"),
    "cut values": ([GOOD] * 50 + [CUT], {"cut values": WARN}, "value_length_limit"),
    "no tokens": ([NO_TOKENS], {"tokens": FAIL}, "include_usage"),
    "failed calls": ([GOOD, *[calls.line("s", ["x"], code="503")] * 2], {"failures": WARN}, "show SESSION_ID"),
    "no times": ([calls.line("s", ["x"], start_time="-")], {"times": FAIL}, "%START_TIME%"),
    "no prices": ([calls.line("s", ["x"], model="my-own")], {"prices": WARN}, "pricing set MODEL INPUT OUTPUT"),
    "no models": ([calls.line("s", ["x"], model=None)], {"prices": WARN}, "list model under attributes"),
    "the future": ([calls.line("s", ["x"], start_time="2026-02-01T12:30:15Z")], {"clock": WARN}, "clock"),
}  # fmt: skip


def taken(lines):
    """What is counted of these lines."""
    found = Sample()
    sample.take(found, lines, BOOK)
    return found


@pytest.mark.parametrize("what", SAMPLES)
def test_what_calls_lack(what):
    """What the gateway's calls lack is found, and the setting that brings it is named."""
    lines, expected, todo = SAMPLES[what]
    checks = {check.name: check for check in call_checks.checks(taken(lines), NOW)}

    assert levels(checks) == expected
    assert all(todo in checks[name].todo for name in expected)


def test_models_without_a_price_are_named():
    """The models that lack a price most often are named, the others counted."""
    named = taken([calls.line("s", model=f"m{n}") for n in range(9) for _ in range(9 - n)])
    assert call_checks._prices(named).found.endswith("45 calls are without a price: m0, m1, m2, m3, m4 and 4 more")


def test_no_more_of_a_log_is_looked_at(folder, log, monkeypatch):
    """Of several logs together no more than one share is read, each from its end."""
    other = log.parent / "other.log"
    write(other, *[calls.line("s", ["x"])] * 10)
    write(log, *[calls.line("s", ["x"])] * 10)
    monkeypatch.setattr(log_checks, "LOOK_LINES", 8)
    assert "8 lines" in examined(folder, log, other)["calls"].found


# -- the monitor -------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there(tmp_path, log):
    """It fails, and says where it comes from."""
    check = examined(tmp_path / "none", log)["data folder"]
    assert check.level == FAIL
    assert "main.py" in check.todo


def test_a_folder_that_cannot_be_listed(folder, log, monkeypatch):
    """It fails, and asks for the user who may."""
    real = os.listdir

    def refused(path):
        """As if this folder were another user's."""
        if path == str(folder):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "listdir", refused)
    check = examined(folder, log)["data folder"]
    assert (check.level, check.found) == (FAIL, f"{folder} cannot be listed: Permission denied")


def test_a_folder_that_this_user_may_only_read(folder, log, monkeypatch):
    """Questions can be answered; how many sessions there are is told either way."""
    assert examined(folder, log)["data folder"].found == f"{folder}: 1 session, private"
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)
    check = examined(folder, log)["data folder"]
    assert (check.level, check.found) == (WARN, f"{folder}: 1 session; this user may not write there")


def test_room_is_looked_for_where_the_folder_will_be(tmp_path, log, monkeypatch):
    """The nearest folder above it that is there tells; a relative name is one in the current folder."""
    asked = []
    real = shutil.disk_usage
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: asked.append(path) or real(path))
    examined(tmp_path / "a" / "b", log)
    assert asked == [str(tmp_path)]
    monkeypatch.chdir(tmp_path)
    assert [doctor._existing(name) for name in ("a/b", "", "logs", "logs/a")] == [".", ".", "logs", "logs"]


def test_sessions_that_this_user_may_not_read(folder, log, monkeypatch):
    """No question is answered without them, so it is a failure, with their number."""
    for name in ("s.json", "t.json"):
        (folder / name).touch(0o600)
    real = os.access
    monkeypatch.setattr(
        doctor.os, "access", lambda path, mode: real(path, mode) and not (mode == os.R_OK and "t.json" in str(path))
    )

    check = examined(folder, log)["data folder"]

    assert (check.level, check.found) == (FAIL, f"{folder}: this user may not read 1 of 2 session files")
    assert check.todo.startswith("ask as the monitor's user")


def test_many_that_others_may_look_into(folder, log):
    """The first few are named, the folder itself before what is in it; a copy that was set aside is one of them."""
    for name in ("s.json", "t.json", "u.json.corrupt-1"):
        (folder / name).touch()
        (folder / name).chmod(0o644)
    found = examined(folder, log)["data folder"].found
    named = found.rpartition("look into ")[2]
    assert sorted(named.split(", ")) == ["s.json", "t.json", "u.json.corrupt-1"]

    folder.chmod(0o755)
    found = examined(folder, log)["data folder"].found
    assert found.startswith(f"{folder}: others may look into {folder}, ")
    assert found.endswith(" …")
    assert found.count(", ") == 2


@pytest.mark.parametrize("name", ["", "s.json", data_folder.INDEX])
def test_what_others_may_read(folder, log, name):
    """A folder, a session or an index that others may look into is told."""
    (folder / name).chmod(0o755)
    check = examined(folder, log)["data folder"]
    assert check.level == WARN
    assert "chmod" in check.todo


@pytest.mark.parametrize("mode", [0o770, 0o777])
def test_a_folder_that_others_may_write(folder, log, mode):
    """They can exchange files, which is a fault, with the command that mends it."""
    folder.chmod(mode)
    check = examined(folder, log)["data folder"]
    assert (check.level, check.todo) == (FAIL, f"run: chmod 700 {folder}")


def test_what_is_none_of_the_folders_files(folder, log):
    """Each is named."""
    (folder / "t.json").symlink_to(folder / "s.json")
    (folder / ".index.sqlite3-wal").unlink(missing_ok=True)
    (folder / ".index.sqlite3-wal").mkdir()
    check = examined(folder, log)["data folder"]
    assert (check.level, check.found) == (FAIL, f"{folder}: .index.sqlite3-wal is a folder, t.json is a link")


def test_a_monitor_at_work(folder, log):
    """Who is at work is told; what is unread is its business, and without it a warning."""
    with open(log, "ab") as file:
        file.write(b"x" * 2000)
    assert examined(folder, log)["unread"].level == WARN

    with files.lock(str(folder / LOCK), "pid 42 on host"):
        checks = examined(folder, log)

    assert "at work (pid 42 on host), read positions last written" in checks["monitor"].found
    assert checks["unread"].level == OK
    assert "2 kB" in checks["unread"].found


def test_no_monitor_at_work(folder, log):
    """How long ago one wrote is told, or that none ever did."""
    os.utime(state(folder), (NOW - 200, NOW - 200))
    assert examined(folder, log)["monitor"].found == "none is at work now, read positions last written 3 min ago"
    os.unlink(state(folder))
    assert examined(folder, log)["monitor"].found == "none is at work now, no read positions written yet"


def test_unread_bytes_after_a_rotation(folder, log):
    """Bytes are counted where they are: in the renamed log, in the new one, and not in copies or packed old ones."""
    read_until = log.stat().st_size
    write(log, b"a" * 99)
    shutil.copy(log, f"{log}.1")
    log.write_bytes(b"")
    write(log, b"b" * 49)
    (log.parent / "access.log.2.gz").write_bytes(gzip.compress(b"c\n"))
    views = doctor.checkpoint.read(state(folder), str(folder)).views
    assert views[""].generations[0].offset == read_until

    assert log_checks.unread_bytes([str(log)], views[""]) == (150, 1)


STATES = {
    "none": (None, "there are sessions and no"),
    "damaged": (b"{", "is damaged"),
    "other version": (b'{"schema_version": 99}', "another version"),
    "other folder": (b'{"schema_version": 1, "output_dir": "/x", "views": {}}', ""),
}


@pytest.mark.parametrize("what", STATES)
def test_a_state_file_that_is_none(folder, log, what):
    """One that says nothing is told and left where it is; one inside the folder is its own, wherever that was made."""
    data, text = STATES[what]
    os.unlink(state(folder))
    if data:
        (folder / ".state.json").write_bytes(data)

    check = examined(folder, log)["state file"]

    assert check.level == (WARN if text else OK)
    assert text in check.found
    assert os.path.exists(state(folder)) == bool(data)


def test_no_state_file_and_no_sessions(folder, log):
    """Nothing was read yet: the monitor is to be run."""
    os.unlink(state(folder))
    os.unlink(folder / "s.json")
    check = examined(folder, log)["state file"]
    assert (check.level, check.found, check.todo) == (WARN, f"there is no {state(folder)}", "run main.py")


def test_a_state_file_that_cannot_be_read(folder, log, monkeypatch):
    """It is told as that, and is none that is damaged."""
    refused = PermissionError(13, "Permission denied")
    monkeypatch.setattr(doctor.checkpoint, "read", lambda *_: (_ for _ in ()).throw(refused))
    check = examined(folder, log)["state file"]
    assert (check.level, check.found) == (WARN, f"{state(folder)} cannot be read: Permission denied")


def test_what_the_state_file_knows(folder, log):
    """How many generations, how many of them are there, and whether only runs with a filter have read any."""
    kept = Checkpoint(state(folder), str(folder))
    kept.views["a*"] = kept.views.pop("")
    gone = kept.views["a*"].generations[0].from_json(kept.views["a*"].generations[0].to_json())
    gone.gid, gone.gone = "gone", True
    kept.views["a*"].generations.append(gone)
    kept.save()
    check = examined(folder, log)["state file"]

    known = "sound; knows 2 generations of the log, 1 of them there"
    assert (check.level, check.found) == (OK, f"{known}; only runs with --session-key have read it")


def test_what_was_lost_is_told(folder, log):
    """Bytes that were removed unread are a warning that tells what prevents it."""
    write(log, b"x" * 5000)
    log.rename(f"{log}.1")
    kept = Checkpoint(state(folder), str(folder))
    kept.view(None).generations[0].coverage.lost_bytes = 5001
    kept.save()
    check = examined(folder, log)["state file"]
    assert check.level == WARN
    assert "5 kB were removed unread" in check.found


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"lost_calls": 2}, "; 2 calls were lost with session files that were put back from a backup"),
        ({"unknown_gaps": 1}, "; 1 time all files were exchanged between two runs"),
        ({}, ""),
    ],
)
def test_what_else_was_lost_is_told(folder, log, counts, told):
    """Calls that went with a session file, and exchanged files: a warning each, with no loss of bytes that was none."""
    kept = Checkpoint(state(folder), str(folder))
    for name, count in counts.items():
        setattr(kept.view(None).past, name, count)
    kept.save()

    check = examined(folder, log)["state file"]

    assert (check.level, bool(check.todo)) == ((WARN, True) if told else (OK, False))
    assert check.found.endswith(" there" + told)


# -- index and prices --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "level", "text"),
    [
        ("none", OK, "none yet"),
        ("junk", WARN, "is damaged"),
        ("copy", OK, "a copy"),
        ("behind", OK, "behind the session files"),
        ("other version", OK, "another version's"),
        ("large", OK, "not looked through"),
    ],
)
def test_an_index(folder, log, monkeypatch, what, level, text):
    """Whatever stands in the index's place is told from one that is damaged."""
    path = folder / data_folder.INDEX
    if what == "large":
        monkeypatch.setattr(doctor, "SMALL_INDEX", 0)
    elif what == "behind":
        shutil.copy(folder / "s.json", folder / "copy.json")
    else:
        for each in folder.glob(f"{data_folder.INDEX}*"):
            each.unlink()
    if what == "junk":
        path.write_bytes(os.urandom(9000))
    elif what == "other version":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    if what in ("junk", "other version"):
        taken_for_the_same(folder)
    elif what == "copy":
        path.write_bytes(b"junk")
    path.exists() and path.chmod(0o600)

    check = examined(folder, log)["index"]

    assert (check.level, text in check.found) == (level, True)


def test_a_damaged_page_of_the_index(folder, log):
    """Pages that hold nonsense are found by looking through it."""
    path = folder / data_folder.INDEX
    with in_file(folder) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[8192:-4096] = os.urandom(len(data) - 12288)
    path.write_bytes(data)
    assert examined(folder, log)["index"].level == WARN


def test_price_lists(folder, log):
    """One's own lists are named; a mistake in one fails with its place, and the calls are still looked at."""
    path = folder / ".prices.json"
    path.write_text('{"schema_version": 1, "models": {"gpt-4": {"prices": [{"input": "x", "output": "1"}]}}}')

    checks = examined(folder, log)

    assert checks["price lists"].level == FAIL
    assert str(path) in checks["price lists"].found
    assert checks["calls"].level == OK
