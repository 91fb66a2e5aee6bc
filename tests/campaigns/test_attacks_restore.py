"""A backup is put back, a live folder is copied, two ways of reading one log meet: what does the program make of it?"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support import calls, prepared
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
BANNER = b"# log opened by the gateway\n"
JSON_BANNER = b'{"ai_log":"-","path":"/healthz"}\n'


class Place:
    """A log, an output folder, and the programs."""

    def __init__(self, folder):
        self.log, self.out = folder / "access.log", folder / "out"

    def write(self, *numbers, session="s", start=b""):
        with self.log.open("ab") as file:
            file.write(start + b"".join(calls.line(session, [f"m{n}"], chat_id=f"L{n}") + b"\n" for n in numbers))

    def run(self, *arguments):
        return self._program("main.py", "--once", "--log-path", self.log, "--output-dir", self.out, *arguments)

    def cli(self, *arguments):
        return self._program("scripts/cli.py", *arguments, "--data-dir", self.out)

    @staticmethod
    def _program(name, *arguments):
        return prepared.run(ROOT / name, *arguments)

    def ids(self):
        """How often each call is in the sessions."""
        documents = [json.loads(path.read_bytes()) for path in self.out.glob("[!.]*.json")]
        return Counter(int(each["chat_id"][1:]) for document in documents for each in document["rounds"])

    def rotate(self):
        self.log.rename(self.log.with_name("access.log.1"))


@pytest.fixture
def place(tmp_path):
    """One with five calls in a backup, and ten in the session."""
    made = Place(tmp_path)
    made.write(*range(1, 6))
    made.run()
    shutil.copy(made.out / "s.json", tmp_path / "s.bak")
    made.write(*range(6, 11))
    made.run()
    return made


def put_back(place, way):
    """Put the backup of the session in its place."""
    backup, path = place.out.parent / "s.bak", place.out / "s.json"
    if way == "rename":
        shutil.copy(backup, place.out / "s.new")
        os.replace(place.out / "s.new", path)
    else:
        (shutil.copy2 if way == "cp -p" else shutil.copyfile)(backup, path)


def once(*ranges):
    """Each of these once."""
    return Counter(number for each in ranges for number in each)


WAYS = pytest.mark.parametrize("way", ["cp", "cp -p", "rename"])


@WAYS
def test_the_sessions_next_call_brings_back_what_the_log_has(place, way):
    """Nothing is lost or there twice, and it is said once."""
    put_back(place, way)
    place.write(11)

    first, second = place.run(), place.run()

    assert place.ids() == once(range(1, 12))
    assert "s.json has 5 of the 10 rounds" in first.stderr
    assert (first.returncode, second.returncode, second.stderr) == (0, 0, "")
    assert place.cli("verify").returncode == 0


@WAYS
def test_repair_brings_it_back_without_a_call(place, way):
    """``verify`` names the file; after ``repair`` the next run has all that the log has, and all is sound."""
    put_back(place, way)
    named = place.cli("verify", "--quick")
    assert named.returncode == 1
    assert "s.json: has 5 of the 10 rounds that were written to it" in named.stdout + named.stderr

    repaired = place.cli("repair")
    assert "s.json lacks rounds" in repaired.stdout
    assert "Nothing to repair" in place.cli("repair").stdout
    ran = place.run()

    assert place.ids() == once(range(1, 11))
    assert "lost" not in ran.stdout + ran.stderr
    assert place.cli("verify").returncode == 0
    assert "Nothing to repair" in place.cli("repair").stdout


@pytest.mark.parametrize("by", ["a call", "repair"])
def test_what_no_log_has_is_told_once(place, by):
    """Exactly so many calls are told as lost, the totals keep saying it, and no run reads the logs for them again."""
    place.rotate()
    place.write(11, session="other")
    place.run()
    place.log.with_name("access.log.1").unlink()
    place.run()
    before = json.loads((place.out / ".state.json").read_bytes())["views"][""]["generations"]
    put_back(place, "cp")
    if by == "repair":
        place.cli("repair")
    else:
        place.write(12)

    told, quiet = place.run(), place.run()

    assert "5 calls are lost: s.json" in told.stderr
    assert (quiet.stderr, place.cli("verify").returncode) == ("", 0)
    assert place.ids() == once(range(1, 6), [11], [12] if by == "a call" else [])
    place.write(13)
    assert place.run().stderr == ""
    view = json.loads((place.out / ".state.json").read_bytes())["views"][""]
    assert view["past_coverage"]["lost_calls"] == 5
    assert "5 calls lost with session files" in place.cli("summary").stdout + place.cli("summary").stderr
    # What is known of the log that is gone stays.
    assert [each["coverage"]["lines"] for each in view["generations"]][:1] == [before[0]["coverage"]["lines"]] == [10]


def test_part_of_it_is_in_the_logs(tmp_path):
    """What they still have comes back, and only the rest is told as lost; calls that are new count as neither."""
    place = Place(tmp_path)
    place.write(1, 2)
    place.run()
    backup = (place.out / "s.json").read_bytes()
    place.write(3, 4)
    place.run()
    place.rotate()
    place.write(5, 6)
    place.run()
    place.log.with_name("access.log.1").unlink()
    (place.out / "s.json").write_bytes(backup)
    place.write(7, 8)

    assert "2 calls are lost" in place.run().stderr
    assert place.ids() == once([1, 2, 5, 6, 7, 8])
    assert place.run().stderr == ""


@WAYS
def test_a_monitor_that_has_the_session_in_memory(place, way):
    """It writes nothing at a byte of a file that is another one now."""
    command = [ROOT / "main.py", "--follow", "--log-path", place.log, "--output-dir", place.out]
    with subprocess.Popen(
        [sys.executable, *command, "--refresh-interval", "0.05", "--quiet"], stderr=subprocess.PIPE, text=True
    ) as monitor:
        place.write(11)
        until(lambda: 11 in place.ids(), "the call of before")
        put_back(place, way)
        place.write(12)
        until(lambda: 12 in place.ids(), "the call of after")
        monitor.terminate()
        told = monitor.communicate(timeout=20)[1]

    assert place.ids() == once(range(1, 13))
    assert "s.json has 5 of the 11 rounds" in told


def test_two_backups_in_a_row(place):
    """Each time all comes back that the log has."""
    for number in (11, 12):
        put_back(place, "cp")
        place.write(number)
        place.run()
        assert place.ids() == once(range(1, number + 1))


def test_a_deleted_session_stays_deleted(place):
    """Its backup is a file with what the backup has; what was deleted does not come back from the log, and is no loss."""
    assert place.cli("delete", "s", "--yes").returncode == 0
    put_back(place, "cp")
    place.write(11)

    ran = place.run()

    assert place.ids() == once(range(1, 6), [11])
    assert "lost" not in ran.stderr
    assert place.cli("verify").returncode == 0


@pytest.mark.parametrize("is_repaired", [False, True])
def test_a_backup_that_is_deleted_takes_with_it_what_it_lacks(place, is_repaired):
    """Whoever deletes a session means all of it; when the logs are read again, for this one or another, none of it comes."""
    place.write(11, session="t")
    place.run()
    other = (place.out / "t.json").read_bytes()
    place.write(12, session="t")
    place.run()
    put_back(place, "cp")
    (place.out / "t.json").write_bytes(other)
    if is_repaired:
        assert place.cli("repair").returncode == 0
    assert place.cli("delete", "s", "--yes").returncode == 0
    place.write(13, session="t")
    place.write(14)

    place.run()

    assert place.ids() == once(range(11, 15))


def test_the_backup_of_a_session_that_was_deleted_and_began_anew(place):
    """It has as many rounds as the new file, and others: the new calls come back from the log."""
    assert place.cli("delete", "s", "--yes").returncode == 0
    place.write(11)
    place.run()
    put_back(place, "cp")
    assert place.cli("verify").returncode == 1
    place.write(12)

    place.run()

    assert place.ids() == once(range(1, 6), [11, 12])
    assert place.cli("verify").returncode == 0


def test_a_file_that_is_taken_away_by_hand_begins_anew(place):
    """That is somebody's will."""
    (place.out / "s.json").unlink()
    place.write(11)

    assert place.run().stderr == ""
    assert place.ids() == once([11])


@pytest.mark.parametrize(
    ("late", "lacks"),
    [
        ([".state.json", ".round-counts"], ()),
        ([".state.json"], ()),
        ([".round-counts"], ()),
        ([".state.json"], (".round-counts",)),
        ([".round-counts"], (".state.json",)),
    ],
)
def test_a_copy_of_a_live_folder(place, late, lacks):
    """Session files first, the rest after more calls: all that the log has is in the copy, whatever of it is there."""
    copy = place.out.with_name("copy")
    shutil.copytree(place.out, copy)
    place.write(11, 12)
    place.write(13, session="new")
    place.run()
    for name in late:
        shutil.copy2(place.out / name, copy / name)
    for name in lacks:
        (copy / name).unlink()
    place.out = copy

    first, second = place.run(), place.run()
    place.write(14)
    place.run()

    assert place.ids() == once(range(1, 15))
    assert "lost" not in first.stderr
    assert (first.returncode, second.stderr) == (0, "")
    assert place.cli("verify").returncode == 0


def test_a_copy_that_is_repaired_first(place):
    """Of calls that were in no copied file and come back from the log none is told as lost."""
    copy = place.out.with_name("copy")
    shutil.copytree(place.out, copy)
    place.write(11, 12)
    place.run()
    shutil.copy2(place.out / ".round-counts", copy / ".round-counts")
    place.out = copy
    place.cli("repair")

    assert "lost" not in place.run().stderr
    assert place.ids() == once(range(1, 13))
    assert place.cli("verify").returncode == 0


@pytest.mark.parametrize("late", [(), (".round-counts",)])
def test_a_loss_that_is_told_while_the_folder_is_copied(place, late):
    """The copy's read positions say that it was told; a count of rounds that was copied before does not tell it again."""
    backup = (place.out / "s.json").read_bytes()
    place.write(11, 12)
    place.run()
    place.rotate()
    place.log.with_name("access.log.1").unlink()
    (place.out / "s.json").write_bytes(backup)
    place.write(13)
    copy = place.out.with_name("copy")
    shutil.copytree(place.out, copy)
    assert "2 calls are lost" in place.run().stderr
    for name in ("s.json", ".state.json", *late):
        shutil.copy2(place.out / name, copy / name)
    place.out = copy

    said = place.run().stderr
    (copy / "s.json").write_bytes(backup)
    place.write(14)
    told_later = place.run().stderr

    assert "lost" not in said
    assert place.ids() == once(range(1, 11), [13, 14])
    assert "lost" not in told_later
    assert place.cli("verify").returncode == 0


def test_a_copy_put_in_the_place_of_the_folder(place):
    """Also where the state file is overwritten in place, and its inode stays: it is newer than what it should follow."""
    copy = place.out.with_name("copy")
    shutil.copytree(place.out, copy)
    place.write(11)
    place.run()
    late = (place.out / ".state.json").read_bytes()
    for path in copy.iterdir():
        (place.out / path.name).write_bytes(path.read_bytes())
    (place.out / ".state.json").write_bytes(late)
    place.write(12)

    place.run()

    assert place.ids() == once(range(1, 13))


def test_a_folder_that_was_moved_is_no_copy(place):
    """Nothing is read again."""
    place.out = place.out.rename(place.out.with_name("moved"))
    place.write(11)

    ran = place.run()

    assert ran.stderr == ""
    assert ran.stdout.startswith("Read 1 line ")


@pytest.mark.parametrize("banner", [b"", BANNER, JSON_BANNER])
@pytest.mark.parametrize("order", [("s", None, "*"), (None, "s", None), ("*", "s", None)])
def test_three_ways_of_reading_three_generations(tmp_path, banner, order):
    """Each generation is the same one for all of them, also where all begin alike and some are gone."""
    place = Place(tmp_path)
    number = 0
    for generation in range(3):
        if generation:
            place.rotate()
        place.write(number + 1, number + 2, start=banner)
        for key in order:
            number += 1
            place.write(number + 2)
            place.run(*(["--session-key", key] if key else []))
        number += 2
        place.log.with_name("access.log.1").unlink(missing_ok=generation == 0)
    for key in order:
        place.run(*(["--session-key", key] if key else []))

    assert place.ids() == once(range(1, number + 1))
    views = json.loads((place.out / ".state.json").read_bytes())["views"].values()
    known = {each["gid"]: each["head"][-1] for view in views for each in view["generations"]}
    assert len(known) == 3


@pytest.mark.parametrize("key", ["s", "?"])
def test_a_filter_that_is_new_finds_the_backup(place, key):
    """What a run with another filter had read is found by this one, and not told as lost."""
    put_back(place, "cp")

    told = [place.run(*arguments).stderr for arguments in (("--session-key", key), (), ("--session-key", key), ())]

    assert place.ids() == once(range(1, 11))
    assert "s.json has 5 of the 10 rounds" in told[0]
    assert "lost" not in "".join(told)
    assert told[2:] == ["", ""]


@pytest.mark.parametrize("is_known_as_copy", [True, False])
def test_a_filter_that_is_done_does_not_vouch_for_the_positions_of_others(tmp_path, is_known_as_copy):
    """Read positions of before the backup's last calls: a run that is not about their session came first and settled."""
    place = Place(tmp_path)
    place.write(*range(1, 6))
    place.run()
    backup = {name: (place.out / name).read_bytes() for name in (".state.json", "s.json")}
    place.write(*range(6, 10))
    place.run()
    for name, content in backup.items():
        (tmp_path / name).write_bytes(content)
        os.replace(tmp_path / name, place.out / name)
        (place.out / name).chmod(0o600)
    state = place.out / ".state.json"
    inode = state.stat().st_ino + (1 if is_known_as_copy else 0)  # which one it is put back with, is chance
    state.write_bytes(re.sub(rb'(?<="inode":)\d+', b"%d" % inode, state.read_bytes(), count=1))
    place.write(10, session="other")

    told = [place.run(*arguments).stderr for arguments in (("--session-key", "other"), (), ())]

    assert place.ids() == once(range(1, 11))
    assert "lost" not in "".join(told)
    assert told[-1] == ""


def test_a_backup_that_no_remaining_position_tells_of(place):
    """The state file was removed, and a run that is not about the session came first: nothing is told as lost that came."""
    put_back(place, "cp")
    (place.out / ".state.json").unlink()

    told = [place.run(*arguments).stderr for arguments in (("--session-key", "other"), (), ())]

    assert place.ids() == once(range(1, 11))
    assert "lost" not in "".join(told)


def test_repair_of_a_session_whose_read_positions_went_back_with_it(tmp_path):
    """Those know nothing of the calls that come back, which are not told as lost therefore."""
    place = Place(tmp_path)
    backup = {}
    for numbers in range(1, 6), range(6, 11):
        place.write(*numbers)
        place.run()
        backup = backup or {name: (place.out / name).read_bytes() for name in ("s.json", ".state.json")}
    for name, content in backup.items():
        (place.out / name).write_bytes(content)

    place.cli("repair")
    told = place.run().stderr + place.run().stderr

    assert place.ids() == once(range(1, 11))
    assert "lost" not in told


def test_a_generation_is_the_same_one_to_whoever_met_it_when_it_had_its_banner_only(tmp_path):
    """Two logs begin alike, and the file by which one run knew them is gone: it has another's word for which is which."""
    place = Place(tmp_path)
    logs = [tmp_path / name / "access.log" for name in "ab"]
    for log in logs:
        log.parent.mkdir()
        log.write_bytes(BANNER)
    rotated = logs[0].rename(logs[0].with_name("access.log.1"))
    logs[0].write_bytes(BANNER)
    number = 0

    def run(*arguments):
        return place._program(
            "main.py", "--once", "--log-path", tmp_path / "?" / "access.log", "--output-dir", place.out, *arguments
        )

    run()
    rotated.unlink()
    for longest, key in enumerate(("*", None, "s", None)):
        for place.log in (logs[longest % 2], *logs):  # each time another one is the longest
            place.write(*range(number + 1, number + 9))
            number += 8
        run(*(["--session-key", key] if key else []))
    run()

    assert place.ids() == once(range(1, number + 1))


def test_two_logs_that_two_filters_met_as_one_are_two_to_a_third(tmp_path):
    """Both had their banner only, and were copies of each other: no file takes the other's name, nor is read for ever."""
    place = Place(tmp_path)
    logs = [tmp_path / name / "access.log" for name in "ab"]
    for log in logs:
        log.parent.mkdir()
        log.write_bytes(BANNER)

    def run(*arguments):
        return place._program(
            "main.py", "--once", "--log-path", tmp_path / "?" / "access.log", "--output-dir", place.out, *arguments
        )

    for key in ("s", "?"):
        run("--session-key", key)
    for place.log, numbers in zip(logs, ((1, 2, 3), (4, 5))):
        place.write(*numbers)
    told = [run().stderr]
    logs[0].unlink()
    told += [run().stderr for _ in range(3)]

    assert place.ids() == once(range(1, 6))
    assert told == ["", "", "", ""]
    views = json.loads((place.out / ".state.json").read_bytes())["views"]
    known = views[""]["generations"]
    assert len({each["gid"] for each in known}) == len(known) == 2
    assert all(each["offset"] == each["size_seen"] for each in known)


def test_a_session_whose_calls_are_in_two_logs(tmp_path):
    """Two jobs read a log each: nothing is told as lost before both were read again, and none reads again for ever."""
    place = Place(tmp_path)
    logs = [tmp_path / "a.log", tmp_path / "b.log"]

    def both():
        told = ""
        for place.log in logs:
            told += place.run().stderr
        return told

    for number, place.log in enumerate(logs, 1):
        place.write(number)
    both()
    backup = (place.out / "s.json").read_bytes()
    for number, place.log in enumerate(logs, 3):
        place.write(number)
    both()
    (place.out / "s.json").write_bytes(backup)
    place.log = logs[0]
    place.write(5)

    assert "lost" not in both() + both()
    assert place.ids() == once(range(1, 6))
    assert both() == ""
    assert json.loads((place.out / ".state.json").read_bytes())["to_look_at"] == {}
