"""What is written down of calls, what is not, and when: whoever has a whole answer finds it in the log."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from session_monitor.base import data_folder
from session_monitor.calls import ai_log
from session_monitor.monitor.take_in import take_in
from session_monitor.proxy.routes import upstreams
from tests.support.command_line import CLI, data, run
from tests.support.proxying import KEY, PATHS, recorded, request
from tests.support.standin import TOKENS, StandIn
from tests.support.standin_words import ARGUMENTS, TEXT
from tests.support.waiting import until

PROTOCOLS = ("chat", "responses", "messages", "gemini")
SECRETS = (KEY, "a-key-of-google", "a-cookie", "another-key")


def everything_in(folder):
    """All bytes of all files there."""
    return b"".join(path.read_bytes() for path in Path(folder).rglob("*") if path.is_file())


def test_no_key_and_no_word_is_kept(tmp_path, capfd):
    """Neither in a file nor in a message, whatever goes well or wrong, unless what was said is asked for."""
    headers = {"x-api-key": SECRETS[3], "cookie": SECRETS[2], "x-goog-api-key": SECRETS[1]}
    with recorded(tmp_path) as proxy:
        for protocol in PROTOCOLS:
            for how in ("", "429", "fails", "tools"):
                proxy.ask(protocol, how, headers=headers)
        path = f"/v1beta/models/m:generateContent?key={SECRETS[1]}"
        request(proxy.proxy.port, "POST", path, b'{"contents": "my words"}')
        proxy.rounds(17)
    take_in(str(tmp_path))

    kept = everything_in(tmp_path) + "".join(capfd.readouterr()).encode()
    for secret in (*SECRETS, "my words", TEXT, "sk-secret", "Beijing"):
        assert secret.encode() not in kept
        assert json.dumps(secret)[1:-1].encode() not in kept


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_was_said_is_kept_where_that_is_asked_for(tmp_path, protocol, stream):
    """Question, answer and calls of tools, of every API, streamed or not; still no key."""
    with recorded(tmp_path, with_texts=True) as proxy:
        asked = {"instructions": "be brief", "input": "hi"} if protocol == "responses" else {}
        proxy.ask(protocol, "tools", stream=stream, **asked)
        (call,) = proxy.rounds(1)

    assert (call.question, call.answer) == ("hi", TEXT)
    (tool,) = call.tool_calls
    assert tool["function"]["name"] == "weather"
    assert json.loads(tool["function"]["arguments"]) == json.loads(ARGUMENTS)
    assert call.has_tool_calls
    assert KEY.encode() not in everything_in(tmp_path)


def test_conversations_of_tools(tmp_path):
    """What tools were asked and what they said is told the same way, whatever the API."""
    call = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c1", "output": "sunny"}
    parts = [
        {"role": "user", "parts": [{"text": "hi"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "weather"}}]},
    ]
    parts.append(
        {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"output": "sunny"}}}]}
    )
    with recorded(tmp_path, with_texts=True) as proxy:
        proxy.ask("responses", input=[{"role": "user", "content": "hi"}, call, result])
        proxy.ask("gemini", contents=parts)
        rounds = proxy.rounds(2)

    for each in rounds:
        assert [message["role"] for message in each.messages] == ["user", "assistant", "tool"]
        assert each.messages[1]["tool_calls"][0]["function"]["name"] == "weather"


@pytest.mark.parametrize(
    ("prefix", "headers", "session_id"),
    [
        ("", {}, None),
        ("/s/from-path", {"x-agent-session": "from-header"}, "from-path"),
        ("", {"x-agent-session": "a", "x-claude-code-session-id": "b"}, "a"),
        ("", {"x-claude-code-session-id": "b"}, "b"),
        ("", {"session-id": "c"}, "c"),
        ("", {"x-session-affinity": "d"}, "d"),
        ("", {"x-openclaw-session-key": "agent:main:e"}, "agent:main:e"),
        ("", {"x-agent-session": "x" * 300}, None),
        ("", {"x-agent-session": "修复登录".encode()}, "修复登录"),
        ("", {"x-agent-session": "é".encode("latin-1")}, "é"),
    ],
)
def test_whose_call(tmp_path, prefix, headers, session_id):
    """The path goes before headers; a header that names nothing is passed over."""
    with recorded(tmp_path) as proxy:
        proxy.ask("messages", prefix=prefix, headers=headers)
        (call,) = proxy.rounds(1)
        asked_for = proxy.standin.ledger[0]["path"]

    assert call.session_id == session_id
    assert asked_for == "/v1/messages"


def test_the_session_of_the_proxy(tmp_path):
    """It goes before headers, and behind what a path names."""
    with recorded(tmp_path, session_id="mine") as proxy:
        proxy.ask("messages", headers={"x-agent-session": "other"})
        proxy.ask("messages", prefix="/s/path")
        found = [call.session_id for call in proxy.rounds(2)]
    assert sorted(found) == ["mine", "path"]


@pytest.mark.parametrize(
    ("told", "agent"), [("claude-cli/2.1.332 (external)", "claude-code"), ("OpenAI/Python 3", None)]
)
def test_whose_agent(tmp_path, told, agent):
    """Known by its user agent; a program of one's own has no name."""
    with recorded(tmp_path) as proxy:
        proxy.ask("messages", headers={"user-agent": told})
        (call,) = proxy.rounds(1)
    assert call.consumer == agent


def test_a_body_that_cannot_be_read(tmp_path):
    """It is passed on as it is, and the call is known by its answer."""
    with recorded(tmp_path) as proxy:
        for encoding in ("zstd", "gzip"):
            headers = {"content-encoding": encoding}
            request(proxy.proxy.port, "POST", PATHS["messages"], b"\x28\xb5\x2f\xfd what", headers)
        calls = proxy.rounds(2)
        bodies = {row["body"] for row in proxy.standin.calls()}

    assert bodies == {b"\x28\xb5\x2f\xfd what"}
    assert [call.usage.total_tokens for call in calls] == [1020] * 2


def test_tokens_that_are_told_in_part(tmp_path):
    """One count alone is no 0 for the other: too little is known for a cost."""
    lines = []
    with recorded(tmp_path, on_line=lines.append) as proxy:
        proxy.ask("chat", "half", stream=False)
        (call,) = proxy.rounds(1)

    assert lines == proxy.lines()
    assert call.partly_told


def test_a_disk_that_is_full(tmp_path, capfd):
    """Answers come all the same; it is said once, and counted."""
    (tmp_path / data_folder.RECORDED).write_text("in the way")
    with recorded(tmp_path) as proxy:
        for _ in range(2):
            assert proxy.ask("chat")[0].status == 200
        recorder = proxy.proxy.recorder

    assert (recorder.recorded, recorder.unrecorded) == (0, 2)
    assert capfd.readouterr().err.count("cannot be recorded") == 1


@pytest.fixture
def started(tmp_path):
    """Starts cli.py proxy before a stand-in; gives the process, its port, the stand-in and the folder."""
    with StandIn() as standin:
        words = [sys.executable, CLI, "proxy", "--port", "0", "--json", "--data-dir", tmp_path / "sessions"]
        words += ["--upstream", f"openai={standin.url}/v1", "--upstream", f"anthropic={standin.url}"]
        process = subprocess.Popen(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        told = json.loads(process.stdout.readline())["data"]
        yield process, told, standin, tmp_path / "sessions"
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_killed_at_any_moment(started):
    """Whatever answer came to its end by then stands in the log."""
    process, told, _, folder = started
    ended = 0
    for number in range(20):
        body = json.dumps({"model": "m", "stream": bool(number % 2), "messages": []}).encode()
        path = PATHS["chat" if number % 3 else "messages"]
        response, _ = request(told["port"], "POST", path, body)
        ended += response.status == 200
        if number == 19:
            process.kill()
    process.wait()

    lines = Path(data_folder.recorded_log(str(folder))).read_bytes().splitlines()
    assert ended == 20
    assert [ai_log.parse(line).outcome for line in lines] == ["ok"] * 20


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command(started, number):
    """It says where it is, ends when it is told to, and what it recorded are sessions then."""
    process, told, standin, folder = started
    assert told["environment"]["OPENAI_BASE_URL"] == f"http://127.0.0.1:{told['port']}/v1"
    request(told["port"], "POST", f"/s/trial{PATHS['chat']}", b'{"model": "gpt-5.2", "stream": true}')
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=30)

    assert (process.returncode, said) == (0, b"")
    (session,) = data("list", "--data-dir", folder)
    assert (session["session_id"], session["total_tokens"]) == ("trial", TOKENS["chat"].total_tokens)
    assert os.stat(data_folder.recorded_log(str(folder))).st_mode & 0o077 == 0
    assert len(standin.calls()) == 1


def test_calls_at_work_when_it_ends(started):
    """They are broken off after a while, at once when it is told twice, and written down."""
    process, told, _, folder = started
    has_begun = threading.Event()

    def ask():
        client = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=30)
        with contextlib.closing(client), contextlib.suppress(http.client.HTTPException):
            client.request("POST", PATHS["messages"], b'{"stream": true}', {"x-standin": "stops"})
            response = client.getresponse()
            response.read1(10)
            has_begun.set()
            response.read()

    asking = threading.Thread(target=ask)
    asking.start()
    assert has_begun.wait(30)
    process.terminate()
    with pytest.raises(ConnectionError):
        until(lambda: request(told["port"], "GET", "/") and None, "it listens no more")
    process.terminate()
    _, said = process.communicate(timeout=30)
    asking.join()
    assert (process.returncode, said) == (0, b"")

    (line,) = Path(data_folder.recorded_log(str(folder))).read_bytes().splitlines()
    assert (ai_log.parse(line).outcome, ai_log.parse(line).usage.input_tokens) == ("failed", 1000)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--upstream", "openai=http://api.example.com"], 2, "https://"),
        (["--upstream", "openai"], 2, "NAME=URL"),
        (["--port", "70000"], 2, "no port"),
        (["--session", ""], 2, "no name"),
    ],
)
def test_mistakes(tmp_path, words, code, told):
    """What is wrong is told, and what to write."""
    done = run("proxy", *words, "--data-dir", tmp_path)
    assert done.returncode == code
    assert told in done.stderr


def test_a_port_that_is_taken(started, tmp_path):
    """The second one says so."""
    _, told, _, _ = started
    done = run("proxy", "--port", told["port"], "--data-dir", tmp_path)
    assert (done.returncode, "--port" in done.stderr) == (1, True)


def test_every_provider_that_is_shipped_can_be_named():
    """Each has an address over TLS."""
    assert all(each.is_tls for each in upstreams().values())
