"""Two checkouts side by side, in short; ``python3 -m tests.campaigns.same_answers`` asks them everything."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns.same_answers.asked import questions
from tests.campaigns.same_answers.masks import OF_COMMANDS, OF_STATE, masked
from tests.campaigns.same_answers.side_by_side import Side, Verdict

MOMENT = "2026-12-01T18:01:06.344Z"
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


def test_python_lies_in_a_checkout(monkeypatch):
    """Both sides are run by the same Python, and where its path is named that is no difference."""
    monkeypatch.setattr(sys, "executable", "/one/.venv/bin/python")
    sides = [Side(name, Path(f"/{name}"), Path("/work") / name) for name in ("one", "two")]
    told = [side.neutral(b"/one/.venv/bin/python /%b/scripts/cli.py" % side.name.encode()) for side in sides]

    assert told == [b"PYTHON CHECKOUT/scripts/cli.py"] * 2


@pytest.mark.parametrize(
    ("masks", "name", "text", "moment"),
    [
        (OF_COMMANDS, "insights", '{"since": "2026-02-01T00:00:00.000Z", "until": "%s"}', MOMENT),
        (OF_COMMANDS, "insights", "5 sessions of 2026-02-01 00:00 to %s\n", "2026-12-01 18:01"),
        (OF_COMMANDS, "drivers", '"until": "%s"}, "against": {"cost_usd": "1", "since": "2026-02-01"}', MOMENT),
        (OF_COMMANDS, "drivers", '"against": {"since": "%s", "cost_usd": "1"}', MOMENT),
        (OF_COMMANDS, "metrics", '"asm_last_poll_timestamp_seconds", "labels": {}, "value": "%s"', "1796148772.381"),
        (OF_COMMANDS, "export", ",prod,%s the fix is in round 2,,", MOMENT),
        (OF_STATE, ".state.json", '"told":false,"since":%s,"looks":0,"hashes":{}', "26239.36575326"),
    ],
)
def test_a_moment_is_no_difference(masks, name, text, moment):
    """What differs by the moment alone at which it was asked is left out, and nothing else of it."""
    assert masked(masks, name, (text % moment).encode()) == (text % "*").encode()


def test_questions_are_lines_of_data():
    """A list gives its lines as they stand there, without the comment that says what they are."""
    assert questions("addresses_events") == ["/api/events", "/api/session/events?id={largest}&after=0"]
