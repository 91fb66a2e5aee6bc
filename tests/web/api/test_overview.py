"""What all sessions add up to: held against the command line."""

from __future__ import annotations

import json

import pytest

from tests.support.calls import line
from tests.support.webserving import cli, ingest_calls, serving

ZONE = "Asia/Shanghai"


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"since": "2026-02-02"},
        {"model": ["qwen*", "gpt-4o"]},
        {"status": "error"},
        {"outcome": "failed"},
        {"min_cost": "0.001"},
    ],
)
@pytest.mark.parametrize("by", ["model", "consumer", "tool", "hour", "day", "week", "month", ""])
def test_sums_are_those_of_the_command_line(running, folder, by, filters):
    """Statistics and the summary are the same in both, with the same filters."""
    options = [
        f"--{name.replace('_', '-')}={each}"
        for name, value in filters.items()
        for each in ([value] if isinstance(value, str) else value)
    ]
    options.append(f"--timezone={ZONE}")
    if by in ("model", "consumer", "tool"):
        words = [f"stats-{by}"]
    elif by:
        words = ["stats-date", f"--by={by}", *([] if "since" in filters else ["--days=3000"])]
    else:
        words = ["summary"]
    expected = cli(folder, *words, *options)
    days = {"days": 3000} if "--days=3000" in words else {}
    found = running.ask(
        "/api/stats" if by else "/api/summary", timezone=ZONE, **({"by": by} if by else {}), **days, **filters
    )

    assert found.json == expected


def test_what_is_wrong_is_told(tmp_path):
    """Damaged files, models without a price and a mistake in a price list are among the alerts."""
    folder = ingest_calls(tmp_path, [line("s", ["hi"], model="no-such-model")])
    (folder / "broken.json").write_text("{")
    with serving(folder) as running:
        (folder / ".prices.json").write_text('{"schema_version": 1, "models": 7}')
        alerts = {}
        for _ in range(200):
            alerts = {each["code"]: each for each in running.ask("/api/overview", limit=1 + len(alerts)).data["alerts"]}
            if "prices" in alerts:
                break
            running.site.desk.folder.state(fresh=True)
    assert alerts["unpriced"] == {"code": "unpriced", "count": 1, "names": ["no-such-model"]}
    assert alerts["damaged"]["names"] == ["broken.json"]
    assert ".prices.json" in alerts["prices"]["names"][0]


def test_what_is_known_to_lack_is_told(tmp_path):
    """What the log does not have any more, or not whole, is among the alerts with its number; what does not lack is not."""
    folder = ingest_calls(tmp_path, [line("s", ["hi"])])
    state = folder / ".state.json"
    kept = json.loads(state.read_bytes())
    counts = {"lost_bytes": 70, "lost_calls": 5, "content_cut": 3, "content_left_out": 4}
    lacks = {**counts, "torn": 2, "without_session_id": 1}
    kept["views"][""]["past_coverage"].update(lacks)
    with serving(folder) as running:
        before = [each["code"] for each in running.ask("/api/overview").data["alerts"]]
        state.write_text(json.dumps(kept))
        alerts = {each["code"]: each["count"] for each in running.ask("/api/overview", limit=7).data["alerts"]}

    assert not before
    assert alerts == {"lost": 70, "lost_calls": 5, "cut": 3, "left_out": 4, "torn": 2, "without_session_id": 1}


def test_of_many_names_some_are_told(tmp_path):
    """All are counted, ten are named."""
    folder = ingest_calls(tmp_path, [line("s", ["hi"], model=f"no-such-model-{number}") for number in range(12)])
    with serving(folder) as running:
        (alert,) = running.ask("/api/overview").data["alerts"]

    assert (alert["code"], alert["count"], len(alert["names"])) == ("unpriced", 12, 10)


def test_calls_that_the_plugin_skipped_are_told(tmp_path):
    """Calls that are in no figure, since the gateway's plugin wrote nothing of them, are among the alerts."""
    skipped = {"ai_log": "-", "method": "POST", "path": "/v1/messages", "response_code": "200", "bytes_sent": "617"}
    with serving(ingest_calls(tmp_path, [line("s", ["hi"]), json.dumps(skipped).encode()])) as running:
        answer = running.ask("/api/overview")

    (alert,) = (each for each in answer.data["alerts"] if each["code"] == "skipped_calls")
    assert alert["count"] == answer.json["coverage"]["passed_over"]["skipped_calls"] == 1
    assert answer.data["cards"]["now"]["calls"] == 1


@pytest.mark.parametrize(
    "path", ["/api/overview", "/api/sessions", "/api/summary", "/api/stats?by=day", "/api/compare"]
)
def test_the_widest_span_has_all(running, path):
    """From the first day of a calendar to its last one, in any zone, is as good as no limit."""
    widest = {"since": "0001-01-01", "until": "9999-12-31", "timezone": "America/New_York"}
    address, _, by = path.partition("?by=")
    more = {"by": by} if by else {}
    found = running.ask(address, **widest, **more)
    everything = running.ask(address, timezone="America/New_York", **more)

    assert found.status == 200
    for name in ("by_model", "sessions", "sides"):
        assert found.data.get(name) == everything.data.get(name)
