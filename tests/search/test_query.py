"""Is what was said found, whatever became of the search index, and what was not said, or is gone, not?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.base import data_folder
from session_monitor.index import side_database
from session_monitor.index.keeper import Keeper
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.reports.report import NoSuchFolderError, Report
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.search import indexed_rounds, query, word_index, words
from session_monitor.search.query import Query
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.users import open_the_way

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"


def monitor(folder, *lines, keeper=True):
    """One pass of a monitor over a log to which these lines are added."""
    folder.mkdir(exist_ok=True)
    with open(folder.parent / "access.log", "ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
    kept = Keeper(str(folder), BOOK, lambda *_: None) if keeper else None
    checkpoint = Checkpoint(str(folder / ".state.json"), str(folder))
    Ingest([str(folder.parent / "access.log")], Store(str(folder)), checkpoint, index=kept).poll()
    if kept:
        kept.close()


def line(session_id, question, answer, minute=0, **more):
    """A call of that minute."""
    return calls.line(
        session_id, [question], start_time=f"2026-02-01T09:{minute:02}:15Z", question=question, answer=answer, **more
    )


def found(folder, text, column=None, meant=ALL, **more):
    """All that is told of a search."""
    return query.search(Report(str(folder), BOOK), Query(words.words(text), column), meant, **more)


def hits(folder, text, *arguments, **more):
    """Session and round of each hit."""
    return [(hit.session_id, hit.round) for hit in found(folder, text, *arguments, **more).hits]


@pytest.fixture
def folder(tmp_path):
    """Two sessions: one about the weather, one about a build."""
    lines = [
        line("weather", "查询北京天气", "晴", 1),
        line("build", "Why does the build fail?", "A test of the weather service fails.", 2),
        line("weather", "And tomorrow?", "明天有雨", 3, reasoning="The forecast says rain."),
        line("build", "Fix it", "Done", 4, model="gpt-5"),
    ]
    monitor(tmp_path / "sessions", *lines)
    return tmp_path / "sessions"


def reads(monkeypatch):
    """The lines of session files that are put into an index from now on."""
    read = []
    real = word_index.texts

    def texts(folder, places):
        for text in real(folder, places):
            read.append((text.session, text.number))
            yield text

    monkeypatch.setattr(word_index, "texts", texts)
    return read


def test_a_hit(folder):
    """A hit tells which round it is, who said what, and where the words stand in it."""
    (hit,) = found(folder, "天气").hits
    assert hit[:5] == ("weather", 1, "2026-02-01T09:01:15Z", "gpt-4", "question")
    assert hit.excerpt == "查询北京天气"
    assert hit.matches == [(4, 6)]


def test_columns(folder):
    """Words stand anywhere in a round, or all of them in the column that is asked for."""
    assert hits(folder, "build weather") == [("build", 1)]
    assert hits(folder, "build weather", "answer") == []
    assert hits(folder, "weather", "answer") == [("build", 1)]
    assert hits(folder, "rain", "reasoning") == [("weather", 2)]
    assert hits(folder, "雨 forecast") == [("weather", 2)]
    assert found(folder, "build weather").hits[0].where == "question"


def test_the_latest_first_and_no_more_than_asked_for(folder):
    """As many as one wants, the latest, and whether there are more."""
    monitor(folder, *(line(f"s{n}", "same words", "", 10 + n) for n in range(5)))
    answer = found(folder, "same", limit=3)
    assert [hit.session_id for hit in answer.hits] == ["s4", "s3", "s2"]
    assert answer.has_more
    assert not found(folder, "same", limit=5).has_more


@pytest.mark.parametrize("is_kept", [True, False])
def test_not_more_than_so_many_of_each_session(tmp_path, monkeypatch, is_kept):
    """One session that has the words in all its rounds hides no other; that there are more is told."""
    lines = [line("early", "needle", "yes", 1)]
    lines += [line("long", f"needle {minute}", "no", minute) for minute in range(2, 30)]
    monitor(tmp_path / "sessions", *lines)
    if not is_kept:
        monkeypatch.setattr(word_index, "opened", lambda *_args, **_more: contextlib.nullcontext(None))
    folder = tmp_path / "sessions"

    assert hits(folder, "needle", limit=5) == [("long", number) for number in range(28, 23, -1)]
    assert hits(folder, "needle", limit=5, of_each=3) == [("long", 28), ("long", 27), ("long", 26), ("early", 1)]
    assert found(folder, "needle", limit=5, of_each=3).has_more
    assert not found(folder, "needle", limit=50, of_each=28).has_more
    assert found(folder, "needle", limit=3, of_each=28).has_more
    monkeypatch.setattr(query, "_MOST_PASSED_BY", 10)
    assert hits(folder, "needle", limit=5, of_each=3) == [("long", 28), ("long", 27), ("long", 26)]


def test_nothing_found(folder):
    """It is told how many rounds there are, and that none of them is without content."""
    answer = found(folder, "nonesuch")
    assert (answer.hits, answer.has_more, answer.rounds, answer.unlogged) == ([], False, 4, 0)
    monitor(folder, calls.line("mute", start_time="2026-02-01T10:00:00Z").replace(rb",\"messages\":[]", b""))
    assert found(folder, "nonesuch").unlogged == 1


def test_a_selection(folder):
    """Only rounds that are meant are found: by session, model and time of the call."""
    assert hits(folder, "weather OR build", meant=Selection(sessions=("w*",))) == []
    assert hits(folder, "fails", meant=Selection(sessions=("b*",))) == [("build", 1)]
    assert hits(folder, "done", meant=Selection(models=("gpt-5",))) == [("build", 2)]
    assert hits(folder, "done", meant=Selection(models=("gpt-4",))) == []
    moment = 1_769_936_600_000  # 09:03:20
    assert hits(folder, "done", meant=Selection(since=moment)) == [("build", 2)]
    assert hits(folder, "done", meant=Selection(until=moment)) == []


# -- in which order ----------------------------------------------------------------------------------------------------


SAID = {
    "c": [line("c", "needle", "", minute) for minute in (1, 7, 31, 50)],
    "a": [line("a", "needle", "", minute) for minute in (3, 7, 7, 2, 49)],
    "b": [line("b", "needle", "", minute) for minute in (7, 5, 40)],
    "d": [calls.line("d", ["needle"], question="needle", start_time="-")],
}
"""By session, what is logged of it; in some a round began before the one before it, of one nothing tells when it was."""
LATEST_FIRST = [
    *(("c", 4), ("a", 5), ("b", 3), ("c", 3)),
    *(("a", 3), ("a", 2), ("b", 1), ("c", 2), ("b", 2), ("a", 1), ("a", 4), ("c", 1), ("d", 1)),
]
"""By time; of one moment by the sessions' ids, and of one session the last first."""


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("piece", [1, 10**6])
@pytest.mark.parametrize("is_between", [True, False])
@pytest.mark.parametrize("order", ["abcd", "dcba", "bdac"])
def test_the_latest_are_the_same_in_whichever_order_they_were_written(
    tmp_path, monkeypatch, order, is_between, piece, is_kept
):
    """One session after the other, as several processes write them, at once or with searches between: the answer is the same."""
    monkeypatch.setattr(indexed_rounds, "PIECE", piece)
    if not is_kept:
        monkeypatch.setattr(word_index, "opened", lambda *_args, **_more: contextlib.nullcontext(None))
    folder = tmp_path / "sessions"
    for name in order:
        monitor(folder, *SAID[name])
        if is_between:
            found(folder, "needle", is_enough=lambda: True)

    for limit in (1, 3, 6, 20):
        answer = found(folder, "needle", limit=limit)
        assert [(hit.session_id, hit.round) for hit in answer.hits] == LATEST_FIRST[:limit]
        assert answer.has_more == (limit < len(LATEST_FIRST))
    assert hits(folder, "needle", of_each=1) == [("c", 4), ("a", 5), ("b", 3), ("d", 1)]


# -- growing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keeper", [True, False])
def test_growing_sessions(folder, monkeypatch, keeper):
    """What comes after a search is found by the next one, which reads no more than that."""
    assert hits(folder, "天气") == [("weather", 1)]
    read = reads(monkeypatch)
    monitor(folder, line("weather", "后天天气", "", 5), line("new", "天气", "", 6), keeper=keeper)
    assert hits(folder, "天气") == [("new", 1), ("weather", 3), ("weather", 1)]
    assert len(read) == (2 if keeper else 4)  # without a keeper a session that has grown is taken in anew
    read.clear()
    assert hits(folder, "天气") == [("new", 1), ("weather", 3), ("weather", 1)]
    assert read == []


def test_the_folder_is_left_as_it_is(folder):
    """After the first search none changes which names there are, which would make the main index scan all of them."""
    hits(folder, "天气")
    monitor(folder, line("weather", "more", "", 5))
    before, names = data_folder.folder_mtime(str(folder)), sorted(os.listdir(folder))
    assert hits(folder, "weather") == [("build", 1)]
    assert hits(folder, "more") == [("weather", 3)]
    assert (data_folder.folder_mtime(str(folder)), sorted(os.listdir(folder))) == (before, names)


def test_a_deleted_session(folder):
    """What is no longer there is not found."""
    assert hits(folder, "天气") == [("weather", 1)]
    (folder / "weather.json").unlink()
    assert hits(folder, "天气") == []
    assert hits(folder, "weather") == [("build", 1)]


def test_a_main_index_that_is_made_anew(folder, monkeypatch):
    """Its numbers mean other sessions then: the search index follows."""
    assert hits(folder, "weather") == [("build", 1)]
    (folder / "weather.json").unlink()
    (folder / data_folder.INDEX).unlink()
    read = reads(monkeypatch)
    assert hits(folder, "weather") == [("build", 1)]
    assert len(read) == 2
    assert hits(folder, "天气") == []


def test_rounds_whose_times_go_back(tmp_path):
    """A round that began before the one before it, in another half hour, is put in behind that."""
    folder = tmp_path / "sessions"
    lines = [line("a", "first", "", 40), line("a", "second", "", 5), line("b", "third", "", 20)]
    monitor(folder, *lines)
    assert hits(folder, "first") == [("a", 1)]
    assert hits(folder, "second") == [("a", 2)]
    monitor(folder, line("a", "fourth", "", 1))
    assert hits(folder, "fourth") == [("a", 3)]


def test_an_interrupted_search(folder, monkeypatch):
    """What is in when a search is interrupted stays in."""
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    with pytest.raises(KeyboardInterrupt):
        found(folder, "weather", progress=lambda done, total: (_ for _ in ()).throw(KeyboardInterrupt))
    read = reads(monkeypatch)
    assert hits(folder, "weather") == [("build", 1)]
    assert len(read) == 3


def test_progress(folder, monkeypatch):
    """It is told piece by piece, up to all of it."""
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    told = []
    found(folder, "weather", progress=lambda *how: told.append(how))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_answer_before_all_is_looked_through(folder, monkeypatch):
    """Where it is enough, what is there so far is told, the latest first, and how much that is; the next search goes on."""
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    shares, rounds = [], []
    for _ in range(4):
        answer = found(folder, "weather", is_enough=lambda: True)
        shares.append((answer.is_complete, answer.looked_through))
        rounds.append([(hit.session_id, hit.round) for hit in answer.hits])

    assert shares == [(False, 0.25), (False, 0.5), (False, 0.75), (True, 1.0)]
    assert rounds[-1] == hits(folder, "weather") == [("build", 1)]


def test_nothing_older_is_looked_through_than_is_told(folder, monkeypatch):
    """Once there are more hits than are wanted in whole half hours, older rounds would not be told anyway."""
    monitor(folder, *(line(f"s{minute}", "the end", "", minute) for minute in (45, 46)))
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    answer = found(folder, "the", limit=1)

    assert (answer.has_more, answer.is_complete) == (True, False)
    assert found(folder, "nobody said that").is_complete
    assert answer.hits == found(folder, "the", limit=1).hits


def test_new_rounds_come_before_the_older_ones(folder, monkeypatch):
    """What comes while older rounds are not looked through yet is put in first, and is found as the latest."""
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    found(folder, "the", is_enough=lambda: True)
    monitor(folder, line("build", "the latest", "", 59))

    assert found(folder, "latest", is_enough=lambda: True).looked_through == 0.4
    found_now = found(folder, "the")
    assert found_now.is_complete
    assert (found_now.hits[0].session_id, found_now.hits[0].round) == ("build", 3)


def test_what_holds_no_content_is_not_read(folder, monkeypatch):
    """Of a round of which the log holds no content nothing has to be read, and it is looked through all the same."""
    monitor(folder, *(calls.line("mute").replace(rb",\"messages\":[]", b"") for _ in range(3)))
    read, real = [], word_index.said
    monkeypatch.setattr(word_index, "said", lambda *rounds: read.append(rounds[0]["round"]) or real(*rounds))

    answer = found(folder, "no-such-word")

    assert (len(read), answer.rounds, answer.unlogged, answer.is_complete) == (4, 7, 3, True)


def test_so_many_seconds():
    """What asks whether they are over takes its time from a clock."""
    now = [10.0]
    is_over = query.within(2, lambda: now[0])
    assert not is_over()
    now[0] = 12.0
    assert is_over()


# -- whatever became of it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["deleted", "junk", "empty", "half", "torn", "other version", "other tables"])
def test_a_search_index_that_is_none(folder, what):
    """Whatever stands in its place, the answer is right, and the next search has an index again."""
    monitor(folder, *(line(f"s{n}", f"word{n} " * 50, "", 10) for n in range(100)))
    hits(folder, "weather")
    path = folder / data_folder.WORD_INDEX
    data = path.read_bytes()
    path.unlink()
    torn = data[:8192] + os.urandom(len(data) - 8192)
    if what in ("other version", "other tables"):
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 99" if what == "other version" else "CREATE TABLE session(x)")
        db.close()
    elif what != "deleted":
        new = {"junk": os.urandom(20_000), "empty": b"", "half": data[: len(data) // 2], "torn": torn}
        path.write_bytes(new[what])

    assert hits(folder, "word77") == [("s77", 1)]
    answer = found(folder, "天气")
    assert [hit.session_id for hit in answer.hits] == ["weather"]
    assert answer.is_kept


def test_it_is_private_and_holds_no_text(folder):
    """Only this user reads the search index; it copies no sentence, and the main index has nothing of what was said."""
    hits(folder, "weather")
    for name in (data_folder.WORD_INDEX, data_folder.WORD_INDEX + "-journal"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert b"weather service" not in (folder / data_folder.WORD_INDEX).read_bytes()
    main = b"".join((folder / name).read_bytes() for name in os.listdir(folder) if name.startswith(data_folder.INDEX))
    assert "天气".encode() not in main
    assert b"forecast" not in main


def test_a_folder_that_may_not_be_written(folder):
    """The answer is right, it is told that it took longer than it should, and nothing is left behind."""
    open_the_way(folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    folder.chmod(0o555)
    before = sorted(os.listdir(folder))
    code = (
        "import os, sys; sys.path[:0] = sys.argv[2:]\n"
        "from session_monitor.search import words, query\n"
        "from session_monitor.reports.report import Report\n"
        "from tests.support.calls import BOOK\n"
        "os.setuid(65534) if os.getuid() == 0 else None\n"
        "wanted = query.Query(words.words('weather*'))\n"
        "found = query.search(Report(sys.argv[1], BOOK), wanted, limit=1)\n"
        "print([(hit.session_id, hit.round) for hit in found.hits], found.has_more, found.is_kept)\n"
    )

    arguments = [sys.executable, "-c", code, folder, SCRIPTS, SCRIPTS.parent]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("[('build', 1)] False False\n", "")
    assert sorted(os.listdir(folder)) == before


def test_without_an_index_pieces_are_searched_one_by_one(folder, monkeypatch):
    """The latest rounds first, and no further than to the half hour of the hits that are asked for."""
    monitor(folder, *(line(f"s{n}", "same words", "", 40 + n) for n in range(5)))
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    monkeypatch.setattr(word_index, "opened", lambda *_args, **_more: contextlib.nullcontext(None))
    read = reads(monkeypatch)
    answer = found(folder, "same", limit=2)
    assert [hit.session_id for hit in answer.hits] == ["s4", "s3"]
    assert (answer.has_more, answer.is_kept) == (True, False)
    assert len(read) == 5
    assert hits(folder, "weather") == [("build", 1)]

    told = []
    found(folder, "weather", limit=9, progress=lambda *how: told.append(how))
    shares = [done for done, _ in told]
    assert shares == sorted(shares)
    assert len({total for _, total in told}) == 1
    assert (len(set(shares)), told[-1][0]) == (9, told[-1][1])
    told.clear()
    found(folder, "same", limit=1, progress=lambda *how: told.append(how))
    assert told[-1][0] == told[-1][1] > 0


def test_another_search_that_does_not_end(folder, monkeypatch):
    """One that waited long enough answers without the index."""
    hits(folder, "weather")
    monitor(folder, line("weather", "more weather", "", 5))
    connect = side_database._connect
    monkeypatch.setattr(side_database, "_connect", lambda path, _patience: connect(path, 0.05))
    other = sqlite3.connect(folder / data_folder.WORD_INDEX, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert hits(folder, "weather") == [("weather", 3), ("build", 1)]
    other.close()
    assert found(folder, "weather").is_kept


def test_searches_at_the_same_time(folder):
    """Several that find an old index, or none, all find everything."""
    monitor(folder, *(line(f"s{n}", f"word{n} same", "", n % 60) for n in range(300)))
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from session_monitor.search import indexed_rounds, words, query\n"
        "from session_monitor.reports.report import Report\n"
        "from tests.support.calls import BOOK\n"
        "indexed_rounds.PIECE = 2000\n"
        "found = query.search(Report(sys.argv[1], BOOK), query.Query(words.words('same')), limit=1000)\n"
        "print(len(found.hits), len({hit.session_id for hit in found.hits}), found.is_kept)\n"
    )
    arguments = [sys.executable, "-c", code, folder, SCRIPTS, SCRIPTS.parent]
    running = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [each.communicate()[0] for each in running] == ["300 300 True\n"] * 3
    assert len(hits(folder, "same", limit=1000)) == 300


def begun_anew(folder):
    """Another search begins the search index anew, for a main index that is another one."""
    with contextlib.closing(sqlite3.connect(folder / data_folder.WORD_INDEX)) as db, db:
        word_index.clear(db)
        db.execute("UPDATE meta SET made = 'another', change = -1")


def test_two_that_find_an_old_index_at_once(folder, monkeypatch):
    """The second one that is going to begin anew leaves what the first has put in by then."""
    real_transaction, real_clear = side_database.transaction, word_index.clear
    firsts, cleared = [], []

    def transaction(db, *kind):
        if not firsts and db.execute("PRAGMA user_version").fetchone()[0]:  # it exists, and is old
            firsts.append(None)
            firsts.append(hits(folder, "weather"))
        return real_transaction(db, *kind)

    monkeypatch.setattr(side_database, "transaction", transaction)
    monkeypatch.setattr(word_index, "clear", lambda db: cleared.append(db) or real_clear(db))

    second = found(folder, "weather")

    assert firsts[1] == [(hit.session_id, hit.round) for hit in second.hits] == [("build", 1)]
    assert (second.is_kept, len(cleared)) == (True, 1)


@pytest.mark.parametrize("when", ["before a piece", "before the answer"])
def test_a_search_index_that_another_search_begins_anew(folder, monkeypatch, when):
    """Everything is found nevertheless, and what the other one makes has nothing in it that is not its own."""
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    name = "texts" if when == "before a piece" else "bring_up_to_date"
    real = getattr(word_index, name)
    begun = []

    def hindered(*arguments):
        done = list(real(*arguments))
        begun.append(arguments)
        if len(begun) == (3 if when == "before a piece" else 1):
            begun_anew(folder)
        return done

    monkeypatch.setattr(word_index, name, hindered)
    answer = found(folder, "the")

    assert [(hit.session_id, hit.round) for hit in answer.hits] == [("weather", 2), ("build", 1)]
    assert not answer.is_kept
    with contextlib.closing(sqlite3.connect(folder / data_folder.WORD_INDEX)) as db:
        rounds = "(SELECT count(*) FROM round)"
        assert db.execute(f"SELECT made, change, {rounds} FROM meta").fetchall() == [("another", -1, 0)]


def test_no_full_text_search(folder, monkeypatch):
    """A SQLite without FTS5 is an error of its own."""
    tables = [sql.replace("USING fts5", "USING none") for sql in word_index._TABLES]
    monkeypatch.setattr(word_index, "_WORD_INDEX", word_index._WORD_INDEX._replace(tables=tables))
    with pytest.raises(word_index.NoFullTextError):
        found(folder, "weather")


def test_no_folder(tmp_path):
    """A folder that is not there is an error of its own, and is not made."""
    with pytest.raises(NoSuchFolderError):
        found(tmp_path / "none", "weather")
    assert not (tmp_path / "none").exists()


def test_text_that_is_no_unicode(tmp_path):
    """Half a surrogate pair, which JSON may hold, keeps nothing from being found."""
    folder = tmp_path / "sessions"
    monitor(folder, line("a\ud83d", "before\ud83d after", "fine", 1))
    assert hits(folder, "after") == [("a\ud83d", 1)]


@pytest.mark.parametrize("change", ["DELETE FROM meta", "UPDATE meta SET slot = 'x'", "UPDATE round SET at = 'x'"])
def test_what_its_pages_hold_that_they_never_would(folder, change):
    """A search index that has changed by itself is made anew, and the answer is what was said."""
    assert hits(folder, "weather")
    with contextlib.closing(sqlite3.connect(folder / data_folder.WORD_INDEX)) as db, db:
        db.execute(change)

    assert hits(folder, "weather") == [("build", 1)]
    assert found(folder, "weather").is_kept
