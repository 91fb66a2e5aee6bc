"""tail: what is printed of a session that goes on."""

from __future__ import annotations

import contextlib
import json

import pytest

from commands import tail
from commands.shared import failures, parsers
from session_monitor.base import data_folder, files
from session_monitor.conversations import follow
from tests.support.command_line import command_line, status_of
from tests.support.stored_rounds import keep, round_of
from tests.support.talking import between


def tailed(talking, capsys, *arguments, steps=()):
    """What tail prints of session ``a``, while these things happen."""
    options = command_line(tail).parse_args(["tail", "a", "--data-dir", str(talking.path), *arguments])
    output, _ = parsers.output(options), parsers.data(options, {})
    tail.tail(options, output, follow.rounds(talking.reports, "a", options.rounds, between(*steps)), "a")
    return capsys.readouterr().out.splitlines()


def test_tail(talking, capsys):
    """The latest three rounds, and each new one, as show prints them."""
    lines = tailed(talking, capsys, steps=[lambda: talking.talk("a"), lambda: talking.talk("b")])

    assert lines[:2] == ["📝 a", ""]
    heads = [line.split(" @")[0] for line in lines if line.startswith("  Round")]
    assert heads == ["  Round 2", "  Round 3", "  Round 4", "  Round 5"]
    assert (
        lines[-5:]
        == [
            "    🔧 Tool calls: No",
            "    Messages (none new, after 1 sent before):",
            "    ❓ Question: question 5",
            "    ✅ Answer: answer 5",
        ]
        or lines[-1] == "    ✅ Answer: answer 5"
    )
    assert not any("Messages" in line for line in tailed(talking, capsys, "--messages", "none"))


def test_who_waits_in_vain_is_told_so(talking, capsys, monkeypatch):
    """Where no monitor is at work nothing new will come; who asks for what there is now does not wait."""
    monkeypatch.setattr(tail, "pausing", lambda _interval, once: contextlib.nullcontext(lambda: False))

    def told(*more):
        status_of(command_line(tail).parse_args(["tail", "a", "--data-dir", str(talking.path), *more]))
        return capsys.readouterr().err

    assert told() == "cli.py: no monitor is at work here: new rounds come when main.py reads them\n"
    assert told("--once") == ""
    with files.lock(str(talking.path / data_folder.LOCK), "a monitor"):
        assert told() == ""


def test_tail_as_json(talking, capsys):
    """One object a line, a round each with what it cost; without messages where none are wanted."""
    lines = tailed(talking, capsys, "--json", "--rounds", "last", steps=[lambda: talking.talk("a")])

    answers = list(map(json.loads, lines))
    assert {tuple(answer) for answer in answers} == {("schema_version", "data")}
    rounds = [answer["data"] for answer in answers]
    assert [entry["round"] for entry in rounds] == [4, 5]
    assert {"cost_usd", "messages"} <= rounds[0].keys()
    (entry,) = map(json.loads, tailed(talking, capsys, "--json", "--rounds", "last", "--messages", "none"))
    assert entry["data"].keys().isdisjoint(("messages", "messages_from_history"))


def test_tail_tells_conversations_apart(talking, capsys):
    """Each round says which of several conversations it goes on with, and as JSON without messages nothing of these is left."""
    keep(talking.path, "a", round_of(1), round_of(2, thread=2, history_of=0), round_of(3, history_of=1))
    talking.forget_index()

    heads = [line for line in tailed(talking, capsys) if line.startswith("  Round")]
    assert [head.rpartition(" · ")[2] for head in heads] == ["conversation 1", "conversation 2", "conversation 1"]
    entries = (json.loads(line)["data"] for line in tailed(talking, capsys, "--json", "--messages", "none"))
    assert not any("history_of" in entry for entry in entries)


def test_tail_of_a_session_that_goes_away(talking, capsys):
    """It ends with exit code 3 and says why."""
    with pytest.raises(failures.Failure, match="the session a is there no more") as failure:
        tailed(talking, capsys, steps=[(talking.path / "a.json").unlink])
    assert failure.value.status == failures.NOT_FOUND
