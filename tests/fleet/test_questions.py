"""The same questions have the same answers, of a folder and of the database that has its rounds, in any time zone."""

from __future__ import annotations

import json

import pytest

import cli
from tests.support import fleets
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
