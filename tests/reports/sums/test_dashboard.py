"""The overview: what it adds up to is what the other answers add up to, over time and before."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from session_monitor.base import periods
from session_monitor.prices import money
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.sums import dashboard
from session_monitor.reports.sums.dashboard import MOST_BUCKETS, MOST_MODELS, percentile
from tests.support.calls import BOOK, line
from tests.support.webserving import generate, ingest

UTC = timezone.utc
HOUR = 3_600_000
NOON = int(datetime(2026, 2, 1, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The answers about a generated log of some days."""
    folder = tmp_path_factory.mktemp("lite")
    log = generate(folder / "access.log", "--profile", "mixed", "--lines", "2500", "--rate", "0.01", "--seed", "11")
    return Report(ingest(log, folder / "sessions"), BOOK)


def asked(report, meant=ALL, unit=periods.DAY, zone=UTC, now=NOON):
    """The overview."""
    return report.dashboard(meant, unit, zone, now)


def of(folder, *calls):
    """The answers about a log with these calls."""
    (folder / "access.log").write_bytes(b"".join(each + b"\n" for each in calls))
    return Report(str(ingest(folder / "access.log", folder / "sessions")), BOOK)


SELECTIONS = {
    "all": ALL,
    "time": Selection(since=NOON + 1234, until=NOON + 20 * HOUR + 77),
    "model": Selection(models=("gpt*", "qwen*")),
    "sessions": Selection(min_cost=money.PICO // 1000),
    "both": Selection(min_cost=1, since=NOON, models=("*",)),
}


@pytest.mark.parametrize("meant", SELECTIONS.values(), ids=SELECTIONS)
@pytest.mark.parametrize("unit", periods.UNITS)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_the_parts_are_the_whole(report, meant, unit, zone):
    """All buckets of a series, all cells of the heat map and all models add up to the card, for any selection."""
    found = asked(report, meant, unit, periods.zone(zone))
    sums = found.now.sums
    by_time = report.by_time(found.unit, periods.zone(zone), meant)

    assert sums == report.overview(meant).sums
    assert found.now.sessions == report.overview(meant).sessions
    for name in ("calls", "failed", "input_tokens", "output_tokens"):
        told = sum(getattr(point.sums, name) for point in found.series)
        assert told == getattr(by_time.sums, name)
    assert sum(point.sums.spending.pico for point in found.series) == by_time.sums.spending.pico
    cells = [cell for day in found.heat for cell in day]
    assert sum(cell.calls for cell in cells) == by_time.sums.calls
    assert sum(cell.pico for cell in cells) == by_time.sums.spending.pico
    assert sum(cell.unpriced for cell in cells) == by_time.sums.spending.unpriced_rounds
    assert sum(cell.at_least for cell in cells) == by_time.sums.at_least
    assert sum(row.sums.calls for row in found.by_model.rows) == sums.calls
    with_calls = {point.span.name for point in found.series}
    assert with_calls == {row.span.name for row in by_time.rows}
    assert with_calls <= {span.name for span in found.spans}
    assert all(one.end == other.start for one, other in zip(found.spans, found.spans[1:]))


def test_the_time_before(report):
    """A span with a beginning is held against the equally long one before it."""
    meant = Selection(since=NOON + 10 * HOUR, until=NOON + 16 * HOUR)
    found = asked(report, meant)

    assert found.before.sums == report.overview(Selection(since=NOON + 4 * HOUR, until=NOON + 10 * HOUR)).sums
    open_end = asked(report, Selection(since=NOON + 10 * HOUR), now=NOON + 12 * HOUR)
    assert open_end.before.sums == report.overview(Selection(since=NOON + 8 * HOUR, until=NOON + 10 * HOUR)).sums
    assert asked(report).before is None
    assert asked(report, Selection(until=NOON)).before is None


def test_first_tokens(report):
    """The 95th of a hundred times to the first token is that of the calls that are meant."""
    meant = Selection(since=NOON, until=NOON + 30 * HOUR)
    found = asked(report, meant).now
    times = report.ask(
        lambda index: index.db.execute(
            "SELECT first_token_ms FROM round WHERE at >= ? AND at < ? AND first_token_ms IS NOT NULL",
            (meant.since, meant.until),
        ).fetchall()
    )
    ordered = sorted(value for (value,) in times)

    assert ordered
    assert (found.first_token_p95, found.timed) == (round(ordered[-(-len(ordered) * 95 // 100) - 1]), len(ordered))
    assert found.is_sampled is False


def test_very_many_calls_are_sampled(report, monkeypatch):
    """Of very many calls a part is looked at, and that is told."""
    monkeypatch.setattr(dashboard, "_MEASURED", 300)
    found = asked(report).now

    assert found.is_sampled is True
    assert 0 < found.timed < report.overview().sums.calls / 2
    assert found.first_token_p95 > 0


def test_active_sessions_are_those_of_the_moment(tmp_path):
    """How many talk just now does not depend on which time is asked about; one that failed last does not count."""
    calls = [
        line("a", start_time="2026-02-01T11:50:00Z"),
        line("b", start_time="2026-02-01T11:40:00Z"),
        line("c", start_time="2026-02-01T11:59:00Z", code="503"),
    ]
    report = of(tmp_path, *calls)

    assert asked(report).now.active == 1
    assert asked(report, Selection(until=NOON - 24 * HOUR)).now.active == 1
    assert asked(report, Selection(models=("none",))).now.active == 0


def test_very_many_models_and_years(tmp_path):
    """All but the dearest models are one row a bucket, and there are never more buckets than can be drawn."""
    calls = [line(f"s{n}", model=f"model-{n}", start_time=f"20{10 + n}-02-01T09:30:15Z") for n in range(20)]
    found = asked(of(tmp_path, *calls), unit=periods.HOUR)

    assert found.unit == periods.MONTH
    assert len(found.spans) <= MOST_BUCKETS
    assert len({point.model for point in found.series if not point.is_rest}) == MOST_MODELS
    assert sum(point.sums.calls for point in found.series) == 20
    assert len([point for point in found.series if point.is_rest]) == 20 - MOST_MODELS


def test_the_order_of_models_in_a_bucket(tmp_path):
    """It is that of their names, whatever order they became known in."""
    models = [f"model-{number}" for number in range(MOST_MODELS)]
    found = asked(of(tmp_path, *(line(model, model=model) for model in models)))
    assert [point.model for point in found.series] == sorted(models)


def test_a_clock_that_was_wrong(tmp_path):
    """Calls of year 1 and of year 9999 break nothing: the latest buckets are shown."""
    calls = [line("s", start_time=f"{year}-01-01T00:00:00Z") for year in ("0001", "2026", "9998")]
    report = of(tmp_path, *calls)
    for unit in periods.UNITS:
        found = asked(report, unit=unit)
        assert found.now.sums.calls == 3
        assert MOST_BUCKETS * 28 // 31 <= len(found.spans) <= MOST_BUCKETS
        assert (found.unit, found.spans[-1].name) == (periods.MONTH, "9998-01")
        assert [span.end for span in found.spans[:-1]] == [span.start for span in found.spans[1:]]


def test_nothing(tmp_path):
    """Without a call there is an overview of nothing."""
    (tmp_path / "sessions").mkdir()
    found = asked(Report(str(tmp_path / "sessions"), BOOK))

    assert (found.series, found.spans, found.since, found.until) == ([], [], None, None)
    assert found.now.to_json()["error_share"] is None
    assert {cell.calls for day in found.heat for cell in day} == {0}


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 95, None),
        ([7], 95, 7),
        (range(1, 101), 95, 95),
        (range(1, 101), 50, 50),
        ([3, 1, 2], 50, 2),
        ([1, 2], 0, 1),
    ],
)
def test_percentiles(values, percent, expected):
    """The value that so many of a hundred do not exceed."""
    assert percentile(values, percent) == expected


@pytest.mark.parametrize(
    ("zone", "weekday", "hour"), [("UTC", 6, 12), ("Asia/Shanghai", 6, 20), ("Pacific/Auckland", 0, 1)]
)
def test_when_calls_are_made(tmp_path, zone, weekday, hour):
    """A cell of the heat map has the calls of its hour of that weekday there, Monday first, whichever week they are of."""
    calls = [
        line(name, start_time=f"2026-02-{day}T{time}Z", model=model)
        for name, day, time, model in [
            ("a", "01", "12:00:00", "gpt-4o"),
            ("b", "01", "12:59:59", "gpt-4o"),
            ("c", "08", "12:30:00", "no-such-model"),
            ("d", "02", "09:30:00", "gpt-4o"),
        ]
    ]
    report = of(tmp_path, *calls)
    heat = asked(report, zone=periods.zone(zone)).heat

    told = {(day, at): cell.calls for day, cells in enumerate(heat) for at, cell in enumerate(cells) if cell.calls}
    assert told.pop((weekday, hour)) == 3
    assert list(told.values()) == [1]
    cell = heat[weekday][hour]
    assert (cell.unpriced, cell.at_least) == (1, 0)
    assert cell.pico == 2 * report.overview(Selection(sessions=("a",))).sums.spending.pico
    some = asked(report, Selection(sessions=("b", "c")), zone=periods.zone(zone)).heat  # from rounds, not from sums
    assert (some[weekday][hour].calls, some[weekday][hour].unpriced) == (2, 1)
    assert [len(cells) for cells in heat] == [24] * 7


@pytest.mark.parametrize(
    ("cell", "cost"),
    [
        (dashboard.HeatCell(2, 10**12, 1, 1), "1"),
        (dashboard.HeatCell(2, 0, 2, 0), None),
        (dashboard.HeatCell(), "0"),
    ],
)
def test_a_cell_as_json(cell, cost):
    """What has no price has no cost; no calls cost nothing."""
    told = {"calls": cell.calls, "cost_usd": cost, "unpriced_rounds": cell.unpriced, "at_least": cell.at_least}
    assert cell.to_json() == told


def test_a_card_as_json(tmp_path):
    """Its shares follow from its sums; how many tell no tokens is among them."""
    ends = {"input_token": None, "output_token": None, "total_token": None}
    calls = [
        line("s", cached_tokens=4),
        line("s", code="503"),
        line("s", **ends),
        line("t", llm_first_token_duration=70),
    ]
    card = asked(of(tmp_path, *calls)).now
    found = card.to_json()

    assert (found["sessions"], found["calls"], found["error_share"]) == (2, 4, 0.25)
    assert found["cached_share"] == round(4 / (card.sums.input_tokens - card.sums.cache_untold_tokens), 6)
    assert (found["calls_without_tokens"], found["first_token_p95_ms"], found["first_token_calls"]) == (1, 70, 1)
    assert (found["first_token_sampled"], found["active_now"]) == (False, 0)


def test_a_moment_that_no_calendar_holds(tmp_path):
    """It is in the first cell, and breaks nothing."""
    assert dashboard._hour_of(10**12, UTC) == (0, 0)
    assert dashboard._hour_of(0, UTC) == (3, 0)


def test_how_long_ago_a_session_talks_just_now(tmp_path):
    """A quarter of an hour, to the millisecond."""
    report = of(tmp_path, line("a", start_time="2026-02-01T11:45:00Z"))
    assert [asked(report, now=NOON + late).now.active for late in (0, 1)] == [1, 0]


def test_the_spans_of_a_series(tmp_path):
    """From the first call that is meant to the last, without gaps; both ends are cut, and a longer unit is taken for many."""
    report = of(tmp_path, line("a", start_time="2026-02-01T11:45:00Z"), line("a", start_time="2026-02-04T10:00:00Z"))
    found = asked(report)
    assert [span.name for span in found.spans] == [f"2026-02-0{day}" for day in (1, 2, 3, 4)]
    assert (found.spans[0].start, found.spans[-1].end) == (NOON - HOUR // 2, NOON + 70 * HOUR + 1)
    assert (found.since, found.until) == (NOON - HOUR // 2, NOON + 70 * HOUR)

    meant = Selection(since=NOON + 1, until=NOON + 24 * HOUR)
    found = asked(report, meant)
    assert [(span.start, span.end) for span in found.spans] == [
        (NOON + 1, NOON + 12 * HOUR),
        (NOON + 12 * HOUR, NOON + 24 * HOUR),
    ]
    assert (found.since, found.until) == (NOON + 1, NOON + 24 * HOUR)


def test_a_series_is_of_the_whole_time_that_was_asked_for(tmp_path):
    """Also before the first call and after the last; days that a limit cuts, or that are not over, are told."""
    report = of(tmp_path, line("a", start_time="2026-02-03T11:45:00Z"))
    noon = NOON + 96 * HOUR
    week = asked(report, Selection(since=NOON), now=noon)
    assert [span.name for span in week.spans] == [f"2026-02-0{day}" for day in (1, 2, 3, 4, 5)]
    assert week.partial == {NOON, noon - 12 * HOUR}
    days = Selection(since=NOON - 12 * HOUR, until=NOON + 36 * HOUR)
    over = asked(report, days, now=noon)
    assert ([span.name for span in over.spans], over.partial) == (["2026-02-01", "2026-02-02"], set())
    to_come = asked(report, days._replace(until=noon + 12 * HOUR), now=noon)
    assert ([span.name for span in to_come.spans][-1], to_come.partial) == ("2026-02-05", {noon - 12 * HOUR})
    assert asked(report, now=noon).partial == set()


def test_so_many_spans_are_drawn(tmp_path, monkeypatch):
    """As many as there may be are; one more, and the next longer unit is taken."""
    monkeypatch.setattr(dashboard, "MOST_BUCKETS", 24)
    first = "2026-02-01T00:00:00Z"
    day = asked(
        of(tmp_path, line("a", start_time=first), line("a", start_time="2026-02-01T23:10:00Z")), unit=periods.HOUR
    )
    assert (day.unit, len(day.spans)) == (periods.HOUR, 24)
    more = asked(of(tmp_path, line("a", start_time="2026-02-02T00:00:00Z")), unit=periods.HOUR)
    assert (more.unit, len(more.spans)) == (periods.DAY, 2)
