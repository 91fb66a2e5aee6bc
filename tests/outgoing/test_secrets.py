"""Secrets are found where it is said, and what is told has none of them."""

from __future__ import annotations

import urllib.parse

import pytest

from session_monitor.outgoing import secrets

HOOK = "https://hooks.slack.com/services/T0123/B0456/abcdEFGHijklMNOPqrst1234"


def test_where_a_secret_is(tmp_path):
    """It is the value itself, or in the environment, or alone in a file, without the line's end."""
    (tmp_path / "key").write_text("s3cret\n")

    assert secrets.resolved("plain", {}) == "plain"
    assert secrets.resolved("env:KEY", {"KEY": " s3cret "}) == "s3cret"
    assert secrets.resolved(f"file:{tmp_path / 'key'}", {}) == "s3cret"


@pytest.mark.parametrize(
    ("value", "content", "why"),
    [
        ("env:KEY", None, "the environment has no KEY"),
        ("env:EMPTY", None, "the environment has no EMPTY"),
        ("file:{}/key", None, "key: No such file"),
        ("file:{}/key", b"", "it has none"),
        ("file:{}/key", b"s3cret\nother\n", "several lines"),
        ("file:{}/key", b"\xff\xfe", "it is no text"),
    ],
)
def test_a_secret_that_is_not_there(tmp_path, value, content, why):
    """It is said where it was looked for, and nothing of what stood there."""
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    with pytest.raises(secrets.NoSecretError, match=why) as raised:
        secrets.resolved(value.format(tmp_path), {"EMPTY": " "})
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (HOOK, "https://hooks.slack.com/…1234"),
        ("http://[::1]:8080/a/long/path/of/it", "http://[::1]:8080/…f/it"),
        ("tk_0123456789abcdef", "…cdef"),
        ("short", "…"),
        ("env:KEY", "env:KEY"),
        ("https://user:password@example.com/hook/of/somebody", "https://example.com/…body"),
    ],
)
def test_what_is_shown_of_a_secret(value, shown):
    """Enough to know it again: scheme, host and the last four characters; of what is short, nothing."""
    assert secrets.shown(value) == shown


@pytest.mark.parametrize("form", [str, urllib.parse.quote_plus, lambda text: text.replace("/", "\\/"), str.strip])
def test_an_answer_that_repeats_a_secret(form):
    """In whatever way it is written, it is taken out before anything is cut; control characters are harmless."""
    answer = f"no such hook\x1b[31m {form(HOOK)} " + "x" * 500
    clean = secrets.without(answer, [HOOK])

    assert "abcdEFGH" not in clean
    assert clean.startswith("no such hook\\x1b[31m …")
    assert len(clean) == 200
    assert secrets.without("path /services/T0123/B0456/abcdEFGHijklMNOPqrst1234 is gone", [HOOK]) == "path … is gone"
    assert secrets.without("token abcdEFGHijklMNOPqrst1234", [HOOK]) == "token …"
    assert secrets.without("key=K0", ["https://h/cgi?key=K0-and-more"]) == "key=K0"
