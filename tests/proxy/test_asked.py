"""A request that is asked for tokens in its client's place is otherwise the same, and only such a one is."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.proxy.protocols.asked import Asked

values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just('"include_usage": "stream"')
bodies = st.dictionaries(st.sampled_from(["model", "messages", "n", "user", "é"]), values, max_size=4)


def of_chat(body, encoding=""):
    """A request for chat completions."""
    data = json.dumps(body).encode()
    return Asked("chat", "/v1/chat/completions", gzip.compress(data) if encoding else data, encoding)


@given(bodies, st.sampled_from(["absent", None, {}, {"other": 1}]), st.sampled_from(["", "gzip"]))
def test_it_asks_and_stays_the_same(body, options, encoding):
    """Whatever else it says, and whether or not it says anything of its stream."""
    body = {**body, "stream": True, **({} if options == "absent" else {"stream_options": options})}
    asked = of_chat(body, encoding)

    assert asked.leaves_usage_open()
    wanted = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    assert json.loads(asked.with_usage()) == {**body, "stream_options": wanted}


@given(bodies)
def test_all_other_bytes_stay(body):
    """Numbers, spaces and escapes are as the client wrote them."""
    data = b' {"temperature": 1.0e0, "stream":true, ' + json.dumps(body).encode().lstrip(b"{")
    data = data if body else b'{"temperature": 1.0e0, "stream":true}'
    asked = Asked("chat", "/v1/chat/completions", data, "")

    assert asked.with_usage().endswith(data.lstrip()[1:])
    assert json.loads(asked.with_usage()) == {**json.loads(data), "stream_options": {"include_usage": True}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"stream": False},
        {"stream": 1},
        {"stream": True, "stream_options": {"include_usage": False}},
        {"stream": True, "stream_options": {"include_usage": True}},
        {"stream": True, "stream_options": []},
        [1],
    ],
)
@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_who_is_not_asked_for(body, encoding):
    """No stream, or one whose client said what it wants."""
    assert not of_chat(body, encoding).leaves_usage_open()


def test_other_apis_tell_by_themselves():
    """None of them is asked."""
    for protocol in ("responses", "messages", "gemini"):
        assert not Asked(protocol, "/v1/x", b'{"stream": true}', "").leaves_usage_open()


def test_models():
    """In the body, or in Gemini's path."""
    assert of_chat({"model": "m"}).model == "m"
    assert of_chat({"model": 7}).model is None
    assert Asked("chat", "/v1/chat/completions", b"\x28\xb5", "zstd").model is None
    assert Asked("gemini", "/v1beta/models/g-1:generateContent", b"", "").model == "g-1"
