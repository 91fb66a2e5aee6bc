"""Two checkouts side by side, in short; ``python3 -m tests.campaigns.same_answers`` asks them everything."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.campaigns.same_answers.asked import questions
from tests.campaigns.same_answers.side_by_side import Verdict

ROOT = Path(__file__).resolve().parent.parent.parent


def compared(before, after, every):
    """What a run prints over the small logs with every so many-th question, and its exit code."""
    options = ["--megabytes", "0", "--every", str(every)]
    command = [sys.executable, "-m", "tests.campaigns.same_answers", *options, before, after]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.stderr == ""
    return done.stdout, done.returncode


def test_a_checkout_does_the_same_as_itself():
    """Nothing differs where nothing was changed, whatever went by between the two sides; each kind is compared."""
    printed, code = compared(ROOT, ROOT, 80)

    assert "DIFFERS" not in printed
    assert "note: " not in printed
    assert (code, printed.splitlines()[-1].partition(",")[0]) == (0, "0 differences in all")
    counts = re.findall(r"^(.+?): ([\d,]+) compared", printed, re.MULTILINE)
    assert len(counts) == 24
    assert "0" not in dict(counts).values()


def test_one_other_word_is_told(tmp_path):
    """A word of an output that is another one, and an address that no question asks, are told, with exit code 1."""
    shutil.copy(ROOT / "main.py", tmp_path)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    listing = tmp_path / "scripts" / "commands" / "list.py"
    listing.write_text(listing.read_text(encoding="utf-8").replace('"Status"', '"Staris"'), encoding="utf-8")
    api = tmp_path / "scripts" / "web" / "openapi.json"
    described = json.loads(api.read_bytes())
    described["paths"]["/api/unheard-of"] = described["paths"]["/api/health"]
    api.write_text(json.dumps(described), encoding="utf-8")

    printed, code = compared(tmp_path, ROOT, 1000)

    told = re.findall(r"^DIFFERS (.+?): (cli.py list .*)--data-dir .*: stdout: line \d+", printed, re.MULTILINE)
    assert {kind for kind, _ in told} == {"commands, sample", "commands, odd", "on a terminal"}
    assert len(told) == printed.count("DIFFERS")
    assert re.search(r"BEFORE .*Staris.*\n  AFTER .*Status", printed)
    assert "nothing was asked of /api/unheard-of: " in printed
    assert (code, printed.splitlines()[-1].partition(",")[0]) == (1, f"{len(told) + 1} differences in all")


def test_what_one_side_has_alone_is_a_difference(capsys):
    """A file that only one side wrote, a text that only goes on, and a byte of many are told; what is the same is not."""
    verdict = Verdict()
    verdict.compare("files", "same", b"a", b"a")
    verdict.compare("files", "gone", b"a", None)
    verdict.compare("files", "new", None, b"")
    verdict.compare("files", "longer", b"a\nb", b"a\nb\n")
    verdict.tell("files")

    assert capsys.readouterr().out.splitlines() == [
        "DIFFERS files: gone: only BEFORE has it",
        "DIFFERS files: new: only AFTER has it",
        "DIFFERS files: longer: line 2, byte 3",
        "  BEFORE …a\\nb…",
        "  AFTER  …a\\nb\\n…",
        "files: 4 compared, 3 differ",
    ]
    assert verdict.differing == 3


def test_questions_are_lines_of_data():
    """A list gives its lines as they stand there, without the comment that says what they are."""
    assert questions("addresses_events") == ["/api/events", "/api/session/events?id={largest}&after=0"]
