"""Looking again and again, as watch and tail do: by the prices of the moment, until it is ended."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys

import pytest

from commands import tail, watch
from commands.shared import looking
from commands.shared.data import Data
from commands.shared.failures import Failure
from session_monitor.reports.report import NoSuchFolderError
from tests.support.command_line import PATIENCE, PROGRAM, command_line, status_of
from tests.support.talking import NOW
from tests.support.waiting import until


def options(*arguments):
    """What the commands are told."""
    return command_line(watch, tail).parse_args(list(map(str, arguments)))


def test_a_price_list_that_changes(talking):
    """Costs follow a price list that changes meanwhile; while it has a mistake they stay, and the view says so."""
    own = talking.path / ".prices.json"
    everything = watch.Everything(looking.Reports(Data(str(talking.path)), lambda: NOW))
    row = {"input": "100000", "output": "0"}
    assert "cost $0.00300" in everything.line()

    own.write_text(json.dumps({"schema": 1, "models": {"gpt-4": {"prices": [row]}}}), encoding="utf-8")
    assert "cost $5.00" in everything.line()
    own.write_text("{", encoding="utf-8")
    assert "cost $5.00" in everything.line()
    assert str(own) in everything.line()
    own.unlink()
    assert "cost $0.00300" in everything.line()
    assert str(own) not in everything.line()


@pytest.mark.parametrize("command", [["watch"], ["watch", "a"], ["tail", "a"]])
def test_a_price_list_with_a_mistake(talking, command):
    """With one nothing is begun: there are no prices of before."""
    (talking.path / ".prices.json").write_text("{", encoding="utf-8")
    with pytest.raises(Failure, match="Correct it there, or take the file away"):
        status_of(options(*command, "--data-dir", talking.path))


@pytest.mark.parametrize("command", [["watch"], ["tail", "a"]])
@pytest.mark.parametrize("interval", ["0.19", "0", "-1", "nan", "inf", "1e9", "often"])
def test_an_interval_that_is_none(capsys, command, interval):
    """An interval below a fifth of a second, or that is no number, is refused."""
    with pytest.raises(SystemExit) as end:
        options(*command, "--interval", interval)
    assert end.value.code == 2
    assert "is no number of seconds from 0.2 to 86,400" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["watch"], ["watch", "a"], ["tail", "a"]])
def test_a_data_folder_that_is_none(tmp_path, command):
    """Where there is no data folder it fails as all commands do."""
    asked = options(*command, "--data-dir", tmp_path / "none")
    with pytest.raises(NoSuchFolderError):
        status_of(asked)


FAST = ("--interval", "0.2")


@contextlib.contextmanager
def running(*arguments, **streams):
    """A command at work."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *map(str, arguments)], **streams)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("command", [["watch"], ["tail", "a"]])
def test_an_end_that_is_asked_for(talking, command, sent, code):
    """What comes is printed at once, and Ctrl-C ends it without a traceback."""
    with running(
        *command, "--data-dir", talking.path, *FAST, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline()
        talking.talk("a", answer="something new")
        until(
            lambda: ("something new" if command[0] == "tail" else "60 input") in process.stdout.readline(), "it shows"
        )
        process.send_signal(sent)
        _, complaints = process.communicate(timeout=PATIENCE)

    assert process.returncode == code
    assert "Traceback" not in complaints


def test_nohup(talking):
    """A hangup that it was told to ignore does not end it."""
    ignoring = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{PROGRAM}"
    arguments = [sys.executable, "-c", ignoring, "watch", "--data-dir", str(talking.path), *FAST]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        talking.talk("a")
        assert "60 input" in process.stdout.readline()
        process.terminate()
    assert process.returncode == 143


@pytest.mark.parametrize("command", [["watch"], ["tail", "a"]])
def test_a_reader_that_has_seen_enough(talking, command):
    """It ends when nobody reads it any more, although nothing new comes."""
    with running(
        *command, "--data-dir", talking.path, *FAST, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert b"Traceback" not in process.stderr.read()
        process.stderr.close()
