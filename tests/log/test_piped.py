"""How much of what comes in on standard input was read before?"""

from __future__ import annotations

import pytest

from session_monitor.log.generation import new_generation
from session_monitor.log.log_file import LogFile
from session_monitor.log.piped import MixedError, ReadBefore, read_before
from session_monitor.log.rotation import LogPlace


def text(first, last, length=40):
    """These lines, the last one too."""
    return b"".join(b"line %06d %s\n" % (number, b"x" * (length - 13)) for number in range(first, last + 1))


@pytest.fixture
def opened(tmp_path):
    """What opens a file with these bytes; all are closed at the end."""
    files = []

    def open_one(data):
        path = tmp_path / f"{len(files)}.log"
        path.write_bytes(data)
        files.append(LogFile(LogPlace(str(path), (0, 2, ""))))
        return files[-1]

    yield open_one
    for file in files:
        file.close()


@pytest.fixture
def read(opened):
    """What reads logs to their ends, one after the other; the generations."""

    def read_all(*logs):
        generations = []
        for sequence, data in enumerate(logs, 1):
            file = opened(data)
            generation = new_generation(file, set(), sequence).advanced(file, len(data))
            generation.release()
            generations.append(generation)
        return generations

    return read_all


def test_nothing_was_read(opened):
    """All of a log is new where nothing is known, or where nothing of it is."""
    assert read_before([], opened(text(0, 9))) == ReadBefore(None, 0)


def test_another_log_was_read(opened, read):
    """Lines that none of the others has are new."""
    assert read_before(read(text(50, 99)), opened(text(0, 9))) == ReadBefore(None, 0)


@pytest.mark.parametrize("last", [4, 9, 500])
def test_it_begins_as_a_known_one(opened, read, last):
    """Then it is that one, be it shorter, the same, or longer."""
    (known,) = read(text(0, 9))
    assert read_before([known], opened(text(0, last))) == ReadBefore(known, 0)


@pytest.mark.parametrize("lines_before", [300, 9, 1])
def test_it_begins_within_a_known_one(opened, read, lines_before):
    """What stands before the end of that was read, also if no more of it is there than its last line."""
    generations = read(text(0, 999))
    file = opened(text(1000 - lines_before, 1005))

    assert read_before(generations, file) == ReadBefore(None, 40 * lines_before)


def test_known_ones_stand_behind_each_other(opened, read):
    """The end of the last of them counts."""
    generations = read(text(0, 99), text(100, 101), text(102, 180))

    assert read_before(generations, opened(text(95, 190))) == ReadBefore(None, 40 * 86)
    assert read_before(generations, opened(text(0, 190))) == ReadBefore(generations[0], 40 * 181)


def test_it_ends_as_a_known_one_and_begins_as_another(opened, read):
    """Of what stands before the end that is known, all must be: its first line is another."""
    (known,) = read(text(0, 1999))

    with pytest.raises(MixedError):
        read_before([known], opened(text(5000, 5000) + text(1, 2010)))


@pytest.mark.parametrize("first", [0, 500])
def test_it_ends_within_a_known_one(opened, read, first):
    """An older copy, or one that is still coming, ends before what was last read: nothing in it is new."""
    generations = read(text(0, 599), text(600, 999))
    older = text(first, 800)

    known = generations[0] if first == 0 else None
    assert read_before(generations, opened(older)) == ReadBefore(known, len(older), ends_within=True)


@pytest.mark.parametrize(
    "mixed",
    [
        text(200, 210) + text(0, 99),
        text(0, 50) + text(200, 210) + text(51, 110),
        text(0, 99) + text(300, 301) + text(150, 159),
    ],
)
def test_new_lines_before_old_ones(opened, read, mixed):
    """They cannot be told from those, and that is said."""
    with pytest.raises(MixedError):
        read_before(read(text(0, 99), text(150, 159)), opened(mixed))


@pytest.mark.parametrize(("length", "is_told"), [(31, False), (32, True)])
def test_from_which_length_on_a_line_tells(opened, read, length, is_told):
    """A shorter one may stand anywhere."""
    generations = read(text(0, 9, length))
    assert read_before(generations, opened(text(9, 12, length))) == ReadBefore(None, length if is_told else 0)


def test_short_lines_tell_nothing(opened, read):
    """A last line that may stand anywhere is no end of what was read."""
    assert read_before(read(b"first\n\n"), opened(b"x\n\ny\n")) == ReadBefore(None, 0)
