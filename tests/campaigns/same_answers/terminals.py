"""Do terminals of all sizes get to see the same?"""

from __future__ import annotations

import functools

from tests.campaigns.same_answers.programs import ask, run_on_terminal


def ask_on_terminals(campaign):
    """Compare what terminals get to see."""
    for line in campaign.questions("terminals"):
        columns, rows, frames, program, words = line.split(" ", 4)
        runs = functools.partial(run_on_terminal, size=(int(columns), int(rows)), frames=int(frames))
        ask(campaign, "on a terminal", words, program=program, runs=runs)
