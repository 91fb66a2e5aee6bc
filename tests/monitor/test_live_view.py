"""What does the monitor show on a terminal while it is at work?"""

from __future__ import annotations

from session_monitor.log.checkpoint import Checkpoint
from session_monitor.monitor.ingest import Ingest
from session_monitor.monitor.live_view import LiveView
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK


class Screen:
    """A terminal that keeps what was drawn last."""

    def __init__(self):
        self.lines = []

    def size(self):
        return 120, 40

    def draw(self, lines):
        self.lines = lines


ENDS = {
    "whole": {},
    "left": {"flags": "DC", "response_type": "stream", "llm_service_duration": 900},
    "cut": {"flags": "DC", "response_type": "stream"},
    "failed": {"code": "500", "input_token": None, "output_token": None, "total_token": None},
    "silent": {"flags": "DC", "input_token": None, "output_token": None, "total_token": None},
}


def test_what_is_not_whole_is_told(tmp_path):
    """Beside the sums of before and now stand calls that failed or were left, and tokens that are not known."""
    log, folder = tmp_path / "access.log", tmp_path / "sessions"
    folder.mkdir()

    def monitor():
        return Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / ".state.json"), str(folder)), book=BOOK)

    log.write_bytes(calls.line("s", model="gpt-4o", **ENDS["cut"]) + b"\n")
    monitor().poll()
    screen = Screen()
    view = LiveView(screen, [str(log)], str(folder), BOOK, lambda: 0.0)
    with log.open("ab") as file:
        file.writelines(calls.line("s", model="gpt-4o", **more) + b"\n" for more in ENDS.values())

    view.polled(monitor().poll())

    shown = [line.strip() for line in screen.lines]
    assert "Total Input:          40 tokens" in shown
    assert "(tokens of 1 call are not told, of 2 calls are a lower bound)" in shown
    (cost,) = (line for line in shown if line.startswith("Total Cost:"))
    assert cost.split(maxsplit=2)[2].startswith("at least $")
    assert cost.endswith("+ 1 round unpriced (1 without tokens)")
    assert any("5 calls (1 failed, 3 left)" in line for line in shown)
