"""Does a name lead to a file beneath one of these folders, whatever is swapped meanwhile?"""

from __future__ import annotations

import contextlib
import os

import pytest

from session_monitor.log import beneath, rotation
from session_monitor.log.beneath import is_beneath
from session_monitor.log.checkpoint import LogView
from session_monitor.log.log_file import LogFile, OutsideError
from session_monitor.log.look import Look
from session_monitor.log.rotation import LogPlace
from session_monitor.log.tail import Tail


def make(folder, *names):
    """Files of these names, each with its name in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(name + "\n")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/access.log", True),
        ("a/deep/er/access.log", True),
        ("a/../a/access.log", True),
        ("a/missing/../access.log", True),
        ("link-to-a/access.log", True),
        ("b/link-into-a.log", True),
        ("ab/access.log", False),
        ("access.log", False),
        ("a/../b/access.log", False),
        ("a/link-to-b/access.log", False),
        ("a/link-out.log", False),
        ("a/link-to-b/../access.log", False),
        ("a/../../../../../../../../etc/passwd", False),
    ],
)
def test_a_file_lies_under_a_folder_only_where_it_really_does(tmp_path, path, expected):
    """Links and dots are followed to the end, and a folder is not one whose name it begins with."""
    for name in ("a/deep/er", "ab", "b"):
        make(tmp_path / name)
    make(tmp_path / "a", "inside.log")
    make(tmp_path / "b", "outside.log")
    (tmp_path / "link-to-a").symlink_to("a")
    (tmp_path / "a" / "link-to-b").symlink_to("../b")
    (tmp_path / "a" / "link-out.log").symlink_to("../b/outside.log")
    (tmp_path / "b" / "link-into-a.log").symlink_to("../a/inside.log")

    assert is_beneath(str(tmp_path / path), [str(tmp_path / "a")]) is expected


def test_any_of_several_folders_will_do(tmp_path):
    """One folder that permits is enough, none permits nothing, and the root permits all."""
    path = str(tmp_path / "b" / "access.log")
    assert is_beneath(path, [str(tmp_path / "a"), str(tmp_path / "b")])
    assert is_beneath(path, ["/"])
    assert not is_beneath(path, [])


def test_a_relative_name_is_one_in_the_current_folder(tmp_path, monkeypatch):
    """Relative names are judged by where they lead."""
    make(tmp_path / "a")
    monkeypatch.chdir(tmp_path / "a")
    assert is_beneath("access.log", [str(tmp_path / "a")])
    assert not is_beneath("../access.log", [str(tmp_path / "a")])


# -- opening -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def logs(tmp_path):
    """An allowed folder with a log and a folder in it, and a secret beside it."""
    make(tmp_path / "logs", "access.log", "access.log.1 (deleted)")
    make(tmp_path / "logs" / "deep", "access.log")
    make(tmp_path / "outside", "access.log", "secret")
    return tmp_path / "logs"


def content(path, *folders):
    """What is read by this name from beneath these folders."""
    allowed = rotation.allowed_folders([str(folder) for folder in folders], {})
    with contextlib.closing(LogFile(LogPlace(str(path), (0, 2, "")), allowed)) as file:
        return file.read(100, 0).decode()


def test_what_lies_beneath_is_opened(logs, tmp_path):
    """By its name, by a link that stays within, by a link to the allowed folder, whatever it is called."""
    (logs / "link").symlink_to("deep/access.log")
    (tmp_path / "shortcut").symlink_to("logs")
    for path in (logs / "access.log", logs / "link", tmp_path / "shortcut" / "access.log"):
        assert content(path, logs) == content(path, tmp_path / "shortcut") == content(path) == "access.log\n"
    assert content(logs / "access.log.1 (deleted)", logs) == "access.log.1 (deleted)\n"
    assert content(logs / "access.log", "/") == "access.log\n"


@pytest.mark.parametrize("way", ["link", "chain", "folder/secret", "../outside/secret", "deep/../../outside/secret"])
def test_what_lies_outside_is_not_opened(logs, way):
    """Nor by a link, a link to a link, a folder that is one, or dots; without a list of folders all is opened."""
    (logs / "link").symlink_to("../outside/secret")
    (logs / "chain").symlink_to("link")
    (logs / "folder").symlink_to("../outside")
    with pytest.raises(OutsideError) as caught:
        content(logs / way, logs)
    assert caught.value.filename == str(logs / way)
    assert content(logs / way) == "secret\n"


def test_what_is_not_there_is_not_there(logs):
    """A missing file, a missing folder and a link to nowhere are told as without folders."""
    (logs / "link").symlink_to("nowhere")
    for name in ("missing", "missing/access.log", "link", "access.log/access.log"):
        with pytest.raises(FileNotFoundError):
            content(logs / name, logs)


def swapped_when_judged(monkeypatch, swap):
    """The swap happens behind the judgement, before anything is opened."""
    judge = beneath._is_in

    def judging(real, folders):
        verdict = judge(real, folders)
        swap()
        return verdict

    monkeypatch.setattr(beneath, "_is_in", judging)


def to_link(path, target):
    """Where the path was there is a link to the target."""
    path.rename(f"{path}.was")
    path.symlink_to(target)


@pytest.mark.parametrize("part", ["deep/access.log", "deep", "", ".."])
def test_a_link_that_is_set_between_judging_and_opening(logs, tmp_path, monkeypatch, part):
    """The file, its folder, the allowed folder and one that holds it: none is followed to where it leads by then."""
    outside = tmp_path / "outside"
    make(outside / "deep", "access.log")
    make(outside / "logs" / "deep", "access.log")
    (outside / "deep" / "access.log").write_text("secret\n")
    (outside / "logs" / "deep" / "access.log").write_text("secret\n")
    world = tmp_path / "world"
    world.mkdir()
    logs = logs.rename(world / "logs")
    swaps = {
        "deep/access.log": (logs / "deep" / "access.log", outside / "secret"),
        "deep": (logs / "deep", outside / "deep"),
        "": (logs, outside),
        "..": (world, outside),
    }
    swapped_when_judged(monkeypatch, lambda: to_link(*swaps[part]))
    with pytest.raises(FileNotFoundError):
        content(logs / "deep" / "access.log", logs)
    assert (logs / "deep" / "access.log").read_text() == "secret\n"


def test_no_byte_of_a_swapped_file_reaches_the_state(logs, tmp_path, monkeypatch):
    """A look that is raced neither reads the file outside nor remembers anything of it, and finds the rest."""
    secret = tmp_path / "outside" / "secret"
    make(logs, "access.log.1")
    rotated = logs / "access.log.1"
    swapped_when_judged(monkeypatch, lambda: rotated.is_symlink() or to_link(rotated, secret))
    view, look = LogView(), Look()
    Tail([str(logs / "access.log")], view, allowed=rotation.allowed_folders([str(logs)], {})).look(look)
    try:
        assert [file.place.path for file in look.files] == [str(logs / "access.log")]
        assert [generation.path for generation in view.generations] == [str(logs / "access.log")]
    finally:
        look.close()


def test_every_descriptor_is_closed_again(logs, monkeypatch):
    """Whether a file was opened or not, only its own descriptor stays."""
    (logs / "link").symlink_to("../outside/secret")
    before = len(os.listdir("/dev/fd"))
    for name in ("access.log", "deep/access.log", "missing", "missing/x", "link"):
        try:
            content(logs / name, logs)
        except OSError:
            continue
    assert len(os.listdir("/dev/fd")) == before
