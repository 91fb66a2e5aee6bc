"""Up to where in the log are the calls of a session deleted?"""

from __future__ import annotations

import json

import pytest

from session_monitor.base import data_folder
from session_monitor.sessions import deleted
from session_monitor.sessions.deleted import DeletedListDamagedError, Tombstones


def kept(folder, *added):
    """What is read again after these were added."""
    found = deleted.read(str(folder))
    for session_id, positions in added:
        found.add(session_id, positions)
    deleted.write(str(folder), found)
    return deleted.read(str(folder))


def test_what_is_kept_is_read_again(tmp_path):
    """Each session has its own positions, whatever its id is made of, and others have none."""
    ids = ["a", "b/../c", "会话", "\ud800", "x" * 60_000]
    found = kept(tmp_path, *((session_id, {"g1": number, f"g{number}": 7}) for number, session_id in enumerate(ids, 2)))

    assert [found.positions(each) for each in ids] == [{"g1": number, f"g{number}": 7} for number in range(2, 7)]
    assert found.positions("A") == {}
    assert len(found) == 5
    assert (tmp_path / data_folder.DELETED).stat().st_mode & 0o777 == 0o600


def test_a_session_that_is_deleted_again(tmp_path):
    """The larger position of each generation holds."""
    kept(tmp_path, ("a", {"g1": 500, "g2": 9}))

    assert kept(tmp_path, ("a", {"g1": 400, "g2": 10, "g3": 1})).positions("a") == {"g1": 500, "g2": 10, "g3": 1}


def test_a_position_may_be_the_beginning(tmp_path):
    """Nothing of a generation may be deleted, and nothing of all that there are: then there is no such session."""
    found = kept(tmp_path, ("a", {"g1": 0}), ("b", {}))

    assert (found.positions("a"), found.positions("b"), len(found)) == ({"g1": 0}, {}, 1)


def test_without_a_file_nothing_is_deleted(tmp_path):
    """No file is none deleted, and asking makes none."""
    assert deleted.read(str(tmp_path)).positions("a") == {}
    assert list(tmp_path.iterdir()) == []


def test_no_id_is_kept(tmp_path):
    """The file holds digests, generations and numbers."""
    kept(tmp_path, ("agent:main:secret", {"g1": 500}))

    document = json.loads((tmp_path / data_folder.DELETED).read_bytes())
    assert list(document) == ["schema_version", "generations", "sessions"]
    [(digest, positions)] = document["sessions"].items()
    assert (len(digest), int(digest, 16) > 0, positions) == (32, True, [0, 500])


def test_a_hundred_thousand_sessions_are_a_few_megabytes(tmp_path):
    """A session costs some fifty bytes."""
    many = Tombstones()
    for number in range(100_000):
        many.add(f"agent:main:{number}", {f"g{number % 100}": 10**9 + number})
    deleted.write(str(tmp_path), many)

    assert (tmp_path / data_folder.DELETED).stat().st_size < 6_000_000
    assert deleted.read(str(tmp_path)).positions("agent:main:77777") == {"g77": 10**9 + 77777}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        b"\xff",
        b'{"schema_version":2,"generations":[],"sessions":{}}',
        b'{"schema_version":1,"generations":["g"],"sessions":{"d":[0]}}',
        b'{"schema_version":1,"generations":["g"],"sessions":{"d":[1,5]}}',
        b'{"schema_version":1,"generations":["g"],"sessions":{"d":[0,"5"]}}',
        b'{"schema_version":1,"generations":["g"],"sessions":{"d":[0,-1]}}',
        b'{"schema_version":1,"generations":["g"],"sessions":{"d":[-1,5]}}',
        b'{"schema_version":1,"generations":["g"],"sessions":{"d":[0,true]}}',
        b'{"schema_version":1,"generations":["g"],"sessions":{"d":{}}}',
        b'{"schema_version":1,"generations":[1],"sessions":{}}',
        b'{"schema_version":1,"generations":[],"sessions":[]}',
    ],
)
def test_a_file_that_is_damaged(tmp_path, content):
    """It is told and never taken for an empty one."""
    (tmp_path / data_folder.DELETED).write_bytes(content)
    with pytest.raises(DeletedListDamagedError, match="is damaged, or was written by another version"):
        deleted.read(str(tmp_path))


def test_something_else_that_has_the_file_s_name(tmp_path):
    """A folder in its place is told as what it is, by the same error."""
    (tmp_path / data_folder.DELETED).mkdir()
    with pytest.raises(DeletedListDamagedError, match=r"\.deleted\.json is a folder: take it away"):
        deleted.read(str(tmp_path))
