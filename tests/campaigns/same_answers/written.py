"""Is what the monitor writes into a data folder the same?"""

from __future__ import annotations

import os
from pathlib import Path

from tests.campaigns.same_answers.masks import OF_STATE, masked
from tests.campaigns.same_answers.programs import MAIN, ask

KEY = "same-answers-" + "k" * 30
"""The web server's key, put there beforehand: else each side would make one at random."""
OF_FOLDERS = ("names of files", "session files", "other files")
"""The kinds of comparison for a folder."""
_COMPARED = (".state.json", ".deleted.json", ".prices.json")
"""Files beside the sessions whose content is compared, too; a lock holds a process id, an index times of files."""


def read_log(campaign, name, *, log=None, options="--once"):
    """Let both sides read a log into ``sessions/<name>``, and compare what they say and write; BEFORE's outcome."""
    if not (campaign.sides[0].home / "sessions" / name).exists():
        campaign.both(lambda side: _make_folder(side, name))
    line = f"{options} --output-dir sessions/{name} --log-path {log or f'../logs/{name}/access.log'}"
    outcome = ask(campaign, "runs of main.py", line, program=MAIN)
    compare_folders(campaign, f"sessions/{name}")
    return outcome


def _make_folder(side, name):
    """An empty data folder that has the key of the web server already."""
    folder = side.home / "sessions" / name
    folder.mkdir(parents=True, mode=0o700)
    (folder / ".web-key").write_text(KEY + "\n", encoding="ascii")
    (folder / ".web-key").chmod(0o600)


def compare_folders(campaign, name):
    """Compare the names of all files of a data folder, its session files, and what else can be compared."""
    before, after = campaign.both(lambda side: _files(side, name))
    listed = ["\n".join(sorted(files)).encode("utf-8", "surrogateescape") for files in (before, after)]
    campaign.verdict.compare("names of files", name, *listed)
    for file in sorted(before.keys() & after.keys()):
        kind = "other files" if file.startswith(".") else "session files"
        if before[file] is not None:
            campaign.verdict.compare(kind, f"{name}/{file}", before[file], after[file])


def _files(side, name):
    """The files of a folder by name, with their content where that is compared; none where there is no such folder."""
    files = {}
    for entry in os.scandir(side.home / name) if (side.home / name).is_dir() else ():
        is_compared = entry.is_file() and (entry.name in _COMPARED or not entry.name.startswith("."))
        content = side.neutral(Path(entry.path).read_bytes()) if is_compared else None
        files[entry.name] = masked(OF_STATE, entry.name, content) if is_compared else None
    return files
