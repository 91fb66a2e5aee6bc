"""How does a share look as a bar?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.text import bars


@pytest.mark.parametrize(
    ("part", "blocks", "ascii_"),
    [
        (0, "", ""),
        (1, "▏", "#"),
        (500, "█████", "#####"),
        (513, "█████▏", "#####"),
        (999, "██████████", "##########"),
        (1000, "██████████", "##########"),
    ],
)
def test_a_bar_is_as_long_as_its_share(part, blocks, ascii_):
    """The whole fills it, eighths of a column show where there are blocks for them, and a little is never nothing."""
    assert bars.bar(part, 1000, 10, has_blocks=True) == blocks
    assert bars.bar(part, 1000, 10, has_blocks=False) == ascii_


@given(st.integers(0, 10**20), st.integers(0, 10**20), st.integers(1, 60), st.booleans())
def test_no_bar_is_too_long(part, more, columns, has_blocks):
    """It fits, and there is one exactly where there is a part."""
    shown = bars.bar(part, part + more, columns, has_blocks=has_blocks)

    assert len(shown) <= columns
    assert bool(shown) == (part > 0)


@pytest.mark.parametrize(("encoding", "held"), [("utf-8", True), ("ascii", False), ("latin-1", False), (None, False)])
def test_blocks_need_an_encoding_that_has_them(encoding, held):
    """Where the output's encoding has no blocks, or is not known, bars are of ASCII."""
    assert bars.are_in(encoding) == held
    assert not bars.are_in("no such encoding")
