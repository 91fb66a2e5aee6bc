"""How is something put on disk so that it stays there, whole and private?"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest

from session_monitor.base import files

OTHER = 65533
HOLDER = """
import sys
from session_monitor.base import files
with files.lock(sys.argv[1], sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def mode(path):
    """Who may do what with it."""
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def open_umask():
    """Let the user's umask forbid nothing."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def synced(monkeypatch):
    """The inodes of what has been synced, one by one."""
    inodes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: inodes.append(os.fstat(descriptor).st_ino))
    return inodes


# -- what may have been exchanged for something else -------------------------------------------------------------------


@pytest.fixture
def roots(tmp_path):
    """A folder of another user's in which root works, since root alone can make one."""
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's folder")
    os.chown(tmp_path, OTHER, OTHER)
    return tmp_path


def test_whose_files_are_opened(roots):
    """This user's, root's and the folder's owner's, and nobody else's."""
    path = roots / "file"
    path.write_bytes(b"text")
    for owner in (0, OTHER):
        os.chown(path, owner, owner)
        with files.reading(str(path)) as file:
            assert file.read() == b"text"
    os.chown(path, OTHER + 1, OTHER)
    with pytest.raises(files.OddFileError, match=rf"^{path} belongs to the user {OTHER + 1}: take it away, or make"):
        files.reading(str(path))


def test_what_root_makes_in_the_folder_of_a_user_is_that_users(roots):
    """Who could not read it otherwise; what is there already stays whose it is."""
    (roots / "there").touch()
    files.replace(str(roots / "state"), b"new")
    with files.lock(str(roots / "lock"), "first"), files.lock(str(roots / "there"), "first"):
        pass
    owners = {path.name: path.stat().st_uid for path in roots.iterdir()}
    assert owners == {"there": 0, "state": OTHER, "lock": OTHER}


def test_a_copy_is_whose_the_file_is(roots):
    """Nobody comes by a file of root's that was moved into the folder."""
    for name, owner in (("a", 0), ("b", OTHER)):
        (roots / name).write_bytes(b"text")
        os.chown(roots / name, owner, owner)
        files.copy(os.fsencode(roots / name), os.fsencode(roots / f"{name}.copy"))
        assert (roots / f"{name}.copy").stat().st_uid == owner


@pytest.mark.parametrize(("folder_mode", "is_odd"), [(0o700, False), (0o755, False), (0o770, True), (0o777, True)])
def test_a_file_with_a_second_name(tmp_path, folder_mode, is_odd):
    """A backup's is fine; one that somebody else could have given to another file is not."""
    (tmp_path / "file").touch()
    os.link(tmp_path / "file", tmp_path / "other")
    tmp_path.chmod(folder_mode)
    if is_odd:
        with pytest.raises(files.OddFileError, match="is a file that has other names as well: put a copy in its place"):
            files.reading(str(tmp_path / "file"))
    else:
        files.reading(str(tmp_path / "file")).close()


def test_a_users_file_under_a_second_name_in_anothers_folder(roots):
    """Only who has both could have linked them."""
    (roots / "file").touch()
    os.link(roots / "file", roots / "other")
    with pytest.raises(files.OddFileError, match="other names"):
        files.opened(str(roots / "file"), os.O_RDWR)


def test_nothing_is_left_open_of_what_is_refused(tmp_path):
    """A run may meet many such things."""
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/dev/fd"))
    for _ in range(5):
        with pytest.raises(files.OddFileError, match="is a named pipe: take it away"):
            files.reading(str(tmp_path / "pipe"))
    assert len(os.listdir("/dev/fd")) == before


@pytest.mark.parametrize("left", ["file", "link"])
def test_a_temporary_file_that_is_there_is_not_written_through(tmp_path, left):
    """It is taken away, whatever a killed run or somebody else left there."""
    (tmp_path / "precious").write_bytes(b"precious")
    temporary = tmp_path / "state.tmp"
    temporary.symlink_to(tmp_path / "precious") if left == "link" else os.link(tmp_path / "precious", temporary)

    files.replace(str(tmp_path / "state"), b"new")

    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert (tmp_path / "state").read_bytes() == b"new"
    assert not (tmp_path / "state").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["precious", "state"]


def test_a_folder_within_that_is_a_link(tmp_path):
    """What belongs into the data folder is written nowhere else, whoever put a link there."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".metrics").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(files.OddFileError, match="is a link: take it away"):
        files.make_folder_within(str(tmp_path / ".metrics"))
    files.make_folder_within(str(tmp_path / "elsewhere"))


def test_a_folder_is_not_removed(tmp_path):
    """Nobody here made it; a link to one is a name as any other."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    for name in ("folder", "link", "nothing"):
        files.remove(str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_file_that_may_not_be_removed_is_an_error(tmp_path, monkeypatch):
    """It is not taken for a folder."""
    (tmp_path / "file").touch()

    def refuse(path):
        raise PermissionError(errno.EPERM, "Operation not permitted", path)

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(PermissionError):
        files.remove(str(tmp_path / "file"))


# -- folders -----------------------------------------------------------------------------------------------------------


def test_a_new_folder_is_private(tmp_path, open_umask):
    """A folder is made for its user alone, with those above it that lack."""
    files.make_folder(str(tmp_path / "a" / "b"))
    assert mode(tmp_path / "a" / "b") == 0o700


def test_a_folder_that_is_there_stays_as_it_is(tmp_path):
    """Nobody's own permissions are changed, and a file of that name is an error."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o755)
    files.make_folder(str(tmp_path / "a"))
    assert mode(tmp_path / "a") == 0o755
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        files.make_folder(str(tmp_path / "file"))


@pytest.mark.parametrize(("umask", "before"), [(0o022, 0o755), (0o002, 0o775), (0o000, 0o777)])
def test_a_folder_as_mkdir_leaves_it_is_closed_to_others(tmp_path, umask, before):
    """Whom nobody gave a mode is for its user alone afterwards, whatever the umask, and that is told once."""
    old = os.umask(umask)
    try:
        (tmp_path / "a").mkdir()
        assert mode(tmp_path / "a") == before
        assert files.close_to_others(str(tmp_path / "a"))
        assert mode(tmp_path / "a") == 0o700
        assert not files.close_to_others(str(tmp_path / "a"))
        assert os.umask(umask) == umask
    finally:
        os.umask(old)


def test_a_folder_that_somebody_set_otherwise_stays_as_it_is(tmp_path, open_umask, monkeypatch):
    """A mode that no umask of now makes was chosen, and another user's folder is theirs."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o750)
    assert not files.close_to_others(str(tmp_path / "a"))
    (tmp_path / "b").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    before = mode(tmp_path / "b")
    assert not files.close_to_others(str(tmp_path / "b"))
    assert (mode(tmp_path / "a"), mode(tmp_path / "b")) == (0o750, before)


def test_a_file_system_without_modes(tmp_path, open_umask, monkeypatch):
    """Where modes cannot be set, or do not stay, that is no failure and nothing was closed."""
    (tmp_path / "a").mkdir()
    for chmod in (lambda *_: (_ for _ in ()).throw(PermissionError(1, "Operation not permitted")), lambda *_: None):
        monkeypatch.setattr(os, "chmod", chmod)
        assert not files.close_to_others(str(tmp_path / "a"))


# -- replace -----------------------------------------------------------------------------------------------------------


def test_replace_puts_the_data_under_the_name(tmp_path, open_umask):
    """Whether there was a file or not, the name has the new data, for its user alone, and nothing else is left."""
    path = tmp_path / "state"
    for data in (b"long one", b"short", b""):
        files.replace(str(path), data)
        assert path.read_bytes() == data
        assert mode(path) == 0o600
    assert os.listdir(tmp_path) == ["state"]


def test_replace_writes_over_what_a_killed_run_left(tmp_path):
    """A temporary file from an earlier run does not show in the new one."""
    (tmp_path / "state.tmp").write_bytes(b"left over and long")
    files.replace(str(tmp_path / "state"), b"new")
    assert (tmp_path / "state").read_bytes() == b"new"


def test_a_copy_lasts(tmp_path, synced):
    """Its data and then its name are synced; it is whole, and for its user alone."""
    (tmp_path / "file").write_bytes(b"text" * 100_000)
    target = tmp_path / "copy"

    files.copy(os.fsencode(tmp_path / "file"), os.fsencode(target))

    assert target.read_bytes() == b"text" * 100_000
    assert mode(target) == 0o600
    assert synced == [target.stat().st_ino, tmp_path.stat().st_ino]


def test_a_copy_that_fails_leaves_none(tmp_path, monkeypatch):
    """Where the disk or the file fails nothing has the name; one that is taken is not written over."""
    file, target = tmp_path / "file", tmp_path / "copy"
    with pytest.raises(FileNotFoundError):
        files.copy(os.fsencode(file), os.fsencode(target))
    assert not target.exists()

    file.write_bytes(b"text")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: (_ for _ in ()).throw(OSError("no")))
        with pytest.raises(OSError, match="no"):
            files.copy(os.fsencode(file), os.fsencode(target))
    assert not target.exists()

    target.write_bytes(b"there")
    with pytest.raises(FileExistsError):
        files.copy(os.fsencode(file), os.fsencode(target))
    assert target.read_bytes() == b"there"


def test_replace_works_in_the_current_folder(tmp_path, monkeypatch):
    """A name without a folder is one in the current folder."""
    monkeypatch.chdir(tmp_path)
    files.replace("state", b"new")
    assert (tmp_path / "state").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["pwrite", "fsync", "replace"])
def test_a_replace_that_fails_changes_nothing(tmp_path, monkeypatch, name):
    """Whichever step fails, the old data is there and the temporary file is not."""
    path = tmp_path / "state"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, name, fail)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            files.replace(str(path), b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["state"]


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path):
    """Whoever has the old file open goes on reading it."""
    path = tmp_path / "state"
    files.replace(str(path), b"old")
    with open(path, "rb") as reader:
        files.replace(str(path), b"new")
        assert reader.read() == b"old"


def test_replace_syncs_the_data_before_the_name(tmp_path, monkeypatch, synced):
    """First the data lasts, then it gets the name, then the name lasts."""
    real = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (synced.append("renamed"), real(*paths)))
    files.replace(str(tmp_path / "state"), b"new")
    assert synced == [(tmp_path / "state").stat().st_ino, "renamed", tmp_path.stat().st_ino]


# -- write_all ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 3, 100])
def test_a_short_write_is_carried_on(tmp_path, monkeypatch, step):
    """However little the system takes at a time, all of the data ends up at its place."""
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda descriptor, data, offset: real(descriptor, data[:step], offset))
    (tmp_path / "file").write_bytes(b"0123456789")
    with open(tmp_path / "file", "r+b") as file:
        files.write_all(file.fileno(), b"abcdefghij", 4)
        files.write_all(file.fileno(), b"", 0)
    assert (tmp_path / "file").read_bytes() == b"0123abcdefghij"


# -- sync --------------------------------------------------------------------------------------------------------------


def test_few_files_are_synced_one_by_one(tmp_path, synced):
    """Up to the limit, each file is synced and nothing else is waited for."""
    paths = [tmp_path / str(number) for number in range(files.FEW)]
    for path in paths:
        path.touch()
    files.sync_files(str(tmp_path), [os.fsencode(path) for path in paths])
    assert synced == [path.stat().st_ino for path in paths]


@pytest.mark.parametrize("system_can", [True, False])
def test_many_files_are_synced_at_once_where_the_system_can(tmp_path, monkeypatch, synced, system_can):
    """Above the limit one sync does for all; where the system has none, or it fails, each is synced."""
    folders = []
    monkeypatch.setattr(files, "_sync_file_system", lambda folder: (folders.append(folder), system_can)[1])
    paths = [tmp_path / str(number) for number in range(files.FEW + 1)]
    for path in paths:
        path.touch()
    files.sync_files(str(tmp_path), [os.fsencode(path) for path in paths])
    assert folders == [str(tmp_path)]
    assert synced == ([] if system_can else [path.stat().st_ino for path in paths])


def test_one_sync_for_all_is_told_apart_from_none(tmp_path, monkeypatch):
    """On Linux the file system is synced at once; elsewhere we are told that it was not."""
    assert files._sync_file_system(str(tmp_path)) == sys.platform.startswith("linux")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not files._sync_file_system(str(tmp_path))


@pytest.mark.parametrize(
    ("syncfs", "is_done"), [(lambda _descriptor: 0, True), (lambda _descriptor: -1, False), (None, False)]
)
def test_what_the_system_says_of_one_sync_for_all(tmp_path, monkeypatch, syncfs, is_done):
    """It may fail, and an old library may not have it."""
    library = SimpleNamespace(syncfs=syncfs) if syncfs else SimpleNamespace()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: library)
    assert files._sync_file_system(str(tmp_path)) is is_done


def test_a_file_that_is_gone_is_an_error(tmp_path):
    """What cannot be synced is not called synced."""
    with pytest.raises(FileNotFoundError):
        files.sync_files(str(tmp_path), [os.fsencode(tmp_path / "gone")])


# -- lock --------------------------------------------------------------------------------------------------------------


def test_a_lock_that_another_process_holds_is_told_with_its_text(tmp_path):
    """Who comes second learns what the first wrote about itself, and takes the lock once that has ended."""
    path = str(tmp_path / ".lock")
    command = [sys.executable, "-c", HOLDER, path, "process 7\nfollowing"]
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.dirname(files.__file__)))}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(files.LockHeldError, match=r"^process 7\nfollowing$"), files.lock(path, "second"):
            pytest.fail("two hold the lock")
        assert (tmp_path / ".lock").read_bytes() == b"process 7\nfollowing\n"
        holder.stdin.close()
    with files.lock(path, "second"):
        assert (tmp_path / ".lock").read_bytes() == b"second\n"


def test_a_lock_is_released_whatever_happens(tmp_path):
    """After the block, also one that failed, the lock is free, and its private file stays."""
    path = str(tmp_path / ".lock")
    with pytest.raises(ZeroDivisionError), files.lock(path, "first and long"):
        _ = 1 / 0
    with files.lock(path, "second"):
        assert (tmp_path / ".lock").read_bytes() == b"second\n"
    assert mode(path) == 0o600


def test_a_killed_holder_holds_nothing(tmp_path):
    """A lock ends with its process, and what it left written there keeps nobody out."""
    path = str(tmp_path / ".lock")
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.dirname(files.__file__)))}
    command = [sys.executable, "-c", HOLDER, path, "first"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
    with files.lock(path, "second"):
        assert (tmp_path / ".lock").read_bytes() == b"second\n"


@pytest.fixture
def shared(tmp_path):
    """A folder that is shared with a group of this user's, with what was in it before."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    (folder / "before").write_text("x")
    (folder / "before").chmod(0o600)
    (folder / "link").symlink_to("before")
    files.share(str(folder), os.getegid())
    return folder


def test_a_shared_folder(shared):
    """The group may read what was in it and what comes, whatever the umask is; others may not; links are left alone."""
    umask = os.umask(0o077)
    try:
        files.replace(str(shared / "replaced"), b"x")
        os.close(files.kept(str(shared / "kept")))
        files.copy(os.fsencode(shared / "kept"), os.fsencode(shared / "copied"))
    finally:
        os.umask(umask)

    assert stat.S_IMODE(shared.stat().st_mode) == files.SHARED_FOLDER
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in shared.iterdir() if not path.is_symlink()}
    assert modes == dict.fromkeys(("before", "replaced", "kept", "copied"), 0o640)


def test_sharing_once_more_looks_only(shared, monkeypatch):
    """A folder that is shared so already is left as it is, however many files it has."""
    monkeypatch.setattr(os, "listdir", None)
    files.share(str(shared), os.getegid())


@pytest.mark.parametrize(
    ("mode", "folder", "is_open"),
    [
        (0o600, 0o700, False),
        (0o640, 0o700, True),
        (0o640, 0o2750, False),
        (0o640, 0o750, True),
        (0o640, 0o2755, True),
        (0o660, 0o2750, True),
        (0o644, 0o2750, True),
    ],
)
def test_who_may_use_a_file(mode, folder, is_open):
    """The group of a shared folder may read its files; everything else is open to others."""
    assert files.is_open(stat.S_IFREG | mode, stat.S_IFDIR | folder) is is_open
