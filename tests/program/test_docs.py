"""The documents: every command that they show works as shown, and every file that they name is there."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import prepared

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = (
    *("README.md", "SKILL.md", "LOG_ROTATION.md"),
    *(
        "docs/BUDGETS.md",
        "docs/MCP.md",
        "docs/CHANGELOG.md",
        "docs/CLI.md",
        "docs/CODESESSION.md",
        "docs/FILES.md",
        "docs/IMPORT.md",
        "docs/INSIGHTS.md",
        "docs/INSTALL.md",
        "docs/MAINTAINING.md",
        "docs/METRICS.md",
        "docs/NUMBERS.md",
        "docs/PROGRAMS.md",
        "docs/WORK.md",
    ),
    *("docs/PRICES.md", "docs/PROXY.md", "docs/README.zh-CN.md", "docs/SERVER.md", "docs/SESSION_IDS.md"),
)


def _commands(document):
    """The lines of its bash blocks, in order."""
    blocks = re.findall(r"^ *```bash\n(.*?)^ *```$", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture
def checkout(tmp_path):
    """What a user has after a clone: the monitor and its sample, nothing else."""
    for name in ("main.py", "scripts", "tests/data/sample"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path


def _run(command, folder):
    assert command.startswith("python3 "), command
    words = command.split()
    own = {**os.environ, "SESSION_MONITOR_CONFIG": str(folder / "config.json")}
    return prepared.run(ROOT / words[1], *words[2:], cwd=folder, environment=own)


@pytest.mark.parametrize("document", ["README.md", "SKILL.md", "docs/CLI.md", "docs/WORK.md", "docs/CODESESSION.md"])
def test_commands_work(document, checkout):
    """Each command that a document shows does what it should on the sample log, in a fresh checkout."""
    commands = _commands(document)
    if document != "README.md":
        commands = [_commands("README.md")[0], *commands]

    results = {command: _run(command, checkout) for command in commands}

    assert commands
    assert {command: result.stderr for command, result in results.items() if result.returncode} == {}
    assert [command for command, result in results.items() if not result.stdout and "wrote" not in result.stderr] == []


def test_readme_shows_what_the_command_prints(checkout):
    """Each transcript in the README is a part of what its command prints."""
    shown = re.findall(r"```console\n\$ (.*?)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    _run(_commands("README.md")[0], checkout)
    assert len(shown) > 1

    for command, text in shown:
        assert _not_printed(text, _run(command, checkout).stdout) == []


def _not_printed(shown, printed):
    """Lines of a transcript that a command does not print."""
    # Times are those of the reader's time zone.
    times = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
    lines = [times.sub("TIME", line.rstrip()) for line in printed.splitlines()]
    wanted = [times.sub("TIME", line.rstrip()) for line in shown.splitlines() if line.strip() != "…"]
    return [line for line in wanted if line not in lines]


def test_every_parameter_is_documented():
    """The documents name every parameter that the programs know."""
    readme = "".join((ROOT / name).read_text() for name in ("docs/CLI.md", "docs/SERVER.md", "docs/MCP.md"))
    pricing = [["pricing", name] for name in ("list", "show", "set", "rate", "alias", "seller", "reset")]
    for face, commands in (
        ("main.py", [[]]),
        ("scripts/webserver.py", [[]]),
        ("scripts/mcpserver.py", [[]]),
        (
            "scripts/cli.py",
            [["url"], ["list"], ["show"], ["stats-model"], ["stats-date"], ["summary"], ["whatif"], *pricing],
        ),
    ):
        for command in commands:
            helped = subprocess.run(
                [sys.executable, ROOT / face, *command, "--help"], stdout=subprocess.PIPE, text=True, check=True
            ).stdout
            options = set(re.findall(r"--[a-z][a-z-]+", helped)) - {"--help"}
            assert {option for option in options if option not in readme} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    """Every file that a document links to is in the project."""
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / document).read_text())
    assert [link for link in links if not ((ROOT / document).parent / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_campaign_that_is_named_is_there(document):
    """What is shown as ``python3 -m …`` can be run so."""
    modules = re.findall(r"python3 -m (tests[\w.]+)", (ROOT / document).read_text())
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


def _campaigns():
    """Every campaign that takes options, or prints something, by its name with its options."""
    folder = ROOT / "tests" / "campaigns"
    for path in sorted([*folder.glob("*.py"), *folder.glob("*/__main__.py")]):
        source = path.read_text()
        if re.search(r"^    (sys\.exit\()?main\(", source, re.MULTILINE):
            yield path.stem if path.parent == folder else path.parent.name, _options(source)


def _options(source):
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    added = [call for call in calls if getattr(call.func, "attr", "") == "add_argument"]
    return [call.args[0].value for call in added if call.args[0].value.startswith("--")]


def test_every_campaign_is_named_with_its_options():
    """A maintainer finds each in the table of them, and all that it can be told."""
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)$", (ROOT / "docs" / "MAINTAINING.md").read_text(), re.MULTILINE))
    campaigns = dict(_campaigns())

    assert {"--bytes", "--seeds", "--look"} <= {*campaigns["ground_truth"]}  # they are looked at
    assert campaigns.keys() - rows.keys() == set()
    untold = {(name, each) for name, options in campaigns.items() for each in options if f"`{each}`" not in rows[name]}
    assert untold == set()


def _outline(document):
    """The levels of its headings, and its blocks of code, both in order."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?^```$", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)], blocks


def test_the_chinese_readme_says_the_same():
    """It has the same headings, by number and level, and shows the same commands as the English one, which it links to."""
    assert _outline("docs/README.zh-CN.md") == _outline("README.md")


def test_the_chinese_readme_leads_to_the_same_places():
    """Its links, tables and pictures are those of the English one, seen from its own folder."""

    def facts(document):
        text = (ROOT / document).read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#:]+)", text)
        places = {
            (ROOT / document).parent.joinpath(link).resolve().relative_to(ROOT.resolve()).as_posix() for link in links
        }
        return places - {"README.md", "docs/README.zh-CN.md"}, len(re.findall(r"^\|", text, re.MULTILINE))

    assert facts("docs/README.zh-CN.md") == facts("README.md")
