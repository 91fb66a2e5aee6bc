"""search as a user sees it: hits for people and for scripts, and why there are none."""

from __future__ import annotations

import contextlib
import json
import re
import unicodedata

import pytest

from commands import search
from commands.shared import failures
from commands.shared.output import Output
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.search import indexed_rounds, word_index, words
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.command_line import command_line, status_of

LONG = "很长的回答，" * 20 + "然后是天气预报，" + "还有很多别的内容，" * 20


def line(session_id, question, answer, minute=0, **more):
    """A call of that minute."""
    start = f"2026-02-01T09:{minute:02}:15Z"
    return calls.line(session_id, [question], start_time=start, question=question, answer=answer, **more)


def read(home, *lines):
    """One pass of a monitor over a log with these lines."""
    folder = home / "sessions"
    folder.mkdir(exist_ok=True)
    with open(home / "access.log", "ab") as log:
        log.write(b"".join(each + b"\n" for each in lines))
    state = Checkpoint(str(folder / ".state.json"), str(folder))
    Ingest([str(home / "access.log")], Store(str(folder)), state).poll()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A person's home with some sessions."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    lines = [
        line("agent:main", "查询北京天气", "晴", 1),
        line("evil\x1b[31m\nid", "The weather\x1b[2J is bad\nreally", LONG, 2, model="evil\x1b[0m"),
        line("agent:main", "And tomorrow?", "The weather stays", 3, reasoning="Weather again"),
    ]
    read(tmp_path, *lines)
    return tmp_path


@pytest.fixture
def run(home, capsys):
    """Run a search on that folder; what it prints, and what it says beside that."""

    def run_(*arguments):
        words = ["search", "--data-dir", str(home / "sessions"), *arguments]
        status_of(command_line(search).parse_args(words))
        captured = capsys.readouterr()
        return captured.out, captured.err

    return run_


@pytest.fixture
def data(run):
    """What it prints as JSON."""

    def data_(*arguments):
        out, err = run("--json", *arguments)
        assert err == ""
        return json.loads(out)["data"]

    return data_


def test_hits_for_people(run, monkeypatch):
    """A line that says which round it is, and below it the words with what is around them; the latest first."""
    monkeypatch.setenv("TZ", "UTC")
    out, err = run("weather")
    lines = out.splitlines()
    assert err == ""
    assert [line for line in lines if not line.startswith("    ")] == [lines[0], lines[2]]
    assert lines[0].startswith("agent:main · round 2 @ 2026-02-01T")
    assert lines[0].endswith("· gpt-4 · answer")
    assert lines[1] == "    The weather stays"


def test_no_text_of_the_log_steers_the_terminal(run):
    """Not the id, not the model, not what was said."""
    out, _ = run("bad")
    assert not [char for char in out if unicodedata.category(char) == "Cc" and char != "\n"]
    assert "evil" in out
    assert "weather" in out


def test_matches_in_bold(run, monkeypatch):
    """In colour the matches stand out, also where a line is broken, and no line is wider than the terminal."""
    out, _ = run("天气 OR", "--color", "always")
    assert (
        out
        == "No round has 天气 OR: a round has to have all of the words; words are found whole, or by their beginning: 'OR*'.\n"
    )
    out, _ = run("天气预报", "--color", "always")
    assert "然后是\x1b[1m天气预报\x1b[0m，" in out
    monkeypatch.setattr(Output, "columns", lambda _output: 20)
    monkeypatch.setattr(search, "local_time", lambda _time: "-")
    out, _ = run("天气预报", "--color", "always")
    shown = out.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()[1:]
    assert max(sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line) for line in shown) <= 20
    assert "天气预报" in "".join(line.strip() for line in shown)
    assert out.count("\x1b[1m") == out.count("\x1b[0m") > 0


def test_hits_for_scripts(data):
    """All that is known of a hit, with the spans that match."""
    results = data("北京", "天气")
    assert results["more"] is False
    (hit,) = results["hits"]
    assert hit == {
        "session_id": "agent:main",
        "round": 1,
        "timestamp": "2026-02-01T09:01:15Z",
        "model": "gpt-4",
        "where": "question",
        "excerpt": "查询北京天气",
        "matches": [[2, 4], [4, 6]],
    }


def test_options(data, run):
    """Where to look, how many to show, and all the filters."""
    assert [hit["round"] for hit in data("weather", "--in", "reasoning")["hits"]] == [2]
    assert data("weather", "--limit", "1")["more"] is True
    assert [hit["session_id"] for hit in data("weather", "--session", "agent:*")["hits"]] == ["agent:main"]
    assert data("weather", "--until", "2026-01-31")["hits"] == []
    out, _ = run("weather", "--limit", "1")
    assert out.splitlines()[-1] == "(the latest 1 round; --limit shows more)"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["天氣"], "No round has 天氣."),
        (["nonesuc"], "by their beginning: 'nonesuc*'"),
        (["weather", "nonesuc"], "by their beginning: 'nonesuc*'"),
        (["nonesuch", "--in", "answer"], "without --in it is looked for everywhere"),
        (["nonesuch", "--session", "a*"], "without --session a* in all rounds"),
        (["weather", "nonesuch"], "a round has to have all of the words"),
    ],
)
def test_nothing_found(run, data, arguments, hint):
    """An empty answer is no failure; it says why it is empty and what would help."""
    out, err = run(*arguments)
    assert hint in out
    assert err == ""
    assert data(*arguments) == {
        "hits": [],
        "more": False,
        "notes": [],
        "more_notes": False,
        "complete": True,
        "looked_through": 1.0,
    }


@pytest.mark.parametrize("text", ["☀️", "", " "])
def test_nothing_to_look_for(run, text):
    """What holds no letter or digit is in no text: that is no empty answer."""
    with pytest.raises(failures.Failure, match="holds no letter or digit to look for") as told:
        run(text)
    assert (told.value.code, told.value.status) == ("no_words", failures.USAGE)


def test_too_many_words(data, run):
    """They are refused before anything is looked for, and it is said how many there may be."""
    assert data(*map(str, range(words.MOST)))["hits"] == []
    with pytest.raises(failures.Failure, match="more than 32 words") as told:
        run(*map(str, range(words.MOST + 1)))
    assert told.value.status == failures.USAGE


def test_a_folder_without_sessions(run, home):
    """Who has no sessions yet is told how to get some."""
    for path in (home / "sessions").iterdir():
        path.unlink()
    out, _ = run("weather")
    assert out.startswith("No sessions in ")


def test_a_log_without_content(run, home):
    """Where the gateway logs no content no search can help."""
    for path in (home / "sessions").iterdir():
        path.unlink()
    (home / "access.log").unlink()
    read(home, calls.line("mute").replace(rb",\"messages\":[]", b""))
    out, _ = run("weather")
    assert out.startswith("The log holds no content of any call")


def test_what_is_there_so_far(run, monkeypatch):
    """Where looking through all takes long, it is said how much the answer is about; the same search goes on."""
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    monkeypatch.setattr(search, "PATIENCE", 0)
    out, err = run("no-such-word")
    assert "No round so far has no-such-word" in out
    assert re.search(r"looked through \d+% of all rounds", out + err)
    told = json.loads(run("no-such-word", "--json")[0])["data"]
    assert (told["complete"], 0 < told["looked_through"] < 1) == (False, True)
    for _ in range(100):
        if "so far" not in run("no-such-word")[0]:
            break
    told = json.loads(run("no-such-word", "--json")[0])["data"]
    assert (told["complete"], told["looked_through"]) == (True, 1.0)


def test_no_index_can_be_kept(run, monkeypatch):
    """It is said that searching takes longer, beside the answer."""
    monkeypatch.setattr(word_index, "opened", lambda *_args, **_more: contextlib.nullcontext(None))
    out, err = run("北京")
    assert "查询北京天气" in out
    assert "no search index can be kept" in err


def test_no_full_text_search(run, monkeypatch):
    """It is a failure that says what would help."""
    tables = ["CREATE VIRTUAL TABLE text USING none(a)"]
    monkeypatch.setattr(word_index, "_WORD_INDEX", word_index._WORD_INDEX._replace(tables=tables))
    with pytest.raises(failures.Failure, match="has no full-text search") as failure:
        run("weather")
    assert (failure.value.code, failure.value.status) == ("no_full_text", 1)
