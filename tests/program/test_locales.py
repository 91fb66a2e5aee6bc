"""Whatever encoding a locale forces on names of files: what the program wrote it finds, reads and checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import calls

ROOT = Path(__file__).resolve().parent.parent.parent
IDS = ["会话 é🙂", "plain", "\ud800"]
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
UTF8 = {"LC_ALL": "C", "PYTHONUTF8": "1"}
COMMANDS = (
    ["list"],
    ["show", IDS[0]],
    ["verify"],
    ["repair"],
    ["search", "hello"],
    ["export", "-"],
    ["doctor"],
    ["summary"],
    ["prune", "--older-than", "1d", "--dry-run"],
    ["delete", IDS[0], "--yes"],
)


def run(locale, program, *arguments):
    """What a program of the project's says in a locale; no trouble of its own."""
    command = [sys.executable, ROOT / program, *arguments]
    environment = {**os.environ, **locale}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    "locales", [(ASCII, ASCII), (ASCII, UTF8), (UTF8, ASCII)], ids=["ascii", "to utf-8", "to ascii"]
)
def test_a_locale_without_the_letters_of_a_session(tmp_path, locales):
    """What a monitor wrote in one is sound in another, and every command ends well there."""
    log, out = tmp_path / "access.log", tmp_path / "sessions"
    log.write_bytes(b"".join(calls.line(name) + b"\n" for name in IDS))
    writing, asking = locales
    assert run(writing, "main.py", "--once", "--log-path", log, "--output-dir", out)[0] == 0
    for command in COMMANDS:
        more = ["--log-path", log] if command == ["doctor"] else []
        code, told = run(asking, "scripts/cli.py", *command, *more, "--data-dir", out)
        assert code in ((0, 3) if command[0] in ("show", "delete") else (0,)), told
    names = sorted(os.fsencode(path.name).decode() for path in out.glob("[!.]*.json"))
    assert len(names) in (2, 3)  # a name that cannot be typed there is not found there
    assert run(writing, "scripts/cli.py", "verify", "--data-dir", out)[0] == 0


def test_a_path_that_is_no_text(tmp_path):
    """A folder whose name is no UTF-8 is one as any other."""
    folder = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(folder)
    log, out = folder + b"/access.log", folder + b"/sessions"
    with open(log, "wb") as file:
        file.write(calls.line("a") + b"\n")
    assert run(UTF8, "main.py", "--once", "--log-path", log, "--output-dir", out)[0] == 0
    for command in COMMANDS:
        if command[0] not in ("show", "delete"):
            more = ["--log-path", log] if command == ["doctor"] else []
            assert run(UTF8, "scripts/cli.py", *command, *more, "--data-dir", out)[0] == 0
