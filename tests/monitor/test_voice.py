"""How does the monitor say what a person should hear?"""

from __future__ import annotations

from session_monitor.ingest.poll import Poll
from session_monitor.monitor.voice import Voice


def poll_of(*, problems=(), notices=(), lacks_logs=False):
    """A poll with these."""
    poll = Poll()
    poll.problems, poll.notices, poll.lacks_logs = list(problems), list(notices), lacks_logs
    return poll


def test_what_stays_true_is_said_once(capsys):
    """Problems come before notices; what is new is said, and what was not true in between is said again."""
    voice = Voice(quiet=True)

    def said(**more):
        """What a person hears of a poll with these."""
        voice.troubles(poll_of(**more))
        told = capsys.readouterr()
        assert told.out == ""
        return told.err.splitlines()

    assert said(problems=["a"], notices=["b"]) == ["main.py: a", "main.py: b"]
    assert said(problems=["a", "c"], notices=["b"]) == ["main.py: c"]
    assert said() == []
    assert said(problems=["a"]) == ["main.py: a"]


def test_what_helps_where_logs_were_not_read(capsys):
    """It is said with the first such problem, behind all of them, and once."""
    voice = Voice(quiet=False)
    for problems in (["a", "b"], ["b", "c"]):
        voice.troubles(poll_of(problems=problems, notices=["n"], lacks_logs=True))

    first, second, advice, notice, third = capsys.readouterr().err.splitlines()
    assert (first, second, notice, third) == ("main.py: a", "main.py: b", "main.py: n", "main.py: c")
    assert advice.startswith("main.py: for what was not read: ")
    assert "--allow-dir" in advice

    Voice(quiet=False).troubles(poll_of(problems=["a"]))
    assert capsys.readouterr().err == "main.py: a\n"


def test_what_is_said_steers_no_terminal(capsys):
    """A name in it may be a stranger's."""
    Voice(quiet=False).aloud("a\x1b[2Jb\nc")
    assert capsys.readouterr().err == "main.py: a\\x1b[2Jb\\nc\n"
