"""What of each round matters is kept in little room, and comes back as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.insight.basis.content import AskedTool, CameBack, Content, Message
from session_monitor.insight.caching.lifetimes import Pauses
from session_monitor.insight.kept import contents

MARKS = st.integers(0, 2**56 - 1)
NAMES = st.text(max_size=5)
MESSAGES = st.builds(Message, NAMES, st.integers(0, 9), NAMES, st.none() | NAMES)
ASKED = st.builds(AskedTool, NAMES, MARKS)
CONTENTS = st.builds(
    Content,
    st.lists(MESSAGES, max_size=3).map(tuple),
    st.none() | MESSAGES,
    st.booleans(),
    st.lists(st.builds(CameBack, NAMES, MARKS, st.none() | MARKS), max_size=3).map(tuple),
    st.lists(ASKED, max_size=3).map(tuple),
    st.none() | MARKS,
    st.integers(0, 9),
    st.booleans(),
    st.lists(ASKED, max_size=2).map(tuple),
    st.none() | MARKS,
)


@given(st.dictionaries(st.integers(1, 300), CONTENTS, max_size=8))
def test_contents_come_back(given_contents):
    """Whatever they hold, names of half a character too."""
    chunks = contents.packed(given_contents, 1)

    assert contents.unpacked(data for _, data in chunks) == given_contents
    assert all((first - 1) % contents.AT_ONCE == 0 for first, _ in chunks)


@given(st.sets(st.integers(1, 300)), st.integers(1, 300))
def test_what_is_before_stays(numbers, first):
    """Chunks that end before a round are not made again."""
    some = {number: Content() for number in sorted(numbers)}
    found = contents.unpacked(data for _, data in contents.packed(some, first))
    begin = first - (first - 1) % contents.AT_ONCE

    assert sorted(found) == [number for number in sorted(numbers) if number >= begin]


@given(st.dictionaries(NAMES, NAMES, max_size=4))
def test_names_come_back(names):
    """The names of tools by the ids of calls, in their order."""
    assert list(contents.unpacked_names(contents.packed_names(names)).items()) == list(names.items())


def test_pauses_come_back():
    """The samples of how long caches are kept."""
    samples = {("gpt-5", None, 300): {3: Pauses(1, 0, 9, None), 5: Pauses(0, 2, None, 70)}}

    assert contents.unpacked_pauses(contents.packed_pauses(samples)) == samples
    assert contents.unpacked_pauses(contents.packed_pauses({})) == {}
