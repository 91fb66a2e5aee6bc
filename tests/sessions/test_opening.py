"""How does a session file end, may that be trusted, and what is set aside?"""

from __future__ import annotations

import errno
import os
import stat
from itertools import accumulate

import pytest

from session_monitor.sessions import file_names, session_file
from session_monitor.sessions.opening import InTheWay, SetAside, WentBack
from session_monitor.sessions.store import Store
from tests.support.calls import call, in_log
from tests.support.stores import TALK, contents, path_of, put, rounds_of, summary_of

pytestmark = pytest.mark.usefixtures("no_sync")


# -- what was torn or lost ---------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("committed", "is_read"),
    [
        ({"g1": 100, "g2": 200}, False),
        ({"g1": 100}, False),
        ({"g1": 100, "g2": 199}, True),
        ({"g1": 99, "g2": 200}, True),
        ({"g3": 500}, True),
    ],
)
def test_all_logs_that_are_known_must_be_committed(tmp_path, monkeypatch, committed, is_read):
    """A file with lines of several is proved where one of those that the checkpoint knows was not read as far."""
    put(tmp_path, [*in_log([call("s")], "g1"), *in_log([call("s")], "g2", start=100)])
    looks = []
    monkeypatch.setattr(session_file, "last_write_is_whole", lambda *_: looks.append(1) or True)
    store = Store(str(tmp_path))
    store.committed = committed
    store.add(*in_log([call("s")], "g4")[0])

    assert bool(looks) == is_read


def test_what_a_killed_run_wrote_is_synced_before_it_counts(tmp_path, synced):
    """Lines that a file has, but from a run that may not have synced it, are synced before they count as kept."""
    put(tmp_path, TALK)
    synced.clear()

    put(tmp_path, TALK)

    assert {path_of(tmp_path).stat().st_ino, tmp_path.stat().st_ino} <= set(synced)


# -- what is no session file -------------------------------------------------------------------------------------------


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
        one_run.lacking.read_again()
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
        with pytest.raises(SetAside if is_lost else WentBack):
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


def test_what_is_no_file_is_in_the_way(tmp_path):
    """It is named, and renamed when the logs are known as not read; then the session begins anew."""
    path_of(tmp_path).mkdir()
    store = Store(str(tmp_path))
    with pytest.raises(InTheWay, match=r"is a folder$") as caught:
        store.add(*TALK[0])

    assert (
        store.make_way(caught.value)
        == f"{path_of(tmp_path)} is a folder and was set aside as {path_of(tmp_path)}.corrupt-1"
    )

    assert put(tmp_path, TALK) == len(TALK)
    assert [each.is_dir() for each in tmp_path.glob("*.corrupt-1")] == [True]


def test_what_cannot_be_moved_leaves_the_session_its_second_name(tmp_path, monkeypatch):
    """No run asks for the logs once more as soon as that is there, nor does its first name come back."""
    path_of(tmp_path).mkdir()
    store = Store(str(tmp_path))
    with pytest.raises(InTheWay) as caught:
        store.add(*TALK[0])
    monkeypatch.setattr(os, "rename", refuse)

    assert "cannot be set aside (Device or resource busy)" in store.make_way(caught.value)

    assert sum(store.add(*each) for each in TALK[:1]) == 1
    store.flush()
    assert put(tmp_path, TALK) == len(TALK) - 1
    assert [path.name for path in tmp_path.glob("*.json") if path.is_file()] == [file_names.other_name("agent:main:1")]


def refuse(*_):
    """As for a folder on which another disk is mounted."""
    raise OSError(errno.EBUSY, "Device or resource busy")


# -- under which name --------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("first", ["free again", "a folder"])
def test_a_session_under_its_second_name_goes_on_there(tmp_path, first):
    """Whatever became of the first one: its file is found, and nothing comes twice."""
    put(tmp_path, in_log([call("other", ["x"])]))
    os.rename(path_of(tmp_path, "other"), path_of(tmp_path))
    put(tmp_path, TALK[:3])
    path_of(tmp_path).unlink()
    if first == "a folder":
        path_of(tmp_path).mkdir()

    assert put(tmp_path, TALK) == len(TALK) - 3
    assert len(rounds_of(tmp_path / file_names.other_name("agent:main:1"))) == 1 + len(TALK)
    assert [path.name for path in tmp_path.glob("*.json") if path.is_file()] == [file_names.other_name("agent:main:1")]


def test_no_id_can_take_the_name_of_another(tmp_path):
    """An id that is spelled like the name of a long one does not stand in its way."""
    long = "x" * 300
    spelled = file_names.file_name(long)[: -len(file_names.SUFFIX)]

    assert put(tmp_path, in_log([call(spelled), call(long), call(spelled.upper())])) == 3
