"""Are these lines none of a gateway's, so that a person should hear of it?"""

from __future__ import annotations

import pytest

from session_monitor.calls.coverage import Coverage
from session_monitor.monitor.unknown_lines import warning


def covered(*, calls=0, **passed_over):
    """So many lines of each kind."""
    return Coverage(lines=calls + sum(passed_over.values()), calls=calls, passed_over=passed_over)


@pytest.mark.parametrize(
    ("lines", "is_said"),
    [
        (covered(no_ai_log=20), True),
        (covered(no_ai_log=10, not_json=5, cut_off=5), True),
        (covered(no_ai_log=90, not_llm=10), True),
        (covered(no_ai_log=19), False),
        (covered(no_ai_log=89, not_llm=11), False),
        (covered(no_ai_log=999, calls=1), False),
        (covered(not_llm=500), False),
        (Coverage(), False),
    ],
)
def test_when_it_is_said(lines, is_said):
    """From twenty lines on, where nearly all are in no known shape and none is a call."""
    assert bool(warning(lines, ["access.log"])) == is_said


def test_what_is_said():
    """How many lines there were and what they lack, and the command that tells more, to be pasted as it is."""
    assert warning(covered(no_ai_log=1200), ["/var/log/my gateway.log", "b"]) == (
        "of 1,200 lines none is a call to a model, and nearly all are in no shape that is known (1,200 without ai_log). "
        "For what to do run: python3 scripts/cli.py doctor --log-path '/var/log/my gateway.log' --log-path b"
    )
    assert warning(covered(not_json=20), []).endswith(
        "put some of these lines into a file and run: python3 scripts/cli.py doctor --log-path FILE"
    )
