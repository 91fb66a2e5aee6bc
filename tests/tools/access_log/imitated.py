"""What is imitated: models, configurations of the plugin, profiles of sessions, texts, clients."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Model:
    """A model as the gateway sees it."""

    name: str
    protocol: str  # openai | anthropic | gemini
    thinks: bool = False


MODELS = (
    Model("gpt-4o", "openai"),
    Model("gpt-4o-mini", "openai"),
    Model("gpt-4.1", "openai"),
    Model("gpt-5", "openai", True),
    Model("o3-mini", "openai", True),
    Model("claude-sonnet-4-20250514", "anthropic"),
    Model("claude-opus-4-1-20250805", "anthropic"),
    Model("claude-3-5-haiku-20241022", "anthropic"),
    Model("gemini-2.5-pro", "gemini", True),
    Model("gemini-2.5-flash", "gemini", True),
    Model("qwen-max", "openai"),
    Model("qwen-plus", "openai"),
    Model("qwen-turbo", "openai"),
    Model("qwen3-coder-plus", "openai"),
    Model("qwen3-235b-a22b-thinking-2507", "openai", True),
    Model("deepseek-chat", "openai"),
    Model("deepseek-reasoner", "openai", True),
)


@dataclasses.dataclass(frozen=True)
class PluginConfig:
    """One configuration of ai-statistics (they differ by route)."""

    request_attributes: bool  # messages, question, system
    response_attributes: bool  # answer, reasoning, tool_calls
    token_attributes: bool  # reasoning_tokens, cached_tokens, *_token_details
    value_length_limit: int
    consumer: bool = False


FULL = PluginConfig(True, True, True, 10_485_760)  # use_default_attributes: true
LIGHT = PluginConfig(False, False, True, 4_000)  # use_default_response_attributes: true
EMPTY = PluginConfig(False, False, False, 32_000)  # no attributes at all
CUSTOM = PluginConfig(True, True, True, 32_000, consumer=True)  # own attribute list, the code's default limit
CUSTOM_SHORT = PluginConfig(True, True, True, 4_000, consumer=True)  # own attribute list, the README's limit


@dataclasses.dataclass(frozen=True)
class Profile:
    """The shape of the sessions."""

    configs: tuple
    rounds: int  # lines per session where --sessions does not decide it
    system_bytes: int
    user_bytes: tuple  # smallest and largest size of a text
    answer_bytes: tuple
    tool_bytes: tuple  # size of a tool result
    tools: float  # how often an answer is a tool call


PROFILES = {
    "chat": Profile((CUSTOM, FULL), 8, 300, (20, 400), (100, 1500), (0, 0), 0.0),
    "agent": Profile((FULL,), 25, 6000, (40, 600), (60, 900), (200, 5000), 0.8),
    "lite": Profile((LIGHT,), 10, 300, (20, 400), (100, 1500), (0, 0), 0.0),
    "mixed": Profile((FULL, LIGHT, EMPTY, CUSTOM, CUSTOM_SHORT), 12, 1500, (20, 500), (60, 1200), (200, 3000), 0.5),
}

SENTENCES = (
    "Please summarise the incident and list the next steps.",
    "The build fails on line 42 of src/app.py:\n",
    "查询北京天气，并给出未来三天的预报。",
    "好的，我来帮你检查日志文件。",
    "用户想知道订单 #8841 为什么延迟。",
    "请把下面的表格转换成 JSON 🙂\n",
    'if (a < b && c > d) { return "ok"; }\n',
    "<div class=\"row\"><script>alert('x')</script></div>\n",
    "SELECT id, name FROM users WHERE age >= 18 AND city = 'Zürich';\n",
    "C:\\Users\\dev\\project\\main.go\n",
    'Traceback (most recent call last):\n  File "run.py", line 7, in <module>\n    main()\n',
    "🚀 deployed ✅ done 👩‍💻\n",
    "| column a | column b |\n|---|---|\n| 1 | 2 |\n",
    "curl -s 'http://example.com/?a=1&b=2' | jq '.items[] | .id'\n",
    "Спасибо, это помогло.",
    "ありがとうございます。",
    '{"temperature": 15, "weather": "晴", "ok": true}\n',
    "for i in range(10):\n\tprint(i)\r\n",
    "The quick brown fox jumps over the lazy dog.\u2028",
    "\x1b[32mPASS\x1b[0m tests/test_io.py\b\f\n",
)

TOOLS = ("read_file", "run_command", "web_search", "get_weather", "apply_patch", "list_dir")

USER_AGENTS = (
    "OpenAI/Python 1.97.0",
    "openclaw/2026.1.30 node/22.12.0",
    "Anthropic/JS 0.54.0",
    "curl/8.5.0",
    "python-httpx/0.28.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)",
    "-",
)
BREAKING_USER_AGENTS = ('my "agent"/1.0', 'bot/2.0 "; drop', "agent\\x/1.0 (C:\\temp)")

NOISE = (
    ("GET", "/healthz", 200),
    ("GET", "/api/v1/users?page=2&size=50", 200),
    ("POST", "/api/v1/orders", 201),
    ("GET", "/static/js/app.3f2a.js", 304),
    ("GET", "/favicon.ico", 404),
    ("OPTIONS", "/api/v1/orders", 204),
)

FAILURES = (  # response_code, response_flags, response_code_details, has the plugin seen a response?
    (429, "-", "via_upstream", True),
    (429, "-", "via_upstream", True),
    (503, "UF,URX", "upstream_reset_before_response_started{connection_failure}", True),
    (503, "UH", "no_healthy_upstream", True),
    (0, "DC", "downstream_remote_disconnect", False),
)
