"""What has a file's name in the data folder and is none: nothing waits for it, nor is what it leads to touched.

No other session loses a call by it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import stat
from types import SimpleNamespace

import pytest

import cli
import main
from session_monitor.base import data_folder
from tests.support import calls

PATIENCE = 20
NOBODY = 65534
PRECIOUS = b"precious\n" * 50
SESSION = "b.json"

STOPS = data_folder.LOCK, data_folder.WRITE_LOCK
"""Without these nothing may be written: the run ends, and says so."""
TOLD = data_folder.DELETED, SESSION
"""All is read, and the run says that something is not as it should be."""
NAMES = (
    *STOPS,
    *TOLD,
    data_folder.STATE,
    data_folder.STATE + ".tmp",
    data_folder.ROUND_COUNTS,
    data_folder.INDEX,
    data_folder.INDEX + "-wal",
    data_folder.INDEX + "-shm",
    data_folder.WORD_INDEX,
    data_folder.INSIGHTS,
    data_folder.INSIGHT_RULES,
    data_folder.PRICES,
    data_folder.WEB_KEY,
    data_folder.ALERTS,
    data_folder.STDIN,
)
COMMANDS = (
    "list",
    "show a",
    "show last",
    "search hello",
    "insights",
    "stats-model",
    "export - --format jsonl --what sessions",
    "verify",
    "doctor",
    "prune --older-than 9999d --yes",
    "repair",
    "delete c --yes",
)


# -- the things --------------------------------------------------------------------------------------------------------


def folder(path, _elsewhere):
    """With something in it."""
    path.mkdir()
    (path / "inside").touch()


def named_pipe(path, _elsewhere):
    """Nobody ever writes to it."""
    os.mkfifo(path)


def a_socket(path, _elsewhere):
    """Nobody listens."""
    here = os.getcwd()
    os.chdir(path.parent)  # the whole path may be too long for one
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def dangling_link(path, elsewhere):
    """A file could be made through it."""
    path.symlink_to(elsewhere / "not there")


def link_to_a_file(path, elsewhere):
    """A file of the same user's that holds something else."""
    path.symlink_to(elsewhere / "precious")


def link_to_a_folder(path, elsewhere):
    """In which there is something."""
    path.symlink_to(elsewhere)


def second_name(path, elsewhere):
    """Another file's, which somebody gave it who may make names in the data folder."""
    os.link(elsewhere / "precious", path)
    path.parent.chmod(0o777)


def file_of_another_user(path, _elsewhere):
    """In a folder that was open to others."""
    if os.geteuid() != 0:
        pytest.skip("only root can make one")
    path.write_bytes(PRECIOUS)
    os.chown(path, NOBODY, NOBODY)


def device(path, _elsewhere):
    """One that never ends."""
    if os.geteuid() != 0:
        pytest.skip("only root can make one")
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))


THINGS = (
    *(folder, named_pipe, a_socket, dangling_link, link_to_a_file, link_to_a_folder, second_name),
    *(file_of_another_user, device),
)


# -- a data folder with one of them in it ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A log and the folder that follows from it."""
    home = tmp_path_factory.mktemp("sound")
    write(home, "first", "a", "b", "c")
    (home / "out").mkdir(mode=0o700)
    assert monitored(home) == 0
    return home


def write(home, chat, *session_ids):
    """Add a call to each of these sessions."""
    with open(home / "access.log", "ab") as log:
        log.writelines(calls.line(each, ["hello"], chat_id=f"{chat} {each}") + b"\n" for each in session_ids)


@pytest.fixture(
    params=[(thing, name) for name in NAMES for thing in THINGS], ids=lambda pair: f"{pair[0].__name__}-{pair[1]}"
)
def case(request, sound, tmp_path):
    """Where one thing stands in the place of one file."""
    thing, name = request.param
    home = tmp_path / "home"
    shutil.copytree(sound, home)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_bytes(PRECIOUS)
    place = home / "out" / name
    place.unlink(missing_ok=True)
    thing(place, elsewhere)
    before = kind(place)
    yield SimpleNamespace(home=home, name=name, place=place, before=before, elsewhere=elsewhere, thing=thing)
    assert [path.name for path in elsewhere.iterdir()] == ["precious"]
    assert (elsewhere / "precious").read_bytes() == PRECIOUS
    assert stat.S_IMODE((elsewhere / "precious").stat().st_mode) == 0o644


def kind(path):
    """What stands there, by the file itself."""
    state = os.lstat(path)
    return stat.S_IFMT(state.st_mode), state.st_ino, state.st_uid  # an inode may be used again at once


@contextlib.contextmanager
def in_time():
    """Whoever waits for something that never comes is told."""

    def too_long(_number, _frame):
        raise AssertionError(f"nothing came of it in {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def monitored(home):
    """The exit code of one pass of the monitor, in this process, which takes a tenth of the time of a new one."""
    with in_time():
        return main.main(["--once", "--log-path", str(home / "access.log"), "--output-dir", str(home / "out")])


def asked(home, command):
    """That of a command."""
    with in_time():
        return cli.main([*command.split(), "--data-dir", str(home / "out")])


def chats(home):
    """Which calls are in the session files that are files, each as often as it is."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in (home / "out").glob("[!.]*.json")
        if path.is_file() and not path.is_symlink()
    ]
    return sorted(found for text in texts for found in re.findall(r'"chat_id":"([^"]+)"', text))


def open_below(home):
    """Which files of a folder this process has open, where the system tells."""
    told = [os.path.join("/proc/self/fd", name) for name in os.listdir("/dev/fd")]
    return [os.readlink(path) for path in told if os.path.exists(path) and os.readlink(path).startswith(str(home))]


# -- what comes of it --------------------------------------------------------------------------------------------------


def test_a_pass_of_the_monitor(case, capsys):
    """It ends; what it cannot do without it names and leaves, everything else costs no call, of its own session either."""
    write(case.home, "second", "a", "b", "d")
    ends = case.name in STOPS or (case.name == f"{data_folder.STATE}.tmp" and case.thing is folder)
    known = chats(case.home)

    status = monitored(case.home)

    said = capsys.readouterr().err
    if ends:
        assert status == 1
        assert f"{case.place} is " in said or f"{case.place} belongs to " in said
        assert kind(case.place) == case.before
        assert chats(case.home) == known
        assert open_below(case.home) == []
        return
    assert chats(case.home) == ["first a", "first b", "first c", "second a", "second b", "second d"]
    assert status == (case.name in TOLD)
    if case.name == SESSION:
        assert f"was set aside as {case.place}.corrupt-1" in said
        assert "--log-path" not in said  # advice for logs that cannot be read
        assert kind(case.place.with_name("b.json.corrupt-1")) == case.before
        assert monitored(case.home) == 0
        assert str(case.place) not in capsys.readouterr().err


def test_the_commands(case, capsys):
    """Each ends and answers of the other sessions; 'verify' and 'doctor' name it, unless a question has replaced it."""
    for command in COMMANDS:
        status = asked(case.home, command)
        printed = capsys.readouterr()
        assert status in {0, 1}, command
        if command in {"list", "show a", "search hello", "stats-model"} and case.name != data_folder.PRICES:
            assert status == 0, command
        is_there = os.path.lexists(case.place) and kind(case.place) == case.before
        if command == "verify":
            assert is_there or case.name.startswith(data_folder.INDEX)
            assert (status, case.name in printed.out + printed.err) == ((1, True) if is_there else (0, False))
        if command == "doctor" and case.thing is not second_name and is_there:  # whose folder it names
            assert (status, case.name in printed.out) == (1, True)
