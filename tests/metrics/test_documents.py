"""What docs/METRICS.md says of each metric is what there is; the examples in scripts/deploy use nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from session_monitor.metrics import families, of_calls, series
from tests.support.webserving import SAMPLE, cli, ingest

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "scripts" / "deploy"
DOCUMENT = (ROOT / "docs" / "METRICS.md").read_text(encoding="utf-8")
RULES = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def rows():
    """Each metric of the table with its kind and labels."""
    found = re.findall(r"^\| `(asm_\w+)` \| (\w+)[^|]*\|([^|]*)\|", DOCUMENT, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in found}


def used(expressions):
    """The names of metrics in some expressions, as families have them."""
    names = set(re.findall(r"\basm_\w+", " ".join(expressions)))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


def test_every_metric_has_its_row(tmp_path):
    """With its kind, and the labels that it has."""
    assert {name: kind for name, (kind, _) in rows().items()} == {n: kind for n, (kind, _) in families.known().items()}
    shown = cli(ingest(SAMPLE, tmp_path / "sessions"), "metrics")["data"]["metrics"]
    assert {"asm_first_token_seconds", "asm_cost_usd_total"} < {each["name"] for each in shown}
    for each in shown:
        labels = {label for sample in each["samples"] for label in sample["labels"]} - {"le"}
        assert labels == rows()[each["name"]][1], each["name"]


def test_numbers_in_the_document():
    """Limits of histograms, and how many series there may be."""
    *limits, last = of_calls.LIMITS
    assert f"{', '.join(limits)} and {last} seconds" in DOCUMENT
    most = series.MOST
    assert f"{most['model']} models, {most['consumer']} consumers and {most['pair']} pairs" in DOCUMENT
    days, rest = divmod(series.IDLE, 86_400_000)
    assert (f"last {days}\ndays" in DOCUMENT, f"After {days} days" in DOCUMENT, rest) == (True, True, 0)
    assert f"cut to {of_calls.LONGEST_LABEL} characters" in DOCUMENT


def test_every_alert_has_its_row():
    """And uses metrics that there are."""
    (group,) = RULES["groups"]
    names = [rule["alert"] for rule in group["rules"]]
    assert sorted(re.findall(r"`(Asm\w+)`", DOCUMENT)) == sorted(names)
    assert used(rule["expr"] for rule in group["rules"]) <= families.known().keys()
    assert {rule["labels"]["severity"] for rule in group["rules"]} == {"critical", "warning"}


def test_the_dashboard_uses_metrics_that_there_are():
    """In its panels and its choices."""
    expressions = [target["expr"] for panel in PANELS for target in panel["targets"]]
    choices = [each["query"]["query"] for each in DASHBOARD["templating"]["list"]]
    assert used([*expressions, *choices]) <= families.known().keys()
    assert len(expressions) > 20


def test_the_dashboard_can_be_imported():
    """It asks for its source, names it everywhere, and no panel lies on another or beyond the edge."""
    (source,) = DASHBOARD["__inputs"]
    assert (source["name"], source["pluginId"]) == ("DS_PROMETHEUS", "prometheus")
    assert DASHBOARD["id"] is None
    assert len(DASHBOARD["uid"]) <= 40
    named = [panel["datasource"] for panel in PANELS]
    named += [target["datasource"] for panel in PANELS for target in panel["targets"]]
    named += [each["datasource"] for each in DASHBOARD["templating"]["list"]]
    assert all(each == {"type": "prometheus", "uid": "${DS_PROMETHEUS}"} for each in named)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    required = {each["id"] for each in DASHBOARD["__requires"] if each["type"] == "panel"}
    assert required == {panel["type"] for panel in PANELS}
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} == set(range(24))


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus-rules.yml", "grafana-dashboard.json"])
def test_the_document_leads_to_each(name):
    """A file that nobody hears of is of no use."""
    assert f"(../scripts/deploy/{name})" in DOCUMENT
