"""A line is a message, or a mistake with the code of JSON-RPC; what comes out is one line of ASCII."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server.protocol import messages
from mcp_server.protocol.messages import McpMessage, Mistake


def of(value):
    """What a line with this value says."""
    return messages.message(json.dumps(value).encode())


def test_a_request_and_a_notification():
    """With an id it is a request; ids are strings or integers, and keep their type; params may be left out."""
    assert of({"jsonrpc": "2.0", "id": 1, "method": "ping"}) == McpMessage(1, "ping", {})
    assert of({"jsonrpc": "2.0", "id": "1", "method": "a", "params": {"b": 2}}) == McpMessage("1", "a", {"b": 2})
    assert of({"jsonrpc": "2.0", "method": "notifications/x", "params": None}) == McpMessage(
        None, "notifications/x", {}
    )


@pytest.mark.parametrize(
    "line", [b"\n", b"  \r\n", b'{"jsonrpc":"2.0","id":1,"result":{}}', b'{"jsonrpc":"2.0","id":1,"error":{}}']
)
def test_what_wants_no_answer(line):
    """Blank lines and a client's own answers are passed over."""
    assert messages.message(line) is None


@pytest.mark.parametrize(
    ("line", "code", "to"),
    [
        (b'{"jsonrpc":"2.0","id":1,"meth', -32700, None),
        (b"\xff\xfe{}\n", -32700, None),
        (b"\xef\xbb\xbf{}\n", -32700, None),
        (b"[" * 100_000, -32700, None),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', -32700, None),
        (b'{"jsonrpc":"2.0","id":%s,"method":"ping"}' % (b"9" * 5000), None, None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, None),
        (b"[]", -32600, None),
        (b'"ping"', -32600, None),
        (b"null", -32600, None),
        (b'{"id":1,"method":"ping"}', -32600, 1),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600, 1),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, None),
        (b'{"jsonrpc":"2.0","id":"a"}', -32600, "a"),
        (b'{"jsonrpc":"2.0","id":"a","method":7}', -32600, "a"),
        (b'{"jsonrpc":"2.0","id":2,"method":"ping","params":[]}', -32602, 2),
        (None, -32600, None),
    ],
)
def test_mistakes_are_values(line, code, to):
    """What is no message has its code, and the id where that can be told; newer Pythons refuse numbers of 5,000 digits."""
    found = messages.message(line)
    if code is None:
        assert isinstance(found, McpMessage) or found.code == -32700
    else:
        assert (found.code, found.id) == (code, to)


def test_a_notification_with_wrong_params_is_passed_over():
    """Notifications never get an answer, not even for a mistake."""
    assert of({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": [1]}) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read(line):
    """No line raises anything."""
    assert isinstance(messages.message(line), (McpMessage, Mistake, type(None)))


def test_lines_of_a_stream():
    """Lines come one by one, the last one also without its end; of one that is too long nothing is kept."""
    stream = io.BytesIO(b"ab\n\ncdefghij\nkl")
    assert list(messages.lines(stream, 4)) == [b"ab\n", b"\n", None, b"kl"]
    assert list(messages.lines(io.BytesIO(b"abcd\nabcde\nabcdef"), 4)) == [b"abcd\n", None, None]


@given(st.dictionaries(st.text(), st.text()))
def test_what_goes_out_is_one_line(value):
    """Whatever is in it, a message is one line of ASCII, and half a surrogate pair stands there as JSON's escape."""
    for line in (
        messages.result(1, value),
        messages.error("\ud800", -32603, "\n", value),
        messages.notification("n", value),
    ):
        assert line.isascii()
        assert line.index(b"\n") == len(line) - 1
        assert json.loads(line)["jsonrpc"] == "2.0"
    assert json.loads(messages.result("é\ud800", value)) == {"jsonrpc": "2.0", "id": "é\ud800", "result": value}
