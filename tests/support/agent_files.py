"""Agents' own session files: those that lie in the tests, and an import of some."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

from session_monitor.importers import places
from session_monitor.importers.agents.found import FileReading
from session_monitor.importers.agents.readers import READERS
from session_monitor.importers.importing import Importing, WantedAgent
from session_monitor.recording.known_calls import KEY

DATA = Path(__file__).resolve().parent.parent / "importers" / "data"
DUMP = ".dump.json"
"""Behind the name of a database: what it holds, as JSON."""
LONG_AGO = 1_700_000_000


def laid_out(case, folder):
    """The files of a case in a folder, with databases where it has what they hold."""
    shutil.copytree(DATA / case / "in", folder, dirs_exist_ok=True)
    for path in folder.rglob(f"*{DUMP}"):
        database(path.with_name(path.name[: -len(DUMP)]), json.loads(path.read_text(encoding="utf-8")))
        path.unlink()
    for path in folder.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return folder


def database(path, dump):
    """A database of SQLite with these tables: ``schema`` makes them, the other keys are their rows."""
    with sqlite3.connect(path) as db:
        db.create_function("octet_length", 1, len, deterministic=True)  # newer than this SQLite may be
        for statement in dump["schema"].values():
            db.execute(statement)
        for table in dump["schema"]:
            for row in dump.get(table, ()):
                insert(db, table, row)
    db.close()


def insert(db, table, row):
    """Put a row into a table; what is no plain value goes there as JSON."""
    values = [json.dumps(each) if isinstance(each, (dict, list)) else each for each in row.values()]
    marks = ", ".join("?" for _ in values)
    db.execute(f"INSERT INTO {table}({', '.join(row)}) VALUES({marks})", values)


def found(agent, folder, **options):
    """All that the reader of an agent finds in a folder, file by file, and what it passed over."""
    walk = places.session_files(places.AGENTS[agent], [str(folder)])
    reading = FileReading(files=walk.files, **options)
    calls = [call for path in walk.files for call in READERS[agent](path, reading)]
    return calls, dict(reading.passed_over)


def imported(folder, agent, *paths, now=LONG_AGO * 2, **options):
    """What an import of these files into a data folder adds up to."""
    importing = Importing(str(folder), clock=lambda: now, **options)
    with importing.held():
        return importing.run([WantedAgent(places.AGENTS[agent], [str(path) for path in paths])])[agent]


def recorded(folder):
    """What the lines of the recorded log of a data folder say: those outside, with those of ``ai_log`` in them."""
    lines = b"".join(path.read_bytes() for path in sorted((Path(folder) / ".recorded").glob("access.log*")))
    outer = [json.loads(line) for line in lines.splitlines()]
    return [{**each, **json.loads(each["ai_log"])} for each in outer]


def gist(call):
    """What counts of a recorded line: where, when, what it is known by, its model, tokens and error."""
    words = ("session_id", "chat_id", KEY, "model", "input_token", "output_token", "cached_tokens", "reasoning_tokens")
    told = {word: call[word] for word in words if word in call}
    details = json.loads(call.get("input_token_details", "{}"))
    told.update({word: number for word, number in details.items() if word != "cached_tokens"})
    told.update({word: call[word] for word in ("error", "parent", "agent_id", "subagent") if word in call})
    return {"at": call["start_time"], **told}


# --- What the tests of readers write -----------------------------------------------------------------------------------


TIME = "2026-05-01T10:{:02d}:{:06.3f}Z"


def clock(seconds):
    """A time so many seconds after ten."""
    return TIME.format(int(seconds // 60), seconds % 60)


def write(path, *lines):
    """A file of these objects, a line each; texts stand as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [each if isinstance(each, str) else json.dumps(each, separators=(",", ":")) for each in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def tokens(calls):
    """Input, of which cached, and output of each call."""
    return [
        each.call.usage and (each.call.usage.input_tokens, each.call.usage.cache_read, each.call.usage.output_tokens)
        for each in calls
    ]
