"""repair as a user runs it."""

from __future__ import annotations

import json
import os


def test_what_was_repaired_is_told(run_on_five, five_sessions):
    """A line for each thing that was done, or left; where all is well, that."""
    assert run_on_five("repair") == (0, "Nothing to repair.\n", "")
    for number in (1, 2):
        path = five_sessions / f"agent:main:{number}.json"
        data = path.read_bytes()
        path.write_bytes(data[:-5] if number == 1 else b"junk" + data)
    (five_sessions / ".state.json.tmp").write_bytes(b"{")
    os.utime(five_sessions / ".state.json.tmp", (0, 0))

    code, out, err = run_on_five("repair")

    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0].startswith("mended agent:main:1.json: 1 round, without ")
    assert lines[1] == "removed .state.json.tmp, which nobody needs"
    assert lines[2].startswith("left agent:main:2.json as it is: does not begin like a session file")
    assert "the monitor sets it aside when the session calls again" in lines[3]
    data = json.loads(run_on_five("repair", "--json")[1])["data"]
    assert data["mended"] == data["removed"] == []
    assert data["damaged"] == [{"file": "agent:main:2.json", "what": "does not begin like a session file"}]
    assert not data["index_made_anew"]
