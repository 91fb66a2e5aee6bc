"""Runs of the program by a process that has it loaded are as those that start a Python."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.support import prepared
from tests.support.command_line import CLI, ENVIRONMENT, MAIN, SAMPLE

HERE = {**ENVIRONMENT, "XDG_CONFIG_HOME": "/nonexistent"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sessions of the sample."""
    return prepared.ingest(SAMPLE, tmp_path_factory.mktemp("sample") / "sessions")


@pytest.mark.parametrize(
    ("program", "words", "options"),
    [
        (CLI, ["list", "--data-dir", "sessions"], {}),
        (CLI, ["list", "--data-dir", "sessions"], {"environment": {**HERE, "PYTHONIOENCODING": "ascii"}}),
        (
            CLI,
            ["stats-date", "--days", "9999", "--data-dir", "sessions"],
            {"environment": {**HERE, "TZ": "Asia/Tokyo"}},
        ),
        (CLI, ["list", "--color", "always", "--data-dir", "sessions"], {}),
        (CLI, ["show", "no such session", "--data-dir", "sessions"], {}),
        (CLI, ["lst"], {}),
        (CLI, ["statusline", "--hook", "--data-dir", "sessions"], {"input": b'{"session_id": "\xe4\xbd\xa0'}),
        (MAIN, ["--once", "--quiet", "--log-path", "none.log", "--output-dir", "sessions"], {}),
        (MAIN, ["--once", "--quiet", "--log-path", "-", "--output-dir", "other"], {"input": b"no line\n" * 20_000}),
    ],
)
def test_a_run_is_as_a_start(folder, tmp_path, program, words, options):
    """With the same words, settings, folder and input there are the same texts, encodings and exit status."""
    options = {"environment": HERE, **options}
    for place in ("forked", "started"):
        shutil.copytree(folder, tmp_path / place / "sessions")
    forked = prepared.run_in_bytes(program, *words, cwd=tmp_path / "forked", **options)
    started = prepared.run_in_bytes(program, *words, cwd=tmp_path / "started", **options, is_started=True)

    told = [(done.returncode, done.stdout, done.stderr) for done in (forked, started)]
    assert told[0] == told[1]
    assert forked.args[0] == str(program)
    assert started.args[1] == str(program)


def test_one_run_leaves_nothing_to_the_next(folder, tmp_path):
    """Neither settings nor a folder, an input or a mode of new files."""
    before = os.umask(0o027)
    try:
        prepared.run(CLI, "list", "--data-dir", folder, environment={**HERE, "NO_SUCH": "1"}, cwd=tmp_path, input="x")
    finally:
        os.umask(before)
    (tmp_path / "sessions").mkdir()

    done = prepared.run(CLI, "list", "--json", "--data-dir", "sessions", environment=HERE, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert os.umask(before) == before


def test_a_run_that_does_not_end_is_killed(folder):
    """After so many seconds, and the next one has its own answer."""
    with pytest.raises(subprocess.TimeoutExpired):
        prepared.run(CLI, "watch", "--data-dir", folder, environment=HERE, timeout=0.2)
    assert prepared.run(CLI, "--version", environment=HERE).stdout.startswith("agent-session-monitor ")
