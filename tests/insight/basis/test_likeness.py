"""Two texts have the same mark where they say the same, and only there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.insight.basis import likeness

AT = 1_793_610_012_345
"""2026-11-02T09:00:12.345Z."""

SAME_RESULTS = {
    "a time of now": ("done at 2026-11-02T09:00:12Z", "done at 2026-11-02T09:03:40.120Z"),
    "a time in another zone": ("done at 2026-11-02 17:00:12 by cron", "done at 2026-11-02 17:04:12 by cron"),
    "a time of day": ("09:00:12 INFO nothing new", "09:00:19 INFO nothing new"),
    "seconds since 1970": ('{"at": 1793610012, "open": 3}', '{"at": 1793610077.5, "open": 3}'),
    "how long it took": ("9 passed in 0.31s", "9 passed in 1.2s"),
    "how long it took, in brackets": ("built app (12 ms), no change", "built app (1.5 s), no change"),
    "how long ago": ("last seen 3 min ago, no answer", "last seen 14 min ago, no answer"),
    "milliseconds by name": ('{"took_ms": 12, "hits": 0}', '{"took_ms": 1400, "hits": 0}'),
    "a process": ("pid 4711 is still running here", "pid 5 is still running here"),
    "a uuid": (
        "request 123e4567-e89b-12d3-a456-426614174000 was refused by the server",
        "request 00000000-e89b-12d3-a456-426614174fff was refused by the server",
    ),
    "a random id": ("trace 9f86d081884c was not found in the store", "trace d081884c7d65 was not found in the store"),
    "an address": ("<Cart object at 0x7f3e2a10>", "<Cart object at 0x7f3e2bff>"),
}
OTHER_RESULTS = {
    "progress": ("12 of 50 files are in", "13 of 50 files are in"),
    "a percentage": ("40% after 3 s", "55% after 3 s"),
    "another day": ("Nothing on 2026-12-24T09:00:00Z", "Nothing on 2026-12-25T09:00:00Z"),
    "a date": ("Orders of 2026-11-02: none", "Orders of 2026-11-03: none"),
    "a number of ten digits": ("order 1600000001 is open", "order 1600000002 is open"),
    "ids alone": ('{"id": "9f86d081884c"}', '{"id": "d081884c7d65"}'),
    "what remains to be done": ("ETA 40 s", "ETA 20 s"),
    "the last line of many": ("same\n" * 9000 + "a", "same\n" * 9000 + "b"),
    "the middle of a long text": ("x" * 20_000 + "a" + "x" * 20_000, "x" * 20_000 + "b" + "x" * 20_000),
    "a character with an accent": ("résumé", "resume"),
    "nothing and a blank": ("", " "),
}


@pytest.mark.parametrize("name", SAME_RESULTS)
def test_what_varies_by_nature_is_left_out(name):
    """Two results that differ in that alone say the same."""
    one, other = SAME_RESULTS[name]

    assert likeness.mark_of_result(one, AT) == likeness.mark_of_result(other, AT + 60_000)


@pytest.mark.parametrize("name", OTHER_RESULTS)
def test_what_gets_ahead_is_another_result(name):
    """Two results that differ in that are two."""
    one, other = OTHER_RESULTS[name]

    assert likeness.mark_of_result(one, AT) != likeness.mark_of_result(other, AT)


@given(st.text(), st.text())
def test_other_texts_have_other_marks(one, other):
    """Texts without a digit are the same only where each character is."""
    one, other = ("".join(each for each in text if not each.isdigit()) for text in (one, other))

    assert (likeness.mark_of_result(one, AT) == likeness.mark_of_result(other, AT)) == (one == other)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_how_arguments_are_written_makes_no_other(value):
    """The order of keys, spaces and escapes change no mark; a value more does."""
    marks = {
        likeness.mark_of_arguments(json.dumps(value, **how))
        for how in ({}, {"ensure_ascii": False}, {"indent": 1}, {"separators": (",", ":")}, {"sort_keys": True})
    }

    assert marks == {likeness.mark_of_arguments(json.dumps(value))}
    assert likeness.mark_of_arguments(json.dumps([value, "more"])) not in marks


ARGUMENTS = {
    "a whole number written as a fraction": ('{"limit": 10}', '{"limit": 10.0}', True),
    "a nonce": ('{"q": "a", "nonce": "x1"}', '{"q": "a", "nonce": "y2"}', True),
    "a request's id": ('{"q": "a", "requestId": 1}', '{"q": "a", "requestId": 2}', True),
    "the time of now": ('{"q": "a", "now": "2026-11-02T09:00:10Z"}', '{"q": "a", "now": "2026-11-02T09:00:12Z"}', True),
    "now in seconds": ('{"url": "/a?t=1793610011"}', '{"url": "/a?t=1793610012"}', True),
    "now as a number": ('{"t": 1793610011345}', '{"t": 1793610012000}', True),
    "an id that is asked for": (
        '{"id": "123e4567-e89b-12d3-a456-426614174000"}',
        '{"id": "123e4567-e89b-12d3-a456-426614174001"}',
        False,
    ),
    "another time": ('{"since": "2026-11-01T09:00:10Z"}', '{"since": "2026-10-31T09:00:10Z"}', False),
    "a cursor": ('{"offset": 100}', '{"offset": 200}', False),
    "the end of a long text": (json.dumps({"new": "x" * 9000 + "a"}), json.dumps({"new": "x" * 9000 + "b"}), False),
    "spaces in what is no JSON": ("ls  -l\n", "ls -l", True),
    "a truth and a number": ('{"all": true}', '{"all": 1}', False),
    "text and a number": ('{"id": "1"}', '{"id": 1}', False),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments(name):
    """What was only made so that no two calls are alike makes no other; all else does."""
    one, other, are_same = ARGUMENTS[name]

    assert (likeness.mark_of_arguments(one, AT) == likeness.mark_of_arguments(other, AT)) == are_same


@pytest.mark.parametrize(
    ("arguments", "waits"),
    [
        ('{"command": "sleep 30; gh run view 7"}', True),
        ('{"command": "tail -n 5 server.log"}', True),
        ('{"command": "kubectl get pods"}', True),
        ('{"chars": ""}', True),
        ('{"command": "git status"}', False),
        ('{"path": "src/cart.ts"}', False),
        ("{}", False),
        ('{"text": "%s sleep 3"}' % ("x" * 5000), False),
    ],
)
def test_who_waits(arguments, waits):
    """A command that waits, or looks whether something is done, is known by its words; a long text is no command."""
    assert likeness.are_waiting(arguments) == waits


def test_errors_and_answers():
    """An error is the same at another line, not with another count; an answer is the same with another number."""
    error, answer = likeness.mark_of_error, likeness.mark_of_text

    assert error("cart.ts:12:4 Cannot find total") == error("cart.ts:99:1 cannot find total")
    assert error("Error: 3 of 9 failed") != error("Error: 2 of 9 failed")
    assert error("Error in a\n" + "x" * 9000 + "1 failed") != error("Error in a\n" + "x" * 9000 + "2 failed")
    assert answer("Step 1:  Reading") == answer("step 22: reading ")
    assert answer("a" * 30_000 + "x") != answer("a" * 30_000 + "y")


def test_the_frame_of_a_text():
    """Of a system prompt all that varies is left out, were it most of it."""
    frame = likeness.mark_of_frame

    assert frame("Now: 2026-11-02T09:00:12Z, call 1") == frame("Now: 2027-01-01T10:00:00Z, call 22")
    assert frame("Today is 2026-11-02.") == frame("Today is 2027-03-17.")
    assert frame("Be brief. 1") != frame("Be kind. 1")


@pytest.mark.parametrize(
    "text",
    ["1" * 20_000, "ab1" * 8000, "1.1" * 8000, "pid " * 5000, "2026-11-02T09:" * 2000, "(1" * 9000, "\ud800" * 10],
)
def test_no_text_takes_long(text):
    """Whatever stands in a text, it has a mark, and one of its own."""
    assert likeness.mark_of_result(text, AT) != likeness.mark_of_result(text + "x", AT)


@pytest.mark.parametrize(
    ("text", "says_why"),
    [
        ("Exit code 1", False),
        ("exit status: 127\n", False),
        ("Error", False),
        ("", False),
        ("Exit code 1\ngrep: no such file", True),
        ('{"exit_code": 1, "stdout": "", "stderr": ""}', False),
        ('{"exit_code": 1, "stderr": "boom"}', True),
        ('{"exit_code": ', True),
        ("File does not exist.", True),
    ],
)
def test_an_error_that_says_nothing(text, says_why):
    """An exit code alone, or no word at all, is no reason that could come again."""
    assert likeness.says_why(text) is says_why
