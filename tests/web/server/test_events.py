"""What is told to whoever keeps listening, over real sockets."""

from __future__ import annotations

import contextlib
import json

import pytest

from session_monitor.reports.report import NoSuchFolderError
from tests.support import prepared
from tests.support.calls import line
from tests.support.waiting import until
from tests.support.webserving import serving
from web.answers.desk import Desk
from web.server import events
from web.server.exchange import Refusal


@pytest.fixture
def log(tmp_path):
    """A log with one call of a session."""
    path = tmp_path / "access.log"
    path.write_bytes(line("s", ["hi"]) + b"\n")
    return path


def read(log, folder):
    """One pass of the monitor over the log."""
    return prepared.ingest(log, folder)


def add(log, session_id, *texts):
    """A further call in the log."""
    with log.open("ab") as file:
        file.write(line(session_id, texts) + b"\n")


@contextlib.contextmanager
def listening(running, path, headers=None):
    """The events of a stream, as pairs of name and data."""
    with running.connect() as connection:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["X-Frame-Options"] == "DENY"
        yield told(answer)


def told(answer):
    """Each event that comes."""
    name = None
    for each in answer:
        field, _, value = each.decode().strip().partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(events, "BETWEEN", 0.02)


def test_a_session_that_grows(log, tmp_path):
    """Who follows a session hears of its new rounds, and finds them when they ask."""
    reading = read(log, tmp_path / "sessions")
    with serving(reading, now=None) as running, listening(running, "/api/session/events?id=s&after=1") as heard:
        add(log, "other", "hello")
        read(log, tmp_path / "sessions")
        add(log, "s", "hi", "there")
        read(log, tmp_path / "sessions")
        assert next(heard) == ("rounds", {"last": 2})
        found = running.ask("/api/session/rounds", id="s", after=1).data
        assert [entry["round"] for entry in found["rounds"]] == [2]
        assert found["rounds"][0]["messages"] == [{"role": "user", "content": "there"}]
        for text in ("a", "b"):
            add(log, "s", text)
        read(log, tmp_path / "sessions")
        assert next(heard) == ("rounds", {"last": 4})


def test_who_comes_back_hears_what_they_missed(log, tmp_path):
    """A stream that is opened behind what there is, or again with the last event's id, tells at once what is new."""
    add(log, "s", "more")
    with serving(read(log, tmp_path / "sessions")) as running:
        with listening(running, "/api/session/events?id=s&after=1") as heard:
            assert next(heard) == ("rounds", {"last": 2})
        with listening(running, "/api/session/events?id=s&after=2", {"Last-Event-ID": "1"}) as heard:
            assert next(heard) == ("rounds", {"last": 2})
        assert running.ask("/api/session/events", id="none").status == 404


def test_changes_of_all_sessions(log, tmp_path):
    """Who follows the overview hears of each change, and asks for what is new."""
    reading = read(log, tmp_path / "sessions")
    with serving(reading, now=None) as running, listening(running, "/api/events") as heard:
        name, first = next(heard)
        add(log, "s", "more")
        read(log, tmp_path / "sessions")
        change = next(each for name, each in heard if each != first)
        assert name == "change"
        assert change["change"] > first["change"]
        rounds = until(lambda: running.ask("/api/health").data["rounds"] == 2, "it is known")
        assert rounds


def test_so_many_listen_and_no_more(log, tmp_path):
    """Of streams there are a number; beyond it one is told to ask now and then, and one that ends makes room."""
    with serving(read(log, tmp_path / "sessions"), most_streams=2) as running, contextlib.ExitStack() as stack:
        stack.enter_context(listening(running, "/api/events"))
        with listening(running, "/api/session/events?id=s"):
            found = running.ask("/api/events")
            assert (found.status, found.code, found.headers["Retry-After"]) == (503, "too_many_streams", "30")
            assert running.ask("/api/events", method="HEAD").status == 200
            assert running.ask("/api/sessions").status == 200
        until(lambda: len(running.site.connections._streams) == 1, "the other one's end was seen")
        stack.enter_context(listening(running, "/api/events"))


def test_what_cannot_be_told_just_now_ends_no_stream(log, tmp_path, monkeypatch):
    """While the index is made, or the folder is away, who listens hears nothing, and what is new as soon as there is."""
    refused = []

    def refusing(error):
        def refuse(*_anything):
            refused.append(error)
            raise error

        return refuse

    reading = read(log, tmp_path / "sessions")
    with (
        serving(reading, now=None) as running,
        listening(running, "/api/events") as changes,
        listening(running, "/api/session/events?id=s&after=1") as rounds,
    ):
        _, heard = next(changes)
        for name, error in (
            ("change", Refusal(503, "no_data", "not now")),
            ("ask", Refusal(503, "indexing", "not yet")),
            ("ask", NoSuchFolderError(str(reading))),
        ):
            with monkeypatch.context() as patched:
                patched.setattr(Desk, name, refusing(error))
                add(log, "s", "more")
                read(log, reading)
                until(lambda error=error: refused.count(error) > 2, "both have looked")
            count = len(log.read_bytes().splitlines())
            assert next(told for told in rounds if told[1]["last"] >= count) == ("rounds", {"last": count})
            heard = next(told for _, told in changes if told["change"] > heard["change"])


# -- the events themselves ---------------------------------------------------------------------------------------------


def looks(numbers):
    """A look that gives these numbers, and a wait that ends with them."""
    left = list(numbers)
    return lambda: left.pop(0), lambda _seconds: not left


def heard(pieces):
    """The data of events, and a dot for each look without news."""
    return [json.loads(each.split(b"data: ")[1]) if each else "." for each in pieces]


@pytest.mark.parametrize(
    ("after", "counts", "expected"),
    [
        (1, [1, 1, 2, 2, 5], [".", ".", {"last": 2}, ".", {"last": 5}]),
        (None, [3, 4], [".", {"last": 4}]),
        (0, [3], [{"last": 3}]),
        (3, [3, None, 2, 3], [".", ".", {"last": 2}, {"last": 3}]),
        (3, [3, 0, 3, 3, 0, 2], [".", ".", {"last": 3}, ".", ".", {"last": 2}]),
    ],
)
def test_events_of_rounds(after, counts, expected):
    """Each other number is told once, also a lower one, and one that was taken back when it comes again."""
    look, wait = looks(counts)
    assert heard(events.rounds(look, after, wait)) == expected


def test_events_of_a_session_end_with_it():
    """Who listens to a session that is gone for some looks hears the end; what is back before that goes on."""
    none = [0] * (events.GONE - 1)
    look, wait = looks([3, *none, 4, *[None] * events.GONE, *none, 0, 5, 6])
    nothing = ["."] * len(none)
    assert heard(events.rounds(look, 3, wait)) == [".", *nothing, {"last": 4}, *["."] * events.GONE, *nothing]


def test_events_of_changes():
    """Each change is told when it happens, and once more when it was the last for a while."""
    look, wait = looks([1, 2, None, 2, 2, 2, 2, 2, 2, 2])
    one, two = {"change": 1}, {"change": 2}
    assert heard(events.changes(look, wait)) == [one, two, ".", ".", ".", ".", two, ".", ".", "."]


def test_events_of_alerts():
    """That something changed in what fires is told when it did, beside the changes of the data, and not at first."""
    look, wait = looks([1, 1, 2, 2])
    alerts = iter([7, 7, 8, 9, 9])
    found = list(events.changes(look, wait, lambda: next(alerts)))
    names = [[each.partition(b"\n")[0] for each in piece.split(b"event: ")[1:]] for piece in found]
    assert names == [[b"change"], [b"alerts"], [b"alerts", b"change"], []]
    assert b'data: {"alerts": 8}' in found[1]


def test_signs_of_life():
    """After a while without news there is a comment, so that nobody in between takes the connection for dead."""
    pieces = list(events.with_signs_of_life(iter([b""] * events.QUIET + [b"news"] + [b""] * 3)))
    assert pieces[0].startswith(b"retry: ")
    assert pieces[1 : events.QUIET] == [b""] * (events.QUIET - 1)
    assert pieces[events.QUIET].startswith(b":")
    assert pieces[events.QUIET + 1 :] == [b"news", b"", b"", b""]


def test_signs_of_life_are_few():
    """The next comment takes as long again; after news nobody needs one for as long."""
    comments = [piece.startswith(b":") for piece in events.with_signs_of_life(iter([b""] * (2 * events.QUIET + 1)))]
    assert [at for at, is_comment in enumerate(comments) if is_comment] == [events.QUIET, 2 * events.QUIET + 1]
    almost = [b""] * (events.QUIET - 1)
    assert not any(piece.startswith(b":") for piece in events.with_signs_of_life(iter([*almost, b"news", *almost])))
