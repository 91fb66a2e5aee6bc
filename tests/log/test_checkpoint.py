"""Up to where was each generation of the log read?"""

from __future__ import annotations

import json
import os
import shutil
from unittest import mock

import pytest

from session_monitor.calls import coverage
from session_monitor.calls.coverage import Coverage
from session_monitor.log import checkpoint
from session_monitor.log import generation as identity
from session_monitor.log.checkpoint import Checkpoint, LogView
from session_monitor.log.log_file import LogFile, state_of
from session_monitor.log.rotation import LogPlace


@pytest.fixture
def generation(tmp_path_factory):
    """Call it with a number: a generation that was read for a while."""
    path = tmp_path_factory.mktemp("log") / "access.log"
    path.write_bytes(b"first line\nsecond line\n")
    file = LogFile(LogPlace(str(path), (0, 0, "")))
    start = identity.new_generation(file, set(), 1)
    start.become(start.advanced(file, 11))
    file.close()

    def make(number, **more):
        covered = Coverage(lines=number, calls=1, passed_over={"not_llm": 2})
        values = {"gid": f"g{number}", "sequence": number, "path": f"/var/log/\udcff.{number}", "coverage": covered}
        return identity.Generation(**{**vars(start), **values, **more})

    return make


@pytest.fixture
def path(tmp_path):
    """Where the state of the sessions in ``tmp_path`` is kept."""
    return tmp_path / ".state.json"


def opened(path, folder=None):
    """The state as a new run finds it."""
    return Checkpoint(str(path), str(folder or path.parent))


def saved(path, *generations, key=None):
    """A state file with these generations."""
    state = opened(path)
    state.view(key).generations.extend(generations)
    state.save()
    return state


def test_what_is_saved_is_found_again(path, generation):
    """Generations and coverage of every view come back as they were, and the file is private JSON."""
    state = saved(path, generation(1), generation(2, gone=True, unterminated=True))
    state.view("agent:*").generations.append(generation(3))
    state.view("agent:*").past = Coverage(lines=9, passed_over={"cut_off": 1}, lost_bytes=7)
    state.save()

    again = opened(path)

    assert again.problem is None
    assert again.views == state.views
    assert json.loads(path.read_bytes())["schema_version"] == checkpoint.SCHEMA_VERSION
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_first_run_finds_nothing_and_no_problem(path):
    """Without a state file all is empty, and nothing is written before it is saved."""
    state = opened(path)
    assert (state.views, state.problem) == ({}, None)
    assert not path.exists()


def test_views_are_kept_apart(path, generation):
    """What one filter has read is not read for another."""
    state = saved(path, generation(1), key="a*")
    assert state.view("a*").generations == [generation(1)]
    assert state.view(None).generations == []
    assert state.view("") is state.view(None)
    assert state.view("b*").next_sequence() == 1
    assert state.view("a*").next_sequence() == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is damaged"),
        (b"\0" * 500, "is damaged"),
        (b"[]", "is damaged"),
        (b"{}", "is damaged"),
        (b"\xff\xfe\xff", "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b'{"schema_version": 99}', "was written by another version"),
    ],
)
def test_a_state_file_that_says_nothing_counts_as_empty_and_is_kept(path, content, problem):
    """Whatever stands there, the run starts with nothing, says why, and puts the file aside."""
    path.write_bytes(content)

    state = opened(path)

    assert (state.views, state.problem) == ({}, problem)
    assert not path.exists()
    assert path.with_name(".state.json.unusable").read_bytes() == content
    state.save()
    assert opened(path).problem is None


def test_what_stands_in_the_state_file_s_place_is_put_aside(path, generation):
    """A folder is told as one, and the state is kept all the same; one that may not be read is an error."""
    path.mkdir()
    state = opened(path)
    assert (state.views, state.problem) == ({}, "is a folder")
    assert path.with_name(".state.json.unusable").is_dir()
    state.view(None).generations.append(generation(1))
    state.save()
    assert opened(path).views == state.views

    refused = PermissionError(13, "Permission denied")
    with mock.patch.object(checkpoint.files, "reading", side_effect=refused), pytest.raises(PermissionError):
        opened(path)


def test_any_cut_counts_as_empty(path, generation):
    """However much of a state file there is, it is all of it or nothing."""
    saved(path, generation(1))
    whole = path.read_bytes()
    for size in range(0, len(whole), 5):
        path.write_bytes(whole[:size])
        found = opened(path)
        gids = [[each.gid for each in view.generations] for view in found.views.values()]
        assert gids in ([], [["g1"]])
        assert (found.problem is None) == bool(gids)


@pytest.mark.parametrize(
    "wrong",
    [
        {"views": []},
        {"views": {"": []}},
        {"views": {"": {"generations": [{}], "past_coverage": {}}}},
        {"views": {"": {"generations": [], "past_coverage": {"no_such": 1}}}},
        {"views": {"": {"generations": [], "past_coverage": []}}},
    ],
)
def test_a_state_file_of_another_shape_counts_as_empty(path, wrong):
    """JSON that is not the state's own is damage, not an exception."""
    saved(path)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **wrong}))
    state = opened(path)
    assert (state.views, state.problem) == ({}, "is damaged")


def test_a_state_file_of_another_shape_that_has_no_checksum(path):
    """Earlier versions wrote none: then it is judged by its shape alone."""
    saved(path)
    content = {**json.loads(path.read_bytes()), "views": []}
    del content["sha256"]
    path.write_text(json.dumps(content))
    assert opened(path).problem == "is damaged"


def test_a_state_file_with_one_wrong_bit(path, generation):
    """It is damaged, also where it is JSON still; a wrong number of its inode makes it a copy.  Nothing else is believed."""
    saved(path, generation(1), generation(2))
    whole = path.read_bytes()
    is_copy = set()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
        found = opened(path)
        assert bool(found.views) is (found.problem is None)
        if found.views:
            is_copy.add(found.is_copy)
            assert all(each.known_to == 11 for each in found.view(None).generations)
            assert whole[:place].count(b",") < 2
    assert is_copy == {True, False}


def test_two_generations_of_one_name_count_as_damage(path, generation):
    """Each would take the other's read position for its own, and be read for ever."""
    saved(path, generation(1), generation(1))
    state = opened(path)
    assert (state.views, state.problem) == ({}, "is damaged")


def test_what_others_know_is_told_once(path, generation):
    """Of a generation that several runs have met, what the one knows that saw most of it; none that this one has met too."""
    state = opened(path)
    short, long = generation(1), generation(1)
    long.head = [*long.head, (long.head[-1][0] + 5, "more of it")]
    for key, known in (("a", [short]), ("b", [long, generation(2)]), ("c", [short, generation(3)])):
        state.view(key).generations += known
    own = state.view(None)
    own.generations.append(generation(2))

    assert {each.gid: each for each in state.elsewhere(own)} == {"g1": long, "g3": generation(3)}
    assert len(state.elsewhere(own)) == 2


def test_the_state_of_another_folder_counts_as_empty(tmp_path, generation):
    """A state file that lies elsewhere belongs to the output folder that it was written for."""
    path = tmp_path / "elsewhere" / "state"
    path.parent.mkdir()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    state = opened(path, tmp_path / "a")
    state.view(None).generations.append(generation(1))
    state.save()

    assert opened(path, tmp_path / "a").views == state.views
    other = opened(path, tmp_path / "b")
    assert (other.views, other.problem) == ({}, "belongs to another output folder")


def test_a_folder_that_was_moved_keeps_its_state(tmp_path, generation):
    """A state file inside the output folder goes with it."""
    (tmp_path / "a").mkdir()
    state = saved(tmp_path / "a" / ".state.json", generation(1))
    os.rename(tmp_path / "a", tmp_path / "b")
    assert opened(tmp_path / "b" / ".state.json").views == state.views


def test_what_has_not_changed_is_not_written(path, generation):
    """A poll with nothing new leaves the file alone, in the same run and in the next."""
    state = saved(path, generation(1))
    before = path.stat()
    state.save()
    opened(path).save()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    state.view(None).generations[0].offset += 1
    state.save()
    assert path.stat().st_ino != before.st_ino


def test_a_save_that_fails_is_tried_again(path, monkeypatch, generation):
    """What could not be written is not taken for written."""
    state = saved(path, generation(1))
    state.view(None).generations[0].offset = 500
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no")))
        with pytest.raises(OSError, match="no"):
            state.save()
    state.save()
    assert opened(path).view(None).generations[0].offset == 500


def test_all_that_was_ever_read(generation):
    """What was covered in each generation, and in those that are forgotten."""
    view = LogView([generation(2), generation(3, gone=True)], Coverage(lines=10, lost_bytes=7))
    assert view.coverage == Coverage(lines=15, calls=2, passed_over={"not_llm": 4}, lost_bytes=7)
    assert LogView().coverage == Coverage()


def test_the_next_generation_comes_behind_all_others(generation):
    """Whatever order they stand in; the first one is the first."""
    assert LogView().next_sequence() == 1
    assert LogView([generation(2), generation(7), generation(3, gone=True)]).next_sequence() == 8


def test_generations_that_are_long_gone_are_forgotten_and_stay_counted(generation):
    """Of those whose files are gone the newest are kept; what the others covered is in the total for ever."""
    number = checkpoint.REMEMBERED + 10
    view = LogView([generation(n, gone=True) for n in range(number, 0, -1)] + [generation(number + 1), generation(0)])
    total = view.coverage

    view.forget_old()

    kept = {each.sequence for each in view.generations}
    assert kept == {0, number + 1, *range(11, number + 1)}
    assert view.coverage == total
    view.forget_old()
    assert (len(view.generations), view.coverage) == (len(kept), total)


def test_readers_get_the_coverage_of_unfiltered_runs(path, generation):
    """Readers are told what the totals speak for, or None where no state tells."""
    assert coverage.of_state(str(path)) is None
    saved(path, generation(3), key="a*")
    assert coverage.of_state(str(path)) is None
    saved(path, generation(1), generation(2))
    assert coverage.of_state(str(path)) == Coverage(lines=3, calls=2, passed_over={"not_llm": 4})
    path.write_bytes(b"[")
    assert coverage.of_state(str(path)) is None


def test_a_state_of_an_earlier_version(path, generation):
    """One that does not know the last line that was read is taken as it is."""
    kept = opened(path)
    kept.view(None).generations.append(generation(1))
    kept.save()
    state = json.loads(path.read_bytes())
    del state["views"][""]["generations"][0]["tail_sha256"], state["sha256"]
    path.write_text(json.dumps(state))

    found = opened(path)

    assert found.problem is None
    assert found.view(None).generations == [generation(1, tail_sha256="")]


def test_a_passing_file_is_released(path, generation):
    """In every view its generations count as gone, without a loss; those of other files stay."""
    kept = opened(path)
    passing, other = (generation(number, path=name, size_seen=999) for number, name in ((1, "/in"), (2, "/log")))
    kept.view(None).generations += [passing, other]
    kept.view("a").generations.append(generation(3, path="/in"))

    (path.parent / "link").symlink_to("/")
    kept.release(str(path.parent / "link" / "in"))

    assert [each.gone for view in kept.views.values() for each in view.generations] == [True, False, True]
    assert (passing.size_seen, passing.seen_sha256, passing.coverage.lost_bytes) == (11, passing.mark_sha256, 0)
    assert other.size_seen == 999


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_copy_is_known_as_one(path, generation, tmp_path):
    """All logs that are there are read again from their beginning, those that are gone stay as known; once."""
    saved(path, generation(1), generation(2, gone=True))
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / ".state.json"
    shutil.copy2(path, copy)

    state = opened(copy)

    assert state.is_copy
    one, two = state.view(None).generations
    assert (one.offset, one.read_before, one.known_to) == (0, 11, 11)
    assert (two.offset, two.read_before) == (11, 0)
    assert one.coverage == Coverage(lines=1, calls=1, passed_over={"not_llm": 2})
    state.save()
    assert not opened(copy).is_copy
    assert not opened(path).is_copy


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_run_that_is_killed_while_it_saves_leaves_no_copy(path, generation, moment):
    """Before the rename the old file is there, and knows itself; so does the next one, also over the leftover."""
    state = saved(path, generation(1))
    for number in range(2, 6):
        state.view(None).generations.append(generation(number))
        with mock.patch.object(os, moment, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
            state.save()
        assert not opened(path).is_copy
        state = opened(path)
        state.view(None).generations.append(generation(number))
        state.save()
        assert not opened(path).is_copy


def test_a_folder_that_is_moved_is_no_copy(path, generation, tmp_path):
    """A rename keeps the inode."""
    saved(path, generation(1))
    moved = tmp_path / "moved"
    moved.mkdir()
    path.rename(moved / ".state.json")

    assert not opened(moved / ".state.json").is_copy


def test_a_file_system_that_numbers_files_anew_each_time(path, generation):
    """After a few times in a row an inode proves nothing, and the logs are not read again for ever."""
    saved(path, generation(1))
    found = []
    for _ in range(6):
        raw = path.read_bytes()
        path.rename(path.with_name("old"))
        path.write_bytes(raw)
        state = opened(path)
        state.view(None).generations[0].sequence += 1
        found.append(state.is_copy)
        state.save()

    assert found == [True] * checkpoint.MOST_COPIES + [False] * (6 - checkpoint.MOST_COPIES)


def test_a_state_file_of_before_it_knew_its_inode(path, generation):
    """It is believed, and nothing is written where nothing changes."""
    saved(path, generation(1))
    content = json.loads(path.read_bytes())
    for name in ("inode", "sha256", "flushes", "losses_told", "copies", "to_look_at"):
        del content[name]
    for each in content["views"][""]["generations"]:
        del each["read_before"]
    path.write_text(json.dumps(content, indent=1) + "\n")

    state = opened(path)

    assert (state.is_copy, state.flushes, state.losses_told, state.problem) == (False, 0, 0, None)
    assert state.to_look_at == {}
    assert state.view(None).generations[0].offset == 11


def test_sessions_to_look_at_were_listed_once(path, generation):
    """It is not known how many rounds those lack; of others that is kept."""
    saved(path, generation(1))
    content = json.loads(path.read_bytes())
    del content["sha256"]
    for listed, known in ((["a"], {"a": None}), ({"a": None, "b": 2}, {"a": None, "b": 2})):
        path.write_text(json.dumps({**content, "inode": path.stat().st_ino, "to_look_at": listed}))

        assert opened(path).to_look_at == known


def test_what_does_not_change_is_not_written(path, generation):
    """A state that was loaded and saved is the same file."""
    saved(path, generation(1), generation(2))
    before = state_of(path.stat())

    opened(path).save()

    assert state_of(path.stat()) == before
