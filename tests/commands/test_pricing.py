"""cli.py's pricing and whatif as a user runs them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from session_monitor.log.checkpoint import Checkpoint
from session_monitor.monitor.ingest import Ingest
from session_monitor.sessions.store import Store
from tests.support import calls

CLI = Path(__file__).resolve().parent.parent.parent / "scripts" / "cli.py"
PATIENCE = 30


@pytest.fixture
def home(tmp_path):
    """A person's home, and a data folder with a session of four calls, one of which has no price."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    lines = [
        calls.line("s", model="gpt-4o", input_token=1000, output_token=100, total_token=1100, cached_tokens=500),
        calls.line("s", model="my-deployment", input_token=2000, output_token=10, total_token=2010),
        calls.line("s", model="my-deployment", start_time="2026-06-01T00:00:00Z"),
        calls.line("s", model="gpt-4o", input_token=None, output_token=None, total_token=None),
    ]
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(line + b"\n" for line in lines))
    Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / ".state.json"), str(folder))).poll()
    return tmp_path


def run(home, *arguments):
    """Run cli.py on the data folder to its end."""
    return subprocess.run(
        [sys.executable, CLI, *map(str, arguments), "--data-dir", home / "sessions"],
        env={**os.environ, "XDG_CONFIG_HOME": str(home / "config"), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


def done(home, *arguments):
    """What a command that succeeds prints."""
    result = run(home, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def data(home, *arguments):
    """What it prints as JSON."""
    return json.loads(done(home, *arguments, "--json"))["data"]


def cost(home):
    """The session's cost, and the rounds that are not in it."""
    (row,) = data(home, "list")
    return row["cost_usd"], row["unpriced_rounds"]


def test_unpriced_models_are_listed_with_what_to_do(home):
    """The names that have no price come with their rounds and the command that states one."""
    assert data(home, "pricing", "list", "--unpriced") == [{"model": "my-deployment", "rounds": 2}]

    text = done(home, "pricing", "list", "--unpriced")

    assert "my-deployment" in text
    assert "pricing set" in text
    assert "1 round told no tokens" in text


def test_set_prices_a_model_and_reset_forgets_it(home):
    """A price of one's own counts at once, for old rounds too; reset brings back what was before."""
    before = cost(home)

    assert before == ("0.002875", 3)
    assert "my-deployment" in done(home, "pricing", "set", "My-Deployment", "1.50", "6e0")
    assert cost(home) == ("0.00598", 1)
    assert data(home, "pricing", "show", "my-deployment")["match"] == "override"
    done(home, "pricing", "reset", "my-deployment")
    assert cost(home) == before
    assert not (home / "sessions" / ".prices.json").exists()


def test_a_price_from_a_day_on(home):
    """With --from, calls before that day keep the price they had, and without one they stay unpriced."""
    done(home, "pricing", "set", "my-deployment", "1", "1", "--from", "2026-05-01")

    assert cost(home) == ("0.00289", 2)

    done(home, "pricing", "set", "gpt-4o", "0", "0", "--from", "2026-05-01")

    assert cost(home) == ("0.00289", 2)
    assert [row["from"] for row in data(home, "pricing", "show", "gpt-4o")["prices"]] == [None, "2026-05-01"]


def test_alias_lends_a_models_prices(home):
    """A deployment's name costs what the model costs that it stands for."""
    done(home, "pricing", "alias", "my-deployment", "gpt-4o-mini")

    shown = data(home, "pricing", "show", "my-deployment")

    assert (shown["model"], shown["match"]) == ("gpt-4o-mini", "alias")
    assert cost(home) == ("0.0031855", 1)
    assert run(home, "pricing", "alias", "x", "no-such-model-1").returncode == 3
    assert run(home, "pricing", "alias", "gpt-4o", "GPT-4o").returncode == 2


def test_another_currency_needs_a_rate(home):
    """A price in CNY counts at the rate that was stated; without a rate it is refused with what to do."""
    refused = run(home, "pricing", "set", "my-deployment", "10", "10", "--currency", "cny")

    assert refused.returncode == 2
    assert "--rate" in refused.stderr

    done(home, "pricing", "set", "my-deployment", "10", "10", "--currency", "CNY", "--rate", "0.14")

    assert cost(home) == ("0.00571", 1)
    assert "10 CNY" in done(home, "pricing", "list", "--search", "my-dep")


def test_the_data_folders_prices_lie_over_those_for_all(home):
    """--global writes to the configuration folder; the data folder's own list counts before it; both are private."""
    done(home, "pricing", "set", "my-deployment", "1", "1", "--global")
    assert cost(home) == ("0.0049", 1)
    done(home, "pricing", "set", "my-deployment", "2", "2")
    assert cost(home) == ("0.006925", 1) != ("0.0049", 1)

    general = home / "config" / "agent-session-monitor" / "prices.json"
    for path in (general, home / "sessions" / ".prices.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done(home, "pricing", "reset")
    done(home, "pricing", "reset", "--global")
    assert cost(home) == ("0.002875", 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "m", "-1", "2"],
        ["set", "m", "nan", "2"],
        ["set", "m", "1", "0.0000001"],
        ["set", "m", "1", "2", "--from", "May"],
        ["set", "m", "1", "2", "--currency", "yuan"],
        ["set", "", "1", "2"],
        ["alias", "", "gpt-4o"],
    ],
)
def test_what_is_no_price_is_refused(home, arguments):
    """Arguments that make no price end with exit code 2 and leave no file."""
    result = run(home, "pricing", *arguments)

    assert result.returncode == 2
    assert result.stderr
    assert not (home / "sessions" / ".prices.json").exists()


def test_a_mistake_in_the_file_names_its_line(home):
    """A list that somebody broke is an error with its line, in text and in JSON; nothing is priced beside it."""
    path = home / "sessions" / ".prices.json"
    path.write_text('{"schema": 1,\n"models": {\n"m-1": {"prices": [{"input": 1, "output": "2"}]}}}', encoding="utf-8")

    result = run(home, "list", "--json")

    assert result.returncode == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "bad_prices"
    assert f"{path}, line 3" in error["message"]
    assert run(home, "pricing", "set", "x-1", "1", "1").returncode == 1
    assert "line 3" in run(home, "show", "s").stderr


def test_unknown_models_are_told_with_near_ones(home):
    """A model that has no price ends with exit code 3, and with the names that were perhaps meant."""
    result = run(home, "pricing", "show", "gpt-4o-minni")

    assert result.returncode == 3
    assert "gpt-4o-mini" in result.stderr
    assert run(home, "pricing", "reset", "gpt-4o").returncode == 3
    assert run(home, "whatif", "s", "--model", "nothing-1").returncode == 3


def test_show_says_why(home):
    """It tells which row was matched and how, and marks the one in force."""
    text = done(home, "pricing", "show", "openrouter/anthropic/claude-sonnet-4.5")

    assert "is priced as claude-sonnet-4-5 (exact" in text
    assert text.count("→") == 1


def test_what_if_is_a_range(home):
    """The same calls on another model: with the cached share and without, labelled as an estimate."""
    found = data(home, "whatif", "s", "--model", "gpt-4o-mini")

    (estimate,) = found["models"]
    assert found["estimate"] is True
    assert found["actual"]["cost_usd"] == "0.002875"
    # 3,010 tokens in, of which 500 cached, and 115 out, at 0.15 (0.075 cached) and 0.6 for a million.
    assert (estimate["low_usd"], estimate["high_usd"]) == ("0.000483", "0.0005205")
    text = done(home, "whatif", "s", "--model", "gpt-4o-mini")
    assert "estimate" in text
    assert "$0.000483 to $0.000520" in text
    assert run(home, "whatif", "none", "--model", "gpt-4o-mini").returncode == 3


def test_list_of_all_prices(home):
    """Every known model has a row; a search narrows it down, and says so where nothing is left."""
    every = data(home, "pricing", "list")

    assert len(every) > 500
    assert {row["vendor"] for row in data(home, "pricing", "list", "--search", "anthropic")} >= {"anthropic"}
    assert len(done(home, "pricing", "list").splitlines()) == len(every) + 2
    assert "No model's name contains" in done(home, "pricing", "list", "--search", "no such thing")


def test_rounds_carry_their_cost(home):
    """Each round in JSON has its cost by kind with the row behind it, or null and the reason."""
    rounds = data(home, "show", "s")["rounds"]

    assert [entry["cost_usd"] for entry in rounds] == ["0.002875", None, None, None]
    assert rounds[0]["cost_parts_usd"] == {
        "fresh_input": "0.00125",
        "cache_read": "0.000625",
        "visible_output": "0.001",
    }
    assert rounds[0]["cache_savings_usd"] == "0.000625"
    assert rounds[0]["price"]["model"] == "gpt-4o"
    assert [entry.get("unpriced") for entry in rounds[1:]] == ["unknown_model", "unknown_model", "no_tokens"]
