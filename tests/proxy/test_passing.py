"""What goes through the proxy is what would have gone without it: every byte, in every framing, and what breaks breaks."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
import threading
import time

import pytest

from session_monitor.proxy import upstream
from tests.support import standin
from tests.support.proxying import KEY, PATHS, recorded, request
from tests.support.waiting import until

PROTOCOLS = ("chat", "responses", "messages", "gemini")
_NUMBER = re.compile(rb"(chatcmpl-|resp_|msg_|call_|fc_|toolu_|\"r)\d+")


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    """A proxy for many tests."""
    with recorded(tmp_path_factory.mktemp("data")) as proxy:
        yield proxy


def plain(body):
    """What a body stands for, without the number of the call, which no two share, in its ids and those of its tools."""
    return _NUMBER.sub(rb"\1N", gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)


@pytest.mark.parametrize("framing", standin.FRAMINGS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_stream_is_the_same_as_without_the_proxy(at_work, protocol, framing):
    """Byte for byte, however it is framed; also where the proxy asked for tokens that its client did not ask for."""
    before = len(at_work.lines())
    response, body = at_work.ask(protocol, framing)
    direct_response, direct = at_work.ask(protocol, framing, through=False)

    assert response.status == 200
    assert response.headers["content-type"] == direct_response.headers["content-type"]
    assert plain(body) == plain(direct)
    (call,) = at_work.rounds(before + 1)[before:]
    assert call.usage._replace(notes=(), explicit_cache=False) == standin.TOKENS[protocol]
    assert (call.outcome, call.response_type, call.response_code) == ("ok", "stream", 200)
    assert call.chat_id == at_work.standin.calls()[-2]["call_id"]


@pytest.mark.parametrize("how", ["", "gzip", "tools"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_whole_answer_is_the_same_as_without_the_proxy(at_work, protocol, how):
    """Byte for byte, also an encoded one."""
    before = len(at_work.lines())
    accepting = {"accept-encoding": "gzip, br"}
    response, body = at_work.ask(protocol, how, stream=False, headers=accepting)
    _, direct = at_work.ask(protocol, how, stream=False, through=False, headers=accepting)

    assert response.headers["content-encoding"] == ("gzip" if how == "gzip" else None)
    assert len(body) == int(response.headers["content-length"])
    assert plain(body) == plain(direct)
    (call,) = at_work.rounds(before + 1)[before:]
    assert call.usage._replace(notes=(), explicit_cache=False) == standin.TOKENS[protocol]
    assert (call.outcome, call.response_type) == ("ok", "normal")


@pytest.mark.parametrize("how", ["grows", "with_choices", "tools", "grows tools"])
def test_chat_usage_wherever_it_stands(at_work, how):
    """On the last chunk with choices, on each, or on none of these: the last one counts, and the client sees what it would."""
    before = len(at_work.lines())
    _, body = at_work.ask("chat", how)
    _, direct = at_work.ask("chat", how, through=False)

    assert at_work.rounds(before + 1)[before].usage.total_tokens == 1020
    assert plain(body) == plain(direct)


@pytest.mark.parametrize("how", ["late", "zeros"])
def test_messages_usage_wherever_it_stands(at_work, how):
    """Told at the end alone, or with zeros there: no count is taken twice, and none is lost."""
    before = len(at_work.lines())
    at_work.ask("messages", how)

    (call,) = at_work.rounds(before + 1)[before:]
    assert call.usage._replace(notes=()) == standin.TOKENS["messages"]


def test_who_asks_for_tokens_gets_them(at_work):
    """A client that asked sees its chunk with tokens, and ``null`` in the others."""
    _, body = at_work.ask("chat", stream_options={"include_usage": True})
    _, direct = at_work.ask("chat", through=False, stream_options={"include_usage": True})

    assert b'"usage": null' in body
    assert plain(body) == plain(direct)


def test_who_wants_no_tokens_gets_none(at_work):
    """A client that said no is not overruled; its tokens are not known."""
    before = len(at_work.lines())
    at_work.ask("chat", stream_options={"include_usage": False})

    assert json.loads(at_work.standin.ledger[-1]["body"])["stream_options"] == {"include_usage": False}
    assert not at_work.rounds(before + 1)[before].has_tokens


def test_a_provider_that_refuses_to_tell_is_asked_without(tmp_path):
    """Once; then the proxy knows, and asks it no more."""
    with recorded(tmp_path) as proxy:
        for _ in range(2):
            response, body = proxy.ask("chat", "refuses")
            assert response.status == 200
            assert body.endswith(b"[DONE]\n\n")
        asked = ["stream_options" in json.loads(row["body"]) for row in proxy.standin.calls()]
        calls = proxy.rounds(2)

    assert asked == [True, False, False]
    assert [(call.outcome, call.has_tokens) for call in calls] == [("ok", False)] * 2


def test_other_errors_with_400_are_passed_on(at_work):
    """The body is the provider's, though its beginning was read for what it refuses."""
    response, body = request(at_work.proxy.port, "POST", PATHS["chat"], b'{"stream": true}', {"x-standin": "429"})

    assert response.status == 429
    assert response.headers["retry-after"] == "0"
    assert json.loads(body)["error"]["type"] == "rate_limit_error"


def test_nothing_is_injected_where_that_is_not_wanted(tmp_path):
    """The request arrives byte for byte."""
    with recorded(tmp_path, injects=False) as proxy:
        proxy.ask("chat")
        proxy.ask("chat", through=False)
        first, second = (row["body"] for row in proxy.standin.calls())

    assert first == second


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_stream_that_breaks_breaks_for_its_client(at_work, protocol):
    """A cut answer must not look whole; what is known of its tokens is a lower bound."""
    before = len(at_work.lines())
    with pytest.raises(http.client.IncompleteRead):
        at_work.ask(protocol, "cut")

    (call,) = at_work.rounds(before + 1)[before:]
    assert (call.outcome, call.error) == ("failed", "UC")
    assert not call.has_tokens or call.at_least


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_error_within_a_stream(at_work, protocol):
    """It is passed on, and the call has failed, by the provider's name for it; its message is not kept."""
    before = len(at_work.lines())
    _, body = at_work.ask(protocol, "fails")

    assert b"error" in body
    (call,) = at_work.rounds(before + 1)[before:]
    assert (call.outcome, call.error) == ("failed", "overloaded_error" if protocol == "messages" else "server_error")
    assert b"sk-secret" not in b"".join(at_work.lines())


@pytest.mark.parametrize(("how", "status"), [("429", 429), ("500", 500), ("529", 529)])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_refusal_is_passed_on(at_work, protocol, how, status):
    """With its headers, which tell clients when to try again."""
    before = len(at_work.lines())
    response, _ = at_work.ask(protocol, how)

    assert (response.status, response.headers["retry-after"]) == (status, "0")
    (call,) = at_work.rounds(before + 1)[before:]
    assert (call.outcome, call.response_code, call.has_tokens) == ("failed", status, False)
    assert call.error == f"{status} rate_limit_error"


def test_a_client_that_leaves_while_nothing_comes(tmp_path):
    """The provider's connection is closed at once, and the call is written down as left."""
    with recorded(tmp_path) as proxy:
        for how in ("stops", "hangs"):
            proxy.standin.gone.clear()
            body = json.dumps({"model": "m", "stream": True, "messages": []}).encode()
            client = http.client.HTTPConnection("127.0.0.1", proxy.proxy.port, timeout=10)
            client.request("POST", PATHS["messages"], body, {"x-standin": how})
            if how == "stops":
                client.getresponse().read1(10)
            else:
                until(proxy.standin.calls, "the request arrives")
                time.sleep(0.05)
            client.close()
            client.sock = None
            assert proxy.standin.gone.wait(5), how
        stopped, hung = proxy.rounds(2)

    assert (stopped.outcome, stopped.usage.input_tokens, stopped.at_least) == ("left", 1000, True)
    assert (hung.outcome, hung.response_code, hung.has_tokens) == ("failed", 0, False)


def test_who_leaves_behind_the_last_event_has_all_of_it(tmp_path):
    """SDKs do not wait for the end of a connection after the end of an answer."""
    with recorded(tmp_path) as proxy:
        body = json.dumps({"model": "m", "stream": True, "messages": []}).encode()
        client = http.client.HTTPConnection("127.0.0.1", proxy.proxy.port, timeout=10)
        client.request("POST", PATHS["messages"], body, {"x-standin": "slow"})
        response, told = client.getresponse(), b""
        while b"message_stop" not in told:
            told += response.read1(100)
        client.close()
        (call,) = proxy.rounds(1)

    assert (call.outcome, call.usage.output_tokens, call.at_least) == ("ok", 20, False)


@pytest.mark.parametrize("is_noticed", [True, False])
def test_a_connection_that_grew_stale_is_not_the_clients_affair(tmp_path, monkeypatch, is_noticed):
    """The provider closed it while it waited: whether or not that is seen in time, the request goes out over a new one."""
    if not is_noticed:
        monkeypatch.setattr(upstream, "_has_news", lambda _: False)
    with recorded(tmp_path) as proxy:
        for how in ("hangs_up", "", ""):
            response, _ = proxy.ask("messages", how, stream=False)
            assert response.status == 200
            time.sleep(0.05)
        calls = proxy.rounds(3)

    assert [call.outcome for call in calls] == ["ok"] * 3
    assert len(proxy.standin.calls()) == 3


def test_a_provider_that_says_nothing_is_told_once(at_work):
    """A new connection that ends without an answer is no stale one: nothing is sent twice that may have been taken."""
    before, rows = len(at_work.lines()), len(at_work.standin.ledger)
    at_work.proxy._connections.close()
    response, body = request(at_work.proxy.port, "POST", PATHS["chat"], b"{}", {"x-standin": "silent"})

    assert response.status == 502
    assert "127.0.0.1" in json.loads(body)["error"]["message"]
    assert len(at_work.standin.ledger) == rows + 1
    (call,) = at_work.rounds(before + 1)[before:]
    assert (call.outcome, call.response_code) == ("failed", 0)


def test_all_else_passes(at_work):
    """Lists of models, counts of tokens and the like are passed on, and are no calls."""
    before = len(at_work.lines())
    models, _ = request(at_work.proxy.port, "GET", "/v1/models")
    counted, body = request(at_work.proxy.port, "POST", "/v1/messages/count_tokens", b"{}")
    missing, _ = request(at_work.proxy.port, "DELETE", "/v1/files/7")
    head, _ = request(at_work.proxy.port, "HEAD", "/v1/models")

    assert (models.status, counted.status, missing.status, head.status) == (200, 200, 404, 200)
    assert json.loads(body)["input_tokens"] == 42
    assert len(at_work.lines()) == before


def test_a_chunked_request_and_one_that_asks_first(at_work):
    """The body arrives whole, and nobody waits for a 100 that does not come."""
    with socket.create_connection(("127.0.0.1", at_work.proxy.port), timeout=10) as client:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{at_work.proxy.port}\r\nConnection: close\r\n"
        client.sendall(f"{head}Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 100 Continue")
        client.sendall(b'8\r\n{"model"\r\n6;x=y\r\n: "m"}\r\n0\r\nTrailer: x\r\n\r\n')
        answer = b""
        while data := client.recv(65536):
            answer += data

    assert answer.startswith(b"HTTP/1.1 200")
    assert at_work.standin.ledger[-1]["body"] == b'{"model": "m"}'
    assert "expect" not in at_work.standin.ledger[-1]["headers"]


def test_a_client_of_http_1_0(at_work):
    """It gets no chunks; the end of the connection is the end of its answer."""
    with socket.create_connection(("127.0.0.1", at_work.proxy.port), timeout=10) as client:
        body = b'{"stream":true,"messages":[]}'
        head = (
            f"POST /v1/messages HTTP/1.0\r\nHost: 127.0.0.1:{at_work.proxy.port}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        client.sendall(head.encode() + body)
        answer = b""
        while data := client.recv(65536):
            answer += data

    head, _, told = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert told.startswith(b"event: message_start\n")


def test_headers_are_the_clients(at_work):
    """The key and all others arrive; what is between two programs alone does not, and the host is the provider's."""
    at_work.ask(
        "messages", headers={"anthropic-version": "2023-06-01", "connection": "x-mine", "x-mine": "no", "te": "x"}
    )

    headers = at_work.standin.ledger[-1]["headers"]
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["host"] == f"127.0.0.1:{at_work.standin.port}"
    assert headers["accept-encoding"] == "identity"
    assert not {"x-mine", "te", "connection"} & set(headers)


def test_many_streams_at_once(tmp_path):
    """64 streams side by side, twice each, all whole, all written down."""
    with recorded(tmp_path) as proxy:
        bodies, lock = [], threading.Lock()

        def ask():
            for _ in range(2):
                _, body = proxy.ask("chat", "odd")
                with lock:
                    bodies.append(plain(body))

        threads = [threading.Thread(target=ask) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        calls = proxy.rounds(128)

    assert (len(bodies), len(set(bodies))) == (128, 1)
    assert {call.usage.total_tokens for call in calls} == {1020}
    assert len({call.chat_id for call in calls}) == 128
