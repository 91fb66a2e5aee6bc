"""A store of rounds in memory, that keeps all rows that were put in, and can fail in every way."""

from __future__ import annotations

import collections
import json

from session_monitor.clickhouse import row_text
from session_monitor.index import access, writable
from session_monitor.shipping.replication.replicator import Replicator
from session_monitor.shipping.replication.round_rows import of_yyyymm
from session_monitor.shipping.replication.store import ROUNDS, TEXTS, Claim
from session_monitor.shipping.replies import AGAIN, REFUSED, STUCK, TAKEN, Reply
from tests.support.calls import BOOK
from tests.support.indexes import Agent, silent

LATE, BUSY, NO_RIGHT = "late", "busy", "no right"
"""What may be played: taken and no answer, not taken, and not taken before a person does something."""


class Killed(BaseException):
    """The process ends here."""


class KeptRows:
    """``rows`` are all that were put into each table; ``plays`` are played one a request."""

    shown = "memory:"

    def __init__(self):
        self.rows = {ROUNDS: [], TEXTS: []}
        self.claims = {}
        self.plays = collections.deque()
        self.refuses = lambda _row: False
        self.erased = []
        self.puts = []

    def open(self, gateway):
        if self.plays and self.plays[0] == NO_RIGHT:
            return Reply(STUCK, "this user may only read"), Claim("", 0)
        versions = [row["version"] for row in self.rows[ROUNDS] if row["gateway"] == gateway]
        return Reply(TAKEN), Claim(self.claims.get(gateway, ""), max(versions, default=0))

    def claim(self, gateway, source, version):
        self.claims[gateway] = source
        return Reply(TAKEN)

    def held(self, gateway):
        by_month = {}
        for row in self.rows[ROUNDS]:
            if row["gateway"] == gateway:
                key = row["session"], row["number"], row["month"]
                if key not in by_month or row["version"] >= by_month[key]["version"]:
                    by_month[key] = row
        there = sorted(key for key, row in by_month.items() if not row["is_deleted"])
        return [(row_text.read(session), number, of_yyyymm(month)) for session, number, month in there]

    def put(self, table, lines):
        play = self.plays.popleft() if self.plays else None
        if play in (BUSY, NO_RIGHT):
            return Reply(AGAIN if play == BUSY else STUCK, play)
        rows = [json.loads(line) for line in lines]
        if any(map(self.refuses, rows)):
            return Reply(REFUSED, "one of them is wrong")
        assert len({row["month"] for row in rows}) == 1
        self.puts.append((table, len(rows)))
        self.rows[table] += rows
        return Reply(AGAIN, "no answer") if play == LATE else Reply(TAKEN)

    def erase(self, gateway, sessions):
        self.erased += sessions
        self.rows[TEXTS] = [row for row in self.rows[TEXTS] if row["session"] not in sessions]
        return Reply(TAKEN)

    def close(self):
        pass

    def final(self, table=ROUNDS, *, by_month=False):
        """The rows that hold, by session and number; as one who looks into each month by itself has them, too."""
        return {(row_text.read(row["session"]), row["number"]): row for row in self.holding(table, by_month=by_month)}

    def holding(self, table=ROUNDS, *, by_month=False):
        """The same rows of all gateways."""
        found = {}
        for row in self.rows[table]:
            key = row["gateway"], row["session"], row["number"], row["month"] if by_month else 0
            if key not in found or row["version"] >= found[key]["version"]:
                found[key] = row
        there = [row for row in found.values() if not row["is_deleted"]]
        assert len({(row["gateway"], row["session"], row["number"]) for row in there}) == len(there)
        return there


COLUMNS = (
    "at",
    "fresh",
    "read",
    "written",
    "visible",
    "reasoning",
    "flags",
    "notes",
    "usd",
    "pico",
    "saved_usd",
    "saved_pico",
)
NAMED = {"at": "at_ms", "read": "cached", "written": "cache_written"}


def truth(folder, book=BOOK):
    """What the index says of each round: by session and number."""

    def asked(index):
        columns = ", ".join(f"round.{name}" for name in COLUMNS)
        sql = f"SELECT session_id, number, {columns} FROM round JOIN session ON session.id = session"
        return {(session, number): tuple(rest) for session, number, *rest in index.db.execute(sql)}

    return access.ask(str(folder), book, asked, silent)


def told(rows):
    """The same of a store's rows."""
    return {key: tuple(row[NAMED.get(name, name)] for name in COLUMNS) for key, row in rows.items()}


class Shipped:
    """A folder with calls, and a store that is kept equal to it."""

    def __init__(self, folder, store=None):
        self.folder = folder
        self.agent = Agent(folder)
        self.store = store or KeptRows()
        self.book = BOOK
        self.time = 1_800_000_000_000
        self.options = {}
        self.replicator = None
        self.again()

    def now(self):
        self.time += 1
        return self.time

    def calls(self, steps):
        """A monitor stores calls, and keeps the index."""
        with writable.opened(str(self.folder), self.book, 5.0) as index:
            index.bring_up_to_date(silent)
            self.agent.store(steps, index)

    def ask(self, question):
        return access.ask(str(self.folder), self.book, question, silent)

    def again(self, gateway="gw", **options):
        """Another run."""
        if self.replicator:
            self.replicator.close()
        self.options = {**self.options, **options}
        self.replicator = Replicator(str(self.folder), self.store, gateway, self.ask, now=self.now, **self.options)

    def ship(self):
        """Send all that differs; False where something keeps it from that."""
        while True:
            wait = self.replicator.step()
            if wait != 0:
                return wait is None

    def wait(self):
        """Let the time of back-off pass."""
        self.time += 1_000_000

    @property
    def state(self):
        return self.replicator.ledger.state

    def is_equal(self):
        """Whether the store says what the folder says; looked at as a whole, and month by month."""
        meant = truth(self.folder, self.book)
        rows = self.store.rows
        return meant == told(self.store.final()) == told(self.store.final(by_month=True)) and bool(rows)
