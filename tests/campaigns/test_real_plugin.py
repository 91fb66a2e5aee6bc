"""Two logs that the gateway's own ai-statistics plugin wrote, each call held against the ledger of what it really was.

``tests/data/real_plugin`` has the logs of its release of March 2026, once with ``use_default_attributes`` and once
with ``use_default_response_attributes``, driven by the official SDKs.  The long form, with a plugin that runs, is
``python3 -m tests.campaigns.gateway_lab``.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.campaigns.gateway_lab import ledger

DATA = Path(__file__).parent.parent / "data" / "real_plugin"


@pytest.fixture(scope="module", params=["default", "light"])
def judged(request, tmp_path_factory):
    """The name of a configuration, and the verdict on its log."""
    folder = tmp_path_factory.mktemp(request.param)
    log = folder / "access.log"
    log.write_bytes(gzip.decompress((DATA / f"access-{request.param}.log.gz").read_bytes()))
    calls = [ledger.row(**each) for each in json.loads((DATA / "ledger.json").read_bytes())[request.param]]
    return request.param, ledger.judge(log, calls, folder / "out", content=request.param == "default")


def test_every_call_is_what_it_was(judged):
    """None is wrong, none made up, none that was cut short passes for a whole one, and the skipped ones are told."""
    _, verdict = judged

    assert verdict.faults() == []


def test_what_the_plugin_lost(judged):
    """What is not shown as it was did not stand in the line; each such value is named in lost.json, and no other."""
    name, verdict = judged

    assert verdict.lost == json.loads((DATA / "lost.json").read_bytes())[name]
