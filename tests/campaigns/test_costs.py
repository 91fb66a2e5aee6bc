"""Costs from a log's lines to what the commands say."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter

import pytest

from tests.campaigns.costs import compared, lines, shapes

LINES, SEED = 2500, 7


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """A folder with a log that went through the monitor, and what each of its calls is and costs."""
    folder = tmp_path_factory.mktemp("costs")
    judged = compared.write(folder, compared.document(), LINES, SEED)
    compared.ingest(folder)
    return folder, judged


@pytest.fixture
def program(tmp_path):
    """The program once more, to be spoiled."""
    shutil.copytree(compared.ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_what_calls_cost_is_what_fractions_say(calls):
    """Each call, each model's, each seller's and all of them cost what another reading says, exactly (more: python3 -m tests.campaigns.costs)."""
    folder, judged = calls

    assert compared.compare(folder, judged) == []


def test_every_protocol_seller_and_kind_is_compared(calls):
    """The log has lines of each protocol and each known seller, with each kind of tokens, and of each reason for no price.

    Of all reasons but one: each model of the shipped list has had a price since ever.
    """
    _, judged = calls
    document = compared.document()
    protocols = {each.__name__ for part in (shapes.ORDINARY, shapes.CONVERTED, shapes.UNTOLD) for each in part}

    assert {each.protocol for each in judged} == protocols
    assert {each.seller for each in judged} == {None, "own_machine", *document["resellers"], *document["makers"]}
    assert {kind for each in judged if each.cost for kind in each.kinds} == {
        *("fresh_input", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h", "cache_write_mixed"),
        *("audio_input", "image_input", "visible_output", "reasoning", "audio_output", "image_output"),
    }
    assert {each.unpriced for each in judged} == {
        *(None, "no_model", "unknown_model", "no_tokens", "partly_told", "own_machine", "other_seller"),
    }
    assert sum(each.cost is not None for each in judged) > LINES / 3


def test_one_wrong_rate_is_found(calls, program):
    """Where one price of one model is another in the program, its calls differ, its sums and that of all, and no other call."""
    folder, judged = calls
    listed = Counter(each.listed for each in judged if each.cost and each.kinds["fresh_input"]).most_common(1)[0][0]
    prices = program / "scripts" / "session_monitor" / "prices" / "prices.json"
    text = prices.read_text(encoding="utf-8")
    row = next(row for row in text.split("\n") if f'"names":{json.dumps([listed])}' in row)
    prices.write_text(text.replace(row, re.sub(r'"input":"[\d.]+"', '"input":"77.7"', row)), encoding="utf-8")

    differences = compared.compare(folder, judged, program)

    found = {int(each.split(":")[0][5:]) for each in differences if each.startswith("line")}
    its = {n for n, each in enumerate(judged, 1) if each.listed == listed and each.cost}
    assert {n for n in its if judged[n - 1].kinds["fresh_input"]} <= found <= its
    assert {each.split(" ")[0] for each in differences} == {"line", "model", "seller", "all"}


def test_one_wrong_seller_is_found(calls, program):
    """Where one word of clusters is another seller's in the program, calls differ, all of them as if that one had sold them.

    The index, which was priced before, is priced anew though no price has changed.
    """
    folder, judged = calls
    sellers = program / "scripts" / "session_monitor" / "prices" / "sellers.json"
    known = json.loads(sellers.read_text(encoding="utf-8"))
    known["resellers"]["dashscope"]["words"].remove("dashscope")
    known["resellers"]["azure"]["words"].append("dashscope")
    sellers.write_text(json.dumps(known), encoding="utf-8")

    differences = compared.compare(folder, judged, program)

    of_calls = [each for each in differences if each.startswith("line")]
    assert of_calls
    assert any(" of dashscope, " in each for each in of_calls)
    assert all(" of azure, not " in each for each in of_calls)
    assert any(each.startswith("all calls") for each in differences)


def test_the_same_seed_makes_the_same_log():
    """A difference that was found can be looked at again."""
    document = compared.document()
    one, other = (list(lines.calls(random.Random(3), document, 50)) for _ in range(2))

    assert one == other
