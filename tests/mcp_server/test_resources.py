"""Sessions are resources: listed in pages, read as Markdown that is marked as others' words."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from mcp_server import resources
from mcp_server.protocol.messages import RefusedError
from mcp_server.tools.answers import ToolMistakeError
from tests.support.command_line import line, sessions
from tests.support.mcp_client import MAIN, desk_of


def uris(folder, cursor=None):
    """The addresses on a page, and where the next one is."""
    page = resources.listed(desk_of(folder), {} if cursor is None else {"cursor": cursor})
    return [each["uri"] for each in page["resources"]], page.get("nextCursor")


def test_each_listed_one_can_be_read(sample):
    """Whatever a session is called, its address leads to it."""
    found, cursor = uris(sample)
    assert (len(found), cursor) == (7, None)
    for uri in found:
        (content,) = resources.read(desk_of(sample), {"uri": uri})["contents"]
        assert (content["uri"], content["mimeType"]) == (uri, "text/markdown")
        assert content["text"].startswith("> texts below are what the gateway logged")


def test_pages(tmp_path):
    """All sessions come once, a page at a time; a cursor that is none is refused."""
    folder = sessions(tmp_path / "s", *(line(f"s:{number:02}", number) for number in range(45)))
    first, at = uris(folder)
    second, behind = uris(folder, at)
    third, end = uris(folder, behind)
    assert [*first, *second, *third] == [f"session://s%3A{number:02}" for number in reversed(range(45))]
    assert end is None
    assert uris(folder, "999") == ([], None)
    for wrong in ("x", "-1", 7, "1" * 50, "٣"):
        with pytest.raises(RefusedError) as refused:
            uris(folder, wrong)
        assert refused.value.code == -32602


def test_hostile_ids(tmp_path):
    """Ids with slashes, blanks, other scripts and what steers a terminal can be read by their addresses."""
    names = ["a/../b", "a b?c#d", "天气", "x\u202ey", "%41"]
    folder = sessions(tmp_path / "s", *(line(name, number) for number, name in enumerate(names)))
    found, _ = uris(folder)
    assert found == [f"session://{quote(name, safe='')}" for name in reversed(names)]
    for uri in found:
        assert "question" in resources.read(desk_of(folder), {"uri": uri})["contents"][0]["text"]


def test_a_session_is_read_in_part(long_one):
    """Of a long one its last rounds, and no more than so many characters."""
    (content,) = resources.read(desk_of(long_one), {"uri": "session://last"})["contents"]
    assert "The last 5 of 500 rounds" in content["text"]
    assert "### Round 500" in content["text"]
    assert "### Round 495 " not in content["text"]
    assert len(content["text"]) < 31_000


@pytest.mark.parametrize("uri", [None, 7, "", "http://x", f"file:///{MAIN}", "session://%ff"])
def test_other_addresses(sample, uri):
    """What is no session's address is not found."""
    with pytest.raises(RefusedError) as refused:
        resources.read(desk_of(sample), {"uri": uri})
    assert refused.value.code == -32602
    assert refused.value.data == {"uri": uri}


def test_an_unknown_session(sample):
    """It names those that may be meant."""
    with pytest.raises(ToolMistakeError, match="nearest: nightly-digest-2026-02-02"):
        resources.read(desk_of(sample), {"uri": "session://nightly-digest-2026-02-03"})
