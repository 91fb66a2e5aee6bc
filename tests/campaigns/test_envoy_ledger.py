"""Does the account of what Envoy tore agree with what can be told of a torn line?"""

from __future__ import annotations

import random

import pytest

from session_monitor.calls import ai_log
from session_monitor.calls.round import Round
from tests.campaigns import envoy_ledger
from tests.campaigns.envoy_ledger import BREAKING_AGENTS, request
from tests.tools.envoy_lab import FIELDS, escape_ai_log

CALLS = [each for each in map(request, range(60)) if each.ai_log and each.user_agent not in BREAKING_AGENTS]
SENT = {each.name: each for each in CALLS}


def line(each):
    """The request's line as Envoy writes it."""
    told = {"path": each.path, "request_id": each.name, "user_agent": each.user_agent}
    rest = ",".join(f'"{key}":"{told.get(key, "-")}"' for key in FIELDS)
    return f'{{"ai_log":"{escape_ai_log(each.ai_log)}",{rest}}}'.encode()


def read(tmp_path, *lines):
    """What the account says of a log of these lines."""
    (tmp_path / "access.log").write_bytes(b"".join(each + b"\n" for each in lines))
    return envoy_ledger.read_logs(tmp_path / "access.log", SENT)


def test_whole_lines(tmp_path):
    """They are known as what they are."""
    written = read(tmp_path, *map(line, CALLS))

    assert (set(written.whole), written.torn, written.mixed) == (set(SENT), [], {})


@pytest.mark.parametrize("seed", range(4))
def test_two_lines_that_were_cut(tmp_path, seed):
    """The end of one behind the beginning of another is told of, and no call is found that the account does not know.

    Where both were cut within a text it may be JSON again, which nobody can tell: that, too, the account knows.
    """
    rng = random.Random(seed)
    in_texts = 0
    for _ in range(300):
        one, other = rng.sample(CALLS, 2)
        head, tail = line(one), line(other)
        cut, start = rng.randrange(len(head)), rng.choice((0, rng.randrange(len(tail))))
        if rng.random() < 0.5:  # within a message of both
            cut, start = (whole.find(b'content\\":\\"') + rng.randrange(12, 200) for whole in (head, tail))
        written = read(tmp_path, head[:cut] + tail[start:])
        if not written.torn:  # the tear took nothing of the second line but the newline
            continue
        call = ai_log.parse(written.torn[0])
        is_call = isinstance(call, Round)
        is_told = not is_call or call.outer_broken
        assert is_told != bool(written.untold)
        assert not is_call or call.chat_id in written.heads | set(written.mixed)
        in_texts += bool(written.mixed)

    assert in_texts > 10


def test_what_a_mixed_line_says(tmp_path):
    """Its round is right where it says what the line says, and that only; without it nothing is wrong."""
    head, tail = line(CALLS[0]), line(CALLS[1])
    cut, start = (whole.find(b'content\\":\\"') + 20 for whole in (head, tail))
    written = read(tmp_path, head[:cut] + tail[start:], line(CALLS[2]))
    monitor = envoy_ledger.Cron(tmp_path / "access.log", tmp_path)
    monitor.once()

    def wrong(mixed):
        return [found["chat_id"] for found in envoy_ledger.account(monitor, SENT, set(written.whole), mixed).wrong]

    (name,) = written.mixed
    assert wrong(written.mixed) == []
    assert wrong({}) == [name]
    assert wrong({name: SENT[name]}) == [name]
