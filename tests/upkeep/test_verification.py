"""Is what was kept found sound where it is, and is each thing that is broken found and named?"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from session_monitor.base import data_folder, files
from session_monitor.base.data_folder import LOCK
from session_monitor.index.keeper import Keeper
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.own_prices import own_lists
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import PriceList
from session_monitor.sessions import session_file
from session_monitor.sessions.store import Store
from session_monitor.upkeep import session_check, verification
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.indexes import in_file, taken_for_the_same
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "tests" / "data" / "sample" / "access.log"
A, STATE = "agent:main:a.json", ".state.json"


def silent(_done, _total):
    """Say nothing."""


def monitor(folder, *lines, keeper=True):
    """One pass of a monitor over a log to which these lines are added."""
    log = folder.parent / "access.log"
    with open(log, "ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
    kept = Keeper(str(folder), BOOK, silent) if keeper else None
    Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / STATE), str(folder)), index=kept).poll()
    if kept:
        assert kept.problem is None
        kept.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The sample's sessions, and two more that were written in two passes, with an index."""
    folder = tmp_path_factory.mktemp("made") / "sessions"
    folder.mkdir()
    parent = folder.parent
    shutil.copy(SAMPLE, parent / "access.log")
    asked = {"tool_calls": [{"function": {"name": "look", "arguments": "{}"}}]}
    monitor(folder, calls.line("agent:main:a", ["one"], **asked), calls.line("b", ["one"], model="no-such-model"))
    monitor(folder, *(calls.line("agent:main:a", ["one", "two", str(number)]) for number in range(3)))
    return parent


@pytest.fixture
def folder(made, tmp_path):
    """A copy of it, with the times that the index knows, which is taken for the one that was made there."""
    shutil.copytree(made, tmp_path / "copy")
    found = tmp_path / "copy" / "sessions"
    taken_for_the_same(found)
    times = os.stat(made / "sessions")
    os.utime(found, ns=(times.st_atime_ns, times.st_mtime_ns))
    return found


def verify(folder, *, book=BOOK, quick=False):
    """What is found, each as ``file: what``."""
    found = verification.verify(str(folder), str(folder / STATE), book, silent, quick=quick)
    assert (found.fault_count, found.notice_count) == (len(found.faults), len(found.notices))
    assert all(each.todo for each in [*found.faults, *found.notices])
    return [[f"{each.file}: {each.what}" for each in group] for group in (found.faults, found.notices)]


def times(folder):
    """When what is in the folder was changed, and the folder itself; but for what SQLite's readers share."""
    found = {path.name: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]}
    found.pop(f"{data_folder.INDEX}-shm", None)
    return found


def change(path, old, new, count=1):
    """Put other bytes in the place of some, leaving the file's time as it is."""
    before = path.stat()
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, count))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def sql(folder, statement):
    """Change the index."""
    with in_file(folder) as db:
        assert db.execute(statement).rowcount


@pytest.mark.parametrize("quick", [False, True])
def test_sound_data_has_no_fault(folder, quick):
    """What the monitor made is sound, also where its rounds came in several writes; and looking changes nothing."""
    before = times(folder)

    found = verification.verify(str(folder), str(folder / STATE), BOOK, silent, quick=quick)

    assert (found.faults, found.notices) == ([], [])
    assert found.files == len(list(folder.glob("[!.]*.json"))) > 5
    assert found.rounds == 40
    assert times(folder) == before


@pytest.mark.parametrize("part", ["", "-wal", "-shm", "-made"])
@pytest.mark.parametrize("how", ["taken away", "copied"])
def test_an_index_of_which_a_part_is_another(folder, part, how):
    """Its files are held against nothing where they were not made together; they are told of, and left as they are."""
    path = folder / (data_folder.INDEX + part)
    content = path.read_bytes()
    path.rename(folder.parent / "away")
    if how == "copied":
        path.write_bytes(content if part != "-made" else b"1 2 3")
    before = times(folder)

    faults, notices = verify(folder)

    assert faults == []
    assert len(notices) == 1
    assert notices[0].startswith(data_folder.INDEX)
    assert times(folder) == before


# -- session files -----------------------------------------------------------------------------------------------------


def cut(path, by):
    """Take bytes off the end of a file."""
    os.truncate(path, path.stat().st_size - by)


BROKEN = {
    "a byte in a round": (
        lambda path: change(path, b'"role":"user"', b'"role":"uSer"'),
        r"line 2 \(round 1, from byte",
    ),
    "a byte in the header": (
        lambda path: change(path, b'{"session_id"', b'{"sessionXid"'),
        "begin like a session file",
    ),
    "the footer cut": (lambda path: cut(path, 30), r"line 6 \(from byte \d+\) is not whole, and no round"),
    "the last round cut": (lambda path: cut(path, 900), r"line 5 \(from byte \d+\) is not whole, and no round"),
    "something behind the footer": (
        lambda path: path.write_bytes(path.read_bytes() + b"x\n"),
        "more behind its footer",
    ),
    "a round out": (lambda path: without_line(path, 2), "round 2 is numbered 3"),
    "nothing in it": (lambda path: path.write_bytes(b""), "begin like a session file"),
}


def without_line(path, number):
    """Take a line out of a file."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_session_file(folder, what):
    """Whatever is wrong with a session file, the file is named, with the place, and no other one is."""
    damage, pattern = BROKEN[what]
    damage(folder / A)

    faults, _ = verify(folder)

    assert {fault.partition(": ")[0] for fault in faults} == {A}
    assert any(re.search(pattern, fault) for fault in faults), faults


@pytest.mark.parametrize(
    "what", ["a byte in the header", "the footer cut", "something behind the footer", "nothing in it"]
)
def test_a_broken_session_file_looked_at_quickly(folder, what):
    """What shows in a file's first or last line is found without reading the others."""
    damage, _ = BROKEN[what]
    damage(folder / A)
    assert [fault.partition(": ")[0] for fault in verify(folder, quick=True)[0]] == [A]


def footer_of(path, **changes):
    """Write a footer of our own, whole, that says something else."""
    with open(path, "rb") as file:
        end = session_file.read_end(file)
    for name, value in changes.items():
        setattr(end.summary, name, value)
    data = path.read_bytes()
    start = end.written_from
    path.write_bytes(data[: end.next_byte] + session_file.footer(end.summary, start, data[start : end.next_byte]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("total_input_tokens", 1),
        ("messages_count", 9),
        ("updated_at", "2027-01-01T00:00:00Z"),
        ("models", ["x"]),
        ("positions", {"g": 1}),
        ("history", "A" * 16),
        ("history", []),
        ("history", [[1, 1, None, -1, "A" * 12, "A" * 4]]),
        ("threads", 9),
    ],
)
def test_a_footer_that_says_something_else(folder, name, value):
    """A footer that is whole and is not what the rounds add up to is found, by each of its sums."""
    footer_of(folder / A, **{name: value})

    faults, _ = verify(folder)

    assert any(fault.startswith(f"{A}: its footer's {name}") for fault in faults)
    assert {fault.partition(": ")[0] for fault in faults} == {A}


def test_a_last_write_that_is_not_whole(folder):
    """A footer beside the lines of another write, as a power loss leaves it, is found."""
    path = folder / A
    crc = re.search(rb'"written_crc32":(\d+)', path.read_bytes())[1]
    line = path.read_bytes().splitlines(keepends=True)[-1]
    body = line[: -len(b',"crc32":"00000000"}\n')].replace(crc, b"1")
    path.write_bytes(path.read_bytes()[: -len(line)] + session_file.sealed(body))

    assert any("its last write" in fault for fault in verify(folder)[0])


def test_a_renamed_file(folder):
    """A file whose name is another id's is named with the one that it should have."""
    (folder / A).rename(folder / "other.json")
    assert verify(folder)[0] == [f"other.json: holds the session whose file is {A}"]


def test_leftovers_are_notices(folder):
    """What interrupted writes and damage have left is told, and is no fault."""
    names = [".state.json.tmp", ".state.json.unusable", "b.json.corrupt-1", data_folder.STDIN]
    for name in names:
        (folder / name).touch()

    faults, notices = verify(folder)

    assert faults == []
    assert [notice.partition(": ")[0] for notice in notices] == names


@pytest.mark.parametrize("name", [data_folder.STATE, data_folder.INDEX, data_folder.LOCK])
def test_what_is_no_file_is_told_once(folder, name):
    """A folder in a file's place is one fault, and nothing else is said of that name."""
    for path in folder.glob(f"{name}*"):
        path.unlink()
    (folder / name).mkdir()
    taken_for_the_same(folder)

    faults, notices = verify(folder)

    assert [text for text in faults + notices if text.startswith(name)] == [f"{name}: is a folder"]
    assert faults == [f"{name}: is a folder"]


def test_a_folder_that_was_set_aside(folder):
    """What stood in a file's place and was set aside is a leftover like any other, and no fault."""
    (folder / f"{data_folder.STATE}{data_folder.UNUSABLE}").mkdir()
    taken_for_the_same(folder)
    assert verify(folder) == [[], [".state.json.unusable: was set aside"]]


# -- the index ---------------------------------------------------------------------------------------------------------

ROUND = "session = (SELECT id FROM session WHERE session_id = 'agent:main:a') AND number = 2"
LATER = (
    "session, 99, at, model, consumer, way, fresh, read, written, visible, reasoning, parts, flags, notes, code, response_flags, "
    "first_token_ms, duration_ms, gateway_ms, start, length, history, sent, thread, base, usd, pico, saved_usd, saved_pico, "
    "stake_usd, stake_pico"
)
CHANGES = {
    "a session's sum": ("UPDATE session SET fresh = fresh + 1 WHERE session_id = 'agent:main:a'", "fresh|table session", True),
    "a session's time": ("UPDATE session SET updated_at = NULL WHERE session_id = 'b'", "updated_at", True),
    "a session's size": ("UPDATE session SET size = 1 WHERE session_id = 'b'", "size", True),
    "a session's file": ("UPDATE session SET file = 'x.json' WHERE session_id = 'b'", "x.json: has a row", True),
    "a row of none": ("INSERT INTO session(session_id, file) VALUES ('x', 'x.json')", "x.json: has a row", True),
    "a session's row": ("DELETE FROM session WHERE session_id = 'b'", "b.json: differs .* no row", True),
    "where a line starts": (f"UPDATE round SET start = start + 1 WHERE {ROUND}", "row of round 2 differs in start", False),
    "how long a line is": (f"UPDATE round SET length = 1 WHERE {ROUND}", "row of round 2 differs in length", False),
    "a cost": (f"UPDATE round SET pico = pico + 1 WHERE {ROUND}", "row of round 2 differs in pico", False),
    "a model": (f"UPDATE round SET model = 0 WHERE {ROUND}", "row of round 2 differs in model", False),
    "a round's row": (f"DELETE FROM round WHERE {ROUND}", "round 2 differs|has no row", False),
    "a round too many": (f"INSERT INTO round SELECT {LATER} FROM round WHERE {ROUND}", "is not in the file", False),
    "a tool": ("UPDATE tool SET calls = calls + 1", "rows of tools differ", False),
    "a total": ("UPDATE total SET calls = calls + 1", "totals are not the sums|table total", True),
    "a slot": ("UPDATE slot SET visible = visible + 1", "table slot", False),
    "a part": ("DELETE FROM part", "table part", False),
    "an active slot": ("DELETE FROM active", "table active", False),
    "the slot before": ("UPDATE active SET before = before + 1", "table active", False),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_an_index_that_says_something_else(folder, what):
    """Each value of the index that is not what the files say is found; in a quick look those of whole sessions."""
    statement, pattern, is_quick = CHANGES[what]
    sql(folder, statement)

    for quick in (False, True):
        faults, _ = verify(folder, quick=quick)
        assert bool(faults) >= (is_quick or not quick)
        assert not faults or any(re.search(pattern, fault) for fault in faults), faults


def test_an_index_with_other_prices(folder):
    """Where the index was priced otherwise its costs are not compared, which is told."""
    dear = Book([PriceList("own", {"gpt-4": {"prices": [{"from": None, "input": "7", "output": "9"}]}}, digest="dear")])
    faults, notices = verify(folder, book=dear)
    assert faults == []
    assert [notice for notice in notices if "other prices" in notice]


def test_an_index_that_is_behind(folder):
    """Sessions that were written without the index are no fault: the next question brings it up to date."""
    monitor(folder, calls.line("agent:main:a", ["new"]), calls.line("c"), keeper=False)

    faults, notices = verify(folder)

    assert faults == []
    assert [notice for notice in notices if "behind the session files by 2" in notice]


def test_a_file_that_was_touched_and_an_index_that_is_behind(folder):
    """It is looked at with the others when that is brought up to date, and is no finding of its own."""
    monitor(folder, calls.line("c"), keeper=False)
    os.utime(folder / A, (1, 1))

    faults, notices = verify(folder)

    assert faults == []
    assert ["behind the session files by 2" in notice for notice in notices] == [True]


@pytest.mark.parametrize(
    ("data", "is_fault"), [(None, False), (b"junk" * 5000, True), (b"", False)], ids=["none", "junk", "empty"]
)
def test_an_index_that_is_none(folder, data, is_fault):
    """Where there is no index that is told; one that is damaged is a fault."""
    for path in folder.glob(f"{data_folder.INDEX}*"):
        path.unlink()
    if data is not None:
        (folder / data_folder.INDEX).write_bytes(data)
        taken_for_the_same(folder)

    faults, notices = verify(folder)

    assert [text.partition(":")[0] for text in (faults if is_fault else notices)] == [data_folder.INDEX]
    assert len(faults + notices) == 1


def test_a_file_that_was_touched(folder):
    """A file with another time and the same content is told of, and is no fault."""
    os.utime(folder / A, (1, 1))
    faults, notices = verify(folder)
    assert faults == []
    assert [notice.partition(": ")[0] for notice in notices] == [A]


# -- the read positions ------------------------------------------------------------------------------------------------


def test_read_positions_that_are_behind(folder, made, tmp_path):
    """A session that has more of the log than was committed is named; after a crash, or while one writes, it is no fault."""
    monitor(folder, calls.line("agent:main:a", ["new"]))
    older = (made / "sessions" / STATE).read_text().replace(str(made / "access.log"), str(folder.parent / "access.log"))
    (folder / STATE).write_text(re.sub(r'"sha256":"\w+",', "", older))  # as that of an earlier version

    (fault,) = verify(folder)[0]
    assert fault.startswith(f"{STATE}: is behind: the log ")
    assert A in fault

    sql(folder, "INSERT OR REPLACE INTO meta VALUES ('writing', 1)")
    faults, notices = verify(folder)
    assert faults == []
    assert [notice for notice in notices if notice.startswith(f"{STATE}: is behind")]

    with files.lock(str(folder / LOCK), "a monitor at work"):
        assert verify(folder)[0] == []


def test_read_positions_that_can_get_no_further(folder, made):
    """Where the log that is left has no more than was read of it, that a session has more is to be known, and no fault."""
    log = folder.parent / "access.log"
    whole = log.read_bytes()
    monitor(folder, calls.line("agent:main:a", ["new"]))
    log.write_bytes(whole)  # as a copy that was made just before
    (folder / STATE).unlink()
    monitor(folder)

    faults, notices = verify(folder)

    assert faults == []
    assert [notice for notice in notices if notice.startswith(f"{STATE}: is behind: the log ")]


@pytest.mark.parametrize(("data", "faults"), [(None, 0), (b"{", 1), (b'{"schema_version": 99}', 1)])
def test_read_positions_that_are_none(folder, data, faults):
    """A state file that is not there is told; one that is damaged or another version's is a fault, and stays."""
    (folder / STATE).unlink()
    if data:
        (folder / STATE).write_bytes(data)

    found, notices = verify(folder)

    assert len([fault for fault in found if fault.startswith(STATE)]) == faults
    assert len([notice for notice in notices if notice.startswith(STATE)]) == 1 - faults
    assert (folder / STATE).exists() == bool(data)


# -- a monitor at work -------------------------------------------------------------------------------------------------


def test_a_file_that_changes_meanwhile(folder, monkeypatch):
    """A file that was written to during the look is looked at once more; one that keeps changing is left out."""
    real = session_check.look
    looks = []

    def look(place, name, **options):
        found = real(place, name, **options)
        if name == A and len(looks) < changes:
            looks.append(name)
            monitor(folder, calls.line("agent:main:a", [str(len(looks))]))
        return found

    monkeypatch.setattr(session_check, "look", look)
    changes = 1
    assert verify(folder) == [[], []]
    changes = 99
    assert verify(folder) == [[], [f"{A}: changed while it was looked at, and was left out"]]


def test_findings_are_bounded(folder, monkeypatch):
    """Of very many findings all are counted and some are kept."""
    monkeypatch.setattr(verification, "MOST_FINDINGS", 3)
    for path in folder.glob("[!.]*.json"):
        path.write_bytes(b"")
    found = verification.verify(str(folder), str(folder / STATE), BOOK, silent)
    assert (len(found.faults), found.fault_count) == (3, found.files)


@pytest.mark.parametrize(
    ("is_at_work", "is_writing", "looks"), [(False, False, 1), (False, True, 1), (True, False, 2), (True, True, 2)]
)
def test_what_is_wrong_beside_a_monitor_is_looked_at_once_more(folder, monkeypatch, is_at_work, is_writing, looks):
    """It may be about to be right: then, while something is being written, it is left out, and else it is a fault."""
    verify(folder)
    (folder / A).write_bytes((folder / A).read_bytes()[:-30])
    sql(folder, f"INSERT OR REPLACE INTO meta VALUES ('writing', {int(is_writing)})")
    real, seen = session_check.look, []
    monkeypatch.setattr(session_check, "look", lambda *names, **how: seen.append(names[1]) or real(*names, **how))

    with files.lock(str(folder / LOCK), "a monitor") if is_at_work else contextlib.nullcontext():
        faults, notices = verify(folder)

    assert seen.count(A) == looks
    is_left_out = is_at_work and is_writing
    assert any(fault.startswith(f"{A}: ") for fault in faults) != is_left_out
    assert (f"{A}: changed while it was looked at, and was left out" in notices) == is_left_out


def test_what_is_wrong_beside_a_monitor_without_an_index(folder):
    """Nothing says that something is being written: after a second look it is a fault."""
    (folder / A).write_bytes((folder / A).read_bytes()[:-30])
    for path in folder.glob(f"{data_folder.INDEX}*"):
        path.unlink()
    with files.lock(str(folder / LOCK), "a monitor"):
        faults, _ = verify(folder)
    assert [fault.partition(": ")[0] for fault in faults] == [A]


def test_an_index_that_is_behind_beside_a_monitor(folder):
    """The monitor is about to bring it up to date; where none is at work it is told."""
    verify(folder)
    (folder / A).unlink()
    with files.lock(str(folder / LOCK), "a monitor"):
        beside = verify(folder)[1]
    alone = verify(folder)[1]
    assert [
        [each for each in told if "is behind the session files by 1 of them" in each] for told in (beside, alone)
    ] == [
        [],
        [f"{data_folder.INDEX}: is behind the session files by 1 of them"],
    ]


def test_beside_a_monitor_at_work(tmp_path):
    """While a real monitor is fed no look finds a fault, however often it is taken."""
    folder, log = tmp_path / "sessions", tmp_path / "access.log"
    log.touch()
    command = [sys.executable, ROOT / "main.py", "--follow", "--quiet", "--refresh-interval", "0.01"]
    monitor_ = subprocess.Popen([*command, "--log-path", log, "--output-dir", folder], stdin=subprocess.DEVNULL)
    try:
        with open(log, "ab") as file:
            for number in range(60):
                lines = [calls.line(f"s{number * each % 17}", [str(number)] * each) for each in range(20)]
                file.write(b"\n".join(lines) + b"\n")
                file.flush()
                until((folder / STATE).exists, "the first read positions")
                found = verification.verify(str(folder), str(folder / STATE), BOOK, silent, quick=number % 2 == 0)
                assert found.faults == []
                time.sleep(0.001)
        done = until(lambda: everything(folder, 1200), "all rounds")
        assert done.faults == []
    finally:
        monitor_.terminate()
        monitor_.wait()
    assert verify(folder, book=own_lists.book(str(folder), os.environ)) == [[], []]


def everything(folder, rounds):
    """A look that finds all of so many rounds."""
    found = verification.verify(str(folder), str(folder / STATE), BOOK, silent)
    return found if found.rounds == rounds else None


def test_no_folder(tmp_path):
    """A folder that is not there is an error of its own."""
    with pytest.raises(FileNotFoundError):
        verify(tmp_path / "none")
