"""Official SDKs notice nothing of the proxy: streams, tools, errors and retries are as without it, and every token is counted."""

from __future__ import annotations

import pytest

from tests.support.needs import need_module
from tests.support.proxying import KEY, recorded
from tests.support.standin import FRAMINGS, TOKENS
from tests.support.standin_words import TEXT

QUESTION = [{"role": "user", "content": "hi"}]
OF_ANTHROPIC = [framing for framing in FRAMINGS if framing != "bom"]
"""Its SDK loses the first event behind a byte order mark, with a proxy and without."""
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    """A proxy for all of them."""
    with recorded(tmp_path_factory.mktemp("data")) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def openai(at_work):
    """OpenAI's client, pointed to the proxy as users do it."""
    module = need_module("openai", (3, 10))
    with module.OpenAI(
        api_key=KEY, base_url=f"http://127.0.0.1:{at_work.proxy.port}/s/sdk/v1", max_retries=0
    ) as client:
        yield client


@pytest.fixture(scope="module")
def anthropic(at_work):
    """Anthropic's client."""
    module = need_module("anthropic", (3, 10))
    with module.Anthropic(
        api_key=KEY, base_url=f"http://127.0.0.1:{at_work.proxy.port}/s/sdk", max_retries=0
    ) as client:
        yield client


@pytest.fixture(scope="module")
def gemini(at_work):
    """Google's client."""
    genai = need_module("google.genai", (3, 10))
    options = genai.types.HttpOptions(base_url=f"http://127.0.0.1:{at_work.proxy.port}/s/sdk")
    return genai.Client(api_key=KEY, http_options=options)


class Calls:
    """What is recorded from now on."""

    def __init__(self, recorded):
        self._recorded = recorded
        self._before = len(recorded.lines())

    def one(self):
        """The one call that was made."""
        (call,) = self._recorded.rounds(self._before + 1)[self._before :]
        assert call.session_id == "sdk"
        return call

    def check(self, protocol):
        """It went well, and what it used is told to the last token."""
        call = self.one()
        assert (call.outcome, call.usage._replace(notes=(), explicit_cache=False)) == ("ok", TOKENS[protocol])
        assert call.chat_id == self._recorded.standin.calls()[-1]["call_id"]


def told(how):
    """The header that says how the stand-in answers."""
    return {"x-standin": how}


@pytest.mark.parametrize("framing", FRAMINGS)
def test_openai_chat(at_work, openai, framing):
    """Whole and streamed; who does not ask for tokens sees no chunk without choices."""
    calls = Calls(at_work)
    stream = openai.chat.completions.create(
        model="gpt-5.2", messages=QUESTION, stream=True, extra_headers=told(framing)
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == TEXT
    assert {chunk.usage for chunk in chunks} == {None}
    calls.check("chat")

    calls = Calls(at_work)
    whole = openai.chat.completions.create(model="gpt-5.2", messages=QUESTION, extra_headers=told(framing))
    assert (whole.choices[0].message.content, whole.usage.total_tokens) == (TEXT, 1020)
    calls.check("chat")


@pytest.mark.parametrize("framing", FRAMINGS)
def test_openai_responses(at_work, openai, framing):
    """Whole and streamed."""
    calls = Calls(at_work)
    with openai.responses.stream(model="gpt-5.2", input="hi", extra_headers=told(framing)) as stream:
        assert "".join(event.delta for event in stream if event.type == "response.output_text.delta") == TEXT
        assert stream.get_final_response().usage.total_tokens == 1020
    calls.check("responses")

    calls = Calls(at_work)
    assert openai.responses.create(model="gpt-5.2", input="hi", extra_headers=told(framing)).output_text == TEXT
    calls.check("responses")


@pytest.mark.parametrize("framing", OF_ANTHROPIC)
def test_anthropic(at_work, anthropic, framing):
    """Whole and streamed."""
    calls, asked = Calls(at_work), {"model": "claude-opus-4-7", "max_tokens": 9, "messages": QUESTION}
    with anthropic.messages.stream(**asked, extra_headers=told(framing)) as stream:
        assert "".join(stream.text_stream) == TEXT
        assert stream.get_final_message().usage.output_tokens == 20
    calls.check("messages")

    calls = Calls(at_work)
    assert anthropic.messages.create(**asked, extra_headers=told(framing)).content[0].text == TEXT
    calls.check("messages")


@pytest.mark.parametrize(
    "framing", [framing for framing in FRAMINGS if framing not in ("cr", "bom", "nospace", "comment")]
)
def test_gemini(at_work, gemini, framing):
    """Whole and streamed, in the framings that its SDK takes from Google itself."""
    config = {"http_options": {"headers": told(framing)}}
    calls = Calls(at_work)
    pieces = list(gemini.models.generate_content_stream(model="gemini-3.1-pro", contents="hi", config=config))
    assert "".join(piece.text for piece in pieces) == TEXT
    calls.check("gemini")

    calls = Calls(at_work)
    whole = gemini.models.generate_content(model="gemini-3.1-pro", contents="hi", config=config)
    assert (whole.text, whole.usage_metadata.total_token_count) == (TEXT, 1025)
    calls.check("gemini")


def test_tools(at_work, openai, anthropic, gemini):
    """Calls of tools come as they were said, in pieces or whole."""
    chunks = openai.chat.completions.create(model="m", messages=QUESTION, stream=True, extra_headers=told("tools"))
    pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert "".join(piece.function.arguments for piece in pieces) == '{"city": "Beijing"}'
    asked = {"model": "m", "max_tokens": 9, "messages": QUESTION}
    with anthropic.messages.stream(**asked, extra_headers=told("tools")) as stream:
        assert stream.get_final_message().content[1].input == {"city": "Beijing"}
    found = gemini.models.generate_content(
        model="m", contents="hi", config={"http_options": {"headers": told("tools")}}
    )
    assert found.function_calls[0].args == {"city": "Beijing"}


def test_errors_are_of_their_kinds(at_work, openai, anthropic):
    """A refusal, an error within a stream, a stream that is cut: each as the SDK tells it without the proxy."""
    of_openai, of_anthropic = need_module("openai", (3, 10)), need_module("anthropic", (3, 10))
    asked = {"model": "m", "max_tokens": 9, "messages": QUESTION}
    with pytest.raises(of_openai.RateLimitError):
        openai.chat.completions.create(model="m", messages=QUESTION, extra_headers=told("429"))
    with pytest.raises(of_anthropic.RateLimitError):
        anthropic.messages.create(**asked, extra_headers=told("429"))
    with pytest.raises(of_openai.APIError):
        list(openai.chat.completions.create(model="m", messages=QUESTION, stream=True, extra_headers=told("fails")))
    with pytest.raises(of_anthropic.APIStatusError, match="overloaded"):
        list(anthropic.messages.create(**asked, stream=True, extra_headers=told("fails")))
    for create, more in (
        (openai.chat.completions.create, {"model": "m", "messages": QUESTION}),
        (anthropic.messages.create, asked),
    ):
        with pytest.raises(Exception, match=r"closed|Connection|incomplete"):
            list(create(**more, stream=True, extra_headers=told("cut")))


def test_each_retry_is_a_call(at_work, openai):
    """An SDK that tries again makes calls of their own: those that failed cost nothing."""
    before = len(at_work.lines())
    patient = openai.with_options(max_retries=2)
    with pytest.raises(need_module("openai", (3, 10)).InternalServerError):
        patient.chat.completions.create(model="m", messages=QUESTION, extra_headers=told("500 again"))
    calls = at_work.rounds(before + 3)[before:]
    assert {(call.outcome, call.response_code, call.has_tokens) for call in calls} == {("failed", 500, False)}
