"""An agent's database is read whatever state it is in, and nothing beside it is made or changed."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3

import pytest

from session_monitor.importers.agents import databases
from session_monitor.importers.agents.found import FileReading
from tests.support.agent_files import DATA, database, found, insert, recorded
from tests.support.agent_files import imported as import_files

DUMPS = {
    "openclaw": DATA / "openclaw.2026-9-6" / "in" / "agents" / "main" / "agent" / "openclaw-agent.sqlite.dump.json",
    "opencode": DATA / "opencode.1-18-33" / "in" / "opencode.db.dump.json",
}


@pytest.fixture(params=DUMPS)
def agent(request, tmp_path):
    """An agent, its database, and what it holds."""
    dump = json.loads(DUMPS[request.param].read_text(encoding="utf-8"))
    path = tmp_path / "agent" / DUMPS[request.param].name[: -len(".dump.json")]
    path.parent.mkdir()
    database(path, dump)
    return request.param, path, dump


def more(db, agent, dump, number):
    """One more call, as the agent writes it."""
    if agent == "openclaw":
        row = json.loads(json.dumps(dump["transcript_events"][5]))
        row["seq"] = 100 + number
        row["event_json"]["message"]["responseId"] = f"chatcmpl-more-{number}"
        insert(db, "transcript_events", row)
    else:
        row = json.loads(json.dumps(dump["message"][1]))
        row["id"] = f"msg_more_{number}"
        row["time_updated"] += 1000 + number
        insert(db, "message", row)
    db.commit()


def open_as_agents_do(path):
    """The database with a write-ahead log."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.create_function("octet_length", 1, len, deterministic=True)
    return db


def bytes_of(folder):
    """All files of a folder but the memory that is shared, whose locks are no content."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


def test_while_the_agent_works(agent, tmp_path):
    """What it has written by then, though none of it stands in the database itself; the next import goes on."""
    name, path, dump = agent
    db = open_as_agents_do(path)
    try:
        for number in range(3):
            more(db, name, dump, number)
            before = bytes_of(path.parent), sorted(os.listdir(path.parent))
            assert import_files(tmp_path / "data", name, path).calls == (2 if number == 0 else 1)
            assert (bytes_of(path.parent), sorted(os.listdir(path.parent))) == before
    finally:
        db.close()
    assert import_files(tmp_path / "data", name, path).calls == 0
    assert len(recorded(tmp_path / "data")) == 4


@pytest.mark.parametrize("has_memory", [False, True])
def test_of_an_agent_that_was_killed(agent, tmp_path, has_memory):
    """Its log is left behind, with or without the memory that it shared."""
    name, path, dump = agent
    db = open_as_agents_do(path)
    more(db, name, dump, 1)
    left = tmp_path / "left"
    shutil.copytree(path.parent, left)
    db.close()
    if not has_memory:
        (left / f"{path.name}-shm").unlink()
    before = {each.name: each.read_bytes() for each in left.iterdir()}

    assert import_files(tmp_path / "data", name, left / path.name).calls == 2
    assert {each.name: each.read_bytes() for each in left.iterdir()} == before


def test_only_sessions_that_changed_are_read_again(agent, tmp_path):
    """Of many in one database."""
    name, path, _ = agent
    import_files(tmp_path / "data", name, path)
    os.utime(path, (1, 1))
    again = import_files(tmp_path / "data", name, path)

    assert (again.files, again.calls, again.repeated) == (1, 0, 0)


def test_a_database_that_is_damaged(agent, tmp_path):
    """It is told, and read once it is whole."""
    name, path, _ = agent
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert dict(import_files(tmp_path / "data", name, path).passed_over) == {"damaged": 1}
    path.write_bytes(whole)

    assert import_files(tmp_path / "data", name, path).calls == 1


ZSTD = shutil.which("zstd")


def compressed(raw, path):
    """What the program makes of these bytes."""
    import subprocess  # noqa: PLC0415 -- where there is one

    return subprocess.run([ZSTD, "-qc"], input=raw, capture_output=True, check=True).stdout


@pytest.mark.skipif(ZSTD is None, reason="there is no zstd here")
def test_compressed_events(tmp_path, monkeypatch):
    """They are read where something here can; else they are told, and read once it can."""
    dump = json.loads(DUMPS["openclaw"].read_text(encoding="utf-8"))
    row = dump["transcript_events"][5]
    raw = json.dumps(row["event_json"]).encode()
    row.update(event_json=None, event_zstd=compressed(raw, tmp_path), event_utf8_bytes=len(raw))
    dump["schema"]["transcript_events"] = (
        "CREATE TABLE transcript_events(session_id, seq, event_json, created_at, event_zstd, event_utf8_bytes, navigation_json)"
    )
    archive = {
        "session_id": "old",
        "generation": "1",
        "archive_blob": compressed(raw.replace(b"chatcmpl-54", b"chatcmpl-1") + b"\n", tmp_path),
    }
    dump["schema"]["session_transcript_cold_archives"] = (
        "CREATE TABLE session_transcript_cold_archives(session_id, generation, archive_blob)"
    )
    dump["session_transcript_cold_archives"] = [archive]
    path = tmp_path / "openclaw-agent.sqlite"
    database(path, dump)
    monkeypatch.setattr(databases, "_unpacked_by_python", lambda _packed: None)
    with monkeypatch.context() as patch:
        patch.setattr(databases.shutil, "which", lambda _name: None)
        told = import_files(tmp_path / "data", "openclaw", path)
    assert (told.calls, dict(told.passed_over)) == (0, {"compressed": 1, "archived": 1})

    os.utime(path, (1, 1))
    import_files(tmp_path / "data", "openclaw", path)
    assert [call["chat_id"] for call in recorded(tmp_path / "data")] == ["chatcmpl-54", "chatcmpl-1"]


def test_what_is_no_zstd(tmp_path):
    """Broken bytes, and those that are not compressed."""
    assert databases.unpacked(b"plain") == b"plain"
    assert databases.unpacked(b"\x28\xb5\x2f\xfdnonsense") is None


def test_texts(agent):
    """They come with the calls where they are wanted."""
    name, path, _ = agent
    calls, _ = found(name, path, with_texts=True)
    (said,) = [call.call.said for call in calls]

    assert (said.question.strip('"'), said.answer, said.tool_calls) == ("say hello", "hello", [])
    assert FileReading().with_texts is False
