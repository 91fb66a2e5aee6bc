"""How many healthy sessions have a finding that is more than information, and are planted faults found at their round?

.venv/py3.13/bin/python -m tests.campaigns.false_findings --sessions 1000 --faults 300
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from session_monitor.insight import session_insights
from session_monitor.insight.basis.finding import INFO
from session_monitor.insight.basis.limits import kinds
from session_monitor.reports.report import Report
from tests.support import healthy_sessions, scripted_sessions
from tests.support.calls import BOOK
from tests.support.judged import ingested

GROUPS = ("stuck", "cache")
_AT_ONCE = 250


class Outcome(NamedTuple):
    """What was found: of healthy sessions those with false findings, by their seeds; of faults those that were missed."""

    sessions: int
    false: dict[int, list[str]]
    faults: int
    missed: dict[int, str]


def run(sessions, faults, seed=0):
    """Judge so many healthy sessions, and so many with a fault, made from this seed on."""
    false, missed = {}, {}
    for first in range(seed, seed + sessions, _AT_ONCE):
        scripts = {each: healthy_sessions.script(each) for each in range(first, min(first + _AT_ONCE, seed + sessions))}
        for each, findings in _judged({each: made for each, (_, made) in scripts.items()}):
            told = [f"{scripts[each][0]}: {found}" for found in findings if is_more_than_information(found)]
            if told:
                false[each] = told
    for first in range(seed, seed + faults, _AT_ONCE):
        scripts = {
            each: healthy_sessions.with_fault(each) for each in range(first, min(first + _AT_ONCE, seed + faults))
        }
        for each, findings in _judged({each: made for each, (_, _, made) in scripts.items()}):
            kind, at, _ = scripts[each]
            if not any(found.kind == kind and found.first == at for found in findings):
                missed[each] = f"{kind} at {at}: {findings}"
    return Outcome(sessions, false, faults, missed)


def is_more_than_information(finding):
    """Whether it is a finding of the groups that are held here, of more weight than information."""
    return finding.severity != INFO and kinds()[finding.kind] in GROUPS


def _judged(scripts):
    with tempfile.TemporaryDirectory() as home:
        lines = [line for seed, made in scripts.items() for line in scripted_sessions.lines(made, f"s{seed}", seed)]
        report = Report(str(ingested(Path(home), lines)), BOOK, now=0)
        for seed in scripts:
            yield seed, session_insights.of_session(report, f"s{seed}").findings


def main(arguments=None):
    """Run it, and say what was false and what was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=float, default=1, help="false of a hundred that may be (default 1)")
    asked = parser.parse_args(arguments)
    outcome = run(asked.sessions, asked.faults, asked.seed)
    for seed, told in [*outcome.false.items(), *((seed, [told]) for seed, told in outcome.missed.items())]:
        print(f"seed {seed}:", *told, sep="\n    ")
    kinds_of = collections.Counter(told.partition(":")[0] for each in outcome.false.values() for told in each[:1])
    share = 100 * len(outcome.false) / max(1, outcome.sessions)
    print(
        f"{len(outcome.false)} of {outcome.sessions} healthy sessions have a false finding ({share:.2f} %): {dict(kinds_of)}"
    )
    print(f"{len(outcome.missed)} of {outcome.faults} faults were not found at their round")
    return 1 if share > asked.most or outcome.missed else 0


if __name__ == "__main__":
    sys.exit(main())
