"""What is asked of both sides?  A line a question, in the text files beside."""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).parent / "data"


def questions(name):
    """The questions of a list: the lines of ``data/<name>.txt`` but for comments."""
    lines = (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
