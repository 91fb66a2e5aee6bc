"""What tests of reports begin with."""

from __future__ import annotations

import json

import pytest

from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store


@pytest.fixture
def folder(tmp_path):
    """Three sessions, of which ``b`` is the latest and ``c`` the largest."""
    calls = [("a", "09:00:00", 1), ("b", "09:00:15.5", 2), ("c", "09:00:15", 30), ("a", "08:00:00", 4)]
    log, output = tmp_path / "access.log", tmp_path / "sessions"
    with open(log, "w", encoding="utf-8") as file:
        for number, (session_id, time, tokens) in enumerate(calls):
            call = {"session_id": session_id, "model": "m", "input_token": tokens, "output_token": 1}
            call.update(cached_tokens=1, messages=[{"role": "user", "content": text} for text in "xyz"[: number + 1]])
            file.write(json.dumps({"ai_log": json.dumps(call), "start_time": f"2026-02-01T{time}Z"}) + "\n")
    output.mkdir()
    Ingest([str(log)], Store(str(output)), Checkpoint(str(output / ".state.json"), str(output))).poll()
    return str(output)
