"""A session as a file: held against the command line."""

from __future__ import annotations

from tests.support.calls import line
from tests.support.stored_rounds import keep, round_of
from tests.support.webserving import MAIN, cli, ingest_calls, serving
from web.api import export


def test_an_export_is_the_session(running, folder):
    """As JSON the download is what `show` tells but for what is noted, as files are passed on; as Markdown and HTML what that prints."""
    expected = cli(folder, "show", MAIN, "--messages", "new")["data"]
    found = running.ask("/api/session/export", id=MAIN).json
    page = running.ask("/api/session/export", id=MAIN, format="html")
    text = running.ask("/api/session/export", id=MAIN, format="md").body.decode()

    expected["status"] = found["status"]
    assert expected.pop("noted") is None
    assert found == {"schema_version": 1, **expected}
    assert page.body.startswith(b"<!doctype html>")
    assert "attachment" in page.headers["Content-Disposition"]
    assert text.startswith("# Session")
    assert "查询北京天气" in text


def test_an_export_has_what_later_rounds_tell(tmp_path):
    """Also a file tells what a round asked of tools where only a later one's history does, and its conversations apart."""
    asked = round_of(1, has_tool_calls=None)
    keep(
        tmp_path,
        "s",
        asked,
        round_of(2, thread=2, history_of=0),
        round_of(3, history_of=1, told_tools=[1, [["read", 2]]]),
    )

    with serving(tmp_path) as running:
        found = running.ask("/api/session/export", id="s").json["rounds"]
        text = running.ask("/api/session/export", id="s", format="md").body.decode()

    assert (found[0]["has_tool_calls"], found[0]["tools_called"]) == (True, [{"tool": "read", "calls": 2}])
    assert [entry["thread"] for entry in found] == [1, 2, 1]
    assert "Tool calls: `Yes (read ×2, as a later round tells)`" in text
    assert [line.rpartition(" · ")[2] for line in text.splitlines() if line.startswith("### Round")] == [
        "conversation 1",
        "conversation 2",
        "conversation 1",
    ]


def test_an_export_of_a_session_that_goes_away(running, monkeypatch):
    """Its file may be deleted while it is asked for: then there is none."""

    def gone(*_arguments, **_options):
        raise FileNotFoundError

    monkeypatch.setattr(export, "stream", gone)
    found = running.ask("/api/session/export", id=MAIN)

    assert (found.status, found.code) == (404, "session_not_found")


def test_an_export_of_any_id_has_a_plain_name(tmp_path):
    """A session whose id holds quotes and line ends is downloaded under a name that ends no header."""
    wrong = 'a"\r\nX-Evil: 1\r\n\r\n<script>'
    with serving(ingest_calls(tmp_path, [line(wrong, ["hi"])])) as running:
        found = running.ask("/api/session/export", id=wrong, format="json")

    assert found.status == 200
    assert found.headers["X-Evil"] is None
    assert "attachment" in found.headers["Content-Disposition"]
    assert found.json["session_id"] == wrong
