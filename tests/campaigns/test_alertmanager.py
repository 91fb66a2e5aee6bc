"""A real Alertmanager, Debian's, takes what it is sent; and who takes its posts takes ours."""

from __future__ import annotations

from tests.campaigns import alertmanager
from tests.support.needs import need_tool


def test_a_real_alertmanager(tmp_path):
    """It holds what fires, and no more what is over; our posts have the form of its own, down to the fingerprints."""
    found = alertmanager.run(tmp_path, need_tool(alertmanager.PROGRAM))

    assert {outcome for _, outcome, _ in found.log} == {"delivered"}, found.log
    assert [target for target, _, _ in found.log].count("am") == 4
    assert {alert["labels"]["alert_id"][-1] for alert in found.firing} == {"1", "2", "3"}
    assert {alert["labels"]["alert_id"][-1] for alert in found.over} == {"2", "3"}
    (strange,) = [alert for alert in found.firing if alert["labels"]["alert_id"].endswith("3")]
    assert strange["labels"]["consumer"] == "团队-甲"
    assert strange["annotations"]["summary"].startswith("预算 \\x1b[31m 🙂")

    assert found.theirs.keys() == found.ours.keys()
    ours = {alert["labels"]["alert_id"]: alert for alert in found.ours["alerts"]}
    theirs = {alert["labels"]["alert_id"]: alert for alert in found.theirs["alerts"] if alert["status"] == "firing"}
    assert theirs
    for key, alert in theirs.items():
        assert alert.keys() == ours[key].keys()
        assert alert["fingerprint"] == ours[key]["fingerprint"]
        assert (alert["labels"], alert["annotations"]) == (ours[key]["labels"], ours[key]["annotations"])
    assert (found.theirs["version"], found.theirs["truncatedAlerts"]) == ("4", 0)
