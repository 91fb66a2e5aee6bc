"""Which bytes of which file are new: also where a log leads elsewhere, and where it is not named any more."""

from __future__ import annotations

import errno
import gzip
import os
import shutil

import pytest

from session_monitor.log import checkpoint, rotation, tail
from session_monitor.log.generation import QUIET_POLLS, QUIET_SECONDS, Generation
from session_monitor.log.look import Look
from session_monitor.log.tail import LookAgain
from tests.support.watch import Watch, text

# -- a link that is set elsewhere --------------------------------------------------------------------------------------


class Linked(Watch):
    """A log that is a link to a file in a folder of each day, as cronolog makes them."""

    def __init__(self, folder, link="access.log"):
        super().__init__(folder)
        self.link = folder / link
        self.name(folder / link if link.endswith(".log") else folder / link / "access.log")

    def day(self, number, name="access.log"):
        """The file of this day."""
        path = self.folder / "days" / f"{number:02d}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def lead_to(self, number):
        """Set the link to this day's file, or to its folder."""
        new = self.folder / "new"
        target = self.day(number)
        new.symlink_to(target if self.link.suffix else target.parent)
        os.replace(new, self.link)

    def rest(self):
        """Looks for as long as takes a file to rest; what they find."""
        found = b""
        for _ in range(QUIET_POLLS + 2):
            found += self.look()
            self.clock += QUIET_SECONDS
        return found


@pytest.fixture(params=["access.log", "today"])
def linked(request, tmp_path):
    """The first day's log, of which two lines were read and two more came; then the link is set to the second day's."""
    linked = Linked(tmp_path, request.param)
    linked.day(1).write_bytes(text(1, 2))
    linked.lead_to(1)
    assert linked.look() == text(1, 2)
    with linked.day(1).open("ab") as file:
        file.write(text(3, 4))
    linked.day(2).write_bytes(text(5))
    linked.lead_to(2)
    return linked


def test_the_rest_of_a_log_that_the_link_led_to(linked):
    """It is read, before what is newer, and on while it is written to; nothing is told as lost."""
    assert linked.look() == text(3, 4, 5)
    with linked.day(1).open("ab") as file:
        file.write(text(6))
    assert linked.look() == text(6)
    assert linked.told == []


def test_a_log_that_the_link_led_to_is_let_go(linked):
    """Once it has rested it is looked at no more, and that it is removed is no loss."""
    assert linked.rest() == text(3, 4, 5)
    with linked.day(1).open("ab") as file:
        file.write(text(6))
    assert linked.look() == b""
    shutil.rmtree(linked.day(1).parent)
    assert linked.rest() == b""
    assert linked.told == []


def test_a_link_that_is_set_back(linked):
    """A log that was let go is read on where it was left when it is the log again."""
    linked.rest()
    with linked.day(1).open("ab") as file:
        file.write(text(6))
    linked.lead_to(1)
    assert linked.look() == text(6)
    assert linked.told == []


@pytest.mark.parametrize("how", ["renamed", "compressed"])
def test_what_the_link_led_to_is_rotated(linked, how):
    """The rest is found beside its old name as well."""
    if how == "renamed":
        linked.day(1).rename(linked.day(1, "access.log.1"))
    else:
        linked.day(1, "access.log.gz").write_bytes(gzip.compress(linked.day(1).read_bytes()))
        linked.day(1).unlink()
    assert linked.rest() == text(3, 4, 5)
    assert [each.gone for each in linked.known] == [True, False]
    assert linked.told == []


def test_half_a_line_in_a_log_that_the_link_led_to(linked):
    """It is waited for, no longer than for a rotated file."""
    with linked.day(1).open("ab") as file:
        file.write(b"half")
    assert linked.rest() == text(3, 4, 5)
    assert linked.rest() == b""
    assert linked.known[0].gone
    assert linked.told == []


def test_half_a_line_in_a_compressed_log_that_the_link_led_to(linked):
    """It stays half, and is no reason to look at it for ever."""
    whole = linked.day(1).read_bytes() + b"half"
    linked.day(1, "access.log.gz").write_bytes(gzip.compress(whole))
    linked.day(1).unlink()
    assert linked.rest() + linked.rest() == text(3, 4, 5)
    assert linked.known[0].gone
    assert linked.told == []


def test_a_last_line_without_its_newline_in_a_log_that_the_link_led_to(linked):
    """It is taken when its file has rested, no earlier, and before it is let go."""
    linked.name(linked.log if linked.link == linked.log else linked.link / "access.log", is_whole=lambda _line: True)
    with linked.day(1).open("ab") as file:
        file.write(b"whole")
    found = []
    for _ in range(QUIET_POLLS):
        found.append(linked.look())
        linked.clock += QUIET_SECONDS
    assert found == [text(3, 4, 5), *[b""] * (QUIET_POLLS - 2), b"whole\n"]


def test_a_log_that_the_link_led_to_grows_when_it_has_rested(linked):
    """What comes just before it would be let go is read, and it is waited for anew."""
    for _ in range(QUIET_POLLS):
        linked.look()
        linked.clock += QUIET_SECONDS
    with linked.day(1).open("ab") as file:
        file.write(text(6))
    assert linked.rest() == text(6)
    assert linked.known[0].gone


def test_rotated_files_where_the_link_led_are_rotated_on(tmp_path):
    """A rotated file that was met there is found by its next name."""
    linked = Linked(tmp_path)
    linked.day(1, "access.log.1").write_bytes(text(1))
    linked.day(1).touch()
    linked.lead_to(1)
    assert linked.look() == text(1)
    with linked.day(1, "access.log.1").open("ab") as file:
        file.write(text(2))
    linked.day(1, "access.log.1").rename(linked.day(1, "access.log.2"))
    linked.day(2).write_bytes(text(4))
    linked.lead_to(2)
    assert linked.look() == text(2, 4)


def test_only_what_is_known_is_read_where_a_link_led(linked):
    """What was never met there belongs to no log that is named."""
    linked.day(1, "access.log.1").write_bytes(text(7))
    assert linked.rest() == text(3, 4, 5)


def test_a_log_that_the_link_led_to_is_removed_unread(linked):
    """What was seen of it, and not read, is told as lost."""
    linked.look(read=False)
    unread = linked.known[0].size_seen - linked.known[0].offset
    assert unread == len(text(3, 4))
    linked.day(1).unlink()
    assert linked.look() == text(5)
    assert [f"at least {unread} bytes are lost" in each for each in linked.told] == [True]


def test_a_log_that_a_link_led_to_outside_the_allowed_folders(linked):
    """It is not opened any more, and not told as lost either."""
    linked.name(linked.link if linked.link.suffix else linked.link / "access.log", allowed=[str(linked.day(2).parent)])
    assert linked.rest() == text(5)
    linked.day(1).unlink()
    assert linked.rest() == b""
    assert linked.told == []


def test_a_link_to_another_file_of_one_folder(tmp_path):
    """Also beside the new one the old one's rest is found."""
    watch = Watch(tmp_path)
    for name, first in (("one", 1), ("two", 5)):
        (tmp_path / name).write_bytes(text(first))
    watch.log.symlink_to("one")
    watch.look()
    with (tmp_path / "one").open("ab") as file:
        file.write(text(2))
    watch.log.unlink()
    watch.log.symlink_to("two")
    assert watch.look() == text(2, 5)
    assert watch.told == []


# -- which logs are missed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["acces.log", "elsewhere/access.log", "access.log.d/*.log", "*.txt"])
def test_a_log_that_is_not_named_is_not_missed(watch, named):
    """A run that names another one, or by mistake, loses nothing, not even for the run that comes after it."""
    watch.append(text(4))
    watch.look(read=False)
    watch.name(watch.folder / named)
    assert watch.look() == b""
    watch.name(watch.log)
    assert watch.look() == text(4)
    assert watch.told == []
    assert watch.known[0].coverage.unknown_gaps == 0


def test_a_log_that_is_removed_while_others_are_named(watch):
    """It is told as lost by the next run that names it, once."""
    watch.append(text(4))
    watch.look(read=False)
    watch.log.unlink()
    watch.name(watch.folder / "other.log")
    watch.look()
    assert watch.told == []
    watch.name(watch.log)
    for _ in range(3):
        watch.look()
    assert [each.split(":")[0] for each in watch.told] == [
        f"none of the files known until now is there any more (the last was {watch.log})",
        f"at least {len(text(4))} bytes are lost",
    ]


def test_all_files_of_the_logs_that_are_named_are_removed(watch):
    """Others may have come and gone unread, though files of logs that are not named are known."""
    other = watch.folder / "other.log"
    other.write_bytes(text(7))
    watch.name(other)
    assert watch.look() == text(7)
    other.unlink()
    watch.look()
    assert [each.split(":")[0] for each in watch.told] == [
        f"none of the files known until now is there any more (the last was {other})"
    ]


NO_FILES = {
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("pattern", ["access.log", "acc*"])
@pytest.mark.parametrize("made", NO_FILES.values(), ids=NO_FILES.keys())
def test_what_is_no_file_hides_no_loss(watch, made, pattern):
    """What was seen and is removed is told as lost, once, also where a rotated file's name is that of something else."""
    made(watch.path("-20250101"))
    watch.name(watch.folder / pattern)
    watch.append(text(4))
    watch.look(read=False)
    watch.log.unlink()
    watch.append(text(5))

    assert watch.look() + watch.look() == text(5)
    lost = [each for each in watch.told if "no regular file" not in each and "cannot be read" not in each]
    assert [each.split(":")[0] for each in lost][-1:] == [f"at least {len(text(4))} bytes are lost"]
    assert sum("bytes are lost" in each for each in lost) == 1


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("a pipe", "{} is no regular file"),
        ("a folder", "{} is no regular file"),
        ("a link to nothing", None),
        ("a link to itself", "{} cannot be read: Too many levels of symbolic links"),
    ],
)
def test_what_is_told_of_what_is_no_file(watch, made, told):
    """What it is, wherever it stands; a link to nothing is as if nothing were there.  The other files are read."""
    watch.append(text(4))
    watch.log.rename(watch.path(".1"))
    NO_FILES[made](watch.log)

    assert watch.look() == text(4)
    assert watch.told == ([told.format(watch.log)] if told else [])


def test_what_is_told_of_a_file_outside_the_allowed_folders(tmp_path):
    """That it was not read; a look that may open nothing else finds nothing."""
    watch = Watch(tmp_path)
    watch.append(text(1))
    watch.name(watch.log, allowed=[str(tmp_path / "other")])

    assert watch.look() == b""
    assert watch.told[-1] == f"{watch.log} is outside the folders that --allow-dir permits; it was not read"


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EACCES])
def test_what_helps_where_a_file_cannot_be_read(number):
    """Too many open files are not the file's fault."""
    words = tail.unreadable("/log", OSError(number, os.strerror(number)))
    advice = "; let this process have more files open (ulimit -n, LimitNOFILE)" if number != errno.EACCES else ""
    assert words == f"/log cannot be read: {os.strerror(number)}{advice}"


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError])
def test_a_file_that_may_still_be_there_is_not_missed(watch, monkeypatch, error):
    """One that was renamed just now, or may not be read: what was known may be in it."""
    watch.append(text(4))
    watch.look(read=False)
    watch.log.rename(watch.path(".1"))
    watch.append(text(5))
    real = os.open

    def opened(path, *arguments, **more):
        if str(path) == str(watch.path(".1")):
            raise error(errno.ENOENT if error is FileNotFoundError else errno.EACCES, "gone", path)
        return real(path, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opened)
        assert watch.look() + watch.look() == text(5)
    assert not any("lost" in each for each in watch.told)
    assert watch.look() == text(4)


REMOVED = {
    "the file": lambda watch: watch.log.unlink(),
    "what its folder holds": lambda watch: [path.unlink() for path in watch.folder.iterdir()],
    "its folder": lambda watch: shutil.rmtree(watch.folder),
    "the file, moved away": lambda watch: watch.log.rename(watch.folder / "moved"),
    "its folder, moved away": lambda watch: watch.folder.rename(watch.folder.parent / "moved"),
}


@pytest.mark.parametrize("pattern", ["logs/access.log", "l*/access.log", "logs/*.log", "link/access.log"])
@pytest.mark.parametrize("removed", REMOVED)
def test_a_removal_is_told_however_the_log_was_named(tmp_path, removed, pattern):
    """By its name, by a glob for its folder, one for its name, and a linked folder that still leads there."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "link").symlink_to("logs")
    watch = Watch(tmp_path / "logs")
    watch.name(tmp_path / pattern)
    watch.append(text(1))
    watch.look(read=False)
    REMOVED[removed](watch)
    watch.look()
    assert [each.split(":")[0] for each in watch.told] == [
        f"none of the files known until now is there any more (the last was {watch.log})",
        f"at least {len(text(1))} bytes are lost",
    ]


@pytest.mark.parametrize("path", ["access.log", "access.log.1", "access.1.log", "access.log-20260201.gz"])
def test_what_an_earlier_version_kept(watch, path):
    """It did not say of which log a file was: its name tells, until a look finds it."""
    (generation,) = watch.known
    stored = generation.to_json()
    del stored["log"]
    watch.known[:] = [Generation.from_json(stored)]
    watch.known[0].path = str(watch.folder / path)
    watch.log.rename(watch.folder / "away")
    watch.look()
    assert len(watch.told) == 1
    assert watch.known[0].gone

    watch.known[:] = [Generation.from_json(stored)]
    (watch.folder / "away").rename(watch.log)
    watch.look()
    assert watch.known[0].log == str(watch.log)
    watch.known[0].log = ""
    watch.look()
    assert watch.known[0].log == str(watch.log)


def test_generations_of_logs_that_are_not_named_are_not_kept_without_end(tmp_path, monkeypatch):
    """A path with the day in it is another one every day: of the former ones as many are remembered as of removed files."""
    monkeypatch.setattr(checkpoint, "REMEMBERED", 3)
    watch = Watch(tmp_path)
    for day in range(10):
        path = tmp_path / f"{day}" / "access.log"
        path.parent.mkdir()
        path.write_bytes(text(day))
        watch.name(path)
        assert watch.look() == text(day)
    assert [each.sequence for each in watch.known] == [7, 8, 9, 10]
    assert watch.view.coverage == sum_of(watch)
    assert watch.told == []


def sum_of(watch):
    """What the generations say of themselves, and what those had said that are forgotten."""
    total = type(watch.view.past)()
    for part in (watch.view.past, *(each.coverage for each in watch.known)):
        total.add(part)
    return total


# -- files that are left alone until the next poll ---------------------------------------------------------------------


@pytest.fixture
def packed(tmp_path):
    """A log with two compressed files beside it, all of which was read."""
    watch = Watch(tmp_path)
    for number in (2, 1):
        watch.path(f".{number}.gz").write_bytes(gzip.compress(text(number)))
    watch.append(text(3))
    assert watch.look() == text(2, 1, 3)
    return watch


def names_in(watch):
    """The files of a look, and whether it is complete."""
    look = Look()
    try:
        watch.tail.look(look)
    except LookAgain:
        return names_in(watch)
    finally:
        look.close()
    return look, sorted(os.path.basename(file.place.path) for file in look.files)


def test_a_file_that_cannot_be_read_is_passed_over(packed):
    """It and no other, until the next poll; nothing is missed meanwhile.  One that a look did not find is none of its."""
    look, names = names_in(packed)
    assert names == ["access.log", "access.log.1.gz", "access.log.2.gz"]
    assert not packed.tail.pass_over(look, str(packed.path(".3")))
    assert packed.tail.pass_over(look, str(packed.path(".1.gz")))

    look, names = names_in(packed)
    assert (names, look.complete) == (["access.log", "access.log.2.gz"], False)
    packed.tail.begin()
    look, names = names_in(packed)
    assert (names, look.complete) == (["access.log", "access.log.1.gz", "access.log.2.gz"], True)
    assert packed.told == []


def test_a_file_of_two_names_is_one(packed):
    """It is read by one of them, and the other one is not missed."""
    os.link(packed.path(".1.gz"), packed.path(".3.gz"))
    os.link(packed.log, packed.path(".4"))

    look, names = names_in(packed)

    assert len(names) == 3
    assert len({file.key for file in look.files}) == 3
    packed.append(text(4))
    assert packed.look() == text(4)
    assert packed.told == []


def test_a_compressed_file_that_was_written_to_while_it_was_read(packed):
    """It is passed over until the next poll, and then proved anew; the others stay as they are known."""
    look, _ = names_in(packed)
    packed.tail.changed(look, str(packed.log))  # that is as it always is
    assert names_in(packed)[1] == ["access.log", "access.log.1.gz", "access.log.2.gz"]

    packed.tail.changed(look, str(packed.path(".1.gz")))

    assert [each.file_state == () for each in packed.known] == [False, True, False]
    assert len(packed.view.verdicts) == 1
    assert names_in(packed)[1] == ["access.log", "access.log.2.gz"]
    packed.tail.begin()
    assert names_in(packed)[1] == ["access.log", "access.log.1.gz", "access.log.2.gz"]
    assert [each.file_state == () for each in packed.known] == [False] * 3


# -- folders that cannot be listed -------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_listed_keeps_no_other_log_from_being_read(watch, monkeypatch):
    """It is told, what is in it is not missed, and the others are read."""
    closed = watch.folder / "closed"
    closed.mkdir()
    (closed / "access.log").write_bytes(text(7))
    watch.name(closed / "access.log", watch.log)
    assert watch.look() == text(7)
    watch.append(text(4))
    scandir = os.scandir

    def refuse(path):
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(rotation.os, "scandir", refuse)
    assert watch.look() == text(4)
    assert watch.told == [f"{closed} cannot be listed: Permission denied"]
    assert not any(each.gone for each in watch.known)
