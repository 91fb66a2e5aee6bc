"""Who works out an answer, and when it is worked out anew."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from session_monitor.index import writable
from session_monitor.index.writer import IndexWriter
from tests.support.calls import line
from tests.support.waiting import until
from tests.support.webserving import ingest, ingest_calls, serving
from web.answers.desk import Desk, Unfinished, _HeldReport
from web.answers.folder import Folder
from web.server.exchange import Refusal
from web.server.shares import OWN, of_session


@pytest.fixture
def folder(tmp_path):
    """A folder with one session."""
    return ingest_calls(tmp_path, [line("s", ["hi"])])


class Clock:
    """A clock that stands."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """Seconds."""
    return Clock()


@pytest.fixture
def desk(folder, clock):
    """A desk over the folder."""
    files = Folder(str(folder), {"HOME": "/nonexistent"}, clock)
    found = Desk(files, lambda: 0, patience=60, clock=clock)
    yield found
    found.close()
    files.close()


def test_an_answer_is_worked_out_once(desk):
    """However many ask the same at a time, and whenever they ask, it is worked out once while nothing changes."""
    calls, begun, go = [], threading.Event(), threading.Event()

    def question(_report):
        calls.append(1)
        begun.set()
        go.wait(60)
        return b"answer"

    found = []
    threads = [threading.Thread(target=lambda: found.append(desk.answer("key", question).body)) for _ in range(8)]
    for each in threads:
        each.start()
    assert begun.wait(60)
    go.set()
    for each in threads:
        each.join()
    assert desk.answer("key", question).body == b"answer"
    assert desk.answer("other", lambda _report: b"other").body == b"other"
    assert (found, calls) == ([b"answer"] * 8, [1])


def test_an_answer_holds_until_the_data_changes(desk, folder, tmp_path, clock):
    """New rounds make a new answer, at the next look at the folder."""

    def rounds():
        return desk.answer("rounds", lambda report: str(report.overview().sums.calls).encode()).body

    assert rounds() == b"1"
    with (tmp_path / "access.log").open("ab") as log:
        log.write(line("s", ["more"]) + b"\n")
    ingest(tmp_path / "access.log", folder)
    clock.now += 1
    assert rounds() == b"2"


def test_a_session_whose_file_is_taken_away_is_gone(desk, folder, tmp_path, clock):
    """That somebody removed a file is a change as well, though nothing comes in its place."""
    ingest_calls(tmp_path, [line("t", ["ho"])])

    def sessions():
        return desk.answer("sessions", lambda report: str(report.sessions().meant).encode()).body

    assert sessions() == b"2"
    (Path(folder) / "t.json").unlink()
    clock.now += 1
    assert sessions() == b"1"


def test_an_answer_of_all_sessions_holds_a_little_longer(desk, folder, tmp_path, clock):
    """What took long to add up is not added up again at each change, but soon."""

    def slow(report):
        clock.now += 0.2
        return str(report.overview().sums.calls).encode()

    assert desk.answer("sums", slow, is_of_all=True).body == b"1"
    with (tmp_path / "access.log").open("ab") as log:
        log.write(line("s", ["more"]) + b"\n")
    ingest(tmp_path / "access.log", folder)
    clock.now += 1
    assert desk.answer("sums", slow, is_of_all=True).body == b"1"
    clock.now += 1.5
    assert desk.answer("sums", slow, is_of_all=True).body == b"2"


def test_what_goes_wrong_is_told_to_all_who_wait_and_not_remembered(desk):
    """A question that fails fails for those who asked it, and may be asked again."""

    def wrong(_report):
        raise Refusal(404, "gone", "gone")

    for _ in range(2):
        with pytest.raises(Refusal, match="gone"):
            desk.answer("key", wrong)
    assert desk.answer("key", lambda _report: b"there").body == b"there"


def test_an_answer_that_is_not_finished_is_not_remembered(desk):
    """Who asks again gets one that is further."""
    bodies = iter([Unfinished(b"some"), b"all", b"never asked for"])
    told = [desk.answer("key", lambda _report: next(bodies)).body for _ in range(3)]
    assert told == [b"some", b"all", b"all"]


def test_a_folder_that_may_not_be_read(desk):
    """Whoever asks is told, in words for them: a folder that comes later may be another user's."""

    def refused(_report):
        raise PermissionError(13, "Permission denied", "/somewhere")

    with pytest.raises(Refusal, match="may not read the data folder") as told:
        desk.answer("key", refused)
    assert (told.value.status, told.value.code) == (503, "not_readable")


def test_what_takes_long_is_there_later(folder):
    """Who asks for what takes long is told to come again; meanwhile others are answered, and then it is there."""
    files = Folder(str(folder), {"HOME": "/nonexistent"})
    desk = Desk(files, lambda: 0, patience=0.05)
    go = threading.Event()

    def slow(_report):
        go.wait(60)
        return b"slow"

    with pytest.raises(Refusal) as told:
        desk.answer("slow", slow, is_search=True)
    assert (told.value.status, told.value.code) == (503, "making_search_index")
    assert dict(told.value.headers) == {"Retry-After": "2"}
    go.set()
    until(lambda: _given(desk, slow) == b"slow", "it is there")
    desk.close()
    files.close()


def _given(desk, question):
    try:
        return desk.answer("slow", question, is_search=True).body
    except Refusal:
        return None


def test_an_index_that_lacks_is_made_by_one(tmp_path, folder, monkeypatch):
    """Where the index is gone one thread makes it; who asks meanwhile is told how far it is, and answered afterwards."""
    for end in ("", "-wal", "-shm"):
        Path(f"{folder}/.index.sqlite3{end}").unlink(missing_ok=True)
    made, go = [], threading.Event()
    real = IndexWriter.catch_up

    def slow(self, progress, **more):
        made.append(threading.get_ident())
        progress(1, 4)
        go.wait(60)
        real(self, progress, **more)

    monkeypatch.setattr(IndexWriter, "catch_up", slow)
    with serving(folder, patience=0.05) as running:
        answers = [running.ask(path) for path in ("/api/sessions", "/api/overview", "/api/summary", "/api/health") * 3]
        go.set()
        rows = until(lambda: _rows(running), "it is made")

    assert {found.status for found in answers} == {503}
    assert {found.code for found in answers} == {"making_index"}
    assert answers[-1].json["error"]["progress"] == 0.25
    assert answers[-1].headers["Retry-After"]
    assert len(made) == 1
    assert [row["session_id"] for row in rows] == ["s"]


def _rows(running):
    found = running.ask("/api/sessions")
    return found.data["sessions"] if found.status == 200 else None


def test_a_folder_that_cannot_be_written(folder, monkeypatch):
    """Where no index can be kept, one in memory answers, made once and not for each question."""
    for end in ("", "-wal", "-shm"):
        Path(f"{folder}/.index.sqlite3{end}").unlink(missing_ok=True)
    made = []
    real = writable.in_memory

    def counted(*arguments):
        made.append(1)
        return real(*arguments)

    def refuse(folder, *_arguments, **_options):
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(writable, "opened", refuse)
    monkeypatch.setattr(writable, "in_memory", counted)
    with serving(folder) as running:
        before = len(made)
        answers = [running.ask("/api/sessions", limit=limit) for limit in range(1, 20)]
        overview, rounds = running.ask("/api/overview"), running.ask("/api/session/rounds", id="s")
        streams = running.ask("/api/session/events", id="s", method="HEAD")

    assert {found.data["total"] for found in answers} == {1}
    assert (overview.status, rounds.data["total"], streams.status) == (200, 1, 200)
    assert len(made) - before <= 2
    assert not os.path.exists(folder / ".index.sqlite3")


def test_an_index_in_memory_holds_for_a_while(folder, monkeypatch, clock):
    """Longer where it took long to make, shorter where prices change; the one before stays for who waits behind the new one."""
    for each in folder.glob(".index.sqlite3*"):
        each.unlink()
    took, closed, real, close = [0], [], writable.in_memory, _HeldReport.close

    def slow(*arguments):
        clock.now += took[-1]
        return real(*arguments)

    def refuse(folder, *_arguments, **_options):
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(writable, "opened", refuse)
    monkeypatch.setattr(writable, "in_memory", slow)
    monkeypatch.setattr(_HeldReport, "close", lambda held: closed.append(held.number) or close(held))
    files = Folder(str(folder), {"HOME": "/nonexistent"}, clock)
    desk = Desk(files, lambda: 0, patience=60, clock=clock)

    def change(seconds):
        clock.now += seconds
        return desk.change()

    first = change(0)
    assert change(29) == first
    took.append(5)
    second = change(1)
    assert change(99) == second != first
    assert closed == []
    third = change(1)
    assert third not in (first, second)
    assert closed == [first]
    (folder / ".prices.json").write_text('{"schema": 1, "models": {}}', encoding="utf-8")
    assert change(1) not in (first, second, third)
    desk.close(60)
    files.close()
    assert sorted(closed) == sorted({*closed, first, second, third})
    assert len(closed) == 4


# -- for whom ----------------------------------------------------------------------------------------------------------


def test_one_keys_questions_do_not_keep_the_own_user_waiting(desk):
    """With more of one key's questions than are ever answered, the own user's is, and the key is told to come again."""
    go, refused = threading.Event(), []

    def ask(number):
        try:
            desk.answer(("find", number), lambda _report: b"%d" % go.wait(60), of_session("greedy"))
        except Refusal as refusal:
            refused.append((refusal.status, refusal.code, dict(refusal.headers)["Retry-After"]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for each in threads:
        each.start()
    until(lambda: refused, "too much waits")
    assert desk.answer("own", lambda _report: b"own").body == b"own"
    # What waits for the key is begun for the own user all the same.
    found = [desk.answer(("find", number), lambda _report: b"own").body for number in range(40)]
    assert found == [b"own"] * 40
    go.set()
    for each in threads:
        each.join()
    assert set(refused) == {(503, "busy", "2")}


def test_pieces_by_turns(desk):
    """Of all who have keys, one at a time works on a large answer; the own user's goes on beside it."""
    go, at_work, most = threading.Event(), [], []

    def pieces(name):
        for number in range(3):
            at_work.append(name)
            most.append(len(at_work))
            assert go.wait(60)
            at_work.remove(name)
            yield b"%d" % number

    found = []
    threads = [
        threading.Thread(target=lambda key=key: found.append(list(desk.by_turns(pieces(key), of_session(key)))))
        for key in "abcd"
    ]
    for each in threads:
        each.start()
    until(lambda: at_work, "one works")
    assert list(desk.by_turns(iter([b"own"] * 3), OWN)) == [b"own"] * 3
    go.set()
    for each in threads:
        each.join()
    assert found == [[b"0", b"1", b"2"]] * 4
    assert max(most) == 1
