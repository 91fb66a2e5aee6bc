"""How an answer reads in bytes, over real sockets."""

from __future__ import annotations

import gzip

import pytest

from tests.support.webserving import raw, status

SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/", 200), ("/api/sessions", 200), ("/static/a.js", 200), ("/nothing", 404), ("/api/session", 400)],
)
def test_every_answer_says_what_keeps_the_page_safe(running, path, expected):
    """Pages, data and refusals all have the headers, and none lets other sites read them."""
    found = running.ask(path)

    assert found.status == expected
    assert {name: found.headers[name] for name in SAFETY} == SAFETY
    assert "no-cache" in found.headers["Cache-Control"]
    assert not [name for name in found.headers if name.lower().startswith("access-control")]
    assert "Python" not in str(found.headers)


@pytest.mark.parametrize("path", ["/", "/api/sessions", "/api/overview", "/static/a.js", "/nothing"])
def test_head_is_get_without_a_body(running, path):
    """HEAD has the status and the headers of GET, its length too, and nothing behind them."""
    whole, head = running.ask(path), running.ask(path, method="HEAD")

    same = ("Content-Type", "Content-Length", "ETag")
    assert (head.status, head.body) == (whole.status, b"")
    assert [head.headers[name] for name in same] == [whole.headers[name] for name in same]


@pytest.mark.parametrize("path", ["/", "/api/sessions", "/static/a.js"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_what_is_known_is_not_sent_again(running, path, coding):
    """With the mark of the answer that somebody has, they are told that nothing changed."""
    first = running.ask(path, {"Accept-Encoding": coding})
    again = running.ask(path, {"Accept-Encoding": coding, "If-None-Match": f'W/"other", {first.headers["ETag"]}'})
    other = running.ask(path, {"If-None-Match": '"other"'})

    assert (again.status, again.body, other.status) == (304, b"", 200)
    assert again.headers["ETag"] == first.headers["ETag"]


def test_large_answers_are_compressed_for_those_who_want_it(running):
    """Gzip is used from some size on, where it is accepted, and holds the same."""
    plain = running.ask("/api/sessions")
    packed = running.ask("/api/sessions", {"Accept-Encoding": "br, gzip;q=0.5"})
    refused = running.ask("/api/sessions", {"Accept-Encoding": "gzip;q=0, br"})
    small = running.ask("/api/me", {"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.body) == plain.body == refused.body
    assert len(packed.body) < len(plain.body) / 2
    assert refused.headers["Content-Encoding"] is None
    assert small.headers["Content-Encoding"] is None


@pytest.mark.parametrize(
    "wrong", ["%0d%0aX-Evil:%201", "%0aSet-Cookie:%20a=b", "%00", "%e2%80%a8", "%0d%0a%0d%0a<script>"]
)
@pytest.mark.parametrize(
    "path", ["/?key={}", "/session?id={}&key=x", "/api/session?id={}", "/api/session/export?id={}"]
)
def test_no_parameter_becomes_a_header(running, path, wrong):
    """Line ends in a parameter end no line of the answer."""
    answer = raw(running, f"GET {path.format(wrong)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    assert status(answer) in (303, 404)
    assert "x-evil" not in head.lower().replace("%0d%0ax-evil", "")
    assert "set-cookie" not in head.lower().replace("%0aset-cookie", "")
    assert "<script>" not in answer.decode("latin-1")
