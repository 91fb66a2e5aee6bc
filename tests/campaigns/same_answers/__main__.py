"""Compares everything, and tells of each kind as soon as it is done."""

from __future__ import annotations

import argparse
import concurrent.futures
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.campaigns import same_answers
from tests.campaigns.same_answers.changes import change
from tests.campaigns.same_answers.commands import ask_about, ask_without_log, export_files
from tests.campaigns.same_answers.logs import make_logs
from tests.campaigns.same_answers.pages import compare_pages
from tests.campaigns.same_answers.programs import MAIN
from tests.campaigns.same_answers.reading import read_in_many_ways, read_rotated
from tests.campaigns.same_answers.served import ask_as_visitors, ask_server
from tests.campaigns.same_answers.side_by_side import Campaign, Side, Verdict
from tests.campaigns.same_answers.terminals import ask_on_terminals
from tests.campaigns.same_answers.unasked import unasked
from tests.campaigns.same_answers.written import OF_FOLDERS, compare_folders, read_log


def main():
    """Compare two checkouts; 1 where anything differs."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests.campaigns.same_answers", description=(same_answers.__doc__ or "").partition("\n")[0]
    )
    about = "size of each large log; 0 is for none of them (default: 40)"
    parser.add_argument("before", metavar="BEFORE", type=Path, help="folder of the one checkout")
    parser.add_argument("after", metavar="AFTER", type=Path, help="folder of the other one")
    parser.add_argument("--megabytes", type=float, default=40, metavar="N", help=about)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask only every N-th question (default: 1)")
    options = parser.parse_args()
    if options.every < 1:
        parser.error("--every must be 1 or more")
    for checkout in (options.before, options.after):
        if not (checkout / MAIN).is_file():
            parser.error(f"{checkout} is no checkout: there is no {MAIN}")
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that nothing is left behind
    # A shell lets what it starts in the background ignore Ctrl-C, and so would all that is started here.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    started = time.monotonic()
    verdict = Verdict()
    with tempfile.TemporaryDirectory(prefix="same-answers-") as name, concurrent.futures.ThreadPoolExecutor(2) as pool:
        work = Path(name).resolve()
        sides = [Side(each, getattr(options, each).resolve(), work / each) for each in ("before", "after")]
        for side in sides:
            side.home.mkdir()
        compare(Campaign(tuple(sides), work / "logs", verdict, pool, options.every), options.megabytes)
    print(f"{verdict.differing:,} differences in all, after {time.monotonic() - started:.0f} s")
    return 1 if verdict.differing else 0


def compare(campaign, megabytes):
    """Compare all that both sides write, say and answer."""
    logs = make_logs(campaign.logs, megabytes)
    _compare_written(campaign, logs)
    _compare_said(campaign, logs)
    _compare_answers(campaign, logs)
    if missing := unasked(campaign):
        campaign.verdict.differing += 1
        print(f"nothing was asked of {', '.join(missing)}: add that to {Path(__file__).parent / 'data'}")


def _compare_written(campaign, logs):
    for log in logs:
        if read_log(campaign, log).code != b"0":
            raise SystemExit(f"BEFORE itself cannot read the log {log}")
        read_log(campaign, log)  # there is nothing new
    read_in_many_ways(campaign)
    read_rotated(campaign)
    campaign.verdict.tell("runs of main.py", *OF_FOLDERS)


def _compare_said(campaign, logs):
    verdict = campaign.verdict
    for log in logs:
        kind = f"commands, {log}"
        outcomes = ask_about(campaign, log, kind, is_sample=log == "sample")
        verdict.tell(kind, note=_well(outcomes))
    verdict.tell("commands, no log", note=_well(ask_without_log(campaign, "commands, no log")))
    export_files(campaign, logs[-1])
    ask_on_terminals(campaign)
    change(campaign)
    verdict.tell("exports", "on a terminal", "changes", "runs of main.py", *OF_FOLDERS)


def _compare_answers(campaign, logs):
    verdict = campaign.verdict
    for log in logs:
        ask_server(campaign, log, f"answers, {log}")
        verdict.tell(f"answers, {log}")
        compare_folders(campaign, f"sessions/{log}")  # nobody who asks changes anything
    ask_server(campaign, "sample", "answers, redacted", "--redact")
    ask_as_visitors(campaign, "sample", "answers to visitors")
    compare_pages(campaign, "sample")
    verdict.tell("answers, redacted", "answers to visitors", "pages", "files of pages", "outputs of servers")
    verdict.tell(*OF_FOLDERS, note=" once more")


def _well(outcomes):
    return f" ({sum(outcome.code == b'0' for outcome in outcomes):,} of them done with exit code 0)"


if __name__ == "__main__":
    sys.exit(main())
