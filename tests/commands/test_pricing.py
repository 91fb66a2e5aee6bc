"""pricing as a user runs it, and what its changes do to costs."""

from __future__ import annotations

import argparse
import json
import stat

import pytest

from commands.pricing.own_list import read
from commands.shared.failures import Failure
from session_monitor.own_prices import own_lists
from tests.support.command_line import data_at, done_at, line, run, run_at, sessions
from tests.support.pricing import cost, priced_at


def test_unpriced_models_are_listed_with_what_to_do(four_calls):
    """The names that have no price come with their rounds and the command that states one."""
    assert data_at(four_calls, "pricing", "list", "--unpriced") == [
        {"model": "my-deployment", "rounds": 2, "reasons": {"unknown_model": 2}}
    ]

    text = done_at(four_calls, "pricing", "list", "--unpriced")

    assert "my-deployment" in text
    assert "pricing set" in text
    assert "1 round told no tokens" in text


@pytest.mark.parametrize("path", ["/models/Qwen3-Max", "ollama/qwen3-max"])
def test_a_model_on_ones_own_machine_has_no_vendors_price(tmp_path, path):
    """What one serves oneself is unpriced until one says what it costs, and that is said of this name alone."""
    others = line("a", model="qwen3-max")
    sessions(tmp_path / "sessions", line("a", model=path), others)
    before = cost(tmp_path)

    text = done_at(tmp_path, "pricing", "list", "--unpriced")
    done_at(tmp_path, "pricing", "set", path, "0", "0")

    assert before[1] == 1
    assert f"{path} is a model on a machine of your own" in text
    assert f"pricing set {path} 0 0" in text
    assert cost(tmp_path) == (before[0], 0)
    assert float(before[0]) > 0


def test_set_prices_a_model_and_reset_forgets_it(four_calls):
    """A price of one's own counts at once, for old rounds too; reset brings back what was before."""
    before = cost(four_calls)

    assert before == ("0.002875", 3)
    assert "my-deployment" in done_at(four_calls, "pricing", "set", "My-Deployment", "1.50", "6e0")
    assert cost(four_calls) == ("0.00598", 1)
    assert data_at(four_calls, "pricing", "show", "my-deployment")["match"] == "override"
    done_at(four_calls, "pricing", "reset", "my-deployment")
    assert cost(four_calls) == before
    assert not (four_calls / "sessions" / ".prices.json").exists()


def test_a_date_tells_where_it_is_from(four_calls):
    """A date that the vendor or the source states is told from one on which a price was only seen."""
    shown = [done_at(four_calls, "pricing", "show", model) for model in ("gemini-flash-latest", "o3", "gpt-4o")]

    assert "from 2026-01-21 (the vendor's date): " in shown[0]
    assert "from 2026-09-02 (only seen; may hold since any day after 2026-05-19): " in shown[0]
    assert "from 2025-06-10 (the source's date): " in shown[1]
    assert "since ever: " in shown[2]


@pytest.mark.parametrize("command", ["set m 1 1", "alias m gpt-4o", "seller m azure", "assume --cache beside", "reset"])
def test_a_mistyped_folder_is_not_made(four_calls, command):
    """Prices in a folder that nobody reads would be none."""
    done = run("pricing", *command.split(), "--data-dir", four_calls / "sesions")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no folder" in done.stderr
    assert not (four_calls / "sesions").exists()


def test_a_price_from_a_day_on(four_calls):
    """With --from, calls before that day keep the price they had, and without one they stay unpriced."""
    done_at(four_calls, "pricing", "set", "my-deployment", "1", "1", "--from", "2026-05-01")

    assert cost(four_calls) == ("0.00289", 2)

    done_at(four_calls, "pricing", "set", "gpt-4o", "0", "0", "--from", "2026-05-01")

    assert cost(four_calls) == ("0.00289", 2)
    assert [row["from"] for row in data_at(four_calls, "pricing", "show", "gpt-4o")["prices"]] == [None, "2026-05-01"]


def test_alias_lends_a_models_prices(four_calls):
    """A deployment's name costs what the model costs that it stands for."""
    done_at(four_calls, "pricing", "alias", "my-deployment", "gpt-4o-mini")

    shown = data_at(four_calls, "pricing", "show", "my-deployment")

    assert (shown["model"], shown["match"]) == ("gpt-4o-mini", "alias")
    assert cost(four_calls) == ("0.0031855", 1)
    assert run_at(four_calls, "pricing", "alias", "x", "no-such-model-1").returncode == 3
    assert run_at(four_calls, "pricing", "alias", "gpt-4o", "GPT-4o").returncode == 2


def test_said_seller_has_its_price_at_once(over_a_cluster):
    """What was priced before follows, in single rounds and in sums, and goes back when it is taken back."""
    before, sums = priced_at(over_a_cluster), cost(over_a_cluster)
    told = done_at(over_a_cluster, "pricing", "seller", "*llm-inner*", "fireworks")

    assert told == "what goes over *llm-inner*: Fireworks\n"
    assert [each[1:] for each in before] == [(("deepseek-v3", None), ["seller_unknown"])] * 2
    first, second = priced_at(over_a_cluster)
    assert first == ("0.0000135", ("fireworks/deepseek-v3", "fireworks"), None)
    assert second == before[1]
    assert cost(over_a_cluster) not in (sums, (None, 2))

    done_at(over_a_cluster, "pricing", "seller", "gpu", "own_machine", "--global")
    assert priced_at(over_a_cluster)[1] == (None, "own_machine", None)
    assert cost(over_a_cluster) == ("0.0000135", 1)

    done_at(over_a_cluster, "pricing", "seller", "*llm-inner*", "--remove")
    done_at(over_a_cluster, "pricing", "seller", "gpu", "--remove", "--global")
    assert (priced_at(over_a_cluster), cost(over_a_cluster)) == (before, sums)
    assert not (over_a_cluster / "sessions" / ".prices.json").exists()
    assert run_at(over_a_cluster, "pricing", "seller", "gpu", "--remove").returncode == 3


def test_first_pattern_that_fits_counts(over_a_cluster):
    """In the order in which they were stated; those of the data folder before those for all."""
    done_at(over_a_cluster, "pricing", "seller", "*inner*", "together", "--global")
    assert priced_at(over_a_cluster)[0][1][1] == "together"
    done_at(over_a_cluster, "pricing", "seller", "outbound*", "novita")
    done_at(over_a_cluster, "pricing", "seller", "*", "fireworks")

    assert [each[1][1] for each in priced_at(over_a_cluster)] == ["novita", "fireworks"]


def test_what_is_said_of_sellers_is_listed(over_a_cluster):
    """Without words: the patterns in the order in which they count, where each stands, and all sellers."""
    assert "Nothing is said" in done_at(over_a_cluster, "pricing", "seller")
    done_at(over_a_cluster, "pricing", "seller", "*eu*", "azure")
    done_at(over_a_cluster, "pricing", "seller", "*", "bedrock")
    shown = data_at(over_a_cluster, "pricing", "seller")
    text = done_at(over_a_cluster, "pricing", "seller")

    own = str(over_a_cluster / "sessions" / ".prices.json")
    assert shown["patterns"] == [
        {"pattern": "*eu*", "seller": "azure", "origin": own},
        {"pattern": "*", "seller": "bedrock", "origin": own},
    ]
    assert {"seller": "vertex", "name": "Vertex AI"} in shown["sellers"]
    assert text.index("*eu*") < text.index("bedrock") < text.index("Vertex AI")


def test_show_says_who_sells_it(four_calls):
    """By the name, and by which names one asks for what others take for the same model."""
    by_name = {
        name: data_at(four_calls, "pricing", "show", name)
        for name in ("deepseek-v3", "accounts/fireworks/models/deepseek-v3", "azure/gpt-4o", "gemini/gemini-2.5-pro")
    }
    text = done_at(four_calls, "pricing", "show", "fireworks/deepseek-v3")

    assert [each["seller"] for each in by_name.values()] == [None, "fireworks", "azure", "google"]
    assert "fireworks/deepseek-v3" in by_name["deepseek-v3"]["also_sold_as"]
    assert by_name["accounts/fireworks/models/deepseek-v3"]["also_sold_as"][0] == "deepseek-v3"
    assert "Seller: Fireworks\n" in text
    assert "What others take for it:\n  pricing show deepseek-v3\n" in text
    assert "Seller: not told by the name" in done_at(four_calls, "pricing", "show", "deepseek-v3")


def test_own_price_holds_whoever_sells_it(four_calls):
    """A price that a person states is said to be no seller's, and no reseller is named for it; of a seller's name it is theirs."""
    done_at(four_calls, "pricing", "set", "gpt-4o", "1", "2", "--cache-read", "0.5")
    done_at(four_calls, "pricing", "set", "ollama/deepseek-v3", "0", "0")
    done_at(four_calls, "pricing", "alias", "mine", "azure/gpt-4o-mini")

    assert data_at(four_calls, "pricing", "show", "gpt-4o")["also_sold_as"] == []
    assert "Seller: any, as you stated the price\n" in done_at(four_calls, "pricing", "show", "gpt-4o")
    assert "Seller: a machine of one's own\n" in done_at(four_calls, "pricing", "show", "ollama/deepseek-v3")
    assert data_at(four_calls, "pricing", "show", "ollama/deepseek-v3")["also_sold_as"] == []
    assert data_at(four_calls, "pricing", "show", "mine")["also_sold_as"][0] == "gpt-4o-mini"


def test_another_currency_needs_a_rate(four_calls):
    """A price in CNY counts at the rate that was stated; without a rate it is refused with what to do."""
    refused = run_at(four_calls, "pricing", "set", "my-deployment", "10", "10", "--currency", "cny")

    assert refused.returncode == 2
    assert "--rate" in refused.stderr

    done_at(four_calls, "pricing", "set", "my-deployment", "10", "10", "--currency", "CNY", "--rate", "0.14")

    assert cost(four_calls) == ("0.00571", 1)
    assert "10 CNY" in done_at(four_calls, "pricing", "list", "--search", "my-dep")


def test_the_data_folders_prices_lie_over_those_for_all(four_calls):
    """--global writes to the configuration folder; the data folder's own list counts before it; both are private."""
    done_at(four_calls, "pricing", "set", "my-deployment", "1", "1", "--global")
    assert cost(four_calls) == ("0.0049", 1)
    done_at(four_calls, "pricing", "set", "my-deployment", "2", "2")
    assert cost(four_calls) == ("0.006925", 1) != ("0.0049", 1)

    general = four_calls / "config" / "agent-session-monitor" / "prices.json"
    for path in (general, four_calls / "sessions" / ".prices.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done_at(four_calls, "pricing", "reset")
    done_at(four_calls, "pricing", "reset", "--global")
    assert cost(four_calls) == ("0.002875", 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "m", "-1", "2"],
        ["set", "m", "cheap", "2"],
        ["set", "m", "nan", "2"],
        ["set", "m", "1", "0.0000001"],
        ["set", "m", "1", "2", "--from", "May"],
        ["set", "m", "1", "2", "--currency", "yuan"],
        ["set", "", "1", "2"],
        ["alias", "", "gpt-4o"],
        ["seller", "", "azure"],
        ["seller", "my-route"],
        ["seller", "my-route", "nobody"],
        ["seller", "--remove"],
        ["seller", "my-route", "azure", "--remove"],
        ["assume", "--cache-write", "2h"],
        ["assume", "--cache", "outside"],
        ["assume", "--model", "m"],
        ["assume", "--cache", "inside", "--model", " "],
        ["assume", "--remove", "--consumer", ""],
    ],
)
def test_what_is_no_price_is_refused(four_calls, arguments):
    """Arguments that make no price end with exit code 2 and leave no file."""
    result = run_at(four_calls, "pricing", *arguments)

    assert result.returncode == 2
    assert result.stderr
    assert not (four_calls / "sessions" / ".prices.json").exists()


def test_a_mistake_in_the_file_names_its_line(four_calls):
    """A list that somebody broke is an error with its line, in text and in JSON; nothing is priced beside it."""
    path = four_calls / "sessions" / ".prices.json"
    path.write_text('{"schema": 1,\n"models": {\n"m-1": {"prices": [{"input": 1, "output": "2"}]}}}', encoding="utf-8")

    result = run_at(four_calls, "list", "--json")

    assert result.returncode == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "bad_prices"
    assert f"{path}, line 3" in error["message"]
    assert run_at(four_calls, "pricing", "set", "x-1", "1", "1").returncode == 1
    assert "line 3" in run_at(four_calls, "show", "s").stderr


def test_unknown_models_are_told_with_near_ones(four_calls):
    """A model that has no price ends with exit code 3, and with the names that were perhaps meant."""
    result = run_at(four_calls, "pricing", "show", "gpt-4o-minni")

    assert result.returncode == 3
    assert "gpt-4o-mini" in result.stderr
    assert run_at(four_calls, "pricing", "reset", "gpt-4o").returncode == 3
    assert run_at(four_calls, "whatif", "s", "--model", "nothing-1").returncode == 3


def test_who_has_no_home_cannot_set_prices_for_all_folders(four_calls, monkeypatch):
    """That is said, and nothing is written to a folder called `~`."""
    before = sorted(path.name for path in four_calls.iterdir())
    monkeypatch.setattr(own_lists, "of_person", lambda _environment: None)

    with pytest.raises(Failure, match="HOME") as told:
        read(argparse.Namespace(everywhere=True), None)

    assert (told.value.code, told.value.status) == ("no_home", 1)
    assert sorted(path.name for path in four_calls.iterdir()) == before


def test_show_says_why(four_calls):
    """It tells which row was matched and how, and marks the one in force."""
    text = done_at(four_calls, "pricing", "show", "openrouter/anthropic/claude-sonnet-4.5")

    assert "is priced as openrouter/claude-sonnet-4-5 (exact" in text
    assert text.count("→") == 1


def test_list_of_all_prices(four_calls):
    """Every known model has a row; a search narrows it down, and says so where nothing is left."""
    every = data_at(four_calls, "pricing", "list")

    assert len(every) > 500
    assert {row["vendor"] for row in data_at(four_calls, "pricing", "list", "--search", "anthropic")} >= {"anthropic"}
    listed = run_at(four_calls, "pricing", "list")
    assert len(listed.stdout.splitlines()) == len(every) + 2
    assert listed.stderr == "cli.py: *: other prices hold for long prompts or at some hours, see 'pricing show MODEL'\n"
    assert "No model's name contains" in done_at(four_calls, "pricing", "list", "--search", "no such thing")


@pytest.fixture
def own_list(tmp_path):
    """A person's home whose data folder has a list with prices of every form."""
    (tmp_path / "sessions").mkdir()
    plain = {"input": "1", "output": "2"}
    tiers = [{"above": 200000, "input": "3"}]
    windows = [
        {"utc": ["16:30", "23:00"], "weekdays": [1, 7], "input": "0.5"},
        {"utc": ["00:00", "01:00"], "output": "1"},
    ]
    found = {"observed": "2026-01-02", "source": "a page", "url": "https://example.org/", "note": "with tax"}
    models = {
        "my-changed": {"prices": [{**plain, "from": None}, {"input": "4", "output": "5", "from": "2026-01-01"}]},
        "my-later": {"vendor": "me", "prices": [{**plain, "from": "2999-01-01"}]},
        "my-tiers": {"note": "a note", "prices": [{**plain, "tiers": tiers, "cache_read": "0.1", "currency": "CNY"}]},
        "my-windows": {"prices": [{**plain, "windows": windows, **found}]},
    }
    document = {"schema": 1, "models": models, "rates": {"CNY": [{"from": "2026-01-01", "usd": "0.14"}]}}
    (tmp_path / "sessions" / ".prices.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path


def test_list_has_the_prices_of_today(own_list):
    """Of a model with none yet, from when on; a star says that they depend on more than the day."""
    _, _, *rows = run_at(own_list, "pricing", "list", "--search", "my-").stdout.splitlines()

    assert [row.split() for row in rows] == [
        ["my-changed", "-", "4", "5", "-", "-", "2026-01-01", "your", "own"],
        ["my-later", "me", "-", "-", "-", "-", "from", "2999-01-01", "-"],
        ["my-tiers", "-", "1", "CNY*", "2", "CNY*", "0.1", "CNY", "-", "-", "your", "own"],
        ["my-windows", "-", "1*", "2*", "-", "-", "-", "your", "own"],
    ]


def test_show_has_all_prices(own_list):
    """Each row with its tiers, its hours and where it is from; an arrow at the one of today."""

    def shown(model):
        text = done_at(own_list, "pricing", "show", model)
        return text[text.index("From:") :].splitlines()[1:]

    assert done_at(own_list, "pricing", "show", "My-Later").splitlines()[:4] == [
        "My-Later is priced as my-later (override: your own price)",
        "Vendor: me",
        "Seller: any, as you stated the price",
        f"From:   {own_list}/sessions/.prices.json",
    ]
    assert "From:   the list that comes with the monitor\n" in done_at(own_list, "pricing", "show", "gpt-4o")
    assert shown("my-changed") == [
        "Prices for 1M tokens:",
        "  since ever: input 1, output 2 USD",
        "→ from 2026-01-01: input 4, output 5 USD",
    ]
    assert shown("my-tiers") == [
        "Note:   a note",
        "Prices for 1M tokens:",
        "→ since ever: input 1, output 2, cache read 0.1 CNY",
        "    prompts above 200,000 tokens: input 3",
    ]
    assert shown("my-windows") == [
        "Prices for 1M tokens:",
        "→ since ever: input 1, output 2 USD",
        "    16:30 to 23:00 UTC on Mon, Sun: input 0.5",
        "    00:00 to 01:00 UTC: output 1",
        "    source: a page, seen there on 2026-01-02",
        "    https://example.org/",
        "    with tax",
    ]


def test_what_was_set_is_told(four_calls):
    """The prices by their names, the currency, and from when on they hold, where that is not since ever."""
    told = done_at(four_calls, "pricing", "set", "My-M", "1.50", "6e0", "--cache-read", "0.5")
    assert told == "my-m: input 1.5, output 6, cache read 0.5 USD for 1M tokens\n"
    told = done_at(four_calls, "pricing", "set", "my-m", "1", "2", "--cache-read", "0", "--from", "2026-05-01")
    assert told == "my-m: input 1, output 2, cache read 0 USD for 1M tokens, from 2026-05-01 on\n"
    assert done_at(four_calls, "pricing", "alias", "mine", "GPT-4o") == "mine is priced as gpt-4o\n"
    assert done_at(four_calls, "pricing", "reset", "Mine") == "mine has no price now\n"
    done_at(four_calls, "pricing", "set", "gpt-4o", "1", "2", "--cache-read", "0.5")
    assert done_at(four_calls, "pricing", "reset", "gpt-4o") == (
        "gpt-4o has the price of gpt-4o again, the shipped one\n"
    )
    own = four_calls / "sessions" / ".prices.json"
    assert done_at(four_calls, "pricing", "reset") == f"Your own prices in {own} are gone; the shipped ones count.\n"
    assert not own.exists()


def test_rounds_carry_their_cost(four_calls):
    """Each round in JSON has its cost by kind with the row behind it, or null and the reason."""
    rounds = data_at(four_calls, "show", "s")["rounds"]

    assert [entry["cost_usd"] for entry in rounds] == ["0.002875", None, None, None]
    assert rounds[0]["cost_parts_usd"] == {
        "fresh_input": "0.00125",
        "cache_read": "0.000625",
        "visible_output": "0.001",
    }
    assert rounds[0]["cache_savings_usd"] == "0.000625"
    assert rounds[0]["price"]["model"] == "gpt-4o"
    assert [entry.get("unpriced") for entry in rounds[1:]] == ["unknown_model", "unknown_model", "no_tokens"]


# -- assume ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_open_caches(tmp_path):
    """A person's home, and a data folder with a call whose cache writes tell no lifetime, and one with two readings."""
    written, converted = {"cache_creation_input_tokens": 1000}, {"cache_read_input_tokens": 900}
    told = {"model": "claude-sonnet-4-5", "input_token": 1000, "output_token": 10, "consumer": "x"}
    over = {"upstream_cluster": "anthropic"}
    calls = [line("s", n, over, input_token_details=each, **told) for n, each in enumerate((written, converted))]
    sessions(tmp_path / "sessions", *calls)
    return tmp_path


def costs_at(home):
    """Of each round the cost, that by the other reading, and the notes; and what the session cost."""
    rounds = data_at(home, "show", "s")["rounds"]
    names = ("cost_usd", "other_reading_usd", "cost_notes")
    return [tuple(each.get(name) for name in names) for each in rounds], cost(home)[0]


BEFORE = [("0.0069", "0.00915", ["cache_write_5m"]), ("0.00072", "0.00342", ["cache_inside"])], "0.00762"


def test_what_is_open_is_as_one_says(with_open_caches):
    """Both sums are told until a rule decides; what was priced before follows, and goes back when it is taken back."""
    assert costs_at(with_open_caches) == BEFORE
    shown = done_at(with_open_caches, "show", "s")
    assert "; $0.00915 if what was written to the cache is kept for an hour" in shown
    assert "; $0.00342 if the cache lies beside the input" in shown

    done_at(with_open_caches, "pricing", "assume", "--cache-write", "1h", "--consumer", "x", "--global")
    done_at(with_open_caches, "pricing", "assume", "--cache", "beside", "--model", "claude-*")
    stated = ["as_stated"]
    assert costs_at(with_open_caches) == ([("0.00915", None, stated), ("0.00342", None, stated)], "0.01257")
    done_at(with_open_caches, "pricing", "assume", "--cache-write", "5m", "--cache", "inside")
    assert costs_at(with_open_caches) == ([("0.0069", None, stated), ("0.00072", None, stated)], "0.00762")

    assert run_at(with_open_caches, "pricing", "assume", "--remove", "--model", "claude").returncode == 3
    assert run_at(with_open_caches, "pricing", "assume", "--remove", "--cache-write", "1h").returncode == 3
    done_at(with_open_caches, "pricing", "assume", "--remove")
    done_at(with_open_caches, "pricing", "assume", "--remove", "--cache", "beside", "--model", "claude-*")
    done_at(with_open_caches, "pricing", "reset", "--global")
    assert costs_at(with_open_caches) == BEFORE
    assert not (with_open_caches / "sessions" / ".prices.json").exists()


def test_what_is_assumed_is_listed(with_open_caches):
    """The rules in the order in which they count, each with the list in which it stands."""
    assert "Nothing is said" in done_at(with_open_caches, "pricing", "assume")
    told = done_at(
        with_open_caches, "pricing", "assume", "--cache-write", "1h", "--model", "claude-*", "--consumer", "x"
    )
    done_at(with_open_caches, "pricing", "assume", "--cache", "beside")

    kept = "what is written to a cache is kept for an hour, in calls of model claude-* and of consumer x"
    assert told == f"{kept}, where the log leaves that open\n"
    own = str(with_open_caches / "sessions" / ".prices.json")
    assert data_at(with_open_caches, "pricing", "assume") == [
        {"setting": "cache", "value": "beside", "model": None, "consumer": None, "origin": own},
        {"setting": "cache_write", "value": "1h", "model": "claude-*", "consumer": "x", "origin": own},
    ]
    shown = done_at(with_open_caches, "pricing", "assume").splitlines()
    assert [each.split()[:5] for each in shown[2:]] == [
        ["cache", "beside", "all", "all", own],
        ["cache", "write", "1h", "claude-*", "x"],
    ]
