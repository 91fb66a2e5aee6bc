"""What do the calls at the end of the logs hold, and what do they lack?"""

from __future__ import annotations

import json

import pytest

from session_monitor.log.log_file import LogFile
from session_monitor.log.rotation import LogPlace
from session_monitor.prices import cost
from session_monitor.upkeep import sample
from session_monitor.upkeep.sample import Sample
from tests.support import calls
from tests.support.calls import BOOK

NOTHING_TOLD = {"input_token": None, "output_token": None, "total_token": None}


def taken(*lines, book=BOOK):
    """What is counted of these lines."""
    found = Sample()
    sample.take(found, lines, book)
    return found


def outer(line, **fields):
    """A line with these fields beside ``ai_log``."""
    return json.dumps({**json.loads(line), **fields}).encode()


@pytest.mark.parametrize(
    ("most_bytes", "most_lines", "expected"),
    [
        (100, 100, [b"one", b"two", b"three"]),
        (14, 100, [b"two", b"three"]),
        (13, 100, [b"three"]),
        (7, 100, []),
        (100, 2, [b"two", b"three"]),
    ],
)
def test_the_last_lines_of_a_log(tmp_path, most_bytes, most_lines, expected):
    """They are whole lines, no more than asked for, from no more bytes than asked for."""
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\nthree\nhalf")
    file = LogFile(LogPlace(str(path), (0, 2, "")))
    assert sample.last_lines(file, most_bytes, most_lines) == expected
    file.close()


def test_what_answered_calls_tell():
    """Those that a model answered to the end are counted with what they lack; failed and left ones are not among them."""
    found = taken(
        calls.line("s", ["x"], chat_id="c"),
        calls.line("s", ["x"], **NOTHING_TOLD),
        calls.line("s", ["x"], model=None, chat_id="c", **NOTHING_TOLD),
        calls.line("s", ["x"], code="503", **NOTHING_TOLD),
        outer(calls.line("s", ["x"], **NOTHING_TOLD), response_flags="DC", bytes_sent="500"),
    )
    assert (found.answered, found.answered_without_tokens, found.id_alone, found.left_without_tokens) == (3, 2, 1, 1)
    assert found.coverage.failed == 1
    assert found.session_ids == {"s": 5}


@pytest.mark.parametrize(
    ("told", "is_alone"),
    [
        ({**NOTHING_TOLD, "model": None, "chat_id": "c"}, True),
        ({**NOTHING_TOLD, "model": None}, False),
        ({**NOTHING_TOLD, "chat_id": "c"}, False),
        ({"model": None, "chat_id": "c"}, False),
    ],
)
def test_a_call_of_which_an_id_alone_is_told(told, is_alone):
    """Neither its tokens nor its model are, and it has an id of the provider's."""
    assert taken(calls.line("s", ["x"], **told)).id_alone == is_alone


def test_the_newest_call():
    """The latest of their times, in whatever order they came; none where no call tells one."""
    times = ("2026-02-01T09:30:15Z", "2026-02-01T09:30:17Z", "-", "2026-02-01T09:30:16Z")
    assert taken(*(calls.line("s", start_time=each) for each in times)).newest == 1769938217000
    assert taken(calls.line("s", start_time="-")).newest is None


def test_who_calls():
    """Programs are counted where their calls have no session id, and where the plugin skipped them, with the path alone."""
    skipped = outer(b'{"ai_log":"-"}', method="POST", path="/v1/responses?x", response_code="200", user_agent="codex/1")
    found = taken(
        outer(calls.line(None), user_agent="curl/8"),
        outer(calls.line(None), user_agent="-"),
        outer(calls.line("s"), user_agent="other"),
        skipped,
        skipped.replace(b"?x", b"?key=y"),
    )
    assert found.clients == {"curl/8": 1, "": 1}
    assert (found.skipped_paths, found.skipped_clients) == ({"/v1/responses": 2}, {"codex/1": 2})
    assert (found.coverage.skipped_answered, found.coverage.passed_over) == (2, {"skipped_calls": 2})


def test_what_is_wrapped_is_looked_at_as_well():
    """Also in pieces; and who calls is read from what was wrapped."""
    line = outer(calls.line(None), user_agent="curl/8")
    pieces = [b"2026-11-20T10:00:01Z stdout " + piece for piece in (b"P " + line[:60], b"F " + line[60:])]

    assert taken(*pieces).clients == {"curl/8": 1}
    assert taken(*pieces).coverage == taken(line).coverage


def test_without_a_book_no_price_is_looked_for():
    """What is not priced is counted by model and reason, if there is a book."""
    found = taken(*[calls.line("s", model="my-own")] * 2, calls.line("s", model=None))
    assert found.unpriced == {("my-own", cost.UNKNOWN_MODEL): 2, ("", cost.NO_MODEL): 1}
    assert (found.coverage.lines, found.coverage.calls) == (3, 3)
    assert not taken(calls.line("s", model="my-own"), book=None).unpriced
