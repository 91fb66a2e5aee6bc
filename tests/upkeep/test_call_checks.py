"""What is to be set so that a call's path is looked at?"""

from __future__ import annotations

import pytest

from session_monitor.upkeep.call_checks import suffix_of


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("/v1/responses", "/responses"),
        ("/v1/responses?x=/y", "/responses"),
        ("/v1/chat/completions/", "/completions/"),
        ("/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", ":streamGenerateContent"),
        ("/v1/images/generations", "/generations"),
        ("/model/anthropic.claude-v2:1/invoke", "/invoke"),
        ("/embeddings", "/embeddings"),
    ],
)
def test_the_suffix_of_a_path(path, suffix):
    """It is the end of the path that tells the API, and which the path really has."""
    assert suffix_of(path) == suffix
    assert path.partition("?")[0].endswith(suffix)
