"""The same questions have the same answers, of a folder and of the database that has its rounds, in any time zone."""

from __future__ import annotations

import json

import pytest

import cli
from session_monitor.fleet import mirror
from tests.campaigns import ground_truth
from tests.campaigns.same_answers.names import names_in
from tests.support import fleets, prepared, two_places
from tests.support.indexes import CONSUMERS, MODELS, SESSIONS, WAYS, Agent, Step, caught_up, opened

NOW = 1_770_000_000_000
QUESTIONS = (
    *("list", "list --sort-by cost --limit 3", "list --outcome failed", "list --since 2026-02-02 --until 2026-02-02"),
    *("stats-model", "stats-model --latency", "stats-consumer --by day", "stats-vendor", "stats-seller", "stats-route"),
    *("stats-agent", "stats-date --by hour", "stats-date --by week", "stats-tool", "stats-errors", "summary"),
    *(
        "summary --since 2026-02-03",
        "top --limit 100",
        "cost last",
        "show a",
        "search secret",
        "budget list",
        "compare",
    ),
)


@pytest.fixture
def ask(tmp_path, fleet, monkeypatch, capsys):
    """What the command line says in JSON, of a folder and of the database."""
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    steps = [
        Step(
            SESSIONS[at % 4],
            NOW + at * 7_777_777,
            MODELS[at % 3],
            CONSUMERS[at % 3],
            100 + at,
            at % 90,
            at % 7 == 0,
            "read" if at % 3 else None,
            way=WAYS[at % 5],
        )
        for at in range(40)
    ]
    with opened(own) as index:
        Agent(own).store(steps)
        fleet.put(*fleets.rows_of(caught_up(index), "gw", has_texts=True))

    def asked(question):
        told = []
        for folder in (str(own), fleet.address):
            cli.main([*question.split(), "--json", "--data-dir", folder])
            answer = json.loads(capsys.readouterr().out)
            told.append(answer.get("data", answer))
        return told

    return asked


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_the_same_answers(ask, zone, monkeypatch):
    """Of each command that asks, to the last digit."""
    monkeypatch.setenv("SESSION_MONITOR_TIMEZONE", zone)
    different = []
    for question in QUESTIONS:
        own, fleet = map(_in_no_order, ask(question)) if question.startswith("top") else ask(question)
        if own != fleet:
            different.append((question, own, fleet))
    assert different == []


def _in_no_order(answer):
    """Rounds that cost the same come in the order in which their sessions became known."""
    return {name: sorted(map(json.dumps, rows)) if isinstance(rows, list) else rows for name, rows in answer.items()}


@pytest.mark.parametrize(("look", "zone"), [("mixed", "UTC"), ("agents", "Asia/Shanghai")])
def test_the_same_answers_over_generated_logs(tmp_path, fleet, look, zone, monkeypatch, capsysbinary):
    """Of all that the command line may be asked of a database, over calls in all the forms in which they are logged."""
    log, _ = ground_truth.generate(tmp_path, *{**ground_truth.LOOKS, **ground_truth.OBSERVED}[look], "--bytes", "150K")
    own = prepared.ingest(log, tmp_path / "own")
    (own / ".state.json").unlink()  # how much of a log was read is known on the gateway alone
    with opened(own) as index:
        rows, texts = fleets.rows_of(caught_up(index), "gw", has_texts=True)
    fleet.put(rows, texts)
    for name, value in {"HOME": tmp_path, "XDG_DATA_HOME": tmp_path / "data", "SESSION_MONITOR_TIMEZONE": zone}.items():
        monkeypatch.setenv(name, str(value))

    def ask(words):
        code = 0
        try:
            cli.main(words)
        except SystemExit as ended:
            code = ended.code
        codes.append(code)
        return (code, *capsysbinary.readouterr())

    codes = []
    names = names_in(own)
    assert list(two_places.differences(ask, str(own), fleet.address, names)) == []
    assert codes.count(0) > len(codes) * 0.9
    monkeypatch.setattr(mirror, "HOLDS", 0)
    fleet.put([{**rows[0], "version": 2, "fresh": rows[0]["fresh"] + 1}])
    assert next(two_places.differences(ask, str(own), fleet.address, names), "") != ""
