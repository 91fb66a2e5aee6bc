"""Which generation of the log is in which file?"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import os
import shutil

import pytest

from session_monitor.calls.coverage import Coverage
from session_monitor.log import compressed, rotation
from session_monitor.log import generation as identity
from session_monitor.log.generation import Generation
from session_monitor.log.log_file import LogFile, TruncatedError
from session_monitor.log.rotation import LogPlace
from tests.support.watch import Watch, text

# -- rename and create -------------------------------------------------------------------------------------------------


def test_a_log_that_grows_is_read_on(watch):
    """What is appended is read once, and only in whole lines."""
    watch.append(text(4) + b"half")
    assert watch.look() == text(4)
    assert watch.look() == b""
    watch.append(b" and half\n")
    assert watch.look() == b"half and half\n"
    assert len(watch.known) == 1


def test_a_renamed_file_is_read_on_before_the_new_one(watch):
    """After a rotation the old file is the old generation, also for what is still written to it."""
    watch.append(text(4))
    os.rename(watch.log, watch.path(".1"))
    watch.append(text(10))
    assert watch.look() == text(4, 10)

    watch.append(text(5), ".1")
    watch.append(text(11))
    assert watch.look() == text(5, 11)
    assert list(watch.places.values()) == ["access.log.1", "access.log"]


def test_several_rotations_at_once_are_followed(watch):
    """However many names a file went through between two looks, all unread lines come in the order of their writing."""
    for number in range(4, 9):
        for old in range(number - 4, 0, -1):
            os.rename(watch.path(f".{old}"), watch.path(f".{old + 1}"))
        os.rename(watch.log, watch.path(".1"))
        watch.append(text(number))
    assert watch.look() == text(4, 5, 6, 7, 8)
    assert watch.look() == b""
    assert next(iter(watch.places.values())) == "access.log.5"


def test_an_empty_new_log_has_no_identity_yet(watch):
    """Until its first line is whole a new file is nobody's, and afterwards it is a generation of its own."""
    os.rename(watch.log, watch.path(".1"))
    watch.log.touch()
    assert watch.look() == b""
    watch.append(b"first li")
    assert watch.look() == b""
    assert len(watch.known) == 1
    watch.append(b"ne\n")
    assert watch.look() == b"first line\n"
    assert len(watch.known) == 2


# -- inodes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number_of_lines", [1, 3, 9])
def test_a_reused_inode_is_not_taken_for_the_old_file(watch, number_of_lines):
    """A new file with the inode of a removed one is read from its start, be it smaller, as large or larger."""
    os.unlink(watch.log)
    data = text(*range(10, 10 + number_of_lines))
    watch.append(data)
    watch.known[0].inode = watch.log.stat().st_ino  # as ext4 often does

    assert watch.look() == data
    assert list(watch.places.values()) == [None, "access.log"]


def test_inodes_that_swap_are_told_apart(watch):
    """Where two known files have each other's inode, each is read on where it was read to."""
    os.rename(watch.log, watch.path(".1"))
    watch.append(text(10))
    watch.look()
    watch.append(text(4), ".1")
    watch.append(text(11))
    first, second = watch.known
    first.inode, second.inode = second.inode, first.inode

    assert watch.look() == text(4, 11)
    assert list(watch.places.values()) == ["access.log.1", "access.log"]


def test_another_device_or_inode_with_the_same_content_is_adopted(watch):
    """A file that was moved to another device, or restored, is read on where it was read to."""
    watch.append(text(4))
    shutil.copy(watch.log, watch.folder / "moved")
    os.replace(watch.folder / "moved", watch.log)
    watch.known[0].device += 1

    assert watch.look() == text(4)
    assert len(watch.known) == 1


def test_a_file_that_was_gone_is_known_when_it_comes_back(watch):
    """A generation whose file disappears is remembered, and read on when the file is there again."""
    os.rename(watch.log, watch.folder / "away")
    watch.append(text(10))
    assert watch.look() == text(10)
    assert list(watch.places.values()) == [None, "access.log"]

    os.rename(watch.folder / "away", watch.path(".1"))
    watch.append(text(4), ".1")
    assert watch.look() == text(4)
    assert list(watch.places.values()) == ["access.log.1", "access.log"]
    assert not watch.known[0].gone


def test_a_file_moved_into_an_old_log_directory_and_back_as_a_copy_is_known(watch):
    """Also a copy of a file that is gone is known by its content."""
    shutil.copy(watch.log, watch.folder / "away")
    os.unlink(watch.log)
    assert watch.look() == b""
    os.rename(watch.folder / "away", watch.path("-20260201"))
    watch.append(text(4), "-20260201")

    assert watch.look() == text(4)


# -- copy and truncate -------------------------------------------------------------------------------------------------


def test_copytruncate_hands_the_unread_lines_to_the_copy(watch):
    """Lines that were unread when the log was copied and truncated come from the copy, then the new ones."""
    watch.append(text(4, 5))
    shutil.copy(watch.log, watch.path(".1"))
    os.truncate(watch.log, 0)
    watch.append(text(10))

    assert watch.look() == text(4, 5, 10)
    assert list(watch.places.values()) == ["access.log.1", "access.log"]
    assert watch.look() == b""


def test_a_copy_before_the_truncation_is_left_alone(watch):
    """While the log is whole its copy is not read, and once it is truncated the copy is the old generation."""
    shutil.copy(watch.log, watch.path(".1"))
    assert watch.look() == b""
    watch.append(text(4))  # between the copy and the truncation; it was seen
    assert watch.look() == text(4)
    assert len(watch.known) == 1

    os.truncate(watch.log, 0)
    watch.append(text(10))
    assert watch.look() == text(10)
    assert list(watch.places.values()) == ["access.log.1", "access.log"]


def test_a_copy_in_progress_is_left_alone_however_short_it_is(watch):
    """A copy of which only the first bytes are there yet is no new generation."""
    watch.append(text(*range(4, 3000)))
    watch.look()
    whole = watch.log.read_bytes()
    for size in (0, 1, 70, 71, 200, 50_000, identity.HEAD, 100_000, len(whole)):
        watch.path(".1").write_bytes(whole[:size])
        assert watch.look() == b""
        assert len(watch.known) == 1


@pytest.mark.parametrize("number_of_lines", [1, 3, 9])
def test_a_log_that_has_regrown_past_the_offset_is_a_new_one(watch, number_of_lines):
    """After a truncation the log is read from its start, however large it has become until the next look."""
    os.truncate(watch.log, 0)
    data = text(*range(10, 10 + number_of_lines))
    watch.append(data)

    assert watch.look() == data
    assert [generation.gone for generation in watch.known] == [True, False]


def test_lines_read_between_copy_and_truncation_are_not_read_twice(watch):
    """A copy that ends before what was read is the old generation, and nothing of it is new."""
    shutil.copy(watch.log, watch.path(".1"))
    watch.append(text(4, 5))
    assert watch.look() == text(4, 5)
    os.truncate(watch.log, 0)

    for _ in range(2):
        assert watch.look() == b""
    watch.append(text(10))
    assert watch.look() == text(10)
    assert watch.places == dict(zip(watch.places, ["access.log.1", "access.log"]))
    assert watch.known[0].offset == len(text(1, 2, 3, 4, 5))


@pytest.mark.parametrize("suffix", ["", ".1"])
@pytest.mark.parametrize("is_gone", [False, True])
def test_a_shorter_log_that_begins_with_the_same_line_is_no_copy(watch, suffix, is_gone):
    """Of a file that is shorter than what was read every whole line is compared: one that differs makes it another."""
    if is_gone:
        os.rename(watch.log, watch.path("-kept"))  # which is no name of the log's
    watch.path(suffix).write_bytes(text(1, 9))

    assert watch.look() == text(1, 9)
    assert len(watch.known) == 2


@pytest.mark.parametrize(
    ("data", "begins"),
    [
        (text(1), True),
        (text(1, 2), True),
        (text(1, 2)[:-1], True),
        (text(1, 2) + b"ca", True),
        (text(1, 9), False),
        (text(9), False),
        (text(1)[:-9], False),
        (b"", False),
    ],
)
def test_whether_a_shorter_file_begins_as_a_generation(watch, data, begins):
    """All of its whole lines must be those of the generation, and there must be one; a last one may lack its newline."""
    watch.path("-other").write_bytes(data)

    with contextlib.closing(LogFile(LogPlace(str(watch.path("-other")), (0, 0, "")))) as file:
        assert identity.begins(watch.known[0], file) == begins


def test_of_two_copies_the_longer_one_inherits(watch):
    """Where several files go on where the log was read to, the one with the most is taken and the other left alone."""
    shutil.copy(watch.log, watch.path("-20260201"))
    watch.append(text(4))
    shutil.copy(watch.log, watch.path(".1"))
    os.unlink(watch.log)

    assert watch.look() == text(4)
    assert watch.look() == b""
    assert list(watch.places.values()) == ["access.log.1"]


def test_a_copy_aside_is_never_read(watch):
    """A copy that somebody made beside the log stays unread while the log goes on and is rotated."""
    shutil.copy(watch.log, watch.path("-20260201"))
    for number in range(4, 8):
        watch.append(text(number))
        assert watch.look() == text(number)
    os.rename(watch.log, watch.path(".1"))
    watch.append(text(10))
    assert watch.look() == text(10)


def test_a_copy_that_was_there_before_the_first_look_is_not_read(tmp_path):
    """Of files that are copies of each other only the longest is read, also when nothing is known yet."""
    watch = Watch(tmp_path)
    watch.append(text(1, 2, 3, 4))
    watch.path(".1").write_bytes(text(1, 2, 3))
    watch.path("-20260201").write_bytes(text(1, 2, 3, 4))

    assert watch.look() == text(1, 2, 3, 4)
    assert watch.look() == b""
    assert len(watch.known) == 1


def test_a_copy_that_goes_its_own_way_is_a_generation(watch):
    """A file that began as a copy and was then written to by somebody else is read."""
    shutil.copy(watch.log, watch.path(".1"))
    assert watch.look() == b""
    watch.append(text(4))
    watch.append(text(20), ".1")

    new = watch.look()

    assert text(4) in new
    assert text(20) in new
    assert len({generation.gid for generation in watch.known}) == 2


# -- compressed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_a_file_that_was_compressed_is_read_on(watch, suffix, pack):
    """Lines that were unread when the file was compressed come out of the compressed one, the others do not again."""
    watch.append(text(4, 5))
    watch.path(f".1{suffix}").write_bytes(pack(watch.log.read_bytes()))
    os.unlink(watch.log)
    watch.append(text(10))

    assert watch.look() == text(4, 5, 10)
    for _ in range(2):
        assert watch.look() == b""
    os.rename(watch.path(f".1{suffix}"), watch.path(f".2{suffix}"))
    assert watch.look() == b""
    assert list(watch.places.values()) == [f"access.log.2{suffix}", "access.log"]


def test_an_unchanged_compressed_file_is_not_decompressed_again(watch, monkeypatch):
    """A compressed file that is known and was not touched is recognised without a look inside."""
    watch.path(".1.gz").write_bytes(gzip.compress(watch.log.read_bytes()))
    os.unlink(watch.log)
    watch.look()
    monkeypatch.setattr(compressed.Reading, "read", lambda *_: pytest.fail("it was decompressed"))

    assert watch.look() == b""
    assert list(watch.places.values()) == ["access.log.1.gz"]


# -- equal heads -------------------------------------------------------------------------------------------------------


def test_generations_that_begin_alike_are_two(tmp_path):
    """Equal first lines do not make two files one: both are read, each under an id of its own."""
    watch = Watch(tmp_path)
    same = text(1, of="banner")
    watch.append(same + text(2, 3), ".1")
    watch.append(same + text(4))

    assert watch.look() == same + text(2, 3) + same + text(4)
    watch.append(text(5))
    assert watch.look() == text(5)
    assert [generation.gid[16:] for generation in watch.known] == ["", "-2"]
    assert list(watch.places.values()) == ["access.log.1", "access.log"]


def test_generations_that_begin_alike_are_followed_through_a_rotation(tmp_path):
    """Each stays what it is when both are renamed and the same beginning is written a third time."""
    watch = Watch(tmp_path)
    same = text(1, of="banner")
    watch.append(same + text(2))
    assert watch.look() == same + text(2)
    os.rename(watch.log, watch.path(".1"))
    watch.append(same + text(3))
    assert watch.look() == same + text(3)
    os.rename(watch.path(".1"), watch.path(".2"))
    os.rename(watch.log, watch.path(".1"))
    watch.append(same + text(4))
    assert watch.look() == same + text(4)
    assert list(watch.places.values()) == ["access.log.2", "access.log.1", "access.log"]


GIANT = b"." * (identity.HEAD + 1) + b"\n"
LONG_LINES = [
    (GIANT, [text(1), text(2), text(3)]),
    (text(9, of="banner"), [b"%d" % number + GIANT for number in range(3)]),
    (text(8, 9, of="banner"), [b"%d" % number + GIANT for number in range(3)]),
    (GIANT, [b"%d" % number + GIANT for number in range(3)]),
]


@pytest.mark.parametrize(("banner", "lines"), LONG_LINES)
def test_a_banner_before_long_lines_makes_no_two_generations_one(tmp_path, banner, lines):
    """What was read is removed, and the next log begins alike and is shorter: it is read from its start."""
    watch = Watch(tmp_path)
    watch.append(banner + lines[0])
    watch.append(lines[1])
    assert watch.look() == banner + lines[0] + lines[1]
    os.rename(watch.log, watch.folder / "away")  # and its inode is not the next one's
    watch.append(banner + lines[2])

    assert watch.look() == banner + lines[2]
    assert list(watch.places.values()) == [None, "access.log"]


@pytest.mark.parametrize(("banner", "lines"), LONG_LINES)
def test_a_banner_before_long_lines_hides_no_copy(tmp_path, banner, lines):
    """Copied wholly, in part, and truncated: what was read is known in the copy, in the order of their sizes or not."""
    watch = Watch(tmp_path)
    watch.append(banner + lines[0])
    watch.append((lines[1] + b"half")[:-1])
    assert watch.look() == banner + lines[0] + lines[1]
    for size in (len(banner), len(banner) + 5, len(banner + lines[0]), watch.log.stat().st_size):
        watch.path(".1").write_bytes(watch.log.read_bytes()[:size])
        assert watch.look() == b""
    os.truncate(watch.log, 0)
    watch.append(banner + lines[2])

    assert watch.look() == banner + lines[2]
    assert list(watch.places.values()) == ["access.log.1", "access.log"]


@pytest.mark.parametrize(("banner", "lines"), LONG_LINES)
def test_what_is_known_of_a_banner_alone_grows(tmp_path, banner, lines):
    """A generation that was met with its banner only, or by an earlier version, is known by its lines after the next."""
    watch = Watch(tmp_path)
    watch.append(banner)
    assert watch.look() == banner
    banner_alone = watch.known[0].head
    watch.append(lines[0])
    assert watch.look() == lines[0]
    assert watch.known[0].head[-1][0] == len(banner + lines[0])
    watch.known[0].head = banner_alone
    watch.append(lines[1])
    assert watch.look() == lines[1]

    assert len(watch.known) == 1
    assert watch.known[0].head[-1][0] >= len(banner + lines[0])


def test_files_that_differ_only_in_their_first_line_are_told_apart(tmp_path):
    """The last lines read are not enough, be they as many as they may."""
    watch = Watch(tmp_path)
    same = text(*range(1000, 1100))
    for number in (1, 2):
        watch.log.write_bytes(text(number) + same)
        assert watch.look() == text(number) + same
    assert list(watch.places.values()) == [None, "access.log"]


def test_files_that_differ_only_behind_their_head_are_told_apart(tmp_path):
    """The first lines are not enough either."""
    watch = Watch(tmp_path)
    same = text(*range(1000, 3000))
    assert len(same) > identity.HEAD
    for number in (1, 2):
        watch.log.write_bytes(same + text(number))
        assert watch.look() == same + text(number)
    assert list(watch.places.values()) == [None, "access.log"]


def test_an_equal_head_after_a_truncation_is_told_by_the_last_line_read(watch):
    """A log that begins as before and goes on otherwise is a new one."""
    os.truncate(watch.log, 0)
    watch.append(text(1, 2, 7, 8))

    assert watch.look() == text(1, 2, 7, 8)


# -- the record itself -------------------------------------------------------------------------------------------------


def test_the_id_comes_from_the_first_line_alone(tmp_path):
    """The same first line gives the same id in any folder at any time, whatever follows it."""
    gids = set()
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        watch = Watch(folder)
        watch.append(text(1, *range(2, 2 + number)))
        watch.look()
        gids.add(watch.known[0].gid)
    assert len(gids) == 1


def test_a_first_line_longer_than_the_head_is_an_identity(tmp_path):
    """A giant first line is covered as a whole, so files that differ only at its end differ."""
    watch = Watch(tmp_path)
    watch.append(b"x" * (2 * identity.HEAD) + b" 1\n")
    watch.look()
    os.rename(watch.log, watch.path(".1"))
    watch.append(b"x" * (2 * identity.HEAD) + b" 2\n")
    watch.look()
    assert len({generation.gid for generation in watch.known}) == 2
    assert list(watch.places.values()) == ["access.log.1", "access.log"]


def test_a_generation_survives_the_checkpoint(watch):
    """Written as JSON and read back, a generation is the same and matches the same file."""
    watch.known[0].coverage = Coverage(lines=3, passed_over={"not_llm": 1})
    again = Generation.from_json(json.loads(json.dumps(watch.known[0].to_json())))
    assert again == watch.known[0]

    watch.known[:] = [again]
    assert watch.look() == b""
    assert len(watch.known) == 1


def test_a_rewound_generation_is_read_again(watch):
    """A generation of which nothing counts as read any more is still known by its head, and read from its start."""
    watch.known[0].rewind()
    assert watch.look() == text(1, 2, 3)
    assert len(watch.known) == 1


def test_what_was_seen_and_not_read_is_known(watch):
    """The size that was seen stays with a generation whose file goes away, so that the loss can be told."""
    watch.append(text(4, 5))
    watch.look(read=False)
    os.unlink(watch.log)
    watch.look()
    assert watch.known[0].gone
    assert watch.known[0].size_seen - watch.known[0].offset == len(text(4, 5))


@pytest.mark.parametrize("reverse", [False, True])
def test_the_order_of_files_does_not_decide(watch, monkeypatch, reverse):
    """Whichever way the files are listed, the same generation is found in the same file."""
    watch.append(text(4))
    shutil.copy(watch.log, watch.path(".1"))
    os.truncate(watch.log, 0)
    watch.append(text(10))
    find = rotation.find
    monkeypatch.setattr(rotation, "find", lambda *arguments: find(*arguments)[:: -1 if reverse else 1])

    assert watch.look() == text(4, 10)
    assert list(watch.places.values()) == ["access.log.1", "access.log"]


def test_a_giant_line_without_its_newline_is_one_generation(tmp_path):
    """A rotated file that has nothing else is known again after it was read, and what comes behind it is read on."""
    watch = Watch(tmp_path)
    watch.name(watch.log, is_whole=lambda line: line.endswith(b"}"))
    line = b"{" + b"x" * 2 * identity.HEAD + b"}"
    watch.append(line, ".1")
    watch.append(text(1))
    found = []
    for _ in range(12):
        found.append(watch.look())
        watch.clock += 50
    assert b"".join(found) == text(1) + line + b"\n"
    assert len(watch.known) == 2


# -- what is remembered of one -----------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    """Call it with content, and what kind of a file it is: the file; one name is written over."""

    def make(content, *, kind=1, **more):
        path = tmp_path / "file"
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        with contextlib.closing(LogFile(LogPlace(str(path), (0, kind, ""), **more))) as made:
            return made

    return make


def read_to(file, offset):
    """A generation in this file that was read so far."""
    generation = identity.new_generation(file, set(), 1)
    return generation.advanced(file, offset) if offset else generation


def test_up_to_where_it_was_read(file):
    """Once it is rewound that is still known, until it is read further; it is rewound as often as one likes."""
    lines = text(1, 2, 3)
    kept = file(lines)
    generation = read_to(kept, len(text(1, 2)))
    for _ in range(2):
        generation.rewind()
        assert (generation.offset, generation.known_to) == (0, len(text(1, 2)))
    assert generation.advanced(kept, len(text(1))).known_to == len(text(1, 2))
    assert generation.advanced(kept, len(lines)).known_to == len(lines)


def test_what_is_missing_of_what_was_seen(file):
    """What was neither read, now or before, nor is in the file by now is lost; a file that is whole has lost nothing."""
    lines = text(1, 2, 3, 4)
    for offset, size, lost in ((0, 4, 0), (0, 3, 1), (2, 2, 2), (2, 3, 1), (4, 2, 0), (1, 1, 3)):
        generation = read_to(file(lines), len(text(*range(offset))))
        assert generation.seen_in(file(lines[: size * len(text(1))])) == lost * len(text(1))

    rewound = read_to(file(lines), len(text(1, 2, 3)))
    rewound.rewind()
    assert rewound.seen_in(file(text(1))) == len(text(1))


def test_what_was_given_up_is_no_loss_when_it_is_there_again(file):
    """The file that was gone came back: what was told as lost can be read after all, but for what had been read."""
    lines = text(1, 2, 3, 4)
    generation = read_to(file(lines), len(text(1)))
    generation.gone, generation.coverage.lost_bytes = True, len(text(2, 3, 4))

    assert generation.seen_in(file(lines)) == 0
    assert (generation.gone, generation.coverage.lost_bytes) == (False, 0)

    all_read = read_to(file(lines), len(lines))
    all_read.gone, all_read.coverage.lost_bytes, all_read.size_seen = True, 7, 5
    all_read.seen_in(file(lines))
    assert all_read.coverage.lost_bytes == 7


def test_a_file_that_is_another_one_is_not_taken_for_it(file):
    """Nothing is remembered of it."""
    generation = read_to(file(text(1, 2)), 0)
    before = generation.to_json()
    with pytest.raises(TruncatedError):
        generation.seen_in(file(text(5, 2)))
    with pytest.raises(TruncatedError):
        generation.advanced(file(text(5, 2)), len(text(5)))
    assert generation.to_json() == before


def test_when_a_file_rests(file):
    """At its third look, when it has not grown for two minutes; what comes meanwhile begins the waiting anew."""
    short, long = file(text(1)), file(text(1, 2))
    generation = read_to(long, 0)

    def rests(file, *seconds):
        """What is said at these times."""
        return [(generation.rests(file, second), generation.has_rested(file)) for second in seconds]

    no, yes = (False, False), (True, True)
    assert rests(short, 10, 11, 12, 129.9, 130, 131) == [no, no, no, no, yes, yes]
    assert rests(long, 500, 620, 620) == [no, no, yes]
    assert not generation.has_rested(short)
    assert rests(long, 100, 101, 219, 220) == [no, no, no, yes]  # a reboot


def test_when_nothing_more_is_to_be_expected(file):
    """In a compressed file at once; in a rotated one that is not read to its end when it rests; in the log never."""
    lines = text(1, 2)
    times = (0, 60, 120, 130)

    def sealed(generation, *files):
        """What is said of a file at these times."""
        return [generation.is_sealed(each, second) for each in files for second in times]

    rotated = file(lines)
    assert sealed(read_to(rotated, 0), rotated) == [False, False, True, True]
    assert sealed(read_to(rotated, len(lines)), rotated) == [False] * 4
    log = file(lines, kind=2)
    assert sealed(read_to(log, 0), log) == [False] * 4
    packed = file(gzip.compress(lines), compressed=".gz")
    assert sealed(read_to(packed, 0), packed) == [True] * 4

    waiting = read_to(rotated, 0)
    assert sealed(waiting, rotated, log, rotated) == [
        *[False, False, True, True],
        *[False] * 4,
        *[False, False, True, True],
    ]


def test_a_log_that_was_left_goes_on_resting(file):
    """That it was read to its end begins the waiting of no log anew that no pattern leads to."""
    former = file(text(1), is_former=True)
    generation = read_to(former, len(text(1)))
    generation.rests(former, 0)
    assert not generation.is_sealed(former, 10)
    assert generation.quiet_size == former.size


def test_what_another_run_knows_better(file):
    """More of its beginning, and where it is; of a file that is gone there, only its beginning."""
    short, long = read_to(file(text(1)), 0), read_to(file(text(1, 2)), 0)
    first = short.head
    short.device = short.inode = 5
    long.device = long.inode = 7

    long.learn(short)
    assert (len(long.head), long.inode) == (2, 7)
    short.learn(read_to(file(text(1)), 0))
    assert (short.head, short.inode) == (first, 5)
    long.gone = True
    short.learn(long)
    assert (short.head, short.device, short.inode) == (long.head, 5, 5)

    short.head, long.gone = first, False
    short.learn(long)
    assert (short.head, short.device, short.inode) == (long.head, 7, 7)


def test_what_another_version_kept(file):
    """Fields that came later are as they were before they came, unknown ones are left out; without the others it is none."""
    kept = read_to(file(text(1, 2)), len(text(1))).to_json()
    later = ("tail_sha256", "log", "read_before", "rested", "head_is_open")

    old = Generation.from_json({**{name: value for name, value in kept.items() if name not in later}, "unknown": 1})
    assert [getattr(old, name) for name in later] == ["", "", 0, False, False]
    assert old.offset == len(text(1))
    assert not hasattr(old, "unknown")
    for name in kept.keys() - {*later}:
        with pytest.raises(KeyError):
            Generation.from_json({key: value for key, value in kept.items() if key != name})


@pytest.mark.parametrize(
    ("ends", "unterminated", "offset", "is_open"),
    [
        ([50], True, 50, True),
        ([50], False, 0, True),
        ([50], False, 50, False),
        ([50, 90], True, 90, False),
        ([50, 90], False, 0, False),
    ],
)
def test_whether_a_beginning_of_another_version_was_half_a_line(file, ends, unterminated, offset, is_open):
    """It did not say so; where it knew only one line, which was not read or had no newline then, it may have been."""
    kept = read_to(file(text(1)), 0).to_json()
    del kept["head_is_open"]
    kept.update(head=[[end, "hash"] for end in ends], unterminated=unterminated, offset=offset)

    assert Generation.from_json(kept).head_is_open == is_open
