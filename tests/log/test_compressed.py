"""What text does a compressed file hold, and how much of it can be had?  Whatever its bytes are, the answer is a value."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.log import compressed
from session_monitor.log.compressed import BOMB, BROKEN, CUT, GARBAGE, MEMORY, TOO_LARGE, WHOLE, Measuring, UnpackedText

PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
PACKED = pytest.mark.parametrize("ending", PACK)
TEXT = b"".join(b"line %d %d\n" % (number, number * number % 977) for number in range(4000))
PACKED_TEXT = {ending: pack(TEXT) for ending, pack in PACK.items()}


class File:
    """Bytes to read, which counts what is read of them."""

    def __init__(self, content):
        self.content, self.read = content, 0

    def raw(self, length, offset):
        """So many bytes from there."""
        found = self.content[offset : offset + length]
        self.read += len(found)
        return found


def measured(ending, content):
    """How much of it can be had, and what is wrong with the rest."""
    return tuple(Measuring(ending, File(content).raw).go_on())


@PACKED
def test_the_text_is_measured_in_steps(ending, monkeypatch):
    """All of it, also of several parts with zeros behind; as many steps as are allowed at a time, and no work twice."""
    monkeypatch.setattr(compressed, "STEP", 1000)
    file = File(PACK[ending](TEXT) + PACK[ending](b"more\n") + bytes(512))
    measuring = Measuring(ending, file.raw)
    shares, found = 0, None
    while found is None:
        steps = iter(range(20))
        found = measuring.go_on(lambda _size, left=steps: next(left, None) is not None)
        shares += 1

    assert found == (len(TEXT) + 5, WHOLE)
    assert shares >= len(TEXT) // 20_000 > 1
    assert file.read == len(file.content)


@PACKED
@given(at=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_off_anywhere(ending, at):
    """What is there is the beginning of the text, and it is told that more was to come."""
    packed = PACKED_TEXT[ending]
    cut = packed[: int(len(packed) * at)]

    size, flaw = measured(ending, cut)

    assert flaw == CUT
    assert UnpackedText(ending, File(cut).raw).read(size, 0) == TEXT[:size]
    if ending == ".gz":
        assert size >= len(TEXT) * at - 30_000


@PACKED
def test_what_stands_behind_the_end_is_passed_over(ending):
    """The text is all there, and its check sum right."""
    for garbage in (b"garbage\n", b"\0\0\0\0x", b"\x1f"):
        assert measured(ending, PACK[ending](TEXT) + garbage) == (len(TEXT), GARBAGE)


@PACKED
def test_of_damaged_bytes_only_parts_that_are_whole_are_trusted(ending):
    """What came before an error in the same part may be wrong as well: nobody knows where the error began."""
    packed = PACK[ending](TEXT)
    middle = len(packed) // 2
    damaged = packed[:middle] + bytes(64) + packed[middle + 64 :]

    assert measured(ending, damaged) == (0, BROKEN)
    assert measured(ending, PACK[ending](b"first\n") + damaged) == (6, BROKEN)
    assert measured(ending, TEXT) == (0, BROKEN)


def test_a_wrong_check_sum_is_damage():
    """Text that could be unpacked is not what was packed."""
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1
    assert measured(".gz", bytes(packed)) == (0, BROKEN)


@PACKED
def test_any_bytes_give_an_answer(ending):
    """Nothing that a decoder says comes out as an error, and what is trusted can be read."""
    rng = random.Random(ending)
    packed = PACK[ending](TEXT[:3000]) + PACK[ending](TEXT[3000:9000])
    flaws = set()
    for _ in range(200):
        content = bytearray(packed)
        for _ in range(rng.randint(1, 3)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        content = bytes(content[: rng.randint(0, len(content) + 400)])

        size, flaw = measured(ending, content)

        assert len(UnpackedText(ending, File(content).raw).read(size, 0)) == size
        flaws.add(flaw)
    assert {CUT, BROKEN} <= flaws


@PACKED
def test_a_bomb_is_known_long_before_it_has_gone_off(ending, monkeypatch):
    """Gigabytes of zeros are not unpacked to say that they are; a large text that says something is."""
    monkeypatch.setattr(compressed, "_FEW", 4 << 20)
    monkeypatch.setattr(compressed, "_PACKED_STEP", 512)
    file = File(PACK[ending](bytes(16 << 20)))
    steps = []

    assert Measuring(ending, file.raw).go_on(lambda size: steps.append(size) or True) == (0, BOMB)
    assert sum(steps) <= 8 << 20

    calls = b"".join(b'{"n":%d,"said":"%s"}\n' % (number, TEXT[:2000]) for number in range(3000))
    assert measured(ending, PACK[ending](calls)) == (len(calls), WHOLE)


def test_a_text_without_end_is_left_alone(monkeypatch):
    """However little it repeats itself."""
    monkeypatch.setattr(compressed, "LONGEST_TEXT", 50_000)
    assert measured(".gz", gzip.compress(TEXT)) == (0, TOO_LARGE)


def wanting_memory(content):
    """An ``.xz`` file whose header asks for a window of 4 GiB."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    packed = bytearray(lzma.compress(content, filters=filters))
    header = 12
    size = (packed[header] + 1) * 4
    packed[packed.index(0x21, header) + 2] = 40
    check = zlib.crc32(bytes(packed[header : header + size - 4]))
    packed[header + size - 4 : header + size] = struct.pack("<I", check)
    return bytes(packed)


def test_a_file_that_wants_all_memory_gets_none():
    """``xz -9`` gets what it needs."""
    assert measured(".xz", wanting_memory(b"line\n")) == (0, MEMORY)
    assert measured(".xz", lzma.compress(TEXT, preset=9)) == (len(TEXT), WHOLE)


@PACKED
def test_reading_forward_is_one_pass(ending, monkeypatch):
    """Also with a look back at what was read last, as each commit takes one; a read far back begins anew, and is right."""
    monkeypatch.setattr(compressed, "STEP", 1000)
    monkeypatch.setattr(compressed, "KEPT", 4000)
    file = File(PACK[ending](TEXT))
    text = UnpackedText(ending, file.raw)

    for offset in range(0, len(TEXT), 1000):
        assert text.read(1000, offset) == TEXT[offset : offset + 1000]
        assert text.read(3000, max(0, offset - 2000)) == TEXT[max(0, offset - 2000) :][:3000]
    assert file.read <= len(file.content)

    assert text.read(50, 20) == TEXT[20:70]
    assert text.read(50, len(TEXT) - 4) == TEXT[-4:]
    assert text.read(50, len(TEXT) + 4) == b""


@PACKED
def test_any_part_of_the_text_can_be_read(ending, monkeypatch):
    """Wherever it begins and ends between the blocks that are kept, forward and back."""
    monkeypatch.setattr(compressed, "STEP", 1000)
    monkeypatch.setattr(compressed, "KEPT", 3000)
    text = UnpackedText(ending, File(PACKED_TEXT[ending]).raw)
    rng = random.Random(7)

    for _ in range(150):
        offset, length = rng.randrange(len(TEXT) + 100), rng.choice([1, 99, 1000, 2500])
        assert text.read(length, offset) == TEXT[offset : offset + length]
