"""Do both sides take changes, damage and what mends it alike?"""

from __future__ import annotations

import contextlib
import os

from tests.campaigns.same_answers.logs import put
from tests.campaigns.same_answers.programs import ask
from tests.campaigns.same_answers.written import compare_folders, read_log

_DAMAGED = "nightly-digest-2026-02-02.json"
_LATER = 8
"""Lines of the sample that come later; some are of the session that is damaged."""


def change(campaign):
    """Take both sides through the same changes, and compare after each."""
    lines = (campaign.logs / "sample" / "access.log").read_bytes().splitlines(keepends=True)
    log = campaign.logs / "changing" / "access.log"
    put(log, b"".join(lines[:-_LATER]))
    read_log(campaign, "changing")
    for step in campaign.questions("changes"):
        if step == "@monitor":
            read_log(campaign, "changing")
        elif step == "@more":
            with open(log, "ab") as file:
                file.write(b"".join(lines[-_LATER:]))
        elif step.startswith("@"):
            campaign.both(lambda side, step=step: _harm(step, side.home / "sessions" / "changing"))
        else:
            ask(campaign, "changes", step, more=["--data-dir", "sessions/changing"])
            compare_folders(campaign, "sessions/changing")


def _harm(step, folder):
    """Do what goes wrong; that a side has not even the file for it, was told before."""
    with contextlib.suppress(OSError, ValueError):
        _HARM[step](folder)


def no_index(folder):
    """Take the index away, which follows from the session files, and that of the words in them."""
    for path in folder.glob(".*.sqlite3*"):
        path.unlink()


def _tear(folder):
    """As a killed process leaves it: a session file that ends early, and a file that nobody needs."""
    path = max(folder.glob("[!.]*.json"), key=lambda each: (each.stat().st_size, each.name))
    os.truncate(path, path.stat().st_size * 2 // 3)
    (folder / ".left.json.tmp").write_bytes(b"half")
    os.utime(folder / ".left.json.tmp", (0, 0))


def _damage(folder):
    """Damage a session file in its first round."""
    path = folder / _DAMAGED
    text = path.read_bytes()
    path.write_bytes(text[: len(text) // 4] + b"\0\0\0" + text[len(text) // 4 + 3 :])


def _behead(folder):
    """Take a session file its beginning."""
    path = folder / _DAMAGED
    path.write_bytes(b"\0" * 20 + path.read_bytes()[20:])


def _misprice(folder):
    (folder / ".prices.json").write_text('{"schema": 1,\n "models": 7}', encoding="ascii")


def _no_prices(folder):
    (folder / ".prices.json").unlink()


def _break_index(folder):
    for path in folder.glob(".index.sqlite3-*"):
        path.unlink()
    (folder / ".index.sqlite3").write_bytes(b"junk" * 5000)


def _no_state(folder):
    (folder / ".state.json").unlink()


_HARM = {
    "@tear": _tear,
    "@damage": _damage,
    "@behead": _behead,
    "@misprice": _misprice,
    "@no_prices": _no_prices,
    "@no_index": no_index,
    "@break_index": _break_index,
    "@no_state": _no_state,
}
"""What goes wrong, as the list of changes names it."""
