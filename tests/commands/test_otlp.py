"""`export --to otlp` sends each call once, says what became of them, and sends nothing where nobody said where to."""

from __future__ import annotations

import json
import os

import pytest

import cli
from commands import export, otlp
from tests.support.command_line import command_line
from tests.support.otlp_receiver import CUT, SLOW, OtlpReceiver, Play

SAMPLE_CALLS = 35


@pytest.fixture
def receiver():
    """A program that collects spans."""
    with OtlpReceiver() as stand_in:
        yield stand_in


@pytest.fixture
def run(sample, capsys, monkeypatch):
    """Run export on the sample; its exit code, and what it prints."""
    for name in list(os.environ):
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(otlp, "_wait", lambda *_: 0)

    def run(*arguments, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        folder = ["--data-dir", str(sample)]
        status = cli._run(command_line(export).parse_args(["export", "--to", "otlp", *arguments, *folder]))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
def test_every_call_is_a_span(run, receiver, encoding):
    """All calls of the sample arrive, with the sums that the log tells and their errors; said again they are the same."""
    status, out, err = run(receiver.url, "--otlp-encoding", encoding)
    first = receiver.once()
    run(receiver.url)

    assert (status, out, err) == (0, "", f"cli.py: sent 35 calls to {receiver.url} (otlp)\n")
    assert len(first) == SAMPLE_CALLS
    assert (len(receiver.spans), receiver.once()) == (2 * SAMPLE_CALLS, first)
    (session,) = ({"agent:main:discord:channel:1465367993012981988"},)
    of_session = [span for span in first.values() if span.attributes["gen_ai.conversation.id"] in session]
    sums = [
        sum(span.attributes.get(f"gen_ai.usage.{name}_tokens", 0) for span in of_session)
        for name in ("input", "output")
    ]
    assert sums == [4432, 411]
    assert [span.error for span in of_session if span.error is not None] == ["0 downstream_remote_disconnect"]
    assert receiver.requests[0][0] == "/v1/traces"
    assert receiver.resources[0]["service.name"] == "agent-session-monitor"


def test_nothing_that_was_said_is_sent_unasked(run, receiver):
    """Content is there with --with-content alone."""
    run(receiver.url)
    bare = b"".join(body for _, _, body in receiver.requests).decode("utf-8", "replace")
    run(receiver.url, "--with-content")
    whole = b"".join(body for _, _, body in receiver.requests).decode("utf-8", "replace")

    assert ("查询北京天气" in bare, "查询北京天气" in whole) == (False, True)


def test_what_is_chosen(run, receiver):
    """The filters choose, and --json counts."""
    status, out, _ = run(receiver.url, "--model", "qwen*", "--since", "2026-02-01T17:31:00+08:00", "--json")
    assert status == 0
    data = {"to": receiver.url, "sent": 3, "refused": 0, "without_time": 0}
    assert json.loads(out)["data"] == data
    assert {span.attributes["gen_ai.request.model"] for span in receiver.spans} == {"qwen3-max"}


def test_where_to_is_told_by_the_environment(run, receiver):
    """OpenTelemetry's variables count where no address is given, with headers, service and encoding."""
    status, _, err = run(
        OTEL_EXPORTER_OTLP_ENDPOINT=f"{receiver.url}/base/",
        OTEL_EXPORTER_OTLP_HEADERS="authorization=env:MY_KEY,x-tenant=a%20b",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/json",
        OTEL_EXPORTER_OTLP_COMPRESSION="none",
        OTEL_SERVICE_NAME="my-agents",
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=home",
        MY_KEY="Bearer SECRET",
    )
    path, headers, body = receiver.requests[0]

    assert (status, path) == (0, "/base/v1/traces")
    assert (headers["authorization"], headers["x-tenant"]) == ("Bearer SECRET", "a b")
    assert (headers["content-type"], "content-encoding" in headers, body[:1]) == ("application/json", False, b"{")
    assert receiver.resources[0] == {"service.name": "my-agents", "deployment.environment.name": "home"}
    assert "SECRET" not in err


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        ([], {}, "nobody says where to"),
        (["ftp://x"], {}, "must be an address"),
        (["http://93.184.216.34:4318"], {}, "OTEL_EXPORTER_OTLP_INSECURE=true"),
        (["https://me:secret@example.com"], {}, "OTEL_EXPORTER_OTLP_HEADERS"),
        (["http://localhost:1"], {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "there is no gRPC here"),
        (["http://localhost:1"], {"OTEL_EXPORTER_OTLP_HEADERS": "a b=c"}, "percent-encoded"),
        (["env:NO_SUCH"], {}, "the environment has no NO_SUCH"),
        (["http://localhost:1", "--what", "sessions"], {}, "are of files"),
    ],
)
def test_what_cannot_be(run, arguments, variables, words):
    """It is said what is wrong and what to do, with exit code 2, and nothing is sent."""
    status, out, err = run(*arguments, **variables)
    assert (status, out) == (2, "")
    assert words in err
    assert "secret" not in err


def test_what_passes_is_tried_again(run, receiver):
    """Too many requests, a gateway that is down and a cut answer are tried again, and no call is lost."""
    receiver.plays += [Play(429, headers=(("Retry-After", "1"),)), 502, 503, 504, CUT]
    assert run(receiver.url)[0] == 0
    assert len(receiver.once()) == SAMPLE_CALLS


def test_what_does_not_pass(run, receiver):
    """After half a minute, or at once where trying again is of no use, it is told how far it came."""
    receiver.plays += [503] * otlp.MOST_TRIES
    status, _, err = run(receiver.url)
    assert (status, "503 Service Unavailable" in err, "0 of 35 calls were sent" in err) == (1, True, True)
    receiver.plays += [401]
    status, _, err = run(receiver.url)
    assert (status, "OTEL_EXPORTER_OTLP_HEADERS" in err, len(receiver.spans)) == (1, True, 0)
    receiver.plays += [415]
    assert "--otlp-encoding" in run(receiver.url)[2]


def test_a_long_wait_is_told(run, receiver, monkeypatch):
    """Nobody sits before a command that says nothing for a minute."""
    slept = []
    monkeypatch.setattr(otlp.time, "sleep", slept.append)
    monkeypatch.setattr(otlp, "_wait", lambda reply, _: reply.wait)
    receiver.plays.append(Play(429, headers=(("Retry-After", "30"),)))
    status, _, err = run(receiver.url)
    assert (status, slept) == (0, [30])
    assert err.startswith(f"cli.py: {receiver.url}: 429 Too Many Requests; trying again in 30 s\n")


def test_one_that_is_refused(run, receiver):
    """The others are taken, and it is named with why."""
    receiver.refuses = lambda span: span.attributes["asm.round"] == 6 and "discord" in span.attributes["session.id"]
    status, _, err = run(receiver.url)

    assert (status, len(receiver.once())) == (1, SAMPLE_CALLS - 1)
    assert "agent:main:discord:channel:1465367993012981988: 400 Bad Request: one of them is wrong" in err
    assert "did not take 1 call" in err


def test_a_receiver_that_refuses_all(run, receiver):
    """After twenty it is not the spans that are wrong, and no more are tried."""
    receiver.refuses = lambda _span: True
    status, _, err = run(receiver.url)
    assert (status, "so it says of every span" in err) == (1, True)


def test_a_part_that_is_rejected(run, receiver):
    """What a receiver took and did not want is told with its reason."""
    body = receiver.traces.ExportTraceServiceResponse()
    body.partial_success.rejected_spans, body.partial_success.error_message = 2, "too old"
    receiver.plays += [Play(200, body.SerializeToString())]
    status, _, err = run(receiver.url)
    assert (status, "sent 33 calls" in err, "did not take 2 calls: too old" in err) == (1, True, True)


def test_one_who_does_not_answer(run, receiver):
    """The environment says how long an answer is waited for."""
    receiver.plays += [SLOW] * otlp.MOST_TRIES
    receiver.slow = 0.3
    status, _, err = run(receiver.url, OTEL_EXPORTER_OTLP_TIMEOUT="50")
    assert (status, "no answer within 0.05 s" in err) == (1, True)


def test_files_need_a_name(sample, capsys):
    """Without --to otlp a file is named, and what is of spans has no place."""
    folder = ["--data-dir", str(sample)]
    assert cli._run(command_line(export).parse_args(["export", *folder])) == 2
    assert "name a FILE" in capsys.readouterr().err
    assert cli._run(command_line(export).parse_args(["export", "x.json", "--with-content", *folder])) == 2
