"""What opencode's messages say: those that are being written, that failed, that somebody stopped."""

from __future__ import annotations

from tests.support.agent_files import database, found, tokens


def test_opencode_messages(tmp_path):
    """Those that are still being written are none yet; those that somebody stopped or that failed are told so."""

    def message(name, used, **more):
        data = {
            "role": "assistant",
            "modelID": "m",
            "tokens": {"input": used, "output": 1 if used else 0},
            "time": {"created": 1777651200000},
            **more,
        }
        return {"id": name, "session_id": "child", "time_created": 1, "time_updated": 1, "data": data}

    failed = {"name": "APIError", "data": {"statusCode": 429, "message": "said too much"}}
    dump = {
        "schema": {
            "session": "CREATE TABLE session(id, parent_id)",
            "message": "CREATE TABLE message(id, session_id, time_created, time_updated, data)",
        },
        "session": [{"id": "child", "parent_id": "top"}],
        "message": [
            message("a", 0),
            message("b", 7, time={"created": 1777651200000, "completed": 1777651203500}),
            message("c", 0, error=failed),
            message("d", 3, error={"name": "MessageAbortedError"}),
            message("e", 5, role="user"),
        ],
    }
    database(tmp_path / "opencode.db", dump)
    calls, _ = found("opencode", tmp_path / "opencode.db")

    assert tokens(calls) == [(7, 0, 1), None, (3, 0, 1)]
    assert [(each.call.status, each.call.flags, each.call.error) for each in calls] == [
        (200, None, None),
        (429, None, "APIError"),
        (200, "DC", "MessageAbortedError"),
    ]
    assert (calls[0].call.duration_ms, calls[0].call.more["parent"]) == (3500, "opencode:top")
