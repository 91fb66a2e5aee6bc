"""What is posted to programs: a webhook, PagerDuty, Alertmanager, and who takes what Alertmanager posts?"""

from __future__ import annotations

import hashlib
import urllib.parse
from collections.abc import Sequence
from typing import Any

from session_monitor.base import timestamps

from . import limits, messages
from .chats import Post
from .event import Event
from .outbox import Waiting
from .targets import Target

HOLD = 24 * timestamps.HOUR
"""For so long Alertmanager holds what fires, unless it is resolved before: nobody tells it again each minute."""
_NEVER = "0001-01-01T00:00:00Z"
"""When what still fires will end, as Alertmanager writes it."""
_LONGEST_KEY = 255


def cleaned(told: Event) -> Event:
    """The event as programs get it: all as it is, but for what steers; the id stays."""
    values = {name: limits.clean(value) for name, value in told._asdict().items() if value is not None and name != "id"}
    return told._replace(**values)


def key_of(told: Event) -> str:
    """The event's id as it can stand anywhere: in ASCII, and short."""
    quoted = urllib.parse.quote(told.id.encode("utf-8", "surrogatepass"), safe="/:@ ").strip()
    return quoted if len(quoted) <= _LONGEST_KEY else hashlib.sha256(quoted.encode()).hexdigest()


def _bearer(target: Target) -> dict[str, str]:
    token = target.option("token")
    return {"Authorization": f"Bearer {token}"} if token else {}


# -- a webhook ---------------------------------------------------------------------------------------------------------


def webhook(target: Target, items: Sequence[Waiting], _now: int) -> Post:
    """The event itself, or several in the form of what Alertmanager posts; the body is signed by who encodes it."""
    first = items[0]
    as_alertmanager = target.option("format") == "alertmanager"
    document = _as_posted(target, items) if as_alertmanager else cleaned(first.event).to_json()
    keys = {"X-ASM-Event": first.event.kind, "X-ASM-Delivery": key_of(first.event)}
    return Post(target.option("url"), document, {**keys, "Idempotency-Key": _together(items), **_bearer(target)})


def _together(items: Sequence[Waiting]) -> str:
    ids = [item.delivery_id for item in items]
    return ids[0] if len(ids) == 1 else hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]


def _as_posted(target: Target, items: Sequence[Waiting]) -> dict[str, Any]:
    alerts = []
    for item in items:
        told = item.event
        labels = _labels(told)
        alert = {"status": told.state, "labels": labels, "annotations": _annotations(told), "startsAt": told.at}
        ends = {"endsAt": told.at if told.is_resolved else _NEVER, "generatorURL": limits.address(told.url) or ""}
        alerts.append({**alert, **ends, "fingerprint": fingerprint(labels)})
    firing = any(not item.event.is_resolved for item in items)
    return {
        "receiver": target.name,
        "status": "firing" if firing else "resolved",
        "alerts": alerts,
        "groupLabels": {},
        "commonLabels": _common([alert["labels"] for alert in alerts]),
        "commonAnnotations": _common([alert["annotations"] for alert in alerts]),
        "externalURL": "",
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
    }


def _common(each: Sequence[Any]) -> dict[str, str]:
    return {name: value for name, value in each[0].items() if all(other.get(name) == value for other in each)}


def fingerprint(labels: dict[str, str]) -> str:
    """As Alertmanager works it out: FNV-1a of names and values, in order, with a byte behind each that no text has."""
    code = 0xCBF29CE484222325
    for name, value in sorted(labels.items()):
        for byte in name.encode() + b"\xff" + value.encode() + b"\xff":
            code = (code ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{code:016x}"


# -- Alertmanager ------------------------------------------------------------------------------------------------------


def alertmanager(target: Target, items: Sequence[Waiting], now: int) -> Post:
    """A list of alerts: what fires holds for a day, what is resolved ends now."""
    alerts = []
    for item in items:
        told = item.event
        ends = told.at if told.is_resolved else timestamps.rfc3339(now + HOLD)
        url = limits.address(told.url)
        alert = {"labels": _labels(told), "annotations": _annotations(told), "startsAt": told.at, "endsAt": ends}
        alerts.append({**alert, **({"generatorURL": url} if url else {})})
    return Post(target.option("url").rstrip("/") + "/api/v2/alerts", alerts, _bearer(target))


_LABELS = ("severity", "kind", "period", "consumer", "model", "session", "host")
_ANNOTATIONS = ("value", "limit", "unit")


def _labels(told: Event) -> dict[str, str]:
    """What an alert is known by, the same when it fires and when it is resolved: no amounts."""
    named = {name: limits.one_line(getattr(told, name) or "") for name in _LABELS}
    labels = {"alertname": limits.one_line(told.rule), "alert_id": key_of(told), **named}
    return {name: value for name, value in labels.items() if value}


def _annotations(told: Event) -> dict[str, str]:
    named = {name: limits.one_line(getattr(told, name) or "") for name in _ANNOTATIONS}
    told_all = {"summary": limits.one_line(told.title), "description": limits.clean(told.text), **named}
    return {name: value for name, value in told_all.items() if value}


# -- PagerDuty ---------------------------------------------------------------------------------------------------------


def pagerduty(target: Target, items: Sequence[Waiting], _now: int) -> Post:
    """An incident, or its end; what fires again by the same key is the same incident."""
    told = cleaned(items[0].event)
    most = target.receiver.limits
    message = messages.of(items[:1], None, most_of_title=most["title"], unit=most["unit"])
    payload = {
        "summary": message.title,
        "source": limits.cut(told.host, most["title"], most["unit"]) or "-",
        "severity": told.severity,
        "timestamp": told.at,
        "component": limits.cut(told.rule, most["title"], most["unit"]),
        "custom_details": {"text": message.text(most["text"], most["unit"])},
    }
    document = {
        "routing_key": target.option("routing_key"),
        "event_action": "resolve" if told.is_resolved else "trigger",
        "dedup_key": key_of(told),
        "payload": payload,
        **({"links": [{"href": message.url, "text": "Open"}]} if message.url else {}),
    }
    return Post(target.option("url").rstrip("/") + "/v2/enqueue", document)
