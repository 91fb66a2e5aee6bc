"""From lines to answers: one that fails does no harm, what is given up is not answered, and lines are written whole."""

from __future__ import annotations

import json
import os
import threading

import pytest

from mcp_server import server
from mcp_server.protocol.messages import RefusedError
from mcp_server.server import McpServer, writer
from mcp_server.tools.folder import DataFolder

SECRET = "what somebody said"


class Fake:
    """Methods that wait, fail, tell how far they are, or answer with their name."""

    def __init__(self):
        self.begun, self.go_on = threading.Event(), threading.Event()

    def answer(self, message, desk):
        name = message.params.get("name", message.method)
        if name == "wait":
            self.begun.set()
            assert self.go_on.wait(20)
            desk.hear(1, 2)
            desk.hear(2, 2)
        if name == "fail":
            raise ValueError(SECRET)
        if name == "refuse":
            raise RefusedError(-32602, "no", {"why": 1})
        return {"name": name}


@pytest.fixture
def fake():
    """Methods whose waiting one goes on at the end in any case."""
    made = Fake()
    yield made
    made.go_on.set()


def line(name, to=None, **more):
    """A call of the tool of this name; without an id a notification."""
    own = {} if to is None else {"id": to}
    return json.dumps({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": name, **more}, **own}).encode()


def cancel(to):
    """The notification that gives a call up."""
    return json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": to}}).encode()


def served(fake, lines):
    """What is written to these lines, and whether all was answered."""
    written = []
    is_done = McpServer(DataFolder("/nowhere", {}, "UTC"), fake, written.append).serve(lines)
    return [json.loads(each) for each in written], is_done


def test_an_answer_that_fails_does_no_harm(fake, capsys):
    """It is an internal error to who asked; stderr says where it is from, and no word of it; the next one is answered."""
    lines = [
        line("fail", 1),
        json.dumps({"jsonrpc": "2.0", "id": 2, "method": "fail"}).encode(),
        line("x", 3),
        line("refuse", 4),
    ]
    answers, is_done = served(fake, lines)
    found = {each["id"]: each for each in answers}
    assert is_done
    for number in (1, 2):
        assert found[number]["error"] == {"code": -32603, "message": "Internal error: ValueError"}
    assert found[3]["result"] == {"name": "x"}
    assert found[4]["error"] == {"code": -32602, "message": "no", "data": {"why": 1}}
    said = capsys.readouterr().err.splitlines()
    assert sorted(each.split(":")[1].strip() for each in said) == ["fail", "tools/call"]
    assert all("ValueError at test_server.py:" in each and SECRET not in each for each in said)


def test_what_is_given_up(fake):
    """A call at work ends where it tells how far it is, one in the line never begins; neither is answered, and searches go by."""

    def lines():
        yield line("wait", "w")
        assert fake.begun.wait(20)
        yield line("x", 1)
        yield line("search", 2)
        yield cancel("w")
        yield cancel(1)
        yield cancel("nobody")
        fake.go_on.set()
        yield line("y", 3)

    answers, is_done = served(fake, lines())
    assert is_done
    assert sorted(each["id"] for each in answers) == [2, 3]


def test_progress_before_the_answer(fake):
    """Who gives a token hears of it, with that token, and only before the answer; a token of another type is none."""
    fake.go_on.set()
    answers, _ = served(fake, [line("wait", 1, _meta={"progressToken": 0})])
    assert [each.get("method", each.get("id")) for each in answers] == ["notifications/progress", 1]
    assert answers[0]["params"] == {"progressToken": 0, "progress": 1, "total": 2}
    for token in (None, True, [], 1.5):
        answers, _ = served(fake, [line("wait", 1, _meta={"progressToken": token})])
        assert len(answers) == 1


def test_the_end_of_the_input(fake, monkeypatch):
    """Calls that are at work have a moment to be answered in, and no more."""
    monkeypatch.setattr(server, "GRACE", 0.05)
    answers, is_done = served(fake, [line("wait", 1)])
    assert (answers, is_done) == ([], False)


def test_lines_are_written_whole():
    """Many threads write, and a pipe takes a part at a time: each line is whole all the same."""
    reading, writing = os.pipe()
    write = writer(writing, lambda: None)
    lines = {bytes([97 + number]) * 150_000 + b"\n" for number in range(8)}
    threads = [threading.Thread(target=write, args=(each,)) for each in lines]
    for thread in threads:
        thread.start()
    read = b""
    while read.count(b"\n") < len(lines):
        read += os.read(reading, 10_000)
    for thread in threads:
        thread.join()
    assert set(read.splitlines(keepends=True)) == lines
    os.close(reading)
    os.close(writing)


def test_nobody_reads_any_more():
    """Then whoever wrote is told to leave."""
    reading, writing = os.pipe()
    os.close(reading)
    left = []
    writer(writing, lambda: left.append(True))(b"x\n")
    os.close(writing)
    assert left == [True]
