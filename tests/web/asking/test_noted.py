"""What is noted of sessions: told to who may see all of them, as the command line does; to nobody where texts are not served."""

from __future__ import annotations

import shutil

import pytest

from session_monitor.notes import notes_file
from session_monitor.notes.session_notes import NOTHING, Note, SessionNotes
from tests.support.webserving import ELSEWHERE, MAIN, cli, serving

AT = "2026-02-03T00:00:00.000Z"
SECRET = "a secret word"
NOTED = SessionNotes(f"The build, {SECRET}", True, None, ("bug", "secret-tag"), (Note(AT, f"{SECRET}\n<img src=x>"),))


@pytest.fixture(scope="module")
def noted(folder, tmp_path_factory):
    """The sessions of the sample, of one of which something is noted, and one of which is archived."""
    copy = shutil.copytree(folder, tmp_path_factory.mktemp("noted") / "sessions")
    with notes_file.changing(str(copy)) as notes:
        notes.put(MAIN, NOTED)
        notes.put("nightly-digest-2026-02-02", NOTHING._replace(archived=AT))
    return copy


@pytest.fixture(scope="module")
def among_noted(noted):
    """A server over those."""
    with serving(noted) as found:
        yield found


def ids(found):
    """Of the sessions of a list."""
    return [row["session_id"] for row in found.data["sessions"]]


def test_lists_and_sessions_tell_it(among_noted, noted):
    """As the command line does; of others it is null."""
    (row,) = [row for row in among_noted.ask("/api/sessions").data["sessions"] if row["session_id"] == MAIN]

    assert row["noted"] == NOTED.to_json() == cli(noted, "note", MAIN)["data"]["noted"]
    assert among_noted.ask("/api/session", id=MAIN).data["session"]["noted"] == NOTED.to_json()
    assert among_noted.ask("/api/session", id="no-session:2026-02-01").data["session"]["noted"] is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, ()),
        ({"archived": "1"}, ("--archived",)),
        ({"tag": "BUG"}, ("--tag", "bug")),
        ({"tag": ["x", "secret*"], "starred": "1"}, ("--tag", "secret*", "--starred")),
        ({"status": "ended"}, ("--status", "ended")),
        ({"tag": "none"}, ("--tag", "none")),
    ],
)
def test_choosing_by_it(among_noted, noted, asked, words):
    """The same sessions as on the command line."""
    found = among_noted.ask("/api/sessions", **asked)

    assert ids(found) == [row["session_id"] for row in cli(noted, "list", *words)["data"]]
    assert found.data["meant"] == len(ids(found))


def test_search_finds_it(among_noted, noted):
    """As the command line does, with what the session is called."""
    found = among_noted.ask("/api/search", q="secret", **{"in": "notes"}).data
    names = {each["session_id"]: each["name"] for each in found.pop("sessions")}

    assert found == cli(noted, "search", "secret", "--in", "notes")["data"]
    assert [hit["kind"] for hit in found["notes"]] == ["note", "name", "tag"]
    assert names == {MAIN: NOTED.name}


def test_sessions_are_found_by_their_names(among_noted):
    """Where one jumps to a session, whatever it began with."""
    (found,) = among_noted.ask("/api/names", q="the build").data["sessions"]

    assert (found["session_id"], found["title"], found["name"]) == (MAIN, "查询北京天气", NOTED.name)


def test_what_is_noted_later_is_told(noted):
    """An answer that was remembered is worked out anew once something else is noted."""
    with serving(noted) as running:
        before = running.ask("/api/session", id=MAIN).data["session"]["noted"]
        with notes_file.changing(str(noted)) as notes:
            notes.put(MAIN, NOTED._replace(name="another"))
        running.site.desk.folder.state(fresh=True)
        after = running.ask("/api/session", id=MAIN).data["session"]["noted"]
        with notes_file.changing(str(noted)) as notes:
            notes.put(MAIN, NOTED)

    assert (before["name"], after["name"]) == (NOTED.name, "another")


def test_a_key_of_one_session_opens_no_notes(among_noted):
    """Whoever got a link reads the session, and not what its owner thinks of it."""
    keys = among_noted.keys()
    whole, one = ({**ELSEWHERE, "Authorization": f"Bearer {key}"} for key in (keys.main, keys.of_session(MAIN)))

    for headers, told in ((whole, NOTED.to_json()), (one, None), (whole, NOTED.to_json())):
        assert among_noted.ask("/api/session", headers, id=MAIN).data["session"]["noted"] == told
    for form in ("json", "md", "html"):
        assert SECRET.encode() not in among_noted.ask("/api/session/export", one, id=MAIN, format=form).body


def test_redacted(noted):
    """No notes, no names, no tags, and nobody can ask by them; a list is of all sessions."""
    with serving(noted, redacts=True) as running:
        answers = [running.ask("/api/sessions"), running.ask("/api/session", id=MAIN), running.ask("/api/overview")]
        answers += [running.ask("/api/session/export", id=MAIN), running.ask("/api/names", q="agent")]
        assert not [each for each in answers if b"secret" in each.body or b"The build" in each.body]
        assert [row["noted"] for row in answers[0].data["sessions"]] == [None] * len(ids(answers[0]))
        for asked in ({"tag": "bug"}, {"starred": "1"}):
            assert running.ask("/api/sessions", **asked).code == "redacted"


def test_a_mistake_in_the_file(noted, tmp_path):
    """Lists go on without notes; who asks by them hears of it, and of no path."""
    broken = shutil.copytree(noted, tmp_path / "sessions")
    (broken / ".notes.json").write_text("{", encoding="utf-8")
    with serving(broken) as running:
        assert running.ask("/api/sessions").status == 200
        found = running.ask("/api/sessions", tag="bug")
        assert (found.status, found.code, str(broken) in found.body.decode()) == (503, "bad_notes", False)
