"""How is a value written as JSON, with no byte that need not be there?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.base import compact_json

VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)
BOTH = pytest.mark.parametrize("lacks", [False, True], ids=["in C", "in Python"])


@pytest.fixture
def encode(lacks, monkeypatch):
    """An encoder, of a Python that has its own in C or lacks it."""
    if lacks:
        monkeypatch.setattr(json.encoder, "c_make_encoder", None)
    return compact_json.encoder(allow_nan=False)


@given(VALUE)
def test_the_same_as_the_standard_librarys(value):
    """Every value is written as ``json.dumps`` writes it, as text where that has UTF-8."""
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    assert compact_json.encoder(allow_nan=False)(value) == expected.encode()


@BOTH
def test_half_a_surrogate_pair(encode):
    """Text that has no UTF-8 is escaped, and comes out of JSON as it went in."""
    value = {"key \ud800": ["天气", "\udfff"]}

    assert json.loads(encode(value)) == value
    assert encode(value).isascii()
    assert encode("天气") == '"天气"'.encode()


@BOTH
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_no_json(encode, number):
    """What not every JSON reader can take is refused, or let through where that is asked for."""
    with pytest.raises(ValueError, match="Out of range"):
        encode({"number": [number]})

    document = json.loads(compact_json.encoder(allow_nan=True)([number]))
    assert repr(document) == repr([number])


@BOTH
def test_what_json_has_no_form_for(encode):
    """A value of another kind is a mistake of the program, and told as such."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        encode({1, 2})
