"""JSON stands in one envelope, whatever is asked and whatever becomes of it."""

from __future__ import annotations

import json

import pytest

from tests.support.command_line import envelope, run


@pytest.mark.parametrize(
    "words",
    [
        ["list", "--limit", "0"],
        ["show", "last", "--rounds", "many"],
        ["show"],
        ["lsit"],
        ["stats-date", "--by", "year"],
        ["list", "--wrong"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("place", [0, None], ids=["before", "behind"])
def test_wrong_arguments_are_told_as_json(words, place):
    """Who asks for JSON reads there what is wrong with the arguments, too; the usage is on stderr, as ever."""
    asked = list(words)
    asked.insert(len(asked) if place is None else place, "--json")

    done = run(*asked)

    answer = json.loads(done.stdout)
    assert (done.returncode, list(answer), answer["error"]["code"]) == (2, ["schema_version", "error"], "bad_arguments")
    assert answer["error"]["message"] in done.stderr
    assert done.stderr.startswith("usage: ")


@pytest.mark.parametrize("words", [["list", "--limit", "0"], ["search", "--limit", "0", "--", "--json"]])
def test_wrong_arguments_without_json_say_nothing_on_stdout(words):
    """Where JSON is not asked for, stdout stays empty."""
    done = run(*words)

    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("what", ["report", "sessions", "rounds"])
def test_exports_have_an_envelope_with_json(weather, what):
    """With --json an export is an answer as any other; without it is the file that it always was."""
    command = ("export", "-", "--what", what, "--data-dir", weather)

    answer = envelope(*command)
    file = json.loads(run(*command).stdout)
    assert next(iter(answer["data"])) == "generated_at"
    assert {**answer["data"], "generated_at": None} == {
        **{name: value for name, value in file.items() if name not in ("schema_version", "coverage")},
        "generated_at": None,
    }
    assert answer["coverage"] == file["coverage"]


def test_completion_has_an_envelope_with_json():
    """The script for a shell, in JSON, is the one that is printed."""
    answer = json.loads(run("completion", "bash", "--json").stdout)

    assert answer["data"] == {"shell": "bash", "name": "cli.py", "script": run("completion", "bash").stdout}
