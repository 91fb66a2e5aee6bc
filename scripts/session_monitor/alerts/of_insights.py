"""Which agents are stuck while they work, and which sessions pay for what a cache should have had?

Only sessions that talk right now are judged: where none does, as with an old log, nothing of ``insight`` is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from session_monitor.delivery.event import SEVERITIES, WARNING
from session_monitor.prices import money
from session_monitor.reports.report import Report
from session_monitor.text import humanize, safe

from .condition import Condition
from .of_calls import MINUTE
from .raised import ToldAlert
from .rules import CACHE_BROKEN, STUCK_AGENT, Rules

if TYPE_CHECKING:
    from session_monitor.insight.basis.finding import Finding
    from session_monitor.insight.live import LiveFinding, LiveJudge

_MINUTES = 15
"""For how long after its last call a session is looked at where no rule says so."""
_GONE_ON = 2
"""Calls after the last one of a finding: by the first it is known what became of that, by the second that it went on otherwise."""

Firing = Mapping[tuple[str, str], ToldAlert]


class InsightWatch:
    """One InsightWatch looks for one monitor, and judges no session more often than has to be."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._sessions: LiveJudge | None = None

    def look(self, report: Report, rules: Rules, firing: Firing, now: int) -> tuple[list[Condition], int | None]:
        """What is so of the sessions at work, and when to look again though no more comes; ``firing`` is what was told and holds."""
        since = _since(rules, now)
        if since is None or not _is_any(report, since):
            return [], None
        from session_monitor.insight.live import LiveJudge  # noqa: PLC0415 -- where no session is at work none needs it

        self._sessions = self._sessions or LiveJudge()
        found = self._sessions.look(report, since, now)
        told = [*_stuck(found.rows, rules), *_broken(found.rows, rules), *_as_before(firing, found.unjudged)]
        return told, found.again


def _since(rules: Rules, now: int) -> int | None:
    """Since when a session has to have talked to be looked at; None where none is."""
    stuck = rules.get(STUCK_AGENT)
    if stuck is None and rules.get(CACHE_BROKEN) is None:
        return None
    return now - (stuck["minutes"] if stuck else _MINUTES) * MINUTE


def _is_any(report: Report, since: int) -> bool:
    sql = "SELECT 1 FROM session WHERE updated >= ? LIMIT 1"
    return report.ask(lambda index: index.db.execute(sql, (since,)).fetchone() is not None)


def _stuck(rows: Iterable[LiveFinding], rules: Rules) -> Iterator[Condition]:
    from session_monitor.insight.basis import limits  # noqa: PLC0415 -- as above

    rule = rules.get(STUCK_AGENT)
    if rule is None:
        return
    least = SEVERITIES.index(rule["severity"])
    groups = limits.kinds()
    for session, found, later in rows:
        is_going_on = later is not None and later < _GONE_ON
        if is_going_on and groups[found.kind] == "stuck" and SEVERITIES.index(found.severity) >= least:
            yield _condition(session, found, limits.about(found.kind))


def _condition(session: str, found: Finding, about: str) -> Condition:
    from session_monitor.insight import wording  # noqa: PLC0415 -- as above

    cost = "What it cost since then is not known"
    if found.pico is not None:
        cost = f"It cost {money.shown(found.pico)} since then"
    elif found.tokens is not None:
        cost = f"It used {humanize.counted(found.tokens, 'token')} since then, at a price that is not known"
    return Condition(
        STUCK_AGENT,
        f"{session}/{found.kind}/{found.first}",
        found.severity,
        "finding",
        f"An agent is stuck: {about}",
        f"Session {safe.cell(session)}: {safe.cell(wording.words(found))}. {cost}. {wording.advice(found)}.",
        None if found.pico is None else money.plain(found.pico),
        unit="USD",
        session=session,
    )


def _broken(rows: Iterable[LiveFinding], rules: Rules) -> Iterator[Condition]:
    rule = rules.get(CACHE_BROKEN)
    if rule is None:
        return
    missed: dict[str, int] = {}
    for session, found, _ in rows:
        if found.kind == "cache_missed":
            missed[session] = missed.get(session, 0) + (found.pico or 0)
    for session, pico in missed.items():
        if pico >= money.of_plain(rule["usd"]):
            text = (
                f"Session {safe.cell(session)} paid {money.shown(pico)} for what a cache should have had; the limit is "
                f"${rule['usd']}. 'insights' says why."
            )
            yield Condition(
                *(CACHE_BROKEN, session, WARNING, "finding", "A session misses its cache", text),
                *(money.plain(pico), rule["usd"], "USD"),
                session=session,
                happened=True,
            )


def _as_before(firing: Firing, unjudged: frozenset[str]) -> Iterator[Condition]:
    """What was told of an agent still holds while nobody has judged its session."""
    for (rule, period), told in firing.items():
        if rule == STUCK_AGENT and told.about.get("session") in unjudged:
            yield Condition(rule, period, None, told.kind, told.title, told.text)
