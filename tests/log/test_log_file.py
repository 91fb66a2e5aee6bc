"""What bytes does one file of a log hold?"""

from __future__ import annotations

import bz2
import gc
import gzip
import hashlib
import lzma
import os
import socket
import weakref
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.log import log_file
from session_monitor.log.log_file import LogFile, NotAFileError, NotReadyError, TruncatedError
from session_monitor.log.rotation import LogPlace

PACK = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
TEXT = b"".join(b"line %d\n" % number for number in range(5000)) + b"half"
PACKED = pytest.mark.parametrize("suffix", PACK)


@pytest.fixture
def opened(tmp_path):
    """Call it with content and suffix: the open file; all are closed after the test."""
    made = []

    def make(content, suffix=""):
        path = tmp_path / f"access.log{suffix}"
        path.write_bytes(content)
        made.append(LogFile(LogPlace(str(path), (0, 0, ""), suffix)))
        return made[-1]

    yield make
    for file in made:
        file.close()


# -- lines -------------------------------------------------------------------------------------------------------------


def lines_of(path, start, end, block, longest):
    """The lines of a range with other limits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_file, "BLOCK", block)
        patch.setattr(log_file, "LONGEST_LINE", longest)
        file = LogFile(LogPlace(str(path), (0, 0, "")))
        found = list(log_file.lines(file, start, end))
        file.close()
    return found


def expected_lines(content, start, end, longest):
    """What ``lines`` promises, said with split alone."""
    found = []
    for line in content[start:end].split(b"\n")[:-1]:
        behind = start + len(line) + 1
        found.append((start, behind, None if len(line) > longest else line))
        start = behind
    return found


@given(
    content=st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bcdefghijk", b"\xff"]), max_size=60).map(b"".join),
    cut=st.tuples(st.integers(0, 100), st.integers(0, 400)),
    block=st.integers(1, 40),
    longest=st.integers(0, 40),
)
@example(content=b"\n\n", cut=(0, 400), block=1, longest=0)
@example(content=b"abc\ndef\n", cut=(0, 400), block=4, longest=3)
@example(content=b"abc\n", cut=(0, 400), block=3, longest=3)
def test_lines_are_those_that_split_gives(tmp_path_factory, content, cut, block, longest):
    """Whatever the bytes and the size of a block, each whole line of the range comes once, with its place."""
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_bytes(content)
    start, end = min(cut[0], len(content)), min(cut[1], len(content))

    assert lines_of(path, start, end, block, longest) == expected_lines(content, start, end, longest)


@given(
    content=st.lists(st.sampled_from([b"\n", b"\0", b"\0" * 20, b"a", b"bcdefghijk"]), max_size=60).map(b"".join),
    block=st.integers(1, 40),
)
def test_holes_move_no_line(tmp_path_factory, content, block):
    """NUL bytes, which a truncated file that is written on begins with, change no place and no text behind them."""
    path = tmp_path_factory.getbasetemp() / "holes"
    path.write_bytes(content)

    found = lines_of(path, 0, len(content), block, 1 << 20)

    expected = expected_lines(content, 0, len(content), 1 << 20)
    assert [(*place, line.lstrip(b"\0")) for *place, line in found] == [
        (*place, line.lstrip(b"\0")) for *place, line in expected
    ]


def test_a_hole_is_no_giant_line(opened, monkeypatch):
    """A line behind more NUL bytes than a line may have is a line of its own length."""
    monkeypatch.setattr(log_file, "LONGEST_LINE", 20)
    monkeypatch.setattr(log_file, "BLOCK", 16)
    file = opened(bytes(1000) + b"first\nsecond\n")

    (start, end, line), second = log_file.lines(file, 0, file.size)

    assert (start, end, line.lstrip(b"\0")) == (0, 1006, b"first")
    assert second == (1006, 1013, b"second")


def test_a_giant_line_is_passed_over(opened, monkeypatch):
    """A line over the limit comes as None with its place, and its neighbours come as they are."""
    monkeypatch.setattr(log_file, "LONGEST_LINE", 5)
    monkeypatch.setattr(log_file, "BLOCK", 4)
    file = opened(b"12345\n123456\n" + b"x" * 100 + b"\nend\n")

    assert list(log_file.lines(file, 0, file.size)) == [
        (0, 6, b"12345"),
        (6, 13, None),
        (13, 114, None),
        (114, 118, b"end"),
    ]


def test_a_line_is_whole_only_within_the_range(opened):
    """A line whose newline lies at the end of the range is whole, one whose newline lies behind it is not."""
    file = opened(b"one\ntwo\n")
    assert list(log_file.lines(file, 0, 7)) == [(0, 4, b"one")]
    assert list(log_file.lines(file, 0, 8)) == [(0, 4, b"one"), (4, 8, b"two")]


def test_a_file_that_shrank_ends_where_it_ends(opened):
    """Where a file holds less than it did when it was opened, the lines that are there come, and no more."""
    file = opened(b"one\ntwo\nthree\n")
    os.truncate(file.place.path, 6)
    assert list(log_file.lines(file, 0, file.size)) == [(0, 4, b"one")]
    assert file.has_shrunk()


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_whether_a_file_has_less_than_when_it_was_opened(opened, suffix):
    """A log may grow; a compressed file should not be written to at all.  Of one that is closed nobody knows."""
    file = opened(PACK[suffix](TEXT), suffix)
    assert not file.has_shrunk()
    with open(file.place.path, "ab") as more:
        more.write(b"more")
    assert file.has_shrunk() == bool(suffix)
    os.truncate(file.place.path, 5)
    assert file.has_shrunk()
    file.close()
    assert not file.has_shrunk()


# -- one text, however it is packed ------------------------------------------------------------------------------------


@PACKED
def test_packed_files_are_read_as_their_text(opened, suffix):
    """Size, ranges, hashes, line ends and lines of a compressed file are those of the plain one."""
    file = opened(PACK[suffix](TEXT), suffix)

    assert file.size == len(TEXT)
    assert file.read(10, 0) == TEXT[:10]
    assert file.read(99, 30_000) == TEXT[30_000:30_099]
    assert file.read(50, 20) == TEXT[20:70]  # backwards too
    assert file.read(50, len(TEXT) - 4) == b"half"
    assert file.sha256(5, 40_000) == hashlib.sha256(TEXT[5:40_000]).hexdigest()
    assert file.sha256(0, len(TEXT) + 1) is None
    assert file.line_end(0, 100) == TEXT.rfind(b"\n", 0, 100) + 1
    assert [line for _, _, line in log_file.lines(file, 0, file.size)] == TEXT.split(b"\n")[:-1]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_no_more_is_read_than_can_be_trusted(opened, suffix):
    """Of a damaged file so many bytes are known to be right; what stands behind them is not given out."""
    file = opened(PACK[suffix](TEXT), suffix)
    file.has_text(100, {})

    assert file.size == 100
    assert [file.read(50, offset) for offset in (30, 80, 100, 200)] == [TEXT[30:80], TEXT[80:100], b"", b""]
    assert file.sha256(0, 101) is None


@PACKED
def test_nothing_is_kept_of_a_file_that_was_closed(opened, suffix):
    """Where it was read, its text goes at once, without any look for garbage; and it can be read once more."""
    file = opened(PACK[suffix](TEXT), suffix)
    assert file.read(10, 20) == TEXT[20:30]
    gone = weakref.ref(file._text) if suffix else lambda: None
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        file.close()
        assert gone() is None
    finally:
        if is_enabled:
            gc.enable()

    assert file.read(10, 40) == TEXT[40:50]


@PACKED
def test_reading_needs_no_size_first(opened, suffix):
    """A range can be read before anybody asked for the size."""
    assert opened(PACK[suffix](TEXT), suffix).read(6, 7) == b"line 1"


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_a_file_that_is_still_being_compressed_is_not_ready(opened, suffix):
    """Wherever a compressed file ends too early, it is not ready, and it is once it is whole."""
    packed = PACK[suffix](TEXT)
    for size in [1, 5, 15, len(packed) // 2, len(packed) - 1]:
        with pytest.raises(NotReadyError):
            _ = opened(packed[:size], suffix).size
    assert opened(packed, suffix).size == len(TEXT)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_a_damaged_or_mislabelled_file_is_not_ready(opened, suffix):
    """A name that promises compression over other bytes, or over bytes with an error in them, is nothing to read yet."""
    packed = PACK[suffix](TEXT)
    middle = len(packed) // 2
    for content in (TEXT, packed[:middle] + bytes(64) + packed[middle + 64 :]):
        with pytest.raises(NotReadyError):
            _ = opened(content, suffix).size


def test_several_compressed_parts_are_one_text(opened):
    """Compressed files that were put one behind the other are read as one."""
    assert opened(gzip.compress(TEXT) + gzip.compress(b"\nmore\n"), ".gz").size == len(TEXT) + 6


@pytest.mark.parametrize("block", [1, 3, 100])
def test_the_rest_behind_the_last_newline(opened, monkeypatch, block):
    """It comes where it is asked for, with its place; where there is none, or it is too long, nothing does."""
    monkeypatch.setattr(log_file, "BLOCK", block)
    monkeypatch.setattr(log_file, "LONGEST_LINE", 5)
    for content, found in (
        (b"one\nrest", [(0, 4, b"one"), (4, 8, b"rest")]),
        (b"rest", [(0, 4, b"rest")]),
        (b"12345", [(0, 5, b"12345")]),
        (b"one\n", [(0, 4, b"one")]),
        (b"one\ntoo long", [(0, 4, b"one")]),
        (b"", []),
    ):
        file = opened(content)
        assert list(log_file.lines(file, 0, file.size, rest_too=True)) == found
        assert list(log_file.lines(file, 0, file.size)) == [
            each for each in found if content[each[1] - 1 :][:1] == b"\n"
        ]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_hashes_of_a_compressed_file_are_kept(opened, suffix):
    """Those that were asked for last, so few that they can stand in the state; what is known is not read for."""
    hashes = {}
    file = opened(PACK[suffix](TEXT), suffix)
    file.has_text(len(TEXT), hashes)
    most = 16
    for end in range(1, most + 1):
        assert file.sha256(0, end) == hashlib.sha256(TEXT[:end]).hexdigest()
    assert list(hashes) == [f"0-{end}" for end in range(1, most + 1)]

    assert file.sha256(7, 9) == hashlib.sha256(TEXT[7:9]).hexdigest()
    assert list(hashes) == [*(f"0-{end}" for end in range(2, most + 1)), "7-9"]
    assert file.sha256(0, len(TEXT) + 1) is None
    assert len(hashes) == most

    other = opened(b"nothing that can be unpacked", suffix)
    other.has_text(len(TEXT), hashes)
    assert other.sha256(7, 9) == hashlib.sha256(TEXT[7:9]).hexdigest()


@given(
    content=st.lists(st.sampled_from([b"\n", b"abc", b"defghijkl"]), max_size=30).map(b"".join),
    start=st.integers(0, 50),
    within=st.integers(1, 60),
    block=st.integers(1, 20),
)
def test_line_end_is_the_last_within_or_that_of_the_first_line(tmp_path_factory, content, start, within, block):
    """The end found is that of the last whole line within the range, or of the first line where that is longer."""
    path = tmp_path_factory.getbasetemp() / "line_end"
    path.write_bytes(content)
    start = min(start, len(content))
    inside = content.rfind(b"\n", start, start + within)
    newline = inside if inside >= 0 else content.find(b"\n", start)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_file, "BLOCK", block)
        file = LogFile(LogPlace(str(path), (0, 0, "")))
        found = file.line_end(start, within)
        file.close()

    assert found == (newline + 1 if newline >= 0 else None)


# -- which file --------------------------------------------------------------------------------------------------------


def test_what_was_opened_is_what_is_read(opened):
    """Renaming, removing or replacing a name changes nothing about a file that is open."""
    file = opened(b"one\n")
    os.rename(file.place.path, file.place.path + ".1")
    other = opened(b"other\n")

    assert file.read(100, 0) == b"one\n"
    assert other.read(100, 0) == b"other\n"
    assert file.key != other.key


def test_two_names_of_one_file_have_one_key(tmp_path, opened):
    """Hard and symbolic links are known by what they lead to."""
    file = opened(b"one\n")
    os.link(file.place.path, tmp_path / "hard")
    os.symlink(file.place.path, tmp_path / "soft")
    for name in ("hard", "soft"):
        link = LogFile(LogPlace(str(tmp_path / name), (0, 0, "")))
        assert link.key == file.key
        link.close()


def test_state_changes_with_the_file(opened):
    """The state is equal while nothing was written, and another one afterwards."""
    first = opened(b"one\n")
    with open(first.place.path, "ab") as log:
        log.write(b"two\n")
    second = LogFile(first.place)
    third = LogFile(first.place)
    assert first.state != second.state == third.state
    second.close()
    third.close()


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    """A pipe nobody writes to, a folder, a device: none of them is read, and none of them makes us wait."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "pipe", tmp_path / "folder", "/dev/zero"):
        with pytest.raises(NotAFileError):
            LogFile(LogPlace(str(path), (0, 0, "")))


def test_a_socket_or_a_missing_file_is_an_error(tmp_path, monkeypatch):
    """What cannot be opened raises what the system says, and leaves no descriptor open."""
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(OSError, match="socket"):
            LogFile(LogPlace("socket", (0, 0, "")))
    with pytest.raises(FileNotFoundError):
        LogFile(LogPlace("missing", (0, 0, "")))


# -- few descriptors ---------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Call it with how many may be open: the log and three rotated files that share their descriptors."""
    made = []

    def make(most):
        monkeypatch.setattr(log_file, "MOST_OPEN", most)
        descriptors = log_file.Descriptors()
        for number in range(4):
            path = tmp_path / f"access.log{f'.{number}' * bool(number)}"
            path.write_bytes(b"file %d\n" % number)
            made.append(LogFile(LogPlace(str(path), (0, 1 if number else 2, "")), (), descriptors))
        return descriptors, made

    yield make
    for file in made:
        file.close()


def open_now():
    """How many files this process has open."""
    return len(os.listdir("/dev/fd"))


def test_few_files_are_open_at_a_time(files):
    """However many are read, again and again; and none once they are closed."""
    before = open_now()
    descriptors, made = files(2)

    for _ in range(2):
        for number, file in enumerate(made):
            assert file.read(100, 0) == b"file %d\n" % number
            assert open_now() <= before + 2
    descriptors.close_all()
    assert open_now() == before
    assert made[0].read(4, 0) == b"file"


def test_which_file_is_closed_for_another(files):
    """The one that was read least lately; the log itself only where there is no other.  What is open needs no name."""
    _, (log, first, second, third) = files(3)
    for file in (second, first):
        file.read(1, 0)
    for file in (log, first, second, third):
        os.unlink(file.place.path)

    for number, file in enumerate((log, first, second)):
        assert file.read(100, 0) == b"file %d\n" % number
    with pytest.raises(TruncatedError):
        third.read(1, 0)


def test_few_compressed_files_have_their_text_in_memory(tmp_path, monkeypatch):
    """No more than are open, however many were begun; each can be read on."""
    monkeypatch.setattr(log_file, "MOST_OPEN", 2)
    descriptors, made = log_file.Descriptors(), []
    for number in range(5):
        path = tmp_path / f"access.log.{number}.gz"
        path.write_bytes(gzip.compress(b"%d" % number + TEXT))
        made.append(LogFile(LogPlace(str(path), (0, 1, ""), ".gz"), (), descriptors))

    for offset in (0, 40):
        for number, file in enumerate(made):
            assert file.read(30, offset) == (b"%d" % number + TEXT)[offset : offset + 30]
            assert sum(bool(each._text) for each in made) <= 2
    descriptors.close_all()


def test_where_only_one_file_may_be_open(files):
    """It is the one that is read, be it the log itself."""
    _, made = files(1)
    assert [each.read(100, 0) for each in [*made, made[0]]] == [b"file %d\n" % number for number in (0, 1, 2, 3, 0)]


def test_a_file_that_was_closed_is_opened_as_what_it_was(files):
    """It may have grown; one that was replaced, cut short, written over or removed is another one."""
    descriptors, made = files(4)
    for file in made:
        file.remember()
    descriptors.close_all()
    with open(made[0].place.path, "ab") as log:
        log.write(b"more\n")
    os.truncate(made[1].place.path, 3)
    with open(made[2].place.path, "r+b") as log:
        log.write(b"FILE")
    os.unlink(made[3].place.path)

    assert made[0].read(100, 0) == b"file 0\nmore\n"
    before = open_now()
    for file in made[1:]:
        with pytest.raises(TruncatedError):
            file.read(1, 0)
    assert open_now() == before


def test_no_descriptor_is_left_where_a_file_cannot_be_known_again(files, monkeypatch):
    """Whatever fails while it is held against what it was."""
    descriptors, (log, *_) = files(4)
    log.remember()
    descriptors.close_all()
    before = open_now()
    monkeypatch.setattr(LogFile, "_ends_of", lambda *_: (_ for _ in ()).throw(OSError(5, "Input/output error")))
    with pytest.raises(OSError, match="Input/output error"):
        log.read(1, 0)
    assert open_now() == before


@pytest.mark.parametrize("place", [0, 16_383, 95_904, 99_999])
def test_a_large_file_that_was_written_over_while_it_was_closed(files, place):
    """Its first and its last bytes tell that, though its size is the same; that more was written is no matter."""
    descriptors, (log, *_) = files(4)
    with open(log.place.path, "wb") as file:
        file.write(b"x" * 100_000)
    descriptors.close_all()
    large = LogFile(log.place, (), descriptors)
    large.remember()
    large.close()

    with open(log.place.path, "ab") as file:
        file.write(b"more")
    assert large.read(9, 99_999) == b"xmore"
    large.remember()
    large.close()
    with open(log.place.path, "r+b") as file:
        file.seek(place)
        file.write(b"o")
    with pytest.raises(TruncatedError):
        large.read(1, 0)


@pytest.mark.parametrize(("granted", "most"), [(1024, 64), (256, 64), (100, 25), (4, 1), (3, 1), (-1, 64)])
def test_how_many_files_may_be_open(monkeypatch, granted, most):
    """A quarter of what the system grants, no more than a few, one at least; it may know no limit."""
    monkeypatch.setattr(os, "sysconf", lambda _name: granted)
    assert log_file.Descriptors()._most == most


@pytest.mark.parametrize("error", log_file.TOO_MANY)
def test_where_the_system_grants_fewer(files, monkeypatch, error):
    """Others are closed until there is room; where none of these is open, that is told."""
    descriptors, made = files(4)
    real, room = os.open, [2]

    def scarce(path, flags):
        """As if only so many could be open."""
        if len(descriptors._open) >= room[0]:
            raise OSError(error, os.strerror(error))
        return real(path, flags)

    monkeypatch.setattr(os, "open", scarce)
    made[0].close()
    assert made[0].read(6, 0) == b"file 0"
    assert len(descriptors._open) == 2

    room[0] = 0
    descriptors.close_all()
    with pytest.raises(OSError, match=os.strerror(error)) as raised:
        made[0].read(6, 0)
    assert raised.value.filename == made[0].place.path


def test_no_descriptor_is_left_of_what_is_no_file(tmp_path):
    """It is closed before that is told."""
    before = open_now()
    with pytest.raises(NotAFileError):
        LogFile(LogPlace(str(tmp_path), (0, 0, "")))
    assert open_now() == before


@pytest.mark.parametrize(
    ("modified", "changed", "rested"),
    [
        (5.5, 5.5, 5.6),  # a clock that ticks every few milliseconds
        (5.5, 5.7, 5.8),
        (5.9, 5.7, 6.0),
        (5.0, 5.0, 8.0),  # one that may tick every two seconds
        (7.5, 5.0, 10.5),
    ],
)
def test_when_a_file_has_rested(modified, changed, rested):
    """As soon as a later change shows in a time of its own, whatever the clock for files is."""
    at = [round(each * 10) * 100_000_000 for each in (modified, changed, rested)]
    found = SimpleNamespace(st_mtime_ns=at[0], st_ctime_ns=at[1])

    assert log_file.has_rested(found, at[2])
    assert not log_file.has_rested(found, at[2] - 1)
