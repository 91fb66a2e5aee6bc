"""How many rounds did each session file have when it was last written?"""

from __future__ import annotations

import os
import stat
from collections import Counter

import pytest

from session_monitor.base import files
from session_monitor.sessions import round_counts, session_file
from session_monitor.sessions.round_counts import Counted, RoundCounts
from tests.support.stores import TALK, path_of, put

pytestmark = pytest.mark.usefixtures("no_sync")
MANY = [(b"session %d.json" % number, Counted(number + 1, number * 7919)) for number in range(5000)]


def kept(folder, counted, flush_after=None):
    """A table with these; with ``flush_after`` they are of a flush of their own, behind that one."""
    counts = RoundCounts(str(folder))
    if flush_after is not None:
        counts.begin_flush(flush_after)
    counts.put(counted)
    counts.close()
    return folder / ".round-counts"


def test_what_is_put_is_found_by_another_run(tmp_path):
    """Each file has its own count, however many there are; the later one holds; others have none; the file is private."""
    path = kept(tmp_path, [*MANY, (MANY[7][0], Counted(99, 1))])

    counts = RoundCounts(str(tmp_path), to_write=False)
    assert [counts.of(name) for name, _ in MANY] == [
        *(each for _, each in MANY[:7]),
        (99, 1),
        *(e for _, e in MANY[8:]),
    ]
    assert counts.of(b"other.json") is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size < 200 * len(MANY)
    assert list(tmp_path.iterdir()) == [path]


def test_one_costs_the_same_whatever_their_number(tmp_path, monkeypatch):
    """To look for a name is one read of one size, and to keep one a read and a write more."""
    kept(tmp_path, MANY)
    counts = RoundCounts(str(tmp_path))
    counts.of(b"x")
    calls = []
    real = os.pread, os.pwrite
    monkeypatch.setattr(os, "pread", lambda *each: calls.append(("read", each[1])) or real[0](*each))
    monkeypatch.setattr(os, "pwrite", lambda *each: calls.append(("write", len(each[1]))) or real[1](*each))

    counts.of(MANY[3][0])
    counts.put([(MANY[3][0], Counted(5, 5))])

    assert calls == [("read", 640), ("read", 640), ("write", 20)]


def test_to_grow_costs_one_write(tmp_path, monkeypatch):
    """However often the table doubles, what is in it already is neither looked up nor written one by one."""
    kept(tmp_path, MANY[:1000])
    calls = Counter()
    real = os.pread, os.pwrite
    monkeypatch.setattr(os, "pread", lambda *each: calls.update([each[1]]) or real[0](*each))
    monkeypatch.setattr(os, "pwrite", lambda *each: calls.update([-len(each[1])]) or real[1](*each))

    kept(tmp_path, MANY[1000:])

    doubled = sum(length < -1000 for length in calls)
    assert doubled >= 2
    assert calls[-20] == len(MANY) - 1000
    assert calls[640] <= len(MANY) - 1000 + doubled


def test_where_there_is_none_it_is_looked_for_once(tmp_path, monkeypatch):
    """A first reading opens thousands of sessions before there is a table; one that is there later is found."""
    real, opened = files.opened, []
    monkeypatch.setattr(files, "opened", lambda *each: opened.append(each) or real(*each))
    counts = RoundCounts(str(tmp_path))
    assert [(counts.flushes, counts.of(name)) for name, _ in MANY[:50]] == [(0, None)] * 50
    assert len(opened) == 1

    kept(tmp_path, MANY[:1])
    counts.close()
    assert counts.of(MANY[0][0]) == MANY[0][1]


def test_what_has_no_rounds_is_forgotten(tmp_path):
    """Its place is free for others, and what stands beside it is still found."""
    kept(tmp_path, MANY[:500])
    kept(tmp_path, [(name, Counted(0, 0)) for name, _ in MANY[:400]])
    path = kept(tmp_path, MANY[500:900])

    counts = RoundCounts(str(tmp_path))
    assert [counts.of(name) for name, _ in MANY[:900]] == [*[None] * 400, *(each for _, each in MANY[400:900])]
    assert path.stat().st_size <= 32 + 20 * (1024 + 32)


def test_flushes_are_counted(tmp_path):
    """Only what was just written counts as one, and the number stays when the table grows."""
    kept(tmp_path, MANY[:1], flush_after=0)
    kept(tmp_path, MANY[:1])
    kept(tmp_path, MANY, flush_after=0)

    assert RoundCounts(str(tmp_path)).flushes == 2


def test_no_number_is_given_twice(tmp_path):
    """The next flush is after the last that anybody heard of, also where that was of a table that is gone."""
    kept(tmp_path, MANY[:1], flush_after=6)
    assert RoundCounts(str(tmp_path)).flushes == 7
    kept(tmp_path, MANY[:1], flush_after=3)
    assert RoundCounts(str(tmp_path)).flushes == 8


def test_nothing_is_known_where_there_is_no_table(tmp_path):
    """Nobody has written one yet, or it was taken away."""
    counts = RoundCounts(str(tmp_path))

    assert (counts.of(b"a.json"), counts.flushes) == (None, 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damaged", [range(40), range(4), [12], [24]])
def test_a_damaged_table_is_made_anew(tmp_path, damaged):
    """One whose head is not whole says nothing, and the next who writes has a new one."""
    path = kept(tmp_path, MANY[:50], flush_after=0)
    raw = bytearray(path.read_bytes())
    for place in damaged:
        raw[place] ^= 0xFF
    path.write_bytes(raw)

    assert RoundCounts(str(tmp_path)).of(MANY[3][0]) is None
    kept(tmp_path, MANY[:2], flush_after=0)
    counts = RoundCounts(str(tmp_path))
    assert [counts.of(name) for name, _ in MANY[:3]] == [MANY[0][1], MANY[1][1], None]
    assert counts.flushes == 1


def test_a_torn_slot_says_nothing(tmp_path):
    """Whichever of its bytes is another, no count is made up, and the others are as they were."""
    path = kept(tmp_path, MANY[:3])
    whole = path.read_bytes()
    for place in [place for place in range(32, len(whole)) if whole[place]]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        counts = RoundCounts(str(tmp_path))
        found = [counts.of(name) for name, _ in MANY[:3]]
        counts.close()
        assert sorted((each == right, each is None) for each, (_, right) in zip(found, MANY)) == [
            (False, True),
            (True, False),
            (True, False),
        ]


def test_no_stranger_can_choose_the_place_of_a_name(tmp_path):
    """Names lie elsewhere in each folder: who finds ids that crowd one place in one has found nothing for another."""
    places = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        raw = kept(folder, MANY[:20]).read_bytes()
        places.append({place for place in range(32, len(raw), 20) if any(raw[place : place + 20])})

    assert places[0] != places[1]


def test_a_link_in_its_place_is_not_followed(tmp_path):
    """What somebody else's link leads to is neither read nor written."""
    other = tmp_path / "other"
    other.write_bytes(b"precious")
    (tmp_path / ".round-counts").symlink_to(other)

    assert RoundCounts(str(tmp_path)).of(MANY[0][0]) is None
    kept(tmp_path, MANY[:1])
    assert RoundCounts(str(tmp_path)).of(MANY[0][0]) == MANY[0][1]
    assert other.read_bytes() == b"precious"


def test_growth_that_fails_leaves_the_table_as_it_was(tmp_path, monkeypatch):
    """A full disk while it is made larger costs nothing that was known, and leaves no temporary file."""
    kept(tmp_path, MANY[:100])
    monkeypatch.setattr(round_counts.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))

    with pytest.raises(OSError, match="No space left"):
        kept(tmp_path, MANY)

    assert RoundCounts(str(tmp_path)).of(MANY[50][0]) == MANY[50][1]
    assert [path.name for path in tmp_path.iterdir()] == [".round-counts"]


def test_a_folder_in_its_place_is_moved_away(tmp_path):
    """Nothing is known while it is there; what is in it stays, and the table is kept."""
    (tmp_path / ".round-counts").mkdir()
    (tmp_path / ".round-counts" / "precious").write_bytes(b"x")

    assert RoundCounts(str(tmp_path)).of(MANY[0][0]) is None
    kept(tmp_path, MANY[:1])

    assert RoundCounts(str(tmp_path)).of(MANY[0][0]) == MANY[0][1]
    assert (tmp_path / ".round-counts.unusable" / "precious").read_bytes() == b"x"


def test_what_is_kept_lasts(tmp_path, synced):
    """A new table, its name and each count are synced; a later count needs the table's alone."""
    path = kept(tmp_path, MANY[:1])
    assert synced == [path.stat().st_ino, tmp_path.stat().st_ino, path.stat().st_ino]

    synced.clear()
    kept(tmp_path, MANY[1:2])
    assert synced == [path.stat().st_ino]


def test_the_number_of_a_flush_lasts_alone(tmp_path, synced):
    """For a store that must be sure of it before anything that belongs to it is counted."""
    path = kept(tmp_path, MANY[:1], flush_after=0)
    synced.clear()
    counts = RoundCounts(str(tmp_path))

    counts.begin_flush()
    assert synced == []
    counts.put(())

    assert synced == [path.stat().st_ino]
    other = RoundCounts(str(tmp_path))
    assert (other.flushes, other.of(MANY[0][0])) == (2, MANY[0][1])


# -- what a session file lacks -----------------------------------------------------------------------------------------


def missing(folder, path, counted):
    """What the file lacks of what was counted under its name."""
    name = os.fsencode(path.name)
    counts = RoundCounts(str(folder))
    counts.put([(name, counted)])
    with open(path, "rb") as file:
        found = counts.missing(name, file, session_file.read_end(file))
    counts.close()
    return found


@pytest.fixture
def written(tmp_path):
    """A session file of two writes, of two rounds and of four; with the checksum of each round's line."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    put(folder, TALK[:2])
    put(folder, TALK)
    path = path_of(folder)
    with open(path, "rb") as file:
        checksums = [session_file.crc32_of(file, number) for number in range(1, len(TALK) + 1)]
    return path, checksums


def test_a_file_that_has_all_that_was_counted(tmp_path, written):
    """It ends with that round, or goes on behind it: with the last write, or wherever somebody else went on."""
    path, checksums = written
    assert [missing(tmp_path, path, Counted(number, checksums[number - 1])) for number in range(1, 7)] == [None] * 6


def test_a_file_that_lacks_what_was_counted(tmp_path, written):
    """So many rounds where it has fewer, whatever they are; none where it has as many, and others."""
    path, checksums = written
    assert [missing(tmp_path, path, Counted(number, checksums[-1])) for number in (7, 9)] == [1, 3]
    assert [missing(tmp_path, path, Counted(number, 12345)) for number in (1, 2, 6)] == [0] * 3
    assert missing(tmp_path, path, Counted(3, checksums[3])) == 0


def test_a_file_of_which_nothing_was_counted(tmp_path, written):
    """It lacks nothing that anybody knows of."""
    path, _ = written
    with open(path, "rb") as file:
        assert RoundCounts(str(tmp_path)).missing(b"other.json", file, session_file.read_end(file)) is None


def test_most_files_are_not_read_for_that(tmp_path, written, monkeypatch):
    """Where the file ends with what was counted, or the last write follows it, its lines are not gone through."""
    path, checksums = written
    monkeypatch.setattr(session_file, "crc32_of", lambda *_: pytest.fail("it was read"))
    assert [missing(tmp_path, path, Counted(number, checksums[number - 1])) for number in (2, 6)] == [None, None]
