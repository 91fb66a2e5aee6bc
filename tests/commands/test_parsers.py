"""What a command line answers to words that it does not know."""

from __future__ import annotations

import re

import pytest

from commands.shared import parsers
from session_monitor.text import table
from tests.support.command_line import run


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["tell"],
        ["show"],
        ["list", "--limit", "0"],
        ["list", "--limit", "-1"],
        ["list", "--limit", "few"],
        ["list", "--sort-by", "mood"],
        ["list", "--status", "happy"],
        ["list", "--min-cost", "much"],
        ["list", "--min-cost", "-1"],
        ["list", "--color", "green"],
        ["show", "x", "--messages", "some"],
        ["show", "x", "--rounds", "few"],
        ["show", "x", "--rounds", ""],
        ["show", "x", "--rounds", "last:0"],
        ["show", "x", "--format", "yaml"],
        ["stats-date", "--by", "year"],
        ["whatif", "x", "--price", "cheap"],
        ["whatif", "x", "--price", "m=1"],
        ["whatif", "x", "--price", "m=1:-2"],
        ["list", "--data", "x"],
        ["--vers"],
    ],
)
def test_wrong_arguments(arguments):
    """Arguments that make no sense end it with exit code 2 and the usage."""
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert "usage:" in done.stderr
    assert not re.search(r"invalid _?(positive|rounds|dollars) value", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["lits"], "list"),
        (["stat-model"], "stats-model"),
        (["list", "--sort-by", "token"], "tokens"),
        (["list", "--sort", "cost"], "--sort-by"),
        (["list", "--consummer", "x"], "--consumer"),
        (["show", "x", "--round=3"], "--rounds"),
        (["pricing", "lst"], "list"),
        (["tell"], None),
        (["list", "--xyzzy"], None),
    ],
)
def test_did_you_mean(arguments, hint):
    """A command, option or choice that is spelled wrongly is told with the one that may have been meant, if any is."""
    done = run(*arguments)

    assert done.returncode == 2
    assert re.findall(r"did you mean (\S+)\?", done.stderr) == ([hint] if hint else [])


def test_commands_of_ours_are_not_told():
    """What a shell's completion asks with is neither listed nor proposed."""
    done = run("__complet")

    assert done.returncode == 2
    assert "invalid choice" in done.stderr
    assert "__complete" not in done.stderr.replace("__complet'", "")


def test_a_commands_help():
    """It begins with what the list of commands says of it, as a sentence, and ends with examples as they are typed."""
    commands = parsers.Parser().add_subparsers()
    shown = parsers.command(commands, [], "count", "count what is there", "count --all", "count x").format_help()

    assert re.search(r"^Count what is there\.$", shown, re.MULTILINE)
    assert shown.endswith("examples:\n  python3 scripts/cli.py count --all\n  python3 scripts/cli.py count x\n")


def test_options_are_the_commands_own():
    """What all commands take becomes where the answer goes and what is asked about; the command keeps its own."""
    options = parsers.shared_options().parse_args(["--data-dir", "x", "--json", "--wide", "--color", "always"])
    options.limit = 3

    output, data = parsers.output(options), parsers.data(options, {})

    assert vars(options) == {"limit": 3}
    assert (data.folder, output.is_json, output.columns()) == ("x", True, None)
    assert output.paint()(table.BOLD, "x") == "\x1b[1mx\x1b[0m"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("list --json", "list --json"),
        ("--json list", "list --json"),
        ("--data-dir x --wide list --limit 1", "list --limit 1 --data-dir x --wide"),
        ("--data-dir=x pricing list", "pricing list --data-dir=x"),
        ("--data-dir x list --data-dir y", "list --data-dir y"),
        ("--data-dir x run -- sh --data-dir", "run --data-dir x -- sh --data-dir"),
        ("--data-dir x run --name a sh --json", "run --data-dir x --name a sh --json"),
        ("--data-dir x tag last -- bug", "tag last --data-dir x -- bug"),
        ("--json search -- --json", "search --json -- --json"),
        ("--data-dir= list", "list --data-dir="),
        ("--json", "--json"),
        ("--data-dir", "--data-dir"),
        ("--wrong list", "--wrong list"),
        ("--version", "--version"),
        ("", ""),
    ],
)
def test_options_before_the_command(typed, meant):
    """What all commands take may stand before the command; what stands behind it goes before that."""
    assert parsers.command_first(typed.split()) == meant.split()
