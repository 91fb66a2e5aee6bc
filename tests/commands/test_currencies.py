"""Costs in another currency, as a user asks for them."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from tests.support.command_line import data_at, done_at, run_at

AT = ("--currency", "CNY", "--rate", "0.14")
RATE = "at 0.14 USD for 1 CNY, as you stated"
# The only call with a price costs $0.002875, which is 0.020535714… CNY.
SHOWN, PLAIN = "0.0205 CNY", "0.020535714286"
COMMANDS = (
    ["list"],
    ["show", "s"],
    ["cost", "s"],
    ["show", "s", "--format", "md"],
    ["show", "s", "--format", "html"],
    ["stats-model"],
    ["stats-consumer"],
    ["stats-vendor"],
    ["stats-seller", "--by", "day"],
    ["stats-route"],
    ["stats-date", "--days", "36500"],
    ["summary"],
    ["whatif", "s", "--to", "gpt-4o"],
    ["tail", "s", "--once", "--rounds", "1-"],
    ["watch", "--once"],
    ["watch", "s", "--once"],
    ["export", "-", "--format", "md"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_texts_show_the_currency_and_once_the_rate(four_calls, words):
    """Every command that shows costs to people shows them in the currency alone, and says once at which rate."""
    text = run_at(four_calls, *words, *AT).stdout

    assert re.search(rf"{SHOWN.partition(' ')[0]}\d* CNY", text)  # in a column with as many decimals as the others
    assert text.count(RATE) == 1
    assert "$0" not in text
    assert RATE not in run_at(four_calls, *words).stdout


@pytest.mark.parametrize(
    "words", [each for each in COMMANDS if "--format" not in each and each[0] not in ("tail", "watch")], ids=" ".join
)
def test_json_has_both_and_the_rate(four_calls, words):
    """Dollars stay in JSON as they are; each has its amount in the currency beside it, and the envelope has the rate."""
    plain = json.loads(run_at(four_calls, *words, "--json").stdout)
    document = json.loads(run_at(four_calls, *words, *AT, "--json").stdout)

    assert document.pop("currency") == {"code": "CNY", "usd": "0.14"}
    assert f'"{PLAIN}"' in json.dumps(document)
    assert _without(document, "_cny") == plain


def _without(value, end):
    """The same without the members whose names end so."""
    if isinstance(value, dict):
        return {name: _without(each, end) for name, each in value.items() if not name.endswith(end)}
    return [_without(each, end) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("words", [["tail", "s", "--once", "--rounds", "1-"], ["watch", "--once"]], ids=" ".join)
def test_lines_of_json_have_the_rate_each(four_calls, words):
    """What comes line by line has the rate in every line."""
    lines = [json.loads(line) for line in run_at(four_calls, *words, *AT, "--json").stdout.splitlines()]

    assert lines
    assert all(line["currency"] == {"code": "CNY", "usd": "0.14"} for line in lines)
    assert any(line["data"].get("cost_cny") == PLAIN or PLAIN in json.dumps(line) for line in lines)


def test_exported_files(four_calls):
    """A table for other programs has a column beside each in dollars; JSON names the rate."""
    text = done_at(four_calls, "export", "-", "--what", "rounds", "--format", "csv", *AT)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert ("0.002875", PLAIN) in [(row["cost_usd"], row["cost_cny"]) for row in rows]
    assert ("", "") in [(row["cost_usd"], row["cost_cny"]) for row in rows]

    document = json.loads(done_at(four_calls, "export", "-", *AT))
    assert document["currency"] == {"code": "CNY", "usd": "0.14"}
    assert (document["summary"]["cost_usd"], document["summary"]["cost_cny"]) == ("0.002875", PLAIN)
    lines = done_at(four_calls, "export", "-", "--format", "jsonl", *AT).splitlines()
    assert {"table": "currency", "code": "CNY", "usd": "0.14"} in map(json.loads, lines)


def test_rate_that_was_stated_before(four_calls):
    """A rate is stated once, with the day from which it holds; the one of today is taken."""
    assert done_at(four_calls, "pricing", "rate").startswith("No rate is stated: pricing rate CNY 0.14")
    assert done_at(four_calls, "pricing", "rate", "cny", "0.15", "--from", "2020-01-01")
    assert done_at(four_calls, "pricing", "rate", "CNY", "0.14", "--from", "2021-01-01") == (
        "1 CNY is 0.14 USD, from 2021-01-01 on\n"
    )
    assert done_at(four_calls, "pricing", "rate", "CNY", "0.2", "--from", "2999-01-01")

    assert data_at(four_calls, "summary", "--currency", "CNY")["cost_cny"] == PLAIN
    assert data_at(four_calls, "summary", "--currency", "CNY", "--rate", "1")["cost_cny"] == "0.002875"
    assert data_at(four_calls, "pricing", "rate", "CNY")["rates"] == {
        "CNY": [
            {"from": "2020-01-01", "usd": "0.15"},
            {"from": "2021-01-01", "usd": "0.14"},
            {"from": "2999-01-01", "usd": "0.2"},
        ]
    }
    assert data_at(four_calls, "pricing", "rate", "EUR")["rates"] == {}
    assert "2021-01-01" in done_at(four_calls, "pricing", "rate")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["summary", "--currency", "CNY"], "what is one CNY worth? Add --rate"),
        (["summary", "--rate", "0.14"], "of which currency is that the rate?"),
        (["summary", "--currency", "USD", "--rate", "1"], "one dollar is one dollar"),
        (["summary", "--currency", "CNY", "--rate", "0"], "is no rate"),
        (["summary", "--currency", "yuan", "--rate", "1"], "is no currency's three letters"),
        (["pricing", "rate", "USD", "1"], "a rate is for another currency"),
        (["pricing", "rate", "CNY", "1", "--from", "today"], "is no date like"),
    ],
)
def test_rates_that_cannot_be_meant(four_calls, words, told):
    """Without a rate nothing is converted, and none is guessed: exit code 2, and how to state one."""
    done = run_at(four_calls, *words)

    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_dollars_can_be_asked_for(four_calls):
    """Dollars need no rate."""
    assert data_at(four_calls, "summary", "--currency", "USD") == data_at(four_calls, "summary")
