"""What stands in one session file?"""

from __future__ import annotations

import io
import json
import os
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import usage
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


def test_a_round_out_of_its_place(tmp_path):
    """It ends what can be recovered, whatever stands behind it: sums of some of the rounds are nobody's."""
    header, first, second, third, _ = parts_of(TALK[:3])
    (tmp_path / "s").write_bytes(header + first + third + second + third)

    with open(tmp_path / "s", "rb") as file:
        found = session_file.recover(file)

    assert found.summary == summary_of(TALK[:1])
    assert found.next_byte == len(header + first)


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


# -- lines that are whole and hold something else ----------------------------------------------------------------------

ODD = {
    "no JSON": b',{"round":oops,"messages":[],"log":["g",0,1]',
    "nothing behind a key": b',{"round":,"messages":[],"log":["g",0,1]',
    "half": b',{"round","messages":[],"log":["g",0,1]',
    "very deep": b',{"round":' + b"[" * 100_000 + b',"messages":[],"log":["g",0,1]',
    "no messages": b',{"round":oops,"log":["g",0,1]',
    "no text": b',{"round":"\xff","messages":[],"log":["g",0,1]',
    "nothing": b"",
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_a_line_that_holds_no_round(body):
    """It ends what is believed, for whoever reads all of a file, its facts or its lines; those behind it are found."""
    head, first, second, third, *rest = parts_of(TALK)
    odd = session_file.sealed(body)
    file = io.BytesIO(b"".join([head, first, second, odd, third, *rest]))
    entries = plain(entries_of(TALK))

    session_file.read_header(file)
    assert list(session_file.rounds(file)) == entries[:2]
    session_file.read_header(file)
    found = [line for _, _, line in session_file.scan(file)]
    assert [bool(line) for line in found] == [True, True, False, *[True] * (len(TALK) - 1)]
    assert session_file.round_in(odd) is None
    assert list(session_file.rounds_behind(file, len(head + first))) == entries[1:]


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_the_facts_before_a_line_that_holds_no_round(tmp_path, body):
    """They are those of the rounds before it, with their places; the end is what the footer, or these, tell."""
    head, first, second, *_ = parts_of(TALK)
    (tmp_path / "s").write_bytes(head + first + second + session_file.sealed(body))
    with open(tmp_path / "s", "rb") as file:
        session_file.read_header(file)
        facts, end = session_file.read_facts(file)

    assert [each["round"] for each, _, _ in facts] == [1, 2]
    assert [place for _, *place in facts] == [[len(head), len(first)], [len(head + first), len(second)]]
    assert (end.summary.messages_count, end.next_byte) == (2, len(head + first + second))


def test_the_facts_of_a_whole_file(tmp_path):
    """Each round's are those that stand before its messages; the end is the footer's; of no rounds there are none."""
    parts = parts_of(TWO_LOGS)
    (tmp_path / "s").write_bytes(b"".join(parts))
    (tmp_path / "none").write_bytes(parts[0])
    entries = plain(entries_of(TWO_LOGS))
    with open(tmp_path / "s", "rb") as file, open(tmp_path / "none", "rb") as none:
        session_file.read_header(file)
        facts, end = session_file.read_facts(file)
        assert end == session_file.read_end(file)
        session_file.read_header(file)
        scanned = [(line, start, length) for start, length, line in session_file.scan(file)]
        session_file.read_header(none)
        assert session_file.read_facts(none)[0] == []

    assert [(dict(line), *place) for line, *place in scanned[:-1]] == [
        ({**each, "log": entry["log"]}, *place) for (each, *place), entry in zip(facts, entries)
    ]
    assert scanned[-1] == (end, end.next_byte, len(end.footer))
    assert all(entry[key] == value for (each, *_), entry in zip(facts, entries) for key, value in each.items())


def test_a_footer_of_another_make(tmp_path):
    """One that is whole, and lacks what this version's has, has too much, or is no JSON, is as good as none."""
    parts = parts_of(TALK)
    fields = json.loads(b"{" + parts[-1][2:])
    del fields["crc32"]
    odd = [
        {**fields, "unheard_of": 1},
        {name: value for name, value in fields.items() if name != "positions"},
        {**fields, "positions": {}},
        {**fields, "positions": []},
        {**fields, "history": 7},
    ]
    bodies = [b"]," + json.dumps(each).encode()[1:-1] for each in odd]
    for body in [*bodies, b'],"created_at":oops', b'],"created_at":', b'],"created_at":"\xff"']:
        (tmp_path / "s").write_bytes(b"".join([*parts[:-1], session_file.sealed(body)]))
        _, end, _ = read(tmp_path / "s")
        assert (end.summary, end.footer) == (summary_of(TALK), b"")


def test_checksums_of_lines():
    """That of the line of a round, by its number or where it ends; -1 where there is none."""
    head, first, second, *_ = parts_of(TALK)
    file = io.BytesIO(head + first + second)
    checksums = [int(line[-11:-3], 16) for line in (first, second)]

    assert [session_file.crc32_of_line(line) for line in (first, second)] == checksums
    assert [session_file.crc32_of(file, number) for number in (1, 2)] == checksums
    places = len(head + first), len(head + first + second)
    assert [session_file.crc32_before(file, place) for place in places] == checksums
    assert [session_file.crc32_of(file, number) for number in (0, 3)] == [-1, -1]
    assert [session_file.crc32_before(file, place) for place in (0, 3, len(head))] == [-1] * 3
    assert session_file.crc32_of_line(b"") == -1


def test_up_to_where_the_log_was_applied(tmp_path):
    """As all whole rounds tell, also those behind damage and in whatever order their lines came; the footer is not asked."""
    calls = [*in_log([call("s")], "g1", start=500), *in_log([call("s")], "g1"), *in_log([call("s")], "g2")]
    parts = parts_of(calls)
    assert session_file.applied(io.BytesIO(b"".join(parts))) == {"g1": 600, "g2": 100}
    assert session_file.applied(io.BytesIO(b"".join([parts[0], b"broken\n", *parts[2:]]))) == {"g1": 100, "g2": 100}
    assert session_file.applied(io.BytesIO(parts[0])) == {}


def test_a_round_of_before_heavy_values_were_left_out():
    """What is too heavy in it is left out when it is read, as it is now when it is stored; and that is told."""
    (entry,) = plain(entries_of(TALK[:1]))
    heavy = [{}] * 400_000

    whole = session_file.round_in(line_of({**entry, "answer": "x" * (1 << 20)}))
    assert (len(whole["answer"]), "left_out" in whole) == (1 << 20, False)
    for word, left in (("messages", []), ("tool_calls", []), ("reported", {}), ("answer", None), ("others", ...)):
        found = session_file.round_in(line_of({**entry, word: heavy}))
        assert found["left_out"] == [word]
        assert found.get(word, ...) == left
        assert found["log"] == entry["log"]


@pytest.mark.parametrize("way", [{}, {"upstream_cluster": "c"}])
@pytest.mark.parametrize("note", usage.OPEN_CACHE)
def test_what_is_open_of_a_cache_in_a_round_of_an_earlier_version(tmp_path, note, way):
    """It stands among the notes alone, and is a fact all the same; a round of now has it once, and text is no note."""
    text = f',"token_notes":["{note}"]'
    (entry,) = entries_of(in_log([call("s", [text])]))
    entry.update(cached_tokens=5, reported={"input_token": 10}, log=entry.pop("log"))
    entry = {"upstream_cluster": "c", **entry} if way else entry
    noted = {**entry, "token_notes": ["total_differs", note], "system": text, "log": entry["log"]}

    found = []
    for each in (entry, noted, {note: True, **noted}, {**noted, "cached_tokens": 0}):
        (tmp_path / "s").write_bytes(session_file.header("s") + line_of(each))
        with open(tmp_path / "s", "rb") as file:
            session_file.read_header(file)
            ((facts, _, _),), _ = session_file.read_facts(file)
        found.append(facts.get(note))
        assert facts.get("upstream_cluster") == way.get("upstream_cluster")
    assert found == [None, True, True, None]


@pytest.mark.parametrize("told", [{}, {"upstream_cluster": 'a "b"\\'}, {"route_name": "r", "upstream_cluster": "c"}])
def test_the_way_of_a_call_that_an_earlier_version_wrote(tmp_path, told):
    """It stands behind what was said, and is a fact all the same; what a client sent by the same words is none."""
    sent = [{"role": "user", "content": [{"type": "x", "upstream_cluster": "forged"}, ',"upstream_cluster":"forged"']}]
    (entry,) = entries_of(in_log([call("s", ["hi"])]))
    way = {"upstream_cluster": "forged twice"} if told else {}
    entry = {**entry, "messages": sent, "tool_calls": [way], **told, "log": entry.pop("log")}
    (tmp_path / "s").write_bytes(session_file.header("s") + line_of(entry))

    with open(tmp_path / "s", "rb") as file:
        session_file.read_header(file)
        ((facts, _, _),), _ = session_file.read_facts(file)
        session_file.read_header(file)
        ((_, _, scanned),) = session_file.scan(file)
    for found in (facts, scanned):
        assert {word: found[word] for word in ("route_name", "upstream_cluster") if word in found} == told
