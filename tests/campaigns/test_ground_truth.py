"""The whole way, from generated logs whose truth is known to what the reports say."""

from __future__ import annotations

import pytest

from tests.campaigns import call_truth, ground_truth


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("look", ground_truth.LOOKS)
def test_reports_equal_the_truth(tmp_path, look, seed):
    """Every session, token kind, model, day, count and message list is what the generator put into the log."""
    log, truth = ground_truth.generate(tmp_path, *ground_truth.LOOKS[look], "--bytes", "3M", "--seed", str(seed))

    ground_truth.ingest(log, tmp_path / "out")

    assert ground_truth.differences(log, truth, tmp_path / "out") == []


@pytest.mark.parametrize("look", ground_truth.OBSERVED)
def test_every_call_is_what_its_line_tells(tmp_path, look):
    """Of all that was seen to become of a call, in all shapes of a line, the monitor says what can be known, no more."""
    log, truth = ground_truth.generate(tmp_path, *ground_truth.OBSERVED[look], "--bytes", "1M", "--seed", "1")

    ground_truth.ingest(log, tmp_path / "out")

    assert call_truth.differences(truth, tmp_path / "out") == []


def test_a_call_that_is_not_what_its_line_tells_is_found(tmp_path):
    """Whatever is said otherwise of a call, a session or in a sum is a difference."""
    log, truth = ground_truth.generate(tmp_path, "--situations", "--lines", "60", "--seed", "3")
    ground_truth.ingest(log, tmp_path / "out")
    name = next(name for name, call in truth["calls"].items() if call["what"] == "answer")
    call = truth["calls"][name]
    tokens = call["told"]["input_tokens"]
    call["told"].update(input_tokens=tokens + 1, outcome="left")
    truth["passed_over"]["metrics"] = 99

    found = call_truth.differences(truth, tmp_path / "out")

    where, session = f"{name} (answer)", f"session {call['session']}"
    assert {
        f"{where}: input_tokens is {tokens}, not {tokens + 1}",
        f"{where}: outcome is 'ok', not 'left'",
        f"{session}: left_count is 0, not 1",
        f"{session}: total_input_tokens is {tokens}, not {tokens + 1}",
    } <= set(found)
    assert any(each.startswith("coverage: passed_over is ") for each in found)
    del truth["calls"][name]
    assert f"{name}: a round of what is no call" in call_truth.differences(truth, tmp_path / "out")
