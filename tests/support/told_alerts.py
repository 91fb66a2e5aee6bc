"""Data folders in which budgets are set and alerts fire, for the tests of the pages."""

from __future__ import annotations

import json
from pathlib import Path

from session_monitor.alerts import gate, raised
from session_monitor.alerts.condition import Condition
from session_monitor.alerts.raised import AlertState
from session_monitor.base import timestamps
from session_monitor.delivery import delivery_log
from session_monitor.delivery.outbox import Outbox
from tests.support.alerting import write_targets

MINUTE, DAY = 60_000, 86_400_000
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


def of_budget(severity, value="4.15"):
    """A budget of a team that is near its limit, or beyond."""
    return Condition(
        *("budget:team-a", "2026-11-30", severity, "budget", "Budget team-a is used to 83 %", "Told of it."),
        *(value, "5", "USD", "team-a"),
    )


def of_session(session, value="3.2"):
    """A session that has grown dear."""
    about = (
        "finding",
        "A session has grown dear",
        f"Session {session} cost $3.20; the limit is $2.",
        value,
        "2",
        "USD",
    )
    return Condition("dear_session", session, "warning", *about, session=session)


FAILING = Condition(
    *("failed_share", "ever", "warning", "finding", "31 % of calls fail", "31 of 100 calls failed.", "31.0", "25", "%")
)
UNREAD = Condition(
    "unread_log", "ever", "critical", "error", "A log grows unread", "See 'doctor'.", "42", "15", "minutes"
)
UNPRICED = Condition(
    *(
        "unpriced_model",
        "house-llm",
        "warning",
        "finding",
        "house-llm has no price",
        "Nobody sees it.",
        "250000",
        "100000",
    ),
    "tokens",
    model="house-llm",
)
STRANGE = Condition("new_rule", "ever", "info", "finding", HOSTILE, f"{HOSTILE} {'long ' * 40}", "1", None, None)


def tell(folder, *conditions, now=None):
    """Let exactly these be so from now on; what is told of it."""
    now = timestamps.now() if now is None else now
    state, events = raised.after(raised.read(str(folder)), conditions, now, "gateway-1")
    raised.write(str(folder), state)
    Path(gate.path_of(str(folder))).write_text("{}", encoding="utf-8")  # when that was says that somebody looked
    return events


def forget(folder):
    """Let nothing have been told."""
    raised.write(str(folder), AlertState())


def set_budgets(folder, *budgets):
    """The budgets of a folder, as its file has them."""
    document = {"schema_version": 1, "budgets": [{"warn": "80%", **each} for each in budgets]}
    (folder / ".budgets.json").write_text(json.dumps(document), encoding="utf-8")


def furnish(folder, session):
    """Set budgets, targets, rules and a silence, and tell of this session and other things over some days."""
    set_budgets(
        folder,
        {"name": "all", "monthly": "20"},
        {"name": "team-a", "daily": "0.3", "consumer": "*a*"},
        {"name": "near", "total": "9", "tokens": 20_000_000},
        {"name": "tokens", "weekly": None, "tokens": 20_000_000, "timezone": "Asia/Shanghai"},
        {"name": "runaway", "rate": "20/h"},
        {"name": "each", "session": "100"},
    )
    targets = (
        {"name": "phone", "kind": "ntfy", "topic": "env:NTFY_TOPIC"},
        {"name": "ops", "kind": "slack", "url": "https://hooks.slack.com/services/T0/B0/secret"},
    )
    now = timestamps.now()
    silences = [{"rule": "unpriced_*", "until": timestamps.rfc3339(now + DAY // 3)}]
    write_targets(folder, *targets, rules={"dear_session": {"usd": "2"}, "lost_calls": False}, silences=silences)
    tell(folder, UNREAD, now=now - 9 * DAY)
    tell(folder, now=now - 9 * DAY + 40 * MINUTE)
    tell(folder, FAILING, STRANGE, now=now - 2 * DAY)
    tell(folder, UNPRICED, STRANGE, now=now - DAY)
    events = tell(folder, UNPRICED, of_budget("critical", "5.02"), of_session(session), now=now - 5 * MINUTE)
    _deliver(folder, events, now)


def _deliver(folder, events, now):
    box = Outbox(str(folder), now=lambda: now - 5 * MINUTE)
    for each in events:
        box.put(each, ["phone", "ops"])
    ended = box.waiting()[:-1]
    outcomes = [(delivery_log.DELIVERED, None), (delivery_log.FAILED, "the answer was 404: no_service")]
    for at, each in enumerate(ended):
        outcome, reason = outcomes[at == 1]
        delivery_log.append(str(folder), [each._replace(tries=1 + 2 * at).entry("ntfy", outcome, now, reason)])
    box.done(ended)
