"""Which tables has the index, and what do their numbers mean?"""

from __future__ import annotations

SCHEMA = 13

SLOT = 1_800_000
"""Milliseconds of a slot."""

SLOT_OF = f"(at - (at < 0) * {SLOT - 1}) / {SLOT}"
"""SQL for the slot of a moment; the same as ``at // SLOT``, where SQL would round towards 0."""

LATENCY_SPANS = (8, 128)
"""Slots of the spans for each of which there are histograms of how long calls took, shortest first."""

NEVER = -(2**60)
"""``before`` in a session's first row of ``active``."""
OF_CALLS = ("model", "consumer", "way")
"""What calls are told apart by, in sums as in what tells which session has which calls."""
CALLS = ", ".join(OF_CALLS)
BEFORE = f"coalesce(lag(slot) OVER (PARTITION BY session ORDER BY slot, {CALLS}), {NEVER})"
"""SQL for ``before``, where all rows of a session are made at once."""
MILLIONTHS = "(usd + (pico > 0))"
"""SQL for what a call cost in millionths of a dollar, rounded up: above 0 where it cost anything."""
DEAREST = f"max(coalesce({MILLIONTHS}, 0))"
"""SQL for ``dearest``: none of some calls cost more of these."""

FAILED, NO_TOKENS, EXPLICIT_CACHE, TOOL_CALLS, NO_CONTENT, CUT = 1, 2, 4, 8, 16, 32
LEFT, AT_LEAST, TOOLS_UNKNOWN, FREE, PARTLY_TOLD, LEFT_OUT = 64, 128, 256, 512, 2048, 4096
HAS_PARTS, CONVERTED_CACHE, CACHE_IN_ONE, CACHE_UNTOLD = 8192, 16384, 32768, 65536
"""Flags of a round; a call that neither failed nor was left is ok."""

TOLD_TOOLS = 1024
"""The flag of a round whose tools a later one told, and ``TOOL_CALLS`` with it where there were any."""

CACHE_OPEN = CONVERTED_CACHE | CACHE_IN_ONE
"""The flags of a round whose cache can be read in another way as well."""

UNTOLD = NO_TOKENS | PARTLY_TOLD
"""The flags of a round of which too little is told for a cost, whatever its model."""

NO_SIZE = UNTOLD | AT_LEAST
"""The flags of a round of whose prompt it is not known how long it was."""

LONGEST = 1 << 40
"""Milliseconds that no call takes: some 35 years."""
NO_SPEED = FAILED | LEFT | NO_SIZE | FREE
"""The flags of a round that does not tell how quickly a model writes."""
HAS_SPEED = (
    f"(NOT flags & {NO_SPEED} AND visible + reasoning > 0 "
    f"AND first_token_ms >= 0 AND duration_ms > first_token_ms AND duration_ms <= {LONGEST})"
)
"""SQL for which rounds do."""

_OF_TOKENS = ("fresh", "read", "written", "visible", "reasoning", "cache_untold")
_SUMS = ("calls", "failed", "left_calls", "at_least", *_OF_TOKENS)

_MONEY = (
    *("usd", "pico", "saved_usd", "saved_pico", "unpriced", "unpriced_tokens", "without_tokens", "partly_told"),
    *("stake_usd", "stake_pico"),
)

ADDITIVE = (*_SUMS, *_MONEY)
"""What is summed up: calls, those that failed, those that were left, and those that used at least so much; tokens by
kind, and those of prompts of which it is not told what came from a cache; dollars in millionths and the rest in 1e-12
(one number of 64 bits would end at nine million dollars), what caches saved likewise, what is not in the cost, and what is at stake of it (``cost.Cost.at_stake``)."""

ACTIVE_BY_SLOT = f"CREATE INDEX active_slot ON active(slot, before, session, {CALLS})"

SESSION_COST = ("usd + pico / 1000000", "pico % 1000000")
SESSION_TOKENS = "fresh + read + written + visible + reasoning"
"""SQL for what a session cost, in whole millionths of a dollar and the rest, and for how many tokens it used."""

SESSION_CREATED = "rtrim(created_at, 'Z')"
"""SQL for when a session began, whether with a fraction of the second or without."""

_ORDERS = {
    "updated": "updated",
    "created": SESSION_CREATED,
    "cost": ", ".join(SESSION_COST),
    # With what changed, which is soon gone through here; an index of its own would have to follow each call.
    "tokens": f"{SESSION_TOKENS}, change",
    "calls": "calls",
}
SESSION_ORDERS = "\n".join(f"CREATE INDEX session_{name} ON session({columns});" for name, columns in _ORDERS.items())
"""What makes a page of the sessions in an order quick, however many are before it."""

NOTED = ("calls", "usd", "pico", "stake_usd", "stake_pico")
"""Of ``ADDITIVE``, what is told of the calls with each set of notes."""

_SUM_COLUMNS, _NOTED_COLUMNS = (
    ", ".join(f"{name} INTEGER NOT NULL DEFAULT 0" for name in names) for names in (ADDITIVE, NOTED)
)
_CALL_COLUMNS = ", ".join(f"{name} INTEGER" for name in OF_CALLS)

TABLES = f"""
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE model(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE consumer(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE way(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE tool_name(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE session(
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT UNIQUE, file TEXT, size INTEGER, mtime INTEGER,
    next_byte INTEGER, created_at TEXT, updated_at TEXT, updated INTEGER, total_tokens INTEGER,
    model TEXT, models TEXT, last_flags INTEGER, change INTEGER, {_SUM_COLUMNS}
);
CREATE TABLE damaged(file TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE round(
    session INTEGER, number INTEGER, at INTEGER, model INTEGER, consumer INTEGER, way INTEGER,
    fresh INTEGER, read INTEGER, written INTEGER, visible INTEGER, reasoning INTEGER, parts TEXT,
    flags INTEGER, notes INTEGER, code INTEGER, response_flags TEXT,
    first_token_ms INTEGER, duration_ms INTEGER, gateway_ms INTEGER, start INTEGER, length INTEGER,
    history INTEGER, sent INTEGER, thread INTEGER, base INTEGER,
    usd INTEGER, pico INTEGER, saved_usd INTEGER, saved_pico INTEGER, stake_usd INTEGER, stake_pico INTEGER,
    PRIMARY KEY(session, number)
) WITHOUT ROWID;
CREATE TABLE tool(
    session INTEGER, number INTEGER, tool INTEGER, calls INTEGER, results INTEGER, failed INTEGER, tokens INTEGER,
    PRIMARY KEY(session, number, tool)
) WITHOUT ROWID;
CREATE TABLE noted(
    session INTEGER, notes INTEGER, {_NOTED_COLUMNS}, PRIMARY KEY(session, notes)
) WITHOUT ROWID;
CREATE TABLE total(
    {_CALL_COLUMNS}, notes INTEGER, {_SUM_COLUMNS}, PRIMARY KEY({CALLS}, notes)
) WITHOUT ROWID;
CREATE TABLE slot(
    slot INTEGER, {_CALL_COLUMNS}, notes INTEGER, {_SUM_COLUMNS}, PRIMARY KEY(slot, {CALLS}, notes)
) WITHOUT ROWID;
CREATE TABLE part(
    {_CALL_COLUMNS}, session INTEGER, PRIMARY KEY({CALLS}, session)
) WITHOUT ROWID;
CREATE TABLE active(
    session INTEGER, slot INTEGER, {_CALL_COLUMNS}, before INTEGER, dearest INTEGER, PRIMARY KEY(session, slot, {CALLS})
) WITHOUT ROWID;
CREATE TABLE latency(
    level INTEGER, span INTEGER, model INTEGER, consumer INTEGER, ended INTEGER, first_token BLOB, duration BLOB,
    gateway BLOB, written INTEGER, writing INTEGER,
    UNIQUE(level, span, model, consumer, ended)
);
{ACTIVE_BY_SLOT};
{SESSION_ORDERS}
CREATE INDEX round_failed ON round(at, model, consumer, code, flags) WHERE flags & {FAILED};
PRAGMA user_version = {SCHEMA};
"""

AGGREGATES = (
    *(
        "count(*)",
        *(f"sum(flags & {flag} != 0)" for flag in (FAILED, LEFT, AT_LEAST)),
        "sum(fresh)",
        "sum(read)",
        "sum(written)",
        "sum(visible)",
        "sum(reasoning)",
        f"sum((flags & {CACHE_UNTOLD} != 0) * (fresh + read + written))",
    ),
    *(f"coalesce(sum({name}), 0)" for name in ("usd", "pico", "saved_usd", "saved_pico")),
    "sum(usd IS NULL)",
    "sum((usd IS NULL) * (fresh + read + written + visible + reasoning))",
    *(f"sum(usd IS NULL AND flags & {flag} != 0)" for flag in (NO_TOKENS, PARTLY_TOLD)),
    *(f"coalesce(sum({name}), 0)" for name in ("stake_usd", "stake_pico")),
)
"""Rounds summed up, as ``ADDITIVE``."""

OF_NOTED = (
    f"SELECT session, notes, {', '.join(AGGREGATES[ADDITIVE.index(name)] for name in NOTED)} FROM round WHERE notes "
    "GROUP BY session, notes"
)
"""SQL for what is in ``noted``."""

OF_ROUNDS = ", ".join(f"coalesce({sum_}, 0)" for sum_ in AGGREGATES)
"""The same in one, 0 where there are none."""
