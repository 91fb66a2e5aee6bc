"""Where a request goes: by its path, to hosts that were settled before."""

from __future__ import annotations

from email.message import Message

import pytest

from session_monitor.proxy import routes
from session_monitor.proxy.routes import BadUpstreamError, NoRouteError


def route(target, *named, **headers):
    """Where this goes, with these providers."""
    head = Message()
    for name, value in headers.items():
        head[name.replace("_", "-")] = value
    return routes.route(target, head, routes.upstreams(named))


@pytest.mark.parametrize(
    ("target", "host", "there", "protocol"),
    [
        ("/v1/chat/completions", "api.openai.com", "/v1/chat/completions", "chat"),
        ("/chat/completions", "api.openai.com", "/v1/chat/completions", "chat"),
        ("/v1/responses", "api.openai.com", "/v1/responses", "responses"),
        ("/v1/embeddings", "api.openai.com", "/v1/embeddings", None),
        ("/v1/responses/resp_1", "api.openai.com", "/v1/responses/resp_1", None),
        ("/v1/messages?beta=true", "api.anthropic.com", "/v1/messages?beta=true", "messages"),
        ("/v1/messages/count_tokens", "api.anthropic.com", "/v1/messages/count_tokens", None),
        ("/v1beta/models/m:generateContent?key=k", *(["generativelanguage.googleapis.com"]), "/v1beta/models/m:generateContent?key=k", "gemini"),
        ("/v1/models/m:streamGenerateContent", "generativelanguage.googleapis.com", "/v1/models/m:streamGenerateContent", "gemini"),
        ("/to/deepseek/v1/chat/completions", "api.deepseek.com", "/v1/chat/completions", "chat"),
        ("/to/dashscope/v1/chat/completions", "dashscope.aliyuncs.com", "/compatible-mode/v1/chat/completions", "chat"),
        ("/v1", "api.openai.com", "/v1", None),
        ("/v10/chat/completions", "api.openai.com", "/v1/v10/chat/completions", "chat"),
    ],
)  # fmt: skip
def test_by_path(target, host, there, protocol):
    """Each API's calls go to its maker, but where the path names somebody."""
    found = route(target)

    assert (found.upstream.host, found.target, found.protocol) == (host, there, protocol)
    assert "?" not in found.path


def test_lists_of_models_go_where_the_headers_say():
    """Their path is the same everywhere."""
    assert route("/v1/models").upstream.name == "openai"
    assert route("/v1/models", anthropic_version="2023-06-01").upstream.name == "anthropic"
    assert route("/v1/models", x_goog_api_key="k").upstream.name == "gemini"


@pytest.mark.parametrize(
    ("target", "session_id", "path"),
    [
        ("/s/fix-login/v1/messages", "fix-login", "/v1/messages"),
        ("/s/%E5%A4%A9%2Fx/v1/messages", "天/x", "/v1/messages"),
        ("/s/a/to/anthropic/v1/messages", "a", "/v1/messages"),
        ("/to/anthropic/s/a/v1/messages", "a", "/v1/messages"),
        ("/s/a/s/b/v1/messages", "a", "/s/b/v1/messages"),
        ("/s//v1/messages", None, "/s//v1/messages"),
        ("/v1/messages", None, "/v1/messages"),
    ],
)
def test_sessions_in_paths(target, session_id, path):
    """The path names the session, and its provider does not see that."""
    found = route(target, "anthropic=https://a.example", "openai=https://o.example")

    assert (found.session_id, found.path) == (session_id, path)


def test_stated_providers():
    """A base URL ends where its documentation lets it end; what it adds stands in every path."""
    assert (
        route("/v1/chat/completions", "openai=https://x.example/compatible/v1").target
        == "/compatible/v1/chat/completions"
    )
    assert route("/v1/messages", "anthropic=https://x.example/anthropic/").target == "/anthropic/v1/messages"
    own = route("/to/mine/v1/chat/completions", "mine=http://localhost:8000/v1").upstream
    assert (own.authority, own.is_tls) == ("localhost:8000", False)


@pytest.mark.parametrize(
    "wrong",
    [
        *("openai", "=https://x", "openai=", "openai=x.example", "openai=ftp://x", "openai=https://user:secret@x"),
        *("openai=https://x?key=1", "openai=https://x:port", "openai=http://api.example.com/v1", "o p=https://x"),
    ],
)
def test_what_is_no_provider(wrong):
    """It is said what to write; over http nobody far away is asked."""
    with pytest.raises(BadUpstreamError, match=r"write|http"):
        routes.upstreams([wrong])


def test_a_name_that_is_none():
    """The request never chooses a host."""
    with pytest.raises(NoRouteError, match="nobody"):
        route("/to/nobody/v1/chat/completions")
