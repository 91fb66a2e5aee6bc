"""What stands in one session file?"""

from __future__ import annotations

import io
import json
import os
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions import message_history, session_file
from session_monitor.sessions.session_file import NotASessionFileError
from tests.support.calls import call, conversation, in_log
from tests.support.stored_rounds import entries_of, summary_of

BLOCK = 512  # what a disk writes at once


def line_of(entry):
    """The line of such a round."""
    keys = list(entry)
    at = keys.index("messages")
    facts, rest = ({key: entry[key] for key in part} for part in (keys[:at], keys[at + 1 :]))
    return session_file.round_line(facts, message_history.encoded(entry["messages"]), rest)


def parts_of(calls, written=0):
    """The file's lines: header, rounds, footer; the footer is that of a write from the round after ``written``."""
    head = session_file.header(calls[0][0].session_id)
    rounds = list(map(line_of, entries_of(calls)))
    before = b"".join([head, *rounds[:written]]) if written else b""
    data = b"".join([head, *rounds])[len(before) :]
    return [head, *rounds, session_file.footer(summary_of(calls), len(before), data)]


def read(path):
    """The session id, the end and the rounds up to it."""
    with open(path, "rb") as file:
        session_id = session_file.read_header(file)
        end = session_file.read_end(file)
        session_file.read_header(file)
        rounds = list(session_file.rounds(file))
        return session_id, end, rounds


def plain(entries):
    """As JSON gives them back."""
    return json.loads(json.dumps(entries))


TALK = in_log(conversation("agent:main:1", 4))
LONG_BEFORE = in_log([call("s", [f"message {n}" for n in range(40)]), call("s", ["all", "new"])])
TWO_LOGS = in_log(conversation("s", 2), "g1") + in_log(conversation("s", 3), "g2")
TALKS = pytest.mark.parametrize("calls", [TALK, LONG_BEFORE, TWO_LOGS], ids=["talk", "shrinking", "two logs"])


@TALKS
def test_file_is_valid_json_with_the_documented_keys(calls):
    """At rest the file is one JSON object with id, rounds, times, totals and models."""
    found = json.loads(b"".join(parts_of(calls)))

    assert found["session_id"] == calls[0][0].session_id
    assert [entry["round"] for entry in found["rounds"]] == list(range(1, len(calls) + 1))
    assert found["messages_count"] == len(calls)
    assert found["total_input_tokens"] == 10 * len(calls)
    assert found["total_output_tokens"] == 5 * len(calls)
    assert found["created_at"] == min(each.timestamp for each, _ in calls)
    assert found["model"] == calls[-1][0].model
    assert found["models"] == list(dict.fromkeys(each.model for each, _ in calls))


def test_footer_is_what_was_summed_up(tmp_path):
    """Reading a whole file gives back its summary, its last write's place, and the byte where the next round goes."""
    parts = parts_of(TWO_LOGS, written=3)
    (tmp_path / "s").write_bytes(b"".join(parts))

    session_id, end, rounds = read(tmp_path / "s")

    assert session_id == "s"
    assert end.summary == summary_of(TWO_LOGS)
    assert end.summary.positions == {"g1": 200, "g2": 300}
    assert end.next_byte == sum(map(len, parts[:-1]))
    assert end.written_from == sum(map(len, parts[:4]))
    assert (end.footer, end.dropped) == (parts[-1], 0)
    assert rounds == plain(entries_of(TWO_LOGS))


def test_long_footer_is_found(tmp_path):
    """A footer that is longer than the first look at the end is found all the same."""
    calls = in_log([call("s", [f"message {n}" for n in range(3000)])])
    parts = parts_of(calls)
    (tmp_path / "s").write_bytes(b"".join(parts))
    assert len(parts[-1]) > 4 * session_file._FIRST_LOOK

    assert read(tmp_path / "s")[1].footer == parts[-1]


@TALKS
def test_every_cut_is_recovered_to_the_whole_rounds_before_it(tmp_path, calls):
    """Wherever a file is cut off, all rounds before the cut are found, with their sums, positions and history."""
    parts = parts_of(calls)
    ends = list(accumulate(map(len, parts)))
    summaries = [summary_of(calls[:number]) for number in range(len(calls) + 1)]
    entries = plain(entries_of(calls))
    path = tmp_path / "s"
    path.write_bytes(b"".join(parts))

    for size in range(ends[-1] - 1, ends[0] - 1, -1):
        os.truncate(path, size)
        whole = sum(end <= size for end in ends[1:-1])
        _, end, rounds = read(path)
        assert end.summary == summaries[whole]
        assert (end.next_byte, end.dropped, end.footer) == (ends[whole], size - ends[whole], b"")
        assert rounds == entries[:whole]
    for size in range(ends[0] - 1, -1, -1):
        os.truncate(path, size)
        with pytest.raises(NotASessionFileError):
            read(path)


@pytest.mark.parametrize(("calls", "stored"), [(TALK, 2), (LONG_BEFORE, 1), (TWO_LOGS, 1)])
def test_every_torn_append_leaves_whole_rounds_only(tmp_path, calls, stored):
    """However much of an append reached the old file, it holds the old rounds or those with the first of the new."""
    old = parts_of(calls[:stored])
    parts = parts_of(calls, stored)
    keep = sum(map(len, old[:-1]))
    data = b"".join(parts)[keep:]
    ends = list(accumulate(map(len, parts)))
    path = tmp_path / "s"
    path.write_bytes(b"".join(old))
    summaries = [summary_of(calls[:number]) for number in range(len(calls) + 1)]
    entries = plain(entries_of(calls))

    for size in range(len(data) + 1):
        with open(path, "r+b") as file:
            file.seek(keep)
            file.write(data[:size])
        session_id, end, rounds = read(path)
        number = end.summary.messages_count
        assert session_id == calls[0][0].session_id
        assert number >= max(stored, sum(end <= keep + size for end in ends[1:-1]))
        assert end.summary == summaries[number]
        assert end.next_byte == ends[number]
        assert rounds == entries[:number]
    assert number == len(calls)


def test_a_block_that_did_not_reach_the_disk_is_noticed(tmp_path):
    """Zeros in place of any block of the last write are noticed though the footer is whole; what is before them stays."""
    calls = in_log(call("s", [f"{n} " * 300]) for n in range(8))
    stored = 3
    parts = parts_of(calls, stored)
    ends = list(accumulate(map(len, parts)))
    whole = b"".join(parts)
    path = tmp_path / "s"

    for start in range(-(-ends[stored] // BLOCK) * BLOCK, ends[-2] - BLOCK, BLOCK):
        path.write_bytes(whole[:start] + bytes(BLOCK) + whole[start + BLOCK :])
        with open(path, "rb") as file:
            end = session_file.read_end(file)
            assert end.footer == parts[-1]
            assert not session_file.last_write_is_whole(file, end)
            found = session_file.recover(file)
        number = sum(end <= start for end in ends[1:-1])
        assert found.summary == summary_of(calls[:number])
        assert found.next_byte == ends[number]


def test_a_whole_last_write_is_told_so(tmp_path):
    """What was written with a footer, whether the first write or a later one, is found whole."""
    for stored in range(4):
        (tmp_path / "s").write_bytes(b"".join(parts_of(TALK, stored)))
        with open(tmp_path / "s", "rb") as file:
            assert session_file.last_write_is_whole(file, session_file.read_end(file))


def test_a_changed_footer_is_not_believed(tmp_path):
    """A footer with any byte changed is as good as none: the rounds are summed up again."""
    parts = parts_of(TALK)
    path = tmp_path / "s"
    start = sum(map(len, parts[:-1]))
    whole = b"".join(parts)

    for place in range(start, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read(path)[1].summary == summary_of(TALK)


def test_a_round_out_of_turn_is_not_counted(tmp_path):
    """A whole line that is not the next round ends what is believed, and its messages are nobody's history."""
    head, first, _, third, *_ = parts_of(TALK)
    (tmp_path / "s").write_bytes(head + first + third)

    end = read(tmp_path / "s")[1]

    assert end.summary == summary_of(TALK[:1])
    assert end.next_byte == len(head + first)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_id_is_given_back_by_the_header(tmp_path_factory, session_id):
    """The true id stands in the header, whatever characters it has, in one line."""
    path = tmp_path_factory.getbasetemp() / "header"
    path.write_bytes(session_file.header(session_id))

    assert path.read_bytes().count(b"\n") == 1
    with open(path, "rb") as file:
        assert session_file.read_header(file) == session_id


def test_lone_surrogates_are_kept(tmp_path):
    """A surrogate that a client sends, for which UTF-8 has no bytes, is kept in id and messages."""
    calls = in_log([call("s\ud800", ["\udc00 \U0001f50d"])])
    (tmp_path / "s").write_bytes(b"".join(parts_of(calls)))

    session_id, end, rounds = read(tmp_path / "s")

    assert session_id == "s\ud800"
    assert rounds[0]["messages"] == [{"role": "user", "content": "\udc00 \U0001f50d"}]
    assert end.footer


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\0" * 5000,
        b"hello\n",
        b"[]\n",
        b'{"session_id":7,"schema_version":1,"rounds":[\n',
        b'{"session_id":"s","schema_version":2,"rounds":[\n',
        b'{"schema_version":1,"session_id":"s","rounds":[\n',
        b'{"session_id":"s","rounds":[' + b"[" * 100_000 + b"\n",
        b"\xff\xfe\n",
    ],
)
def test_other_files_are_told_from_session_files(tmp_path, content):
    """A file that does not begin like a session file is refused, for reading as for writing on."""
    (tmp_path / "s").write_bytes(content)
    with open(tmp_path / "s", "rb") as file:
        with pytest.raises(NotASessionFileError):
            session_file.read_header(file)
        with pytest.raises(NotASessionFileError):
            session_file.read_end(file)


@pytest.mark.parametrize(
    ("content", "is_it"),
    [
        *[(b"", True), (b"{", True), (b'{"session_id":"agent:ma', True), (b'{"session_id":"a","schema_version"', True)],
        *[(b"\0" * 50, True), (b'{"sess' + b"\0" * 50, True), (b'{"session_id":"a"' + b"\0" * 50 + b"\n", True)],
        *[(b"hello", False), (b'{"other":', False), (b"hello\0\0", False), (b"\n", False), (b"hello\n", False)],
        (session_file.header("a"), False),
        (session_file.header("a").replace(b"rounds", b"bounds"), False),
        (b'{"session_id":"a"}\n' + b"\0" * 50, False),
    ],
)
def test_what_is_blank(content, is_it):
    """A first line that was never whole, as this program begins it; what was damaged later or is another's is kept."""
    assert session_file.is_blank(io.BytesIO(content)) == is_it
