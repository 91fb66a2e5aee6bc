"""Which rounds are new to a session, and how do they get into its file?"""

from __future__ import annotations

import errno
import json
import os
import stat
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import files
from session_monitor.sessions import file_names, message_history, session_file, store
from session_monitor.sessions.opening import SetAside
from session_monitor.sessions.store import Store
from tests.support.calls import call, conversation, in_log

TALK = in_log(conversation("agent:main:1", 6))


def put(folder, calls, **options):
    """Add these calls in one run and flush; how many of them were new."""
    one_run = Store(str(folder), **options)
    taken = [one_run.add(*each) for each in calls]
    one_run.flush()
    return sum(taken)


def path_of(folder, session_id="agent:main:1"):
    """Where this session is kept."""
    return folder / file_names.file_name(session_id)


def rounds_of(path):
    """The lines of a file but for the footer."""
    return path.read_bytes().splitlines(keepends=True)[:-1]


def summary_of(path):
    """The footer of a file, which must be whole."""
    with open(path, "rb") as file:
        end = session_file.read_end(file)
        assert end.footer
        assert session_file.last_write_is_whole(file, end)
        return end.summary


def contents(folder):
    """What the files of a folder say: their rounds as they are written, and what the footers sum up."""
    return {path.name: (rounds_of(path), summary_of(path)) for path in folder.iterdir()}


def folder_of(parent, name):
    """A new folder for sessions."""
    folder = parent / name
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def _no_sync(monkeypatch):
    """What syncing is for cannot be seen here, and a disk takes its time for it."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture
def full_disk(monkeypatch):
    """Call it with n: files can then grow by n bytes more in all, until it is called again."""
    real = os.pwrite
    room = None

    def pwrite(descriptor, data, offset):
        nonlocal room
        if room is None:
            return real(descriptor, data, offset)
        size = os.fstat(descriptor).st_size
        length = min(len(data), size + room - offset)
        if length <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room -= max(0, offset + length - size)
        return real(descriptor, data[:length], offset)

    def leave(number):
        nonlocal room
        room = number

    monkeypatch.setattr(os, "pwrite", pwrite)
    return leave


@pytest.fixture
def synced(monkeypatch):
    """The inodes of what has been synced."""
    inodes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: inodes.append(os.fstat(descriptor).st_ino))
    return inodes


# -- what is written ---------------------------------------------------------------------------------------------------


def test_appending_gives_the_file_that_writing_at_once_gives(tmp_path):
    """Round by round, each in a run of its own, the file becomes byte for byte what one write makes of it."""
    once, apart = folder_of(tmp_path, "once"), folder_of(tmp_path, "apart")
    put(once, TALK)
    for each in TALK:
        assert put(apart, [each]) == 1
        json.loads(path_of(apart).read_bytes())

    assert contents(apart) == contents(once)
    documents = [json.loads(path_of(folder).read_bytes()) for folder in (once, apart)]
    for document in documents:
        document.pop("crc32")
        document["positions"] = document["positions"]["applied"]
    assert documents[0] == documents[1]
    assert json.dumps(documents[0]) == json.dumps(documents[1])


def test_a_write_shorter_than_the_footer_leaves_nothing_of_it(tmp_path):
    """Where a session's history shrinks, so does its footer, and the file stays valid."""
    long, short = in_log([call("s", [f"message {n}" for n in range(300)]), call("s", ["new"])])
    put(tmp_path, [long])
    size = path_of(tmp_path, "s").stat().st_size

    put(tmp_path, [short])

    assert path_of(tmp_path, "s").stat().st_size < size
    assert [entry["round"] for entry in json.loads(path_of(tmp_path, "s").read_bytes())["rounds"]] == [1, 2]


def test_flush_tells_what_it_wrote(tmp_path):
    """A flush gives the number of new sessions and the summaries of all it wrote, and the next one starts anew."""
    one_run = Store(str(tmp_path))
    one_run.add(*in_log([call("a")])[0])
    assert one_run.pending_bytes > 0
    assert one_run.touched == 1

    new, written = one_run.flush()
    assert (new, {each.session_id: each.summary.messages_count for each in written}) == (1, {"a": 1})
    assert (one_run.pending_bytes, one_run.touched) == (0, 0)
    for each in in_log([call("a"), call("b")], start=100):
        one_run.add(*each)

    new, written = one_run.flush()
    assert (new, {each.session_id: each.summary.messages_count for each in written}) == (1, {"a": 2, "b": 1})
    assert one_run.flush() == (0, [])


def test_only_what_is_new_in_a_call_is_stored(tmp_path):
    """A round holds the messages behind its common start with the round before, also over runs."""
    for each in TALK:
        put(tmp_path, [each])

    rounds = json.loads(path_of(tmp_path).read_bytes())["rounds"]

    assert [len(entry["messages"]) for entry in rounds] == [1, 2, 2, 2, 2, 2]
    full = [messages for _, messages in message_history.with_full_messages(rounds)]
    assert full == [each.messages for each, _ in TALK]


def test_full_messages_are_kept_on_request(tmp_path):
    """In that mode each round holds all that was sent; runs of either mode can follow each other."""
    put(tmp_path, TALK[:2])
    put(tmp_path, TALK[2:4], full_messages=True)
    put(tmp_path, TALK[4:])

    rounds = json.loads(path_of(tmp_path).read_bytes())["rounds"]

    assert ["messages_from_history" in entry for entry in rounds] == [False, True, False, False, True, True]
    full = [messages for _, messages in message_history.with_full_messages(rounds)]
    assert full == [each.messages for each, _ in TALK]


def test_files_are_private(tmp_path):
    """A session file is for its user alone, whatever the umask."""
    before = os.umask(0)
    try:
        put(tmp_path, TALK)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path_of(tmp_path).stat().st_mode) == 0o600


HOSTILE = [
    "../escaped",
    "/etc/passwd",
    "..",
    ".",
    ".hidden",
    "-rf",
    "a\0b",
    "a\nb",
    "\x1b[31m",
    "\u202eevil",
    "%2E",
    "\ud800",
    "a" * 60_000,
    "é" * 150,
    " ",
    "~",
    "con",
    '"],"rounds":[',
    ".state",
]


def test_ids_cannot_escape(tmp_path):
    """Whatever an id is made of, its file lies in the folder, is not hidden, and is found again by the id."""
    folder = folder_of(tmp_path, "sessions")
    calls = in_log(call(session_id, ["x"]) for session_id in HOSTILE)

    assert put(folder, calls) == len(HOSTILE)
    assert put(folder, calls) == 0

    assert [path.name for path in tmp_path.iterdir()] == ["sessions"]
    found = list(folder.iterdir())
    assert {json.loads(path.read_bytes())["session_id"] for path in found} == set(HOSTILE)
    assert not [path.name for path in found if path.name.startswith((".", "-")) or not path.is_file()]


# -- nothing twice -----------------------------------------------------------------------------------------------------


def test_a_line_is_taken_once(tmp_path):
    """The same line again, in the same batch, after the flush, or in another run, changes nothing."""
    one_run = Store(str(tmp_path))
    for _ in range(2):
        taken = [one_run.add(*each) for each in [TALK[0], TALK[0], TALK[1], TALK[0]]]
        one_run.flush()
    assert taken == [False] * 4
    before = path_of(tmp_path).read_bytes()

    assert put(tmp_path, TALK[:2]) == 0
    assert path_of(tmp_path).read_bytes() == before
    assert len(rounds_of(path_of(tmp_path))) == 3


LOG_LINES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["g1", "g2"])), max_size=12)


@settings(max_examples=50)
@given(LOG_LINES, st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.booleans()), max_size=5), st.booleans())
def test_any_replay_ends_in_the_same_files(tmp_path_factory, lines, runs, few):
    """Runs that begin anywhere before where the last one ended, and stop anywhere, give what one run gives."""
    once, apart = tmp_path_factory.mktemp("once"), tmp_path_factory.mktemp("apart")
    talks = {name: [] for name in "abc"}
    calls, ends = [], {"g1": 0, "g2": 0}
    for number, (name, generation) in enumerate(lines):
        talks[name].append(f"{name}{number}")
        calls.append((call(name, talks[name]), (generation, ends[generation], ends[generation] + 10)))
        ends[generation] += 10
    put(once, calls)

    done = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "REMEMBERED", 1 if few else 100)
        for back, forth, flushed in [*runs, (12, len(calls) + 12, True)]:
            one_run = Store(str(apart))
            reached = min(len(calls), done + forth)
            for number in range(max(0, done - back), reached):
                one_run.add(*calls[number])
                if number % 3 == 0:
                    one_run.flush()
            if flushed:
                one_run.flush()
                done = reached

    assert contents(apart) == contents(once)


def test_generations_are_counted_apart(tmp_path):
    """How far one generation was applied says nothing of another, and late lines of the older one are taken."""
    calls = in_log([call("s", ["1"]), call("s", ["2"])], "g1") + in_log([call("s", ["3"])], "g2")
    late = in_log([call("s", ["late"])], "g1", start=200)

    assert put(tmp_path, calls) == 3
    assert put(tmp_path, calls + late) == 1

    assert summary_of(path_of(tmp_path, "s")).positions == {"g1": 300, "g2": 100}


def test_forgetting_sessions_changes_nothing(tmp_path, monkeypatch):
    """A store that may remember only one session writes the same files as one that remembers all."""
    calls = [pair for n in range(4) for pair in in_log([call(f"s{m}", [f"{n}"]) for m in range(3)], start=n * 300)]
    many, few = folder_of(tmp_path, "many"), folder_of(tmp_path, "few")
    put(many, calls)
    monkeypatch.setattr(store, "REMEMBERED", 1)
    one_run = Store(str(few))
    for each in calls:
        one_run.add(*each)
        one_run.flush()
        assert len(one_run._sessions) == 1

    assert contents(few) == contents(many)


# -- what breaks -------------------------------------------------------------------------------------------------------


def test_a_torn_tail_is_repaired(tmp_path):
    """Wherever a file was cut off, adding its lines again makes it whole again, with nothing left of the cut."""
    path = path_of(tmp_path)
    put(tmp_path, TALK)
    whole, expected = path.read_bytes(), contents(tmp_path)

    for size in range(0, len(whole), 23):
        os.truncate(path, size)
        put(tmp_path, TALK)
        assert contents(tmp_path) == expected
        path.write_bytes(whole)


def test_a_torn_footer_alone_is_repaired(tmp_path):
    """Where only the footer was torn, lines that are all there already make the file valid again."""
    path = path_of(tmp_path)
    put(tmp_path, TALK)
    rounds, expected = rounds_of(path), summary_of(path)

    for tail in (b"", b"],", b'],"created_at":"' + b"\0" * 500):
        path.write_bytes(b"".join(rounds) + tail)
        assert put(tmp_path, TALK) == 0
        assert summary_of(path) == expected
        assert rounds_of(path) == rounds


def test_a_block_lost_in_a_power_failure_is_repaired(tmp_path):
    """Where a part of the last write is zeros under a whole footer, the lines that are read again fill it."""
    path = path_of(tmp_path)
    put(tmp_path, TALK[:2])
    start = path.stat().st_size
    put(tmp_path, TALK[2:])
    whole, expected = path.read_bytes(), contents(tmp_path)
    path.write_bytes(whole[:start] + bytes(200) + whole[start + 200 :])

    assert put(tmp_path, TALK) > 0

    assert contents(tmp_path) == expected


def test_a_file_whose_lines_are_committed_is_not_read_through(tmp_path, monkeypatch):
    """What the checkpoint says was synced is believed; everything else is proved once."""
    put(tmp_path, TALK[:3])
    looks = []
    monkeypatch.setattr(session_file, "last_write_is_whole", lambda *_: looks.append(1) or True)

    for committed, expected in [({"g1": 300}, 0), ({"g1": 299}, 1), ({"g2": 999}, 1), ({}, 1)]:
        one_run = Store(str(tmp_path))
        one_run.committed = committed
        looks.clear()
        one_run.add(*TALK[0])
        assert len(looks) == expected


def test_what_a_killed_run_wrote_is_synced_before_it_counts(tmp_path, synced):
    """Lines that a file has, but from a run that may not have synced it, are synced before they count as kept."""
    put(tmp_path, TALK)
    synced.clear()

    put(tmp_path, TALK)

    assert {path_of(tmp_path).stat().st_ino, tmp_path.stat().st_ino} <= set(synced)


def test_all_that_is_written_is_synced(tmp_path, synced):
    """A flush syncs each file, and the folder where there are new ones."""
    put(tmp_path, in_log([call("a"), call("b")]))
    inodes = {path.stat().st_ino for path in tmp_path.iterdir()}
    assert {*inodes, tmp_path.stat().st_ino} == set(synced)


def test_a_full_disk_costs_nothing_that_was_there(tmp_path, full_disk):
    """Wherever a write runs out of room, the files stay as they were; with room again, all of it gets in."""
    calls = in_log(conversation("a", 2)) + in_log([call("b", ["x" * 300])], start=200)
    more = in_log([call("a", ["other"]), call("c", ["new"]), call("b", ["short"])], start=300)
    expected = folder_of(tmp_path, "expected")
    put(expected, calls + more)

    for room in range(0, 2000, 97):
        folder = folder_of(tmp_path, str(room))
        put(folder, calls)
        before = contents(folder)
        one_run = Store(str(folder))
        full_disk(room)
        for each in more:
            one_run.add(*each)
        try:
            one_run.flush()
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 -- small writes may fit
            after = contents(folder)
            assert all(after[name][0][: len(rounds)] == rounds for name, (rounds, _) in before.items())
            assert sum(after[name] != before.get(name) for name in after) < 3
        one_run.discard()
        full_disk(None)
        for each in more:
            one_run.add(*each)
        one_run.flush()
        assert contents(folder) == contents(expected)


def test_a_write_that_cannot_be_taken_back_is_repaired(tmp_path, monkeypatch):
    """Where the disk fails in the middle of a write and for good, the next run has all rounds all the same."""
    path = path_of(tmp_path)
    put(tmp_path, TALK[:3])
    real, done = os.pwrite, []

    def pwrite(descriptor, data, offset):
        if done:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        done.append(1)
        return real(descriptor, data[:700], offset)

    one_run = Store(str(tmp_path))
    for each in TALK[3:]:
        one_run.add(*each)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", pwrite)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            one_run.flush()
    with pytest.raises(json.JSONDecodeError):
        json.loads(path.read_bytes())

    assert put(tmp_path, TALK) > 0

    expected = folder_of(tmp_path, "expected")
    put(expected, TALK)
    assert (rounds_of(path), summary_of(path)) == contents(expected)[path.name]


def test_a_failed_sync_counts_as_not_written(tmp_path, monkeypatch):
    """Where the sync fails, flush says so, and adding all again gives each round once."""
    one_run = Store(str(tmp_path))
    for each in TALK:
        one_run.add(*each)
    with monkeypatch.context() as patch:
        patch.setattr(files, "sync_files", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "no")))
        with pytest.raises(OSError, match="no"):
            one_run.flush()
    one_run.discard()

    for each in TALK:
        one_run.add(*each)
    one_run.flush()
    assert len(rounds_of(path_of(tmp_path))) == 1 + len(TALK)


@pytest.mark.parametrize("content", [b"hello\n", b"[]\n", b"\n", b'{\n  "session_id": "agent:main:1"\n}\n'])
def test_an_unreadable_file_is_set_aside(tmp_path, content):
    """A file that is no session file is kept under another name, each time a new one, and the session starts anew."""
    path = path_of(tmp_path)
    for number in (1, 2):
        path.write_bytes(content + bytes([number]))
        one_run = Store(str(tmp_path))
        with pytest.raises(SetAside) as caught:
            one_run.add(*TALK[0])
        assert str(caught.value) == f"{path}.corrupt-{number}"
        assert (tmp_path / f"{path.name}.corrupt-{number}").read_bytes() == path.read_bytes()

        one_run.discard()
        assert [one_run.add(*each) for each in TALK] == [True] * len(TALK)
        one_run.flush()
        assert len(rounds_of(path)) == 1 + len(TALK)
        assert put(tmp_path, TALK) == 0
    assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("*.corrupt-*")} == {0o600}


def test_damage_before_committed_rounds_is_not_cut_off(tmp_path):
    """Where a line is broken before rounds that nobody would read again, the file is set aside, not shortened."""
    path = path_of(tmp_path)
    put(tmp_path, TALK)
    whole = path.read_bytes()
    ends = list(accumulate(map(len, rounds_of(path))))

    for start, committed, is_lost in [
        (ends[2] + 9, 400, True),
        (ends[2] + 9, 300, False),
        (0, 100, True),
        (5, 0, False),
    ]:
        path.write_bytes(whole[:start] + bytes(20) + whole[start + 20 : -20])
        one_run = Store(str(tmp_path))
        one_run.committed = {"g1": committed}
        if is_lost:
            with pytest.raises(SetAside):
                one_run.add(*TALK[5])
        else:
            one_run.add(*TALK[5])


def test_a_run_that_ends_after_setting_aside_has_lost_nothing(tmp_path):
    """The damaged file stays until its rounds are added again, and the next run goes on from what is whole in it."""
    path = path_of(tmp_path)
    put(tmp_path, TALK)
    expected, whole = contents(tmp_path), path.read_bytes()
    path.write_bytes(whole[:1500] + bytes(20) + whole[1520:-20])
    one_run = Store(str(tmp_path))
    one_run.committed = {"g1": 600}
    with pytest.raises(SetAside) as caught:
        one_run.add(*TALK[5])

    put(tmp_path, TALK)

    os.unlink(str(caught.value))
    assert contents(tmp_path) == expected


def test_a_blank_file_is_started_over(tmp_path):
    """An empty file, zeros, or any part of a first line, which a power loss may leave, are written over."""
    path = path_of(tmp_path)
    put(tmp_path, TALK)
    expected = contents(tmp_path)
    first = session_file.header("agent:main:1")

    for content in [bytes(10_000), first[:20] + bytes(100), *(first[:size] for size in range(len(first) + 1))]:
        path.write_bytes(content)
        assert put(tmp_path, TALK) == len(TALK)
        assert contents(tmp_path) == expected


def test_an_unreadable_folder_entry_is_an_error(tmp_path):
    """What is no file cannot be set aside as if it were one."""
    path_of(tmp_path).mkdir()
    with pytest.raises(IsADirectoryError):
        put(tmp_path, TALK)


def test_two_ids_with_one_name_are_kept_apart(tmp_path):
    """Where another id's file has the name (upper and lower case on some systems), a second name is taken."""
    put(tmp_path, in_log([call("other", ["x"])]))
    os.rename(path_of(tmp_path, "other"), path_of(tmp_path))
    before = path_of(tmp_path).read_bytes()

    for each in TALK:
        assert put(tmp_path, [each]) == 1
    assert put(tmp_path, TALK) == 0

    assert path_of(tmp_path).read_bytes() == before
    assert len(rounds_of(tmp_path / file_names.other_name("agent:main:1"))) == 1 + len(TALK)


def test_no_id_can_take_the_name_of_another(tmp_path):
    """An id that is spelled like the name of a long one does not stand in its way."""
    long = "x" * 300
    spelled = file_names.file_name(long)[: -len(file_names.SUFFIX)]

    assert put(tmp_path, in_log([call(spelled), call(long), call(spelled.upper())])) == 3
