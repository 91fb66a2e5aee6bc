"""The labelled sessions of ``tests/insight/corpus``: what is said in each, and what has to be found there.

Each file is a script (``scripted_sessions``) with ``about`` (what it is, in a sentence), and

    found     what has to be found: ``kind``, ``first``, ``severity``, and whatever else a finding has, ``details`` as far as they are listed
    never     kinds that must not be found, not even as information

Nothing else may be found that is more than information.  A new case is a new file.
"""

from __future__ import annotations

import json
from pathlib import Path

from session_monitor.insight.basis.finding import INFO

from . import scripted_sessions

CORPUS = Path(__file__).parent.parent / "insight" / "corpus"


def cases():
    """The scripts by their names, which are their sessions' ids as well."""
    return {
        path.relative_to(CORPUS).with_suffix("").as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(CORPUS.rglob("*.json"))
    }


def log_of(scripts):
    """The lines of a log with all these sessions."""
    return [line for name, script in scripts.items() for line in scripted_sessions.lines(script, name)]


def mistakes(script, findings):
    """What is wrong with these findings, in words: nothing where all is as the script wants it."""
    wanted, left = script.get("found", []), list(findings)
    missing = []
    for want in wanted:
        got = next((each for each in left if _is(want, each)), None)
        if got is None:
            missing.append(f"not found: {want}")
        else:
            left.remove(got)
    never = script.get("never", [])
    return missing + [f"found: {each}" for each in left if each.severity != INFO or each.kind in never]


def _is(want, finding):
    told = finding._asdict()
    details = want.get("details", {})
    return all(_plain(told[name]) == value for name, value in want.items() if name != "details") and all(
        _plain(finding.details.get(name)) == value for name, value in details.items()
    )


def _plain(value):
    return list(value) if isinstance(value, tuple) else value
