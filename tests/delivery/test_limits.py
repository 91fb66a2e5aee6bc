"""What strangers wrote does nothing in a chat, and is cut as the receiver counts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.delivery import limits

ANY = st.text(st.characters(), max_size=300)


@pytest.mark.parametrize(
    "text",
    ["@everyone", "(@here)", "hi @channel", "<!channel>", "<@U012>", "<at id=all></at>", "[a](https://evil)", "![](x)"],
)
def test_what_calls_people_or_hides_links(text):
    """It stands there, and does nothing."""
    clean = limits.harmless(text)

    assert clean.replace("\u200b", "") == text
    assert not re.search(r"@everyone|@here|@channel|<!|<@|<at|\]\(", clean)


def test_what_is_harmless_stays():
    """An address of mail, a comparison, brackets."""
    text = "ops@example.com: 3 < 4, a[1] (b), 预算 🙂\nsecond line"
    assert limits.harmless(text) == text


@given(ANY)
def test_nothing_steers(text):
    """No control or bidi character is left, nor half a surrogate pair."""
    clean = limits.harmless(text)
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", clean
    )
    assert "\n" not in limits.one_line(text)


@given(ANY, st.integers(0, 80), st.sampled_from([limits.BYTES, limits.UTF16]))
def test_cut(text, most, unit):
    """What is left is no more than that, a beginning, and as long as it can be; no character is torn."""
    text = limits.clean(text)

    def written(part):
        return part.replace("&", "&amp;")

    cut = limits.cut(text, most, unit, written)

    assert limits.size(written(cut), unit) <= most
    if cut != text and cut:
        assert cut.endswith("…")
        assert text.startswith(cut[:-1])
        longer = text[: len(cut)].rstrip()
        assert len(longer) < len(cut) or limits.size(written(longer + "…"), unit) > most
    elif cut != text:
        assert most < 3


@given(
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), min_size=2, max_size=20),
    st.integers(20, 200),
)
def test_whole_lines(lines, most):
    """Lines are left out from the end, and it is said how many."""
    cut = limits.cut_lines(lines, most, limits.BYTES)

    assert limits.size(cut, limits.BYTES) <= most
    left = re.search(r"… and (\d+) more\Z", cut)
    assert cut == "\n".join(lines) or left or cut.endswith("…")


def test_emoji_count_twice():
    """As receivers count that are written in JavaScript or Java."""
    assert (limits.size("🙂", limits.UTF16), limits.size("🙂", limits.BYTES), limits.size("预", limits.UTF16)) == (
        2,
        4,
        1,
    )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://monitor.example.org/session?id=a%2Fb&key=c#d", True),
        ("http://[::1]:8888/x", True),
        ("javascript:alert(1)", False),
        ("https://a b", False),
        ("https://a|b", False),
        ("https://a>b", False),
        ('https://a"b', False),
        (None, False),
        ("https://" + "a" * 3000, False),
    ],
)
def test_addresses(text, is_one):
    """One that can stand in any link as it is; all others are left out."""
    assert limits.address(text) == (text if is_one else None)
