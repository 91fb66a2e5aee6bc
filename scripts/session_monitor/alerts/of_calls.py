"""Which calls fail, which sessions grow dear or long, and which models cost what nobody sees?"""

from __future__ import annotations

from collections.abc import Iterator

from session_monitor.delivery.event import WARNING
from session_monitor.index.database import Index
from session_monitor.prices import money
from session_monitor.prices.money import MICRO
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.sums import breakdown
from session_monitor.text import humanize, safe
from session_monitor.totals.usage_totals import Sums

from .condition import Condition
from .of_budgets import EVER
from .rules import DEAR_SESSION, FAILED_SHARE, LONG_SESSION, UNPRICED_MODEL, Rule, Rules

MINUTE, DAY = 60_000, 86_400_000
MOST = 100
"""Sessions or models that are told of at once."""
_HOLDS = 0.95
"""Of its limit: down to there what was told of a share still holds."""


def conditions(index: Index, rules: Rules, now: int) -> Iterator[Condition]:
    """All that is so now; ``now`` is in milliseconds since 1970."""
    yield from _failed(index, rules, now)
    yield from _sessions(index, rules, now)
    yield from _unpriced(index, rules)


def _failed(index: Index, rules: Rules, now: int) -> Iterator[Condition]:
    rule = rules.get(FAILED_SHARE)
    if rule is None:
        return
    sums = _sums(index, rule, now)
    share = 100 * sums.failed / sums.calls if sums.calls else 0.0
    if sums.calls < rule["calls"] or share < rule["share"] * _HOLDS:
        return
    calls, minutes = humanize.counted(sums.calls, "call"), humanize.counted(rule["minutes"], "minute")
    yield Condition(
        FAILED_SHARE,
        EVER,
        WARNING if share >= rule["share"] else None,
        "finding",
        f"{share:.0f} % of calls fail",
        f"{humanize.count(sums.failed)} of {calls} in the last {minutes} failed; the limit is {rule['share']} %.",
        value=f"{share:.1f}",
        limit=str(rule["share"]),
        unit="%",
    )


def has_failed(index: Index, rules: Rules, now: int) -> bool:
    """Whether any call failed in the time that the rule for a share of them looks at."""
    rule = rules.get(FAILED_SHARE)
    return rule is not None and _sums(index, rule, now).failed > 0


def _sums(index: Index, rule: Rule, now: int) -> Sums:
    """What the calls of a rule's last minutes add up to."""
    selected = SelectionSql(index, Selection(since=now - rule["minutes"] * MINUTE, until=now + 1))
    return breakdown.sums_of(selected, selected.sources())


def _sessions(index: Index, rules: Rules, now: int) -> Iterator[Condition]:
    dear, long = rules.get(DEAR_SESSION), rules.get(LONG_SESSION)
    recent = f"FROM session WHERE updated >= {now - DAY}"
    if dear is not None:
        pico = money.of_plain(dear["usd"])
        sql = f"SELECT session_id, usd, pico {recent} AND usd + pico / {MICRO} >= ? ORDER BY usd DESC LIMIT {MOST}"
        for session, usd, rest in index.db.execute(sql, (pico // MICRO,)):
            spent = usd * MICRO + rest
            if spent >= pico:
                yield _session(
                    DEAR_SESSION,
                    session,
                    "has grown dear",
                    f"cost {money.shown(spent)}",
                    money.plain(spent),
                    dear["usd"],
                    "USD",
                )
    if long is not None:
        sql = f"SELECT session_id, calls {recent} AND calls >= ? ORDER BY calls DESC LIMIT {MOST}"
        for session, calls in index.db.execute(sql, (long["rounds"],)):
            told = f"has {humanize.counted(calls, 'round')}"
            yield _session(LONG_SESSION, session, "has grown long", told, str(calls), str(long["rounds"]), "rounds")


def _session(rule: str, session: str, title: str, told: str, value: str, limit: str, unit: str) -> Condition:
    name = safe.cell(session)
    limit_told = f"${limit}" if unit == "USD" else f"{limit} {unit}"
    text = f"Session {name} {told}; the limit is {limit_told}."
    return Condition(rule, session, WARNING, "finding", f"A session {title}", text, value, limit, unit, session=session)


_UNPRICED = (
    "SELECT name, sum(unpriced - without_tokens - partly_told), sum(unpriced_tokens) FROM total "
    f"LEFT JOIN model ON model.id = total.model GROUP BY total.model HAVING sum(unpriced_tokens) >= ? LIMIT {MOST}"
)


def _unpriced(index: Index, rules: Rules) -> Iterator[Condition]:
    rule = rules.get(UNPRICED_MODEL)
    if rule is None:
        return
    for name, calls, tokens in index.db.execute(_UNPRICED, (rule["tokens"],)):
        if name is None or not calls:
            continue
        shown = safe.cell(name)
        text = f"{humanize.counted(calls, 'call')} of {shown} used {humanize.counted(tokens, 'token')}, and nobody sees what they cost: 'pricing set' states a price."
        title = f"{shown} has no price"
        yield Condition(
            UNPRICED_MODEL,
            name,
            WARNING,
            "finding",
            title,
            text,
            str(tokens),
            str(rule["tokens"]),
            "tokens",
            model=name,
        )
