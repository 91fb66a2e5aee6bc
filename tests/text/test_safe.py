"""How does text written by strangers look safely in a terminal?"""

from __future__ import annotations

import io
import os
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.text import safe, width
from session_monitor.text import screen as text_screen
from session_monitor.text import table as text_table
from session_monitor.text.table import BOXED, PLAIN, RULED, Column

STEERING = {chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A)]}
STEERING |= {"\u061c", "\u200e", "\u200f"}
# Text as a stranger may write it: anything, lone surrogates too, and the difficult characters often.
ANY_TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=[]), st.sampled_from([*sorted(STEERING), *"中文é\u0301\ufe0f\u200d👍🏽"])
    )
)


def is_safe(char):
    """Whether the char neither steers a terminal nor fails to be encoded."""
    return char not in STEERING and not 0xD800 <= ord(char) <= 0xDFFF


@given(ANY_TEXT)
def test_clean_lets_nothing_through_that_steers(text):
    """No control character, bidi control or lone surrogate survives cleaning."""
    assert all(map(is_safe, safe.clean(text)))


@given(ANY_TEXT)
def test_clean_keeps_newlines_alone(text):
    """With newlines kept, the line feed is the only control character that survives."""
    assert all(is_safe(char) or char == "\n" for char in safe.clean(text, newlines=True))


@given(ANY_TEXT)
def test_clean_twice_is_clean_once(text):
    """Text that has been cleaned passes as it is."""
    assert safe.clean(text) == safe.clean(safe.clean(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 中文 👍", "plain 中文 👍"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("\x7f", r"\x7f"),
        ("exe\u202egpj", r"exe\u202egpj"),
        ("\u2028", r"\u2028"),
        ("\udc80", r"\udc80"),
        ("a\tb", "a    b"),
        ("a\r\nb", r"a\r\nb"),
    ],
)
def test_clean_shows_what_it_takes_out(text, shown):
    """What could steer the terminal is visible as an escape, everything else is as it was."""
    assert shown == safe.clean(text)


def test_clean_makes_every_line_end_one_newline():
    """Line ends of DOS, Unix and old Mac each count as one newline."""
    assert safe.clean("a\r\nb\rc\n\nd", newlines=True) == "a\nb\nc\n\nd"


@given(ANY_TEXT)
def test_cell_is_one_safe_line(text):
    """A cell has no line end and nothing that steers the terminal."""
    shown = safe.cell(text)

    assert len(shown.splitlines()) <= 1
    assert all(map(is_safe, shown))


def test_cell_has_no_character_that_joins_others():
    """No format character that this Python knows, no variation selector and no skin tone is left in a cell."""
    everything = "".join(map(chr, range(sys.maxunicode + 1)))

    shown = set(safe.cell(everything))

    assert not [char for char in shown if unicodedata.category(char) == "Cf"]
    assert not shown & {"\ufe0f", "\U000e0100", "🏽"}


@pytest.mark.parametrize(
    ("text", "shown"), [("👩\u200d💻", "👩💻"), ("❤\ufe0f", "❤"), ("👍🏽", "👍"), ("a\r\nb", "a b")]
)
def test_cell_takes_sequences_apart(text, shown):
    """An emoji sequence becomes the emoji it is made of, a line end becomes a space."""
    assert shown == safe.cell(text)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("中文", 4),
        ("ﾊﾛｰ", 3),
        ("Ａ", 2),
        ("📊", 2),
        ("한", 2),
        ("\u1112\u1161\u11ab", 2),
        ("\U0001fae9", 2),
        ("…│", 2),
        *(("\u1160", 0), ("\u11ff", 0), ("\ud7b0", 0), ("\ud7ff", 0)),  # what follows in a syllable
        *(("\u115f", 2), ("\u1200", 1)),
    ],
)
def test_width_counts_columns(text, columns):
    """East Asian characters and emoji take two columns, marks none, all others one."""
    assert columns == width.width(text)


@given(ANY_TEXT, st.integers(min_value=-1, max_value=40))
def test_cuts_never_exceed_the_columns(text, columns):
    """Whatever the text, what is cut fits."""
    shown = safe.cell(text)

    assert width.width(width.cut_end(shown, columns)) <= max(columns, 0)
    assert width.width(width.cut_middle(shown, columns)) <= max(columns, 0)


@given(ANY_TEXT)
def test_cuts_leave_alone_what_fits(text):
    """Text exactly as wide as the room is not cut."""
    shown = safe.cell(text)

    assert shown == width.cut_end(shown, width.width(shown))
    assert shown == width.cut_middle(shown, width.width(shown))


@pytest.mark.parametrize(
    ("columns", "end", "middle"),
    [
        (0, "", ""),
        (1, "…", "…"),
        (2, "a…", "…h"),
        (5, "abcd…", "ab…gh"),
        (6, "abcde…", "ab…fgh"),
        (8, *["abcdefgh"] * 2),
    ],
)
def test_cuts_show_where_text_is_missing(columns, end, middle):
    """An ellipsis stands for what is left out at the end or in the middle."""
    assert end == width.cut_end("abcdefgh", columns)
    assert middle == width.cut_middle("abcdefgh", columns)


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (40, "gpt-5, claude-sonnet-4-5, qwen3-max"),
        (34, "gpt-5, claude-sonnet-4-5 +1"),
        (26, "gpt-5 +2"),
        (8, "gpt-5 +2"),
        (7, "gpt… +2"),
        (3, "gp…"),
        (1, "…"),
        (0, ""),
    ],
)
def test_lists_are_cut_between_names(columns, shown):
    """Names are whole as long as one fits; how many more there are is told."""
    assert width.cut_list("gpt-5, claude-sonnet-4-5, qwen3-max", columns) == shown


@given(st.lists(st.text()), st.integers(0, 40))
def test_cut_lists_never_exceed_the_columns(names, columns):
    """Whatever the names are, they fit."""
    text = safe.cell(", ".join(names))

    assert width.width(width.cut_list(text, columns)) <= columns


def test_cuts_do_not_split_wide_characters():
    """A wide character for which only one column is left is left out."""
    assert width.cut_end("中文会话", 4) == "中…"
    assert width.cut_middle("中文会话", 6) == "中…话"


def test_cut_middle_keeps_no_mark_without_its_letter():
    """A mark whose letter was cut off does not settle on the ellipsis."""
    assert width.cut_middle("abcde\u0301z", 3) == "a…z"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("one two", ["one two"]),
        ("one two three", ["one two", "  three"]),
        ("one twothreefour", ["one twot", "  hreefo", "  ur"]),
        ("a twothreefour", ["a twothr", "  eefour"]),
        ("中文会话中文", ["中文会话", "  中文"]),
    ],
)
def test_wrap_breaks_at_spaces(text, lines):
    """Where that does not leave most of a line empty; what follows the first line is indented, and none is too wide."""
    assert list(width.wrap(text, 8, "  ")) == lines


def test_pad_aligns_by_columns():
    """Padding counts columns, not characters, and never cuts."""
    assert width.pad("中", 3) == "中 "
    assert width.pad("中", 3, ">") == " 中"
    assert width.pad("abc", 2) == "abc"


COLUMNS = [Column("Session ID", least=8), Column("Input", ">"), Column("Seen", rank=2), Column("Model", rank=1)]
ROWS = [["agent:main:discord:1", "1,250", "12 s ago", "qwen"], ["中文", "890", "3 min ago", "gpt"]]


def test_table_aligns_its_columns():
    """Cells stand under their headings, wide characters counted as two."""
    assert text_table.table(COLUMNS, ROWS).lines == [
        "Session ID            Input  Seen       Model",
        "─────────────────────────────────────────────",
        "agent:main:discord:1  1,250  12 s ago   qwen",
        "中文                    890  3 min ago  gpt",
    ]


def test_table_draws_boxes():
    """The boxed style closes every side, and a total stands below a line of its own."""
    lines = text_table.table(COLUMNS[:2], [["中", "1"]], style=BOXED, total=["TOTAL", "1"]).lines

    assert lines == [
        "┌────────────┬───────┐",
        "│ Session ID │ Input │",
        "├────────────┼───────┤",
        "│ 中         │     1 │",
        "├────────────┼───────┤",
        "│ TOTAL      │     1 │",
        "└────────────┴───────┘",
    ]


@pytest.mark.parametrize(
    ("available", "dropped", "first"),
    [
        (44, [], "agent:main:discord:1  "),
        (32, [], "age…rd:1  "),
        (31, ["Model"], "agent:…scord:1  "),
        (20, ["Seen", "Model"], "agent:…cord:1  "),
        (10, ["Seen", "Model"], "a…1  "),
    ],
)
def test_table_gives_way_in_order(available, dropped, first):
    """First the id shrinks to its least width, then the lowest rank is dropped, then the id shrinks further."""
    table = text_table.table(COLUMNS, ROWS[:1], available)

    assert dropped == table.dropped
    assert table.lines[2].startswith(first)


def test_table_takes_from_the_column_with_most_to_spare():
    """Where several columns shrink, none is cut while another has more above its least width."""
    columns = [Column("A", least=4), Column("B", least=2), Column("C")]

    assert text_table.table(columns, [["a" * 12, "b" * 7, "ccc"]], 15, style=PLAIN).lines[1] == "aa…aa  b…b  ccc"


@given(
    st.lists(st.lists(ANY_TEXT, min_size=4, max_size=4), max_size=4),
    st.integers(min_value=0, max_value=60),
    st.sampled_from([PLAIN, RULED, BOXED]),
)
def test_table_is_never_too_wide(rows, available, style):
    """Whatever the cells hold, every line of a table is safe and fits."""
    for line in text_table.table(COLUMNS, rows, available, style=style).lines:
        assert width.width(line) <= available
        assert all(map(is_safe, line))


@given(st.lists(st.tuples(ANY_TEXT, st.just("1,250"), ANY_TEXT, ANY_TEXT)), st.integers(min_value=20, max_value=90))
def test_boxes_are_straight(rows, available):
    """All lines of a boxed table are equally wide."""
    lines = text_table.table(COLUMNS, rows, available, style=BOXED).lines

    assert len({width.width(line) for line in lines}) == 1


class Terminal(io.StringIO):
    """One Terminal notes every write apart, as a stream that is no terminal and has no size."""

    def __init__(self):
        super().__init__()
        self.writes = []

    def write(self, text):
        self.writes.append(text)
        return len(text)


@pytest.fixture
def stream(monkeypatch):
    """A stream that is written to as a terminal of 10 columns and 3 rows."""
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setenv("LINES", "3")
    return Terminal()


def test_screen_gives_back_what_it_took(stream):
    """The alternate screen, the cursor and the wrapping are as before when the block ends."""
    with text_screen.Screen(stream):
        pass

    assert stream.writes == ["\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?2026l\x1b[?7h\x1b[?25h\x1b[?1049l"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_screen_gives_back_whatever_happens(stream, error):
    """An exception of any kind leaves the block, and the terminal as it was."""
    with pytest.raises(error), text_screen.Screen(stream):
        raise error

    assert stream.writes[-1].endswith("\x1b[?25h\x1b[?1049l")


def test_screen_gives_back_when_interrupted_on_entry(stream, monkeypatch):
    """An interrupt while the screen is being taken does not leave it taken."""
    flushes = iter([KeyboardInterrupt, None])

    def flush():
        error = next(flushes)
        if error:
            raise error

    monkeypatch.setattr(stream, "flush", flush)
    with pytest.raises(KeyboardInterrupt), text_screen.Screen(stream):
        pass

    assert stream.writes[-1].endswith("\x1b[?25h\x1b[?1049l")


def test_screen_lets_the_first_error_out_when_the_terminal_is_gone(stream, monkeypatch):
    """Where nothing can be written any more, the error of the block comes out and not that of giving back."""

    def failing(text):
        raise BrokenPipeError

    def lose_terminal():
        monkeypatch.setattr(stream, "write", failing)
        raise KeyError("of the block")

    with pytest.raises(KeyError, match="of the block"), text_screen.Screen(stream):
        lose_terminal()


def test_screen_draws_in_one_write(stream):
    """One frame is one synchronized write that places each line, erases its rest and all below."""
    text_screen.Screen(stream).draw(["one", "two"])

    assert stream.writes == [
        "\x1b[?2026h\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K\x1b[3;1H\x1b[J\x1b[?2026l",
    ]


def test_screen_keeps_the_last_character_of_a_full_line(stream):
    """Nothing is erased after a line that fills its row, nor below a frame that fills the screen."""
    text_screen.Screen(stream).draw(["0123456789"] * 3)

    assert "\x1b[K" not in stream.writes[0]
    assert "\x1b[J" not in stream.writes[0]


def test_screen_cuts_and_escapes(stream):
    """Lines too many or too wide for the terminal are cut, and what they hold cannot steer it."""
    text_screen.Screen(stream).draw(["\x1b[2J中文中文", "2", "3", "4"])

    assert stream.writes[0][8:] == "\x1b[1;1H\\x1b[2J中…\x1b[2;1H2\x1b[K\x1b[3;1H3\x1b[K\x1b[?2026l"


def test_a_terminal_that_does_not_tell_its_size(monkeypatch):
    """A new pseudo-terminal says 0 of both, also where `shutil` passes that on: it is taken for a usual one."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((0, 0)))

    with open(os.devnull, "w", encoding="utf-8") as stream:
        assert text_screen.Screen(stream).size() == text_screen.terminal_size() == (80, 24)
    assert text_screen.terminal_size(100, 40) == (100, 40)


def test_screen_asks_for_its_size_each_time(monkeypatch):
    """A terminal that was resized has its new size at once; one that says 0 has the fallback."""
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setenv("LINES", "3")
    sizes = iter([os.terminal_size((80, 24)), os.terminal_size((200, 50)), os.terminal_size((0, 0))])
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: next(sizes))

    with open(os.devnull, "w", encoding="utf-8") as stream:
        screen = text_screen.Screen(stream)

        assert [screen.size() for _ in range(3)] == [(80, 24), (200, 50), (10, 3)]
