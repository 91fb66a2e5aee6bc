"""metrics as a user sees it: the text on stdout, a file for node_exporter, and what it refuses."""

from __future__ import annotations

import json
import os
import stat

import pytest

from tests.support import calls, prepared
from tests.support.command_line import CLI
from tests.support.maintenance import left
from tests.support.scraped import parsed, total


def run(folder, *words, **environment):
    """The command as a program: its exit code, stdout and stderr as bytes."""
    own = {**os.environ, **environment}
    done = prepared.run_in_bytes(CLI, "metrics", "--data-dir", folder, *words, environment=own)
    return done.returncode, done.stdout, done.stderr


def test_the_text(sample):
    """It reads as Prometheus' own, in UTF-8 whatever the locale, and ends with a line end."""
    code, out, said = run(sample, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")

    assert (code, said) == (0, b"")
    assert out.startswith(b"# HELP asm_build_info ")
    assert out.endswith(b"\n")
    assert total(parsed(out.decode()), "asm_rounds_total") == 35


def test_json(sample):
    """The same in the envelope of all answers; values are text, so that none is rounded."""
    answer = json.loads(run(sample, "--json")[1])

    by_name = {each["name"]: each for each in answer["data"]["metrics"]}
    rounds = by_name["asm_rounds_total"]
    assert (rounds["type"], sum(int(each["value"]) for each in rounds["samples"])) == ("counter", 35)
    bucket = by_name["asm_first_token_seconds"]["samples"][0]
    assert (bucket["name"], bucket["labels"]["le"]) == ("asm_first_token_seconds_bucket", "0.1")
    assert answer["coverage"]["calls"] == 35


def test_a_file_for_node_exporter(sample, tmp_path):
    """Another user is to read it; it takes the place of the one before as a whole, and nothing else is left there."""
    path = tmp_path / "sessions.prom"
    path.write_text("old")
    path.chmod(0o600)
    assert run(sample, "--output", path) == (0, b"", b"")

    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert total(parsed(path.read_text(encoding="utf-8")), "asm_rounds_total") == 35
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--output", "x.txt"], 2, "end the name in .prom"),
        (["--output", "nowhere/x.prom"], 1, "there is no folder"),
        (["--output", "x.prom", "--json"], 2, "--output and --json exclude each other"),
        (["--output", "x.prom/", "--json"], 2, "exclude"),
    ],
)
def test_what_is_refused(sample, tmp_path, monkeypatch, words, code, text):
    """It says what to do; nothing is written."""
    monkeypatch.chdir(tmp_path)
    found = run(sample, *words)

    assert found[0] == code
    assert text in found[1].decode() + found[2].decode()
    assert list(tmp_path.iterdir()) == []


def test_not_beside_the_sessions(sample):
    """The data folder is for the monitor's own files."""
    code, _, said = run(sample, "--output", sample / "x.prom")

    assert (code, "write" in said.decode()) == (1, True)
    assert not (sample / "x.prom").exists()


def test_no_folder(tmp_path):
    """It fails, so that the collector keeps the file of before."""
    code, out, said = run(tmp_path / "nothing")

    assert (code, out) == (1, b"")
    assert b"nothing" in said


def test_what_comes_after_a_deletion_is_counted(tmp_path):
    """Before anybody reads the metrics again: it does not make up for what was deleted, and no counter stands still."""
    log, folder = tmp_path / "access.log", tmp_path / "sessions"

    def come(*sessions):
        with log.open("ab") as file:
            file.write(b"".join(calls.line(session, ["hi"]) + b"\n" for session in sessions))
        prepared.ingest(log, folder)

    come("a", "a", "a", "b")
    assert total(parsed(run(folder)[1].decode()), "asm_rounds_total") == 4
    assert prepared.run(CLI, "delete", "a", "--yes", "--data-dir", folder).returncode == 0
    come("c", "c")
    assert total(parsed(run(folder)[1].decode()), "asm_rounds_total") == 6


def test_a_deletion_needs_no_metrics(five_sessions):
    """It makes none where nobody reads them, and is none the worse where they cannot be told."""
    delete = [CLI, "delete", "--yes", "--data-dir", five_sessions]
    assert prepared.run(*delete, "agent:main:1").returncode == 0
    assert not (five_sessions / ".metrics").exists()
    (five_sessions / ".metrics").mkdir()
    (five_sessions / ".prices.json").write_text("{", encoding="utf-8")
    assert prepared.run(*delete, "agent:main:2").returncode == 0
    assert left(five_sessions) == "345"
