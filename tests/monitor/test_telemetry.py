"""A run of the monitor sends what it reads, as cron starts it and as it follows, and lets nothing of that keep it from reading."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from session_monitor.shipping import spool
from tests.support import calls, prepared
from tests.support.command_line import MAIN, SAMPLE
from tests.support.otlp_receiver import SLOW, OtlpReceiver, Play
from tests.support.waiting import until

SAMPLE_CALLS = 35


@pytest.fixture
def receiver():
    """A program that collects spans."""
    with OtlpReceiver() as stand_in:
        yield stand_in


@pytest.fixture
def out(tmp_path):
    """A data folder."""
    return tmp_path / "out"


def _words(out, *arguments, log):
    return ["--log-path", log, "--output-dir", out, "--quiet", *arguments]


def _environment(variables):
    return {**{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}, **variables}


def started(out, *arguments, log=SAMPLE, **variables):
    """main.py as a process."""
    return subprocess.Popen(
        [sys.executable, MAIN, *_words(out, *arguments, log=log)],
        env=_environment(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(out, *arguments, log=SAMPLE, **variables):
    """One pass: its exit code, and what it said."""
    done = prepared.run(MAIN, *_words(out, "--once", *arguments, log=log), environment=_environment(variables))
    return done.returncode, done.stdout + done.stderr


def test_a_pass_sends_what_it_read(out, receiver):
    """All of it, before it ends; the next pass sends nothing again."""
    assert run(out, "--otlp", receiver.url) == (0, "")
    assert len(receiver.once()) == len(receiver.spans) == SAMPLE_CALLS
    requests = len(receiver.requests)
    assert run(out, "--otlp", receiver.url) == (0, "")
    assert len(receiver.requests) == requests


def test_a_piped_log_is_sent_to_its_end(out, receiver):
    """All of it, though it is longer than what one request takes, and nobody may ever run it again."""
    receiver.slow = 0.5
    receiver.plays.append(SLOW)  # while the input ends
    log = out.parent / "piped.log"
    log.write_bytes(b"".join(calls.line(f"s{number % 7}", [f"n{number}"]) + b"\n" for number in range(2500)))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    command = [sys.executable, MAIN, "--log-path", "-", "--output-dir", out, "--quiet", "--otlp", receiver.url]
    with log.open("rb") as stream:
        done = subprocess.run(
            command, stdin=stream, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    assert (done.returncode, done.stderr, len(receiver.once())) == (0, "", 2500)
    assert not spool.is_waiting(str(out))


def test_a_pass_sends_metrics(out, receiver):
    """What all calls add up to, cumulative and since the first of them, however many passes send it."""
    run(out, "--otlp", receiver.url)
    with SAMPLE.open("rb") as log:
        more = out.parent / "more.log"
        more.write_bytes(log.read() + calls.line("new", ["a"], start_time="2026-02-03T09:30:15Z") + b"\n")
    run(out, "--otlp", receiver.url, log=more)
    rounds = [metric.sum for metric in receiver.metrics if metric.name == "asm.rounds"]

    assert [sum(point.as_int for point in each.data_points) for each in rounds] == [SAMPLE_CALLS, SAMPLE_CALLS + 1]
    assert {point.start_time_unix_nano for each in rounds for point in each.data_points} == {1769938200000000000}
    assert spool.read(str(out)).metrics == ""


def test_who_takes_no_metrics(out, receiver):
    """They are not sent where the environment says so; nothing is said where a receiver has no use for them, but by doctor."""
    run(out, "--otlp", receiver.url, OTEL_METRICS_EXPORTER="none")
    assert {path for path, _, _ in receiver.requests} == {"/v1/traces"}
    receiver.plays += [Play(200), 404]
    (out / ".otlp" / "mark.json").unlink()
    status, said = run(out, "--otlp", receiver.url)
    assert (status, "404" in said) == (0, False)
    assert "404 Not Found" in spool.read(str(out)).metrics


def test_where_to_is_a_setting(out, receiver):
    """The environment says it for all runs: our own variable, or OpenTelemetry's where --otlp has no address."""
    run(out, SESSION_MONITOR_OTLP=receiver.url)
    assert len(receiver.once()) == SAMPLE_CALLS
    assert run(out, "--otlp", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url) == (0, "")


def test_nothing_is_sent_unasked(out, receiver):
    """OpenTelemetry's variables alone, which may be meant for others, send nothing and keep nothing."""
    assert run(out, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url) == (0, "")
    assert (receiver.requests, (out / ".otlp").exists()) == ([], False)


def test_what_cannot_be(out):
    """An address that is none ends it with exit code 2, before anything is read."""
    status, said = run(out, "--otlp", "ftp://x")
    assert (status, "--otlp: the address for OTLP must be" in said, out.exists()) == (2, True, False)


def test_nobody_is_there(out, receiver):
    """The log is read all the same, nothing is said each minute, and what waits is sent once somebody is."""
    receiver.plays.append(Play(503, headers=(("Retry-After", "600"),)))
    status, said = run(out, "--otlp", receiver.url)
    assert (status, said, len(list(out.glob("[!.]*.json")))) == (0, "", 7)
    receiver.plays.clear()
    progress = spool.read(str(out))
    spool.write(str(out), progress._replace(next_try=0))
    run(out, "--otlp", receiver.url)
    assert len(receiver.once()) == SAMPLE_CALLS


def test_what_a_person_must_mend(out, receiver):
    """It is said, with what to do, and the log is read all the same."""
    receiver.plays.append(401)
    status, said = run(out, "--otlp", receiver.url)
    assert (status, len(list(out.glob("[!.]*.json")))) == (0, 7)
    assert "otlp: 401 Unauthorized (see that OTEL_EXPORTER_OTLP_HEADERS has the key)" in said


def test_prices_with_a_mistake(out, receiver):
    """Nothing is sent at other prices than a person's own: it waits until the mistake is mended, which is said."""
    out.mkdir(mode=0o700)
    prices = out / ".prices.json"
    prices.write_text("{", encoding="utf-8")
    status, said = run(out, "--otlp", receiver.url)
    assert (status, receiver.requests, len(list(out.glob("[!.]*.json")))) == (0, [], 7)
    assert f"otlp: {prices}, line 1: not JSON" in said
    assert "What comes waits" in said
    prices.unlink()
    run(out, "--otlp", receiver.url)
    assert len(receiver.once()) == SAMPLE_CALLS


def test_a_run_that_follows(out, receiver, tmp_path):
    """What comes is sent within moments, though the receiver lets one request hang."""
    log = tmp_path / "access.log"
    log.write_bytes(calls.line("s", ["a"], chat_id="1") + b"\n")
    receiver.plays.append(SLOW)
    receiver.slow = 1.5
    with started(out, "--follow", "--refresh-interval", "0.1", "--otlp", receiver.url, log=log) as process:
        try:
            until(lambda: receiver.requests, "a request")
            with log.open("ab") as file:
                file.write(calls.line("s", ["a", "b"], chat_id="2") + b"\n")
            begun = time.monotonic()
            until(lambda: b'"round":2' in (out / "s.json").read_bytes(), "the second call")
            assert time.monotonic() - begun < 1.2
            until(lambda: len(receiver.once()) == 2, "both spans")
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
    assert process.returncode == 0


@pytest.mark.parametrize("seed", range(4))
def test_kills(out, receiver, tmp_path, seed):
    """Killed at any moment while it reads and sends: in the end each call is there, as one span."""
    log = tmp_path / "access.log"
    total = 0
    for turn in range(6):
        receiver.plays.extend([503, Play(200)] if turn % 2 else [])
        with log.open("ab") as file:
            for number in range(total, total + 40):
                file.write(calls.line(f"s{number % 7}", ["a"], chat_id=f"{number}") + b"\n")
        total += 40
        with started(out, "--otlp", receiver.url, "--once", log=log) as process:
            time.sleep(0.05 + 0.03 * ((seed * 7 + turn * 3) % 8))
            process.kill()
            process.communicate(timeout=20)
    receiver.plays.clear()
    progress = spool.read(str(out))
    if progress.to:
        spool.write(str(out), progress._replace(next_try=0))
    run(out, "--otlp", receiver.url, log=log)

    stored = [each for path in out.glob("[!.]*.json") for each in json.loads(path.read_bytes())["rounds"]]
    assert sorted(int(each["chat_id"]) for each in stored) == list(range(total))
    came = [span.attributes["gen_ai.response.id"] for span in receiver.once().values()]
    assert sorted(map(int, came)) == list(range(total))


def test_a_spool_that_cannot_be_kept(out, receiver):
    """The log is read all the same, and it is said that these calls are not sent."""
    out.mkdir(mode=0o700)
    (out / ".otlp").write_bytes(b"")
    status, said = run(out, "--otlp", receiver.url)
    assert (status, len(list(out.glob("[!.]*.json")))) == (0, 7)
    assert "'export --to otlp' can" in said
