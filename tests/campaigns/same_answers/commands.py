"""Does every command say the same?"""

from __future__ import annotations

import functools
import re

from tests.campaigns.same_answers.changes import no_index
from tests.campaigns.same_answers.logs import make_wheels
from tests.campaigns.same_answers.masks import OF_COMMANDS, masked
from tests.campaigns.same_answers.names import names_in
from tests.campaigns.same_answers.programs import CLI, ask, run, run_until


def ask_about(campaign, log, kind, *, is_sample=False):
    """Ask both sides all about a log; the outcomes of BEFORE."""
    names = names_in(campaign.sides[0].home / "sessions" / log)
    lines = campaign.questions("commands_each_log") + (campaign.questions("commands_sample") if is_sample else [])
    place = ["--data-dir", f"sessions/{log}"]
    outcomes = []
    for line in lines:
        where = [] if "--data-dir" in line else place
        outcomes.append(ask(campaign, kind, line, names, more=where))
        if not outcomes[-1].stderr.startswith(b"usage:"):  # a wrong option is told alike whatever else is asked for
            outcomes.append(ask(campaign, kind, line, names, more=[*where, "--json"]))
    as_they_are = campaign.questions("commands_each_log_as_they_are")
    outcomes += [ask(campaign, kind, line, names, more=place) for line in as_they_are]
    campaign.both(lambda side: no_index(side.home / "sessions" / log))
    outcomes += [ask(campaign, kind, line, names, more=place) for line in ("stats-tool --json", "search 天气 --json")]
    if is_sample:
        runs = functools.partial(run_until, marker=b"\n")
        for line in ("watch --json --interval 60", "tail last --rounds last --json"):
            outcomes.append(ask(campaign, kind, line, more=place, runs=runs))
    return outcomes


def ask_without_log(campaign, kind):
    """Ask for all help texts, and for what has nothing to do with sessions; the outcomes of BEFORE."""
    lines = campaign.some(f"{command} --help" for command in commands_of(campaign.sides[0]))
    outcomes = [ask(campaign, kind, line) for line in [*lines, *campaign.questions("commands_no_log")]]
    make_wheels(campaign.logs)
    for line in campaign.questions("other_programs"):
        program, _, words = line.partition(" ")
        outcomes.append(ask(campaign, kind, words, program=program))
    tables = campaign.both(lambda side: _content(side.home / "prices.json"))
    campaign.verdict.compare(kind, "the price table of refresh_prices.py", *tables)
    return outcomes


def commands_of(side):
    """All commands that there are, as the help tells them."""
    top = _listed(run(side, CLI, ["--help"]).stdout)
    return [*top, *(f"pricing {name}" for name in _listed(run(side, CLI, ["pricing", "--help"]).stdout))]


def _listed(text):
    return re.findall(r"^    ([a-z][a-z-]*)\b", text.decode().partition("\noptions:")[0], re.MULTILINE)


def export_files(campaign, log):
    """Write each kind of export as each kind of file, and compare these."""
    campaign.both(lambda side: (side.home / "out").mkdir(exist_ok=True))
    endings = ("json", "csv", "jsonl", "ndjson", "md", "txt")
    for what, ending in campaign.some(
        (what, ending) for what in ("report", "sessions", "rounds") for ending in endings
    ):
        file = f"out/{what}.{ending}"
        ask(campaign, "exports", f"export {file} --what {what} --data-dir sessions/{log}")
        contents = campaign.both(lambda side, file=file: masked(OF_COMMANDS, "export", _content(side.home / file)))
        campaign.verdict.compare("exports", file, *contents)


def _content(path):
    return path.read_bytes() if path.is_file() else b"there is no such file"
