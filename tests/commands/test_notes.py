"""note, tag, star, archive and name as a user runs them: what is noted is kept, told, and harmless wherever it is shown."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.support.command_line import CLI, ENVIRONMENT, data, line, run, sessions

NOT_FOUND, USAGE, FAILED = 3, 2, 1
EVIL = "\x1b[31m<img src=x onerror=alert(1)>\u202e [a](javascript:x)\n# heading"


@pytest.fixture
def folder(tmp_path):
    """Three sessions."""
    lines = [line("agent:a", 1), line("agent:b", 2), line("other", 3)]
    return sessions(tmp_path / "sessions", *lines)


def do(folder, *words, **options):
    """A command on this folder."""
    return run(*words, "--data-dir", folder, **options)


def noted(folder, session_id):
    """All that is noted of a session."""
    return data("note", session_id, "--data-dir", folder)["noted"]


def listed(folder, *words):
    """The ids in a list."""
    return [row["session_id"] for row in data("list", *words, "--data-dir", folder)]


def test_everything_that_is_noted_is_told(folder):
    """Under the session, in the order in which it was written; taking away leaves the rest."""
    before = {path.name: path.read_bytes() for path in folder.glob("[!.]*.json")}
    assert do(folder, "note", "agent:a").stdout == "agent:a: nothing is noted of it.\n"
    assert do(folder, "note", "agent:a", "the", "first").stdout == "agent:a: noted, as number 1.\n"
    do(folder, "note", "agent:a", "two\nlines")
    assert do(folder, "tag", "agent:a", "bug", "#prod").stdout == "agent:a: #bug #prod\n"
    assert do(folder, "star", "agent:a").stdout == "agent:a: ★\n"
    assert do(folder, "name", "agent:a", "The", "build").stdout == "agent:a: called The build\n"
    assert do(folder, "archive", "agent:a").stdout.startswith("agent:a: archived 20")

    shown = do(folder, "note", "agent:a").stdout.splitlines()
    assert shown[:2] == ["agent:a:", "  The build"]
    assert shown[2].startswith("  ★ · #bug #prod · archived 20")
    assert [shown[3].endswith("  the first"), shown[4].endswith("  two"), shown[5].strip()] == [True, True, "lines"]
    told = noted(folder, "agent:a")
    assert (told["name"], told["starred"], told["tags"]) == ("The build", True, ["bug", "prod"])
    assert [note["text"] for note in told["notes"]] == ["the first", "two\nlines"]

    for words in (["note", "agent:a", "--remove", "1"], ["tag", "agent:a", "bug", "--remove"]):
        assert do(folder, *words).returncode == 0
    for command in ("star", "archive", "name"):
        assert do(folder, command, "agent:a", "--off").returncode == 0
    told = noted(folder, "agent:a")
    assert [note["text"] for note in told.pop("notes")] == ["two\nlines"]
    assert told == {"name": None, "starred": False, "archived": None, "tags": ["prod"]}
    assert {path.name: path.read_bytes() for path in folder.glob("[!.]*.json")} == before
    assert (folder / ".notes.json").stat().st_mode & 0o777 == 0o600


def test_a_session_is_named_as_everywhere(folder):
    """By a part that one has, as last, by a link, or as that of the environment."""
    link = "http://localhost:8888/session?id=agent%3Ab&key=x"
    for wanted, environment in (("other", {}), ("last", {}), ("current", {"AGENT_SESSION_ID": "agent:a"}), (link, {})):
        assert do(folder, "note", wanted, "x", environment=environment).returncode == 0

    assert [len(noted(folder, each)["notes"]) for each in ("other", "agent:a", "agent:b")] == [2, 1, 1]
    assert do(folder, "note", "agent", "x").returncode == USAGE
    assert do(folder, "note", "nobody", "x").returncode == NOT_FOUND


def test_archiving_again_keeps_the_time(folder):
    """Since when a session is over is told as it was said first."""
    do(folder, "archive", "agent:a")
    since = noted(folder, "agent:a")["archived"]
    do(folder, "archive", "agent:a")

    assert noted(folder, "agent:a")["archived"] == since


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["note", "last", " "], "a note has no text"),
        (["note", "last", "x" * 10_001], "10,000 characters at most"),
        (["note", "last", "x", "--remove", "1"], "do one after the other"),
        (["note", "last", "--remove", "1"], "there is no note 1: there are none"),
        (["note", "last", "--remove", "0"], "no whole number above 0"),
        (["tag", "last", "a,b"], "a tag is 1 to 50 characters"),
        (["tag", "last", "a", "--remove"], "it has no tag a: it has none"),
        (["tag", "last", "--remove"], "name the tags"),
        (["name", "last", "x", "--off"], "leave TEXT out"),
        (["name", "last", "x" * 201], "200 characters at most"),
    ],
)
def test_what_cannot_be_noted(folder, words, said):
    """Is said, and nothing is written."""
    done = do(folder, *words)

    assert (done.returncode, done.stdout) == (USAGE, "")
    assert said in done.stderr
    assert not (folder / ".notes.json").exists()


def test_list_calls_sessions_by_their_names(folder):
    """With star and tags beside it; one that is archived is left out, which is said."""
    do(folder, "name", "agent:a", "The build")
    do(folder, "tag", "agent:a", "bug")
    do(folder, "star", "agent:a")
    do(folder, "tag", "agent:b", "Bug-2")
    do(folder, "archive", "other")

    shown = do(folder, "list", "--long")
    assert [row.split("  ")[0] for row in shown.stdout.splitlines()[2:4]] == ["agent:b", "agent:a"]
    assert "★ The build #bug" in shown.stdout
    assert "question 2 #Bug-2" in shown.stdout
    assert "(Archived ones are left out: --archived shows them.)" in shown.stdout
    assert "(archived) question 3" in do(folder, "list", "--archived").stdout
    assert listed(folder) == ["agent:b", "agent:a"]
    assert listed(folder, "--archived") == ["other", "agent:b", "agent:a"]
    assert listed(folder, "--tag", "bug") == ["agent:a"]
    assert listed(folder, "--tag", "#bug*") == ["agent:b", "agent:a"]
    assert listed(folder, "--tag", "bug*", "--starred") == ["agent:a"]
    assert listed(folder, "--tag", "none", "--tag", "bug-2") == ["agent:b"]
    assert listed(folder, "--starred", "--sort-by", "cost", "--since", "2026-02-01") == ["agent:a"]
    assert listed(folder, "--status", "ended") == ["other"]
    assert listed(folder, "--status", "stale") == ["agent:b", "agent:a"]
    assert listed(folder, "--status", "idle", "--archived") == ["other", "agent:b", "agent:a"]
    rows = data("list", "--archived", "--fields", "session_id,noted.tags", "--data-dir", folder)
    assert rows[1:] == [
        {"session_id": "agent:b", "noted": {"tags": ["Bug-2"]}},
        {"session_id": "agent:a", "noted": {"tags": ["bug"]}},
    ]


def test_an_empty_list_says_why(folder):
    """What was asked for, and that archived ones are left out where there are some."""
    assert do(folder, "list", "--tag", "x").stdout == "No sessions with --tag x: 'list' shows all.\n"
    for session_id in ("agent:a", "agent:b", "other"):
        do(folder, "archive", session_id)
    assert do(folder, "list").stdout == "No sessions: archived ones are left out, which --archived shows.\n"


def test_without_notes_a_list_is_as_it_was(folder):
    """Nothing is said of them; JSON has null."""
    assert "rchived" not in do(folder, "list").stdout
    assert [row["noted"] for row in data("list", "--data-dir", folder)] == [None] * 3
    assert not (folder / ".notes.json").exists()


def test_a_mistake_in_the_file_is_told(folder):
    """A list goes on without notes, unless it is asked by them; nobody writes over what a person wrote."""
    (folder / ".notes.json").write_text('{"schema_version": 1, "sessions": {"a": {"tags": [1]}}}', encoding="utf-8")

    shown = do(folder, "list")
    assert (shown.returncode, len(shown.stdout.splitlines())) == (0, 5)
    assert 'sessions["a"]: tags[0]: a tag must be a text' in shown.stderr
    for words in (["list", "--starred"], ["list", "--status", "stale"], ["note", "last"], ["note", "last", "x"]):
        done = do(folder, *words)
        assert (done.returncode, done.stdout) == (FAILED, "")
        assert f"{folder}/.notes.json: " in done.stderr
    assert json.loads(do(folder, "star", "last", "--json").stdout)["error"]["code"] == "bad_notes"
    done = do(folder, "delete", "other", "--yes")
    assert (done.returncode, (folder / "other.json").exists()) == (FAILED, True)


def test_deleting_takes_along_what_is_noted(folder):
    """One by one, and all that are old; what is noted of others stays."""
    for session_id in ("agent:a", "agent:b", "other"):
        do(folder, "note", session_id, f"secret of {session_id}")
    do(folder, "delete", "agent:a", "--yes")
    assert "agent:a" not in (folder / ".notes.json").read_text(encoding="utf-8")
    assert len(noted(folder, "agent:b")["notes"]) == 1

    do(folder, "prune", "--older-than", "2026-03-01", "--yes")
    assert "secret" not in (folder / ".notes.json").read_text(encoding="utf-8")


def test_commands_at_once_lose_nothing(folder):
    """Each of them notes what it was told."""
    command = [sys.executable, CLI, "note", "other", "--data-dir", folder]
    running = [
        subprocess.Popen([*map(str, command), f"number {at}"], env=ENVIRONMENT, stdout=subprocess.DEVNULL)
        for at in range(6)
    ]
    assert [each.wait(60) for each in running] == [0] * 6

    assert sorted(note["text"] for note in noted(folder, "other")["notes"]) == [f"number {at}" for at in range(6)]


def test_words_may_stand_behind_options(folder):
    """As somebody types them; an option that there is none of is still no text."""
    assert run("tag", "other", "a", "--data-dir", folder, "b").stdout == "other: #a #b\n"
    assert run("tag", "other", "--remove", "a", "--data-dir", folder).stdout == "other: #b\n"
    assert run("note", "other", "--data-dir", folder, "--", "-x is no option").returncode == 0
    assert noted(folder, "other")["notes"][0]["text"] == "-x is no option"
    done = run("note", "other", "text", "--remov", "--data-dir", folder)
    assert (done.returncode, "did you mean --remove?" in done.stderr) == (USAGE, True)


def test_a_folder_that_cannot_be_written(folder):
    """Is told, and what the user can do."""
    if os.geteuid() == 0:
        shutil.rmtree(folder / ".notes.lock", ignore_errors=True)
        (folder / ".notes.lock").mkdir()
    else:
        folder.chmod(0o500)

    done = do(folder, "star", "last")
    folder.chmod(0o700)
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert ".notes.lock" in done.stderr


def test_text_of_strangers_steers_nothing(folder):
    """Neither a terminal nor a line of a table."""
    do(folder, "note", "other", EVIL)
    do(folder, "name", "other", EVIL)

    for words in (["note", "other"], ["name", "other"], ["list"]):
        shown = do(folder, *words).stdout
        assert "\\x1b[31m<img" in shown
        assert not {"\x1b", "\u202e"} & set(shown)


# -- where it is shown -------------------------------------------------------------------------------------------------


def test_show_tells_what_is_noted(folder):
    """As text, as Markdown, as a page and as JSON."""
    for words in (
        ["note", "other", "a|b <i>"],
        ["name", "other", "The build"],
        ["tag", "other", "bug"],
        ["star", "other"],
    ):
        do(folder, *words)

    text = do(folder, "show", "other").stdout
    assert "📌 Name:     The build\n📌 Noted:    ★ · #bug\n📌 Note 1:   20" in text
    assert "  a|b <i>\n" in text
    page = do(folder, "show", "other", "--format", "html").stdout
    assert '<tr><th scope="row">Name</th><td>The build</td></tr>' in page
    assert "a|b &lt;i&gt;</td>" in page
    markdown = do(folder, "show", "other", "--format", "md").stdout
    assert "| Name | `The build` |\n| Noted | `★ · #bug` |\n" in markdown
    assert "a&#124;b &#60;i&#62;</code> |" in markdown
    shown = data("show", "other", "--rounds", "none", "--data-dir", folder)
    assert shown["noted"] == noted(folder, "other")
    assert data("show", "agent:a", "--fields", "noted", "--data-dir", folder) == {"noted": None}


@pytest.mark.parametrize("form", ["text", "md", "html"])
def test_what_is_noted_stays_text(folder, form):
    """It makes no heading, no link, no markup, and steers no terminal."""
    do(folder, "note", "other", EVIL)
    do(folder, "name", "other", EVIL)

    shown = do(folder, "show", "other", "--format", form, "--rounds", "none").stdout
    assert not {"\x1b", "\u202e"} & set(shown)
    assert ("<img" in shown) == (form != "html")
    if form == "md":
        assert all("`" in each.split("<img")[0] for each in shown.splitlines() if "<img" in each)
        assert not any(each.startswith("# heading") for each in shown.splitlines())


def test_exports_of_sessions_have_it(folder):
    """A column each; what a spreadsheet would take for a formula is none."""
    do(folder, "name", "other", "=1+1")
    do(folder, "note", "other", "the fix")
    do(folder, "tag", "other", "a", "b")

    rows = list(csv.DictReader(do(folder, "export", "-", "--what", "sessions", "--format", "csv").stdout.splitlines()))
    assert [(row["name"], row["starred"], row["archived"], row["tags"]) for row in rows] == [
        ("'=1+1", "false", "", "a; b"),
        ("", "false", "", ""),
        ("", "false", "", ""),
    ]
    assert rows[0]["notes"].endswith("Z the fix")
    exported = json.loads(do(folder, "export", "-", "--what", "sessions").stdout)["sessions"]
    assert [(row["name"], row["tags"]) for row in exported] == [("=1+1", ["a", "b"]), (None, []), (None, [])]


def test_search_finds_what_is_noted(folder):
    """Before the rounds, and says that it is a note, a name or a tag."""
    do(folder, "note", "agent:a", "question of the day")
    do(folder, "name", "agent:b", "Question \x1b[31m")
    do(folder, "tag", "other", "question")

    shown = do(folder, "search", "question", "--limit", "3").stdout.splitlines()
    heads = [each for each in shown if not each.startswith((" ", "("))]
    assert heads[0].startswith("agent:a · note 1 @ 20")
    assert heads[1:3] == ["agent:b · its name", "other · its tag"]
    assert heads[3].startswith("other · round 1 @ ")
    assert "\x1b" not in "".join(shown)
    found = data("search", "question", "--in", "notes", "--data-dir", folder)
    assert [(hit["session_id"], hit["kind"], hit["note"]) for hit in found["notes"]] == [
        ("agent:a", "note", 1),
        ("agent:b", "name", None),
        ("other", "tag", None),
    ]
    assert (found["hits"], found["more"], found["more_notes"]) == ([], False, False)
    assert data("search", "question", "--in", "question", "--data-dir", folder)["notes"] == []
    none = do(folder, "search", "nothing", "--in", "notes").stdout
    assert none == "No note, name or tag of a session that is meant has nothing.\n"
