"""How far stores elsewhere are behind is among the metrics."""

from __future__ import annotations

from session_monitor.metrics import of_stores
from tests.support.indexes import Step
from tests.support.kept_rows import BUSY, Shipped

MARCH = 1_772_913_015_000


def test_samples(tmp_path):
    """None where nothing is shipped; then what waits, since when, and how it went."""
    shipped = Shipped(tmp_path)
    shipped.calls([Step(at=MARCH)])

    def told():
        found = shipped.ask(lambda index: of_stores.samples(str(tmp_path), index, MARCH + 5000))
        assert all(sample.labels == (("store", "memory:"), ("gateway", "gw")) for _, sample in found)
        return {name: sample.value for name, sample in found}

    assert told() == {}
    shipped.store.plays.append(BUSY)
    shipped.ship()
    before = told()
    assert (before["asm_ship_waiting_rounds"], before["asm_ship_oldest_waiting_seconds"]) == (1, 5.0)
    assert before["asm_ship_failed_tries"] == 1
    shipped.wait()
    shipped.ship()
    after = told()
    assert (after["asm_ship_waiting_rounds"], after["asm_ship_sent_rows_total"]) == (0, 1)
    assert after["asm_ship_last_success_timestamp_seconds"] > 0
    shipped.replicator.close()
