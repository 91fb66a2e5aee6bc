"""A ClickHouse database is made, filled, and equal to the folder, whatever its server answers."""

from __future__ import annotations

import pytest

from session_monitor.shipping.clickhouse import database, stores, tables
from session_monitor.shipping.replication.store import TEXTS
from tests.support.clickhouse_standin import CUT, HALF, LATE, PAGE, ClickHouseStandIn
from tests.support.indexes import Step
from tests.support.kept_rows import Shipped, told, truth

MARCH = 1_772_913_015_000


def calls(count, session="a"):
    """So many calls of one session."""
    return [Step(session=session, at=MARCH + number * 1000) for number in range(count)]


def is_equal(shipped, server):
    """Whether the server has what the folder says."""
    return truth(shipped.folder) == told(server.kept.final()) == told(server.kept.final(by_month=True))


def test_a_new_server(shipped, server):
    """Database, tables and view are made once, rows are put in by their columns, and the gateway is this folder's."""
    shipped.calls(calls(3))
    assert shipped.ship()
    assert is_equal(shipped, server)
    assert server.databases == {"fleet"}
    assert set(server.tables) == {"schema_version", "gateways", "rounds", "texts", "rounds_now"}
    assert server.tables["rounds"] == [*tables.columns("rounds"), "inserted", "INDEX"]
    assert [row[:2] for row in server.gateways] == [["gw", shipped.state.source]]
    asked, headers, _ = server.requests[-1]
    assert asked["async_insert"] == "0"
    assert asked["insert_distributed_sync"] == "1"
    assert len(asked["insert_deduplication_token"]) == 32
    assert (headers["content-encoding"], asked["database"]) == ("gzip", "fleet")
    made = len(server.statements)
    shipped.again()
    shipped.ship()
    assert not [sql for sql in server.statements[made:] if sql.startswith(("CREATE", "INSERT", "ALTER"))]


def test_an_old_server(tmp_path):
    """It is asked nothing that it does not know."""
    with ClickHouseStandIn("18.16.1") as server:
        shipped = Shipped(tmp_path, stores.of(server.address, {}))
        shipped.calls(calls(1))
        assert shipped.ship()
        assert is_equal(shipped, server)
        assert not {"async_insert", "insert_deduplication_token"} & set(server.requests[-1][0])
        assert not [sql for sql in server.statements if "LowCardinality" in sql or "is_deleted)" in sql]
        shipped.replicator.close()


def test_a_table_of_an_older_version(shipped, server):
    """It gets the columns that it lacks, and nothing else is changed."""
    server.databases.add("fleet")
    server.schema.append([0])
    server.tables.update(schema_version=[], gateways=[], rounds=["gateway", "session"], texts=tables.columns("texts"))
    shipped.calls(calls(1))
    assert shipped.ship()
    assert set(server.tables["rounds"]) == set(tables.columns("rounds"))
    assert server.schema == [[0], [tables.version()]]


@pytest.mark.parametrize("play", [252, 241, 999, 4500, 4502, 429, CUT, LATE, HALF])
def test_what_passes(shipped, server, play):
    """Too many parts, no memory, a proxy's page, a cut connection before and behind the deed: sent again after a while, and there once."""
    server.plays.append(play)
    shipped.calls(calls(3))
    assert not shipped.ship()
    assert shipped.replicator.trouble == ""
    assert shipped.state.reason
    assert "secret" not in shipped.state.reason
    shipped.wait()
    assert shipped.ship()
    assert is_equal(shipped, server)


def test_a_page_to_sign_in(shipped, server):
    """Nothing was taken, though the answer says that all is well."""
    server.plays.append(PAGE)
    shipped.calls(calls(2))
    assert not shipped.ship()
    assert server.kept.rows["rounds"] == []
    shipped.wait()
    assert shipped.ship()
    assert is_equal(shipped, server)


def test_what_a_person_has_to_mend(shipped, server):
    """A key that is wrong is told with what to do, and nothing is lost."""
    server.plays.append(516)
    shipped.calls(calls(2))
    assert not shipped.ship()
    assert shipped.replicator.trouble == (
        "the ClickHouse refused: error 516 (AUTHENTICATION_FAILED) (see that ?user= and ?key= are those of a user there)"
    )
    shipped.wait()
    assert shipped.ship()
    assert is_equal(shipped, server)


def test_what_is_no_server(shipped, server):
    """Another program's answer is told as such."""
    server.plays.append(4404)
    shipped.calls(calls(1))
    assert not shipped.ship()
    assert "HTTP interface, mostly port 8123" in shipped.replicator.trouble


def test_rows_that_are_refused(shipped, server):
    """They are found in a batch, and in the words there is nothing of them."""
    server.kept.refuses = lambda row: row["number"] == 2
    shipped.calls(calls(5))
    assert shipped.ship()
    assert len(server.kept.final()) == 4
    ((session, number, _, why),) = shipped.replicator.ledger.refused(5)[1]
    assert (session, number, why) == ("a", 2, "rounds: the ClickHouse refused: error 117 (INCORRECT_DATA)")


def test_a_request_that_is_too_large(shipped, server):
    """A proxy before the server takes only so much: it comes in halves."""
    server.plays.append(4413)
    shipped.calls(calls(6))
    assert shipped.ship()
    assert is_equal(shipped, server)
    assert [count for _, count in server.kept.puts] == [3, 3]


def test_tables_that_are_dropped(shipped, server):
    """They are made again, and filled again."""
    shipped.calls(calls(2))
    shipped.ship()
    for name in ("rounds", "schema_version"):
        del server.tables[name]
    server.kept.rows["rounds"] = []
    server.schema.clear()
    shipped.calls(calls(1, "b"))
    assert not shipped.ship()
    shipped.wait()
    assert shipped.ship()
    assert is_equal(shipped, server)


def test_what_is_there_is_asked_page_by_page(shipped, server, monkeypatch):
    """Whoever takes over hears of all rows."""
    monkeypatch.setattr(database, "_PAGE", 3)
    shipped.calls([*calls(4), *calls(4, "b")])
    shipped.ship()
    assert [each[:2] for each in shipped.store.held("gw")] == [(name, at) for name in "ab" for at in (1, 2, 3, 4)]


def test_what_was_said_in_deleted_sessions(shipped, server):
    """It is deleted from the disk, too."""
    shipped.again(is_with_content=True)
    shipped.calls([*calls(2), *calls(1, "b")])
    shipped.ship()
    next(path for path in shipped.folder.glob("[!.]*") if path.name.startswith("a")).unlink()
    assert shipped.ship()
    assert {row["session"] for row in server.kept.rows[TEXTS]} == {"b"}
    assert is_equal(shipped, server)


def test_who_asks(shipped, tmp_path, server):
    """User and key go in headers, from where the address says; never in an address, nor in what is told."""
    (tmp_path / "key").write_text("SECRET\n")
    shipped.replicator.close()
    store = stores.of(f"{server.address}?user=env:WHO&key=file:{tmp_path / 'key'}", {"WHO": "shipper"})
    other = Shipped(shipped.folder, store)
    other.calls(calls(1))
    assert other.ship()
    assert {headers["x-clickhouse-user"] for _, headers, _ in server.requests} == {"shipper"}
    assert {headers["x-clickhouse-key"] for _, headers, _ in server.requests} == {"SECRET"}
    assert "SECRET" not in repr([asked for asked, _, _ in server.requests])
    assert store.shown == server.address
    other.replicator.close()
