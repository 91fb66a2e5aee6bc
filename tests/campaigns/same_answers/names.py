"""Which sessions, models and days of a data folder are asked about?"""

from __future__ import annotations

import json


def names_in(folder):
    """What of a data folder is asked about: ids of sessions, and what stands in one of them."""
    sizes, ids = {}, []
    for path in sorted(folder.glob("[!.]*.json")):
        session_id = json.loads(path.read_bytes())["session_id"]
        if _may_be_a_word(session_id):
            ids.append(session_id)
            sizes[session_id] = path.stat().st_size, path
    largest = max(ids, key=lambda each: sizes[each])
    session = json.loads(sizes[largest][1].read_bytes())
    places = {"first": 0, "second": len(ids) // 3, "middle": len(ids) // 2, "late": len(ids) * 4 // 5}
    facts = {
        "model": session["model"] or "gpt-4o",
        "consumer": next((each["consumer"] for each in session["rounds"] if each.get("consumer")), "nobody"),
        "day": (session["created_at"] or "2026-02-01")[:10],
        "rounds": session["messages_count"],
        "half": max(1, session["messages_count"] // 2),
    }
    known = {name: ids[place] for name, place in places.items()}
    return {**known, "largest": largest, "part": largest[len(largest) // 4 :], **facts}


def _may_be_a_word(session_id):
    """Whether an id can be typed on a command line."""
    try:
        session_id.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in session_id and not session_id.startswith("-")
