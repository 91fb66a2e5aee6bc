"""What do rounds add up to?"""

from __future__ import annotations

import sqlite3

from hypothesis import given, settings

from session_monitor.index.tables import rows as index_rows
from session_monitor.index.tables import schema
from session_monitor.prices.cost import call_of
from session_monitor.totals import usage_totals
from tests.support import priced
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, Agent


@settings(max_examples=25)
@given(BATCHES)
def test_sums(tmp_path_factory, batches):
    """What rounds add up to is what SQL makes of their rows, by session, half hour, kind of call and notes, and by session.

    So is what the dearest of them cost.
    """
    folder = tmp_path_factory.mktemp("sessions")
    written = Agent(folder).store([step for batch in batches for step in batch])
    rows = index_rows.rows_of(written, BOOK)
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE TABLE round({', '.join(index_rows.ROUND)})")
    db.executemany(f"INSERT INTO round VALUES ({', '.join('?' * len(index_rows.ROUND))})", zip(*rows.rounds))

    def grouped(*keys, values=schema.AGGREGATES):
        found = db.execute(f"SELECT {', '.join([*keys, *values])} FROM round GROUP BY {', '.join(keys)}")
        return {row[: len(keys)]: row[len(keys) :] for row in found}

    slot = f"CASE WHEN at IS NOT NULL THEN {schema.SLOT_OF} END"
    assert rows.sums == grouped("session", slot, *schema.OF_CALLS, "notes")
    dearest = grouped("session", slot, *schema.OF_CALLS, "notes", values=[schema.DEAREST])
    assert {key: (usd,) for key, usd in rows.dearest.items()} == dearest
    of_sessions = {(position,): row[len(index_rows.SESSION) :] for position, row in enumerate(rows.sessions)}
    assert of_sessions == grouped("session")

    total, (expected,) = rows.total(), db.execute(f"SELECT count(*), {schema.OF_ROUNDS} FROM round")
    assert total[:-1] == usage_totals.of_columns(expected[1:], {})[:-1]
    assert total.spending == priced.spent(BOOK, [call_of(facts) for each in written for facts, _, _ in each.rounds])
    db.close()
