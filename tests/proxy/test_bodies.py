"""A body is the same whichever way it comes, and one that is none is refused."""

from __future__ import annotations

import io
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.proxy import bodies
from session_monitor.proxy.bodies import BadBodyError, TooLargeError


def read(data, largest=1000, **headers):
    """The body of these bytes, and what is left of them for the next request."""
    head = Message()
    for name, value in headers.items():
        head[name.replace("_", "-")] = value
    file = io.BytesIO(data)
    return bodies.read(file, head, largest), file.read()


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=6), st.sampled_from([b"", b";a=b", b" "]), st.binary())
def test_chunks(pieces, extension, following):
    """In any chunks, with what may stand beside their sizes; the next request begins behind it."""
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(each), extension, each) for each in pieces)
    data = chunks + b"0\r\nTrailer: x\r\n\r\n" + following
    assert read(data, transfer_encoding="chunked") == (b"".join(pieces), following)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_a_length(body, following):
    """So many bytes, and no more."""
    assert read(body + following, content_length=str(len(body))) == (body, following)


def test_none():
    """Neither a length nor chunks: there is none."""
    assert read(b"next") == (b"", b"next")


@given(st.binary(max_size=40))
def test_any_chunks(data):
    """Whatever comes: a body, or a refusal."""
    try:
        body, _ = read(data, transfer_encoding="chunked")
    except BadBodyError:
        return
    assert len(body) <= len(data)


@pytest.mark.parametrize("data", [b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\nx\r\n0\r\n\r\n", b"fffffffffffffff\r\n"])
def test_too_large(data):
    """It is refused before it is read."""
    with pytest.raises(TooLargeError):
        read(data, transfer_encoding="chunked")
    with pytest.raises(TooLargeError):
        read(b"", content_length="1001")
