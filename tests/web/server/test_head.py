"""What is no strictly well-formed request is refused, and nothing in it or behind it is believed or answered."""

from __future__ import annotations

import json
import re
from pathlib import Path

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.waiting import until
from tests.support.webserving import raw, serving
from web.server import head
from web.server.exchange import Refusal

REQUESTS = json.loads((Path(__file__).parent / "data" / "requests.json").read_text(encoding="utf-8"))
HOST = b"Host: localhost\r\n"
PIPELINED = b"GET /api/me?id=pipelined HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def written(row):
    """The bytes of a row: letters stand for single bytes."""
    text = row.get("raw") or "\r\n".join(row["lines"]) + "\r\n\r\n"
    return (text + row.get("behind", "")).encode("latin-1")


def statuses(answers):
    """The statuses of all answers in these bytes."""
    return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d+) [A-Z]", answers)]


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row["what"])
def test_each_request_over_a_socket(folder, row):
    """It gets the status of the table; one that is refused as no request ends its connection, and leaves one line."""
    with serving(folder) as running:
        answers = raw(running, written(row) + PIPELINED)
        told = until(lambda: running.log[:], "it was told")

    first, *behind = statuses(answers)
    is_last = b"\r\nConnection: close\r\n" in answers.partition(b"\r\n\r\n")[0]
    assert (first, behind) == (row["status"], [] if is_last else [200])
    assert is_last or first in (200, 401, 403, 404)
    assert re.fullmatch(rf"127\.0\.0\.1 [!-~]+ \S+ {first} \d+ [\d.]+ms", told[0])
    assert told[0].isprintable()
    assert len(told) == 1 or not is_last


# -- in bytes ----------------------------------------------------------------------------------------------------------

NAMES = ("Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "A", "B-c", "Cookie", "X-Forwarded-For")
VALUES = ("localhost", "0", "5", "chunked", "close", "keep-alive", "", "a b", "a\tb", " x ", "\xe9", "a, b", '"q"')
ODD = tuple("\0\t\n\v\f\r\x1b \x7f\x80\xa0\xff:;,()/?#\\[]{}")
texts = st.text(st.characters(max_codepoint=255), max_size=5)
header_lines = st.builds(
    "{}{}{}".format,
    st.one_of(st.sampled_from(NAMES), st.sampled_from(NAMES), texts),
    st.sampled_from((": ", ": ", ":", ":\t ", " : ", "")),
    st.one_of(st.sampled_from(VALUES), st.sampled_from(VALUES), texts),
)
request_lines = st.builds(
    "{}{}{}{}HTTP/{}".format,
    st.one_of(st.sampled_from(("GET", "HEAD", "POST", "get")), texts),
    st.sampled_from((" ", " ", " ", "  ", "\t")),
    st.one_of(st.sampled_from(("/", "/a?b=c", "*", "http://a/b", "a:80", "/%41;x")), texts.map("/{}".format), texts),
    st.sampled_from((" ", " ", " ", "")),
    st.sampled_from(("1.1", "1.1", "1.1", "1.0", "2.0", "1.1 ", "1.10")),
)


@st.composite
def heads(draw):
    """Heads that are mostly sound, and often wrong in one place."""
    lines = [draw(request_lines)] if draw(st.booleans()) else ["GET / HTTP/1.1"]
    lines += ["Host: localhost"] if draw(st.integers(0, 5)) else []
    lines += draw(st.lists(header_lines, max_size=4))
    text = draw(st.sampled_from(("\r\n", "\r\n", "\r\n", "\n"))).join(lines) + "\r\n\r\n"
    if not draw(st.integers(0, 3)):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(ODD)) + text[place + draw(st.integers(0, 1)) :]
    return text.encode("latin-1")


def by_h11(data):
    """What a strict reader of somebody else's makes of a head: method, target and headers; None where it refuses."""
    reader = h11.Connection(h11.SERVER)
    reader.receive_data(data)
    try:
        found = reader.next_event()
    except h11.RemoteProtocolError:
        return None
    if not isinstance(found, h11.Request) or reader.trailing_data[0]:
        return None
    named = {}
    for name, value in found.headers:
        named.setdefault(name.decode(), []).append(value.decode("latin-1"))
    return found.method.decode(), found.target.decode(), named


@given(heads())
@example(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
@example(b"HEAD /a?b=c HTTP/1.0\r\nA: \t\xe9 \r\nA:\r\nCookie: a=b\r\ncookie: c=d\r\n\r\n")
def test_what_h11_refuses_is_refused(data):
    """Whatever is taken here, h11 takes too, and reads the same in it: there is no second opinion to smuggle by."""
    end = head.end(data)
    found = head.parsed(data[:end])
    if isinstance(found, Refusal):
        assert found.status in (400, 405, 413, 431, 505)
        return
    method, target, named = by_h11(data[:end])  # a blank line among the headers ends them
    assert found.method == method
    if target.startswith("/"):
        assert (found.path, "?" in target) == (target.partition("?")[0], bool(found.query) or target.endswith("?"))
        assert found.headers == {
            name: ("; " if name == "cookie" else ", ").join(values) for name, values in named.items()
        }


@given(heads(), st.lists(st.integers(0, 200), max_size=5))
def test_a_head_that_comes_in_pieces(data, cuts):
    """Wherever a head is cut in two, it ends where it would, and none is given up that would be taken."""
    whole = head.end(data)
    seen, found = 0, None
    for cut in [*sorted(cuts), len(data)]:
        found = head.end(data[:cut], seen)
        if found is not None:
            break
        if head.hopeless(data[:cut], seen):
            assert isinstance(head.parsed(data[:whole]), Refusal)
            return
        seen = min(cut, len(data))
    assert found == whole


def test_a_sound_head_is_waited_for():
    """As long as a head may still be sound, the rest of it is waited for."""
    data = b"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nA: \xe9\r\n\r\n"
    for length in range(len(data)):
        assert head.hopeless(data[:length]) is None
        assert head.end(data[:length]) is None
        assert head.end(data, length) == len(data)
    assert head.end(data) == head.end(data + b"GET") == len(data)


@pytest.mark.parametrize(
    "data", [b"\x16", b"\r\n", b"\n", b"GET /\xe5", b"GET /\r\n", b"GET / HTTP/1.1\n", b"SSH-2.0-x\r\n"]
)
def test_what_can_be_no_head_is_not_waited_for(data):
    """What begins otherwise is refused when it comes, not when its time is over."""
    assert head.hopeless(data).status == 400
    assert [bool(head.hopeless(data[:length])) for length in range(1, len(data))].count(True) <= 1


def test_an_address_in_other_letters_says_what_to_do():
    """Who sends an address as they wrote it is told how it is sent."""
    found = head.parsed("GET /api/search?q=天气 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert "percent-encoded" in str(found)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET /api/session?key=SECRET HTTP/1.1\r\n", ("GET", "/api/session")),
        (b"GET /a#SECRET x", ("GET", "/a")),
        (b"GET /a\tSECRET", ("GET", "/a")),
        (b"GET /a\r\nSECRET: x", ("GET", "/a")),
        (b"NONSENSE\r\n\r\n", ("NONSENSE", "-")),
        (b"GET?key=SECRET /", ("-", "-")),
        (b"\x16\x03 SECRET", ("-", "-")),
        (b"", ("-", "-")),
        (b"GET ?SECRET", ("GET", "-")),
    ],
)
def test_what_is_told_of_a_refused_one(data, expected):
    """The access line of what cannot be read names method and path where they stand, and no query."""
    assert head.told(data) == expected
