"""start, end, status, show and recover around a piece of work, as a user and an agent run them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.command_line import data, envelope, line, run, sessions
from tests.support.repositories import Repository


@pytest.fixture
def place(tmp_path):
    """A repository, and a data folder that is not there yet."""
    return Repository(tmp_path / "tree")


def do(place, *words, **options):
    """A command in the repository."""
    options.setdefault("cwd", place.folder)
    return run(*words, "--data-dir", place.folder.parent / "sessions", **options)


def told(place, *words, **options):
    """What it says as JSON."""
    options.setdefault("cwd", place.folder)
    return data(*words, "--data-dir", place.folder.parent / "sessions", **options)


def error_of(done):
    """How a command failed that was asked for JSON."""
    assert done.returncode == 1
    return json.loads(done.stdout)["error"]["code"]


def test_from_start_to_end(place):
    """It begins, calls count to it, and its end tells how long, which files, which commits, and what they cost."""
    begun = told(place, "start", "Fix", "the build")
    assert (begun["name"], begun["state"], begun["resumed"]) == ("Fix the build", "under_way", False)
    assert begun["git_root"] == str(place.folder)
    place.write("new", "x")
    made = place.commit("second")
    call = ("-p", "openai", "-m", "gpt-4o", "--prompt-tokens", "1000", "--completion-tokens", "100")
    assert told(place, "log-ai", *call)["logged"]["session_id"] == begun["session_id"]

    ended = told(place, "end", "-n", "it is done")

    assert (ended["state"], ended["note"], ended["branch"]) == ("ended", "it is done", "main")
    assert ended["files"] == [{"path": "new", "change": "created", "before": None}]
    assert [(each["hash"], each["subject"]) for each in ended["commits"]] == [(made, "second")]
    assert (ended["calls"]["rounds"], ended["calls"]["cost_usd"]) == (1, "0.0035")
    shown = told(place, "show", begun["session_id"], "--rounds", "none")
    assert shown["noted"]["name"] == "Fix the build"
    assert [note["text"] for note in shown["noted"]["notes"]] == ["it is done"]
    assert shown["work"]["files"] == ended["files"]
    lines = do(place, "show", begun["session_id"], "--files", "--commits").stdout
    assert "\n+ new\n" in lines
    assert f"\n{made[:10]} " in lines
    assert "work" not in told(place, "show", "last", "--fields", "session_id")
    for form in ("text", "md", "html"):
        page = do(place, "show", begun["session_id"], "--format", form).stdout
        assert "Fix the build: ended after " in page
        assert f"{made[:10]} second" in page
    (row,) = told(place, "export", "-", "--what", "sessions")["sessions"]
    assert (row["work_name"], row["files_count"], row["commits_count"]) == ("Fix the build", 1, 1)


def test_what_it_says_to_people(place):
    """In a few lines."""
    said = do(place, "start", "Fix").stdout.splitlines()
    assert said[0] == f"Fix: begun, in {place.folder}, on branch main"
    assert said[1].startswith("  session: fix-")
    place.write("kept", "else")
    assert "Fix: under way for " in do(place, "start", "Fix", "--resume").stdout
    said = do(place, "end").stdout
    assert said.startswith("Fix: ended after ")
    assert "  1 file changed (1 modified)\n  0 commits\n  no calls\n" in said


def test_one_at_a_time(place):
    """A second one is refused with what can be done; the code stays for scripts, and JSON tells it."""
    first = told(place, "start", "First")["session_id"]
    done = do(place, "start", "Second")
    assert (done.returncode, done.stdout) == (1, "")
    assert first in done.stderr
    assert "--resume" in done.stderr
    assert error_of(do(place, "start", "Second", "--json")) == "session_active"
    assert error_of(do(place, "start", "Second", "--resume", "--json")) == "session_active"
    again = told(place, "start", "First", "--resume")
    assert (again["session_id"], again["name"], again["resumed"]) == (first, "First", True)
    second = told(place, "start", "Second", "--parallel")["session_id"]

    done = do(place, "end", "--json")
    assert error_of(done) == "ambiguous_session"
    assert first in done.stderr
    assert second in done.stderr
    assert told(place, "end", environment={"AGENT_SESSION_ID": first})["session_id"] == first
    assert told(place, "end")["session_id"] == second
    assert error_of(do(place, "end", "--json")) == "no_active_session"
    assert error_of(do(place, "end", "-s", first, "--json")) == "no_active_session"
    assert error_of(do(place, "end", "-s", "nobody", "--json")) == "session_not_found"


def test_an_end_without_a_beginning(place):
    """Is told; and where there is no data folder that is what is told."""
    assert error_of(do(place, "end", "--json")) == "no_data"
    told(place, "start", "Elsewhere")
    done = do(place, "end", "--json", cwd=place.folder.parent)
    assert error_of(done) == "no_active_session"
    assert "Elsewhere" not in done.stdout.split("\n")[1:]
    assert "under way are" in done.stderr


@pytest.mark.parametrize("name", ["../../etc/passwd", "-rf", "x\x1b[31m", "  ", "n" * 201, "查询 🙂", "a\nb"])
def test_hostile_names(place, name):
    """Become an id of letters and digits, or are refused; nothing is made outside of the data folder."""
    words = ("start", "--json", "--data-dir", place.folder.parent / "sessions", "--", name)
    done = run(*words, cwd=place.folder)
    assert "\x1b" not in done.stdout + done.stderr
    if done.returncode:
        assert error_of(done) == "invalid_input"
    else:
        session_id = json.loads(done.stdout)["data"]["session_id"]
        assert session_id.replace("-", "").isalnum()
    assert sorted(each.name for each in place.folder.parent.iterdir()) == ["sessions", "tree"]


def test_its_standing(place):
    """Status tells it, before and after the first call; current means its session."""
    begun = told(place, "start", "Fix")["session_id"]
    before = told(place, "status")
    assert (before["session_id"], before["state"], before["rounds"]) == (begun, None, 0)
    assert (before["work"]["name"], before["work"]["state"]) == ("Fix", "under_way")
    assert "no calls yet" in do(place, "status").stdout
    assert told(place, "show", "current", "--files")["files"] == []
    assert do(place, "cost", "--json").returncode == 3

    told(place, "log-ai", "-p", "openai", "-m", "gpt-4o", "-t", "10")
    after = told(place, "status")
    assert (after["session_id"], after["state"], after["work"]["state"]) == (begun, "active", "under_way")
    assert after["work"]["duration"].endswith(" s")
    assert told(place, "cost")["session_id"] == begun
    assert "Fix: under way for" in do(place, "status").stdout
    assert told(place, "note", "current", "a remark")["noted"]["notes"][0]["text"] == "a remark"
    told(place, "end")
    assert told(place, "status")["work"]["state"] == "ended"


def ago(**length):
    """A time so long before now."""
    return f"{datetime.now(timezone.utc) - timedelta(**length):%Y-%m-%dT%H:%M:%SZ}"


def test_what_was_left_behind(place):
    """Recover and --close-stale end what began long ago and has been silent since; what talked lately goes on."""
    folder = place.folder.parent / "sessions"
    pieces = [
        {"session_id": f"s{number}", "name": f"n{number}", "started": ago(hours=20), "cwd": str(place.folder)}
        for number in range(3)
    ]
    lines = [line("s0", outer={"start_time": ago(hours=19)}), line("s1", outer={"start_time": ago(minutes=1)})]
    sessions(folder, *lines)
    (folder / ".work.json").write_text(json.dumps({"schema_version": 1, "pieces": pieces}), encoding="utf-8")

    tried = told(place, "recover", "--dry-run")
    assert tried["work_ended"] == ["s0", "s2"]
    assert "n0 would end" in do(place, "recover", "--dry-run").stdout
    assert told(place, "status", "s0")["work"]["state"] == "under_way"
    assert told(place, "recover")["work_ended"] == ["s0", "s2"]
    assert told(place, "status", "s0")["work"]["state"] == "stale"
    assert told(place, "status", "s1")["work"]["state"] == "under_way"
    assert "work_ended" not in told(place, "recover")

    pieces[1]["cwd"] = pieces[2]["cwd"] = "/elsewhere"
    (folder / ".work.json").write_text(json.dumps({"schema_version": 1, "pieces": pieces}), encoding="utf-8")
    told(place, "start", "New", "--close-stale", cwd=place.folder.parent)
    assert told(place, "status", "s0")["work"]["state"] == "under_way"  # it is in another place


def test_a_file_with_a_mistake(place):
    """Is told with its place, and stays as it is."""
    folder = place.folder.parent / "sessions"
    folder.mkdir()
    (folder / ".work.json").write_text("{", encoding="utf-8")
    for words in (["start", "x"], ["end"], ["status"]):
        done = do(place, *words, "--json")
        assert error_of(done) == "bad_work"
        assert ".work.json" in done.stderr
    assert (folder / ".work.json").read_text(encoding="utf-8") == "{"


def test_what_is_deleted(place):
    """Takes its piece of work along."""
    begun = told(place, "start", "Fix")["session_id"]
    told(place, "log-ai", "-p", "openai", "-m", "gpt-4o", "-t", "10")
    told(place, "end")
    do(place, "delete", begun, "--yes")
    assert begun not in (place.folder.parent / "sessions" / ".work.json").read_text(encoding="utf-8")


def test_no_piece_of_work(place):
    """A session that nobody began has no files that anybody knew of."""
    told(place, "start", "Fix")
    sessions(place.folder.parent / "sessions", line("other"))
    assert error_of(do(place, "show", "other", "--files", "--json")) == "no_work"
    assert "work" not in envelope("show", "other", "--data-dir", place.folder.parent / "sessions")["data"]
