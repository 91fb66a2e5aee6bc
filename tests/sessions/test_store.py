"""Which rounds are new to a session, and how do they get into its file?"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import files
from session_monitor.sessions import message_history, session_file, store, summary
from session_monitor.sessions.opening import WentBack
from session_monitor.sessions.round_counts import RoundCounts
from session_monitor.sessions.rounds import all_rounds, with_all_messages
from session_monitor.sessions.store import Store
from session_monitor.sessions.write_lock import Outdated
from session_monitor.upkeep import session_check
from tests.support.calls import call, conversation, in_log, message
from tests.support.stores import TALK, contents, folder_of, path_of, put, rounds_of, summary_of

pytestmark = pytest.mark.usefixtures("no_sync")


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


def test_a_write_shorter_than_the_footer_leaves_nothing_of_it(tmp_path, monkeypatch):
    """Where what is remembered of a session shrinks, so does its footer, and the file stays valid."""
    monkeypatch.setattr(message_history, "MOST_MESSAGES", 100)
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
    found = [path for path in folder.iterdir() if path.name != ".round-counts"]
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
    assert not one_run.add(*TALK[0])
    assert one_run.flush() == (0, [])
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


@pytest.mark.parametrize("bound", ["REMEMBERED", "REMEMBERED_POSITIONS"])
def test_forgetting_sessions_changes_nothing(tmp_path, monkeypatch, bound):
    """A store that may remember only one session, or none, writes the same files as one that remembers all."""
    calls = [pair for n in range(4) for pair in in_log([call(f"s{m}", [f"{n}"]) for m in range(3)], start=n * 300)]
    many, few = folder_of(tmp_path, "many"), folder_of(tmp_path, "few")
    put(many, calls)
    monkeypatch.setattr(store, bound, int(bound == "REMEMBERED"))
    one_run = Store(str(few))
    for each in calls:
        one_run.add(*each)
        one_run.flush()
        assert len(one_run._sessions) == (bound == "REMEMBERED")

    assert contents(few) == contents(many)


# -- what breaks -------------------------------------------------------------------------------------------------------


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
        if len(data) > 700:  # less is not of the session
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


BEFORE_THREADS = Path(__file__).parent / "data" / "before_threads"


@pytest.mark.parametrize("is_torn", [False, True])
@pytest.mark.parametrize("name", ["before-threads", "ended"])
def test_files_of_before_conversations_were_told_apart_go_on(tmp_path, name, is_torn):
    """Their rounds are read and their footers taken, and new rounds go on from their last messages, or begin anew."""
    path = path_of(tmp_path, name)
    shutil.copy(BEFORE_THREADS / path.name, path)
    if is_torn:
        path.write_bytes(path.read_bytes()[:-9])
    sent = [each["messages"] for each in full_rounds(path)]
    end = len(sent) * 100 + 400 * (name == "ended")
    one, two = [*sent[-1][:2], message("new")], [message("of another")]

    put(tmp_path, in_log([call(name, messages=each) for each in (one, two, [*one, message("more")])], start=end))

    assert [each["messages"] for each in full_rounds(path)] == [*sent, one, two, [*one, message("more")]]
    assert not session_check.look(str(tmp_path), path.name, quick=False).faults
    with open(path, "rb") as file:
        footer, recovered = session_file.read_footer(file), session_file.recover(file)
    assert [each[:2] for each in footer.summary.history] == [each[:2] for each in recovered.summary.history]


def full_rounds(path):
    """The rounds of a session file, each with all messages that it sent."""
    with open(path, "rb") as file:
        return list(with_all_messages(all_rounds(file)))


# -- questions where no messages are logged ----------------------------------------------------------------------------


def asking(chat_round, tokens=400, **more):
    """A call of which the log has the question alone: of a tool's round that is what the tool said."""
    told = {
        "input_token": tokens,
        "output_token": 50,
        "total_token": tokens + 50,
        "chat_round": chat_round,
        "messages": None,
    }
    return call("s", **{**told, "question": f"question {chat_round}, {tokens}", "answer": "x", **more})


NO_TOOLS = {"response_type": "stream", "llm_service_duration": 5, "tool_calls": None}


@pytest.mark.parametrize(
    ("calls_made", "asked"),
    [
        ([asking(1), asking(1, 500), asking(1, 600), asking(2, 700)], [True, False, False, True]),
        ([asking(1, **NO_TOOLS), asking(1, 500)], [True, True]),  # the last one asked for no tools
        ([asking(1), asking(1, 410)], [True, True]),  # the last one's answer has no room in it
        ([asking(1), asking(1, input_token=None, output_token=None, total_token=None)], [True, False]),
        ([asking(0), asking(0, 500)], [True, True]),  # the log does not tell
        ([asking(1), asking(2, 500, code="503"), asking(2, 500)], [True, True, True]),  # tried again
        ([asking(1), asking(1, 500, code="503"), asking(1, 500)], [True, False, False]),
        ([asking(1), call("s", ["a"], question="q"), asking(1, 500)], [True, True, True]),
    ],
)
def test_what_a_tool_said_is_no_question(tmp_path, calls_made, asked):
    """Without messages, a call that has no more of the user's than the one that may have asked for tools is a tool's."""
    put(tmp_path, in_log(calls_made))

    assert [bool(entry["question"]) for entry in full_rounds(path_of(tmp_path, "s"))] == asked


def test_a_tools_round_is_known_in_a_later_run(tmp_path):
    """Also behind short lines, and where each call comes in a run of its own."""
    first, *others = in_log([asking(1), asking(1, 500), asking(2, 600)])
    for each in ([first], *([other] for other in others)):
        put(tmp_path, each)

    assert [entry["question"] for entry in full_rounds(path_of(tmp_path, "s"))] == [
        "question 1, 400",
        "",
        "question 2, 600",
    ]


# -- how much is kept --------------------------------------------------------------------------------------------------


def text_of(number):
    """A message of some length."""
    return f"{number} " + "tool result text 0123456789 " * 20


def size_of(folder, lists):
    """How large a session gets whose calls send these lists of messages."""
    folder.mkdir()
    put(folder, in_log([call("s", messages=each) for each in lists]))
    return path_of(folder, "s").stat().st_size


def test_conversations_by_turns_take_no_more_room_than_one(tmp_path):
    """Each stores what is new in it, whatever goes on beside it in the session."""
    talks = [[message(text_of(f"{name}{number}")) for number in range(40)] for name in "abc"]
    by_turns = [talk[: 2 * number + 2] for number in range(20) for talk in talks]
    alone = [[message(text_of(number)) for number in range(120)][: 2 * number + 2] for number in range(60)]

    assert size_of(tmp_path / "turns", by_turns) < 1.2 * size_of(tmp_path / "alone", alone)


def test_a_mark_that_moves_takes_no_room(tmp_path):
    """The newest message is marked, and sent without its mark, as plain text, with the next call."""
    fixed = [{"role": "user", "content": text_of(number)} for number in range(80)]

    def moving(number):
        last = {"type": "text", "text": fixed[number]["content"], "cache_control": {"type": "ephemeral"}}
        return [*fixed[:number], {"role": "user", "content": [last]}]

    lists = [moving(number) for number in range(1, 80, 2)]
    size = size_of(tmp_path / "fixed", [fixed[: len(each)] for each in lists])

    assert size_of(tmp_path / "moving", lists) < 1.2 * size
    assert [each["messages"] for each in full_rounds(path_of(tmp_path / "moving", "s"))] == lists


# -- what went back ----------------------------------------------------------------------------------------------------


def test_positions_are_bounded_and_nothing_comes_twice(tmp_path):
    """A footer names the newest generations alone; of those before them the rounds tell, read once between two flushes."""
    lines = [line for n in range(200) for line in in_log([call("s", [f"{n} a"]), call("s", [f"{n} b"])], f"g{n}")]
    for start in range(0, 400, 20):
        assert put(tmp_path, lines[start : start + 20]) == 20
    assert list(summary_of(path_of(tmp_path, "s")).positions) == [f"g{n}" for n in range(184, 200)]

    before = path_of(tmp_path, "s").read_bytes()
    with mock.patch.object(session_file, "applied", wraps=session_file.applied) as looks:
        assert put(tmp_path, lines) == 0
    assert looks.call_count == 1
    assert path_of(tmp_path, "s").read_bytes() == before
    assert put(tmp_path, [(call("s", ["late"]), ("g3", 200, 300))]) == 1
    assert put(tmp_path, [(call("s", ["late"]), ("g3", 200, 300)), lines[7]]) == 0
    assert session_check.look(str(tmp_path), "s.json", quick=False).faults == []


def test_ends_that_are_remembered_take_so_much_and_no_more(tmp_path):
    """The more generations their footers name, the fewer there are; those that were heard last stay."""
    one_run = Store(str(tmp_path))
    with mock.patch.object(store, "REMEMBERED_POSITIONS", 300):
        for n in range(30):
            for each in range(60):
                one_run.add(call(f"s{each}"), (f"generation-{n}", each * 100, each * 100 + 100))
            one_run.flush()
            named = min(n + 1, 16)
            assert list(one_run._sessions) == [f"s{each}" for each in range(60 - min(60, 300 // named), 60)]


def test_what_was_applied_of_old_is_not_kept_where_a_generation_begins(tmp_path):
    """A batch may have thousands of sessions; what their files tell of all generations there were goes with the line."""
    put(tmp_path, [line for n in range(40) for line in in_log([call("s", [str(n)])], f"g{n}")])
    one_run = Store(str(tmp_path))

    with mock.patch.object(session_file, "applied", wraps=session_file.applied) as looks:
        one_run.add(call("s", ["new"]), ("g40", 0, 100))
        assert one_run._sessions["s"].applied is None
        for n in range(5):  # several that go on at a time: their file is read once for all
            one_run.add(call("s", [f"late {n}"]), (f"g{n}", 100, 200))
    assert looks.call_count == 2


def test_a_footer_of_before_positions_were_bounded(tmp_path, monkeypatch):
    """It names all generations, and is sound; the next write bounds it, and nothing comes twice."""
    lines = [line for n in range(100) for line in in_log([call("s", [str(n)])], f"g{n}")]
    with monkeypatch.context() as before:
        before.setattr(summary, "MOST_POSITIONS", 1000)
        put(tmp_path, lines)
    assert len(summary_of(path_of(tmp_path, "s")).positions) == 100
    assert session_check.look(str(tmp_path), "s.json", quick=False).faults == []

    assert put(tmp_path, [*lines, *in_log([call("s", ["new"])], "new")]) == 1

    assert len(summary_of(path_of(tmp_path, "s")).positions) == summary.MOST_POSITIONS
    assert put(tmp_path, lines) == 0
    assert session_check.look(str(tmp_path), "s.json", quick=False).faults == []


def test_a_file_that_another_was_put_in_the_place_of(tmp_path):
    """It is not written to at the byte where its predecessor ended; all that was to be written is to come again."""
    put(tmp_path, TALK[:2])
    path = path_of(tmp_path)
    backup = path.read_bytes()
    one_run = Store(str(tmp_path))
    one_run.add(*TALK[2])
    one_run.flush()
    one_run.add(*TALK[3])
    path.write_bytes(backup)

    with pytest.raises(Outdated), one_run.changing():
        one_run.flush()

    assert path.read_bytes() == backup
    with pytest.raises(WentBack, match="has 2 of the 3 rounds"):
        one_run.add(*TALK[3])


@pytest.mark.parametrize("ahead", [1, 3])
def test_a_file_that_is_ahead_of_its_count_is_trusted(tmp_path, ahead):
    """As after a kill between the two writes, or where the counts alone are put back."""
    put(tmp_path, TALK[:2])
    counts = (tmp_path / ".round-counts").read_bytes()
    for number in range(ahead):
        put(tmp_path, TALK[2 + number : 3 + number])
    (tmp_path / ".round-counts").write_bytes(counts)

    one_run = Store(str(tmp_path))
    assert [one_run.add(*each) for each in TALK] == [False] * (2 + ahead) + [True] * (4 - ahead)


def test_what_a_file_lacks_is_counted_in_a_flush_that_lasts_before(tmp_path):
    """Or after a power failure the read positions of before could follow a count of calls that are still to come."""
    put(tmp_path, TALK[:1])
    backup = path_of(tmp_path).read_bytes()
    put(tmp_path, TALK[:4])
    path_of(tmp_path).write_bytes(backup)
    real, made = RoundCounts.put, []

    def recorded(counts, counted):
        counted = list(counted)
        made.append((counts.flushes, [rounds for _, (rounds, _) in counted]))
        real(counts, counted)

    with mock.patch.object(RoundCounts, "put", recorded):
        assert put(tmp_path, TALK[:3]) == 2

    assert made == [(3, []), (3, [6]), (4, [6]), (5, [3])]


def test_lost_calls_are_counted_exactly(tmp_path):
    """Of what a file had, what was read before and comes again counts as found; what is new does not make up for it."""
    put(tmp_path, TALK[:1])
    backup = path_of(tmp_path).read_bytes()
    put(tmp_path, TALK[:4])
    path_of(tmp_path).write_bytes(backup)
    one_run = Store(str(tmp_path))
    with pytest.raises(WentBack):
        one_run.add(*TALK[4])

    one_run.discard()
    one_run.lacking.read_again()
    one_run.read_before = lambda session_id, generation: {("agent:main:1", "g1"): 400}.get((session_id, generation), 0)
    for each in TALK[3:]:
        one_run.add(*each)
    one_run.flush()

    assert one_run.lacking.lost == {path_of(tmp_path).name: 2}
    one_run.settle()
    assert one_run.lacking.lost == {}
    assert put(tmp_path, TALK) == 0


def test_read_positions_that_are_newer_than_what_they_follow(tmp_path):
    """A checkpoint of a later flush than the folder knows of is a copy's: nothing may be dropped for it."""
    put(tmp_path, TALK[:3])
    one_run = Store(str(tmp_path))
    one_run.committed_flushes = one_run.flushes + 1

    with pytest.raises(WentBack, match="newer"):
        one_run.add(*TALK[3])
    one_run.lacking.read_again()
    assert one_run.add(*TALK[3])
