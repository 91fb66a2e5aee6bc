"""With which words did a session begin?"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_monitor.sessions import title
from tests.support.stored_rounds import keep, round_of


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"question": " What\n is\tit? ", "messages": []}, "What is it?"),
        ({"question": None, "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "hi"}]}, "hi"),
        ({"question": "", "messages": [{"role": "user", "content": [{"type": "text", "text": "parts"}]}]}, "parts"),
        ({"question": "é" * 300, "messages": []}, "é" * 199 + "…"),
        ({"question": None, "messages": ["odd", {"role": "assistant", "content": "x"}]}, None),
        ({"question": {"a": 1}, "messages": []}, None),
        ({"question": None, "messages": [{"role": "user", "content": " "}, {"role": "user", "content": "x"}]}, None),
        ({"question": "x" * 200, "messages": []}, "x" * 200),
        ({"question": "x" * 201, "messages": []}, "x" * 199 + "…"),
    ],
)
def test_titles(entry, expected):
    """A session's title is what was asked first, on one line and not too long; None where nothing was."""
    assert title.of_round(entry) == expected


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ODD = st.sampled_from(['],"question":"no"', '"messages":[],"question":null', "\\", '"', "\n", "x" * 300, ""])
CONTENTS = st.none() | TEXTS | ODD | st.lists(st.builds(lambda text: {"type": "text", "text": text}, TEXTS | ODD))
MESSAGES = st.lists(
    st.builds(
        lambda role, content, more: {"role": role, "content": content, **more},
        st.sampled_from(["user", "system"]),
        CONTENTS,
        st.sampled_from([{}, {"tags": [], "question": "odd"}]),
    ),
    max_size=3,
)


@given(st.none() | TEXTS | ODD, MESSAGES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_title_is_found_without_reading_the_whole_round(tmp_path, question, messages):
    """Whatever stands in the first round, its file gives the same title as the round itself."""
    first = round_of(1, question=question, messages=messages)
    keep(tmp_path, "s", first, round_of(2, question="second"))

    assert title.of_file(str(tmp_path), "s.json") == title.of_round(first)


def test_what_cannot_be_read_has_no_title(tmp_path):
    """A file that is gone, that is torn, or that was changed by hand is no reason to fail."""
    assert title.of_file(str(tmp_path), "s.json") is None
    keep(tmp_path, "s", round_of(1, question="first"))
    path = tmp_path / "s.json"
    whole = path.read_bytes()
    for end in (0, 10, whole.index(b"\n") + 1, whole.index(b"first"), whole.index(b"crc32")):
        path.write_bytes(whole[:end])
        assert title.of_file(str(tmp_path), "s.json") is None
    path.write_bytes(whole.replace(b"first", b"worst"))
    assert title.of_file(str(tmp_path), "s.json") is None


def test_a_long_round_is_read_to_its_end(tmp_path):
    """A first round that is longer than what is mostly read has its title all the same."""
    messages = [{"role": "system", "content": "instructions " * 50_000}, {"role": "user", "content": "hello"}]
    keep(tmp_path, "s", round_of(1, question="hello", messages=messages))

    assert title.of_file(str(tmp_path), "s.json") == "hello"
