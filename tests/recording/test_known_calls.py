"""What stands in the recorded log is known, whoever wrote it, and whatever became of the file that says so."""

from __future__ import annotations

import os

import pytest

from session_monitor.base import data_folder, files
from session_monitor.recording import known_calls, log_line, recorded_log
from session_monitor.recording.known_calls import KnownCalls, is_unique, mark, of_provider
from session_monitor.recording.recorded_call import RecordedCall

LONG = "msg_01XFDUDYJgAACzvnptvVo"


def line(name, **more):
    """A line of a proxy's."""
    return log_line.line(RecordedCall("s", 1_770_000_000_000, "/v1/messages", "proxy", call_id=name, more=more))


def known(folder, *names):
    """Which of these are known after a look at the log."""
    calls = KnownCalls(str(folder))
    calls.catch_up()
    return [name for name in names if of_provider(name) in calls or name in calls]


def test_whoever_wrote_it(tmp_path):
    """Over rotations of the log; by an id of its own, or by what its line says."""
    for at in range(4):
        recorded_log.append(
            str(tmp_path), [line(f"{LONG}{at}"), line("chatcmpl-7", recorded_key=f"own:{at}")], largest=1
        )
    names = [f"{LONG}{at}" for at in range(4)] + [f"own:{at}" for at in range(4)]

    assert known(tmp_path, *names, "chatcmpl-7", "other") == names
    assert known(tmp_path, *names, "chatcmpl-7", "other") == names
    assert known_calls.marks_in(str(tmp_path)) == {
        *(mark(of_provider(name)) for name in names[:4]),
        *map(mark, names[4:]),
    }


def test_a_line_that_is_still_being_written(tmp_path):
    """It is known once it is whole; what is none of ours is passed over."""
    recorded_log.append(str(tmp_path), [b"nonsense\n", b'{"ai_log":"[]"}\n', b'{"ai_log":7}\n', line(f"{LONG}a")])
    path = tmp_path / ".recorded" / "access.log"
    whole = line(f"{LONG}b")
    with open(path, "ab") as log:
        log.write(whole[:50])
    assert known(tmp_path, f"{LONG}a", f"{LONG}b") == [f"{LONG}a"]
    with open(path, "ab") as log:
        log.write(whole[50:])
    assert known(tmp_path, f"{LONG}a", f"{LONG}b") == [f"{LONG}a", f"{LONG}b"]


def test_what_was_announced_and_never_written(tmp_path):
    """It is forgotten by the next one."""
    calls = KnownCalls(str(tmp_path))
    calls.catch_up()
    calls.add(["own:a"])
    assert "own:a" in calls

    assert known(tmp_path, "own:a") == []


@pytest.mark.parametrize("damage", [b"", b"\xff" * 5, b"[]"])
@pytest.mark.parametrize("name", ["known-calls", "known-calls.json"])
def test_damaged_files(tmp_path, name, damage):
    """The log says it anew."""
    recorded_log.append(str(tmp_path), [line(f"{LONG}a"), line(f"{LONG}b")])
    known(tmp_path)
    (tmp_path / ".recorded" / name).write_bytes(damage)

    assert known(tmp_path, f"{LONG}a", f"{LONG}b") == [f"{LONG}a", f"{LONG}b"]
    assert os.stat(tmp_path / ".recorded" / name).st_mode & 0o777 == 0o600


def test_ids_that_nobody_else_has():
    """By their length, or that of their last part."""
    assert all(map(is_unique, (LONG, "chatcmpl-9aBcDeFg", "as-bcmt5ct4iy", "021718067849899d92fcbe0865fdffdde")))
    assert not any(map(is_unique, ("chatcmpl-123", "resp_123456", "7", "")))


def test_who_only_asks_is_up_to_date(tmp_path):
    """With what was written since the last import; beside somebody who imports, also with what that one has announced."""
    folder = str(tmp_path)
    nothing = known_calls.state_in(folder)
    assert known_calls.up_to_date(folder) == frozenset()
    recorded_log.append(folder, [line(f"{LONG}a")])
    state = known_calls.state_in(folder)

    assert known_calls.up_to_date(folder) == {mark(of_provider(f"{LONG}a"))}
    assert nothing != state
    kept = files.kept(str(tmp_path / data_folder.IMPORTS_LOCK))
    assert files.take(kept, 0)
    calls = KnownCalls(folder)
    calls.add([of_provider(f"{LONG}b")])
    recorded_log.append(folder, [line(f"{LONG}c")])
    before = (tmp_path / ".recorded" / "known-calls").read_bytes()
    assert known_calls.up_to_date(folder) == {mark(of_provider(f"{LONG}{name}")) for name in "abc"}
    assert (tmp_path / ".recorded" / "known-calls").read_bytes() == before
    os.close(kept)
    assert known_calls.up_to_date(folder) == {mark(of_provider(f"{LONG}{name}")) for name in "ac"}
