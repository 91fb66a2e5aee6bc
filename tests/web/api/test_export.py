"""A session as a file: held against the command line."""

from __future__ import annotations

from tests.support.calls import line
from tests.support.webserving import MAIN, cli, ingest_calls, serving


def test_an_export_is_the_session(running, folder):
    """As JSON the download is what `show` tells; as Markdown and HTML what that prints."""
    expected = cli(folder, "show", MAIN, "--messages", "new")["data"]
    found = running.ask("/api/session/export", id=MAIN).json
    page = running.ask("/api/session/export", id=MAIN, format="html")
    text = running.ask("/api/session/export", id=MAIN, format="md").body.decode()

    expected["status"] = found["status"]
    assert found == {"schema_version": 1, **expected}
    assert page.body.startswith(b"<!doctype html>")
    assert "attachment" in page.headers["Content-Disposition"]
    assert text.startswith("# Session")
    assert "查询北京天气" in text


def test_an_export_of_any_id_has_a_plain_name(tmp_path):
    """A session whose id holds quotes and line ends is downloaded under a name that ends no header."""
    wrong = 'a"\r\nX-Evil: 1\r\n\r\n<script>'
    with serving(ingest_calls(tmp_path, [line(wrong, ["hi"])])) as running:
        found = running.ask("/api/session/export", id=wrong, format="json")

    assert found.status == 200
    assert found.headers["X-Evil"] is None
    assert "attachment" in found.headers["Content-Disposition"]
    assert found.json["session_id"] == wrong
