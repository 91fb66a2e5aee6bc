"""Where something was said: held against the command line."""

from __future__ import annotations

import pytest

from tests.support.webserving import cli


@pytest.mark.parametrize("words", ["天气", "weather", "北京 天气", '"connection refused"', "no-such-word"])
def test_a_search_is_that_of_the_command_line(running, folder, words):
    """The same rounds are found, with the same text around."""
    assert running.ask("/api/search", q=words, limit=50).json == cli(folder, "search", words, "--limit", "50")
