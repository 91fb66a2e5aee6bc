"""Every command that asks, whatever has become of the index: the answers are the same."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from session_monitor.base import data_folder
from session_monitor.index import writable
from tests.support import prepared

ROOT = Path(__file__).resolve().parent.parent.parent
CLI = ROOT / "scripts" / "cli.py"
MAIN = "agent:main:discord:channel:1465367993012981988"
COMMANDS = (
    "list",
    "list --sort-by cost --reverse",
    "list --model qwen* --since 2026-02-01 --until 2026-02-01 --timezone UTC",
    f"show {MAIN}",
    "show last --rounds last:2",
    f"cost {MAIN}",
    "top",
    f"whatif {MAIN} --model gpt-4o",
    "summary --currency CNY --rate 0.14",
    "pricing rate",
    "whatif --since 2026-02-01 --model qwen* --to gpt-4o --to no-such-model --price our=1:2:0.1",
    "search 天气",
    "export - --what rounds",
    "export - --what sessions",
    "stats-model",
    "stats-consumer",
    "stats-vendor",
    "stats-seller --by day",
    "stats-route",
    "stats-gateway",
    "stats-tool",
    "stats-errors",
    "stats-latency --by upstream",
    "stats-prompt",
    "insights --since 2026-02-01 --until 2026-02-02 --timezone UTC",
    f"insights {MAIN}",
    "insights --rules",
    "drivers --since 2026-02-02 --until 2026-02-02 --timezone UTC --by consumer",
    "stats-agent",
    "stats-agent --by-prefix 1 --by day",
    "stats-date --by hour --days 30000",
    "summary",
    "metrics",
    "pricing list --unpriced",
    f"tail {MAIN} --once",
    "watch --once",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The sessions of the sample log, with an index."""
    folder = tmp_path_factory.mktemp("sample") / "sessions"
    log = ROOT / "tests" / "data" / "sample" / "access.log"
    return prepared.ingest(log, folder)


@pytest.fixture(scope="module")
def expected(sound):
    """What each command says of them."""
    return {command: ask(command, sound) for command in COMMANDS}


def ask(command, folder):
    """What a command prints as JSON, without what changes from one moment to the next."""
    done = prepared.run(CLI, *command.split(), "--json", "--data-dir", folder)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    return [_lasting(json.loads(line)) for line in _documents(done.stdout)]


def _documents(text):
    try:
        return [text] if json.loads(text) else []
    except ValueError:
        return text.splitlines()


def _lasting(value):
    if isinstance(value, dict):
        return {key: _lasting(each) for key, each in value.items() if key not in ("generated_at", "now")}
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def _delete(index):
    index.unlink()


def _truncate(index):
    os.truncate(index, index.stat().st_size // 2 + 100)


def _empty(index):
    os.truncate(index, 0)


def _junk(index):
    index.write_bytes(os.urandom(50_000))


def _other(index):
    index.unlink()
    with contextlib.closing(sqlite3.connect(index)) as db:
        db.execute("CREATE TABLE session(x)")


def _zeros(index):
    data = bytearray(index.read_bytes())
    data[4096 : len(data) // 2] = bytes(len(data) // 2 - 4096)
    index.write_bytes(data)


@pytest.mark.parametrize("damage", [_delete, _truncate, _empty, _junk, _other, _zeros])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_index_changes_no_answer(tmp_path, sound, expected, command, damage):
    """An index that is gone, cut, empty, junk, another program's or full of zeros is made anew by whoever asks."""
    folder = tmp_path / "sessions"
    shutil.copytree(sound, folder)
    for end in ("-wal", "-shm"):
        (folder / (data_folder.INDEX + end)).unlink(missing_ok=True)
    damage(folder / data_folder.INDEX)

    assert ask(command, folder) == expected[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_may_not_be_written_changes_no_answer(tmp_path, sound, expected, command, capsys, monkeypatch):
    """Where no index can be written beside the session files, questions make one for themselves."""
    import cli  # noqa: PLC0415 -- in this process, since root may write everywhere

    folder = tmp_path / "sessions"
    shutil.copytree(sound, folder)
    for end in ("", "-wal", "-shm"):
        (folder / (data_folder.INDEX + end)).unlink(missing_ok=True)

    def refuse(folder, *_arguments, **_options):
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr(writable, "opened", refuse)
    assert cli.main([*command.split(), "--json", "--data-dir", str(folder)]) == 0

    said = [_lasting(json.loads(line)) for line in _documents(capsys.readouterr().out)]
    assert said == expected[command]
    assert not (folder / data_folder.INDEX).exists()
