"""Each request decides by which version it is answered."""

from __future__ import annotations

import pytest

from mcp_server.protocol import versions
from mcp_server.protocol.messages import RefusedError
from session_monitor import __version__
from tests.support.mcp_client import PREFIX, meta


def test_an_era_a_request():
    """A request that names its version is modern; all others are legacy, also with other things in ``_meta``."""
    assert versions.is_modern("tools/list", meta())
    assert not versions.is_modern("tools/list", {})
    assert not versions.is_modern("tools/list", {"_meta": {"progressToken": 1}})


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("tools/list", meta("2099-01-01"), -32022),
        ("tools/list", meta("2025-11-25"), -32022),
        ("tools/list", meta(7), -32022),
        ("tools/list", {"_meta": {f"{PREFIX}protocolVersion": "2026-07-28"}}, -32602),
        ("tools/list", {"_meta": []}, -32602),
        ("server/discover", {}, -32602),
    ],
)
def test_what_is_refused(method, params, code):
    """An unknown version says which are known; what a modern request needs is asked for."""
    with pytest.raises(RefusedError) as refused:
        versions.is_modern(method, params)
    assert refused.value.code == code
    if code == -32022:
        assert refused.value.data["supported"] == ["2026-07-28"]


@pytest.mark.parametrize("asked", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_a_known_version_is_taken(asked):
    """The version that a legacy client asks for is spoken; of an unknown one the newest is offered."""
    assert versions.initialized({"protocolVersion": asked}, {}, "")["protocolVersion"] == asked
    for other in ("2026-07-28", "1.0", None, 7):
        assert versions.initialized({"protocolVersion": other}, {}, "")["protocolVersion"] == "2025-11-25"


def test_what_a_modern_result_has():
    """It is complete, says whose it is, and of lists for how long they hold: those of data not at all."""
    called, listed, found = (
        versions.as_modern(name, {"a": 1}) for name in ("tools/call", "tools/list", "resources/list")
    )
    assert called == {
        "a": 1,
        "resultType": "complete",
        "_meta": {f"{PREFIX}serverInfo": {**versions.initialized({}, {}, "")["serverInfo"]}},
    }
    assert listed["ttlMs"] > 0
    assert (found["ttlMs"], found["cacheScope"]) == (0, "private")
    assert called["_meta"][f"{PREFIX}serverInfo"]["version"] == __version__
