"""Do both sides read a log alike in every way: with each option, followed, and while it is rotated?"""

from __future__ import annotations

import functools

from tests.campaigns.same_answers.logs import PACKERS, rotations
from tests.campaigns.same_answers.programs import MAIN, ask, run_until
from tests.campaigns.same_answers.written import compare_folders, read_log


def read_in_many_ways(campaign):
    """Read the sample with each option, both small logs by a pattern, and what cannot be read."""
    for number, options in enumerate(campaign.questions("reading")):
        read_log(campaign, f"reading-{number}", log="../logs/sample/access.log", options=options)
    read_log(campaign, "reading-several", log="'../logs/[so][ad][md]*/access.log'")
    for line in campaign.questions("misused"):
        ask(campaign, "runs of main.py", line, program=MAIN)
    following = functools.partial(run_until, marker=b"up to date")
    line = "--follow --log-path ../logs/sample/access.log --output-dir sessions/followed --refresh-interval 60"
    ask(campaign, "runs of main.py", line, program=MAIN, runs=following)
    compare_folders(campaign, "sessions/followed")


def read_rotated(campaign):
    """Read a log again and again while it is rotated; before and after each time ``doctor`` looks at it."""
    looks = ["--log-path", "../logs/rotated/access.log", "--data-dir", "sessions/rotated"]
    log, folder = campaign.logs / "sample" / "access.log", campaign.logs / "rotated"
    for _ in rotations(log, folder, campaign.some(PACKERS)):
        ask(campaign, "runs of main.py", "doctor", more=looks)
        read_log(campaign, "rotated")
        ask(campaign, "runs of main.py", "doctor --json", more=looks)
