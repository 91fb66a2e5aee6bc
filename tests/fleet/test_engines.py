"""Real engines of ClickHouse, of 2018 and of today, are asked as what stands in for one is: the mirror is the folder's index."""

from __future__ import annotations

import pytest

from session_monitor.fleet import home
from session_monitor.reports.report import Report
from session_monitor.sessions.rounds import all_rounds, open_session
from tests.support import clickhouse_engines, fleets
from tests.support.calls import BOOK
from tests.support.indexes import WAYS, Agent, Step, caught_up, opened

from .test_mirror import asked, session_ids, told

NOW = 1_770_000_000_000
HOSTILE = ("'); DROP TABLE rounds; --", "a\\", "b\t\n\0\r", "d\udcff", "会话", '"`{x:String}')


@pytest.fixture(params=[clickhouse_engines.OLD, clickhouse_engines.NEW], scope="module")
def engine(request, tmp_path_factory):
    """A database of an engine on this machine."""
    if not clickhouse_engines.is_there(request.param):
        pytest.skip(f"needs ClickHouse ({request.param}): 'python -m tests.campaigns.clickhouse --install' brings it")
    with clickhouse_engines.running(request.param, tmp_path_factory.mktemp("engine")) as running:
        yield fleets.in_engine(running, "fleet", is_old=request.param == clickhouse_engines.OLD)


def test_the_mirror_is_the_folders_index(tmp_path, engine):
    """With names that mean harm, corrections, times in three months, deletions, and what was said, to the letter."""
    environment = {**engine.environment, "XDG_DATA_HOME": str(tmp_path / "data")}
    own = tmp_path / "own"
    own.mkdir()
    month = 31 * 86_400_000
    with opened(own) as index:
        agent = Agent(own)
        agent.store(
            Step(session, NOW + at * month, tool=session, consumer=session, way=WAYS[at + 1], cached=30 * at)
            for at in range(3)
            for session in HOSTILE
        )
        agent.store([Step("undated", None), Step("a", NOW, failed=True), Step("a", NOW + 1)])
        engine.put(*fleets.rows_of(caught_up(index), "gw'\\", 1))
        folder = home.mounted(engine.address, environment)
        assert asked(folder, told) == told(index, "gw'\\")
        agent.store([Step(session, NOW + 3 * month, untold=True, tool="read") for session in HOSTILE])
        rows, texts = fleets.rows_of(caught_up(index), "gw'\\", 2, has_texts=True)
        engine.put(rows, texts)
        assert asked(folder, lambda found: found.db.execute("SELECT sum(calls) FROM session").fetchone()) == (27,)
        names = [*HOSTILE, "a", "undated"]
        for name in names:
            files = [(str(own), Report(str(own), BOOK)), (folder, Report(folder, BOOK))]
            assert _read(*files[1], name) == _read(*files[0], name)
        engine.put(fleets.gone([row for row in rows if row["session"] not in ("a", "undated")], 3))
        assert asked(folder, session_ids) == {"a", "undated"}


def _read(folder, report, session_id):
    with open_session(folder, report.session(session_id).file) as file:
        return list(all_rounds(file))
