"""What do the calls at the end of a log lack, and what has to be set in the gateway for it?"""

from __future__ import annotations

from collections import Counter

import pytest

from session_monitor.calls.coverage import Coverage
from session_monitor.upkeep import call_checks
from session_monitor.upkeep.call_checks import suffix_of
from session_monitor.upkeep.checks import FAIL, OK, WARN
from session_monitor.upkeep.sample import Sample


@pytest.mark.parametrize(
    ("path", "suffix"),
    [
        ("/v1/responses", "/responses"),
        ("/v1/responses?x=/y", "/responses"),
        ("/v1/chat/completions/", "/completions/"),
        ("/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", ":streamGenerateContent"),
        ("/v1/images/generations", "/generations"),
        ("/model/anthropic.claude-v2:1/invoke", "/invoke"),
        ("/embeddings", "/embeddings"),
    ],
)
def test_the_suffix_of_a_path(path, suffix):
    """It is the end of the path that tells the API, and which the path really has."""
    assert suffix_of(path) == suffix
    assert path.partition("?")[0].endswith(suffix)


NOW = 1_769_938_300.0


def checked(sample, now=NOW):
    """The checks of a sample by name."""
    return {check.name: check for check in call_checks.checks(sample, now)}


def of(calls=100, **more):
    """A sample of so many calls; what it has itself is set there, everything else is counted of its calls."""
    own = {name: more.pop(name) for name in list(more) if name in Sample.__dataclass_fields__}
    return Sample(Coverage(**{"lines": calls, "calls": calls, **more}), answered=calls, **own)


@pytest.mark.parametrize(
    ("sample", "level"),
    [
        (of(0), WARN),
        (of(95, lines=100, passed_over={"not_json": 3, "cut_off": 2}), OK),
        (of(94, lines=100, passed_over={"not_json": 4, "cut_off": 2}), WARN),
        (of(50, lines=100, passed_over={"not_llm": 50}), OK),
        (of(0, lines=9, passed_over={"no_ai_log": 4, "not_json": 2, "cut_off": 1, "empty": 1, "nul_bytes": 1}), FAIL),
        (of(0, lines=9, passed_over={"no_ai_log": 8, "not_llm": 1}), WARN),
    ],
)
def test_whether_there_are_calls(sample, level):
    """None at all in a shape that is known is a fault, few broken lines are none."""
    found = checked(sample)
    assert found["calls"].level == level
    assert (len(found) == 1) == (sample.coverage.calls == 0)


@pytest.mark.parametrize(
    ("name", "word", "none", "all_of_them"),
    [
        ("content", "without_content", "100 of 100 calls hold what was said", WARN),
        ("times", "undated", "100 of 100 calls have a time", FAIL),
    ],
)
def test_what_few_calls_may_lack(name, word, none, all_of_them):
    """Five of a hundred are fine, and nothing is to be done; more are a warning, and perhaps a fault where all are."""
    levels = [checked(of(**{word: lacking}))[name].level for lacking in (0, 5, 6, 99, 100)]
    assert levels == [OK, OK, WARN, WARN, all_of_them]
    assert checked(of(**{word: 0}))[name].found == none
    assert checked(of(**{word: 94}))[name].found.startswith("6 of 100 calls")


def test_tokens_that_are_not_told():
    """Of the calls that were answered; where none tells them that is a fault, whose cause shows where all have an id alone."""
    found = [checked(of(answered_without_tokens=lacking))["tokens"] for lacking in (5, 6, 100)]
    assert [check.level for check in found] == [OK, WARN, FAIL]
    assert found[1].found == "94 of 100 calls that were answered tell their tokens"
    assert "include_usage" in found[2].todo
    alone = [checked(of(answered_without_tokens=100, id_alone=number))["tokens"].todo for number in (99, 100)]
    assert ["disable_openai_usage" in todo for todo in alone] == [False, True]


def test_calls_that_were_left_or_cut_short():
    """Those that were left are fine while they tell their tokens; of streams that were cut few are."""
    left = [checked(of(left=50, left_without_tokens=lacking))["left calls"] for lacking in (0, 5, 6)]
    assert [check.level for check in left] == [OK, OK, WARN]
    assert [check.found.partition(", ")[2] for check in left] == [
        "",
        "5 of them without tokens",
        "6 of them without tokens",
    ]
    assert [checked(of(cut_short=number))["cut streams"].level for number in (5, 6)] == [OK, WARN]


def test_calls_that_failed():
    """Half of them may."""
    assert [checked(of(failed=number))["failures"].level for number in (50, 51)] == [OK, WARN]


def test_values_that_were_cut():
    """One is told."""
    assert [checked(of(content_cut=number))["cut values"].level for number in (0, 1)] == [OK, WARN]


def test_paths_that_were_skipped():
    """How many of all calls, the paths that were called most first, by whom, and what to enable; with no other call it fails."""
    paths, clients = Counter({"/v1/responses": 1, "/v1/messages": 3}), Counter({"codex_cli_rs/0.1": 3, "curl/8": 1})
    some = of(6, skipped_paths=paths, skipped_clients=clients)
    check = checked(some)["skipped calls"]
    assert (check.level, check.found) == (
        WARN,
        "4 of 10 calls were skipped by the plugin: /v1/messages (3), /v1/responses (1), by Codex",
    )
    assert "[/completions, /messages, /responses]" in check.todo
    none = checked(of(0, lines=4, passed_over={"skipped_calls": 4}, skipped_paths=paths))
    assert none["skipped calls"].level == FAIL
    assert none["skipped calls"].found.endswith("/v1/responses (1)")
    assert checked(of())["skipped calls"].found == "none of 100 calls were skipped by the plugin"


def test_models_without_a_price():
    """Those that lack it most often first; where the log names none that is to be set, and nothing to be stated."""
    some = of(unpriced=Counter({("a", "unknown_model"): 1, ("b", "unknown_model"): 2, ("", "no_model"): 3}))
    check = checked(some)["prices"]
    assert (check.level, check.found) == (WARN, "6 of 100 calls are without a price: b, a")
    assert check.todo.startswith("state it with 'pricing set MODEL INPUT OUTPUT'")
    assert check.todo.endswith(call_checks._MODEL)
    check = checked(of(unpriced=Counter({("", "no_model"): 3})))["prices"]
    assert check.found.endswith("without a price: the log names no model")
    assert check.todo == call_checks._MODEL
    assert checked(of())["prices"].level == OK


@pytest.mark.parametrize(
    ("ahead", "level", "found"),
    [
        (-120_000, OK, "the newest call was 2 min ago"),
        (60_000, OK, "the newest call was 0 s ago"),
        (61_000, WARN, "the newest call is 1 min 1 s in the future, at 2026-02-01T09:32:41.000Z"),
        (None, OK, "no call has a time to hold against this machine's"),
    ],
)
def test_clocks_that_differ(ahead, level, found):
    """A minute is no matter."""
    newest = None if ahead is None else int(NOW * 1000) + ahead
    check = checked(of(newest=newest))["clock"]
    assert (check.level, check.found) == (level, found)
