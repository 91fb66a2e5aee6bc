"""In what did an engine or a shipper wrap a line, and what had the gateway written?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.log.wrapped_lines import unwrapped
from tests.support import calls

LINE = calls.line("s", ['天气 "\\" \U0001f50d'])
TEXT = LINE.decode()
CRI = "2026-11-20T18:00:01.123456789+08:00 stdout "
DOCKER = {"log": f"{TEXT}\n", "stream": "stdout", "time": "2026-11-20T10:00:01.123456789Z"}
POD = "[pod/higress-gateway-7d9c/higress-gateway] "
FLUENT_BIT = {"date": 1763632801.5, "stream": "stdout", "logtag": "F", "log": TEXT}
FILEBEAT = {"@timestamp": "2026-11-20T10:00:01.123Z", "log": {"offset": 7, "file": {"path": "/a"}}, "message": TEXT}

WHOLE = {
    "CRI": f"{CRI}F {TEXT}",
    "CRI of UTC, with a further tag": f"2026-11-20T10:00:01Z stderr F:x {TEXT}",
    "docker": json.dumps(DOCKER),
    "docker with attributes": json.dumps({**DOCKER, "attrs": {"tag": "gw"}}, ensure_ascii=False),
    "docker, who lost the newline": json.dumps({**DOCKER, "log": TEXT}),
    "kubectl logs --prefix": POD + TEXT,
    "kubectl logs --timestamps": f"2026-11-20T10:00:01.123456789Z {TEXT}",
    "kubectl logs --prefix --timestamps": f"{POD}2026-11-20T10:00:01.123456789Z {TEXT}",
    "journalctl": f"Nov 20 10:00:01 node-1 envoy[812]: {TEXT}",
    "syslog without a process": f"Nov  2 10:00:01 node-1 higress: {TEXT}",
    "filebeat": json.dumps(FILEBEAT),
    "filebeat, the message first": json.dumps(dict(reversed(FILEBEAT.items()))),
    "fluent-bit": json.dumps(FLUENT_BIT),
    "fluent-bit that reads docker's": json.dumps({"date": 1.5, "log": json.dumps(DOCKER)}),
    "vector": json.dumps({"file": "/a", "host": "h", "message": f"{CRI}F {TEXT}", "source_type": "file"}),
    "journalctl -o json": json.dumps({"MESSAGE": TEXT, "_PID": "812"}),
    "fluentd's driver": json.dumps({"container_id": "c", "source": "stdout", "log": TEXT, "partial_message": "false"}),
    "Windows": f"{POD}{TEXT}\r",
}


@pytest.mark.parametrize("what", WHOLE)
def test_what_the_gateway_wrote(what):
    """Whatever a line was wrapped in, its bytes come out, and nothing else is to be waited for."""
    found = unwrapped(WHOLE[what].encode())

    assert found.payload.rstrip(b"\r") == LINE
    assert not found.is_piece


@pytest.mark.parametrize("key", ["log_processed", "json", "jsonPayload", "message"])
def test_a_line_that_a_shipper_decoded(key):
    """It comes out as JSON again, with nothing changed in it."""
    wrapper = {
        "@timestamp": "T",
        "log": {"offset": 7},
        key: json.loads(LINE),
        "message" if key != "message" else "x": "x",
    }

    assert json.loads(unwrapped(json.dumps(wrapper).encode()).payload) == json.loads(LINE)


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        json.dumps({"authority": "gw", "json": {"ai_log": "-"}, **json.loads(LINE)}).encode(),
        b'{"user_agent":"\\"json\\":{","ai_log":"{}"}',
        b'{"json":{"x":1},"ai_log":"{}","user_agent":"a"b"}',
        b'{"json":{"x":{"ai_log":"-"}}}',
        json.dumps({"authority": "gw", **json.loads(LINE)}).encode(),
        b'{"message":"hello","ai_log":"{}"}',
        b"",
        b"{",
        b'{"level":"info"}',
        b'{"message":5}',
        b"hello",
        b"[2026-11-20 10:00:01.123][1][info] started",
        b'text before {"ai_log":"{}"}',
        b'a | {"ai_log":"{}"}',
        b'{"message":' * 5000,
        b"[" * 5000,
    ],
)
def test_what_is_in_no_wrapper(line):
    """It comes back as it is, and belongs to no stream."""
    assert unwrapped(line) == (line, "", False)


PIECES = {
    "CRI": f"{CRI}P {TEXT[:50]}",
    "docker": json.dumps({**DOCKER, "log": TEXT[:50]}),
    "docker, cut behind what could be all": json.dumps({**DOCKER, "log": '{"ai_log":"' + "x" * 16371 + '"}'}),
    "fluent-bit": json.dumps({**FLUENT_BIT, "logtag": "P", "log": TEXT[:50]}),
    "fluentd's driver": json.dumps(
        {"container_id": "c", "log": TEXT[:50], "partial_message": "true", "partial_last": "false"}
    ),
    "vector that reads CRI": json.dumps({"file": "/a", "message": f"{CRI}P {TEXT[:50]}"}),
}


@pytest.mark.parametrize("what", PIECES)
def test_a_piece_of_a_line(what):
    """A line that goes on is told as such, with its stream."""
    found = unwrapped(PIECES[what].encode())

    assert found.is_piece
    assert found.stream
    assert found.payload.startswith(b'{"ai_log":"')


@pytest.mark.parametrize("keys", [{"log"}, {"log", "stream"}, {"log", "time"}, {"log", "stream", "time", "level"}])
def test_a_text_without_a_newline_that_docker_did_not_write(keys):
    """Nothing of it is to be waited for: only docker's own lines, with all of its keys and no others, end with a newline."""
    wrapper = {key: value for key, value in {**DOCKER, "log": "cut off", "level": "info"}.items() if key in keys}

    assert unwrapped(json.dumps(wrapper).encode()) == (b"cut off", "", False)


def test_streams_are_told_apart():
    """Standard output, standard error, and the files and pods from which a shipper has its lines, are streams of their own."""
    lines = [
        f"{CRI}P x",
        f"{CRI.replace('stdout', 'stderr')}P x",
        f"{POD}{CRI}P x",
        json.dumps({**DOCKER, "log": "x"}),
        json.dumps({**DOCKER, "log": "x", "stream": "stderr"}),
        *(json.dumps({"logtag": "P", "log": "x", "kubernetes": {"pod_name": pod}}) for pod in "ab"),
        *(json.dumps({"file": file, "message": f"{CRI}P x"}) for file in "ab"),
    ]
    assert len({unwrapped(line.encode()).stream for line in lines}) == len(lines)


def test_a_rest_is_not_looked_into():
    """What stands in a piece may be anything that a client wrote, also what looks like a wrapper."""
    for inside in (f"{POD}{TEXT}", f"{CRI}F {TEXT}", json.dumps({"message": TEXT})):
        assert unwrapped(f"{CRI}F {inside}".encode()).payload == inside.encode()


@given(st.binary(max_size=60), st.sampled_from([f"{CRI}F ", f"{CRI}P ", POD, "2026-11-20T10:00:01Z ", "", "{"]))
def test_any_bytes_behind_a_prefix(rest, prefix):
    """Nothing is raised, and no byte behind a prefix is changed."""
    payload = unwrapped(prefix.encode() + rest).payload

    assert (prefix.encode() + rest).endswith(payload) or prefix == "{"


@given(st.text(max_size=60))
def test_any_text_in_docker_s_json(text):
    """The bytes of the text come out, but for the newline at its end."""
    found = unwrapped(json.dumps({**DOCKER, "log": f"{text}\n"}).encode())

    assert found.payload == text.rstrip("\r\n").encode("utf-8", "surrogatepass")
    assert not found.is_piece
