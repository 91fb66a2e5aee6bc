"""The help: every example in it works as it stands, and a mistake is answered with what may have been meant."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import cli
import main
from tests.support import prepared
from tests.support.needs import need_tool
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60
ENDS = {"watch": "--once", "tail": "--once", "delete": "--yes", "prune": "--yes"}
"""What an example lacks to end by itself, and to do so without asking."""
LASTING = {"proxy": "--port 0"}
"""What goes on until it is told to end, and what it is given besides; the tests of each say more."""
CLI = "python3 scripts/cli.py"
BEFORE = {
    f"{CLI} pricing reset": f"{CLI} pricing set qwen-long 0.5 2",
    f"{CLI} pricing reset 'ft:": f"{CLI} pricing set 'ft:gpt-4o*' 3.75 15",
    f"{CLI} pricing discount OpenAI --remove": f"{CLI} pricing discount OpenAI 15",
    f"{CLI} pricing assume --remove --model 'glm-*'": f"{CLI} pricing assume --cache beside --model 'glm-*'",
    f"{CLI} budget check all": f"{CLI} budget set all --daily 5",
    f"{CLI} budget check all runaway": f"{CLI} budget set runaway --rate 2/h",
    f"{CLI} budget remove all": f"{CLI} budget set all --daily 5",
    f"{CLI} alerts test": f"{CLI} alerts target add phone command argv=/bin/true",
    f"{CLI} note last --remove 1": f"{CLI} note last 'the fix is in round 14'",
    f"{CLI} tag last bug --remove": f"{CLI} tag last bug",
    f"{CLI} alerts target remove phone": f"{CLI} alerts target add phone ntfy topic=env:NTFY_TOPIC",
    f"{CLI} today": f"{CLI} today add .",
    f"{CLI} end": f"{CLI} start 'Fix the build' --session-id fix-the-build-20260201-093000",
    f"{CLI} auto-log": "mkdir -p ~/.claude/projects/-work; F=~/.claude/projects/-work/0b8f6c1e-1.jsonl; touch $F; "
    'echo "{\\"transcript_path\\": \\"$F\\"}" > hook.json',
    f"{CLI} log-ai": f"{CLI} start my-session",
    f"{CLI} config unset timezone": f"{CLI} config set timezone UTC",
    f"{CLI} pricing seller my-gpu-route --remove": f"{CLI} pricing seller my-gpu-route own_machine",
    f"{CLI} ship --forget": f"{CLI} ship --to file:rounds",
}
"""What an example needs to have been done."""


def commands(parser=None, path=()):
    """Every command of cli.py by its path, those of other commands included and the hidden ones left out."""
    parsers = {path: parser or cli.parser()}
    for action in parsers[path]._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                if not name.startswith("_"):
                    parsers.update(commands(below, (*path, name)))
    return parsers


def examples(parser):
    """The lines of a help's end that are commands."""
    lines = (line.strip() for line in (parser.epilog or "").splitlines())
    return [line for line in lines if line.startswith((CLI, "python3 main.py", "* "))]


EXAMPLES = list(dict.fromkeys(example for parser in commands().values() for example in examples(parser)))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """What a user has after a clone and a first look at the sample."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("main.py", "scripts", "tests/data/sample"):
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for place, case in ((".claude", "claude-code.traps"), (".codex", "codex.traps"), ("backup/.codex", "codex.traps")):
        shutil.copytree(ROOT / "tests" / "importers" / "data" / case / "in", folder / place)
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    (folder / "bin" / "python3").chmod(0o755)
    run(f"python3 main.py --once --log-path {folder}/tests/data/sample/access.log --output-dir first", folder)
    return folder


def environment(folder):
    """A user's settings, with our Python as ``python3``."""
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    ours = {**os.environ, "PATH": path, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config")}
    return {**ours, "SESSION_MONITOR_CONFIG": str(folder / "config.json")}


def run(command, folder):
    """Run a line as a shell does; where it has nothing that is for a shell, a start of Python is spared."""
    if not set(command) & set("|&;<>$*?~(){}`#\n") and command.startswith("python3 "):
        words = shlex.split(command)[1:]
        return prepared.run(ROOT / words[0], *words[1:], cwd=folder, environment=environment(folder), timeout=PATIENCE)
    return subprocess.run(
        [need_tool("bash"), "-c", command],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


def at_home(example, folder):
    """An example with logs and folders that a test may use, and sessions of the sample."""
    for place, ours in (
        ("* * * * * ", ""),
        ("/path/to/", ""),
        ("/var/lib/sessions", f"{folder}/sessions"),
        ("/var/log/gateway-*/", f"{folder}/tests/data/sam*e/"),
        ("/var/log/pods/*_higress-gateway-*/higress-gateway/", f"{folder}/tests/data/sam*e/"),
        ("/var/log/proxy/", f"{folder}/tests/data/sample/"),
        ("agent:main:1", "nightly-digest-2026-02-02"),
        ("agent:main:2", "agent:main:discord:channel:1465367993012981988"),
    ):
        example = example.replace(place, ours)
    assert "/var/" not in example
    return example


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_has_an_example(path):
    """Each help ends with an example of its command."""
    start = " ".join([CLI, *path])
    assert [each for each in examples(commands()[path]) if each.startswith(start)]


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_work(checkout, example):
    """Each example does what it should on the sample, and ends with exit code 0."""
    shutil.rmtree(checkout / "sessions", ignore_errors=True)
    shutil.copytree(checkout / "first", checkout / "sessions")
    (checkout / "config.json").unlink(missing_ok=True)
    for start, command in BEFORE.items():
        if example.startswith(start):
            assert run(command, checkout).returncode == 0
    name = example[len(CLI) :].split()[0]
    if name in LASTING:
        example = (
            f"rm -f said; {example} {LASTING[name]} >said & until [ -s said ]; do sleep 0.05; done; kill $! && wait $!"
        )
    ending = ENDS.get(name, "")
    command = at_home(example if ending in example.split() else f"{example} {ending}", checkout)

    done = run(command, checkout)

    assert (done.returncode, done.stderr if done.returncode else "") == (0, "")


@pytest.mark.parametrize("example", examples(main.parser()))
def test_examples_of_the_monitor_work(checkout, example):
    """Each reads the log; one that follows it goes on until it is ended, with exit code 0 as well."""
    shutil.rmtree(checkout / "sessions", ignore_errors=True)
    command = at_home(example, checkout)

    if "--follow" in command:
        process = subprocess.Popen(
            [need_tool("bash"), "-c", f"exec {command}"],
            cwd=checkout,
            env=environment(checkout),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            until(lambda: "up to date" in process.stdout.readline(), "it has read the log")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0
    else:
        done = run(command, checkout)
        assert (done.returncode, done.stderr) == (0, "")
    assert list((checkout / "sessions").glob("agent:main:*.json"))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("lst", "list"),
        ("list --limt 3", "--limit"),
        ("list --sort-by coast", "cost"),
        ("stats-modle", "stats-model"),
        ("pricing lst", "list"),
        ("pricing list --serach=x", "--search"),
        ("show last --ful", "--full"),
    ],
)
def test_did_you_mean(checkout, wrong, meant):
    """A word that is spelled much like a right one gets that as an answer, and exit code 2."""
    done = run(f"{CLI} {wrong}", checkout)

    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(rf"did you mean {re.escape(meant)}\?", done.stderr)


def test_a_word_like_none(checkout):
    """Where nothing is much alike, nothing is offered."""
    done = run(f"{CLI} list --xyzzy", checkout)

    assert done.returncode == 2
    assert "did you mean" not in done.stderr


def test_the_version_is_told_before_any_command_is_loaded(monkeypatch, capsys):
    """Nobody who asks for it waits for the rooms of all commands."""
    monkeypatch.setattr(cli.importlib, "import_module", None)
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out.startswith("agent-session-monitor ")
