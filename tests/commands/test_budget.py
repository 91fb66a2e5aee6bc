"""budget as a user runs it: what is set is kept, what is spent is told with what it cannot see, a breach is exit code 4."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.command_line import data, run

BREACHED, NOT_FOUND, USAGE, FAILED = 4, 3, 2, 1


@pytest.fixture
def folder(sample, tmp_path):
    """The sessions of the sample log, to change."""
    return shutil.copytree(sample, tmp_path / "sessions")


def budget(folder, *words):
    """The command on this folder."""
    return run("budget", *words, "--data-dir", folder)


def test_setting_listing_removing(folder):
    """What is set is listed in its order; the same name sets anew."""
    assert budget(folder, "set", "all", "--daily", "5").stdout.startswith("all: $5.00 daily; it warns at 80 %.")
    budget(folder, "set", "team", "--monthly", "200", "--consumer", "team-*", "--timezone", "Asia/Shanghai")
    budget(folder, "set", "all", "--weekly", "--tokens", "10,000", "--warn", "90%")

    listed = data("budget", "list", "--data-dir", folder)["budgets"]
    assert listed == [
        {"name": "all", "weekly": None, "tokens": 10000, "warn": "90%"},
        {"name": "team", "monthly": "200", "consumer": "team-*", "warn": "80%", "timezone": "Asia/Shanghai"},
    ]
    assert budget(folder, "remove", "all").stdout == "all is no budget any more.\n"
    assert [each["name"] for each in data("budget", "list", "--data-dir", folder)["budgets"]] == ["team"]
    assert budget(folder, "remove", "all").returncode == NOT_FOUND


def test_a_breach_is_an_exit_code(folder):
    """Also where it is asked about by name, and as JSON; where all is well it is 0."""
    assert budget(folder, "check").stdout == "There are no budgets: 'budget set all --daily 5' sets one.\n"
    budget(folder, "set", "little", "--total", "0.1")
    budget(folder, "set", "much", "--total", "1000")
    budget(folder, "set", "near", "--total", "0.2")

    done = budget(folder, "check")
    assert (done.returncode, done.stdout.splitlines()) == (
        BREACHED,
        [
            "✗ little: ~$0.175+ of $0.10 total (175 %, used up)",
            "⚠ near: ~$0.175+ of $0.20 total (87 %, near its limit)",
        ],
    )
    assert budget(folder, "check", "little", "--json").returncode == BREACHED
    assert budget(folder, "check", "near").returncode == 0
    assert budget(folder, "check", "much").stdout == "1 budget: none is near its limit.\n"
    answer = data("budget", "check", "much", "near", "--data-dir", folder)
    assert (answer["level"], [each["level"] for each in answer["budgets"]]) == ("warning", ["ok", "warning"])


def test_the_status_tells_what_a_budget_cannot_see(folder):
    """A call without tokens is in no sum, and is told beside it."""
    budget(folder, "set", "all", "--total", "1")

    shown = budget(folder, "status").stdout.splitlines()
    assert shown == [
        "✓ all: ~$0.175+ of $1.00 total (17 %)",
        "    left: $0.825",
        "    does not see 1 round unpriced (1 without tokens)",
    ]
    (told,) = data("budget", "status", "--data-dir", folder)["budgets"]
    assert (told["unseen_calls"], told["without_tokens"], told["cost_usd"]) == (1, 1, "0.174785018")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "a", "--daily", "x"], "'x' is no amount"),
        (["set", "a", "--daily"], "needs an amount of dollars"),
        (["set", "a b", "--daily", "5"], "needs a name"),
        (["set", "a", "--daily", "5", "--weekly", "5"], "not allowed with"),
        (["set", "a"], "one of the arguments"),
        (["set", "a", "--daily", "5", "--timezone", "Mars"], "no time zone 'Mars'"),
    ],
)
def test_what_is_wrong_is_told(folder, words, said):
    """And nothing is written."""
    done = budget(folder, *words)

    assert (done.returncode, said in " ".join(done.stderr.split())) == (USAGE, True)
    assert not (folder / ".budgets.json").exists()


def test_a_file_with_a_mistake(folder):
    """No budget is taken for one that is not there: it fails, and says where the mistake is."""
    (folder / ".budgets.json").write_text('{"schema_version": 1, "budgets": [{"name": "a", "dayly": "5"}]}')

    for words in (["check"], ["status"], ["list"], ["set", "b", "--daily", "5"]):
        done = run("budget", *words, "--data-dir", folder, "--json")
        assert done.returncode == FAILED
        assert json.loads(done.stdout)["error"]["code"] == "bad_budgets"
        assert "budgets[0]: 'dayly' is no word of a budget" in done.stderr


def test_an_unknown_budget(folder):
    """A misspelled name is no budget that is kept."""
    budget(folder, "set", "all", "--daily", "5")
    done = budget(folder, "check", "al")

    assert (done.returncode, done.stderr) == (NOT_FOUND, "cli.py: there is no budget al; there are all\n")


def test_names_of_strangers_are_text(folder):
    """A pattern with what steers a terminal is shown without."""
    budget(folder, "set", "a", "--daily", "5", "--model", "x\x1b[31m")

    assert "\x1b" not in budget(folder, "list").stdout


def test_commands_at_once_lose_nothing_of_one_another_s(folder):
    """Budgets, and who is told: each is there."""
    words = [["budget", "set", f"b{number}", "--daily", "5"] for number in range(4)]
    words += [["alerts", "target", "add", f"t{number}", "command", "argv=true"] for number in range(3)]
    with ThreadPoolExecutor(len(words)) as pool:
        done = list(pool.map(lambda each: run(*each, "--data-dir", folder), words))

    assert [each.returncode for each in done] == [0] * len(words), [each.stderr for each in done]
    names = {each["name"] for each in json.loads((folder / ".budgets.json").read_text())["budgets"]}
    assert names == {"b0", "b1", "b2", "b3"}
    assert len(json.loads((folder / ".alerts.json").read_text())["targets"]) == 3
