"""What is a call to a model is told from all that passes the same gateway, by method, path and what the line holds."""

from __future__ import annotations

import pytest

from session_monitor.calls import requests
from session_monitor.calls.requests import CALL, kind_of, reason_against

NOTHING = {"api": "-", "chat_round": 0, "response_type": "normal", "llm_service_duration": 3}
"""What the plugin writes of a request that it takes for a call, and that is none."""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/chat/completions", CALL),
        ("/v1/chat/completions/?api-version=1", CALL),
        ("/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", CALL),
        ("/compatible-mode/v1/completions", CALL),
        ("/api/orders/completions", None),
        ("/v1/messages", CALL),
        ("/anthropic/v1/messages?beta=true", CALL),
        ("/v1/messages/count_tokens", "count_tokens"),
        ("/v1/threads/t/messages", "other_api"),
        ("/chat/rooms/7/messages", None),
        ("/v1/responses", CALL),
        ("/v1/responses/input_tokens", "count_tokens"),
        ("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", CALL),
        ("/v1beta/models/gemini-2.5-pro:countTokens", "count_tokens"),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict", CALL),
        ("/model/anthropic.claude-sonnet-4-5-v1:0/invoke-with-response-stream", CALL),
        ("/v1/embeddings", CALL),
        ("/v1/rerank", CALL),
        ("/v1/models", "model_list"),
        ("/healthz", "health_check"),
        ("/v1/files/f/content", "files"),
        ("/stats/prometheus", "metrics"),
        ("/v1/batches", "other_api"),
        ("/", None),
        ("", None),
    ],
)
def test_paths(path, kind):
    """A path of a known API is a call's, whatever is asked of it behind a question mark; other known ones have a reason."""
    assert kind_of(path) == kind


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
def test_only_a_post_is_a_call(method):
    """Any other method asks for no answer of a model, whatever the line holds; a known other path says more than that."""
    told = {**NOTHING, "model": "gpt-5", "total_token": 7}

    assert reason_against(told, method, "/v1/responses/resp_1") == requests.OTHER_METHOD
    assert reason_against(told, method, "/v1/models") == "model_list"
    assert reason_against({}, method, "/v1/chat/completions") == requests.NOT_LLM


def test_what_the_plugin_skipped_is_told():
    """A request to a known API of which the plugin wrote nothing is a call that it skipped, and nothing else is."""
    assert reason_against({}, "POST", "/v1/responses") == requests.SKIPPED_CALL
    assert reason_against({}, "POST", "/v1/models") == requests.NOT_LLM
    assert reason_against({}, "POST", "/orders") == requests.NOT_LLM
    assert reason_against({}, None, "/v1/responses") == requests.NOT_LLM


@pytest.mark.parametrize("path", ["/v1/files", "/v1/models", "/my/own/path", None])
def test_where_tokens_were_used_a_model_was_called(path):
    """Tokens prove a call at any path; three times 0 proves nothing."""
    assert reason_against({**NOTHING, "total_token": 1}, "POST", path) is None
    zeros = {**NOTHING, "input_token": 0, "output_token": 0, "total_token": 0}
    assert (reason_against(zeros, "POST", path) is None) == (path is None)


def test_a_call_that_failed_is_one():
    """Without tokens, what was asked proves a call at a path that nobody knows; at a known one nothing has to."""
    assert reason_against({**NOTHING, "chat_round": 1}, "POST", "/my/own/path") is None
    assert reason_against({"api": "-", "response_type": "normal"}, "POST", "/v1/chat/completions") is None


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({**NOTHING, "mcp_tool_name": "get_weather"}, requests.MCP),
        ({**NOTHING, "jsonrpc_method": "tools/list"}, requests.MCP),
        ({"cache_status": "miss"}, requests.OTHER_PLUGINS),
        ({"safecheck_status": "request pass", "safecheck_request_rt": 12}, requests.OTHER_PLUGINS),
    ],
)
def test_lines_of_other_plugins_are_no_calls(attributes, reason):
    """Where the plugin that counts tokens wrote nothing, or a tool was called, no model's call can be told."""
    assert reason_against(attributes, "POST", "/v1/chat/completions") == reason
    assert reason_against(attributes, None, None) == reason


def test_a_line_without_method_and_path_speaks_for_itself():
    """A sample of a line, of its attributes alone, is a call."""
    assert reason_against({"session_id": "s"}, None, None) is None


@pytest.mark.parametrize(
    ("name", "alone"),
    [
        ("/v1/embeddings", True),
        ("gte-rerank-v2", True),
        ("gpt-4o", False),
        ("/v1/chat/completions?a=/v1/embeddings", False),
        (None, False),
    ],
)
def test_what_makes_no_text_has_input_alone(name, alone):
    """Embeddings and rerankers are told by their path or their name."""
    assert requests.has_input_alone(name) == alone


@pytest.mark.parametrize(
    ("path", "wordless"),
    [
        ("/v1/images/generations", True),
        ("/v1/audio/speech?voice=a", True),
        ("/v1/chat/completions?a=/audio/", False),
        (None, False),
    ],
)
def test_what_answers_without_words(path, wordless):
    """It is told by the path alone, whatever is asked of it."""
    assert requests.has_no_words(path) == wordless


def test_a_query_is_no_part_of_a_path():
    """What a client asks behind a question mark may hold its key, and is left out; a slash at the end is the path's own."""
    assert requests.without_query("/v1beta/models/g:generateContent?key=secret#x") == "/v1beta/models/g:generateContent"
    assert requests.without_query("/v1/chat/completions/?a=/b") == "/v1/chat/completions/"
