"""`ship` brings rounds into a store, says what became of that, and how far a store is."""

from __future__ import annotations

import json
import shutil

import pytest

import cli
from commands import ship
from session_monitor.base import data_folder
from session_monitor.shipping.replication import ledger
from tests.support.clickhouse_standin import ClickHouseStandIn
from tests.support.command_line import command_line
from tests.support.otlp_receiver import OtlpReceiver

SAMPLE_CALLS = 35


@pytest.fixture
def server():
    """A stand-in for a ClickHouse server."""
    with ClickHouseStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def run(sample, tmp_path, capsys, monkeypatch):
    """Run ship on a copy of the sample; its exit code, and what it prints."""
    folder = tmp_path / "sessions"
    shutil.copytree(sample, folder)
    monkeypatch.setattr(ship.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(ship, "MOST_TRIES", 1)

    def run(*arguments):
        status = cli._run(command_line(ship).parse_args(["ship", *arguments, "--data-dir", str(folder)]), "ship")
        said = capsys.readouterr()
        return status, said.out, said.err

    run.folder = folder
    return run


def test_ship(run, server):
    """All rounds are there, once; a second time nothing is left to send."""
    status, out, err = run("--to", server.address, "--gateway", "gw-1")
    assert (status, out) == (0, "")
    assert err == f"cli.py: sent 35 rounds to {server.address} as gw-1\n"
    assert len(server.kept.final()) == SAMPLE_CALLS
    assert "查询北京天气" not in json.dumps(server.kept.rows, ensure_ascii=False)
    assert "sent 0 rounds" in run("--to", server.address, "--gateway", "gw-1")[2]
    status, out, _ = run("--to", server.address, "--gateway", "gw-1", "--json")
    told = {"to": server.address, "gateway": "gw-1", "sent": 0, "deleted": 0, "refused": 0}
    assert json.loads(out)["data"] == told


@pytest.fixture
def shipped(run, server, tmp_path):
    """Rounds were shipped to a server as gw-1 and gw-2, and to a folder that nobody meant; where both are."""
    wrong = f"file:{tmp_path / 'wrong'}"
    for address, gateway in ((server.address, "gw-1"), (server.address, "gw-2"), (wrong, "gw-1")):
        run("--to", address, "--gateway", gateway)
    return server.address, wrong


def places(run):
    """Where `ship status` says that rounds are, and under which names."""
    return {(each["to"], each["gateway"]) for each in json.loads(run("status", "--json")[1])["data"]}


def test_a_place_is_forgotten(run, shipped, tmp_path):
    """By its address, or the name that only one has: it is told of no more, what was sent stays, and others stay as they are."""
    there, wrong = shipped
    before = sorted((tmp_path / "wrong").iterdir())

    status, out, err = run("--forget", wrong)
    assert (status, out) == (0, "")
    assert err == f"cli.py: {wrong} as gw-1 is forgotten; what was sent stays there\n"
    assert places(run) == {(there, "gw-1"), (there, "gw-2")}
    assert before == sorted((tmp_path / "wrong").iterdir()) != []
    assert json.loads(run("--forget", "gw-2", "--json")[1])["data"] == {"forgotten": {"to": there, "gateway": "gw-2"}}
    assert places(run) == {(there, "gw-1")}
    assert "sent 35 rounds" in run("--to", wrong, "--gateway", "gw-1")[2]


def test_nothing_is_forgotten_but_what_is_named(run, shipped):
    """What several places are called tells which, what none is called says so, and who is at work is left alone."""
    there, wrong = shipped
    all_places = places(run)

    status, _, err = run("--forget", there)
    assert (status, "as gw-1; " in err, "as gw-2" in err) == (2, True, True)
    assert run("--forget", "file:elsewhere")[0] == 1
    status, _, err = run("--forget", wrong, "--gateway", "gw-2")
    assert (status, f"{wrong} as gw-1" in err) == (2, True)
    path = ledger.place(str(run.folder), wrong, "gw-1")
    with ledger.held(path):
        assert "another program is sending" in run("--forget", wrong)[2]
    assert places(run) == all_places
    assert run("--forget", there, "--gateway", "gw-2")[0] == 0
    assert places(run) == all_places - {(there, "gw-2")}


def test_content(run, server):
    """What was said is there where it is asked for."""
    run("--to", server.address, "--with-content")
    assert "查询北京天气" in json.dumps(server.kept.rows["texts"], ensure_ascii=False)


def test_files_and_spans(run, tmp_path):
    """Files of lines and spans are other ways out."""
    status, _, err = run("--to", f"file:{tmp_path / 'lines'}", "--gateway", "gw-1")
    assert (status, "sent 35 rounds" in err) == (0, True)
    with OtlpReceiver() as receiver:
        assert run("--to", f"otlp:{receiver.url}")[0] == 0
        assert len(receiver.once()) == SAMPLE_CALLS
    assert run("--to", "otlp:http://localhost:1", "--follow")[0] == 2


def test_status(run, server):
    """It tells of each store how far it is, what waits and what went wrong last."""
    assert "Nothing was shipped" in run("status")[1]
    server.plays += [252]
    status, _, err = run("--to", server.address, "--gateway", "gw-1")
    assert (status, "error 252 (TOO_MANY_PARTS)" in err) == (1, True)
    out = run("status")[1]
    assert "as gw-1: 0 rounds there" in out
    assert "waiting: 35 rounds, the oldest of 2026-" in out
    assert "failed: 1 time in a row: the ClickHouse refused: error 252 (TOO_MANY_PARTS)" in out
    for path in (run.folder / data_folder.SHIPPING_FOLDER).iterdir():
        path.unlink()
    server.gateways.clear()
    server.kept.refuses = lambda row: row["number"] == 6
    status, _, err = run("--to", server.address, "--gateway", "gw-1")
    assert (status, "were refused: see 'ship status'" in err or "was refused" in err) == (1, True)
    (told,) = json.loads(run("status", "--json")[1])["data"]
    assert (told["to"], told["waiting"], told["oldest_waiting"]) == (server.address, 0, None)
    assert told["refused"] == len(told["refused_last"]) > 0
    assert told["refused_last"][0]["reason"] == "rounds: the ClickHouse refused: error 117 (INCORRECT_DATA)"


@pytest.mark.parametrize("code", [252, 497])
def test_who_asks_again_does_not_wait(run, server, monkeypatch, code):
    """Whatever failed may have been mended since: the next run tries at once, however long the one before meant to wait."""
    server.plays += [code]
    assert run("--to", server.address, "--gateway", "gw-1")[0] == 1
    monkeypatch.setattr(ship.time, "sleep", lambda _seconds: pytest.fail("it waits"))
    status, _, err = run("--to", server.address, "--gateway", "gw-1")
    assert (status, "sent 35 rounds" in err) == (0, True)


def test_what_was_refused_is_sent_again(run, server):
    """Once what was wrong with the store is mended, and it is asked for: each round is there, with what was said, and once."""
    server.kept.refuses = lambda row: row["number"] == 6
    there = ("--to", server.address, "--gateway", "gw-1", "--with-content")
    assert run(*there)[0] == 1
    refused = SAMPLE_CALLS - len(server.kept.final())
    assert refused > 0
    assert "--retry-refused sends them once more" in run("status")[1]
    server.kept.refuses = lambda _row: False
    assert run(*there)[0] == 1  # still they are told
    assert len(server.kept.final()) == SAMPLE_CALLS - refused
    status, _, err = run(*there, "--retry-refused")
    assert (status, f"sent {refused} round" in err) == (0, True)
    assert len(server.kept.final()) == SAMPLE_CALLS
    assert "refused" not in run("status")[1]
    assert "sent 0 rounds" in run(*there, "--retry-refused")[2]


def test_schema(run):
    """The statements that make the tables can be read, for who makes replicas of them."""
    status, out, _ = run("schema")
    assert status == 0
    assert "CREATE TABLE IF NOT EXISTS rounds (gateway LowCardinality(String)" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name where to"),
        (["--to", "nonsense"], "name clickhouse://HOST[:PORT]/DATABASE, file:DIR or otlp:URL"),
        (["--to", "clickhouse://h/db?key=SECRET"], "a key must not be in an address"),
        (["--to", "file:/tmp/x", "--gateway", "a\nb"], "printable"),
    ],
)
def test_what_cannot_be(run, arguments, words):
    """It is said what is wrong, with exit code 2."""
    status, _, err = run(*arguments)
    assert (status, words in err, "SECRET" in err) == (2, True, False)
