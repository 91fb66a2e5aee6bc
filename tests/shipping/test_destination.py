"""Where to, with what headers and how is as OpenTelemetry's variables say, and an address goes before them."""

from __future__ import annotations

import pytest

from session_monitor.outgoing.secrets import NoSecretError
from session_monitor.shipping import destination
from session_monitor.shipping.destination import FROM_ENVIRONMENT, JSON, METRICS, PROTOBUF, TRACES, BadDestinationError

BASE, OF_TRACES, OF_METRICS = (f"OTEL_EXPORTER_OTLP_{name}ENDPOINT" for name in ("", "TRACES_", "METRICS_"))


@pytest.mark.parametrize(
    ("address", "environment", "traces", "metrics"),
    [
        ("http://localhost:4318", {}, "http://localhost:4318/v1/traces", "http://localhost:4318/v1/metrics"),
        (
            "http://localhost:4318/",
            {BASE: "http://[::1]"},
            "http://localhost:4318/v1/traces",
            "http://localhost:4318/v1/metrics",
        ),
        ("https://e.org/o/v1/traces", {}, "https://e.org/o/v1/traces", "https://e.org/o/v1/metrics"),
        ("https://e.org/o?a=b", {}, "https://e.org/o/v1/traces?a=b", "https://e.org/o/v1/metrics?a=b"),
        ("env:MINE", {"MINE": "https://e.org"}, "https://e.org/v1/traces", "https://e.org/v1/metrics"),
        (FROM_ENVIRONMENT, {BASE: "https://e.org"}, "https://e.org/v1/traces", "https://e.org/v1/metrics"),
        (FROM_ENVIRONMENT, {OF_TRACES: "https://e.org/t"}, "https://e.org/t", None),
        (
            FROM_ENVIRONMENT,
            {OF_METRICS: "https://e.org/m", BASE: "https://f.org"},
            "https://f.org/v1/traces",
            "https://e.org/m",
        ),
    ],
)
def test_addresses(address, environment, traces, metrics):
    """A base is completed, the address of one kind is taken as it is."""
    found = destination.of(address, environment)
    assert (found.traces, found.metrics) == (traces, metrics)


def test_headers():
    """Those for one kind go before those for all; secrets are looked up when something is sent."""
    environment = {
        "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=env:KEY, x-a=1,",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-a=2",
    }
    without = destination.of("http://localhost", environment)
    with pytest.raises(NoSecretError, match="KEY"):
        without.headers_of(TRACES)
    found = destination.of("http://localhost", {**environment, "KEY": "Bearer k"})
    assert found.headers_of(TRACES) == {"authorization": "Bearer k", "x-a": "2"}
    assert found.headers_of(METRICS) == {"authorization": "Bearer k", "x-a": "1"}
    bad = destination.of("http://localhost", {**environment, "KEY": "a\nb"})
    with pytest.raises(NoSecretError, match="no header can hold"):
        bad.headers_of(TRACES)


@pytest.mark.parametrize(
    ("encoding", "named", "used"),
    [(None, "http/json", JSON), (None, "", PROTOBUF), (JSON, "http/protobuf", JSON), (PROTOBUF, "grpc", PROTOBUF)],
)
def test_encodings(encoding, named, used):
    """What is asked for goes before what the environment says."""
    assert destination.of("http://localhost", {"OTEL_EXPORTER_OTLP_PROTOCOL": named}, encoding).encoding == used


def test_the_rest():
    """Certificates, time, compression and http to others are as the environment says; the address is shown without what may be secret."""
    environment = {
        "OTEL_EXPORTER_OTLP_CERTIFICATE": __file__,
        "OTEL_EXPORTER_OTLP_TIMEOUT": "2500",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        "OTEL_EXPORTER_OTLP_INSECURE": "true",
    }
    found = destination.of("http://93.184.216.34:4318/SECRET?key=SECRET", environment)
    assert (found.environment["SSL_CERT_FILE"], found.time_out, found.is_gzipped) == (__file__, 2.5, False)
    assert found.shown == "http://93.184.216.34:4318"
    usual = destination.of("http://localhost", {"OTEL_EXPORTER_OTLP_TIMEOUT": "soon"})
    assert (usual.time_out, usual.is_gzipped, usual.resource) == (10, True, {"service.name": "agent-session-monitor"})


@pytest.mark.parametrize("address", ["x", "http://", "https://u:p@e.org", "http://e.org\nx", "http://93.184.216.34"])
def test_what_is_no_address(address):
    """It is refused in words that have nothing of it."""
    with pytest.raises(BadDestinationError, match="the address for OTLP") as wrong:
        destination.of(address, {})
    assert "u:p" not in str(wrong.value)


def test_certificates_that_are_not_there():
    """It is told by the name of the variable that has them."""
    with pytest.raises(BadDestinationError, match=r"^OTEL_EXPORTER_OTLP_CERTIFICATE names no file"):
        destination.of("https://e.org", {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/no/such.pem"})
