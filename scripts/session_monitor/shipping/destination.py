"""Where are calls sent to, with what headers, and in what form?

As an argument says, and the variables that OpenTelemetry has for its exporters.  A header's value may be ``env:NAME`` or
``file:PATH``, which is looked up each time when something is sent.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Mapping
from typing import NamedTuple, Optional

from session_monitor.outgoing import networks, secrets

PROTOBUF, JSON = "protobuf", "json"
ENCODINGS = (PROTOBUF, JSON)
FROM_ENVIRONMENT = "env"
"""In an address's place: the environment's variables say where to."""
TRACES, METRICS = "traces", "metrics"

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_PROTOCOLS = {"http/protobuf": PROTOBUF, "http/json": JSON}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\x20-\x7e\x80-\xff]*")
_SECONDS = 10.0
_SERVICE = "agent-session-monitor"


class BadDestinationError(ValueError):
    """What cannot be sent to; the argument says why and what to do, without any secret."""


class Destination(NamedTuple):
    """Addresses for spans and for metrics, None where nobody says where those go; how they go there, and what is told of who sends.

    Headers may hold references to secrets.  ``environment`` has what names proxies and trusted certificates.
    """

    traces: Optional[str]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    metrics: Optional[str]  # noqa: UP045
    headers: Mapping[str, Mapping[str, str]]
    encoding: str
    is_gzipped: bool
    resource: Mapping[str, str]
    environment: Mapping[str, str]
    is_http_allowed: bool
    time_out: float

    @property
    def shown(self) -> str:
        """Where to, without what may be secret."""
        return secrets.place(self.traces or self.metrics or "")

    def headers_of(self, signal: str) -> dict[str, str]:
        """The headers for spans or for metrics, with their secrets.  Raises ``secrets.NoSecretError``."""
        found = {name: secrets.resolved(value, self.environment) for name, value in self.headers[signal].items()}
        if not all(_VALUE.fullmatch(value) for value in found.values()):
            raise secrets.NoSecretError("a header's secret has characters that no header can hold")
        return found


def of(address: str, environment: Mapping[str, str], encoding: str | None = None) -> Destination:
    """The destination at an address, or where the environment says for ``FROM_ENVIRONMENT``.  Raises BadDestinationError."""
    is_http_allowed = environment.get("OTEL_EXPORTER_OTLP_INSECURE", "").lower() == "true"
    traces, metrics = (_address(address, signal, environment) for signal in (TRACES, METRICS))
    if environment.get("OTEL_METRICS_EXPORTER") == "none":
        metrics = None
    if not (traces or metrics):
        raise BadDestinationError(
            f"nobody says where to: name an address such as http://localhost:4318, or set {_ENDPOINT}"
        )
    for url in filter(None, (traces, metrics)):
        mistake = networks.mistake_in(url, is_http_allowed=is_http_allowed)
        if mistake:
            raise BadDestinationError(f"the address for OTLP {mistake}{_ADVICE.get(mistake, '')}")
    trusted = environment.get("OTEL_EXPORTER_OTLP_CERTIFICATE")
    if trusted and not os.path.isfile(trusted):
        raise BadDestinationError("OTEL_EXPORTER_OTLP_CERTIFICATE names no file: it must be one with certificates")
    return Destination(
        traces,
        metrics,
        {signal: _headers(signal, environment) for signal in (TRACES, METRICS)},
        encoding or _encoding(environment),
        _of(environment, "COMPRESSION", "gzip") != "none",
        _resource(environment),
        {**environment, **({"SSL_CERT_FILE": trusted} if trusted else {})},
        is_http_allowed,
        _time_out(environment),
    )


_ADVICE = {
    networks.NO_ADDRESS: "; http://localhost:4318 is one for OTLP",
    networks.HAS_USER: ": put it into OTEL_EXPORTER_OTLP_HEADERS",
    networks.IS_OPEN: ", or set OTEL_EXPORTER_OTLP_INSECURE=true",
}


def _address(address: str, signal: str, environment: Mapping[str, str]) -> str | None:
    """Where spans or metrics go: a base is completed, an address of one kind is taken as it is."""
    if address == FROM_ENVIRONMENT:
        own = environment.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
        if own:
            return _resolved(own, environment)
        address = environment.get(_ENDPOINT, "")
        if not address:
            return None
    address = _resolved(address, environment)
    base, _, query = address.partition("?")
    base = base.rstrip("/")
    for each in (TRACES, METRICS):
        base = base.removesuffix(f"/v1/{each}")
    return f"{base}/v1/{signal}{'?' if query else ''}{query}"


def _resolved(address: str, environment: Mapping[str, str]) -> str:
    try:
        return secrets.resolved(address.strip(), environment)
    except secrets.NoSecretError as lacking:
        raise BadDestinationError(f"the address for OTLP: {lacking}") from None


def _of(environment: Mapping[str, str], name: str, usual: str) -> str:
    """The value of one of OpenTelemetry's variables for exporters."""
    return environment.get(f"OTEL_EXPORTER_OTLP_{name}") or usual


def _encoding(environment: Mapping[str, str]) -> str:
    named = _of(environment, "PROTOCOL", "http/protobuf")
    if named not in _PROTOCOLS:
        known = " or ".join(_PROTOCOLS)
        raise BadDestinationError(f"OTEL_EXPORTER_OTLP_PROTOCOL must be {known}: there is no gRPC here")
    return _PROTOCOLS[named]


def _time_out(environment: Mapping[str, str]) -> float:
    try:
        seconds = int(_of(environment, "TIMEOUT", "")) / 1000
    except ValueError:
        return _SECONDS
    return seconds if 0 < seconds < 600 else _SECONDS


def _headers(signal: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The headers of the environment: those for one kind go before those for all."""
    found = {}
    for name in ("HEADERS", f"{signal.upper()}_HEADERS"):
        for header, value in _pairs(_of(environment, name, "")):
            if not _HEADER.fullmatch(header) or not _VALUE.fullmatch(value):
                raise BadDestinationError(
                    f"OTEL_EXPORTER_OTLP_{name} must be like name=value,name=value, percent-encoded"
                )
            found[header.lower()] = value
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    words = [each.partition("=") for each in text.split(",") if each.strip()]
    return [(urllib.parse.unquote(name.strip()), urllib.parse.unquote(value.strip())) for name, _, value in words]


def _resource(environment: Mapping[str, str]) -> dict[str, str]:
    """What is told of who sends: attributes of the environment, of which the name of the service has its own variable."""
    told = dict(_pairs(environment.get("OTEL_RESOURCE_ATTRIBUTES", "")))
    return {**told, "service.name": environment.get("OTEL_SERVICE_NAME") or told.get("service.name") or _SERVICE}
