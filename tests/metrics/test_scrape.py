"""A scrape says what ``summary`` says; what is unknown is its own number, never 0; counters outlive deletions and prices."""

from __future__ import annotations

import json
import shutil

import pytest

from session_monitor import __version__
from session_monitor.budgets import budget, budget_file
from session_monitor.metrics import families, text_format
from session_monitor.metrics.of_calls import LIMITS, LONGEST_LABEL
from session_monitor.metrics.scrape import Scrapes
from session_monitor.metrics.series import MODEL, MOST, OTHER
from session_monitor.own_prices import own_lists
from session_monitor.reports.report import Report
from session_monitor.upkeep import removal
from tests.support.calls import line
from tests.support.scraped import Series, names, parsed, total
from tests.support.webserving import SAMPLE, cli, ingest, ingest_calls

HOUR = 3_600_000
AT = 1_769_938_215_000
"""When the calls of ``calls.line`` are, unless they say otherwise."""


def scraped(folder, scrapes=None, now=AT):
    """The series of a folder."""
    report = Report(str(folder), own_lists.book(str(folder), {"HOME": "/nonexistent"}), now=now)
    return parsed(text_format.text((scrapes or Scrapes(str(folder))).families(report, now)))


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sessions of the sample."""
    return ingest(SAMPLE, tmp_path_factory.mktemp("sample") / "sessions")


def test_the_sums_are_those_of_summary(sample):
    """Calls, tokens, cost, what is not in it, sessions and lines: as the command line has them."""
    found = scraped(sample)
    answer = json.loads(json.dumps(cli(sample, "summary")))
    summary, covered = answer["data"], answer["coverage"]

    assert total(found, "asm_rounds_total") == summary["calls"]
    assert total(found, "asm_rounds_total", outcome="failed") == summary["failed"]
    assert total(found, "asm_rounds_total", outcome="left") == summary["left"]
    for name, field in {
        "input": "input_tokens",
        "cached_input": "cached_tokens",
        "cache_untold_input": "cache_untold_tokens",
        "output": "output_tokens",
        "reasoning_output": "reasoning_tokens",
    }.items():
        assert total(found, f"asm_{name}_tokens_total") == summary[field], name
    assert total(found, "asm_cost_usd_total") == pytest.approx(float(summary["cost_usd"]), abs=1e-12)
    assert total(found, "asm_unpriced_rounds_total") == summary["unpriced_rounds"]
    assert total(found, "asm_unpriced_rounds_total", reason="no_tokens") == summary["without_tokens"]
    assert total(found, "asm_lower_bound_rounds_total") == summary["at_least"]
    assert total(found, "asm_sessions") == summary["sessions"]
    assert total(found, "asm_build_info", version=__version__) == 1
    assert total(found, "asm_lines_total") == covered["lines"]
    assert total(found, "asm_lines_total", result="round") == covered["calls"]
    assert total(found, "asm_log_read_bytes_total") == covered["bytes"]


def test_each_model_and_consumer_as_the_statistics_have_it(sample):
    """Also those without a name, whose label lacks."""
    found = scraped(sample)
    for column in ("model", "consumer"):
        for row in cli(sample, f"stats-{column}")["data"][f"{column}s"]:
            of = {series: value for series, value in found.items() if dict(series.labels).get(column) == row[column]}
            assert total(of, "asm_rounds_total") == row["calls"]
            assert total(of, "asm_output_tokens_total") == row["output_tokens"]
            assert total(of, "asm_request_duration_seconds_count") == row["latency"]["duration_calls"]
            assert total(of, "asm_first_token_seconds_count") == row["latency"]["first_token_calls"]


def test_histograms_count_up_to_all(sample):
    """Each limit has at least as many as the one before, the last one all; their sum is what calls took."""
    found = scraped(sample)
    for name in ("asm_request_duration_seconds", "asm_first_token_seconds"):
        assert total(found, f"{name}_count") > 20
        for series, count in found.items():
            if series.name == f"{name}_count":
                limits = [
                    found[Series(f"{name}_bucket", tuple(sorted((*series.labels, ("le", limit)))))]
                    for limit in (*LIMITS, "+Inf")
                ]
                assert limits == sorted(limits)
                assert limits[-1] == count


def test_where_a_call_is_placed(tmp_path):
    """By how long it took, to within a hundredth; who failed or was left is in no histogram."""
    times = (99, 100, 101, 2_475, 2_525, 316_800, 323_200)
    calls = [line("s", llm_service_duration=each, llm_first_token_duration=1) for each in times]
    calls += [line("s", llm_service_duration=5, code="500"), line("s", llm_service_duration=5, flags="DC")]
    found = scraped(ingest_calls(tmp_path, calls))

    def up_to(limit):
        return total(found, "asm_request_duration_seconds_bucket", le=limit)

    assert [up_to(limit) for limit in ("0.1", "0.25", "1", "2.5", "5", "160", "320", "+Inf")] == [
        2,
        3,
        3,
        4,
        5,
        5,
        6,
        7,
    ]
    assert total(found, "asm_request_duration_seconds_sum") == pytest.approx(sum(times) / 1000, rel=0.01)
    assert (
        total(found, "asm_first_token_seconds_bucket", le="0.1") == total(found, "asm_first_token_seconds_count") == 7
    )


def test_what_short_calls_took_is_exact(tmp_path):
    """Below 128 milliseconds each has a bucket of its own."""
    calls = [line("s", llm_service_duration=each) for each in (99, 100, 127)]
    found = scraped(ingest_calls(tmp_path, calls))

    assert total(found, "asm_request_duration_seconds_sum") == 0.326


def test_models_that_are_called_of_late_have_series(tmp_path):
    """Where there is not room for all, though others have more calls."""
    old = [line("s", model=f"old-{number}") for number in range(50) for _ in range(3)]
    late = [line("s", model=f"late-{number}", start_time="2026-03-20T09:30:15Z") for number in range(5)]
    folder = ingest_calls(tmp_path, [*old, *late])

    found = scraped(folder, now=AT + 48 * 24 * HOUR)
    models = {dict(series.labels)["model"] for series in found if series.name == "asm_rounds_total"}
    assert len(models) == MOST[MODEL] + 1
    assert {f"late-{number}" for number in range(5)} < models
    assert total(found, "asm_rounds_total", model=OTHER) == 15
    assert total(found, "asm_label_values_folded", label="model") == 5


def test_unknown_is_never_nothing(tmp_path):
    """A model whose calls tell no tokens has no series of tokens, one without a price none of cost."""
    calls = [
        line("s", model="mute", input_token=None, output_token=None, total_token=None),
        line("s", model="no-such-model", consumer="团队"),
    ]
    found = scraped(ingest_calls(tmp_path, calls))

    mute, unpriced = (
        {series for series in found if dict(series.labels).get("model") == model} for model in ("mute", "no-such-model")
    )
    assert {name for name in names(mute) if "tokens" in name or "cost" in name} == set()
    assert "asm_input_tokens_total" in names(unpriced)
    assert "asm_cost_usd_total" not in names(found)
    assert total(found, "asm_unpriced_rounds_total", model="mute", reason="no_tokens") == 1
    assert total(found, "asm_unpriced_rounds_total", model="no-such-model", consumer="团队", reason="no_price") == 1


def test_names_that_strangers_gave(tmp_path):
    """Nothing in a label steers a terminal or is long; names that come to the same count together."""
    long = "m" * 5000
    calls = [line("s", model=model) for model in (long, f"{long}x", '\x1b[31m\nred"\\', OTHER)]
    found = scraped(ingest_calls(tmp_path, calls))

    models = {dict(series.labels).get("model") for series in found if series.name == "asm_rounds_total"}
    assert models == {"m" * (LONGEST_LABEL - 1) + "…", '\\x1b[31m red"\\', OTHER}
    assert total(found, "asm_rounds_total", model="m" * (LONGEST_LABEL - 1) + "…") == 2


def test_no_session_is_named_and_nothing_is_told_of_what_was_said(tmp_path):
    """Whatever stands in the log."""
    secrets = ["SECRET-SESSION", "SECRET-QUESTION", "SECRET-ANSWER", "SECRET-TOOL"]
    call = line(
        secrets[0],
        [secrets[1]],
        question=secrets[1],
        answer=secrets[2],
        tool_calls=[{"function": {"name": secrets[3]}}],
    )
    folder = ingest_calls(tmp_path, [call])
    report = Report(str(folder), own_lists.book(str(folder), {}), now=AT)
    text = text_format.text(Scrapes(str(folder)).families(report, AT))

    assert "SECRET" not in text
    assert all("SECRET" not in path.read_text() for path in (folder / ".metrics").iterdir())


def test_counters_outlive_what_is_deleted(tmp_path):
    """Whoever is asked: the same program, or another one later; the gauges follow."""
    calls = [line(session, input_token=1000) for session in ("a", "a", "b")]
    folder = ingest_calls(tmp_path, calls)
    scrapes = Scrapes(str(folder))
    before = scraped(folder, scrapes)
    removal.delete(str(folder), removal.find(str(folder), ["a"]).values())

    for after in (scraped(folder, scrapes), scraped(folder)):
        counters = {name for name, (kind, _) in families.known().items() if kind != families.GAUGE}
        for series, value in before.items():
            if series.name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") in counters:
                assert after[series] >= value, series
        assert (total(before, "asm_sessions"), total(after, "asm_sessions")) == (2, 1)
        assert total(after, "asm_input_tokens_total") == 3000


def test_a_price_that_is_corrected(tmp_path):
    """What was shown stays; a higher price shows at once, as it does everywhere else."""
    folder = ingest_calls(tmp_path, [line("a", model="gpt-4o", input_token=1_000_000, output_token=1)])
    scrapes = Scrapes(str(folder))
    before = total(scraped(folder, scrapes), "asm_cost_usd_total")
    for price, expected in (("1", before), ("2", before + 1)):
        own = {"gpt-4o": {"prices": [{"from": None, "input": price, "output": "0"}]}}
        (folder / ".prices.json").write_text(json.dumps({"schema": 1, "models": own}))
        assert total(scraped(folder, scrapes), "asm_cost_usd_total") == pytest.approx(expected)


def test_new_calls_show_at_the_next_scrape(tmp_path):
    """What calls add up to is worked out anew where the index has changed."""
    folder = ingest_calls(tmp_path, [line("a")])
    scrapes = Scrapes(str(folder))
    assert total(scraped(folder, scrapes), "asm_rounds_total") == 1
    with (tmp_path / "access.log").open("ab") as log:
        log.write(line("a", start_time="2026-02-01T10:30:15Z") + b"\n")
    ingest(tmp_path / "access.log", folder)

    found = scraped(folder, scrapes)
    assert total(found, "asm_rounds_total") == 2
    assert total(found, "asm_last_round_timestamp_seconds") == AT // 1000 + 3600


def test_active_sessions(tmp_path):
    """As many as ``summary`` has, at the moment of the scrape."""
    folder = ingest_calls(tmp_path, [line("a"), line("b", code="500")])

    assert total(scraped(folder, now=AT + 60_000), "asm_sessions_active") == 1
    assert total(scraped(folder, now=AT + HOUR), "asm_sessions_active") == 0


def test_budgets(tmp_path):
    """How much of each is spent; of one of each session that of the nearest, which is not named; and what is not seen."""
    calls = [
        line("a", model="gpt-4o", input_token=100),
        line("b", model="gpt-4o", input_token=50),
        line("b", model="?"),
    ]
    folder = ingest_calls(tmp_path, calls)
    budgets = budget_file.read(str(folder))
    for name, period, tokens in (("all", "total", "400"), ("each", "session", "105")):
        budgets = budgets.put(budget.made(period, None, tokens, "1%", name=name))
    budget_file.write(budgets)

    found = scraped(folder)
    assert total(found, "asm_budget_spent_ratio", budget="all") == pytest.approx((105 + 55 + 15) / 400, abs=1e-4)
    assert total(found, "asm_budget_spent_ratio", budget="each") == 1
    assert total(found, "asm_budget_unseen_rounds", budget="all") == 1


def test_alerts(tmp_path):
    """Those that fire, by rule and severity."""
    folder = ingest_calls(tmp_path, [line("a")])
    told = {"since": AT, "times": 1, "title": "t", "text": "x", "kind": "budget", "about": {}, "heard": []}
    rows = [
        {"rule": "budget:all", "period": "p1", "severity": "warning", "over": AT, **told},
        {"rule": "budget:all", "period": "p2", "severity": "critical", "over": None, **told},
        *({"rule": "unpriced_model", "period": model, "severity": "info", "over": None, **told} for model in "ab"),
    ]
    (folder / ".alerts").mkdir(exist_ok=True)
    state = {"schema_version": 1, "told": rows, "reading": {"lost_bytes": 0, "unread_since": None}}
    (folder / ".alerts" / "state.json").write_text(json.dumps(state))

    fires = {series.labels: value for series, value in scraped(folder).items() if series.name == "asm_alerts_firing"}
    assert fires == {
        (("rule", "budget:all"), ("severity", "critical")): 1,
        (("rule", "unpriced_model"), ("severity", "info")): 2,
    }


def test_what_cannot_be_told_is_said(tmp_path):
    """A part whose file is broken lacks, and a metric of its own says so; all others are there."""
    folder = ingest_calls(tmp_path, [line("a")])
    (tmp_path / "access.log").unlink()
    for name in (".budgets.json", ".state.json"):
        (folder / name).write_text("{")

    found = scraped(folder)
    told = {dict(s.labels)["part"]: value for s, value in found.items() if s.name == "asm_scrape_success"}
    assert told == {"log": 0, "coverage": 0, "budgets": 0, "alerts": 1}
    assert not {"asm_lines_total", "asm_log_unread_bytes", "asm_budget_spent_ratio"} & names(found)
    assert total(found, "asm_rounds_total") == 1


def test_an_empty_folder(tmp_path):
    """Nothing was read yet: there are no series of calls, and no error."""
    found = scraped(tmp_path)

    assert total(found, "asm_sessions") == 0
    assert not {"asm_rounds_total", "asm_last_round_timestamp_seconds"} & names(found)


def test_a_folder_that_went_and_came_back(tmp_path):
    """Of a file system that is mounted again: counters go on."""
    folder = ingest_calls(tmp_path, [line("a"), line("b")])
    scrapes = Scrapes(str(folder))
    removal.delete(str(folder), removal.find(str(folder), ["a"]).values())
    before = scraped(folder, scrapes)
    shutil.move(folder, tmp_path / "away")
    folder.mkdir()
    assert total(scraped(folder, scrapes), "asm_rounds_total") == 0
    shutil.rmtree(folder)
    shutil.move(tmp_path / "away", folder)

    assert total(scraped(folder, scrapes), "asm_rounds_total") == total(before, "asm_rounds_total") == 1
