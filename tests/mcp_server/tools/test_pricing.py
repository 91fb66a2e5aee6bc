"""Prices are those of the command line."""

from __future__ import annotations

from tests.support.command_line import data, line, run, sessions
from tests.support.mcp_client import answered, refused


def test_one_model(sample):
    """By any of its names, with today's prices, whose they are and where else it is sold."""
    told, known = (
        answered(sample, "pricing", model="GPT-4o"),
        data("pricing", "show", "GPT-4o", "--data-dir", sample),
    )
    (row,) = told["models"]
    assert (row["model"], row["vendor"], row["match"], row["seller"]) == tuple(
        known[name] for name in ("model", "vendor", "match", "seller")
    )
    assert row["input"] == known["prices"][-1]["input"]
    assert set(told["also_sold_as"]) <= set(known["also_sold_as"])
    assert told["unit"] == "per 1,000,000 tokens"
    assert (told["total"], told["next_offset"]) == (1, None)
    assert refused(sample, "pricing", model="gtp-4o").startswith(
        "model_not_found: no price is known for gtp-4o; nearest: gpt-4o"
    )


def test_a_list_in_pages(sample):
    """All whose name contains a text, page by page, as `pricing list --search` has them."""
    known = [each["model"] for each in data("pricing", "list", "--search", "qwen3-max", "--data-dir", sample)]
    found, at = [], 0
    while at is not None:
        page = answered(sample, "pricing", search="Qwen3-Max", limit=3, offset=at)
        found += [each["model"] for each in page["models"]]
        at = page["next_offset"]
    assert found == known


def test_own_prices_and_discounts(tmp_path):
    """What a person states holds in their place at once, and a discount is told."""
    folder = sessions(tmp_path / "s", line("a", model="mine"))
    assert answered(folder, "pricing", unpriced=True)["models"] == [
        {"model": "mine", "rounds": 1, "why": {"unknown_model": 1}}
    ]
    run("pricing", "set", "mine", "1.5", "6", "--data-dir", folder)
    (row,) = answered(folder, "pricing", model="mine")["models"]
    assert (row["input"], row["output"], row["own"], row["match"]) == ("1.5", "6", True, "override")
    assert answered(folder, "pricing", unpriced=True)["total"] == 0
    run("pricing", "discount", "OpenAI", "15", "--data-dir", folder)
    assert answered(folder, "pricing", model="openai/gpt-4o")["models"][0]["discount_percent"] == "15"


def test_one_thing_at_a_time(sample):
    """A model, a search and the unpriced ones are three questions."""
    assert refused(sample, "pricing", model="gpt-4o", search="x").startswith("bad_arguments: give one of")
