"""Models, consumers, times and sessions side by side: held against plain Python over the session files' rounds."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from session_monitor.prices.cost import NO_TOKENS, Cost
from session_monitor.reports.selected.latency import Latency, Percentiles, Speed
from tests.reports.selected.test_latency import assert_equal
from tests.support import report_oracle
from tests.support.calls import BOOK, line
from tests.support.webserving import MAIN, cli, generate, ingest, ingest_calls, serving

ZONE = "UTC"
LATENCY = ("first_token", "duration", "failed_duration")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Some days of calls of all kinds."""
    folder = tmp_path_factory.mktemp("mixed")
    log = generate(folder / "access.log", "--profile", "mixed", "--lines", "1500", "--rate", "0.01", "--seed", "3")
    return ingest(log, folder / "sessions")


@pytest.fixture(scope="module")
def among_mixed(mixed):
    """A server over those."""
    with serving(mixed) as found:
        yield found


@pytest.fixture(scope="module")
def calls(mixed):
    """Their calls."""
    return report_oracle.calls_of(mixed, BOOK)


def of_json(document):
    """The latency of an answer, as a report has it."""
    names = ("calls", "p50_ms", "p95_ms")
    times = (Percentiles(*(document[f"{name}_{each}"] for each in names)) for name in LATENCY)
    a_second = document["output_tokens_per_second"]
    return Latency(*times, Speed() if a_second is None else Speed(round(100 * a_second), 100_000))


def check(side, of_side, *, off=0.008):
    """A side is what its calls add up to."""
    priced = [call for call in of_side if isinstance(call.outcome, Cost)]
    told = [call for call in of_side if isinstance(call.outcome, Cost) or call.outcome.reason != NO_TOKENS]
    pico = sum(call.outcome.pico for call in priced)
    tokens = sum(call.entry["total_tokens"] for call in priced)

    def mean(total, number):
        return round(total / number, 3) if number else None

    def amount(total, number):
        return round(total / number) / 1e12 if number else None

    sums = report_oracle.sums(of_side)
    assert (side["calls"], side["sessions"], side["failed"]) == (sums["calls"], sums["sessions"], sums["failed"])
    assert side["priced_calls"] == len(priced)
    for name, value in (("call", amount(pico, len(priced))), ("1000_tokens", amount(1000 * pico, tokens))):
        shown = side[f"cost_per_{name}_usd"]
        assert shown is None if value is None else float(Decimal(shown)) == pytest.approx(value, abs=2e-12)
    for name in ("input", "output"):
        assert side[f"{name}_tokens_per_call"] == mean(sum(call.entry[f"{name}_tokens"] for call in told), len(told))
    prompts = sum(each.entry["input_tokens"] for each in of_side if "cache_untold" not in each.entry)
    share = sums["cached_tokens"] / prompts if prompts else None
    assert side["cached_share"] == (None if share is None else round(share, 6))
    assert side["failed_share"] == (round(sums["failed"] / len(of_side), 6) if of_side else None)
    assert_equal(of_json(side["latency"]), of_side, off=off)


@pytest.mark.parametrize("of", ["model", "consumer"])
@pytest.mark.parametrize("days", [None, 1])
def test_names_side_by_side(among_mixed, calls, of, days):
    """Every model and every consumer, also those that calls do not name, in the order that was asked for."""
    first = min(call.at for call in calls if call.at is not None)
    since = datetime.fromtimestamp(first // 1000, timezone.utc)
    span = {"since": since.isoformat(), "until": (since + timedelta(days=days)).isoformat()} if days else {}
    names = list({getattr(call, of) for call in calls})[:8]
    found = among_mixed.ask("/api/compare", of=of, name=[name or "" for name in names], **span).data

    assert [side["name"] for side in found["sides"]] == names
    within = [
        call for call in calls if not days or (call.at is not None and call.at < first // 1000 * 1000 + 86_400_000)
    ]
    within = [call for call in within if not days or call.at >= first // 1000 * 1000]
    for name, side in zip(names, found["sides"]):
        check(side, [call for call in within if getattr(call, of) == name])
    assert set(found["known"][f"{of}s"]) == {getattr(call, of) for call in calls} - {None}


def test_the_dearest_where_none_is_named(among_mixed):
    """Without names so many of the dearest, as the statistics have them."""
    dearest = [row["model"] for row in among_mixed.ask("/api/stats", by="model").data["models"]]

    for limit in (1, 2, 3):
        sides = among_mixed.ask("/api/compare", limit=limit).data["sides"]
        assert [side["name"] for side in sides] == dearest[:limit]
    assert len(among_mixed.ask("/api/compare").data["sides"]) == 2


def test_times_side_by_side(among_mixed, calls):
    """Each of several times, with filters: days of a zone, moments, and all."""
    days = sorted({datetime.fromtimestamp(call.at / 1000, timezone.utc).date() for call in calls if call.at})[:2]
    model = next(call.model for call in calls if call.model)
    periods = [*(f"{day}/{day}" for day in days), "/", f"{days[0]}T03:00:00Z/"]
    found = among_mixed.ask("/api/compare", of="period", period=periods, timezone=ZONE, model=model).data
    of_model = [call for call in calls if call.model and call.model.lower() == model.lower()]
    for side, day in zip(found["sides"], days):
        check(
            side,
            [
                each
                for each in of_model
                if each.at and str(day) == str(datetime.fromtimestamp(each.at / 1000, timezone.utc).date())
            ],
        )
    check(found["sides"][2], of_model)
    start = datetime.fromisoformat(f"{days[0]}T03:00:00+00:00").timestamp() * 1000
    check(found["sides"][3], [each for each in of_model if each.at is not None and each.at >= start])
    assert found["sides"][2]["since"] is None
    assert found["sides"][0]["until"] == f"{days[0] + timedelta(1)}T00:00:00.000Z"


def test_sessions_side_by_side(among_mixed, calls):
    """Sessions are compared whole, and exactly; one that is not there has no calls, and is said to be none."""
    ids = list(dict.fromkeys(call.session for call in calls))[:2]
    found = among_mixed.ask("/api/compare", of="session", id=[*ids, "not there"], since="2030-01-01").data["sides"]

    for session_id, side in zip(ids, found):
        check(side, [call for call in calls if call.session == session_id], off=0)
        assert side["session"]["session_id"] == side["name"] == session_id
    assert (found[2]["session"], found[2]["calls"], found[2]["cost_per_call_usd"]) == (None, 0, None)


def test_names_are_meant_literally(tmp_path):
    """A name is no pattern, whatever letters it has."""
    names = ("m*", "mm", "[m]", "M*")
    folder = ingest_calls(tmp_path, [line(name, ["hi"], model=name) for name in names])
    with serving(folder) as running:
        for name in names:
            (side,) = running.ask("/api/compare", name=name).data["sides"]
            assert (side["name"], side["calls"]) == (name, 1)


def test_what_is_not_known_is_null(tmp_path):
    """Without a price, tokens or times nothing is told per call, and nothing is 0."""
    untold = {"input_token": None, "output_token": None, "total_token": None}
    calls_ = [line("a", ["hi"], model="no-such-model"), line("b", ["hi"], model="gpt-4o", **untold)]
    with serving(ingest_calls(tmp_path, calls_)) as running:
        sides = running.ask("/api/compare", name=["no-such-model", "gpt-4o", "none at all"]).data["sides"]

    for side in sides:
        assert (side["cost_per_call_usd"], side["cost_per_1000_tokens_usd"]) == (None, None)
        assert {side["latency"][f"{name}_p50_ms"] for name in LATENCY} == {None}
    assert [side["input_tokens_per_call"] for side in sides] == [10, None, None]
    assert [side["failed_share"] for side in sides] == [0, 0, None]


@pytest.mark.parametrize(
    "asked",
    [
        {"of": "colour"},
        {"of": "period", "period": "2026-02-02/2026-02-01"},
        {"of": "period", "period": "never/"},
        {"of": "period", "since": "7d"},
        {"of": "session", "id": ""},
        {"name": [str(number) for number in range(9)]},
        {"name": "m" * 5000},
        {"limit": 9},
    ],
)
def test_what_is_asked_wrongly_is_told(running, asked):
    """A mistake is a mistake, not an answer to something else."""
    assert (running.ask("/api/compare", **asked).status, running.ask("/api/compare", **asked).code) == (
        400,
        "bad_parameter",
    )


def test_the_command_line_tells_how_long_calls_took(running, folder):
    """Statistics by model and by consumer have it in JSON, the same as side by side; others have not."""
    for by in ("model", "consumer"):
        rows = cli(folder, f"stats-{by}")["data"][f"{by}s"]
        for row in rows:
            (side,) = running.ask("/api/compare", of=by, name=row[by] or "").data["sides"]
            assert row["latency"] == side["latency"]
    assert "latency" not in cli(folder, "stats-seller")["data"]["sellers"][0]


def test_titles_are_texts(folder):
    """A server that serves no texts compares sessions without their titles."""
    with serving(folder, redacts=True) as redacted:
        (side,) = redacted.ask("/api/compare", of="session", id=MAIN).data["sides"]
    assert side["session"]["title"] is None
    assert "查询北京天气" not in json.dumps(side, ensure_ascii=False)
